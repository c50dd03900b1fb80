package Signet::Milter;

# The MTA's side of the milter protocol (version 6), to speak with a milter
# directly: for faults that a real MTA would not let through.
#
#   my $m = Signet::Milter->new(socket => '/path/to/socket');   # or HOST:PORT
#   $m->negotiate;
#   $m->connect('mx.example.com', '192.0.2.1');
#   $m->helo('mx.example.com');
#   $m->macros(M => { i => '4XyZ' });
#   $m->mail('<a@example.com>'); $m->rcpt('<u@site.test>'); $m->data;
#   $m->header('From', ' a@example.com'); ...; $m->eoh;
#   $m->body($chunk);
#   my $result = $m->eom;
#
# Every step returns the milter's answer as a hash: {action => 'continue'},
# or accept reject tempfail discard skip reply (with `text`) none (the
# milter asked not to answer this step) closed (it hung up). eom also has
# `changes`, a list in the order they came:
#   [insert => INDEX, NAME, VALUE] [add => NAME, VALUE]
#   [change => INDEX, NAME, VALUE] [quarantine => REASON] [body => BYTES]
#   [recipient => ADDRESS] [no_recipient => ADDRESS] [sender => ADDRESS]
# `transaction` does a whole message; `apply` shows the message afterwards.

use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

use constant {
	ACTIONS => 0x1ff,
	PROTOCOL => 0x1fffff,
	LEADING_SPACE => 0x100000,
};

# Step letter => [bit "do not send this step", bit "no answer to it"].
my %flag = (
	C => [0x1, 0x1000], H => [0x2, 0x2000], M => [0x4, 0x4000],
	R => [0x8, 0x8000], B => [0x10, 0x80000], L => [0x20, 0x80],
	N => [0x40, 0x40000], U => [0x100, 0x20000], T => [0x200, 0x10000],
);
my %action = (
	c => 'continue', a => 'accept', r => 'reject', t => 'tempfail',
	d => 'discard', s => 'skip', y => 'reply', 4 => 'shutdown',
	f => 'connection_failed',
);

sub new {
	my ($class, %option) = @_;
	my $at = $option{socket};
	$at =~ s/^(?:unix|local)://;
	$at = "$2:$1" if $at =~ /^inet:(\d+)\@(.+)$/;
	$at =~ s/^inet://;
	my $socket = $at =~ m{^/} ? IO::Socket::UNIX->new(Peer => $at)
	    : IO::Socket::INET->new(PeerAddr => $at, Proto => 'tcp');
	die "milter at $at: $!\n" unless $socket;
	binmode $socket;
	return bless {
		socket => $socket, input => '',
		timeout => $option{timeout} // 120, protocol => 0,
		actions => 0, symbols => {},
	}, $class;
}

sub actions { return $_[0]{actions} }
sub protocol { return $_[0]{protocol} }
sub symbols { return $_[0]{symbols} }

