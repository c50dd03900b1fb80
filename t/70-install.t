#!/usr/bin/perl
# make install puts everything where it belongs, what was installed works from
# there, and make uninstall leaves nothing. All in a scratch directory; to run
# from the real paths it is mounted over the prefix in a mount namespace that
# nobody else sees.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use File::Basename qw(basename dirname);
use File::Copy ();
use File::Find ();
use File::Path qw(make_path);
use Test::More;
use Signet::Postgres;
use Signet::Util qw(temp_dir top_dir build_dir slurp spew run_command must_run
    find_program program_path skip_or_fail);

my ($top, $build) = (top_dir(), build_dir());
-e "$build/Makefile" or skip_or_fail("$build has no Makefile");
program_path('signet-milter') or skip_or_fail('nothing has been built');

my $dest = temp_dir();
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL DESTDIR)};

sub make_target {
	my ($target) = @_;
	my ($status, $out, $err) = run_command('make', '-s', '-C', $build,
	    $target, "DESTDIR=$dest");
	is($status, 0, "make $target") or diag($out, $err);
	return;
}

# What the Makefile calls its directories.
sub directories {
	my @names = qw(prefix bindir sbindir mandir docdir pkgdatadir
	    systemdsystemunitdir sysconfdir localstatedir);
	my $echo = join ' ', map { "\$($_)" } @names;
	my %dir;
	@dir{@names} = split ' ', must_run('make', '-s', '-C', $build,
	    '--eval', "print-directories: ; \@echo $echo",
	    'print-directories');
	return %dir;
}

sub files_below {
	my ($dir) = @_;
	my @found;
	File::Find::find({ no_chdir => 1, wanted => sub {
		push @found, substr $_, length $dir if !-d || -l;
	} }, $dir) if -d $dir;
	return sort @found;
}

my %dir = directories();
my $prefix = $dir{prefix};

# What of the plugin was built, and where Dovecot looks for it.
sub plugin_files {
	my ($there, @modules) = split ' ', must_run('make', '-s', '-C', $build,
	    '--eval', 'print-modules: ; @echo $(dovecotmoduledir)'
	    . ' $(DOVECOT_MODULES) : $(DOVECOT_SETTINGS)', 'print-modules');
	my $settings = 0;
	return () if !defined $there || $there eq ':';
	return map { $_ eq ':' ? do { $settings = 1; () }
	    : $there . ($settings ? '/settings/' : '/') . basename($_) } @modules;
}

# Each file of the source that a user needs, and where it goes.
sub expected {
	my @file = ("$dir{bindir}/signet", "$prefix/lib/sysusers.d/signet.conf",
	    "$prefix/lib/tmpfiles.d/signet.conf",
	    "$prefix/lib/sysctl.d/signet.conf", "$dir{docdir}/NEWS.md");
	push @file, map { "$dir{sbindir}/signet-$_" } qw(milter load sign
	    report-intake dmarc-report mailbox policy tls-collect
	    tls-report);
	push @file, plugin_files();
	push @file, map { "$dir{pkgdatadir}/schema/" . basename($_) }
	    glob "$top/lib/mailauth/schema/*.xsd";
	push @file, map { "$dir{systemdsystemunitdir}/" . basename($_, '.in') }
	    glob "$top/*/*.service.in $top/*/*.timer.in";
	push @file, map { "$dir{mandir}/man" . substr($_, -1) . '/'
	    . basename($_) } glob "$top/docs/man/*.[1-8]";
	push @file, map { "$dir{pkgdatadir}/sql/" . basename($_) }
	    glob "$top/sql/*.sql";
	push @file, map { "$dir{pkgdatadir}/sql/schema/" . basename($_) }
	    glob "$top/sql/schema/*.sql";
	push @file, map { "$dir{docdir}/" . basename($_) } glob "$top/docs/*.md";
	push @file, map { "$dir{docdir}/examples/" . basename($_) }
	    glob "$top/docs/examples/*";
	return sort @file;
}

# Runs a command where the scratch directory stands in place of the prefix.
sub in_place {
	return run_command('unshare', '--mount', 'sh', '-euc', <<'END', 'sh',
mount --make-rprivate /
mount --bind "$1" "$2"
shift 2
exec "$@"
END
	    "$dest$prefix", $prefix, @_);
}

sub can_be_in_place {
	return 'the prefix is the system\'s own' if $prefix =~ m{^/(?:usr/?)?$};
	return "there is no $prefix" if !-d $prefix;
	return 'not root' if $> != 0;
	my ($status, undef, $err) = in_place('true');
	return $status == 0 ? undef : "mounts are not allowed: $err";
}

