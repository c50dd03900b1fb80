#!/usr/bin/perl
# The disk of the spool fails, while mail flows: docs/operations.md, cells
# disk-*. It is a small one, in a mount namespace of the test's own; a slow or
# broken one is made by t/fault_disk.c, preloaded.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Signet::FaultSite;
use Signet::Net;
use Signet::Util qw(must_run need_programs run_command spew temp_dir top_dir
    wait_for);

Signet::FaultSite->need;
need_programs('cc');
Signet::Net->enter;

my $tools = temp_dir();
must_run('cc', '-shared', '-fPIC', '-O1', '-o', "$tools/disk.so",
    top_dir() . '/t/fault_disk.c');

my $spool;
my $world = Signet::FaultSite->new(no_rows => 1,
	settings => { common => { spool_max => '100k' } },
	prepare => sub {
		my ($dir) = @_;
		$spool = "$dir/spool";
		mkdir $spool or die "$spool: $!\n";
		must_run('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0755',
		    'tmpfs', $spool);
		# A file that is mapped to be written keeps mount(8) from making
		# a disk read-only; a disk that fails asks nobody.
		mkdir "$spool/work" or die "$spool/work: $!\n";
		must_run('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0755',
		    'tmpfs', "$spool/work");
	});
my ($flow, $site) = @$world{qw(flow site)};
my ($milter, $load) = @$site{qw(milter load)};
my $faults = $world->faults('disk');

# Facts that could not be kept, as the figures say.
sub lost {
	my $socket = IO::Socket::UNIX->new(Peer => $site->metrics
		=~ s/^unix://r) or die "metrics: $!\n";
	print {$socket} "GET /metrics HTTP/1.0\r\n\r\n";
	local $/;
	my ($count) = <$socket> =~ /^signet_milter_facts_lost_total (\d+)$/m;
	return $count;
}

# Messages that were answered are rows, or were counted as lost.
my $lost_before;
sub begin {
	$flow->pause;
	$lost_before = lost();
	$flow->mark;
	$flow->resume;
	return;
}

sub accounted {
	my (%option) = @_;
	$world->well(2);
	$flow->pause;
	my @ids = map { $_->{id} } $flow->attempts;
	my $lost = lost() - $lost_before;
	my $rows;
	eval { wait_for(60, sub {
		my %row = $world->_rows;
		$rows = grep { $row{$_} } @ids;
		return $rows + $lost == @ids;
	}) };
	is("$rows + $lost", (@ids - $lost) . " + $lost",
	    @ids . ' messages are rows, or counted as lost');
	$option{lost} ? cmp_ok($lost, '>', 0, 'some were')
	    : is($lost, 0, 'none was');
	return;
}

# No writer has a file open, or it could not be made read-only.
sub read_only {
	$flow->pause;
	wait_for(60, sub {
		return (run_command('mount', '-o', 'remount,ro',
		    $spool))[0] == 0;
	}, 'a spool that nobody writes to');
	$flow->resume;
	return;
}
sub writable { must_run('mount', '-o', 'remount,rw', $spool) }

# While no mail flows. A file that was still to be loaded would make room.
sub fill {
	wait_for(60, sub {
		my @files = glob "$spool/{open,new}/*";
		return !@files;
	}, sub { "an empty spool, in\n" . $load->log });
	# to the last byte
	run_command('dd', 'if=/dev/zero', "of=$spool/filler", 'bs=4k');
	run_command('dd', 'if=/dev/zero', "of=$spool/filler2", 'bs=1',
	    'count=5000');
	return;
}
sub make_room { unlink "$spool/filler", "$spool/filler2" }

$faults->cell(absent => sub {
	$flow->pause;
	$milter->stop;
	read_only();
	$flow->pause;
	my (undef, undef, $said) = $milter->run;
	like($said, qr/spool .*Read-only file system; mount it writable/,
	    'read-only: it does not start, and says why');
	writable();
	fill();
	$milter->start;
	begin();
	$faults->line(0);
	$flow->taken(4);
	make_room();
	$faults->line(1);
	accounted(lost => 1);
});

$faults->cell(lost => sub {
	begin();
	read_only();
	$faults->line(0);
	$flow->taken(4);
	writable();
	$faults->line(1);
	accounted(lost => 1);
});

# From here on with the disk that can be slow and broken.
my $state = "$tools/state";
$flow->pause;
{
	local $ENV{LD_PRELOAD} = "$tools/disk.so";
	local $ENV{ASAN_OPTIONS} = join ':', 'verify_asan_link_order=0',
	    $ENV{ASAN_OPTIONS} // ();
	local $ENV{FAULT_DISK} = $spool;
	local $ENV{FAULT_DISK_STATE} = $state;
	$milter->restart;
}
$flow->resume;

$faults->cell(slow => sub {
	begin();
	spew($state, "slow 100\n");
	$flow->taken(6);
	ok(-e "$state.met", 'the disk was slow');
	unlink $state;
	accounted();
});

$faults->cell(wrong => sub {
	begin();
	spew($state, "broken\n");
	$faults->line(0);
	$flow->taken(4);
	unlink $state;
	$faults->line(1);
	rename spew("$spool/.x", "\0" x 4096, 0660),
	    "$spool/new/0000000000000-x.y.1.1.jsonl" or die "$!\n";
	$faults->line(2);
	accounted(lost => 1);
	ok(-e "$spool/bad/0000000000000-x.y.1.1.jsonl", 'it is put aside');
});

$faults->cell(flapping => lines => 3, sub {
	begin();
	for my $time (1, 2) {
		$flow->pause;
		fill();
		$flow->resume;
		$faults->lines(0, $time);
		make_room();
		$faults->lines(1, $time);
	}
	# and what waits reaches spool_max
	$load->signal('STOP');
	$faults->lines(0, 3);
	$load->signal('CONT');
	$faults->lines(1, 3);
	accounted(lost => 1);
});

$faults->done;
$world->stop;
done_testing;
