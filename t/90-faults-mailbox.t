#!/usr/bin/perl
# signet-mailbox fails, while mail is delivered by Dovecot and a user moves it:
# docs/operations.md, cells mailbox-*.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Faults;
use Signet::Flow;
use Signet::Gate;
use Signet::JunkSite;
use Signet::Util qw(slurp temp_dir wait_for);

Signet::JunkSite->need;

use constant USER => 'ann@site.example';

my $dir = temp_dir();
my $sockets = temp_dir();
my $gate = Signet::Gate->new(listen => "unix:$sockets/mailbox.sock",
    to => "unix:$dir/sockets/mailbox.sock", replies => {
	nonsense => sub { "\xff" x length $_[0] } });
my $site = Signet::JunkSite->new(dir => $dir, mail => 1,
    dovecot => { users => { USER, {} }, plugin => {
	signet_socket => "$sockets/mailbox.sock", signet_timeout => '500ms' } });
my ($dovecot, $mta, $mailbox, $pg) = @$site{qw(dovecot mta mailbox pg)};
my $flow = Signet::Flow->new(clients => 1, send => sub {
	my ($kind, $id) = @_;
	return $mta->send(client => '192.0.2.1', from => 'a@peer.example',
	    to => USER, data => "From: a\@peer.example\nMessage-ID: <$id>\n"
		. "Subject: flow\n\nHello.\n");
});

# In the mailbox each message that was accepted is there once.
sub stored {
	my (@attempts) = @_;
	my @ids = map { $_->{id} } grep { $_->{code} == 250 } @attempts;
	my %times;
	eval { wait_for(120, sub {
		%times = ();
		$times{$_}++ for $dovecot->doveadm('fetch', '-u', USER,
		    'hdr.message-id', 'all') =~ /^hdr\.message-id: (<.*>)$/mg;
		return !grep { !$times{$_} } @ids;
	}) };
	is(scalar(grep { ($times{$_} // 0) == 1 } @ids), scalar @ids,
	    @ids . ' messages are delivered, each once')
	    or diag $dovecot->log;
	return;
}

my $moved = 0;
my $imap = $dovecot->imap(USER);
sub move {
	$site->teach($imap, 2, to => USER, mark => "after$moved");
	$moved += 2;
	return;
}
sub learned { return $site->knows(USER, $moved, $moved) }

# Deliveries that signet-mailbox has answered.
sub judged {
	my ($count) = @_;
	my $count_now = sub { scalar(() = $mailbox->log =~ /\bverdict=/g) };
	my $before = $count_now->();
	return wait_for(120, sub { $count_now->() >= $before + $count },
	    sub { "$count deliveries to be judged, in\n" . $mailbox->log
		. $dovecot->log });
}

# Dovecot would do so after half a minute.
sub ask_again { unlink glob "$dir/events/.breaker-*"; return }

my $faults = Signet::Faults->new('mailbox', flow => $flow, logs => {
	'signet-mailbox' => sub { $mailbox->log },
	dovecot => sub { $dovecot->log },
}, begin => \&ask_again, facts => \&stored);

$faults->cell(absent => lines => 1000, sub {
	$flow->pause;
	$mailbox->stop;
	$flow->resume;
	move();
	$flow->taken(3);
	$faults->line(0);
	$mailbox->start;
	learned();
});

$faults->cell(lost => lines => 1000, sub {
	$flow->taken(2);
	$mailbox->kill;
	move();
	$flow->taken(3);
	$faults->line(0);
	$mailbox->start;
	learned();
});

$faults->cell(slow => lines => 1000, sub {
	$mailbox->signal('STOP');
	move();
	$flow->taken(3);
	$faults->line(0);
	$mailbox->signal('CONT');
	ask_again();
	learned();
});

$faults->cell(wrong => lines => 1000, sub {
	$gate->lie('nonsense');
	move();
	$flow->taken(3);
	$faults->line(0);
	$gate->pass;
	learned();
});

$faults->cell(flapping => lines => 1000, sub {
	for (1 .. 3) {
		my $before = $faults->said(0);
		$mailbox->kill;
		ask_again();
		move();
		$flow->taken(1);
		$faults->lines(0, $before + 1);
		$mailbox->start;
	}
	learned();
});

$faults->done;
# Dovecot asks again by itself
judged(1);
$flow->stop;
$imap->logout;
is($mailbox->stop, 0, 'signet-mailbox ends well');
$site->stop;
$gate->stop;
done_testing;
