#!/usr/bin/perl
# Every test that docs/security.md names exists and is run, every defect of
# others has one, and what the page says about the programs holds.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Util qw(slurp top_dir program_path run_command find_program);

my $top = top_dir();
my $page = slurp("$top/docs/security.md");
my $make = slurp("$top/Makefile.am");
my (%item, %named);

# --- the tests that are named ---

my $count = 0;
for my $row (grep { /^\|/ } split /\n/, $page) {
	my ($number) = $row =~ /^\| (\d+) \|/;
	my $file;
	while ($row =~ /`([^`]+)`/g) {
		my $word = $1;
		if ($word =~ m{^t/.*\.[ct]$}) {
			$file = $word;
			$count++;
			ok(-f "$top/$file", "$file is there");
			ok(index($make, $file) >= 0, '... and is run');
			$item{$number}++ if $number && $file =~ /\.t$/;
		} elsif ($word =~ /^item_(\d+)_\w+$/) {
			my $text = slurp("$top/$file") // '';
			is($1 + 0, $number, "$word stands at its item");
			my $times = () = $text =~ /\b\Q$word\E\b/g;
			# in C: the function, and the list in main
			cmp_ok($times, '>=', $file =~ /\.c$/ ? 2 : 1,
			    "... and in $file");
			$item{$number}++;
			$named{$number}++;
		}
	}
}
cmp_ok($count, '>', 40, 'the page names tests');
is_deeply([grep { !$item{$_} } 1 .. 47], [], 'each item has its row');
is_deeply([grep { !$named{$_} } 1 .. 47], [],
    'each item has a test of its name');

# The other way round: no test of an item that the page does not tell.
for my $file (glob "$top/t/unit/peers_*_test.c") {
	my %name = map { $_ => 1 } slurp($file) =~ /^(item_\d+_\w+)\(void/mg;
	my @missing = grep { index($page, $_) < 0 } sort keys %name;
	is("@missing", '', 'all of ' . ($file =~ s{.*/}{}r) . ' are told');
}
while ($page =~ /\]\(([^)#]+)\)/g) {
	ok(-f "$top/docs/$1", "link to $1");
}

# --- what the page says about the programs ---

sub sources {
	my (@dirs) = @_;
	return map { glob "$top/$_/*.[ch]" } @dirs;
}

subtest item_13_no_scripts => sub {
	my @all = qw(lib/base lib/mailauth lib/mailtls lib/io milter
	    reporter dmarc-reporter dovecot-plugin admin sql);
	my %may = (
		# signet NAME becomes signet-NAME, in the caller's own hands
		'admin/run_part.c' => 'execv',
		# a report is unpacked in a process that may do nothing else
		'dmarc-reporter/intake_cell.c' => 'fork',
		# signet keys runs nsupdate and hooks
		'lib/io/child.c' => 'posix_spawn',
	);
	my (%does, @shell, @runs);
	for my $file (sources(@all)) {
		my $name = $file =~ s{^\Q$top\E/}{}r;
		my $text = slurp($file);
		$text =~ s{/\*.*?\*/}{}gs;
		# with the tools of Postfix -c names a directory, and a file
		# with those of Dovecot
		push @shell, $name
		    if $text =~ m{"(?:[^"]*/)?(?:ba|da|k|z)?sh"}
		    || $text =~ /"-c"/ && $name !~
			m{^admin/(?:queue|dovecot_status|postfix_status)
			    \.c\z}x;
		push @runs, $name
		    if $text =~ m{"io/child\.h"} && $name !~ m{^lib/io/child\.};
		$text =~ s{"(?:[^"\\]|\\.)*"}{""}g;
		while ($text =~ /\b(system|popen|dlopen|v?fork|posix_spawnp?|
		    f?exec(?:l|v|lp|vp|le|ve|vpe)|execveat)\s*\(/gx) {
			$does{$name} .= ($does{$name} ? ' ' : '') . $1;
		}
	}
	is_deeply(\%does, \%may, 'who runs or loads other programs');
	is("@shell", '', 'no shell among them');
	is(join(' ', grep { !m{^admin/(?:key|queue[.]|quota_reconcile[.]
		|dovecot_status[.]|postfix_status[.]|junk_dovecot[.])}x } @runs), '',
	    'programs are run for signet keys, queue, quota, junk and '
	    . 'status alone');
	find_program('readelf')
	    or plan(skip_all => 'not installed: binutils');
	for my $name (qw(signet-milter signet-load signet signet-sign
		signet-report-intake signet-dmarc-report signet-tls-report
		signet-policy)) {
		my $path = program_path($name) // next;
		my ($status, $out) = run_command('readelf', '-d', $path);
		my @needed = $out =~ /NEEDED.*\[lib([^.\]]+)/g;
		cmp_ok(scalar @needed, '>', 0, "$name needs libraries");
		is(join(' ', grep { /lua|python|perl|guile|js\b|dl$/ }
			@needed), '', '... no interpreter among them');
		next if $name !~ /^signet-(?:milter|report-intake|tls-collect)$/;
		($status, $out) = run_command('readelf', '-sW', $path);
		my %database = map { $_ => 1 } $out =~ /UND (PQ\w+)/g;
		is(join(' ', sort keys %database), '',
		    '... and it calls no database');
	}
};

subtest item_44_no_user_interface => sub {
	my (%accepts, @html);
	for my $file (sources(qw(lib/base lib/mailauth lib/mailtls lib/io
	    lib/judge milter reporter dmarc-reporter dovecot-plugin admin sql
	    postfix-policy tlsrpt-collector))) {
		my $name = $file =~ s{^\Q$top\E/}{}r;
		my $text = slurp($file);
		$text =~ s{/\*.*?\*/}{}gs;
		$accepts{$name} = 1 if $text =~ /\baccept4?\s*\(/;
		push @html, $name if $text =~ m{text/html|Set-Cookie|
		    WWW-Authenticate|HTTP/1\.}ix;
	}
	# Postfix's and Dovecot's protocols, and figures for Prometheus; the
	# milters have libmilter
	is_deeply([sort keys %accepts], ['dovecot-plugin/mailbox_server.c',
	    'lib/io/metrics_server.c', 'postfix-policy/server.c'],
	    'who takes connections');
	is(join(' ', grep { !m{^lib/io/metrics_server\.c\z
	    |^dmarc-reporter/intake_content\.c\z|^lib/judge/}x } @html), '',
	    'figures alone are served by HTTP, and no page');
	my $server = slurp("$top/lib/io/metrics_server.c");
	like($server, qr/listen_is_local/, 'figures are for this host');
	like($server, qr/405 Method Not Allowed/, '... and can only be read');
};

subtest item_17_warnings_are_errors => sub {
	my $configure = slurp("$top/configure.ac");
	for my $flag ('-Werror=implicit-function-declaration',
	    '-Werror=incompatible-pointer-types', '-Werror=int-conversion',
	    '-Wwrite-strings', '-fstack-protector-strong', '-Wl,-z,relro',
	    '-Wl,-z,now', '_FORTIFY_SOURCE') {
		ok(index($configure, $flag) >= 0, $flag);
	}
	unlike($configure, qr/NDEBUG/, 'assert stays on');
};

for my $unit (map { substr $_, length "$top/" }
    grep { !m{/signet-(?:keys|quota)\.} } glob "$top/*/*.service.in") {
	my $text = slurp("$top/$unit");
	for my $line ('NoNewPrivileges=yes', 'CapabilityBoundingSet=',
	    'PrivateDevices=yes', 'ProtectHome=yes', 'ProtectSystem=strict',
	    'RestrictNamespaces=yes', 'MemoryDenyWriteExecute=yes',
	    'SystemCallFilter=@system-service', 'UMask=0007') {
		like($text, qr/^\Q$line\E$/m, "$unit: $line");
	}
	unlike($text, qr/^User=root/m, "$unit: not root");
	like($text, qr/^User=signet-/m, "$unit: a user of its own");
}
done_testing;
