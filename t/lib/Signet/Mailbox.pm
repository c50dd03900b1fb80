package Signet::Mailbox;

# signet-mailbox with a spool and a database of its own, and what the Dovecot
# plugin would say to it.
#
#   my $pg = Signet::Mailbox::database();    # migrated, with a login "mailbox"
#   my $mailbox = Signet::Mailbox->new(pg => $pg, settings => "cache = 8M\n");
#       # `patience`: ms that an answer waits for Postgres, a minute
#   $mailbox->event(kind => 'move', user => 'a', from_class => 'inbox',
#       to_class => 'junk', message => $text);     # its name
#   $mailbox->move_junk('a', $text); $mailbox->move_back('a', $text);
#   $mailbox->put($name, $bytes);            # a file into the spool, at once
#   $mailbox->rest;                          # all events are dealt with
#   my $answer = $mailbox->ask(user => 'a', message => $text);
#   $answer->{verdict}; $answer->{mailbox}; @{ $answer->{header} };
#   spam($n); ham($n);                       # texts that are told apart
#
# It is a Signet::Program: log, kill, stop, restart.

use strict;
use warnings;
use parent 'Signet::Program';
use Exporter 'import';
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM SOCK_DGRAM);
use Time::HiRes ();
use Signet::Postgres;
use Signet::Util qw(temp_dir wait_for spew must_run program_path top_dir);

our @EXPORT_OK = qw(spam ham event_text encode);

use constant LONG => 120;	# seconds that only a failure takes

sub database {
	my (%option) = @_;
	my $pg = Signet::Postgres->new(%option);
	my $dir = temp_dir();
	spew("$dir/signet.conf", "[database]\nconninfo = " . $pg->conninfo
		. "\n");
	must_run(program_path('signet-load'), '-c', "$dir/signet.conf",
	    '--migrate', '--sql', top_dir() . '/sql');
	return $pg->login('mailbox', 'signet_mailbox');
}

sub new {
	my ($class, %option) = @_;
	my $dir = $option{dir} // temp_dir();
	my $conninfo = $option{conninfo}
	    // $option{pg}->conninfo(user => 'mailbox') . ' connect_timeout=5';
	mkdir "$dir/events" and chmod 03733, "$dir/events";
	my $more = $option{settings} // '';
	my $self = $class->SUPER::new('signet-mailbox', dir => $dir,
	    start => 0, seconds => LONG, user => $option{user},
	    config => <<"END");
[common]
hostname = mx1.example.org
spool_directory = $dir/spool
[database]
conninfo = $conninfo
[mailbox]
socket = unix:$dir/mailbox.sock
nudge = unix:$dir/mailbox.nudge
spool = $dir/events
look = 1
patience = @{[$option{patience} // 60000]}
$more
END
	$self->start if $option{start} // 1;
	return $self;
}

sub spool { return $_[0]->dir . '/events' }
sub socket_path { return $_[0]->dir . '/mailbox.sock' }

# --- events ---

sub encode {
	my ($value) = @_;
	$value =~ s/([\x00-\x20\x7f%])/sprintf '%%%02X', ord $1/ge;
	return $value;
}

# The lines and the message of one event.
sub event_text {
	my (%field) = @_;
	my $message = delete $field{message} // '';
	return join '', "signet-event 1\n",
	    (map { "$_=" . encode($field{$_}) . "\n" } sort keys %field),
	    "\n", $message;
}

my $last = 0;

# Microseconds, each later than the one before.
sub stamp {
	my $now = int(Time::HiRes::time() * 1e6);
	return $last = $now > $last ? $now : $last + 1;
}

sub event_name {
	my ($at) = @_;
	return sprintf 'T-%016d-%d-%s', $at // stamp(), $$,
	    join '', map { sprintf '%08x', rand 2**32 } 1 .. 4;
}

sub event {
	my ($self, %field) = @_;
	return $self->put(event_name(delete $field{stamp}),
		event_text(%field));
}

# A file comes into the spool whole, as the plugin brings it.
sub put {
	my ($self, $name, $text) = @_;
	my $tmp = $self->spool . "/.tmp-$name";
	spew($tmp, $text, 0640);
	rename $tmp, $self->spool . "/$name" or die "$name: $!\n";
	$self->nudge;
	return $name;
}

sub move_junk {
	my ($self, $user, $message, %more) = @_;
	return $self->event(kind => 'move', user => $user, from => 'INBOX',
	    from_class => 'inbox', to => 'Junk', to_class => 'junk',
	    message => $message, %more);
}

sub move_back {
	my ($self, $user, $message, %more) = @_;
	return $self->event(kind => 'move', user => $user, from => 'Junk',
	    from_class => 'junk', to => 'INBOX', to_class => 'inbox',
	    message => $message, %more);
}

sub nudge {
	my ($self) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $self->dir
		. '/mailbox.nudge', Type => SOCK_DGRAM) or return 0;
	return $socket->send('x', Socket::MSG_DONTWAIT());
}

sub waiting {
	my ($self) = @_;
	my @files = glob $self->spool . '/T-*';
	return @files;
}

# All events are dealt with.
sub rest {
	my ($self) = @_;
	return wait_for(LONG, sub { !$self->waiting || $self->nudge && 0 },
	    sub { "events to be taken; there are\n"
		. join("\n", $self->waiting) . "\n" . $self->log });
}

# --- questions ---

sub ask_raw {
	my ($self, $text) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $self->socket_path,
		Type => SOCK_STREAM) or return undef;
	local $SIG{PIPE} = 'IGNORE';
	print {$socket} $text;
	$socket->flush;
	shutdown $socket, 1;
	local $/;
	my $answer = <$socket>;
	return $answer // '';
}

