#!/usr/bin/perl
# PostgreSQL and the loader fail, while mail flows and users move messages:
# docs/operations.md, cells postgres-* and load-*.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::FaultSite;
use Signet::Mailbox qw(spam);
use Signet::Util qw(program_path skip_or_fail slurp spew wait_for);

Signet::FaultSite->need;
program_path('signet-mailbox')
    or skip_or_fail('signet-mailbox has not been built');
my $mailbox;
my $world = Signet::FaultSite->new(logs => {
	'signet-mailbox' => sub { $mailbox->log } });
my ($flow, $db, $site) = @$world{qw(flow db site)};
my ($pg, $load) = @$site{qw(pg load)};
$pg->login('mailbox', 'signet_mailbox');
$mailbox = Signet::Mailbox->new(conninfo => $pg->conninfo(user => 'mailbox',
	host => "$world->{dir}/gate") . ' connect_timeout=5');

my $moved = 0;
sub move { $mailbox->move_junk('ann', spam(++$moved)) for 1 .. 5 }

# Moves in are rows out.
sub learned {
	$mailbox->rest;
	is($pg->value('select count(*) from signet.mailbox_event'), $moved,
	    'each move of a user is a row');
	return;
}

my $faults = $world->faults('postgres');

$faults->cell(absent => sub {
	$flow->pause;
	$load->stop;
	$mailbox->stop;
	$pg->stop('immediate');
	$load->start;
	$mailbox->start;
	$flow->resume;
	move();
	$flow->taken(6);
	$faults->line(0)->line(2);
	$pg->start;
	$faults->line(1);
	learned();
});

$faults->cell(lost => sub {
	$flow->taken(3);
	$pg->stop('immediate');
	move();
	$flow->taken(6);
	$faults->line(0)->line(2);
	$pg->start;
	$faults->line(1);
	learned();
});

$faults->cell(slow => sub {
	$db->slow(0.2);
	move();
	$flow->taken(10);
	learned();
	$db->pass;
});

$faults->cell(wrong => sub {
	$db->lie('nonsense');
	move();
	$flow->taken(6);
	$faults->line(0);
	$db->pass;
	$faults->line(1);
	learned();
});

$faults->cell(flapping => lines => 5, sub {
	for (1 .. 4) {
		$db->refuse;
		move();
		$flow->taken(2);
		$db->pass;
		$flow->taken(2);
	}
	learned();
});
$faults->done;

my $loader = $world->faults('load');

$loader->cell(absent => sub {
	$flow->pause;
	$load->stop;
	$flow->resume;
	$flow->taken(6);
	$load->start;
});

$loader->cell(lost => sub {
	$flow->taken(3);
	$load->kill;
	$flow->taken(3);
	$load->start;
});

$loader->cell(slow => sub {
	$load->signal('STOP');
	$flow->taken(8);
	$load->signal('CONT');
});

# It is told nonsense by its configuration, and finds nonsense in the spool.
$loader->cell(wrong => sub {
	my $text = slurp($site->config_file);
	spew($site->config_file, "$text\n[load]\nretry = never\n");
	$load->signal('HUP');
	$loader->line(0);
	spew($site->config_file, $text);
	my $spool = $site->spool_dir;
	rename spew("$spool/.x", "nonsense\n", 0660),
	    "$spool/new/0000000000000-x.y.1.1.jsonl" or die "$!\n";
	$loader->line(1);
	$flow->taken(6);
	$load->signal('HUP');
});

$loader->cell(flapping => lines => 5, sub {
	for (1 .. 5) {
		$load->kill;
		$load->start;
		$flow->taken(2);
	}
});
$loader->done;

is($mailbox->stop, 0, 'signet-mailbox ends well');
$world->stop;
done_testing;
