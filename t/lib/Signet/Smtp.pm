package Signet::Smtp;

# An SMTP client that does what it is told and reports every reply.
#
#   my $smtp = Signet::Smtp->new(port => $port);     # reads the greeting
#   $smtp->ehlo('client.test');
#   $smtp->xclient(ADDR => '192.0.2.1', NAME => 'mx.example.com');
#   $smtp->starttls;
#   $smtp->mail('a@example.com', 'REQUIRETLS');      # "" is the null sender
#   $smtp->rcpt('u@site.test');
#   my $reply = $smtp->data($bytes);                 # "250 2.0.0 Ok: ..."
#   $smtp->queue_id;
#
# Each method returns the reply as one string, lines joined by "\n", without
# CR. `data` sends the bytes as they are, dots stuffed, nothing else changed:
# `crlf` turns Unix line ends into CRLF first.
# `message` does a whole transaction on a fresh connection.

use strict;
use warnings;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);

sub new {
	my ($class, %option) = @_;
	my $socket = IO::Socket::INET->new(
		PeerAddr => $option{host} // '127.0.0.1',
		PeerPort => $option{port}, Proto => 'tcp', Timeout => 30,
		$option{local} ? (LocalAddr => $option{local}) : (),
	) or die "SMTP port $option{port}: $@\n";
	binmode $socket;
	my $self = bless {
		socket => $socket, input => '', replies => [],
		timeout => $option{timeout} // 120,
	}, $class;
	$self->{greeting} = $self->reply;
	return $self;
}

sub greeting { return $_[0]{greeting} }
sub replies { return @{ $_[0]{replies} } }
sub queue_id { return $_[0]{queue_id} }

# Reads one reply, of several lines perhaps. A closed connection is an empty
# string.
sub reply {
	my ($self) = @_;
	my @lines;
	for (;;) {
		my $line = $self->_line;
		last unless defined $line;
		push @lines, $line;
		last if $line !~ /^\d\d\d-/;
	}
	my $reply = join "\n", @lines;
	push @{ $self->{replies} }, $reply;
	return $reply;
}

sub _line {
	my ($self) = @_;
	local $SIG{ALRM} = sub { die "no SMTP reply in time\n" };
	alarm $self->{timeout};
	while ($self->{input} !~ /\n/) {
		my $got = sysread $self->{socket}, $self->{input}, 65536,
		    length $self->{input};
		last unless $got;
	}
	alarm 0;
	return undef unless $self->{input} =~ s/^([^\n]*)\n//;
	my $line = $1;
	$line =~ s/\r$//;
	return $line;
}

# Sends bytes exactly as given.
sub send_raw {
	my ($self, $bytes) = @_;
	my $sent = 0;
	while ($sent < length $bytes) {
		my $n = syswrite $self->{socket}, $bytes,
		    length($bytes) - $sent, $sent;
		return 0 unless $n;
		$sent += $n;
	}
	return 1;
}

sub command {
	my ($self, $line) = @_;
	$self->send_raw("$line\r\n");
	return $self->reply;
}

sub ehlo { return $_[0]->command("EHLO $_[1]") }
sub helo { return $_[0]->command("HELO $_[1]") }
sub rset { return $_[0]->command('RSET') }

# Attributes as Postfix's XCLIENT_README names them; values are encoded here.
sub xclient {
	my ($self, @attributes) = @_;
	my @words;
	while (my ($name, $value) = splice @attributes, 0, 2) {
		$value = "IPV6:$value" if $name eq 'ADDR' && $value =~ /:/;
		$value =~ s/([^!-*,-<>-~])/sprintf '+%02X', ord $1/ge;
		push @words, "$name=$value";
	}
	return $self->command("XCLIENT @words");
}

sub starttls {
	my ($self) = @_;
	my $reply = $self->command('STARTTLS');
	return $reply if $reply !~ /^220/;
	require IO::Socket::SSL;
	my $socket = IO::Socket::SSL->start_SSL($self->{socket},
		SSL_verify_mode => 0) or die "STARTTLS: "
	    . IO::Socket::SSL::errstr() . "\n";
	$self->{socket} = $socket;
	return $reply;
}

# With the password that Signet::Auth takes.
sub auth {
	my ($self, $login) = @_;
	return $self->command('AUTH PLAIN ' . encode_base64(
		"\0$login\0secret", ''));
}

sub mail {
	my ($self, $sender, @arguments) = @_;
	return $self->command(join ' ', "MAIL FROM:<$sender>", @arguments);
}

sub rcpt {
	my ($self, $recipient, @arguments) = @_;
	return $self->command(join ' ', "RCPT TO:<$recipient>", @arguments);
}

# Returns the reply to DATA when that is not 354, else the final one.
sub data {
	my ($self, $bytes) = @_;
	my $reply = $self->command('DATA');
	return $reply if $reply !~ /^354/;
	$bytes =~ s/(\A|\r\n)\./$1../g;
	$bytes .= "\r\n" unless $bytes eq '' || $bytes =~ /\r\n\z/;
	$self->send_raw("$bytes.\r\n");
	return $self->finish;
}

# Reads the reply to the final dot, for those who sent the content themselves.
sub finish {
	my ($self) = @_;
	my $reply = $self->reply;
	$self->{queue_id} = $reply =~ /queued as (\w+)/ ? $1 : undef;
	return $reply;
}

sub quit {
	my ($self) = @_;
	my $reply = $self->command('QUIT');
	close $self->{socket};
	return $reply;
}

sub crlf {
	my ($text) = @_;
	$text =~ s/\r?\n/\r\n/g;
	return $text;
}

# One message on a fresh connection. Options: port, client (address), name
# (its host name, "[UNAVAILABLE]" when it has none), login, tls, auth, helo, from,
# to (one or a list), mail_args (list), data (line ends become CRLF unless
# `raw`). Returns the last reply and the queue id, or all replies in `log`.
sub message {
	my ($class, %option) = @_;
	my $smtp = $class->new(port => $option{port});
	my $reply = $smtp->greeting;
	my $helo = $option{helo} // $option{name} // 'client.test';
	my @steps = (sub { $smtp->ehlo($helo) });
	if ($option{client}) {
		my @who = (ADDR => $option{client},
		    NAME => $option{name} // '[UNAVAILABLE]');
		push @who, LOGIN => $option{login} if $option{login};
		push @steps, sub { $smtp->xclient(@who) },
		    sub { $smtp->ehlo($helo) };
	}
	push @steps, sub { $smtp->starttls }, sub { $smtp->ehlo($helo) }
	    if $option{tls};
	push @steps, sub { $smtp->auth($option{auth}) }
	    if defined $option{auth};
	my $to = $option{to} // 'user@site.test';
	push @steps, sub {
		$smtp->mail($option{from} // '', @{ $option{mail_args} // [] });
	};
	for my $recipient (ref $to ? @$to : $to) {
		push @steps, sub { $smtp->rcpt($recipient) };
	}
	push @steps, sub {
		$smtp->data($option{raw} ? $option{data}
		    : crlf($option{data}));
	};
	for my $step (@steps) {
		last if $reply !~ /^2/;
		$reply = $step->();
	}
	my $id = $smtp->queue_id;
	@{ $option{log} } = $smtp->replies if $option{log};
	eval { $smtp->quit };
	return wantarray ? ($reply, $id) : $reply;
}

1;