make_target('install');
is_deeply([files_below($dest)], [expected()],
    'what is installed is what a user needs')
    or diag(join "\n", files_below($dest));

subtest 'modes' => sub {
	for my $file (files_below($dest)) {
		my $mode = (lstat "$dest$file")[2] & 07777;
		my $want = $file =~ m{/s?bin/} ? 0755 : 0644;
		is(sprintf('%o', $mode), sprintf('%o', $want), $file);
	}
};

subtest 'paths are put in' => sub {
	for my $file (files_below($dest)) {
		next if $file !~ m{\.(?:service|timer)$|/(?:sysusers|tmpfiles)\.d/};
		my $text = slurp("$dest$file");
		unlike($text, qr/\@\w+\@/, "$file: nothing is left to fill in");
		next if $text !~ /^ExecStart=(\S+) (?:keys [a-z -]+?-all |quota )?(?:-c (\S+))?/m;
		ok(-x "$dest$1", "$file starts a program that is there");
		is($2, "$dir{sysconfdir}/signet/signet.conf",
		    "$file names the configuration");
		my $own = $file =~ /signet-keys/ ? "$dir{sysconfdir}/signet/keys"
		    : "$dir{localstatedir}/spool/signet";
		next if $text !~ /^ReadWritePaths=/m;
		like($text, qr{^ReadWritePaths=\Q$own\E$}m,
		    "$file may write what is its own");
	}
};

subtest 'the example is a configuration' => sub {
	my $file = "$dest$dir{docdir}/examples/signet.conf";
	for my $name (qw(signet-milter signet-load signet-sign)) {
		my ($status, $out, $err) =
		    run_command("$dest$dir{sbindir}/$name", '-n', '-c', $file);
		is($status, 0, "$name -n takes it");
		is($err, '', 'without a word');
		like($out, qr/^hostname = /m, 'and prints what it changes');
	}
};

subtest 'programs run from where they were installed' => sub {
	my $why = can_be_in_place();
	plan skip_all => $why if defined $why;
	my ($status, $out) = in_place("$dir{bindir}/signet", '--version');
	is($status, 0, 'signet --version');
	like($out, qr/^signet \d/, 'says its version');
	($status, $out, my $err) = in_place("$dir{bindir}/signet", 'explain',
	    '--client', '192.0.2.1', '--helo', 'mx.example', '--from', '',
	    '--zone', '/dev/null', '--config', '/dev/null');
	is($status, 0, 'signet explain finds signet-milter') or diag($err);
	like($out, qr/spf/i, 'and says something of SPF');
	SKIP: {
		Signet::Postgres::bin_dir()
		    or skip 'not installed: postgresql', 2;
		my $pg = Signet::Postgres->new;
		($status, undef, $err) = in_place("$dir{sbindir}/signet-load",
		    '--migrate', '-c', '/dev/null', '-d', $pg->conninfo);
		is($status, 0, 'signet-load --migrate finds its SQL')
		    or diag($err);
		is($pg->value('select count(*) from signet.v_message'), 0,
		    'and makes the schema of it');
	}
};

# --- systemd ---

sub units { return glob "$dest$dir{systemdsystemunitdir}/*.service" }

subtest 'systemd-analyze verify' => sub {
	find_program('systemd-analyze')
	    or plan skip_all => 'not installed: systemd-analyze';
	my $why = can_be_in_place();
	plan skip_all => $why if defined $why;
	for my $unit (units()) {
		my ($status, $out, $err) = in_place('systemd-analyze',
		    '--man=no', 'verify',
		    "$dir{systemdsystemunitdir}/" . basename($unit));
		is($status, 0, basename($unit));
		is($out . $err, '', 'without a word');
	}
};

subtest 'systemd-analyze security' => sub {
	find_program('systemd-analyze')
	    or plan skip_all => 'not installed: systemd-analyze';
	my ($ignored, $help) = run_command('systemd-analyze', '--help');
	$help =~ /--offline/
	    or plan skip_all => 'this systemd-analyze knows no --offline';
	for my $unit (units()) {
		my ($status, $out, $err) = run_command('systemd-analyze',
		    'security', '--no-pager', '--offline=yes', $unit);
		my ($exposure) = $out =~ /exposure level for \S+: ([\d.]+)/;
		cmp_ok($exposure // 10, '<=', 2.0,
		    'exposure of ' . basename($unit)) or diag($out, $err);
	}
};

