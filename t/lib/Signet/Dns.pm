package Signet::Dns;

# A DNS server that misbehaves on request, over UDP and TCP, on a free port
# of 127.0.0.1. It answers from a table that a test may change while it runs
# and writes down every question, so that tests can count them.
#
#   my $dns = Signet::Dns->new(table => <<'END');
#   example.com         TXT  "v=spf1 -all"
#   example.com         A    192.0.2.1
#   gone.example        *    @nxdomain
#   broken.example      TXT  @servfail
#   big.example         TXT  @truncate "only over TCP"
#   slow.example        *    @slow 0.5
#   dead.example        *    @silence
#   circle.example      *    @loop
#   *                   *    @nodata
#   END
#   $dns->address; $dns->port;
#   $dns->table($new_text);
#   $dns->questions;                  # list of [protocol, name, type]
#   $dns->count('example.com', 'TXT');
#   $dns->forget;                     # empties the list
#
# Words after @: nxdomain nodata servfail refused formerr silence garbage
# truncate loop (a CNAME to the name itself) chain (an endless row of CNAMEs)
# slow SECONDS (then as the other lines say). A name without a line does not
# exist; a name with lines of other types has no data. "*.name" matches every
# name below `name`.
# `ttl` is that of all records, in seconds (60).
# A code reference `answer` sees ($name, $type, $protocol) first and returns
# a line's right side ("192.0.2.1", "@servfail"), several, or nothing.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Select;
use IO::Socket::INET;
use Net::DNS;
use POSIX ();
use Signet::Util qw(temp_dir free_port wait_for spew slurp
    end_process append_file now);

