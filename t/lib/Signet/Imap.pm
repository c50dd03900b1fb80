package Signet::Imap;

# An IMAP client that does what it is told.
#
#   my $imap = Signet::Imap->new(port => $port, user => 'ann',
#       password => 'pass');               # logged in; user undef: not yet
#   $imap->select('INBOX');
#   my @lines = $imap->command('UID MOVE 1:* Junk');   # dies unless OK
#   my ($status, @lines) = $imap->ask('COPY 1 Junk');  # "OK ...", "NO ..."
#   my $uid = $imap->append('INBOX', $bytes, flags => '\Seen $Junk');
#   $imap->move('1', 'Junk'); $imap->copy(...); $imap->store('1', '+FLAGS',
#       '$Junk'); $imap->expunge;
#   $imap->create($name); $imap->rename($old, $new); $imap->delete($name);
#   $imap->count('Junk');                  # messages, by STATUS
#   my @all = $imap->messages('Junk');     # { uid, flags => [...], text }
#   $imap->idle; $imap->done; $imap->logout;
#
# Lines are untagged responses without "* " and CRLF; a literal stands in its
# line. Names of mailboxes are UTF-8. `send` and `finish` are the halves of
# `ask`, for commands of many sessions at once.

use strict;
use warnings;
use Encode ();
use IO::Socket::INET;
use MIME::Base64 ();