# Field of a line of passwd or group below the root.
sub entry {
	my ($root, $file, $name) = @_;
	my ($line) = grep { /^\Q$name\E:/ }
	    split /\n/, slurp("$root/etc/$file") // '';
	return split /:/, $line // '', -1;
}

sub scratch_root {
	my $root = temp_dir();
	for my $kind (qw(sysusers tmpfiles)) {
		make_path("$root/usr/lib/$kind.d");
		File::Copy::copy("$dest$prefix/lib/$kind.d/signet.conf",
		    "$root/usr/lib/$kind.d/signet.conf") or die "$kind: $!\n";
	}
	make_path("$root/etc");
	spew("$root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	spew("$root/etc/group", "root:x:0:\n");
	return $root;
}

subtest 'users, group and directories' => sub {
	find_program('systemd-sysusers')
	    or plan skip_all => 'not installed: systemd-sysusers';
	plan skip_all => 'not root' if $> != 0;
	my $root = scratch_root();
	my ($status, $out, $err) =
	    run_command('systemd-sysusers', "--root=$root", 'signet.conf');
	is($status, 0, 'systemd-sysusers');
	unlike($err, qr/not a valid|Failed|signet\.conf:/, 'takes every line')
	    or diag($err);
	my @group = entry($root, group => 'signet');
	my $lines = slurp("$dest$prefix/lib/sysusers.d/signet.conf");
	my @users = $lines =~ /^u (\S+)/mg;
	cmp_ok(scalar @users, '>', 2, 'there are users');
	# who only sends reports has nothing to do with the spool
	is_deeply([sort split /,/, $group[3]],
	    [grep { $_ ne 'signet-report' } sort @users],
	    'who writes or reads the spool is in the group');
	for my $user (@users) {
		my @field = entry($root, passwd => $user);
		ok(scalar @field, "the user $user is there");
		like($field[6] // '', qr/nologin/, "$user cannot log in");
	}
	($status, $out, $err) = run_command('systemd-tmpfiles',
	    "--root=$root", '--create', 'signet.conf');
	is($status, 0, 'systemd-tmpfiles') or diag($err);
	my %mode = ('' => '2771', map { $_ => '2770' } qw(/open /new /bad));
	for my $part (sort keys %mode) {
		my @stat = lstat "$root$dir{localstatedir}/spool/signet$part";
		is(sprintf('%o', ($stat[2] // 0) & 07777), $mode{$part},
		    "mode of spool/signet$part");
		is($stat[5], $group[2], 'its group');
		is($stat[4], 0, 'its owner');
	}
	# the plugin writes as a mail user, and nobody else may look
	my @stat = lstat "$root$dir{localstatedir}/spool/signet/dovecot";
	my @mailbox = entry($root, passwd => 'signet-mailbox');
	is(sprintf('%o', ($stat[2] // 0) & 07777), '3733',
	    'mode of spool/signet/dovecot');
	is_deeply([@stat[4, 5]], [@mailbox[2, 3]],
	    'it belongs to signet-mailbox');
};

# --- a plugin that does not fit the Dovecot that is there ---

subtest 'another ABI of Dovecot' => sub {
	my @plugin = plugin_files();
	@plugin or plan skip_all => 'the plugin has not been built';
	my $there = dirname($plugin[0]) . '/lib15_notify_plugin.so';
	my ($ours) = (slurp("$dest$plugin[0]") // '') =~ /(\d+\.\d+\.ABIv\d+)/;
	my $other = temp_dir();
	make_path("$other" . dirname($there));
	spew("$other$there", "\0\0${ours}9(2.3.99)\0");
	my ($status, $out, $err) = run_command('make', '-s', '-C', $build,
	    'install-exec-local', "DESTDIR=$other");
	isnt($status, 0, 'make install refuses it');
	like($err, qr/built for Dovecot's ABI \Q$ours\E, and .* has \Q$ours\E9\./s,
	    'and says why');
	ok(!-e "$other$plugin[0]", 'it is not there');
	spew("$other$there", "\0\0$ours(2.3.19)\0");
	($status, $out, $err) = run_command('make', '-s', '-C', $build,
	    'install-exec-local', "DESTDIR=$other");
	is("$status$err", '0', 'one that fits is taken');
	ok(-e "$other$plugin[0]", 'it is there');
};

# --- and away again ---

make_target('uninstall');
is_deeply([files_below($dest)], [], 'make uninstall leaves no file');
my @left;
File::Find::find({ no_chdir => 1, wanted => sub {
	push @left, substr $_, length $dest if -d && basename($_) =~ /signet/
	    && $_ ne $dest;
} }, $dest);
is_deeply(\@left, [], 'and no directory of ours');

done_testing;
