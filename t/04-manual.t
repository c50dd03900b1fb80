#!/usr/bin/perl
# The manual pages: mandoc has nothing to say about them; signet.conf(5) has
# every option with its kind of value, its default, its words and its range, and
# no other; usage and page name the same arguments; the example configuration
# loads, as it is and with every comment taken away, and its comments show the
# defaults.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Util qw(build_dir top_dir slurp spew temp_dir run_command
    must_run need_programs program_path);

need_programs('mandoc');
my $man = top_dir() . '/docs/man';

# --- mandoc ---

for my $page (glob "$man/*.[1-8]") {
	my ($status, $out, $err) = run_command('mandoc', '-Tlint',
	    '-Wwarning', $page);
	is($out . $err, '', (split m{/}, $page)[-1] . ' is without a fault');
}

# --- signet.conf(5) and the tables ---

# Of [section]{name}: the text of the entry.
sub read_page {
	my ($section, $name, %entry);
	for my $line (split /\n/, slurp("$man/signet.conf.5")) {
		if ($line =~ /\A[.]S[sh] (?:\[(\w+)\])?/) {
			($section, $name) = ($1, undef);
		} elsif ($line =~ /\A[.]It Cm (\w+) No = (.*)/ && $section) {
			$name = $1;
			$entry{$section}{$name} = "$line\n";
		} elsif ($line =~ /\A[.]El/) {
			undef $name;
		} elsif (defined $name) {
			$entry{$section}{$name} .= "$line\n";
		}
	}
	return \%entry;
}

# What stands behind "name =": a word is written with all its choices, the kinds
# are those that the page explains at its top.
sub is_kind {
	my ($value, $type, $words) = @_;
	my %kind = (flag => 'flag', number => 'number', time => 'time',
	    bytes => 'bytes', networks => 'networks', words => 'list');
	if ($type eq 'word') {
		my ($choices) = $value =~ /\ACm (.*)/ or return 0;
		return join(' ', sort split / [|] /, $choices)
		    eq join ' ', sort split ' ', $words;
	}
	return $value =~ /\AAr (?:list|words)\z/ if $type eq 'list';
	return $value eq "Ar $kind{$type}" if $kind{$type};
	return $value !~ /\AAr (?:flag|number|time|bytes|networks|list|words)\z/;
}

my %factor = (time => { s => 1, m => 60, h => 3600, d => 86400, w => 604800 },
    bytes => { K => 1 << 10, M => 1 << 20, G => 1 << 30, T => 1 << 40 },
    number => {});

