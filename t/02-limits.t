#!/usr/bin/perl
# docs/limits.md tells every bound of lib/base/limits.h, with its value, and
# none that is not there.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Util qw(top_dir slurp);

# 253, (64u << 20)
sub number_of {
	my ($text) = @_;
	return $1 if $text =~ /\A(\d+)u?\z/;
	return $1 << $2 if $text =~ /\A\((\d+)u? << (\d+)\)\z/;
	die "a value that this test cannot read: $text\n";
}

# 1 MiB, 64 KiB, 253
sub told_number {
	my ($text) = @_;
	return $1 * { K => 1024, M => 1 << 20 }->{$2}
	    if $text =~ /\A(\d+) ([KM])iB\z/;
	return $text =~ /\A\d+\z/ ? $text : undef;
}

my %limit;
for (split /\n/, slurp(top_dir() . '/lib/base/limits.h')) {
	$limit{$1} = number_of($2) if /\A#define (LIMIT_\w+)\s+(.*?)\s*\z/;
}
cmp_ok(scalar keys %limit, '>', 40, 'limits.h was read');

my %told;
for (split /\n/, slurp(top_dir() . '/docs/limits.md')) {
	next if !/\A\| `(LIMIT_\w+)` \| ([^|]+?) \| ([^|]+?) \|\z/;
	is($told{$1}, undef, "$1 stands there once");
	$told{$1} = told_number($2);
}
is($told{$_}, $limit{$_}, $_) for sort keys %limit;
is_deeply([grep { !exists $limit{$_} } sort keys %told], [],
    'nothing is told that is not there');
done_testing;
