package Signet::Knot;

# A private DNS server that takes signed updates (RFC 2136, TSIG): knot on a
# free port of 127.0.0.1, with one zone that it signs itself.
#
#   my $dns = Signet::Knot->new('site.test', "mx A 192.0.2.1\n");
#   $dns->port; $dns->address;         # "127.0.0.1\@PORT"
#   $dns->anchor_file;                 # DNSKEY of the zone
#   $dns->key_file;                    # the TSIG key that may update
#   $dns->wrong_key_file;              # one of that name that may not
#   my @strings = $dns->txt('a.site.test');   # each record's strings, joined
#   $dns->update('remove NAME', ...);  # by hand: nsupdate's commands

use strict;
use warnings;
use parent 'Signet::Service';
use MIME::Base64 qw(encode_base64);
use Net::DNS;
use Signet::Util qw(temp_dir free_port wait_for spew slurp spawn end_process
    run_with_input);

sub new {
	my ($class, $zone, $text) = @_;
	my $self = bless {
		dir => temp_dir(), zone => $zone, text => $text,
		secret => encode_base64('0123456789abcdef' x 2, ''),
	}, $class;
	$self->_write_key($self->key_file, $self->{secret});
	$self->_write_key($self->wrong_key_file,
	    encode_base64('fedcba9876543210' x 2, ''));
	spew("$self->{dir}/zone", "\$ORIGIN $zone.\n\$TTL 60\n"
	    . "\@ IN SOA ns hostmaster 1 600 300 86400 5\n\@ IN NS ns\n"
	    . "ns IN A 127.0.0.1\n$text\n");
	$self->own;
	for my $try (1 .. 5) {
		$self->{port} = free_port();
		return $self if eval { $self->start; 1 };
		die $@ if $try == 5;
	}
	return;
}

sub port { return $_[0]{port} }
sub address { return "127.0.0.1\@$_[0]{port}" }
sub anchor_file { return "$_[0]{dir}/anchor" }
sub key_file { return "$_[0]{dir}/update.key" }
sub wrong_key_file { return "$_[0]{dir}/wrong.key" }

sub _write_key {
	my ($self, $file, $secret) = @_;
	return spew($file, "key \"update\" {\n\talgorithm hmac-sha256;\n"
	    . "\tsecret \"$secret\";\n};\n", 0600);
}

sub _write_conf {
	my ($self) = @_;
	my $dir = $self->{dir};
	return spew("$dir/knot.conf", <<"END");
server:
    listen: 127.0.0.1\@$self->{port}
    rundir: "$dir"
    pidfile: "$dir/knot.pid"
database:
    storage: "$dir"
log:
  - target: stderr
    any: info
key:
  - id: update
    algorithm: hmac-sha256
    secret: $self->{secret}
acl:
  - id: updates
    key: update
    action: update
zone:
  - domain: $self->{zone}
    storage: "$dir"
    file: "$dir/zone"
    acl: updates
    dnssec-signing: on
END
}

sub start {
	my ($self) = @_;
	return $self if $self->{pid};
	$self->_write_conf;
	$self->{pid} = spawn({ out => "$self->{dir}/knot.out" },
	    'knotd', '-c', "$self->{dir}/knot.conf");
	my $ok = eval {
		wait_for(20, sub {
			waitpid($self->{pid}, 1) == 0
			    or die "knotd ended at once\n";
			return $self->_write_anchor;
		}, 'the keys of the zone');
	};
	if (!$ok) {
		my $why = $@;
		$self->stop;
		die $why, slurp("$self->{dir}/knot.out") // '';
	}
	return $self;
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	end_process($pid);
	return;
}

sub _ask {
	my ($self, $name, $type) = @_;
	my $resolver = Net::DNS::Resolver->new(
		nameservers => ['127.0.0.1'], port => $self->{port},
		recurse => 0, udp_timeout => 2, retry => 2, usevc => 1,
		tcp_timeout => 2,
	);
	my $reply = $resolver->send($name, $type) or return;
	return $reply->answer;
}

sub _write_anchor {
	my ($self) = @_;
	my @keys = grep { $_->type eq 'DNSKEY' && $_->flags & 1 }
	    $self->_ask($self->{zone}, 'DNSKEY') or return;
	return spew($self->anchor_file, join '', map { $_->plain . "\n" }
	    @keys);
}

sub txt {
	my ($self, $name) = @_;
	return map { join '', $_->txtdata } grep { $_->type eq 'TXT' }
	    $self->_ask($name, 'TXT');
}

sub update {
	my ($self, @commands) = @_;
	my ($status, $out, $err) = run_with_input(join("\n",
	    "server 127.0.0.1 $self->{port}", @commands, 'send', ''),
	    'nsupdate', '-k', $self->key_file);
	die "nsupdate: $out$err" if $status != 0;
	return;
}

1;
