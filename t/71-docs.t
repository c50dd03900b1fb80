#!/usr/bin/perl
# What README.md, docs/install-postfix.md and docs/install-database.md say is
# true: configuration loads,
# options and main.cf parameters exist, the commands for the database run as
# they stand, users and directories are those of sysusers, tmpfiles and the
# units, and links lead somewhere.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event);
use Signet::Guide;
use Signet::Postgres;
use Signet::Util qw(temp_dir top_dir build_dir slurp spew run_command must_run
    find_program program_path skip_or_fail);

my $top = top_dir();
my $guide = slurp("$top/docs/install-database.md")
    . slurp("$top/docs/install-postfix.md");
my $dir = temp_dir();
my $milter = program_path('signet-milter')
    // skip_or_fail('signet-milter has not been built');

my @block = Signet::Guide::blocks($guide);
sub of_kind { return map { $_->[1] } grep { $_->[0] eq $_[0] } @block }
my $shell = join '', map { $_->[1] }
    grep { $_->[0] =~ /^(?:shell|with(?:out)? systemd)$/ } @block;
$shell =~ s/\\\n\s*/ /g;
my @commands = grep { /\S/ } split /\n/, $shell;

# --- signet.conf ---

subtest 'every piece of signet.conf loads' => sub {
	my @conf = of_kind('signet.conf');
	cmp_ok(scalar @conf, '>=', 3, 'there are some');
	for my $conf (@conf, join '', @conf) {
		my $file = spew("$dir/piece.conf", $conf);
		my ($status, $out, $err) =
		    run_command($milter, '-n', '-c', $file);
		is("$status$err", '0', 'loads') or diag $conf;
		my @written = grep { /^\w/ } split /\n/, $conf;
		cmp_ok(scalar @written, '>', 0, 'and is not empty');
	}
	for my $name ($shell =~ /signet-milter -l (\w+)/g) {
		spew("$dir/all.conf", join '', @conf);
		my ($status, undef, $err) = run_command($milter, '-n', '-c',
		    "$dir/all.conf", '-l', $name);
		is("$status$err", '0', "listener $name");
	}
};

my $list = build_dir() . '/t/manual/list_options';
my %option;	# name => [section, default, words]
if (-x $list) {
	for my $line (split /\n/, must_run($list)) {
		my ($section, $name, $default, $words) = split /\t/, $line, -1;
		$option{$name} = [$section, $default, $words];
	}
}
my ($roles) = slurp("$top/sql/roles.sql") =~ /foreach r in array array\[(.*?)\]/s;
$roles .= join ' ', join("", map { slurp($_) } glob "$top/sql/roles-*.sql")
    =~ /rolname = ('\w+')/g;
my %role = map { $_ => 1 } $roles =~ /'(\w+)'/g;

sub is_main_parameter {
	my ($name) = @_;
	find_program('postconf') or return undef;
	mkdir "$dir/postfix";
	spew("$dir/postfix/main.cf", "compatibility_level = 3.6\n");
	my (undef, $out) = run_command('postconf', '-c', "$dir/postfix", '-d',
	    $name);
	return $out =~ /^\Q$name\E =/;
}