sub new {
	my ($class, %option) = @_;
	my $dir = temp_dir();
	my $self = bless {
		dir => $dir, answer => $option{answer}, port => $option{port},
		ttl => $option{ttl} // 60,
	}, $class;
	spew($self->log_file, '');
	$self->table($option{table} // '');
	$self->own;
	$self->start;
	return $self;
}

sub port { return $_[0]{port} }
sub address { return "127.0.0.1\@$_[0]{port}" }
sub log_file { return "$_[0]{dir}/questions" }

sub table {
	my ($self, $text) = @_;
	spew("$self->{dir}/table.new", $text);
	rename "$self->{dir}/table.new", "$self->{dir}/table" or die "$!\n";
	return $self;
}

sub questions {
	my ($self) = @_;
	return map { [split / /] } split /\n/, slurp($self->log_file);
}

sub count {
	my ($self, $name, $type) = @_;
	return scalar grep {
		(!defined $name || lc $_->[1] eq lc $name)
		    && (!defined $type || $_->[2] eq $type)
	} $self->questions;
}

sub forget {
	my ($self) = @_;
	truncate $self->log_file, 0 or die "$!\n";
	return;
}

# The sockets are bound before the fork, so the server is reachable at once.
sub start {
	my ($self) = @_;
	return if $self->{pid};
	my ($udp, $tcp);
	for (1 .. 20) {
		my $port = $self->{port} // free_port();
		my @at = (LocalAddr => '127.0.0.1', LocalPort => $port);
		$udp = IO::Socket::INET->new(@at, Proto => 'udp') or next;
		$tcp = IO::Socket::INET->new(@at, Proto => 'tcp', Listen => 50,
		    ReuseAddr => 1) or next;
		$self->{port} = $port;
		last;
	}
	die "no port for the DNS server\n" unless $udp && $tcp;
	$self->{pid} = fork // die "fork: $!\n";
	return $self if $self->{pid};
	$SIG{TERM} = sub { POSIX::_exit(0) };
	eval { $self->_serve($udp, $tcp); 1 } or print STDERR "# dns: $@";
	POSIX::_exit(1);
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	end_process($pid);
	return;
}

sub _serve {
	my ($self, $udp, $tcp) = @_;
	my $select = IO::Select->new($udp, $tcp);
	my @later;	# [when, code]
	my %input;
	for (;;) {
		@later = sort { $a->[0] <=> $b->[0] } @later;
		my $wait = @later ? $later[0][0] - now() : undef;
		$wait = 0 if defined $wait && $wait < 0;
		for my $socket ($select->can_read($wait)) {
			if ($socket == $tcp) {
				my $client = $tcp->accept or next;
				$select->add($client);
			} elsif ($socket == $udp) {
				my $peer = $udp->recv(my $query, 4096);
				next unless defined $peer;
				push @later, $self->_reply($query, 'udp', sub {
					$udp->send($_[0], 0, $peer);
				});
			} elsif (!sysread $socket, $input{$socket}, 4096,
			    length($input{$socket} // '')) {
				$select->remove($socket);
				delete $input{$socket};
				close $socket;
			} else {
				push @later, $self->_tcp($socket,
				    \$input{$socket});
			}
		}
		while (@later && $later[0][0] <= now()) {
			(shift @later)->[1]->();
		}
	}
	return;
}

sub _tcp {
	my ($self, $socket, $input) = @_;
	my @later;
	while (length $$input >= 2
	    && length $$input >= 2 + unpack 'n', $$input) {
		my $query = unpack 'n/a', $$input;
		substr $$input, 0, 2 + length $query, '';
		push @later, $self->_reply($query, 'tcp', sub {
			syswrite $socket, pack 'n/a', $_[0];
		});
	}
	return @later;
}

# Returns a list of at most one [when, code].
sub _reply {
	my ($self, $query, $protocol, $send) = @_;
	my $packet = Net::DNS::Packet->new(\$query) or return;
	my ($question) = $packet->question or return;
	my ($name, $type) = (lc $question->qname, $question->qtype);
	append_file($self->log_file, "$protocol $name $type\n");
	my ($delay, $data) = $self->_answer($packet, $name, $type, $protocol);
	return unless defined $data;
	return [now() + $delay, sub { $send->($data) }];
}

# Right sides of the lines that match, and whether the name has any line.
sub _lookup {
	my ($self, $name, $type) = @_;
	my (%found, $exists);
	for my $line (split /\n/, slurp("$self->{dir}/table")) {
		$line =~ s/^\s+//;
		next if $line eq '' || $line =~ /^[#;]/;
		my ($owner, $class, $value) = split /\s+/, $line, 3;
		$owner = lc $owner;
		$owner =~ s/(?<=.)\.$//;
		my $rank = $owner eq $name ? 0
		    : $owner eq '*' ? 2
		    : $owner =~ /^\*(\..+)/ && $name =~ /\Q$1\E$/ ? 1
		    : next;
		$exists = 1 if $rank < 2;
		next unless $class eq $type || $class eq '*'
		    || $class eq 'CNAME';
		my $key = $rank . ($class eq '*' ? 'b' : 'a');
		push @{ $found{$key} }, [$class eq '*' ? $type : $class,
		    $value];
	}
	my ($best) = sort keys %found;
	return ($exists, $best ? @{ $found{$best} } : ());
}

sub _answer {
	my ($self, $packet, $name, $type, $protocol) = @_;
	my ($exists, @lines) = $self->_lookup($name, $type);
	if ($self->{answer}) {
		my @own = $self->{answer}->($name, $type, $protocol);
		@lines = map { [$type, $_] } @own if @own;
	}
	my $reply = $packet->reply(1232);
	my $header = $reply->header;
	$header->ra(1);
	$header->aa(1);
	$header->rcode(@lines || $exists ? 'NOERROR' : 'NXDOMAIN');
	my $delay = 0;
	for my $line (@lines) {
		my ($class, $value) = @$line;
		if ($value !~ s/^\@(\w+)\s*//) {
			_push($reply, "$name. $self->{ttl} IN $class $value");
			next;
		}
		my $word = $1;
		return if $word eq 'silence';
		return ($delay, "\0" x 7) if $word eq 'garbage';
		if ($word eq 'slow') {
			$value =~ s/^([\d.]+)\s*//;
			$delay = $1 // 1;
			next if $value eq '';
		} elsif ($word =~ /^(?:nxdomain|servfail|refused|formerr)$/) {
			$header->rcode(uc $word);
		} elsif ($word eq 'truncate' && $protocol eq 'udp') {
			$header->tc(1);
			next;
		} elsif ($word eq 'loop') {
			_push($reply, "$name. 60 IN CNAME $name.");
		} elsif ($word eq 'chain') {
			my $n = $name =~ /^c(\d+)\./ ? $1 + 1 : 1;
			(my $rest = $name) =~ s/^c\d+\.//;
			_push($reply, "$name. 60 IN CNAME c$n.$rest.");
		}
		_push($reply, "$name. $self->{ttl} IN $class $value")
		    if $value ne '' && $word =~ /^(?:slow|truncate)$/;
	}
	return ($delay, $reply->data);
}

sub _push {
	my ($reply, $text) = @_;
	$reply->push(answer => Net::DNS::RR->new($text));
	return;
}

1;
