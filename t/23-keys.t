#!/usr/bin/perl
# The life of a signing key, with a real DNS server that takes updates, with a
# hook, and by hand; with PostgreSQL there and away, on two hosts, and cut
# short by kill -9 at each place where it can be.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dns;
use Signet::Knot;
use Signet::Postgres;
use Signet::Util qw(temp_dir top_dir run_command must_run spew slurp spawn
    program_path skip_or_fail need_programs wait_for end_process is_alive);

use constant DAY => 86400;

need_programs(qw(knotd nsupdate));
Signet::Postgres->need;
my %path = map { $_ => program_path($_)
    // skip_or_fail("$_ has not been built") } qw(signet signet-load);
my $year = 1900 + (gmtime)[5];

# --- a host: its directory and its configuration ---

my %dir;	# of each host

# Host name, further lines by section. Returns the configuration file.
sub host {
	my ($name, %section) = @_;
	my $dir = $dir{$name} //= temp_dir();
	$section{common} .= "hostname = $name.site.test\n";
	$section{keys} = "directory = $dir/keys\ngroup = root\n"
	    . "types = ed25519\n" . ($section{keys} // '');
	return spew("$dir/signet.conf", join '', map {
		"[$_]\n$section{$_}" } sort keys %section);
}

# Runs signet keys; status, and both streams.
sub keys_of {
	my ($name, @arguments) = @_;
	my ($status, $out, $err) = run_command($path{signet}, 'keys',
	    @arguments, '--config', "$dir{$name}/signet.conf");
	unlike($err, qr/Sanitizer|runtime error/, "signet keys @arguments")
	    or diag $err;
	return ($status, $out, $err);
}

# The same, which must succeed; standard output.
sub done {
	my ($name, @arguments) = @_;
	my ($status, $out, $err) = keys_of($name, @arguments);
	is("$status $err", '0 ', "signet keys @arguments: done");
	return $out;
}

# Must end so and say that on standard error.
sub refused {
	my ($name, $status, $says, @arguments) = @_;
	my ($got, $out, $err) = keys_of($name, @arguments);
	is($got, $status, "signet keys @arguments: status $status")
	    or diag $out;
	like($err, $says, 'and why');
	return $out;
}

# The names of the files of a domain.
sub files {
	my ($name, $domain) = @_;
	my $dir = "$dir{$name}/keys/" . ($domain // 'site.test');
	opendir my $handle, $dir or return '';
	return join ' ', sort grep { !/^\.\.?$|\.deleted$/ } readdir $handle;
}

# As if the key had been in its state for so many days.
sub age {
	my ($name, $file, $days) = @_;
	my $path = "$dir{$name}/keys/site.test/$file";
	my $then = time - $days * DAY - 60;
	utime $then, $then, $path or die "$path: $!\n";
	return;
}

# --- dynamic updates: a whole life ---

my $dns = Signet::Knot->new('site.test', 'mx A 192.0.2.1');
my $pg = Signet::Postgres->new;
my @common = (
	dns => "forward = @{[$dns->address]}\nroot_key = "
	    . $dns->anchor_file . "\n",
	database => 'conninfo = ' . $pg->conninfo . "\n",
);
my $nsupdate = "publish = nsupdate\nnsupdate_server = @{[$dns->address]}\n"
    . 'nsupdate_key = ' . $dns->key_file . "\n";
host('mx1', @common, keys => $nsupdate);
must_run($path{'signet-load'}, '-c', "$dir{mx1}/signet.conf", '--migrate',
    '--sql-dir', top_dir() . '/sql');
my $boss = $pg->login('boss', 'signet_admin')->conninfo(user => 'boss');
$common[3] = "conninfo = $boss\n";
host('mx1', @common, keys => $nsupdate);

my $a = "${year}a-ed25519";
my $b = "${year}b-ed25519";

sub record { return ($dns->txt("$_[0]._domainkey.site.test"))[0] // '' }
sub state_in_database {
	return $pg->value("select state from signet.v_signing_key where "
	    . "selector = '$_[0]' and domain = 'site.test'");
}

subtest 'made and published' => sub {
	my $out = done('mx1', 'rotate', 'site.test');
	like($out, qr/^site\.test $a: made: ed25519, 256 bits$/m, 'made');
	like($out, qr/^site\.test $a: published: put into the DNS$/m,
	    'published');
	like($out, qr/^site\.test $a: waits: published, and will sign in /m,
	    'and waits');
	is(files('mx1'), "$a.pem.published", 'the file');
	is((stat "$dir{mx1}/keys/site.test/$a.pem.published")[2] & 07777,
	    0640, 'its mode');
	is((stat "$dir{mx1}/keys/site.test")[2] & 07777, 0750,
	    'mode of the directory');
	like(record($a), qr{^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$},
	    'the record');
	is(state_in_database($a), 'published', 'the database knows');
	like(done('mx1', 'rotate', 'site.test'), qr/\Asite\.test $a: waits/,
	    'again: nothing more');
	like(done('mx1', 'test'),
	    qr/^site\.test $a: ok: published, DNS: same, secure$/m,
	    'the DNS says so, validated');
};

subtest 'active' => sub {
	age('mx1', "$a.pem.published", 1);
	like(done('mx1', 'rotate', '--all'),
	    qr/^site\.test $a: active: the DNS carries it/m, 'signs');
	is(files('mx1'), "$a.pem", 'by its name');
	like(done('mx1', 'rotate', 'site.test'),
	    qr/nothing is due, its successor is in 1(?:79|80) d$/m,
	    'nothing is due');
	like(done('mx1', 'list'), qr/^site\.test \s+ $a \s+ active \s+ \d+\ s
	    \s+ ed25519 \s+ 256 \s+ successor\ in\ 1(?:79|80)\ d \s+
	    same,\ secure$/mx, 'the list');
};

subtest 'a successor takes over' => sub {
	age('mx1', "$a.pem", 181);
	my $out = done('mx1', 'rotate', 'site.test');
	like($out, qr/$b: made.*$b: published/s, 'made');
	is(files('mx1'), "$a.pem $b.pem.published", 'the old one signs on');
	age('mx1', "$b.pem.published", 2);
	$out = done('mx1', 'rotate', 'site.test');
	like($out, qr/$b: active.*$a: retired: $b took over/s, 'took over');
	is(files('mx1'), "$a.pem.retired $b.pem", 'the new one signs');
	like(done('mx1', 'test', 'site.test', $a), qr/ok: retired, DNS: same/,
	    'the old one is still in the DNS');
};

subtest 'the end of the old one' => sub {
	age('mx1', "$a.pem.retired", 14);
	like(done('mx1', 'rotate', 'site.test'), qr/nothing is due/,
	    'not before 15 days');
	age('mx1', "$a.pem.retired", 15);
	like(done('mx1', 'rotate', 'site.test'), qr/$a: revoked: what it /,
	    'revoked');
	is(record($a), 'v=DKIM1; k=ed25519; p=', 'p= is empty');
	is(files('mx1'), "$a.pem.revoked $b.pem", 'the file');
	like(done('mx1', 'test'), qr/$a: ok: revoked, DNS: revoked$/m,
	    'as it should be');
	age('mx1', "$a.pem.revoked", 31);
	like(done('mx1', 'rotate', 'site.test'), qr/$a: deleted: /, 'deleted');
	is_deeply([$dns->txt("$a._domainkey.site.test")], [], 'no record');
	is(files('mx1'), "$b.pem", 'no file');
	is(state_in_database($a), 'deleted', 'the database remembers');
};

subtest 'history' => sub {
	my @rows = $pg->rows({ user => 'boss' }, "select coalesce(from_state, "
	    . "'') || '>' || to_state as step, host, actor, why from "
	    . "signet.v_signing_key_change where selector = '$a' order by id");
	is(join(' ', map { $_->{step} } @rows), '>made made>published '
	    . 'published>active active>retired retired>revoked '
	    . 'revoked>deleted', 'every step');
	is_deeply([grep { $_->{host} ne 'mx1.site.test' || $_->{actor} eq ''
	    || $_->{why} eq '' } @rows], [], 'where, who and why');
};

subtest 'a selector is not used twice' => sub {
	refused('mx1', 1, qr/$a: there is or was such a key/, 'new',
	    'site.test', '--selector', $a);
	refused('mx1', 1, qr/$b: there is or was such a key/, 'new',
	    'site.test', $b);
	is(files('mx1'), "$b.pem", 'nothing was made');
};

# --- another host, the same database ---

subtest 'two hosts' => sub {
	host('mx2', @common, keys => $nsupdate);
	my $c = "${year}c-ed25519";
	like(done('mx2', 'rotate', 'site.test'), qr/$c: made/,
	    'the next letter');
	like(done('mx1', 'list'), qr/$c .* on mx2\.site\.test$/m,
	    'one sees the other');
	refused('mx2', 1, qr/$b: there is or was such a key/, 'new',
	    'site.test', $b);
	# a copy of the other's directory, which then goes further
	my $copy = "$dir{mx2}/keys/site.test/$b.pem";
	spew($copy, slurp("$dir{mx1}/keys/site.test/$b.pem"), 0640);
	is(done('mx2', 'sync'), '', 'a copy is nothing new');
	done('mx1', 'retire', 'site.test', $b, '--force');
	refused('mx2', 1, qr/$b: it is retired since .* in the database: .*sync --follow/s, 'retire', 'site.test', $b, '--force');
	like(done('mx2', 'sync', '--follow'), qr/$b: retired, as in the /,
	    'followed');
	ok(-e "$copy.retired", 'by its file');
	# the same name, another key
	must_run('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', $copy);
	unlink "$copy.retired";
	refused('mx2', 1, qr/$b: the selector belongs to another key, which mx1/, 'sync');
	unlink $copy;
	done('mx1', 'activate', 'site.test', $b);
};

# --- what must not be ---

subtest 'steps that cannot be' => sub {
	refused('mx1', 1,
	    qr/$b: is active and cannot become deleted: it signs; retire/,
	    'delete', 'site.test', $b);
	refused('mx1', 1, qr/$b: is the only key that signs/, 'retire',
	    'site.test', $b);
	refused('mx1', 1, qr/there is no key nosuch on this host/, 'revoke',
	    'site.test', 'nosuch');
	refused('mx1', 2, qr/^usage:/m, 'revoke', 'site.test');
	refused('mx1', 2, qr/^usage:/m, 'rotate');
	refused('mx1', 2, qr/^usage:/m, 'rotate', 'site.test', '--all');
	refused('mx1', 2, qr/there is no command "nonsense"/, 'nonsense');
	refused('mx1', 2, qr/--now: "later" is not known/, 'rotate',
	    'site.test', '--now', 'later');
	refused('mx1', 2, qr/"a\.\.b" is no domain/, 'new', 'a..b');
	refused('mx1', 2, qr/"..\/x" is no selector/, 'new', 'site.test',
	    '../x');
	refused('mx1', 1, qr/RSA/, 'new', 'site.test', '--type', 'rsa',
	    '--bits', '1024');
};

subtest 'the database has the same rules' => sub {
	my @states = qw(made published active retired revoked deleted);
	my %may = map { $_ => 1 } qw(made-published made-deleted
	    published-active published-revoked published-deleted
	    active-retired active-revoked retired-active retired-revoked
	    revoked-deleted);
	for my $from (@states) {
		for my $to (@states) {
			my $why = $pg->value('select signet.'
			    . "signing_key_forbidden('$from', '$to')");
			is($why eq '' ? 1 : 0, $may{"$from-$to"} ? 1 : 0,
			    "$from to $to") or diag $why;
		}
	}
	my $row = sub {
		my ($state) = @_;
		return $pg->psql({ user => 'boss' }, "select outcome, reason "
		    . "from signet.signing_key_change('x.test', 's', 'rsa', "
		    . "2048, 'AAAA', '$state', now(), 'h', 'a', 'w', false)");
	};
	is($row->('made'), 'new|', 'new');
	is($row->('made'), 'same|', 'the same');
	like($row->('active'), qr/^refused\|it is made since .* UTC in the /,
	    'refused');
	is($row->('published'), 'changed|', 'changed');
	my (undef, $error) = $pg->try_psql({ user => 'boss' },
	    'delete from signet.signing_key');
	like($error, qr/permission denied/, 'nobody writes the table itself');
};

# --- PostgreSQL away ---

subtest 'the database is away' => sub {
	$pg->stop;
	my ($status, $out, $err) = keys_of('mx1', 'rotate', 'site.test',
	    '--now', 'new');
	is($status, 0, 'status 0');
	like($out, qr/d-ed25519: made.*d-ed25519: published/s, 'done');
	like($err, qr/the record is not kept, for the database cannot be /,
	    'and said');
	is(scalar(() = $err =~ /not kept/g), 1, 'once');
	($status, $out, $err) = keys_of('mx1', 'list');
	like($out, qr/d-ed25519/, 'the list is there');
	like($err, qr/keys of other hosts are not shown/, 'but not all');
	refused('mx1', 1, qr/not kept/, 'sync');
	$pg->start;
	is(state_in_database("${year}d-ed25519"), '', 'not known yet');
	like(done('mx1', 'sync'), qr/d-ed25519: recorded as published$/m,
	    'made good');
	is(done('mx1', 'sync'), '', 'once');
	is(state_in_database("${year}d-ed25519"), 'published', 'known');
	like(done('mx1', 'delete', 'site.test', "${year}d-ed25519"),
	    qr/deleted/, 'out of the DNS again');
	is(record("${year}d-ed25519"), '', 'no record');
};

subtest 'a file is lost' => sub {
	my $path = "$dir{mx1}/keys/site.test/$b.pem";
	rename $path, "$path.away" or die "$!\n";
	refused('mx1', 0, qr/$b: the database has it as active, but there /,
	    'sync');
	rename "$path.away", $path or die "$!\n";
	spew("$dir{mx1}/keys/site.test/bad.pem", "nonsense\n");
	refused('mx1', 1, qr/bad: .*nothing is done before all keys can be /s,
	    'rotate', 'site.test');
	is(state_in_database($b), 'active', 'nothing happened');
	unlink "$dir{mx1}/keys/site.test/bad.pem";
};

# By the rule that the directory is: an address of the domain, by the host
# itself.
subtest 'signet-sign signs with it, and it verifies' => sub {
	program_path('signet-sign') or plan skip_all => 'no signet-sign';
	my $file = "$dir{mx1}/mail.eml";
	my $text = "From: a\@site.test\nTo: b\@other.test\nSubject: x\n"
	    . "Date: Sun, 22 Nov 2026 09:00:00 +0000\n"
	    . "Message-ID: <1\@site.test>\n\nHello\n";
	spew($file, $text);
	my @config = ('--config', "$dir{mx1}/signet.conf");
	my ($status, $out, $err) = run_command($path{signet}, 'explain-sign',
	    $file, '--login', 'a', @config);
	is($status, 0, 'decided') or diag $err;
	my ($field) = $out =~ /^(DKIM-Signature: (?:.*\n)(?:[ \t].*\n)*)/m;
	ok($field, 'the field') or diag $out;
	like($field // '', qr/s=$b;/, 'its selector');
	spew($file, ($field // '') . $text);
	($status, $out, $err) = run_command($path{signet}, 'explain', $file,
	    '--client', '192.0.2.1', '--helo', 'mx.site.test', '--from',
	    'a@site.test', '--json', @config);
	like($out, qr/"selector":\s*"$b".{0,200}"result":\s*"pass"/s,
	    'verified') or diag $out, $err;
};

subtest 'a step is late' => sub {
	my $status = sub {
		my (undef, $out) = run_command($path{signet}, 'status', '-c',
		    "$dir{mx1}/signet.conf");
		return $out;
	};
	my $out = $status->();
	like($out, qr/^keys +\d sign for 1 domains; \d in all$/m, 'counted');
	unlike($out, qr/^keys +!!/m, 'nothing is late');
	my $since = $pg->value("select since from signet.signing_key where "
	    . "selector = '$b'");
	$pg->psql("update signet.signing_key set since = now() - interval "
	    . "'186 days' where selector = '$b'");
	unlike($status->(), qr/^keys +!!/m, 'not before 180 and 7 days');
	$pg->psql("update signet.signing_key set since = now() - interval "
	    . "'188 days' where selector = '$b'");
	like($status->(), qr/^keys +!! site\.test $b is active since 188 days: /m,
	    'late') or diag $status->();
	host('mx1', @common, keys => "${nsupdate}lifetime = 0\n");
	unlike($status->(), qr/^keys +!!/m, 'never, if it may stay for ever');
	host('mx1', @common, keys => $nsupdate);
	$pg->psql("update signet.signing_key set since = '$since' where "
	    . "selector = '$b'");
};

# --- updates that fail ---

subtest 'the server refuses' => sub {
	host('mx3', @common[0, 1], keys => "record = no\npublish = nsupdate\n"
	    . "nsupdate_server = @{[$dns->address]}\nnsupdate_key = "
	    . $dns->wrong_key_file . "\n");
	done('mx3', 'new', 'site.test', 's3');
	refused('mx3', 1, qr/s3:\ cannot\ be\ published:\ .*nsupdate\ ended
	    \ with\ status/x, 'publish', 'site.test');
	is(files('mx3'), 's3.pem.made', 'it is not published');
	$dns->update('update add s3._domainkey.site.test. 60 TXT "v=DKIM1; p="');
	refused('mx3', 1, qr/s3: the DNS has another record there, which is /,
	    'rotate', 'site.test');
	$dns->update('update delete s3._domainkey.site.test. TXT',
	    'update add s3._domainkey.site.test. 60 TXT "v=DKIM1; k=rsa; p=AA"');
	my ($status, $out) = keys_of('mx3', 'test');
	is($status, 1, 'test: wrong');
	like($out, qr/s3: WRONG: made, DNS: other: /, 'and why');
};

subtest 'further servers must carry it' => sub {
	my $late = Signet::Dns->new(table => "* * \@nodata\n");
	host('mx4', @common[0, 1], keys => "record = no\nsettle = 0\n"
	    . "${nsupdate}servers = @{[$late->address]}\n");
	done('mx4', 'new', 'site.test', 's4');
	like(done('mx4', 'publish', 'site.test'), qr/s4: published/,
	    'published');
	like(done('mx4', 'rotate', 'site.test'), qr/s4:\ waits:\ 127\.0\.0\.1
	    \@\d+:\ it\ does\ not\ carry\ it\ yet$/mx, 'the other server does not know');
	$late->table("s4._domainkey.site.test TXT \"" . record('s4') . "\"\n");
	like(done('mx4', 'rotate', 'site.test'), qr/s4: active/, 'now it does');
};

# --- by hand ---

subtest 'a person publishes' => sub {
	my $own = Signet::Dns->new(table => "* * \@nxdomain\n");
	my @table;
	my @own = (dns => "forward = @{[$own->address]}\nroot_key = none\n"
	    . "timeout = 3s\n");
	host('mx5', @own, keys => "record = no\nsettle = 0\n");
	my $out = done('mx5', 'new', 'site.test', '--type', 'rsa',
	    '--selector', 'r');
	my ($line) = $out =~ /^(r\._domainkey\.site\.test\.\t3600\tTXT\t.*)$/m;
	my @strings = ($line // '') =~ /"([^"]*)"/g;
	cmp_ok(scalar @strings, '>', 1, 'the record has several strings');
	is_deeply([grep { length > 255 } @strings], [], '255 bytes each');
	is(done('mx5', 'zone', 'site.test'), "$line\n", 'the same again');
	$out = done('mx5', 'publish', 'site.test');
	like($out, qr/r: waits for you to put this into the zone:\n\Q$line\E$/m,
	    'waits');
	$own->table('r._domainkey.site.test TXT ' . join(' ', map { "\"$_\"" }
	    @strings) . "\n");
	like(done('mx5', 'activate', 'site.test', 'r'),
	    qr/r: published: the DNS carries it\n.*r: active/, 'seen');
	like(done('mx5', 'test'), qr/r: ok: active, DNS: same, insecure$/m,
	    'test');

	$own->table("* * \@servfail\n");
	my ($status, $said) = keys_of('mx5', 'test');
	is($status, 3, 'SERVFAIL: could not ask, which is not wrong');
	like($said, qr/r: unknown: active, DNS: could not ask: /, 'told');
	$own->table("* * \@nxdomain\n");
	($status, $said) = keys_of('mx5', 'test');
	is($status, 1, 'NXDOMAIN: wrong');
	like($said, qr/r: WRONG: active, DNS: missing$/m, 'told');
	$own->table("r._domainkey.site.test TXT \"v=DKIM1; p=\"\n");
	($status, $said) = keys_of('mx5', 'test');
	is($status, 1, 'revoked behind our back: wrong');
	like($said, qr/r: WRONG: active, DNS: revoked$/m, 'told');
};

# --- the hook, and kill -9 ---

my $zone = Signet::Dns->new(table => '');
my $hook = "$zone->{dir}/hook";
my $fail = "$zone->{dir}/when";

# Keeps the table of the DNS server; kills who called it before or after.
spew($hook, <<"END", 0755);
#!$^X
my (\$what, \$name, \$ttl, \$text) = \@ARGV;
my \$when = -e '$fail' ? do { open my \$f, '<', '$fail'; <\$f> } : '';
unlink '$fail';
kill 'KILL', getppid and exit if \$when eq 'before';
open my \$in, '<', '$zone->{dir}/table';
my \@lines = grep { index(\$_, "\$name ") != 0 } <\$in>;
push \@lines, qq{\$name TXT "\$text"\\n} if \$what eq 'add';
open my \$out, '>', '$zone->{dir}/table.hook';
print {\$out} \@lines;
close \$out;
rename '$zone->{dir}/table.hook', '$zone->{dir}/table';
kill 'KILL', getppid if \$when eq 'after';
END

sub killed {
	my ($when, @arguments) = @_;
	spew($fail, $when);
	my ($status) = keys_of('mx6', @arguments);
	is($status, 137, "killed $when the DNS changed");
	return;
}

subtest 'kill -9 around the hook' => sub {
	host('mx6', dns => "forward = @{[$zone->address]}\nroot_key = none\n",
	    @common[2, 3], keys => "publish = hook\nhook = $hook\n"
	    . "settle = 0\n");
	my $told = sub {
		return slurp("$zone->{dir}/table") =~ /p=(.*)"/ ? $1 : undef;
	};
	for my $when ('before', 'after') {
		my $s = "k-$when";
		done('mx6', 'new', 'kill.test', $s);
		killed($when, 'publish', 'kill.test');
		is(files('mx6', 'kill.test'), "$s.pem.made", 'still made');
		like(done('mx6', 'publish', 'kill.test'),
		    qr/$s: published/s, 'the next run goes on');
		like(done('mx6', 'rotate', 'kill.test'), qr/$s: active/,
		    'and the one after');
		isnt($told->(), '', 'the key is in the DNS');

		killed($when, 'revoke', 'kill.test', $s);
		is(files('mx6', 'kill.test'), "$s.pem.revoked",
		    'it does not sign any more');
		like(done('mx6', 'publish', 'kill.test', $s),
		    qr/$s: is revoked and in the DNS/, 'the next run goes on');
		is($told->(), '', 'the DNS says that it is revoked');
		is($pg->value('select state from signet.v_signing_key where '
		    . "selector = '$s'"), 'revoked', 'so does the database');

		killed($when, 'delete', 'kill.test', $s);
		is(files('mx6', 'kill.test'), "$s.pem.revoked", 'still there');
		done('mx6', 'delete', 'kill.test', $s);
		is(files('mx6', 'kill.test'), '', 'gone');
		is($told->(), undef, 'out of the DNS');
		is($pg->value('select state from signet.v_signing_key where '
		    . "selector = '$s'"), 'deleted', 'known');
	}
};

# Kills a command while the database makes it wait, behind the change of the
# file.
sub killed_at_database {
	my ($seen, @arguments) = @_;
	my $psql = spawn({ out => "$dir{mx6}/psql" }, $pg->_client('psql'),
	    '-d', $pg->database, '-c', 'begin; lock table signet.signing_key '
	    . 'in exclusive mode; select pg_sleep(60)');
	wait_for(10, sub { $pg->value("select count(*) from pg_locks where "
	    . "mode = 'ExclusiveLock' and relation = "
	    . "'signet.signing_key'::regclass") }, 'the lock');
	my $pid = spawn({ out => "$dir{mx6}/out" }, $path{signet}, 'keys',
	    @arguments, '--config', "$dir{mx6}/signet.conf");
	wait_for(20, $seen, 'the file') ;
	wait_for(10, sub { $pg->value('select count(*) from pg_locks where '
	    . 'not granted') }, 'the command at the database');
	end_process($pid, 'KILL');
	# first who waits, or it would get the lock and be done
	for my $who ("application_name = 'signet-keys'",
	    "query like '%pg_sleep%'") {
		wait_for(10, sub { $pg->value('select count('
		    . 'pg_terminate_backend(pid)) from pg_stat_activity where '
		    . "pid <> pg_backend_pid() and $who") == 0 }, 'the end');
	}
	end_process($psql);
	return;
}

subtest 'kill -9 between file and database' => sub {
	my $known = sub { return $pg->value('select state from '
	    . "signet.v_signing_key where selector = 'k2'") };
	killed_at_database(sub { files('mx6', 'kill.test') eq 'k2.pem.made' },
	    'new', 'kill.test', 'k2');
	is($known->(), '', 'the database knows nothing');
	like(done('mx6', 'sync', 'kill.test'), qr/k2: recorded as made/,
	    'made good');
	done('mx6', 'publish', 'kill.test');
	like(done('mx6', 'rotate', 'kill.test'), qr/k2: active/, 'active');
	killed_at_database(sub { files('mx6', 'kill.test') =~ /k2.pem.retired/ },
	    'retire', 'kill.test', 'k2', '--force');
	is($known->(), 'active', 'not recorded');
	like(done('mx6', 'activate', 'kill.test', 'k2'),
	    qr/k2: recorded as retired\n.*k2: active/, 'the next run goes on');
	is($known->(), 'active', 'and back');
	my ($status, undef, $err) = keys_of('mx6', 'revoke', 'kill.test', 'k2',
	    '--why', "it's out; drop table");
	is($status, 0, 'revoked at once');
	like($err, qr/no key signs for this domain now/, 'with a warning');
	is($pg->value('select why from signet.v_signing_key where '
	    . "selector = 'k2'"), "it's out; drop table", 'the reason is kept');
	killed_at_database(sub { files('mx6', 'kill.test') eq '' }, 'delete',
	    'kill.test', 'k2');
	is($known->(), 'revoked', 'not recorded');
	like(done('mx6', 'sync', 'kill.test'), qr/k2: recorded as deleted/,
	    'made good');
};

# What a killed run left lies aside and does no harm.
subtest 'half a file' => sub {
	spew("$dir{mx6}/keys/kill.test/.new-k3", 'half');
	done('mx6', 'new', 'kill.test', 'k3');
	is(files('mx6', 'kill.test'), 'k3.pem.made', 'written whole');
};

subtest 'signet-sign is told' => sub {
	my $teller = "$dir{mx6}/tell";
	my @more = (dns => "forward = @{[$zone->address]}\nroot_key = none\n",
	    keys => "record = no\npublish = hook\nhook = $hook\n"
	    . "settle = 0\nreload = $teller \$(id) now\n");
	host('mx6', @more);
	done('mx6', 'publish', 'kill.test');
	like(refused('mx6', 1, qr/signet-sign was not told: cannot run/,
	    'rotate', 'kill.test'), qr/k3: active/, 'active, but not told');
	spew($teller, "#!/bin/sh\necho \"\$*\" >>$dir{mx6}/told\n", 0755);
	like(done('mx6', 'rotate', 'kill.test'), qr/^signet-sign was told$/m,
	    'the next run does it');
	unlike(done('mx6', 'rotate', 'kill.test'), qr/was told/, 'once');
	is(slurp("$dir{mx6}/told"), "\$(id) now\n", 'and without a shell');
	spew($teller, "#!/bin/sh\nkill -9 \$PPID\n", 0755);
	my ($status) = keys_of('mx6', 'retire', 'kill.test', 'k3', '--force');
	is($status, 137, 'killed there');
	spew($teller, "#!/bin/sh\nexit 0\n", 0755);
	unlike(done('mx6', 'list'), qr/was told/, 'looking changes nothing');
	like(done('mx6', 'activate', 'kill.test', 'k3'), qr/was told/,
	    'the next run does it');
	host('mx6', dns => "forward = @{[$zone->address]}\nroot_key = none\n",
	    @common[2, 3], keys => "publish = hook\nhook = $hook\n"
	    . "settle = 0\n");
};

# --- OpenDKIM's tables ---

subtest 'import' => sub {
	my $from = temp_dir();
	must_run('openssl', 'genpkey', '-algorithm', 'rsa', '-pkeyopt',
	    'rsa_keygen_bits:2048', '-out', "$from/old.private");
	my $public = must_run('openssl', 'rsa', '-in', "$from/old.private",
	    '-pubout');
	$public =~ s/-----.*?-----|\s//g;
	spew("$from/KeyTable", "# keys\nold old.test:2020:$from/old.private\n"
	    . "any %:2020:$from/old.private\n");
	spew("$from/SigningTable", "*\@old.test old\nbob\@sub.test old\n");
	my @import = ('import', '--opendkim', "$from/KeyTable",
	    "$from/SigningTable");
	my ($status, $out) = keys_of('mx6', @import);
	is($status, 1, 'not all of it can be');
	like($out, qr/NOT imported: the DNS does not carry it yet; --force/,
	    'a key that is not in the DNS');
	like($out, qr/NOT imported: it signs for any domain/, 'any domain');
	my $long = "v=DKIM1; k=rsa; p=$public";
	$zone->table("2020._domainkey.old.test TXT "
	    . join(' ', map { "\"$_\"" } $long =~ /(.{1,200})/g) . "\n");
	($status, $out) = keys_of('mx6', @import);
	like($out, qr/^old\.test: selector 2020, .*\n  signs for \*\@old\.test\n/,
	    'shown');
	like($out, qr/^  signs for bob\@sub\.test: this rule stays in /m,
	    'with what stays');
	like($out, qr/^  rsa, 2048 bits$/m, 'and the key');
	like($out, qr/^Nothing was changed/m, 'and not done');
	is(files('mx6', 'old.test'), '', 'really');
	($status, $out) = keys_of('mx6', @import, '--write');
	like($out, qr/^  imported, active$/m, 'done');
	is(files('mx6', 'old.test'), '2020.pem', 'it signs');
	($status, $out) = keys_of('mx6', @import, '--write');
	like($out, qr/^  is here already, active$/m, 'once');
	is($pg->value("select why from signet.v_signing_key where domain = "
	    . "'old.test'"), "imported from $from/old.private", 'recorded');
};

done_testing;
