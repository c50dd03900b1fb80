package Signet::JunkSite;

# A mail site whose junk filter learns from its users: Postgres, signet-mailbox,
# and Dovecots with our plugin, which all have one spool.
#
#   Signet::JunkSite->need;
#   my $site = Signet::JunkSite->new(
#       mailbox => { threshold => 90 },        # section [mailbox]
#       mail => 1,                 # signed DNS, signet-milter, Postfix before
#       zones => {...}, trust => {...},        # the first Dovecot
#       dovecot => { users => {...}, ... },    # the first Dovecot
#   );
#   my $dovecot = $site->dovecot(storage => 'mdbox', users => {...});
#   $site->settle;             # every event is in Postgres, its account read
#   $site->{mailbox}, {dovecot}, {pg}, {mta}, {site}
#   $site->teach($imap, 6, to => $user);   # by IMAP: 6 of junk, 6 of the rest
#   $site->knows($user, 6, 6);             # waits until it has learned so much
#   my $answer = $site->ask($user, $message);  # hash of signet-mailbox's answer
#   my %count = $site->totals($user);      # spam, ham: messages learned
#
# `need` and `new` skip what has not been built. Users are "NAME@site.example".

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Socket::UNIX;
use Signet::Dovecot;
use Signet::JunkMail;
use Signet::Site;
use Signet::Smtp;
use Signet::Util qw(temp_dir program_path skip_or_fail slurp wait_for);

sub need {
	my ($class, %what) = @_;
	Signet::Site->need;
	Signet::Dovecot->need(sieve => 1, plugin => 1);
	program_path('signet-mailbox')
	    or skip_or_fail('signet-mailbox has not been built');
	return 1;
}

