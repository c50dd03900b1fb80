#!/usr/bin/perl
# The tools of the benchmark measure what they say: the corpus is the same
# each time, its signatures fit, every message reaches the milter.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/bench/lib";
use Test::More;
use Bench::Goals;
use Bench::Process;
use Bench::Table;
use Bench::Verdict;
use Signet::Util qw(build_dir is_alive must_run run_command slurp temp_dir);

my $build = build_dir() . '/t/bench';
my $dir = temp_dir();
my $messages = 12;

plan(skip_all => "$build/gencorpus is not built (make check builds it)")
    unless -x "$build/gencorpus" || ($ENV{CI} // '') eq 'true';

must_run("$build/gencorpus", "$dir/$_", $messages, 7) for qw(a b);
must_run("$build/gencorpus", "$dir/c", $messages, 8);
must_run('diff', '-r', "$dir/a", "$dir/b");
pass('the same numbers make the same corpus');
isnt(slurp("$dir/a/manifest"), slurp("$dir/c/manifest"),
    'another seed makes another corpus');

my $manifest = Bench::Verdict::manifest("$dir/a");
is(keys %$manifest, $messages, 'the manifest names each message');
my $signatures = join ',', map { $_->{dkim} } values %$manifest;
my %expected = (pass => 0, fail => 0);
$expected{$_}++ for slurp("$dir/a/floor") =~ /\t(pass|fail)$/mg;
cmp_ok($expected{pass}, '<=', scalar(() = $signatures =~ /=pass/g),
    'the floor has no signature that the manifest lacks');
my $floor = must_run("$build/cryptofloor", "$dir/a", 1);
like($floor, qr/^signatures_pass $expected{pass}$/m, 'passing signatures');
like($floor, qr/^signatures_fail $expected{fail}$/m, 'failing signatures');

# Of many short turns some meet a busy moment of the processor, but not most.
my @signing = map { Bench::Process::figures("$build/signcost", "$dir/a", 1) }
    1 .. 9;
for my $name (qw(hash rsa ed25519 sign_rsa sign_ed25519 sign_both)) {
	cmp_ok($signing[0]{$name}, '>', 0, "$name takes time");
}
cmp_ok(Bench::Table::median(map { $_->{ratio_rsa} } @signing), '>', 0.9,
    'signing takes what it is made of');

my $reports = must_run("$build/reportcost", 3000, 2000, 9000);
for my $name (qw(write gzip check read)) {
	my ($seconds) = $reports =~ /^$name ([\d.]+)$/m;
	cmp_ok($seconds, '>', 0, "$name takes time");
}
my ($xml, $gzip) = map { $reports =~ /^${_}_bytes (\d+)$/m } qw(xml gzip);
cmp_ok($gzip * 5, '<', $xml, 'a report shrinks');

sub load {
	my ($milter, @options) = @_;
	my $output = must_run("$build/milterload", '-d', "$dir/a", '-m',
	    "unix:$dir/$milter", @options);
	return { $output =~ /^(\S+) (.*)$/mg };
}

for my $option ([], ['-n']) {
	my $name = join '', 'null', @$option;
	my $milter = Bench::Process->start("$dir/$name.log",
	    "$build/nullmilter", @$option, "unix:$dir/$name");

	$milter->await("unix:$dir/$name");
	for my $connections (1, 5) {
		my $figures = load($name, '-c', $connections, '-n', 30,
		    '-o', "$dir/dump", '-p', $milter->pid);
		is($figures->{accepted}, 30, "$name: all messages accepted");
		is($figures->{failed}, 0, "$name: none failed");
		cmp_ok($figures->{rss_after_kib}, '>', 0, "$name: memory");
		my @added = slurp("$dir/dump") =~
		    /\taccept\t\+Authentication-Results: mx.site.bench; none$/mg;
		is(@added, 30, "$name: its header field arrived");
	}
	is(load($name, '-k', 3)->{accepted}, $messages,
	    "$name: several messages on a connection");
	my $paced = load($name, '-c', 3, '-r', 100, '-n', 21);
	is($paced->{accepted}, 21, "$name: at a rate");
	cmp_ok($paced->{seconds}, '>=', 0.2, "$name: not before their time");
	is(load($name, '-m', "unix:$dir/$name")->{accepted}, $messages,
	    "$name: two in a row");
	$milter->stop;
}

# What was started ends with the benchmark that did not stop it, whether that
# comes to its end, dies, or lets go of it sooner.
for my $end ('', 'exit 3', 'die "a word\n"', 'undef $process; exec "true"') {
	my (undef, $pid) = run_command($^X, (map { "-I$_" } @INC),
	    '-MBench::Process', '-e', 'our $process = Bench::Process->start('
	    . "'$dir/sleep.log', 'sleep', 600); " . '$| = 1; '
	    . "print \$process->pid; $end");
	like($pid, qr/^\d+\z/, "started, then: $end");
	ok(!is_alive($pid), '... nothing is left') or kill 'KILL', $pid;
}

# What a peer writes is read as RFC 8601 has it.
my $found = Bench::Verdict::found(
    '+Authentication-Results: mx.site.bench; dkim=pass (2048-bit key; x)'
	. ' header.d=a.bench header.s=s1; dkim=fail header.d=b.bench'
	. ' header.s=s2; spf=softfail smtp.mailfrom=x@a.bench',
    '+Authentication-Results: mx.site.bench; dmarc=pass header.from=a.bench');
is_deeply($found, { spf => 'softfail', dmarc => 'pass',
    dkim => 'a.bench/s1=pass,b.bench/s2=fail',
    dkim_domain => 'a.bench=pass,b.bench=fail' }, 'results of a message');
ok(Bench::Verdict::same('dkim_domain', { dkim => 'b.bench/x=fail,'
    . 'a.bench/y=pass' }, $found), 'selectors are left out');
ok(!Bench::Verdict::same('dkim_domain', { dkim => 'a.bench/y=fail' }, $found),
    'results are not');

# What is printed is read again, and set beside another run.
my @goals = (['small', 0.5, '<=', 1], ['large', 0.9, '>=', 1],
    ['none', undef, '<=', 1], ['other', 2, '<=', 1]);
my @rows = Bench::Goals::rows(@goals);
is_deeply([map { $_->[3] } @rows], [qw(met missed missed)], 'met and missed');
my $earlier = Bench::Goals::read_table(<<'END');
| goal  | measured |   wanted |        |
|-------|---------:|---------:|-------:|
| small |    0.480 |     <= 1 |    met |
| large |     1.10 |     >= 1 |    met |
| other |    0.700 |     <= 1 |    met |
END
is_deeply($earlier->{large}, ['1.10', 'met'], 'a goal that was printed');
is_deeply([map { "$_->[0] $_->[4]" } Bench::Goals::compare($earlier,
    { map { $_->[0] => [@$_[1, 3]] } @rows }, 0.25)],
    ['large near: met, missed', 'other differ: met, missed',
    'small agree: met'], 'two runs');

done_testing;
