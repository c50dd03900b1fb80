package Signet::TlsServer;

# Mail servers on port 25, one for each address, each with a fault of its own.
# What they accept is dropped; every session is written down. Ports below 1024
# want a network of the test's own (Signet::Net).
#
#   my $servers = Signet::TlsServer->new(
#       ca => $ca, names => ['mx.a.example', ...],    # what `good` is good for
#       faces => { '203.0.113.1' => 'good', '203.0.113.2' => 'name' },
#   );
#   $servers->certificate('good');          # of Signet::Ca
#   my @sessions = $servers->sessions;      # hashes, in the order they ended,
#                                           # once none is open
#   $servers->forget;
#
# Faces:
#   good        a certificate of `ca` for all of `names`
#   name        ... for other names
#   unknown     ... for all names, of an authority that nobody knows
#   expired     ... for all names, of `ca`, past its end
#   self        ... for all names, signed by itself
#   plain       does not offer STARTTLS
#   refused     answers STARTTLS with 454
#   closed      hangs up after "220" to STARTTLS
#   alert       answers the handshake with an alert
#   requiretls  `good`, and offers REQUIRETLS inside TLS
#   refuse      `good`, and answers MAIL with 550
#
# A session: address, face, helo, tls (TLS version or ''), sni, mail (the
# argument of MAIL), rcpt (list), accepted (number of messages).

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Signet::Ca;
use Signet::Util qw(temp_dir end_process append_file slurp spew wait_for
    whole_lines);

my %cert_of = (requiretls => 'good', refuse => 'good', plain => '',
    refused => '', closed => '', alert => '');

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => temp_dir(), faces => $option{faces}, ca => $option{ca},
		port => $option{port} // 25,
	}, $class;
	spew("$self->{dir}/sessions", '');
	mkdir "$self->{dir}/open" or die "$self->{dir}/open: $!\n";
	$self->_make_certificates(@{ $option{names} });
	$self->own;
	$self->start;
	return $self;
}

