#!/usr/bin/perl
# Every fuzz target runs over its corpus; a finding ends the program.
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Spec;
use Test::More;

my $source = File::Spec->rel2abs(dirname(__FILE__) . '/..');
my $build = $ENV{SIGNET_BUILD} // $source;

for my $folder (sort glob "$source/t/fuzz/corpus/*") {
	my $name = basename($folder);
	my $program = "$build/t/fuzz/${name}_fuzz";
	my @inputs = glob "$folder/*";

	ok(-f "$source/t/fuzz/${name}_fuzz.c", "$name: corpus has a target");
	unless (-x $program) {
		fail("$program is not built (make check builds it)");
		next;
	}
	my $said = `$program $folder 2>&1`;
	is($?, 0, "$name: no finding") or diag($said);
	is($said, @inputs . " inputs\n", "$name: all inputs were run");
}
for my $target (sort glob "$source/t/fuzz/*_fuzz.c") {
	my $name = basename($target, '_fuzz.c');
	my @inputs = glob "$source/t/fuzz/corpus/$name/*";

	ok(@inputs > 0, "$name: target has a corpus");
}
done_testing();
