#!/usr/bin/perl
# Each source that looks at bytes one by one has a fuzz target, or a reason in
# t/fuzz/modules why it has none.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use File::Basename qw(basename);
use Test::More;
use Signet::Util qw(slurp top_dir);

my $top = top_dir();
my (%modules, %without);
my $part = \%modules;
for (split /\n/, slurp("$top/t/fuzz/modules")) {
	next if /^(?:#|$)/;
	if ($_ eq 'without') {
		$part = \%without;
		next;
	}
	my ($name, $rest) = /^([^:\s]+): (\S.*)$/;
	ok(defined $name, $_) or next;
	ok(!$part->{$name}, "$name stands once");
	$part->{$name} = $rest;
}

# --- targets and modules ---

my @targets = map { basename($_, '_fuzz.c') } glob "$top/t/fuzz/*_fuzz.c";
my $make = slurp("$top/Makefile.am");
is_deeply([sort keys %modules],
    [sort @targets], 'each target has its line');
ok($make =~ /^t_fuzz_${_}_fuzz_SOURCES =/m, "$_ is built") for @targets;
my %covered;
for my $target (sort keys %modules) {
	my @modules = split ' ', $modules{$target};
	is(join(' ', grep { !-f "$top/$_" } @modules), '',
	    "$target: modules that exist");
	push @{ $covered{$_} }, $target for @modules;
}

# --- sources that read ---

# Calls that take bytes apart.
my $reads = qr/\b(?:scan_init|text_to_u64|json_parse\w*|tag_list_\w+
    |netstring_parse|base64_decode\w*|gzip_\w+|mime_parse\w*|xml_read\w*
    |strto[a-z]+|sscanf|fscanf|getline|getdelim|fgets)\s*\(/x;

# Names of those that read and are in neither part.
sub unlisted {
	my ($covered, $without, %text) = @_;
	my @patterns = map { my $p = quotemeta; $p =~ s/\\\*/[^\/]*/g;
	    qr/^$p$/ } keys %$without;
	return grep {
		my $name = $_;
		$text{$name} =~ $reads && !$covered->{$name}
		    && !grep { $name =~ $_ } @patterns;
	} sort keys %text;
}

is_deeply([unlisted({ 'lib/a.c' => 1 }, { 'admin/x*.c' => 1 },
    'lib/a.c' => 'scan_init(&in, t);', 'lib/b.c' => 'x = strtol(p, 0, 9)',
    'admin/x_y.c' => 'scan_init(&in, t);', 'admin/z.c' => 'json_parse(a, t)',
    'lib/c.c' => 'text_copy(a, t); rescan_init(x)')],
    ['admin/z.c', 'lib/b.c'], 'those that are missing are found');

my %text;
for my $file (map { glob "$top/$_/*.c" } qw(lib/base lib/mailauth lib/mailtls
	lib/judge lib/io milter admin postfix-policy reporter dmarc-reporter
	sql tlsrpt-collector dovecot-plugin)) {
	my $text = slurp($file);
	$text =~ s{/\*.*?\*/}{}gs;
	$text{ substr $file, 1 + length $top } = $text;
}
cmp_ok(scalar keys %text, '>', 300, 'sources');
is_deeply([unlisted(\%covered, \%without, %text)], [],
    'each source that reads has a target or a reason');
# A reason is for something, and only where there is no target.
for my $name (sort keys %without) {
	my $pattern = quotemeta $name;
	$pattern =~ s/\\\*/[^\/]*/g;
	my @those = grep { /^$pattern$/ } keys %text;
	cmp_ok(scalar @those, '>', 0, "$name is there");
	is(join(' ', grep { $covered{$_} && $name !~ /\*/ } @those), '',
	    '... and has no target');
}
done_testing;