sub amount {
	my ($text, $type) = @_;
	my ($count, $unit) = ($text // '') =~ /\A(\d+)([a-zA-Z]?)\z/ or return '';
	return $unit eq '' ? $count : $count * ($factor{$type}{$unit} // 0);
}

# Behind the default: "; from A to B.", "; at least A.", or a full stop where
# any value will do.
sub has_range {
	my ($entry, $default, $type, $least, $most) = @_;
	my ($stop, $rest) = $entry =~ /^Default:\n[.]Cm \Q$default\E ([.;])\n(.*)/ms
	    or return 0;
	$most = 0 if $most >= 2 ** 63 - 1;
	return $stop eq '.' if !$factor{$type} || !$least && !$most;
	my ($from, $to) = $most ? $rest
	    =~ /\Afrom\n[.]Cm (\S+)\nto\n[.]Cm (\S+) [.]$/m
	    : $rest =~ /\Aat least\n[.]Cm (\S+) [.]$/m;
	return $stop eq ';' && amount($from, $type) eq $least
	    && (!$most || amount($to, $type) eq $most);
}

my $list = build_dir() . '/t/manual/list_options';
-x $list or die "$list has not been built\n";
my @options = map { [split /\t/, $_, -1] } split /\n/, must_run($list);
cmp_ok(scalar @options, '>', 40, 'there are options');

my $page = read_page();
my %known;
for my $option (@options) {
	my ($section, $name, $default, $words, $type, @range) = @$option;
	$known{$section}{$name} = 1;
	my $entry = $page->{$section}{$name};
	ok(defined $entry, "[$section] $name is in signet.conf(5)") or next;
	if ($default eq '-') {
		like($entry, qr/^Unset by default/m, '... unset by default');
	} else {
		# the page tells it as the distribution's packages have it
		$default =~ s{\A/.*(?=/(?:spool/signet|spool/signet/dovecot|lib/signet-mailbox/lists|lib/signet-sign/senders|lib/signet-intake|lib/signet-policy|lib/signet-tls/log[.]position)\z)}{/var};
		$default =~ s{\A/.*(?=/etc/signet/)}{};
		ok(has_range($entry, $default, $type, @range),
		    "... its default, $default, and the range of $type @range")
		    or diag $entry;
	}
	my ($value) = $entry =~ /\A[.]It Cm \w+ No = (.*)/;
	ok(is_kind($value, $type, $words), "... its kind, $type") or diag $entry;
	for my $word (split ' ', $words) {
		next if $word =~ /\A(?:yes|no)\z/ && $entry =~ /Ar flag/;
		like($entry, qr/\b\Q$word\E\b/, "... the word $word");
	}
}
for my $section (sort keys %$page) {
	is_deeply([grep { !$known{$section}{$_} }
	    sort keys %{ $page->{$section} }], [],
	    "the page has no option of [$section] that is none");
}

# --- the arguments ---

my $signet = program_path('signet');
my ($status, $out, $err) = run_command($signet, 'explain', '--no-such');
is($status, 2, 'signet explain refuses what it does not know');
my $text = slurp("$man/signet.1");
my %told = map { $_ => 1 } $text =~ /Fl Fl ([a-z-]+)/g;
my ($usage) = $err =~ /^(usage:.*)/ms;
for my $argument ($usage =~ /--([a-z-]+)/g) {
	ok($told{$argument}, "signet(1) has --$argument");
}
for my $argument (sort keys %told) {
	next if $argument =~ /\A(?:version|test-only-weak-crypto)\z/;
	like($usage, qr/--\Q$argument\E\b/, "signet explain has --$argument");
}

($status, $out) = run_command($signet, 'keys', '--help');
is($status, 0, 'signet keys --help');
$text = slurp("$man/signet-keys.8");
%told = map { $_ => 1 } $text =~ /Fl Fl ([a-z-]+)/g;
my %asked = map { $_ => 1 } $out =~ /--([a-z-]+)/g;
is_deeply([sort keys %told], [sort keys %asked],
    'signet-keys(8) has the arguments of signet keys');
ok($text =~ /^[.](?:It )?Cm .*\b$_\b/m, "signet-keys(8) has $_")
    for $out =~ /^  ([a-z]+) /mg;

($status, $out) = run_command($signet, 'quota', '--help');
is($status, 0, 'signet quota --help');
$text = slurp("$man/signet-quota.8");
%told = map { $_ => 1 } $text =~ /\bFl ([a-z])\b/g;
%asked = map { $_ => 1 } $out =~ /\[-([a-z])\b/g;
is_deeply([sort keys %told], [sort keys %asked],
    'signet-quota(8) has the arguments of signet quota');
ok($text =~ /^[.](?:It )?Cm $_\b/m, "signet-quota(8) has $_")
    for $out =~ /(?:\] )+([a-z]+)(?: |$)/mg;

# --- the example ---

my $milter = program_path('signet-milter');
my $load = program_path('signet-load');
my $example = top_dir() . '/docs/examples/signet.conf';
($status, $out, $err) = run_command($milter, '-n', '-c', $example);
is($status, 0, 'signet-milter takes the example') or diag $err;
is($out, <<'END', '... which changes what its lines say');
[common]
hostname = mx.example.org
[milter]
socket_group = postfix
mode = test
END

my $all = slurp($example);
$all =~ s/^#(?=[a-z_]+ = |\[)//gm;
my $file = temp_dir() . '/signet.conf';
spew($file, $all);
for my $program ($milter, $load, program_path('signet-report-intake'),
    program_path('signet-policy'), program_path('signet-mailbox')) {
	($status, $out, $err) = run_command($program, '-n', '-c', $file);
	is($status, 0, "$program takes every line of it") or diag $err;
}
($status, $out, $err) = run_command($milter, '-n', '-c', $file, '-l',
    'submission');
is($status, 0, '... and so does its second listener') or diag $err;
# The file is one to begin from: these differ from the defaults.
my %begins_with = ('milter mode' => 1, 'milter dmarc_discovery' => 1);
for my $option (@options) {
	my ($section, $name, $default) = @$option;
	my ($part) = $all =~ /^\[$section\]\n(.*?)(?=^\[|\z)/ms;
	my ($value) = ($part // '') =~ /^\Q$name\E = (.*)/m;
	ok(defined $value, "[$section] $name is in the example");
	next if $default eq '-' || $begins_with{"$section $name"};
	$default =~ s{\A/.*(?=/(?:spool|lib)/signet)}{/var};
	$default =~ s{\A/.*(?=/etc/signet/)}{};
	is($value, $default, '... with its default');
}
done_testing;
