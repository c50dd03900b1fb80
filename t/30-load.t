#!/usr/bin/perl
# signet-load and the schema: migrations, every fact of an event in its
# column, evaluations for each recipient, bad lines aside, partitions,
# expiry, rights, and a comment on everything.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::Events qw(event event_data json iso);
use Signet::Postgres;
use Signet::Util qw(run_command spew temp_dir program_path top_dir slurp
    skip_or_fail);

Signet::Postgres->need;
my $load = program_path('signet-load') or skip_or_fail('not built');
my $sql = top_dir() . '/sql';
my $dir = temp_dir();
my $pg = Signet::Postgres->new;
my $spool = Signet::Events->spool("$dir/spool");

sub configure {
	my (%option) = @_;
	my $conninfo = $option{conninfo} // $pg->conninfo;
	return spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = $conninfo
[load]
@{[$option{load} // '']}
END
}

# Status and standard error (and output) of one run.
sub load {
	my @arguments = @_;
	my ($status, $out, $error) = run_command($load, '-c',
	    "$dir/signet.conf", @arguments);
	return ($status, $out . $error);
}

sub load_once {
	my ($status, $text) = load('--once');
	is($status, 0, 'signet-load --once') or diag $text;
	is_deeply([$spool->files], [], 'the spool is empty');
	return $text;
}

sub migrate { return load('--migrate', '--sql-dir', $sql, @_) }

configure();

subtest 'before the migration' => sub {
	$spool->put(event());
	my ($status, $text) = load('--once');
	is($status, 75, 'not loaded');
	like($text, qr/signet-load --migrate/, 'the remedy is named');
	is(scalar(() = $spool->files), 1, 'the file stays');
};

subtest 'migration' => sub {
	my ($status, $text) = migrate();
	is($status, 0, 'done') or diag $text;
	like($text, qr{^schema/001-foundation\.sql: applied}m, 'told');
	my $before = $pg->psql(
	    'select version, name, digest, applied_at from signet.migration');
	($status, $text) = migrate();
	is($status, 0, 'again');
	unlike($text, qr/: applied/, 'nothing to do');
	is($pg->psql('select version, name, digest, applied_at '
		. 'from signet.migration'), $before, 'nothing done');
	is($pg->value('select count(*) from pg_class c where relnamespace = '
		. "'signet'::regnamespace and relowner <> "
		. "'signet_owner'::regrole"), 0, 'signet_owner owns all');
	load_once();
	is($pg->value('select count(*) from signet.message'), 1,
	    'what waited is loaded');
};

subtest 'migration by a role that owns its database' => sub {
	my $own = Signet::Postgres->new;
	$own->psql('create role dba login createrole');
	$own->psql('create database theirs owner dba');
	configure(conninfo => $own->conninfo(user => 'dba',
	    dbname => 'theirs'));
	for my $round ('first', 'again') {
		my ($status, $text) = migrate();
		is($status, 0, $round) or diag $text;
	}
	$own->psql({ database => 'theirs' },
	    'create role l login in role signet_load');
	configure(conninfo => $own->conninfo(user => 'l', dbname => 'theirs'));
	$spool->put(event());
	load_once();
	is($own->value({ database => 'theirs' },
		'select count(*) from signet.message'), 1, 'and it works');
	configure();
};

subtest 'migration needs UTF-8' => sub {
	$pg->psql("create database latin encoding 'LATIN1' template template0");
	my ($status, $text) = migrate('-d', $pg->conninfo(dbname => 'latin'));
	isnt($status, 0, 'refused');
	like($text, qr/must have the encoding UTF8/, 'told');
};

subtest 'migration that fails changes nothing' => sub {
	my $copy = temp_dir();
	run_command('cp', '-r', $sql, "$copy/sql");
	my ($n) = sort { $b <=> $a } map { m{/(\d+)-[^/]*$} }
	    glob "$sql/schema/*.sql";
	spew(sprintf('%s/sql/schema/%03d-next.sql', $copy, $n + 1),
	    "set local role signet_owner;\ncreate table "
	    . "signet.half (a int);\nselect nonsense();\n");
	my ($status, $text) = load('--migrate', '--sql-dir', "$copy/sql");
	isnt($status, 0, 'refused');
	like($text, qr/next\.sql: .*nonsense/, 'the file is named');
	is($pg->value("select to_regclass('signet.half') is null"), 't',
	    'no table of it');
	spew(sprintf('%s/sql/schema/%03d-next.sql', $copy, $n + 1),
	    "set local role signet_owner;\ncreate table "
	    . "signet.half (a int);\nreset role;\n");
	is((load('--migrate', '--sql-dir', "$copy/sql"))[0], 0, 'mended');
	($status, $text) = migrate();
	isnt($status, 0, 'an older program');
	like($text, qr/newer than this program/, 'says so');
	$pg->psql('drop table signet.half; delete from signet.migration '
	    . "where version = $n + 1");
};

subtest 'every fact has its column' => sub {
	my $event = event_data(
		queue_id => '4Xfacts', mail_from => 'b@sub.example.com',
		rcpt => [Signet::Events::rcpt('u@site.test'),
		    Signet::Events::rcpt('dmarc@site2.test', 1)],
		'spf.mailfrom.explanation' => 'see "our" page',
		'arc.sealers' => ['x.example', 'y.example'],
		'arc.result' => 'pass',
		'dmarc.np' => 'quarantine', 'dmarc.t' => JSON::PP::true,
		'dmarc.ruf' => ['mailto:f@example.com'],
		'dmarc.overrides' => [{ type => 'mailing_list',
		    comment => 'list.example' }, { type => 'local_policy',
		    comment => '' }],
		'dmarc.other_discovery' => { method => 'psl',
		    result => 'fail' },
		test_mode => JSON::PP::true,
		dnsbl => { result => 'listed', zone => 'bl.example',
		    code => '127.0.0.2' },
		from_status => 'several', from_reason => 'two authors',
		'dmarc.defect' => 'unknown tag',
	);
	$event->{dkim}[1] = { %{ $event->{dkim}[0] }, domain => 'other.test',
	    result => 'fail', reason => 'body hash', aligned =>
	    JSON::PP::false };
	$spool->put(json($event));
	load_once();
	my ($row) = $pg->rows(
	    "select * from signet.v_message_detail where queue_id = '4Xfacts'");
	my %want = (
		id => $event->{id}, host => 'mx1.example.org',
		program => 'signet-milter', listener => 'inbound',
		client_ip => '192.0.2.1', client_name => 'mail.example.net',
		helo => 'mail.example.net', tls_version => 'TLSv1.3',
		tls_cipher => 'TLS_AES_256_GCM_SHA384', tls_bits => 256,
		mail_from => 'b@sub.example.com',
		mail_from_domain => 'example.com',
		rcpt => ['u@site.test', 'dmarc@site2.test'],
		rcpt_domains => ['site.test', 'site2.test'], rcpt_count => 2,
		size => 1234, message_id => '<1@example.com>',
		header_from => ['a@example.com'],
		from_domain => 'example.com', from_domains => ['example.com'],
		from_status => 'several', from_reason => 'two authors',
		dmarc_record_defect => 'unknown tag',
		iprev_result => 'pass', iprev_name => 'mail.example.net',
		iprev_dnssec => 'secure', iprev_reason => 'confirmed',
		dnsbl_result => 'listed', dnsbl_zone => 'bl.example',
		spf_result => 'pass', spf_domain => 'example.com',
		spf_lookups => 2, spf_void_lookups => 0,
		spf_dnssec => 'secure', spf_explanation => 'see "our" page',
		spf_reason => 'ip4', spf_helo_result => 'none',
		spf_helo_domain => 'mail.example.net', spf_helo_lookups => 1,
		spf_helo_void_lookups => 1, spf_helo_dnssec => 'insecure',
		spf_helo_reason => 'no record', dkim_result => 'pass',
		dkim_pass_domains => ['example.com'], arc_result => 'pass',
		arc_sealers => ['x.example', 'y.example'],
		dmarc_result => 'pass', dmarc_policy_domain => 'example.com',
		dmarc_organizational_domain => 'example.com',
		dmarc_discovery => 'treewalk', dmarc_published => 'reject',
		dmarc_disposition => 'none', dmarc_dnssec => 'secure',
		dmarc_reason => 'aligned', dmarc_record =>
		    'v=DMARC1; p=reject; rua=mailto:r@example.com',
		dmarc_other_discovery => { method => 'psl',
		    result => 'fail' },
		action => 'accept', action_reason => 'DMARC passed',
		authentication_results => 'mx1.example.org; spf=pass',
		forged_removed => 0, total_ms => 12.5, dns_wait_ms => 4.25,
		dns_questions => 7,
	);
	my %got = map { $_ => $row->{$_} } keys %want;
	is_deeply(\%got, \%want, 'the ledger');
	is_deeply($row->{dkim}, $event->{dkim}, 'each signature');
	is_deeply([map { $_->{type} } @{ $row->{dmarc_overrides} }],
	    ['mailing_list', 'local_policy'], 'overrides');
	ok($row->{test_mode} && $row->{dmarc_aligned_spf}
	    && !$row->{arc_trusted} && !$row->{requiretls_header}, 'flags');
	like($row->{at}, qr/^\d{4}-\d\d-\d\dT[\d:.]+/, 'time');
	is($pg->value("select at = '$event->{at}' from signet.message "
		. "where queue_id = '4Xfacts'"), 't', 'to the millisecond');

	my @e = $pg->rows('select * from signet.v_dmarc_evaluation where '
	    . "message_id = '$event->{id}' order by rcpt_no");
	is(@e, 2, 'one evaluation for each recipient');
	is_deeply([map { $_->{envelope_to} } @e], ['site.test', 'site2.test'],
	    'envelope_to');
	ok(!$e[0]{optional}, 'counts');
	ok($e[1]{optional}, 'optional for a report address');
	%want = (
		policy_domain => 'example.com', source_ip => '192.0.2.1',
		header_from => 'example.com', envelope_from => 'example.com',
		discovery_method => 'treewalk', p => 'reject', sp => 'reject',
		np => 'quarantine', psd => 'u', adkim => 'r', aspf => 'r',
		fo => '0', rua => ['mailto:r@example.com'],
		ruf => ['mailto:f@example.com'], published => 'reject',
		disposition => 'pass', spf_result => 'pass',
		spf_domain => 'example.com', spf_scope => 'mfrom',
		spf_reason => 'ip4', record => $event->{dmarc}{record},
		overrides => $event->{dmarc}{overrides},
		dkim => [{ domain => 'example.com', selector => 's1',
		    result => 'pass', human_result => 'verified' },
		    { domain => 'other.test', selector => 's1',
		    result => 'fail', human_result => 'body hash' }],
	);
	%got = map { $_ => $e[0]{$_} } keys %want;
	is_deeply(\%got, \%want, 'what a report needs');
	ok($e[0]{testing} && $e[0]{dkim_aligned} && $e[0]{spf_aligned},
	    'flags');
};

subtest 'v_message' => sub {
	my $of = sub {
		my ($columns, %change) = @_;
		my $event = event_data(%change);
		$spool->put(json($event));
		load_once();
		return $pg->value("select concat_ws(';', $columns) from "
		    . "signet.v_message where id = '$event->{id}'");
	};
	is($of->('client, mail_from, why', mail_from => ''),
	    '192.0.2.1 (mail.example.net);<>;DMARC passed', 'plain');
	is($of->('client, why', client_name => 'unknown',
		action_reason => undef), '192.0.2.1;aligned',
	    'a name that says nothing is left out; DMARC tells why');
	is($of->('client, why', client_name => '[192.0.2.1]',
		action_reason => undef, skipped => 'authenticated'),
	    '192.0.2.1;skipped: authenticated', 'skipped');
	is($of->('action, why', test_mode => JSON::PP::true(),
		action => 'reject', action_reason => 'dmarc-reject'),
	    'reject;dmarc-reject; test mode, not done', 'test mode');
	is($of->('why is null', action_reason => undef, dmarc => undef,
		evaluation => undef), 't', 'nothing to say');
	is($of->('client', client_name => undef), '192.0.2.1', 'no name');
	is($of->('client', client_ip => undef), '', 'no address');
	is($of->('dkim, dmarc, spf', dkim => [], dmarc => undef,
		evaluation => undef, spf => undef), 'none', 'little is known');
	is($of->('dkim', dkim => [map { { domain => $_, result => 'fail' } }
		qw(b.test a.test)]), 'fail b.test, fail a.test',
	    'signatures in their order');
};

subtest 'conditions of an evaluation' => sub {
	my $true = JSON::PP::true;
	my %id;
	my @lines;
	for my $case (
		['none' => { evaluation => undef }],
		['null sender' => { mail_from => '', mail_from_domain => '' }],
		['optional' => { 'evaluation.optional' => $true }],
		['no rcpt' => { rcpt => [] }],
		['rejected' => { action => 'reject',
		    'evaluation.disposition' => 'reject' }],
	) {
		my $event = event_data(%{ $case->[1] });
		$id{ $case->[0] } = $event->{id};
		push @lines, json($event);
	}
	$spool->put(@lines);
	load_once();
	my $of = sub {
		my ($case, $what) = @_;
		return $pg->value("select $what from "
		    . "signet.dmarc_evaluation where message_id = '$id{$case}'");
	};
	is($of->('none', 'count(*)'), 0, 'not wanted');
	is($of->('no rcpt', 'count(*)'), 0, 'nobody to deliver to');
	is($of->('null sender', "spf_scope || ',' || spf_domain || ',<' || "
		. "envelope_from || '>'"), 'helo,mail.example.net,<>',
	    'null sender: HELO');
	is($of->('optional', 'optional'), 't', 'optional');
	is($of->('rejected', 'disposition'), 'reject', 'disposition');
};

subtest 'sparse and strange but good lines' => sub {
	my $id = Signet::Events::event_id();
	my $at = iso();
	$spool->put(
		qq({"v":1,"type":"message","id":"$id","at":"$at"}),
		event(queue_id => '4Xwords', 'spf.mailfrom.result' => 'maybe',
		    action => 'postpone', 'dmarc.p' => 'whatever',
		    new_member => { a => [1] }, client_ip => '2001:db8::1'),
		event(queue_id => "4X\x{fc}\x{4e2d}\x{1f600}",
		    mail_from => "\x{2028}\\\"'; drop table x; --"),
		'', '  ',
		event(queue_id => '4Xnull', map { $_ => undef } qw(rcpt tls
		    requiretls iprev spf dkim arc dmarc timings from evaluation
		    from_domains client_ip)));
	load_once();
	is_deeply([$spool->files('bad')], [], 'nothing put aside');
	my ($row) = $pg->rows(
	    "select * from signet.v_message_detail where id = '$id'");
	is($row->{dkim_result}, undef, 'absent is null');
	is_deeply($row->{rcpt}, [], 'or empty');
	is($pg->value("select spf_result || action || host(client_ip) from "
		. "signet.message where queue_id = '4Xwords'"),
	    'maybepostpone2001:db8::1', 'unknown words are kept');
	is($pg->value("select count(*) from signet.message where "
		. "mail_from like '%drop table%'"), 1, 'text is text');
};

# Each: name, line, what the reason says.
my @bad = (
	['not JSON', 'nonsense', qr/json/],
	['cut', substr(event(), 0, 300), qr/json/],
	['array', '[1]', qr/not an object/],
	['number', '42', qr/not an object/],
	['string', '"x"', qr/not an object/],
	['no version', '{"type":"message"}', qr/event version/],
	['version 2', event(v => 2), qr/event version 2 is not known/],
	['other type', event(type => 'tls_story'), qr/type tls_story is not/],
	['no policy', event(type => 'tls_result'), qr/null value .*tls_result/],
	['no id', event(id => undef), qr/"id" is missing/],
	['bad id', event(id => 'x'), qr/member id: .*uuid/],
	['no time', event(at => undef), qr/"at" is missing/],
	['bad time', event(at => 'yesterday-ish'), qr/member at:/],
	['infinite time', event(at => 'infinity'), qr/lies in the future/],
	['far future', event(at => '2999-01-01T00:00:00Z'), qr/future/],
	['year 1970', event(at => '1970-01-01T00:00:01Z'), qr/before 2020/],
	['zero', event(helo => "a\0b"), qr/\\u0000/],
	['huge size', event(size => '1e400'), qr/member size: .*(?:1e400|range)/],
	['big size', event(size => '99999999999999999999'), qr/member size/],
	['bad address', event(client_ip => '192.0.2.1.5'),
	    qr/member client_ip: .*inet/],
	['zone', event(client_ip => 'fe80::1%eth0'), qr/member client_ip/],
	['word for flag', event('dmarc.aligned_spf' => 'perhaps'),
	    qr/member dmarc\.aligned_spf: .*boolean/],
	['word for number', event('spf.mailfrom.lookups' => 'many'),
	    qr/member spf\.mailfrom\.lookups: .*integer/],
	['object for list', event(dkim => { a => 1 }), qr/extract elements/],
	['text for list', event(from => 'a@example.com'), qr/a\@example\.com/],
	['evaluation without a record', event('dmarc.policy_domain' => undef),
	    qr/policy_domain/],
	['surrogate', '{"v":1,"type":"message","helo":"\ud800"}', qr/surrogate/i],
	['deep', '{"v":1,"x":' . '[' x 30000 . ']' x 30000 . '}', qr/deep|depth/],
);

subtest 'bad lines go aside, alone' => sub {
	my $before = $pg->value('select count(*) from signet.message');
	my (@lines, @good);
	for my $case (@bad) {
		my $event = event_data();
		push @good, $event->{id};
		push @lines, $case->[1], json($event);
	}
	my $name = $spool->put(@lines);
	my $text = load_once();
	my $n = @bad;
	like($text, qr/$n lines put aside/, 'told in the log');
	is($pg->value('select count(*) from signet.message') - $before,
	    scalar @good, 'all good lines are there');
	is($spool->read_file('bad', $name),
	    join('', map { "$_->[1]\n" } @bad), 'the lines as they were');
	my @reasons = split /\n/, $spool->read_file('bad', "$name.reason");
	for my $i (0 .. $#bad) {
		my $line = 2 * $i + 1;
		like($reasons[$i], qr/^line $line: .*$bad[$i][2]/,
		    $bad[$i][0]);
	}
	is($pg->value('select refused from signet.v_loader'), $n, 'counted');
	unlink glob $spool->dir . '/bad/*';
};

subtest 'bytes that are no line' => sub {
	my $good = event_data();
	my $name = $spool->put_file('0-odd.jsonl', join "\n", json($good),
	    "\xff\xfe", "{\"a\":\"\0\"}", "\xc0\xaf", '{"v":1,"type":"mess');
	load_once();
	is($pg->value('select count(*) from signet.message where id = '
		. "'$good->{id}'"), 1, 'the good line');
	like($spool->read_file('bad', "$name.reason"),
	    qr/line 2: is not UTF-8\nline 3: holds a zero byte\nline 4: is not UTF-8\nline 5: is not complete.*\n\z/,
	    'reasons');
	unlink glob $spool->dir . '/bad/*';

	$good = event_data();
	my $last = event_data();
	$name = $spool->put_file('0-long.jsonl', json($good) . "\n"
	    . event(helo => 'x' x 600_000) . "\n" . json($last) . "\n");
	load_once();
	is($pg->value('select count(*) from signet.message where id in '
		. "('$good->{id}', '$last->{id}')"), 2,
	    'lines beside one that is too long');
	like($spool->read_file('bad', $name), qr/(?:x{1000}){600}/, 'the file is kept');
	like($spool->read_file('bad', "$name.reason"), qr/^line 2: is too long/,
	    'and why');
	unlink glob $spool->dir . '/bad/*';

	$spool->put_file('0-empty.jsonl', '');
	load_once();
	is_deeply([$spool->files('bad')], [], 'an empty file is nothing');
};

subtest 'the same lines again' => sub {
	my @lines = map { event(rcpt => [Signet::Events::rcpt('a@site.test'),
		Signet::Events::rcpt('b@site.test')]) } 1 .. 50;
	$spool->put(@lines);
	load_once();
	my $count = 'select (select count(*) from signet.message), '
	    . '(select count(*) from signet.dmarc_evaluation)';
	my $before = $pg->psql($count);
	$spool->put(@lines, @lines);
	like(load_once(), qr/duplicates=100\b/, 'known');
	is($pg->psql($count), $before, 'nothing twice');
};

subtest 'types of events' => sub {
	$pg->psql(<<'END');
set role signet_owner;
create table signet.thing (id uuid primary key, kind text check (kind <> ''));
create function signet.insert_thing(p_lines text[]) returns bigint
language sql as $$
	with new as (insert into signet.thing select (l::json ->> 'id')::uuid,
		l::json ->> 'kind' from unnest(p_lines) l
		on conflict do nothing returning 1)
	select count(*) from new
$$;
create or replace function signet.event_types()
returns table (type text, no bigint)
language sql stable as $$ values ('message', 1::bigint), ('thing', 2) $$;
END
	my $thing = sub {
		my ($id, %change) = @_;
		return event(type => 'thing', kind => 'k', id => $id, %change);
	};
	my $ours = sub {
		my ($id, $rest) = @_;
		my $at = iso();
		return qq({"v":1,"type":"thing","id":"$id","at":"$at"$rest});
	};
	my @id = map { Signet::Events::event_id() } 1 .. 6;
	my $message = event_data();
	my $name = $spool->put($thing->($id[0]), json($message),
	    $ours->($id[1], ',"kind":"q"'), event(type => 'other'),
	    $ours->('x', ''), event(type => 'thing', id => undef),
	    $ours->($id[2], ',"kind":""'), $thing->($id[3], at => '1999-01-01Z'),
	    $ours->($id[4], '}'), $ours->($id[0], ''));
	my $text = load_once();
	is($pg->psql('select id, kind from signet.thing order by id'),
	    join("\n", sort("$id[0]|k", "$id[1]|q")), 'rows of the type')
	    or diag $text;
	is($pg->value('select count(*) from signet.message where id = '
		. "'$message->{id}'"), 1, 'and of messages beside them');
	my @reason = map { [/^line (\d+): (.*)/] }
	    split /\n/, $spool->read_file('bad', "$name.reason");
	is_deeply([map { $_->[0] } @reason], [4 .. 9], 'the bad ones aside');
	for my $want (qr/type other is not/, qr/member id: .*uuid/,
		qr/"id" is missing/, qr/check constraint/, qr/before 2020/,
		qr/json/) {
		like((shift @reason)->[1], $want, 'and why');
	}
	like($text, qr/messages=1 .* duplicates=1 refused=6 thing=2$/m,
	    'counted in the log');
	is($pg->psql('select type, lines, new_rows from signet.v_loader_event '
		. "where type = 'thing'"), 'thing|3|2', 'and in the database');
	$pg->psql('drop function signet.insert_thing; drop table signet.thing');
	is((migrate())[0], 0, 'the list as it was');
	unlink glob $spool->dir . '/bad/*';
};

subtest 'a large file' => sub {
	my $before = $pg->value('select count(*) from signet.message');
	$spool->put((map { event() } 1 .. 5000), 'nonsense',
	    map { event() } 1 .. 2000);
	load_once();
	is($pg->value('select count(*) from signet.message') - $before, 7000,
	    'in several calls');
	my ($reason) = grep { /reason$/ } $spool->files('bad');
	like($spool->read_file('bad', $reason), qr/^line 5001: /,
	    'lines are counted through');
	unlink glob $spool->dir . '/bad/*';
};

subtest 'days' => sub {
	my @old = map { event(at => iso(time - $_ * 86400)) } 3, 10, 40;
	my $edge = event_data(at => '2026-03-01T00:00:00.000Z');
	my $last = event_data(at => '2026-02-28T23:59:59.999Z');
	$spool->put(@old, 'nonsense', json($edge), json($last));
	load_once();
	is($pg->value("select tableoid::regclass from signet.message where "
		. "id = '$edge->{id}'"), 'signet.message_20260301',
	    'midnight UTC begins a day');
	is($pg->value("select tableoid::regclass from signet.message where "
		. "id = '$last->{id}'"), 'signet.message_20260228',
	    'and ends one');
	my $days = sub {
		return $pg->value('select count(*) from signet.v_partition '
		    . "where table_name = '$_[0]' and "
		    . "day < current_date - $_[1]");
	};
	is($days->('message', 30), 3, 'old days are there');
	my ($status, $text) = load('--expire');
	is($status, 0, 'signet-load --expire') or diag $text;
	like($text, qr/expired message_20260301/, 'told');
	is($days->('message', 30), 0, 'old messages are gone');
	is($days->('message', 9), 1, 'newer ones stay');
	is($days->('dmarc_evaluation', 7), 0, 'evaluations have their own age');
	is($days->('dmarc_evaluation', 2), 1, 'newer ones stay');
	configure(load => "retain_messages = 5d\nretain_evaluations = 0");
	$spool->put(event(at => iso(time - 20 * 86400)));
	load_once();
	load('--expire');
	is($days->('message', 5), 0, 'as configured');
	is($days->('dmarc_evaluation', 19), 1, '0 keeps for ever');
	configure();
	load('--expire');
	unlink glob $spool->dir . '/bad/*';
};

subtest 'a comment on everything' => sub {
	is($pg->psql(<<'END'), '', 'tables, views, columns, indexes');
select c.oid::regclass, a.attname
from pg_class c
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
	and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f')
where c.relnamespace = 'signet'::regnamespace
and not (c.relispartition and c.relkind in ('i', 'I'))
and not (c.relkind in ('i', 'I') and exists (select from pg_index i
	where i.indexrelid = c.oid and i.indisprimary))
and ((c.relkind <> 'c' and obj_description(c.oid, 'pg_class') is null)
	or (a.attnum is not null and col_description(c.oid, a.attnum) is null))
END
	is($pg->psql(<<'END'), '', 'functions');
select p.oid::regprocedure from pg_proc p
where p.pronamespace = 'signet'::regnamespace
and obj_description(p.oid, 'pg_proc') is null
END
	is($pg->psql(<<'END'), '', 'types');
select t.oid::regtype from pg_type t
where t.typnamespace = 'signet'::regnamespace and t.typrelid = 0
and t.typelem = 0 and obj_description(t.oid, 'pg_type') is null
END
	is($pg->psql(<<'END'), '', 'roles');
select rolname from pg_roles
where rolname like 'signet%' and shobj_description(oid, 'pg_authid') is null
END
	isnt($pg->value("select obj_description('signet'::regnamespace)"), '',
	    'the schema');
};

subtest 'rights' => sub {
	$pg->login('loader', 'signet_load')->login('reader', 'signet_admin')
	    ->login('reporter', 'signet_report')
	    ->login('policy', 'signet_policy')
	    ->login('mailbox', 'signet_mailbox')
	    ->login('userdb', 'signet_userdb')->login('rules', 'signet_rules')
	    ->login('nobody_else');
	# Each statement on its own, in one session: 1 when it was done, 0 when
	# it was denied, else the code of the error.
	my $can_each = sub {
		my ($user, @statements) = @_;
		my $out = $pg->psql({ user => $user },
		    '\set ON_ERROR_STOP off', '\o /dev/null', map {
		    ('begin;', "$_;", '\echo :SQLSTATE', 'rollback;') }
		    @statements);
		my %word = ('00000' => 1, '42501' => 0);
		my @said = map { $word{$_} // $_ } split /\n/, $out;
		die "answers to some of the statements: $out\n"
		    if @said != @statements;
		return map { $statements[$_] => $said[$_] } 0 .. $#said;
	};
	my $can = sub { return { $can_each->(@_) }->{ $_[1] } };
	# Every function that is not named here may be called by none of them.
	my %may = (
		loader => [qw(
			expire
			load_dropped
			load_events
			migrations
			status_database
		)],
		reader => [qw(
			alias_add
			alias_remove
			quota_adopt
			quota_expire
			quota_explain
			quota_list
			quota_option
			quota_reconcile
			quota_reconcile_end
			quota_set
			quota_use_root
			quota_userdb
			status_quota
			dmarc_report_again
			dmarc_report_groups
			dmarc_report_rows
			dmarc_report_set
			dmarc_report_suppressed
			dmarc_report_unset
			dmarc_report_waiting
			junk_forget
			junk_learn
			junk_lock
			junk_model
			junk_prune
			junk_states
			junk_status
			junk_trained
			junk_word_id
			mailbox_batch
			mailbox_expire
			mailbox_load
			mailbox_set
			mailbox_touch
			mailbox_versions
			partition_days
			rcpt_security
			report_in_ours
			report_suppress_add
			report_suppress_extend
			report_suppress_list
			report_suppress_remove
			report_suppressed
			rule_accept
			rule_add
			rule_decline
			rule_never
			rule_remove
			rules_mode
			rules_mode_set
			rules_of
			sender_login_add
			sender_login_list
			sender_login_remove
			sender_logins
			set_own_addresses
			signing_key_change
			signing_keys
			signing_keys_overdue
			status_database
			status_loaders
			status_reports
			status_results
			status_tls
			status_tls_reports
			store_dns_check
			sts_policy_forget
			tls_override_list
			tls_override_remove
			tls_override_set
			tls_overrides
			tls_page_days
			tls_page_reports_in
			tls_page_reports_out
			tls_page_sessions
			tls_report_again
			tls_report_groups
			tls_report_set
			tls_report_unset
			tls_report_waiting
		)],
		reporter => [qw(
			dmarc_report_claim
			dmarc_report_destinations
			dmarc_report_expire
			dmarc_report_finish
			dmarc_report_groups
			dmarc_report_gzip
			dmarc_report_made
			dmarc_report_next
			dmarc_report_plan
			dmarc_report_preview
			dmarc_report_result
			dmarc_report_rows
			dmarc_report_selectors
			dmarc_report_suppressed
			dmarc_report_waiting
			dmarc_failure_claim
			dmarc_failure_destinations
			dmarc_failure_expire
			dmarc_failure_finish
			dmarc_failure_next
			dmarc_failure_plan
			dmarc_failure_result
			report_suppressed
			status_database
			tls_report_affected
			tls_report_claim
			tls_report_destinations
			tls_report_expire
			tls_report_finish
			tls_report_gzip
			tls_report_made
			tls_report_next
			tls_report_plan
			tls_report_preview
			tls_report_result
			tls_report_rows
			tls_report_waiting
		)],
		mailbox => [qw(
			junk_learn
			junk_lock
			junk_model
			junk_prune
			junk_states
			junk_trained
			mailbox_batch
			mailbox_expire
			mailbox_load
			mailbox_versions
			rule_lists
			rule_mailbox_deleted
			rule_mailbox_renamed
			rule_moved_in
			rule_moved_out
			rules_load
			quota_report
		)],
		userdb => [qw(
			quota_userdb
		)],
		policy => [qw(
			quota_accept
			quota_ask
			quota_expire
			sts_policy_expire
			sts_policy_put
			sts_policy_since
			sts_policy_used
			tls_overrides
		)],
		rules => [qw(
			rule_accept
			rule_add
			rule_decline
			rule_never
			rule_remove
			rules_mode
			rules_mode_set
			rules_of
		)],
		nobody_else => [],
	);
	for my $user (sort keys %may) {
		is_deeply([split /\n/, $pg->psql('select proname from pg_proc '
		    . "where pronamespace = 'signet'::regnamespace and "
		    . "has_function_privilege('$user', oid, 'execute') "
		    . 'group by 1 order by proname collate "C"')],
		    [sort @{ $may{$user} }], "$user: functions");
		my @views = split /\n/, $pg->psql('select oid::regclass from '
		    . "pg_class where relnamespace = 'signet'::regnamespace "
		    . "and relkind = 'v'");
		my @tables = split /\n/, $pg->psql('select oid::regclass from '
		    . "pg_class where relnamespace = 'signet'::regnamespace "
		    . "and relkind in ('r', 'p')");
		ok(@views >= 8 && @tables >= 6, 'there are some');
		my %can = $can_each->($user, map({ "select * from $_" }
		    @tables, @views), map { "delete from $_" } @tables, @views);
		is_deeply([grep { $can{"select * from $_"} ne '0' }
		    @tables], [], "$user: no table");
		is_deeply([grep { $can{"delete from $_"} eq '1' }
		    @tables, @views], [], "$user: changes nothing directly");
		is_deeply([grep { $can{"select * from $_"} ne '1' }
		    @views], $user eq 'reader' ? [] : \@views,
		    "$user: views");
		is($can->($user, 'create table signet.x (a int)'), 0,
		    "$user: makes nothing");
	}
	is($can->('loader', "select signet.load_events('x', array['" . event()
		. "'])"), 1, 'what may be called works');
	is($can->('loader', "select signet.insert_events(array['{}'])"), 0,
	    'what may not is refused');
	configure(conninfo => $pg->conninfo(user => 'loader'));
	$spool->put(event(queue_id => '4Xrights'));
	load_once();
	is($pg->value("select count(*) from signet.message where queue_id = "
		. "'4Xrights'"), 1, 'signet_load is enough to load');
	is((load('--expire'))[0], 0, 'and to expire');
	isnt((migrate())[0], 0, 'not to migrate');
	configure();
};

subtest 'usage' => sub {
	my ($status, $text) = load('--nonsense');
	ok($status != 0, 'an unknown option');
	like($text, qr/usage/, 'usage is shown');
	spew("$dir/signet.conf", "[load]\nretain_message = 3\n");
	($status, $text) = load('--once');
	isnt($status, 0, 'an unknown setting');
	like($text, qr/signet\.conf:2\b.*retain_messages/, 'file, line and remedy');
	configure();
};

done_testing;