sub _make_certificates {
	my ($self, @names) = @_;
	my $ca = $self->{ca};
	my %need = map { $cert_of{$_} // $_ => 1 } values %{ $self->{faces} };
	my %make = (
		good => sub { $ca->certificate(@names) },
		name => sub { $ca->certificate('elsewhere.example') },
		unknown => sub {
			$self->{rogue} = Signet::Ca->new(name => 'Rogue CA');
			return $self->{rogue}->certificate(@names);
		},
		expired => sub { $ca->certificate({ days => -3 }, @names) },
		self => sub { $ca->certificate({ self => 1 }, @names) },
	);
	for my $face (sort grep { $_ ne '' } keys %need) {
		die "no face '$face'\n" unless $make{$face};
		$self->{certificates}{$face} = $make{$face}->();
	}
	return;
}

sub certificate {
	my ($self, $face) = @_;
	return $self->{certificates}{ $cert_of{$face} || $face };
}

# A client that has seen its message taken may not have said QUIT yet, and
# only then its session is written down.
sub sessions {
	my ($self) = @_;
	wait_for(60, sub { my @open = glob "$self->{dir}/open/*"; !@open },
	    'the end of all sessions');
	return map { JSON::PP::decode_json($_) }
	    whole_lines(slurp("$self->{dir}/sessions"));
}

sub forget {
	my ($self) = @_;
	truncate "$self->{dir}/sessions", 0 or die "$!\n";
	return;
}

# The sockets are bound before the fork, so the servers are reachable at once.
sub start {
	my ($self) = @_;
	return if $self->{pid};
	require IO::Socket::SSL;
	my %face;
	my $select = IO::Select->new;
	for my $address (sort keys %{ $self->{faces} }) {
		my $socket = IO::Socket::INET->new(LocalAddr => $address,
		    LocalPort => $self->{port}, Proto => 'tcp',
		    Listen => 128, ReuseAddr => 1)
		    or die "$address:$self->{port}: $!\n";
		$select->add($socket);
		$face{ fileno $socket } = [$address,
		    $self->{faces}{$address}];
	}
	$self->{pid} = fork // die "fork: $!\n";
	return if $self->{pid};
	$SIG{TERM} = 'DEFAULT';
	$SIG{CHLD} = 'IGNORE';
	my $number = 0;
	for (;;) {
		for my $socket ($select->can_read) {
			my $peer = $socket->accept or next;
			my $open = "$self->{dir}/open/" . ++$number;
			spew($open, '');
			my $pid = fork;
			if (defined $pid && $pid == 0) {
				eval { $self->_session($peer,
				    @{ $face{ fileno $socket } }) };
				unlink $open;
				POSIX::_exit(0);
			}
			unlink $open unless defined $pid;
			close $peer;
		}
	}
	POSIX::_exit(1);
}

sub stop {
	my ($self) = @_;
	end_process(delete $self->{pid}) if $self->{pid};
	return;
}

sub _session {
	my ($self, $peer, $address, $face) = @_;
	local $SIG{ALRM} = sub { die "nothing more was said\n" };
	alarm 120;
	my %told = (address => $address, face => $face, helo => '', tls => '',
	    sni => undef, mail => '', rcpt => [], accepted => 0);
	eval { $self->_talk($peer, \%told); 1 }
	    or $told{trouble} = substr $@, 0, 200;
	alarm 0;
	append_file("$self->{dir}/sessions",
	    JSON::PP->new->canonical->encode(\%told) . "\n");
	return;
}

sub _talk {
	my ($self, $peer, $told) = @_;
	my $say = sub { $peer->print(map { "$_\r\n" } @_) };
	$say->("220 $told->{address} ESMTP");
	while (defined(my $line = $peer->getline)) {
		my ($verb, $rest) = $line =~ /^(\w+) ?(.*?)\r?\n/ or last;
		$verb = uc $verb;
		if ($verb eq 'EHLO') {
			$told->{helo} = $rest;
			$say->($self->_extensions($told));
		} elsif ($verb eq 'STARTTLS') {
			if ($told->{face} eq 'refused') {
				$say->('454 4.7.0 TLS not available');
				next;
			}
			$say->('220 2.0.0 Ready');
			$peer = $self->_start_tls($peer, $told) or return;
		} elsif ($verb eq 'MAIL') {
			$told->{mail} = $rest =~ s/^FROM://ir;
			$say->($told->{face} eq 'refuse' ? '550 5.7.1 no'
			    : '250 2.1.0 ok');
		} elsif ($verb eq 'RCPT') {
			push @{ $told->{rcpt} }, $rest =~ /<(.*?)>/;
			$say->('250 2.1.5 ok');
		} elsif ($verb eq 'DATA') {
			$say->('354 go');
			while (defined(my $text = $peer->getline)) {
				last if $text =~ /^\.\r?\n/;
			}
			$told->{accepted}++;
			$say->('250 2.0.0 dropped');
		} elsif ($verb eq 'QUIT') {
			$say->('221 2.0.0 bye');
			return;
		} else {
			$say->($verb =~ /^(?:RSET|NOOP)$/ ? '250 2.0.0 ok'
			    : '502 5.5.1 no');
		}
	}
	return;
}

sub _extensions {
	my ($self, $told) = @_;
	my @line = ("mail server $told->{address}", 'PIPELINING', '8BITMIME',
	    'SMTPUTF8', 'ENHANCEDSTATUSCODES');
	push @line, 'STARTTLS' if !$told->{tls} && $told->{face} ne 'plain';
	push @line, 'REQUIRETLS'
	    if $told->{tls} && $told->{face} eq 'requiretls';
	my $last = pop @line;
	return (map({ "250-$_" } @line), "250 $last");
}

sub _start_tls {
	my ($self, $peer, $told) = @_;
	if ($told->{face} =~ /^(?:alert|closed)$/) {
		# what is read is not answered with a reset
		sysread $peer, my $hello, 4096;
		# fatal, handshake_failure
		syswrite $peer, "\x15\x03\x01\x00\x02\x02\x28"
		    if $told->{face} eq 'alert';
		return;
	}
	my $certificate = $self->certificate($told->{face});
	my $tls = IO::Socket::SSL->start_SSL($peer, SSL_server => 1,
	    SSL_cert_file => $certificate->{chain},
	    SSL_key_file => $certificate->{key})
	    or die 'handshake: ', IO::Socket::SSL::errstr(), "\n";
	$told->{tls} = $tls->get_sslversion;
	$told->{sni} = $tls->get_servername;
	return $tls;
}

1;
