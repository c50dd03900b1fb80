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
#   $site->teach('ann@site.example', 1 .. 6);  # so much junk, so much not
#
# `need` and `new` skip what has not been built. Users are "NAME@site.example".

use strict;
use warnings;
use parent 'Signet::Service';
use Signet::Dovecot;
use Signet::Site;
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
	    metrics => "unix:$self->{dir}/sockets/figures.sock");
}

sub start_mailbox {
	my ($self) = @_;
	return $self->{mailbox}->start if $self->{mailbox};
	return $self->{mailbox} = $self->{site}->program('signet-mailbox',
	    ready => 'unix:' . $self->socket);
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