# One packet of the protocol; bytes after the letter are up to the caller.
sub send_packet {
	my ($self, $letter, $bytes) = @_;
	return $self->send_raw(pack 'N/a', $letter . ($bytes // ''));
}

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

# Returns letter and bytes, or nothing when the milter has hung up.
sub read_packet {
	my ($self) = @_;
	local $SIG{ALRM} = sub { die "no answer of the milter in time\n" };
	alarm $self->{timeout};
	while (length $self->{input} < 4
	    || length $self->{input} < 4 + unpack 'N', $self->{input}) {
		my $got = sysread $self->{socket}, $self->{input}, 65536,
		    length $self->{input};
		if (!$got) {
			alarm 0;
			return;
		}
	}
	alarm 0;
	my $packet = unpack 'N/a', $self->{input};
	substr $self->{input}, 0, 4 + length $packet, '';
	return (substr($packet, 0, 1), substr $packet, 1);
}

# Is there an answer to read, or the end?
sub has_input {
	my ($self) = @_;
	my $ready = '';
	vec($ready, fileno $self->{socket}, 1) = 1;
	return length $self->{input} || select $ready, undef, undef, 0;
}

sub negotiate {
	my ($self, %option) = @_;
	$self->send_packet('O', pack 'N3', $option{version} // 6,
	    $option{actions} // ACTIONS, $option{protocol} // PROTOCOL);
	my ($letter, $bytes) = $self->read_packet;
	return { action => 'closed' } unless defined $letter;
	die "negotiation answered with '$letter'\n" if $letter ne 'O';
	@$self{qw(version actions protocol)} = unpack 'N3', $bytes;
	substr $bytes, 0, 12, '';
	while (length $bytes > 4) {
		my ($stage, $names) = unpack 'N Z*', $bytes;
		substr $bytes, 0, 5 + length $names, '';
		$self->{symbols}{$stage} = $names;
	}
	return { action => 'continue' };
}

# Macros for the step with that letter (C H M R T L N E).
sub macros {
	my ($self, $step, $macros) = @_;
	my $bytes = join '', map { "$_\0$macros->{$_}\0" } sort keys %$macros;
	$self->send_packet('D', $step . $bytes);
	return;
}

# Sends one step and reads its answer.
sub step {
	my ($self, $letter, $bytes) = @_;
	my $flags = $flag{$letter} // [0, 0];
	return { action => 'none' } if $self->{protocol} & $flags->[0];
	$self->send_packet($letter, $bytes) or return { action => 'closed' };
	return { action => 'none' } if $self->{protocol} & $flags->[1];
	return $self->answer;
}

# Reads packets until one decides; modifications are gathered on the way.
sub answer {
	my ($self) = @_;
	my @changes;
	for (;;) {
		my ($letter, $bytes) = $self->read_packet;
		if (!defined $letter) {
			return { action => 'closed', changes => \@changes };
		}
		my $word = $action{$letter};
		if ($word) {
			my $text = $letter eq 'y' ? unpack 'Z*', $bytes : undef;
			return { action => $word, text => $text,
			    changes => \@changes };
		}
		next if $letter eq 'p';
		push @changes, _change($letter, $bytes);
	}
	return;
}

sub _change {
	my ($letter, $bytes) = @_;
	return [insert => unpack 'N Z* Z*', $bytes] if $letter eq 'i';
	return [change => unpack 'N Z* Z*', $bytes] if $letter eq 'm';
	return [add => unpack 'Z* Z*', $bytes] if $letter eq 'h';
	return [body => $bytes] if $letter eq 'b';
	return [quarantine => unpack 'Z*', $bytes] if $letter eq 'q';
	return [recipient => unpack 'Z*', $bytes] if $letter =~ /[+2]/;
	return [no_recipient => unpack 'Z*', $bytes] if $letter eq '-';
	return [sender => unpack 'Z*', $bytes] if $letter eq 'e';
	return [unknown => $letter, $bytes];
}

# Address: IPv4, IPv6, "unix" or undef (unknown).
sub connect {
	my ($self, $name, $address, $port) = @_;
	my $rest = !defined $address ? 'U'
	    : $address eq 'unix' ? 'L' . pack 'n Z*', 0, '/run/client'
	    : $address =~ /:/ ? '6' . pack 'n Z*', $port // 25000, $address
	    : '4' . pack 'n Z*', $port // 25000, $address;
	return $self->step('C', "$name\0$rest");
}

sub helo { return $_[0]->step('H', "$_[1]\0") }

sub mail {
	my ($self, @arguments) = @_;
	return $self->step('M', join '', map { "$_\0" } @arguments);
}

sub rcpt {
	my ($self, @arguments) = @_;
	return $self->step('R', join '', map { "$_\0" } @arguments);
}

sub data { return $_[0]->step('T') }
sub eoh { return $_[0]->step('N') }
sub body { return $_[0]->step('B', $_[1]) }
sub unknown { return $_[0]->step('U', "$_[1]\0") }
sub abort { return $_[0]->send_packet('A') }
sub quit { return $_[0]->send_packet('Q') }

# The value as it stands after the colon; the space after it is taken off
# unless the milter asked for it, as an MTA does.
sub header {
	my ($self, $name, $value) = @_;
	$value =~ s/^ // unless $self->{protocol} & LEADING_SPACE;
	return $self->step('L', "$name\0$value\0");
}

sub eom {
	my ($self, $bytes) = @_;
	$self->send_packet('E', $bytes) or return { action => 'closed' };
	return $self->answer;
}

# [name, value] pairs as an MTA hands them over (continuation lines joined by
# "\n"), and the body with CRLF line ends.
sub split_message {
	my ($message) = @_;
	$message =~ s/\r?\n/\n/g;
	my ($head, $body) = $message =~ /\A\n/ ? ('', substr $message, 1)
	    : split /\n\n/, $message, 2;
	my @fields;
	for my $line (split /\n(?![ \t])/, $head // '') {
		my ($name, $value) = $line =~ /^([^:]*?)[ \t]*:(.*)\z/s
		    or next;
		push @fields, [$name, $value];
	}
	$body //= '';
	$body =~ s/\n/\r\n/g;
	return (\@fields, $body);
}

# Sends a message on a negotiated or fresh connection. Options: client, name,
# helo, from, to, id, macros {LETTER => {...}}, mail_args, data, again (the
# connection has been introduced before). Stops at the first step that is not
# "continue". Returns the deciding answer with `stage` added.
sub transaction {
	my ($self, %option) = @_;
	$self->negotiate unless $self->{version};
	my ($fields, $body) = split_message($option{data});
	my $extra = $option{macros} // {};
	my %macros = (
		C => { j => 'mx.site.test', '{daemon_name}' => 'mx.site.test',
		    v => 'Postfix 3.7.11', %{ $extra->{C} // {} } },
		H => $extra->{H} // {},
		M => { '{mail_addr}' => $option{from},
		    %{ $extra->{M} // {} } },
		T => { i => $option{id} // '4TestQueue', %{ $extra->{T} // {} } },
		E => { i => $option{id} // '4TestQueue', %{ $extra->{E} // {} } },
	);
	my @arguments = ("<$option{from}>", @{ $option{mail_args} // [] });
	my $to = $option{to} // 'user@site.test';
	my @steps;
	push @steps, [C => connect => $option{name} // '['
		. ($option{client} // '127.0.0.1') . ']',
		$option{client}], [H => helo => $option{helo} // 'client.test']
	    unless $option{again};
	push @steps, [M => mail => @arguments],
	    (map { [R => rcpt => "<$_>"] } ref $to ? @$to : $to), [T => 'data'],
	    (map { [L => header => @$_] } @$fields), [N => 'eoh'];
	push @steps, [B => body => substr $body, $_ * 65535, 65535]
	    for grep { length $body } 0 .. (length($body) - 1) / 65535;
	push @steps, [E => 'eom'];
	my ($answer, $skip);
	for my $step (@steps) {
		my ($letter, $method, @arguments) = @$step;
		next if $skip && $letter eq 'B';
		my $macros = $macros{$letter};
		$self->macros($letter, $macros) if $macros && %$macros;
		$answer = $self->$method(@arguments);
		$answer->{stage} = $method;
		$skip = 1 if $answer->{action} eq 'skip';
		last if $answer->{action} !~ /^(?:continue|none|skip)$/;
	}
	return $answer;
}

# A milter that asked for the space after the colon brings it.
sub _after_colon { return $_[0] =~ /^[ \t]/ ? $_[0] : " $_[0]" }

# The message as it would be delivered, with the changes of an answer made.
sub apply {
	my ($message, $answer) = @_;
	my ($fields, $body) = split_message($message);
	for my $change (@{ $answer->{changes} }) {
		my ($what, @value) = @$change;
		if ($what eq 'insert') {
			splice @$fields, $value[0], 0, [$value[1],
			    _after_colon($value[2])];
		} elsif ($what eq 'add') {
			push @$fields, [$value[0], _after_colon($value[1])];
		} elsif ($what eq 'change') {
			my $n = 0;
			for my $field (@$fields) {
				next if lc $field->[0] ne lc $value[1]
				    || ++$n != $value[0];
				$field->[1] = $value[2] eq '' ? undef
				    : _after_colon($value[2]);
			}
		}
	}
	return join '', (map { "$_->[0]:$_->[1]\n" }
	    grep { defined $_->[1] } @$fields), "\n", $body;
}

1;