sub new {
	my ($class, %option) = @_;
	my $socket = IO::Socket::INET->new(
		PeerAddr => $option{host} // '127.0.0.1',
		PeerPort => $option{port}, Proto => 'tcp', Timeout => 120,
	) or die "IMAP port $option{port}: $@\n";
	binmode $socket;
	my $self = bless {
		socket => $socket, input => '', tag => 0,
		timeout => $option{timeout} // 120,
	}, $class;
	$self->{greeting} = $self->line // 'BYE connection closed';
	$self->login($option{user}, $option{password} // 'pass')
	    if defined $option{user};
	return $self;
}

sub greeting { return $_[0]{greeting} }

# One line without CRLF, literals inside; undef when the peer closed.
sub line {
	my ($self) = @_;
	my $line = '';
	for (;;) {
		$self->_fill(sub { $self->{input} =~ /\n/ }) or return undef;
		$self->{input} =~ s/^([^\n]*)\n//;
		my $part = $1;
		$part =~ s/\r\z//;
		$line .= $part;
		return $line if $part !~ /\{(\d+)\}\z/;
		my $size = $1;
		$self->_fill(sub { length $self->{input} >= $size })
		    or return undef;
		$line .= "\r\n" . substr $self->{input}, 0, $size, '';
	}
}

sub _fill {
	my ($self, $enough) = @_;
	local $SIG{ALRM} = sub { die "no IMAP response in time\n" };
	alarm $self->{timeout};
	my $ok = 1;
	while (!$enough->()) {
		$ok = sysread $self->{socket}, $self->{input}, 65536,
		    length $self->{input} or last;
	}
	alarm 0;
	return $ok;
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

# Sends a command and returns its tag; `finish` reads what it says.
sub send {
	my ($self, $text) = @_;
	$self->{tag}++;
	$self->send_raw("a$self->{tag} $text\r\n");
	return $self->{tag};
}

sub finish {
	my ($self) = @_;
	my @lines;
	while (defined(my $line = $self->line)) {
		return ($1, @lines) if $line =~ /^a\Q$self->{tag}\E (.*)/s;
		$line =~ s/^\* //;
		push @lines, $line;
	}
	return ('BYE connection closed', @lines);
}

sub ask {
	my ($self, $text) = @_;
	$self->send($text);
	return $self->finish;
}

sub command {
	my ($self, $text) = @_;
	my ($status, @lines) = $self->ask($text);
	die "IMAP '" . substr($text, 0, 80) . "': $status\n"
	    if $status !~ /^OK/;
	return wantarray ? @lines : $status;
}

# A mailbox name as the protocol wants it: modified UTF-7, quoted.
sub name {
	my ($name) = @_;
	my $text = Encode::decode('UTF-8', $name);
	$text =~ s/&/&-/g;
	$text =~ s{([^\x20-\x7e]+)}{
		my $code = MIME::Base64::encode(
		    Encode::encode('UTF-16BE', $1), '');
		$code =~ s/=+\z//;
		$code =~ tr,/,\,,;
		"&$code-";
	}ge;
	$text =~ s/(["\\])/\\$1/g;
	return "\"$text\"";
}

sub login {
	my ($self, $user, $password) = @_;
	$self->command('LOGIN ' . name($user) . ' ' . name($password));
	return $self;
}

sub capabilities {
	my ($self) = @_;
	my ($line) = grep { /^CAPABILITY / } $self->command('CAPABILITY');
	return map { uc } split ' ', $line;
}

sub select { return $_[0]->command('SELECT ' . name($_[1])) }
sub create { return $_[0]->command('CREATE ' . name($_[1])) }
sub delete { return $_[0]->command('DELETE ' . name($_[1])) }
sub rename {
	return $_[0]->command('RENAME ' . name($_[1]) . ' ' . name($_[2]));
}
sub move { return $_[0]->command("MOVE $_[1] " . name($_[2])) }
sub copy { return $_[0]->command("COPY $_[1] " . name($_[2])) }
sub store { return $_[0]->command("STORE $_[1] $_[2] ($_[3])") }
sub expunge { return $_[0]->command('EXPUNGE') }
sub noop { return $_[0]->command('NOOP') }

# Returns the UID. `verb` "REPLACE 1" replaces message 1 instead.
sub append {
	my ($self, $mailbox, $bytes, %option) = @_;
	my $verb = $option{verb} // 'APPEND';
	my $flags = defined $option{flags} ? " ($option{flags})" : '';
	my $tag = $self->send(sprintf '%s %s%s {%d+}', $verb, name($mailbox),
	    $flags, length $bytes);
	$self->send_raw("$bytes\r\n");
	my ($status, @lines) = $self->finish;
	die "IMAP $verb: $status\n" if $status !~ /^OK/;
	my ($uid) = map { /\[APPENDUID \d+ (\d+)\]/ } $status, @lines;
	return $uid;
}

sub count {
	my ($self, $mailbox) = @_;
	my @lines = $self->command('STATUS ' . name($mailbox)
	    . ' (MESSAGES)');
	my ($count) = map { /^STATUS .*\(MESSAGES (\d+)\)/s } @lines;
	return $count;
}

# All of a mailbox, which is selected by this.
sub messages {
	my ($self, $mailbox) = @_;
	my ($exists) = map { /^(\d+) EXISTS/ } $self->select($mailbox);
	return unless $exists;
	my @all;
	for ($self->command('FETCH 1:* (UID FLAGS BODY.PEEK[])')) {
		my ($number, $rest) = /^(\d+) FETCH \((.*)\)\z/s or next;
		my ($size) = $rest =~ /BODY\[\] \{(\d+)\}\r\n/;
		defined $size or next;
		my $text = substr $rest, $+[0], $size;
		substr $rest, $-[0], $size + $+[0] - $-[0], '';
		my ($uid) = $rest =~ /UID (\d+)/;
		my ($flags) = $rest =~ /FLAGS \(([^)]*)\)/;
		push @all, { number => $number, uid => $uid,
		    flags => [split ' ', $flags], text => $text };
	}
	return @all;
}

# Returns when the server has said that it waits.
sub idle {
	my ($self) = @_;
	$self->send('IDLE');
	my $line = $self->line // '';
	die "IMAP IDLE: $line\n" if $line !~ /^\+/;
	return $self;
}

sub done {
	my ($self) = @_;
	$self->send_raw("DONE\r\n");
	my ($status, @lines) = $self->finish;
	die "IMAP DONE: $status\n" if $status !~ /^OK/;
	return @lines;
}

sub logout {
	my ($self) = @_;
	my @answer = $self->ask('LOGOUT');
	close $self->{socket};
	return $answer[0];
}

# Goes away without a word.
sub abandon {
	my ($self) = @_;
	close $self->{socket};
	return;
}

1;
