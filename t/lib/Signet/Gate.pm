package Signet::Gate;

# A door between a client and a server, which a test closes, slows down or
# lets lie: TCP or unix stream sockets, and DNS over UDP and TCP.
#
#   my $gate = Signet::Gate->new(listen => 'unix:/dir/a.sock',
#       to => 'unix:/dir/b.sock', mode => 0666);
#   my $gate = Signet::Gate->new(to => '127.0.0.1:443');  # a port of its own
#   my $gate = Signet::Gate->dns($zone);   # address, anchor_file as of a Zone
#   $gate->refuse;      # nobody listens; connections that are open are cut
#   $gate->silent;      # connections are taken, nothing passes either way
#   $gate->slow(0.2);   # each piece of a reply comes so much later
#   $gate->lie('forge');   # replies are others: a name of `replies`
#   $gate->pass;        # as if it were not there; what was held goes on
#   $gate->port; $gate->address;
#
# Each call returns once it has taken effect. `replies` names code that makes
# other bytes of those of a reply; it runs in the process of the gate.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM);
use Signet::Util qw(end_process free_port now);

sub new {
	my ($class, %option) = @_;
	my $self = bless { %option, lies => {}, mode_now => 'pass' }, $class;
	$self->own;
	if (!$self->{listen}) {
		$self->{port} = free_port();
		$self->{listen} = "127.0.0.1:$self->{port}";
	}
	$self->start;
	return $self;
}

sub dns {
	my ($class, $zone) = @_;
	return $class->new(to => '127.0.0.1:' . $zone->port, udp => 1,
	    zone => $zone, replies => {
		forge => \&_forge,
		servfail => sub { _header($_[0], 2) },
		nonsense => sub { "\0" x 7 },
	    });
}

sub port { return $_[0]{port} }
sub address { return "127.0.0.1\@$_[0]{port}" }
sub anchor_file { return $_[0]{zone}->anchor_file }

# A reply whose texts say something else, of the same length.
sub _forge {
	my ($bytes) = @_;
	$bytes =~ s/-all/+all/g;
	$bytes =~ s/p=reject/p=none;;/g;
	return $bytes;
}

sub _header {
	my ($bytes, $rcode) = @_;
	my ($id, $flags, @count) = unpack 'n6', $bytes;
	$bytes = pack 'n6', $id, ($flags & 0xfff0) | $rcode, $count[0], 0, 0, 0;
	return $bytes . _question($_[0]);
}

sub _question {
	my ($bytes) = @_;
	my $at = 12;
	while (my $length = unpack "x$at C", $bytes) { $at += $length + 1 }
	return substr $bytes, 12, $at + 5 - 12;
}

sub pass { return $_[0]->_set('pass') }
sub refuse { return $_[0]->_set('refuse') }
sub silent { return $_[0]->_set('silent') }
sub slow { return $_[0]->_set("slow $_[1]") }
sub lie { return $_[0]->_set("lie $_[1]") }

sub start {
	my ($self) = @_;
	return $self if $self->{pid};
	socketpair $self->{line}, my $theirs, AF_UNIX, SOCK_STREAM, 0
	    or die "socketpair: $!\n";
	$self->_listen;
	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid} == 0) {
		close $self->{line};
		$SIG{TERM} = sub { POSIX::_exit(0) };
		$SIG{INT} = $SIG{HUP} = 'IGNORE';
		eval { $self->_serve($theirs); 1 }
		    or print STDERR "# gate: $@";
		POSIX::_exit(0);
	}
	close $theirs;
	delete @$self{qw(stream datagram)};
	return $self;
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	end_process($pid);
	return;
}

sub _set {
	my ($self, $mode) = @_;
	syswrite $self->{line}, "$mode\n" or die "gate: $!\n";
	sysread $self->{line}, my $answer, 1 or die "the gate has ended\n";
	die "no such mode: $mode\n" if $answer ne '.';
	$self->{mode_now} = $mode;
	return $self;
}

sub _listen {
	my ($self) = @_;
	if ($self->{listen} =~ /^unix:(.*)/) {
		unlink $1;
		$self->{stream} = IO::Socket::UNIX->new(Local => $1,
		    Listen => 128) or die "$1: $!\n";
		chmod $self->{mode} // 0666, $1;
		return;
	}
	my ($host, $port) = $self->{listen} =~ /^(.+):(\d+)$/;
	for my $try (1 .. 200) {
		$self->{stream} = IO::Socket::INET->new(LocalAddr => $host,
		    LocalPort => $port, Listen => 128, ReuseAddr => 1);
		last if $self->{stream};
		select undef, undef, undef, 0.05;
	}
	$self->{stream} or die "$self->{listen}: $!\n";
	return unless $self->{udp};
	$self->{datagram} = IO::Socket::INET->new(LocalAddr => $host,
	    LocalPort => $port, Proto => 'udp') or die "udp: $!\n";
	return;
}