sub new {
	my ($class, %option) = @_;
	my $dir = $option{dir} // temp_dir();
	my $self = bless { dir => $dir, option => \%option }, $class;
	$self->own;
	mkdir "$dir/events" or die "$dir/events: $!\n";
	# other users write there and see nothing
	chmod 03733, "$dir/events" or die "$dir/events: $!\n";
	mkdir "$dir/sockets", 0755 or die "$dir/sockets: $!\n";
	$self->{dovecot} = $self->dovecot(%{ $option{dovecot} })
	    if $option{dovecot};
	my @without = $option{mail} ? () : qw(milter load postfix);
	$self->{site} = Signet::Site->new(dir => $dir, without => \@without,
	    (map { $_ => $option{$_} // {} } qw(zones trust milter)),
	    main => $self->_main);
	@$self{qw(pg mta)} = @{ $self->{site} }{qw(pg mta)};
	$self->{site}->configure(mailbox => { $self->settings,
	    %{ $option{mailbox} // {} } });
	$self->start_mailbox;
	return $self;
}

# Postfix gives what it takes to the first Dovecot.
sub _main {
	my ($self) = @_;
	return {} unless $self->{dovecot};
	return { relay_transport => 'lmtp:unix:'
	    . $self->{dovecot}->lmtp_socket,
	    %{ $self->{option}{main} // {} } };
}

sub events_dir { return "$_[0]{dir}/events" }
sub socket { return "$_[0]{dir}/sockets/mailbox.sock" }
sub nudge { return "$_[0]{dir}/sockets/mailbox.nudge" }

# Section [mailbox]. A busy machine is no reason for another answer.
sub settings {
	my ($self) = @_;
	return (socket => 'unix:' . $self->socket, nudge => 'unix:'
	    . $self->nudge, spool => $self->events_dir, look => '1s',
	    patience => 50000,
	    least_ham => 5, patience => 50000,
	    metrics => "unix:$self->{dir}/sockets/figures.sock");
}

sub start_mailbox {
	my ($self) = @_;
	return $self->{mailbox}->start if $self->{mailbox};
	return $self->{mailbox} = $self->{site}->program('signet-mailbox');
}

# Another Dovecot of the site.
sub dovecot {
	my ($self, %option) = @_;
	my $more = delete $option{plugin} // {};
	return Signet::Dovecot->new(sieve => 1, %option, plugin => {
		signet_spool_dir => $self->events_dir,
		signet_socket => $self->socket,
		signet_nudge => $self->nudge,
		signet_timeout => '60s',
		%$more,
	});
}

# Files of events that wait.
sub waiting {
	my ($self) = @_;
	return grep { m{/T-} } glob $self->events_dir . '/*';
}

# Until the daemon has put everything into Postgres.
sub settle {
	my ($self) = @_;
	wait_for(60, sub { !$self->waiting }, sub {
		join "\n", 'these events to be read:', $self->waiting,
		    $self->{mailbox}->log });
	return $self;
}

# What signet-mailbox would say of a delivery: { verdict, mailbox, header =>
# [...], ... }.
sub ask {
	my ($self, $user, $message, %more) = @_;
	my $bytes = Signet::Smtp::crlf($message);
	my %line = (user => $user, mailbox => 'INBOX', to => $user,
	    from => 'sender@bank.example', size => length $bytes, %more);
	my $socket = IO::Socket::UNIX->new(Peer => $self->socket)
	    or die $self->socket, ": $!\n";
	print {$socket} "signet-deliver 1\n", (map { "$_=$line{$_}\n" }
	    sort keys %line), "\n", $bytes;
	$socket->flush;
	shutdown $socket, 1;
	local $/;
	my $text = <$socket> // '';
	$text =~ s/\Asignet-answer 1\n// or die "no answer: '$text'\n";
	my %answer = (header => [], keyword => []);
	for (split /\n/, $text) {
		my ($name, $value) = /^([^=]+)=(.*)/ or next;
		$value =~ s/%([0-9A-F]{2})/chr hex $1/ge;
		if (ref $answer{$name}) {
			push @{ $answer{$name} }, $value;
		} else {
			$answer{$name} = $value;
		}
	}
	return \%answer;
}

# The same when the model that it answers from is the newest.
sub wait_verdict {
	my ($self, $user, $message, $verdict) = @_;
	my $answer;
	wait_for(60, sub {
		$answer = $self->ask($user, $message);
		return ($answer->{verdict} // '') =~ /^(?:$verdict)\z/;
	}, sub { "$verdict instead of " . join(' ', map { "$_=$answer->{$_}" }
	    sort keys %$answer) . " @{ $answer->{header} } in\n"
	    . $self->{mailbox}->log });
	return $answer;
}

sub totals {
	my ($self, $user) = @_;
	(my $quoted = $user) =~ s/'/''/g;
	my ($row) = $self->{pg}->rows('select spam, ham from '
	    . "signet.junk_total where account = '$quoted'");
	return %{ $row // { spam => 0, ham => 0 } };
}

sub knows {
	my ($self, $user, $spam, $ham) = @_;
	my %is;
	wait_for(60, sub {
		%is = $self->totals($user);
		return $is{spam} == $spam && $is{ham} == $ham;
	}, sub { "$spam of junk and $ham of the rest, not $is{spam} and "
	    . "$is{ham}, learned by $user in\n" . $self->{mailbox}->log });
	return 1;
}

# Messages that were never delivered, so that they come as they are.
sub teach {
	my ($self, $imap, $count, %option) = @_;
	for my $kind (qw(spam ham)) {
		my $make = Signet::JunkMail->can($kind);
		$imap->append('INBOX', Signet::Smtp::crlf($make->($_,
		    mark => 'taught', %option))) for 1 .. $count;
		$imap->select('INBOX');
		my ($new) = map { /^SEARCH ?(.*)/ } $imap->command(
		    'SEARCH UNKEYWORD $NotJunk SUBJECT ""');
		my $set = join ',', (split ' ', $new)[-$count .. -1];
		if ($kind eq 'spam') {
			$imap->move($set, 'Junk');
		} else {
			$imap->store($set, '+FLAGS', '$NotJunk');
		}
	}
	return;
}

sub stop {
	my ($self) = @_;
	my @why;
	for my $part (qw(dovecot mailbox site)) {
		next unless $self->{$part};
		eval { $self->{$part}->stop; 1 } or push @why, $@;
	}
	die @why if @why;
	return;
}

sub disown {
	my ($self) = @_;
	$_->disown for grep { $_ } @$self{qw(dovecot mailbox site)};
	return $self->SUPER::disown;
}

1;