sub question_text {
	my (%field) = @_;
	my $message = delete $field{message} // '';
	%field = (mailbox => 'INBOX', from => 'x@example.net',
	    to => "$field{user}\@example.org", session => 's1',
	    size => length $message, %field);
	return join '', "signet-deliver 1\n",
	    (map { "$_=" . encode($field{$_}) . "\n" } sort keys %field),
	    "\n", $message;
}

# The answer as a hash: keyword and header are lists; undef without one.
sub ask {
	my ($self, %field) = @_;
	my $raw = $self->ask_raw(question_text(%field));
	return undef unless ($raw // '') =~ /\Asignet-answer 1\n(.*)\n\z/s;
	my %answer = (keyword => [], header => []);
	for my $line (split /\n/, $1) {
		my ($name, $value) = split /=/, $line, 2;
		$value =~ s/%([0-9A-F]{2})/chr hex $1/ge;
		if (ref $answer{$name}) { push @{ $answer{$name} }, $value }
		else { $answer{$name} = $value }
	}
	return \%answer;
}

# --- messages ---

my @spam = qw(winner lottery bonus casino prize jackpot discount pills
    cheap offer guaranteed million claim urgent investment crypto profit
    miracle weight loans);
my @ham = qw(meeting project schedule invoice report family dinner holiday
    review budget release minutes agenda lunch travel library garden
    weather school music);
my @both = qw(please thanks today message about which their would there
    other people hello regards monday number phone question answer);

sub text_of {
	my ($kind, $n, $own) = @_;
	# a generator of its own: the same number is the same message
	my $state = $n * 7919 + ($kind eq 'spam' ? 13 : 17);
	my $next = sub {
		$state = ($state * 1103515245 + 12345) % 2147483648;
		return int($state / 65536) % $_[0];
	};
	my @words = map { $next->(3) ? $own->[$next->(scalar @$own)]
	    : $both[$next->(scalar @both)] } 1 .. 60;
	return join "\r\n", "From: Somebody <s$n\@$kind.example>",
	    'To: user@example.org', "Subject: @words[0 .. 3]",
	    "Message-ID: <$kind.$n\@example.net>",
	    'Date: Mon, 23 Nov 2026 10:00:00 +0000', '',
	    (map { join ' ', @words[$_ * 10 .. $_ * 10 + 9] } 0 .. 5), '';
}

sub spam { return text_of('spam', $_[0], \@spam) }
sub ham { return text_of('ham', $_[0], \@ham) }

1;
