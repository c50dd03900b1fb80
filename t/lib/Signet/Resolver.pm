package Signet::Resolver;

# A validating resolver (unbound) for programs that take the one of
# /etc/resolv.conf, on port 53 of an address, in front of a Signet::Zone.
#
#   my $resolver = Signet::Resolver->new(dns => $zone);
#   $resolver->flush;                       # forgets what it has learned
#   $resolver->stop; $resolver->start;      # gone and back
#
# Wants a network of the test's own (Signet::Net).

use strict;
use warnings;
use parent 'Signet::Service';
use Signet::Util qw(temp_dir spawn end_process spew slurp wait_for
    need_programs);

sub need { return need_programs('unbound') }

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => $option{dir} // temp_dir(), dns => $option{dns},
		address => $option{address} // '127.0.0.1',
	}, $class;
	$self->own;
	$self->start;
	return $self;
}

sub address { return $_[0]{address} }
sub pid { return $_[0]{pid} }

sub _write_conf {
	my ($self) = @_;
	my ($dir, $dns) = @$self{qw(dir dns)};
	return spew("$dir/unbound.conf", <<"END");
server:
	directory: "$dir"
	chroot: ""
	username: ""
	pidfile: "$dir/unbound.pid"
	logfile: "$dir/unbound.log"
	use-syslog: no
	val-log-level: 2
	num-threads: 1
	interface: $self->{address}
	port: 53
	do-ip6: no
	do-not-query-localhost: no
	module-config: "validator iterator"
	trust-anchor-file: "@{[ $dns->anchor_file ]}"
	local-zone: "test." nodefault
	cache-max-ttl: 5
	cache-max-negative-ttl: 5
	infra-host-ttl: 1
forward-zone:
	name: "."
	forward-addr: @{[ $dns->address ]}
remote-control:
	control-enable: no
END
}

sub start {
	my ($self) = @_;
	return if $self->{pid};
	$self->_write_conf;
	$self->{pid} = spawn({ out => "$self->{dir}/out" }, 'unbound', '-d',
	    '-c', "$self->{dir}/unbound.conf");
	wait_for(30, sub {
		waitpid($self->{pid}, 1) == 0 or die "unbound ended at once: "
		    . (slurp("$self->{dir}/out") // '')
		    . (slurp("$self->{dir}/unbound.log") // '');
		return $self->_answers;
	}, 'an answer of unbound');
	return $self;
}

sub stop {
	my ($self) = @_;
	end_process(delete $self->{pid}) if $self->{pid};
	return;
}

sub flush {
	my ($self) = @_;
	$self->stop;
	return $self->start;
}

# Does it answer with validated data, the SOA of the root?
sub _answers {
	my ($self) = @_;
	require Net::DNS;
	my $client = Net::DNS::Resolver->new(nameservers => [$self->{address}],
	    retry => 1, udp_timeout => 1, dnssec => 1);
	my $reply = $client->send('.', 'SOA') or return 0;
	return $reply->header->ad;
}

1;