subtest 'every name between backquotes exists' => sub {
	%option or plan skip_all => 't/manual/list_options has not been built';
	my %seen;
	for my $text ($guide =~ /`([^`\n]+)`/g) {
		my ($name, $value) = $text =~ /\A([a-z]+(?:_[a-z]+)+|mode|role|log|listen)(?: = (.*))?\z/
		    or next;
		next if $seen{$text}++ || $role{$name};
		my $known = $option{$name};
		if (!$known) {
			SKIP: {
				my $is = is_main_parameter($name);
				defined $is or skip 'not installed: postfix', 1;
				ok($is, "$name is an option or of main.cf");
			}
			next;
		}
		pass("$name is an option");
		defined $value or next;
		my ($status, undef, $err) = run_command($milter, '-n', '-c',
		    spew("$dir/one.conf", "[$known->[0]]\n$name = $value\n"));
		is("$status$err", '0', "$text may be written");
	}
	cmp_ok(scalar keys %seen, '>', 10, 'there are names');
};

# What the table of findings calls the default of its first option.
subtest 'the table of defaults' => sub {
	%option or plan skip_all => 't/manual/list_options has not been built';
	my %word = (reject => qr/550/, tag => qr/tagged/,
	    accept => qr/accepted/,
	    'spf_fail dnsbl' => qr/as quarantine/);
	my @rows = $guide =~ /^\| (.*?) \| (.*?) \| `(\w+).*?` ?.*\|$/mg;
	cmp_ok(scalar @rows, '>=', 18, 'there are rows');
	while (my ($finding, $default, $name) = splice @rows, 0, 3) {
		like($default, $word{$option{$name}[1]}, "$finding: $name");
	}
};

# --- Postfix ---

subtest 'main.cf and master.cf' => sub {
	find_program('postconf') or plan skip_all => 'not installed: postfix';
	my @main = map { /^\s*(?:-o )?(\w+) ?=/mg } of_kind('main.cf'),
	    map({ $_->[1] } grep { $_->[0] =~ /^master[.]cf/ } @block);
	cmp_ok(scalar @main, '>=', 3, 'there are parameters');
	ok(is_main_parameter($_), "postconf -d knows $_") for @main;
	my ($socket) = join('', of_kind('signet.conf')) =~ /^listen = unix:(.*)$/m;
	my ($milters) = join('', of_kind('main.cf')) =~ /^smtpd_milters = unix:(.*)$/m;
	is($socket, "/var/spool/postfix/$milters",
	    'Postfix looks where the milter listens');
	(my $folder = $socket) =~ s{/[^/]+\z}{};
	like($shell, qr/^install -d -o signet-milter -g postfix -m 2750 \Q$folder\E$/m,
	    'in the folder that was made');
	for my $unit (glob "$top/milter/*.service.in") {
		(my $place = $folder) =~ s{^/var/}{};
		like(slurp($unit),
		    qr{^ReadWritePaths=-\@localstatedir\@/\Q$place\E$}m,
		    'to which the unit may write');
	}
};

# --- users, groups, directories, units ---

my $sysusers = slurp("$top/admin/sysusers.conf");
my %user = map { $_ => 1 } $sysusers =~ /^u (\S+)/mg;
my %group = map { $_ => 1 } $sysusers =~ /^g (\S+)/mg;

subtest 'users by hand are those of sysusers' => sub {
	my %by_hand = map {
		/^adduser --system (?:--ingroup (\S+)|--group) .*?(\S+)$/
		    ? ($2 => $1 // $2) : () } @commands;
	my %joins;
	for my $command (@commands) {
		push @{ $joins{$1} }, $2
		    if $command =~ /^adduser (signet\S*) (\S+)$/;
	}
	is_deeply([sort keys %by_hand], [sort keys %user], 'users');
	is_deeply([map { /^addgroup --system (\S+)$/ ? $1 : () } @commands],
	    [sort keys %group], 'groups');
	for my $user (sort keys %by_hand) {
		my @groups = grep { $group{$_} && $_ ne $user } $by_hand{$user},
		    @{ $joins{$user} // [] };
		is_deeply([$sysusers =~ /^m \Q$user\E (\S+)$/mg], \@groups,
		    "$user is in its groups");
	}
	for my $unit (glob "$top/*/*.service.in") {
		my $text = slurp($unit);
		my ($user) = $text =~ /^User=(.*)$/m;
		my ($group) = $text =~ /^Group=(.*)$/m;
		if ($unit =~ m{/signet-(?:keys|quota)\.service}) {
			# only root writes keys, and becomes each user
			is($user, undef, "$unit: root");
			next;
		}
		ok($user{$user}, "$unit: user $user");
		is($group, $by_hand{$user}, "$unit: group");
		my ($more) = $text =~ /^SupplementaryGroups=(.*)$/m;
		is($more // '', join(' ', @{ $joins{$user} // [] }),
		    "$unit: further groups");
	}
};

subtest 'directories by hand are those of tmpfiles' => sub {
	my @want = map { /^d \@localstatedir\@(\S+) (\S+) (\S+) (\S+)/
	    ? "/var$1 $2 $3 $4" : () }
	    split /\n/, slurp("$top/admin/tmpfiles.conf.in");
	my @made = map {
		my ($owner, $group, $mode, $paths) =
		    /^install -d -o (\S+) -g (\S+) -m (\d+) (.*)$/;
		map { "$_ $mode $owner $group" }
		    grep { m{^/var/(?:spool|lib)/signet} } split ' ', $paths // '';
	} @commands;
	is_deeply([sort @made], [sort @want], 'paths, modes, owners');
};

subtest 'units that are named exist' => sub {
	my %named = map { $_ => 1 } map { /^systemctl (?:\w+|--now| )+ (.*)$/
	    ? split ' ', $1 : () } @commands;
	cmp_ok(scalar keys %named, '>=', 3, 'there are some');
	for my $name (sort keys %named) {
		(my $file = $name) =~ s/\@.*/@/;
		$file .= '.service' if $file !~ /[.]timer$/;
		my @found = glob "$top/*/$file.in";
		is(scalar @found, 1, $name);
	}
};

# --- links and words of all documents ---

# "See it work" becomes see-it-work.
sub anchor {
	my $text = lc $_[0];
	$text =~ s/[^\w\- ]//g;
	$text =~ tr/ /-/;
	return $text;
}

subtest 'links lead somewhere' => sub {
	my $count = 0;
	for my $file (glob "$top/*.md $top/docs/*.md") {
		my $text = slurp($file);
		(my $folder = $file) =~ s{/[^/]+\z}{};
		(my $short = $file) =~ s{^\Q$top\E/}{};
		for my $link ($text =~ /\]\(([^)\s]+)\)/g) {
			next if $link =~ /^\w+:/;
			my ($path, $anchor) = split /#/, $link;
			my $target = $path eq '' ? $file : "$folder/$path";
			ok(-e $target, "$short: $link");
			$count++;
			defined $anchor && -e $target or next;
			ok(scalar(grep { anchor($_) eq $anchor }
			    slurp($target) =~ /^#+ (.*)$/mg), "$short: #$anchor");
		}
		for my $path ($text =~ m{`((?:docs|t|admin|milter|sql|lib)/[\w./-]+)`}g) {
			ok(-e "$top/$path", "$short: $path is there");
		}
	}
	cmp_ok($count, '>', 5, 'there are links');
};

subtest 'README.md' => sub {
	my $readme = slurp("$top/README.md");
	my ($wanted) = $readme =~ /^    apt install ((?:.*\\\n)*.*)$/m;
	my %wanted = map { $_ => 1 } grep { $_ ne '\\' } split ' ', $wanted;
	my @build = split ' ', must_run("$top/t/install-packages", '-l',
	    'build');
	# it would bring Dovecot itself to hosts that have none
	like(slurp("$top/docs/install-dovecot.md"),
	    qr/^    apt install .*\bdovecot-dev\b/m,
	    'dovecot-dev is in the page on Dovecot');
	for my $package (@build) {
		next if $package eq 'dovecot-dev';
		next if $package =~ /^(?:libcmocka-dev|libc6-dev|publicsuffix)$/;
		ok($wanted{$package} || $package eq 'pkgconf'
		    && $wanted{'pkg-config'}, "$package is in README.md");
	}
	for my $page ($readme =~ /`man (\S+)`/g) {
		ok((() = glob "$top/docs/man/$page.[1-8]"), "man $page");
	}
	like(slurp("$top/Makefile.am"), qr/^\s*docs\/install-postfix\.md\b/m,
	    'the guide is installed');
};

subtest 'figures are documented' => sub {
	my $page = slurp("$top/docs/metrics.md");
	my @of_page = $page =~ /^\| `(signet_\w+)`/mg;
	my @of_code = map { slurp($_) =~ /"(signet_\w+_\w+)"/g }
	    glob "$top/{milter,postfix-policy,tlsrpt-collector,dovecot-plugin}/*counters.c";
	is_deeply([sort @of_page], [sort @of_code], 'all, and no other');
	my ($file) = $page =~ /^    (\[milter\]\n(?:    .*\n)+)/m;
	$file =~ s/^    //mg;
	my ($status, undef, $err) = run_command($milter, '-n', '-c',
	    spew("$dir/metrics.conf", $file));
	is("$status$err", '0', 'the configuration loads');
};

# --- the database, as the guide has it ---

# Commands of the guide that match, run by a shell in which su(1) changes the
# role instead of the user, and our programs know where things are.
sub make_shims {
	my ($pg, $config) = @_;
	my %shim = (
		su => 'shift 2; PGUSER=postgres exec sh -c "$1"',
		'signet-load' => 'exec ' . program_path('signet-load')
		    . " -c $config --sql-dir $top/sql \"\$@\"",
		signet => 'verb=$1; shift; case $verb in status) set -- -c '
		    . "$config ;; explain) set -- \"\$@\" --zone /dev/null "
		    . "--config $config ;; esac; exec " . program_path('signet')
		    . ' $verb "$@"',
	);
	mkdir "$dir/bin";
	spew("$dir/bin/$_", "#!/bin/sh\n$shim{$_}\n", 0755) for keys %shim;
	return;
}

sub run_as_written {
	my ($command) = @_;
	my ($status, $out, $err) = run_command('sh', '-c',
	    "cd $dir && $command");
	return ($status, $out, $err);
}

subtest 'the database' => sub {
	Signet::Postgres::bin_dir()
	    or plan skip_all => 'not installed: postgresql';
	program_path('signet-load') && program_path('signet')
	    or plan skip_all => 'signet-load has not been built';
	my $pg = Signet::Postgres->new(database => 'other');
	my $spool = Signet::Events->spool("$dir/spool");
	my ($conninfo) = join('', of_kind('signet.conf')) =~ /^(conninfo = .*)$/m;
	my $config = spew("$dir/signet.conf", "[common]\nhostname = "
	    . "mx.example.org\nspool_directory = @{[$spool->dir]}\n"
	    . "[dns]\nforward = 127.0.0.1\@1\n[database]\n$conninfo\n");
	make_shims($pg, $config);
	local $ENV{PATH} = "$dir/bin:$pg->{bin}:$ENV{PATH}";
	local $ENV{PGHOST} = $pg->dir;

	my @database = grep { /^su postgres -c/ } @commands;
	my @remove = grep { /dropdb|drop role/ } @database;
	my @make = grep { !/dropdb|drop role/ } @database;
	cmp_ok(scalar @make, '>=', 5, 'there are commands');
	for my $command (@make) {
		my ($status, $out, $err) = run_as_written($command);
		is("$status$err", '0', $command);
	}
	{
		local $ENV{PGUSER} = 'signet-load';
		$spool->put(event());
		my ($status, undef, $err) = run_as_written('signet-load --once');
		is($status, 0, 'signet-load may load') or diag $err;
	}
	local $ENV{PGUSER} = 'root';
	my (undef, $out) = run_as_written('signet status');
	unlike($out, qr/^database +!!/m, 'root may ask for the status');
	like($out, qr/^  action   accept +1$/m, 'and sees the message');
	for my $command (grep { /^(?:psql|signet explain) / } @commands) {
		spew("$dir/message.eml", "From: a\@example.net\n\nhello\n");
		my ($status, $said, $err) = run_as_written($command);
		is("$status$err", '0', $command);
		isnt($said, '', 'says something');
	}
	# of roles that other pages make
	local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
	is(scalar @remove, 3, 'there are commands to remove it');
	for my $command (@remove) {
		my ($status, undef, $err) = run_as_written($command);
		is("$status$err", '0', $command);
	}
	is($pg->value("select count(*) from pg_roles where rolname like "
	    . "'signet%'"), 0, 'no role is left');
};

done_testing;
