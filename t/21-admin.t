#!/usr/bin/perl
# What an administrator sees: errors in signet.conf with file, line and what
# to write instead; usage; signet status when all is well and when something
# is not.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event);
use Signet::Postgres;
use Signet::Util qw(temp_dir top_dir free_port run_command must_run spew
    program_path skip_or_fail find_program now);
use Signet::Zone;

my %path = map { $_ => program_path($_)
    // skip_or_fail("$_ has not been built") }
    qw(signet signet-milter signet-load);
my $dir = temp_dir();
my $file = "$dir/signet.conf";

# --- errors in the configuration ---

# Content; what is said behind "signet-milter: "; more arguments. F is the
# file.
my @wrong = (
	["[milter]\nmod = test\n",
	    'F:2: there is no option "mod" in [milter]; write mode'],
	["[milter]\nmode = tset\n",
	    'F:2: mode: "tset" is not known here; write enforce or test'],
	["[milter]\nreject_reasons = spf_fail, rbl\n",
	    'F:2: reject_reasons: "rbl" is not known here; write none, or '
	    . 'some of spf_fail, helo_fail, iprev_fail, dkim_fail, dnsbl'],
	["[milter]\ndkim_minimum_bits = 512\n",
	    'F:2: dkim_minimum_bits: "512" is too little; write 1024 to 4096'],
	["[milter]\nclock_skew = 5 minutes\n",
	    'F:2: clock_skew: "5 minutes" is no time; write a time such as '
	    . '5m'],
	["[milter]\ndmarc_reports = maybe\n",
	    'F:2: dmarc_reports: "maybe" is neither yes nor no; write yes or '
	    . 'no'],
	["[common]\nspool_max = lots\n",
	    'F:2: spool_max: "lots" is no size; write a number with K, M or '
	    . 'G, such as 10M'],
	["[trust]\n\nrelays = 192.0.2.1/24\n",
	    'F:3: relays: "192.0.2.1/24" is no network; write ADDRESS/BITS '
	    . 'with all host bits zero, such as 192.0.2.0/24 or '
	    . '2001:db8::/32'],
	["[trust]\nlists = a.example\nlists = b.example c..d\n",
	    'F:3: lists: "c..d" is no domain; write names such as '
	    . 'example.org'],
	["[milter]\nsocket_mode = rw-rw----\n",
	    'F:2: socket_mode: "rw-rw----" is no mode; write three octal '
	    . 'digits, such as 0660'],
	["[milter]\nsocket_mode = 4755\n",
	    'F:2: socket_mode: mode 4755 has special bits; write three octal '
	    . 'digits, such as 0660'],
	["[milter]\nlisten = /run/milter.sock\n",
	    'F:2: listen: "/run/milter.sock" is no place to listen; write '
	    . 'unix:/path or inet:port@address'],
	["[milter]\nmetrics = inet:9100\@0.0.0.0\n",
	    'F:2: metrics: "inet:9100@0.0.0.0" is open to others, and '
	    . 'figures are not for the network; write unix:/path or '
	    . 'inet:port@127.0.0.1'],
	["[milter]\nauthserv_id = a b\n",
	    'F:2: authserv_id: "a b" is no host name; write one such as '
	    . 'mx.example.org'],
	["[milter]\nreport_addresses = dmarc\n",
	    'F:2: report_addresses: "dmarc" is no mail address; write some '
	    . 'such as dmarc@example.org'],
	["[common]\nhostname = mx..example\n",
	    'F:2: hostname: "mx..example" is no host name; write this host\'s '
	    . 'full name, such as mx1.example.org'],
	["[dns]\nforward = 127.0.0.1, dns.example\n",
	    'F:2: forward: "dns.example" is no address; write ADDRESS or '
	    . 'ADDRESS@PORT, such as 127.0.0.1'],
	["[dns]\nroot_key = none\n",
	    'F:2: root_key = none needs a resolver that validates; write '
	    . 'forward = ADDRESS too, or remove it'],
	["[milter]\npublic_suffix_list = /psl.dat\n",
	    'F:2: public_suffix_list is set, but dmarc_discovery = walk does '
	    . 'not use it; remove it, or write dmarc_discovery = both'],
	["[milter]\nmode = test\nmode = enforce\n",
	    'F:3: mode stands in line 2 already; write it once'],
	["[milterr]\nmode = test\n",
	    'F:1: no program knows section [milterr]; write [milter]'],
	["[trust lists]\nlists = a.example\n",
	    'F:2: section [trust lists] takes no name; write [trust]'],
	["mode = test\n",
	    'F:1: option before the first section; write [common] above it'],
	["[milter]\nmode\n", 'F:2: the line is neither an option nor a '
	    . 'section; write NAME = VALUE or [SECTION]'],
	["[milter]\n[milter out]\n[milter in]\n",
	    'F: there is no section [milter submission]; write it, or leave '
	    . '-l out for [milter]; those there are out, in',
	    '-l', 'submission'],
	["[milter]\n[milter out]\nlisten = out\n",
	    'F:3: listen: "out" is no place to listen; write unix:/path or '
	    . 'inet:port@address'],
	["[milter]\n[milter out]\nmode = tset\n",
	    'F:3: mode: "tset" is not known here; write enforce or test',
	    '-l', 'out'],
);

for my $wrong (@wrong) {
	my ($text, $says, @arguments) = @$wrong;
	spew($file, $text);
	my ($status, $out, $err) = run_command($path{'signet-milter'}, '-n',
	    '-c', $file, @arguments);
	$says =~ s/^F/$file/;
	is("$status $out$err", "1 signet-milter: $says\n",
	    'refused: ' . join ' | ', split /\n/, $text);
}

subtest 'every program refuses' => sub {
	spew($file, "[dns]\nforward = nowhere\n");
	for my $command ([78, 'signet-load: ', 'signet-load', '-n', '-c'],
	    [2, 'signet status: ', 'signet', 'status', '-c'],
	    [2, 'signet explain: ', 'signet', 'explain', '--client',
	    '192.0.2.1', '--config']) {
		my ($want, $who, $name, @arguments) = @$command;
		my ($status, $out, $err) =
		    run_command($path{$name}, @arguments, $file);
		is($status, $want, "$who status $want");
		like($err, qr/^\Q$who$file:2: forward: "nowhere" \E/,
		    'file, line and what is wrong');
		is($out, '', 'nothing else');
	}
};

subtest 'files that cannot be read' => sub {
	my ($status, $out, $err) = run_command($path{'signet-milter'}, '-n',
	    '-c', "$dir/missing.conf");
	is($err, "signet-milter: cannot open $dir/missing.conf: No such file "
	    . "or directory; see signet.conf(5) for what it holds, or name "
	    . "another file with -c\n", 'missing');
	($status, $out, $err) =
	    run_command($path{'signet-milter'}, '-n', '-c', $dir);
	is($err, "signet-milter: cannot read $dir: Is a directory; name a "
	    . "file with -c\n", 'a directory');
	SKIP: {
		$> == 0 && find_program('runuser') or skip 'not root', 1;
		spew($file, '', 0600);
		($status, $out, $err) = run_command('runuser', '-u', 'nobody',
		    '--', $path{'signet-milter'}, '-n', '-c', $file);
		$err =~ /cannot run|failed to execute/
		    and skip 'other users do not reach the programs', 1;
		is($err, "signet-milter: cannot open $file: Permission "
		    . "denied; let this program's user read it\n", 'forbidden');
		chmod 0644, $file;
	}
};

subtest 'signet-milter -n' => sub {
	spew($file, "[milter]\nmode = enforce\ndmarc_quarantine = hold\n"
	    . "[milter submission]\nrole = submission\n"
	    . "[trust]\nlists = a.example, b.example\n[load]\npoll = 5s\n");
	my ($status, $out, $err) =
	    run_command($path{'signet-milter'}, '-n', '-c', $file);
	is($status, 0, 'a good file');
	is($err, '', 'without a word');
	is($out, "[milter]\ndmarc_quarantine = hold\n[milter submission]\n"
	    . "role = submission\n[trust]\nlists = a.example, b.example\n",
	    'prints what differs from the defaults');
	spew($file, '');
	($status, $out) =
	    run_command($path{'signet-milter'}, '-n', '-c', $file);
	is("$status$out", '0', 'an empty file differs nowhere');
};

# --- usage ---

sub usage_is {
	my ($name, $status, $says, $program, @arguments) = @_;
	my ($got, $out, $err) = run_command($path{$program}, @arguments);
	is($got, $status, "$name: status $status");
	like($status == 0 ? $out : $err, $says, $name);
	is($status == 0 ? $err : $out, '', 'and nothing on the other stream');
	return;
}

subtest 'usage' => sub {
	my $signet = qr/^usage: signet COMMAND.*^  explain .*^  status /ms;
	my $explain = qr/^usage: signet explain \[FILE\.eml\] --client IP/m;
	usage_is('signet --help', 0, $signet, 'signet', '--help');
	usage_is('signet help', 0, $signet, 'signet', 'help');
	usage_is('signet', 2, $signet, 'signet');
	usage_is('signet --version', 0, qr/^signet \d+\.\d+\.\d+$/, 'signet',
	    '--version');
	usage_is('signet nonsense', 2,
	    qr/^signet: there is no command "nonsense"\nusage:/, 'signet',
	    'nonsense');
	usage_is('signet status --help', 0, qr/^usage: signet status/,
	    'signet', 'status', '--help');
	usage_is('signet status -x', 2,
	    qr/^signet status: .*'x'\nusage: signet status/, 'signet',
	    'status', '-x');
	usage_is('signet explain --help', 0, $explain, 'signet', 'explain',
	    '--help');
	usage_is('signet explain', 2, $explain, 'signet', 'explain');
	usage_is('signet explain --nonsense', 2,
	    qr/^signet explain: .*nonsense.*$explain/s, 'signet', 'explain',
	    '--nonsense');
	usage_is('two files', 2, $explain, 'signet', 'explain', 'a', 'b');
	usage_is('--zone and --dns', 2, $explain, 'signet', 'explain',
	    '--client', '192.0.2.1', '--zone', 'a', '--dns', 'b');
	usage_is('--now with letters', 2, $explain, 'signet', 'explain',
	    '--client', '192.0.2.1', '--now', 'noon');
	for my $program (qw(signet-milter signet-load)) {
		my $usage = qr/^usage: $program /m;
		usage_is("$program --help", 0, $usage, $program, '--help');
		usage_is("$program --version", 0, qr/^$program \d/, $program,
		    '--version');
		usage_is("$program with a word too many",
		    $program eq 'signet-load' ? 64 : 2, $usage, $program,
		    'nonsense');
	}
};

subtest 'what signet explain cannot read' => sub {
	my @envelope = ('--helo', 'mx.example', '--from', 'a@example.net',
	    '--config', $file);
	for my $case (
	    ['--client mx.example is no address', '--client', 'mx.example',
		'--zone', '/dev/null'],
	    ["cannot open $dir/none.eml: No such file or directory",
		"$dir/none.eml", '--zone', '/dev/null'],
	    ["cannot open $dir/none.zone: No such file or directory",
		'--client', '192.0.2.1', '--zone', "$dir/none.zone"],
	    ["$file: there is no section [milter out]; write it, or leave -l "
		. 'out for [milter]', '--client', '192.0.2.1', '--zone',
		'/dev/null', '--listener', 'out']) {
		my ($says, @arguments) = @$case;
		my ($status, $out, $err) = run_command($path{signet},
		    'explain', @arguments, @envelope);
		is("$status $out$err", "2 signet explain: $says\n", $says);
	}
};

# --- signet status ---

find_program('nsd') && find_program('ldns-signzone')
    && Signet::Postgres::bin_dir() or do {
	($ENV{CI} // '') eq 'true' ? fail('no nsd, ldnsutils or postgresql')
	    : note('signet status is left out: no nsd, ldnsutils or '
	    . 'postgresql');
	done_testing;
	exit 0;
};

my $pg = Signet::Postgres->new;
my $spool = Signet::Events->spool("$dir/spool");
my $dns = Signet::Zone->new('org' => "mx A 192.0.2.1\n");

sub configure {
	my (%with) = (conninfo => $pg->conninfo, forward => $dns->address, @_);
	return spew($file, <<"END");
[common]
hostname = mx.example.org
spool_directory = @{[$spool->dir]}
[dns]
forward = $with{forward}
root_key = @{[$dns->anchor_file]}
[database]
conninfo = $with{conninfo}
END
}

sub status {
	my ($status, $out, $err) =
	    run_command($path{signet}, 'status', '-c', $file);
	is($err, '', 'nothing on standard error');
	return ($status, $out);
}

# All is well but for one line, of this part and with this end.
sub is_trouble {
	my ($name, $part, $says) = @_;
	my ($status, $out) = status();
	is($status, 1, "$name: status 1");
	like($out, qr/^$part +!! .*\Q$says\E$/m, "$name: told");
	is(scalar(() = $out =~ /!!/g), 1, 'and nothing else') or diag $out;
	return $out;
}

configure();
is_trouble('no schema', 'database', 'schema "signet" does not exist; run '
    . 'signet-load --migrate as the owner of the database');

must_run($path{'signet-load'}, '-c', $file, '--migrate', '--sql-dir',
    top_dir() . '/sql');
my ($status, $out) = status();
is($status, 0, 'before the first message: status 0');
like($out, qr/^loader +has not loaded anything yet$/m, 'the loader is new');
like($out, qr/^today +no message yet$/m, 'no message');
like($out, qr/^database +PostgreSQL \d.*, 0 partitions$/m, 'no partition');

$spool->put(event());
must_run($path{'signet-load'}, '-c', $file, '--once');
($status, $out) = status();
is($status, 0, 'all is well: status 0');
unlike($out, qr/!!/, 'nothing is marked');
like($out, qr/^spool +0 files, 0 bytes waiting in \Q@{[$spool->dir]}\E$/m,
    'the spool is empty');
like($out, qr/^loader\s+mx\.example\.org:\ last\ load\ \d{4}-\d\d-\d\d
    \ \d\d:\d\d:\d\d\ UTC,\ \d+\ s\ ago,\ 1\ lines$/mx, 'the loader');
like($out, qr/^database +PostgreSQL \d.*, schema \d+, .* since \d{4}-/m,
    'the database');
like($out, qr/^today +\(UTC\)\n  action   accept +1$/m, 'the messages');
like($out, qr/^resolver +answers in \d+ ms, secure$/m, 'the resolver');

# Of a Postfix that hands its mail to a milter, with these lines in main.cf.
subtest item_33_status_of_postfix => sub {
	find_program('postconf') or plan skip_all => 'not installed: postfix';
	my $milter = "compatibility_level = 3.6\nsmtpd_milters = unix:m.sock\n";
	my $setting = 'smtpd_forbid_bare_newline';
	(my $default = must_run('postconf', '-dh', $setting)) =~ s/\s+\z//;
	mkdir "$dir/postfix" or die "$!\n";
	my @case = (
		[undef, 1, 'no main.cf'],
		["$setting = no\n", 1, 'no milter'],
		[$milter, $default ne 'no', "the default, $default"],
		["$milter$setting = no\n", 0, 'off'],
		["${milter}unused = x\n$setting = NO\n", 0,
		    'off, and a warning of postconf'],
		["$milter$setting =\n", 0, 'empty'],
		map { ["${milter}unused = x\n$setting = $_\n", 1, $_] }
		    qw(yes normalize reject),
	);
	for (@case) {
		my ($main, $well, $name) = @$_;
		spew("$dir/postfix/main.cf", $main) if defined $main;
		my ($is, $said, $err) = run_command($path{signet}, 'status',
		    '-c', $file, '-p', "$dir/postfix");
		is("$is$err", $well ? '0' : '1', "$name: the status")
		    or diag $said;
		my @about = grep { /^postfix/ } split /\n/, $said;
		is("@about", $well ? '' : "postfix    !! $setting is not on: "
		    . 'others can smuggle mail in (CVE-2023-51764); write '
		    . "$setting = yes in main.cf", '... and the line');
	}
};

$pg->login('boss', 'signet_admin');
configure(conninfo => $pg->conninfo(user => 'boss'));
(my $mine, $out) = status();
is($mine, 0, 'signet_admin is enough');
$pg->login('stranger');
configure(conninfo => $pg->conninfo(user => 'stranger'));
is_trouble('no right', 'database', 'permission denied for schema signet; '
    . 'grant signet_admin to the role that asks');
configure(conninfo => $pg->conninfo(user => 'nobody-at-all'));
is_trouble('no role', 'database', 'role "nobody-at-all" does not exist; '
    . 'create the role that asks, and grant signet_admin to it');

configure();
$spool->put(event());
($status, $out) = status();
is($status, 0, 'a fresh file waits: status 0');
like($out, qr/^spool +1 files, \d+ bytes waiting in .*, oldest \d+ s$/m,
    'it is counted');
utime time - 120, time - 120, glob $spool->dir . '/new/*';
is_trouble('backlog', 'spool', 'facts wait for more than a minute: is '
    . 'signet-load running, and the database up?');
unlink glob $spool->dir . '/new/*';

spew($spool->dir . '/bad/20261122-x', "{}\n");
is_trouble('bad lines', 'spool', 'lines that could not be loaded lie in 1 '
    . 'files of ' . $spool->dir . '/bad, each with its reason');
unlink glob $spool->dir . '/bad/*';

my $nobody = '127.0.0.1@' . free_port();
configure(forward => $nobody);
my $begin = now();
is_trouble('dead resolver', 'resolver', "; asked $nobody");
cmp_ok(now() - $begin, '<', 20, 'without waiting for ever');

configure();
$pg->stop;
$out = is_trouble('PostgreSQL away',
    'database', 'failed: No such file or directory Is the server running '
    . 'locally and accepting connections on that socket?');
like($out, qr/^resolver +answers/m, 'the rest is told all the same');
$pg->start;

rename $spool->dir, $spool->dir . '.away';
is_trouble('no spool', 'spool', 'cannot read ' . $spool->dir
    . '/new: No such file or directory');

done_testing;