# --- in the process of the gate ---

sub _connect {
	my ($self) = @_;
	return IO::Socket::UNIX->new(Peer => $1)
	    if $self->{to} =~ /^unix:(.*)/;
	return IO::Socket::INET->new(PeerAddr => $self->{to});
}

sub _serve {
	my ($self, $line) = @_;
	$self->{line} = $line;
	$self->{pairs} = {};	# fileno => connection
	$self->{later} = [];	# [when, code]
	$self->{asked} = {};	# fileno => [socket to the server, who asked]
	for (;;) {
		my $select = IO::Select->new($line);
		my $mode = $self->{mode_now};
		if ($mode ne 'refuse') {
			$select->add($self->{stream});
			$select->add($self->{datagram}) if $self->{udp};
		}
		if ($mode ne 'silent') {
			$select->add($_->{from}) for values %{ $self->{pairs} };
			$select->add($_->[0]) for values %{ $self->{asked} };
		}
		my $later = $self->{later};
		@$later = sort { $a->[0] <=> $b->[0] } @$later;
		my $wait = @$later ? $later->[0][0] - now() : undef;
		$wait = 0 if defined $wait && $wait < 0;
		for my $ready ($select->can_read($wait)) {
			$ready == $line ? $self->_command
			    : $self->_readable($ready);
		}
		while (@$later && $later->[0][0] <= now()) {
			(shift @$later)->[1]->();
		}
	}
	return;
}

sub _command {
	my ($self) = @_;
	sysread $self->{line}, my $text, 100 or POSIX::_exit(0);
	chomp $text;
	my ($word) = $text =~ /^(\w+)/;
	my $was = $self->{mode_now};
	if ($word eq 'refuse') {
		close $_ for grep { $_ } delete @$self{qw(stream datagram)};
		%{ $self->{$_} } = () for qw(pairs asked);
		@{ $self->{later} } = ();
	} elsif ($was eq 'refuse') {
		$self->_listen;
	}
	$self->{mode_now} = $text;
	syswrite $self->{line}, '.';
	return;
}

sub _readable {
	my ($self, $ready) = @_;
	return unless defined fileno $ready;
	if ($self->{stream} && $ready == $self->{stream}) {
		my $client = $self->{stream}->accept or return;
		my $server = $self->_connect or return;
		$self->_pair($client, $server, 0);
		$self->_pair($server, $client, 1);
	} elsif ($self->{datagram} && $ready == $self->{datagram}) {
		my $peer = $self->{datagram}->recv(my $bytes, 65535) // return;
		my $server = IO::Socket::INET->new(PeerAddr => $self->{to},
		    Proto => 'udp') or return;
		$self->{asked}{ fileno $server } = [$server, $peer];
		$server->send($bytes);
	} elsif (my $asked = $self->{asked}{ fileno $ready }) {
		delete $self->{asked}{ fileno $ready };
		defined $ready->recv(my $bytes, 65535) or return;
		my $back = $self->{datagram};
		$self->_after(1, sub {
			$back->send($self->_told($bytes), 0, $asked->[1]);
		});
	} elsif (my $pair = $self->{pairs}{ fileno $ready }) {
		$self->_move($pair);
	}
	return;
}

sub _pair {
	my ($self, $from, $to, $is_reply) = @_;
	$self->{pairs}{ fileno $from } = { from => $from, to => $to,
	    is_reply => $is_reply };
	return;
}

sub _move {
	my ($self, $pair) = @_;
	my $got = sysread $pair->{from}, my $bytes, 65536;
	if (!$got) {
		delete $self->{pairs}{ fileno $pair->{from} };
		$self->_after($pair->{is_reply}, sub {
			shutdown $pair->{to}, 1;
		});
		return;
	}
	$bytes = $self->_told($bytes) if $pair->{is_reply};
	$self->_after($pair->{is_reply}, sub {
		my $sent = 0;
		$pair->{to}->blocking(1);
		while ($sent < length $bytes) {
			my $n = syswrite $pair->{to}, $bytes,
			    length($bytes) - $sent, $sent;
			last unless $n;
			$sent += $n;
		}
	});
	return;
}

sub _told {
	my ($self, $bytes) = @_;
	return $bytes unless $self->{mode_now} =~ /^lie (\w+)/;
	my $code = $self->{replies}{$1} or return $bytes;
	return $code->($bytes);
}

# Replies in the order in which they came, each so much later.
sub _after {
	my ($self, $is_reply, $code) = @_;
	my ($delay) = $self->{mode_now} =~ /^slow ([\d.]+)/;
	return $code->() unless $is_reply
	    && ($delay || @{ $self->{later} });
	push @{ $self->{later} }, [now() + ($delay // 0), $code];
	return;
}

1;
