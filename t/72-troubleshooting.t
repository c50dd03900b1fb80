#!/usr/bin/perl
# docs/troubleshooting.md and the lines that programs write: each warning and
# each error that is in the source has its entry there, and each entry is a
# line that is in the source. A line is its format with "…" for what is filled
# in.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use File::Find ();
use Test::More;
use Signet::Util qw(slurp top_dir);

my $top = top_dir();
my $string = qr/"(?:[^"\\]|\\.)*"/;
my $piece = qr/$string|TEXT_FMT|PRI[a-zA-Z0-9]+/;

# What a C expression of string literals makes, filled in with "…".
sub line_of {
	my ($expression) = @_;
	my $line = join '', map {
		/^"(.*)"$/s ? $1 : /^TEXT_FMT/ ? '%s' : ''
	} $expression =~ /($piece)/g;
	$line =~ s/\\n//g;
	$line =~ s/\\(.)/$1/g;
	$line =~ s/%%/\0/g;
	$line =~ s/%[-+ #0]*(?:\d+|\*)?(?:[.](?:\d+|\*))?(?:hh|h|ll|l|z|j|t)?[a-zA-Z]?/…/g;
	$line =~ tr/\0/%/;
	return $line;
}

# line => [files], of calls of these names.
sub formats {
	my ($names, $before) = @_;
	my %found;
	for my $file (@{ sources() }) {
		my $text = slurp("$top/$file");
		while ($text =~ /\b(?:$names)\s*\(\s*(?:$before)?((?:$piece\s*)+)/g) {
			push @{ $found{ line_of($1) } }, $file;
		}
	}
	return \%found;
}

# The programs and libraries, without tests.
sub sources {
	my @file;
	File::Find::find({ no_chdir => 1, wanted => sub {
		return if $_ eq $top;
		my $name = substr $_, 1 + length $top;
		$File::Find::prune = 1 if -d && $name =~ m{^(?:t|build[^/]*|[.].*|shared)$};
		push @file, $name if $name =~ /[.]c$/;
	} }, $top);
	return [sort @file];
}

my $written = formats('log_warning|log_error|[ie]_warning|[ie]_error',
    qr/[\w>.()\s-]+,\s*/);
my $reasons = formats('why_set|why_prefix|why_fail', qr/[\w>.&()\s-]+,\s*/);
cmp_ok(scalar keys %$written, '>', 60, 'there are lines');

# A line that is but a reason says what is wrong by itself.
my %of_itself = ('…' => 1);
my $page = slurp("$top/docs/troubleshooting.md");
my %entry;
for my $line ($page =~ /^- `(.*)`$/mg) {
	ok(!$entry{$line}++, "one entry: $line");
}
for my $line (sort keys %$written) {
	next if $of_itself{$line};
	ok(delete $entry{$line} // $entry{$line}, "has its entry: $line")
	    or diag "add it to docs/troubleshooting.md; it is in: ",
	    join ' ', @{ $written->{$line} };
}
for my $line (sort keys %entry) {
	ok($reasons->{$line}, "a program can write: $line");
}

# Each entry says what to do.
for my $text ($page =~ /^- `.*`\n((?:  .*\n)*)/mg) {
	cmp_ok(length $text, '>', 8, 'it says what to do: '
	    . (split /\n/, $text . "\n")[0]);
}
done_testing;
