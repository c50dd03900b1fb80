#!/usr/bin/perl
# `signet-policy --explain` and `signet tls` with signed zones, a policy host
# and a database: what they tell is what the server answers, and each part
# that is away is said to be away. `signet tls override`.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP ();
use Signet::Events qw(event_id iso json);
use Signet::PolicyHost;
use Signet::Postgres;
use Signet::Program;
use Signet::Socketmap;
use Signet::Util qw(run_command spew temp_dir program_path top_dir
    skip_or_fail need_programs);
use Signet::Zone;

need_programs(qw(nsd ldns-signzone ldns-keygen));
Signet::Postgres->need;
my %path = map { $_ => program_path($_) // skip_or_fail('not built') }
    qw(signet signet-load signet-policy);

my $good = '3 1 1 ' . 'ab' x 32;
sub site {
	my ($domain, $more, %option) = @_;
	return ($domain => { text => "\@ MX 10 mx\nmx A 192.0.2.1\n$more",
		%option });
}
my $sts = "_mta-sts TXT \"v=STSv1; id=20261122;\"\nmta-sts A 127.0.0.1\n";
my $dns = Signet::Zone->new(
	site('dane.test', "_25._tcp.mx TLSA $good\n"
	    . '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@dane.test"' . "\n"),
	site('some.test', "\@ MX 20 b\nb A 192.0.2.2\n"
	    . "_25._tcp.mx TLSA $good\n"),
	site('unusable.test', '_25._tcp.mx TLSA 1 1 1 ' . 'ab' x 32 . "\n"),
	site('alias.test', '', unsigned => 1),
	site('sts.test', $sts, unsigned => 1),
	site('both.test', "$sts\_25._tcp.mx TLSA $good\n"),
	site('hanging.test', "$sts\_25._tcp.mx TLSA $good\n"),
	site('testing.test', $sts, unsigned => 1),
	site('missing.test', $sts, unsigned => 1),
	site('wrong-name.test', $sts, unsigned => 1),
	site('plain.test', '', unsigned => 1),
	site('bogus.test', "_25._tcp.mx TLSA $good\n", bogus => 1),
	'bad-mx.test' => { text => "\@ MX 10 mx.bogus.test.\n" },
	'null.test' => { text => "\@ MX 0 .\n" },
	'cname.test' => { text => "\@ MX 10 mx\nmx CNAME mx.dane.test.\n" },
	'broken.test' => { servfail => 1 },
);
my $web = Signet::PolicyHost->new;
$web->policy('sts.test', mx => ['*.sts.test']);
$web->policy('both.test', mx => ['mx.both.test']);
$web->policy('testing.test', mode => 'testing', mx => ['mx.else.test']);
$web->site('mta-sts.missing.test', status => 404);
$web->site('mta-sts.hanging.test', fault => 'silent');
$web->policy('wrong-name.test', mx => ['mx.wrong-name.test'],
    certificate => 'wrong-name');

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
my $spool = Signet::Events->spool("$dir/spool");
my $socket = "unix:$dir/policy.sock";

sub configuration {
	my ($conninfo) = @_;
	return <<"END";
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[dns]
forward = @{[$dns->address]}
root_key = @{[$dns->anchor_file]}
[database]
conninfo = $conninfo
[mta_sts]
directory = none
port = @{[$web->port]}
ca_file = @{[$web->ca_file]}
allowed_networks = 127.0.0.0/8
[policy]
listen = $socket
answers = none
END
}

our $file = "$dir/admin.conf";
spew("$dir/load.conf", configuration($pg->conninfo));
{
	my ($status, $out, $error) = run_command($path{'signet-load'}, '-c',
	    "$dir/load.conf", '--migrate', '--sql-dir', top_dir() . '/sql');
	is($status, 0, 'migrated') or BAIL_OUT("$out$error");
}
$pg->login('admin', 'signet_admin')->login('policy', 'signet_policy');
spew($file, configuration($pg->conninfo(user => 'admin')));

sub explained {
	my ($domain, @more) = @_;
	my ($status, $out, $error) = run_command($path{'signet-policy'},
	    '--explain', '-c', $file, @more, $domain);
	return ($status, $out, $error);
}

sub object {
	my ($domain, @more) = @_;
	my ($status, $out, $error) = explained($domain, '--json', @more);
	my $object = eval { JSON::PP->new->utf8->decode($out) };
	ok($object, "$domain: an object") or diag("$out$error");
	return ($object // {}, $status);
}

sub told {
	my ($option, @arguments) = @_;
	return run_command($path{signet}, 'tls', @$option, '-c', $file,
	    @arguments);
}

my @cases = (
	# domain, ground, policy, requiretls, sts
	['dane.test', 'dane', 'OK dane-only', 'OK dane-only', 'NOTFOUND '],
	['DANE.Test:25', 'dane', 'OK dane-only', 'OK dane-only', 'NOTFOUND '],
	['cname.test', 'dane', 'OK dane-only', 'OK dane-only', 'NOTFOUND '],
	['some.test', 'some-dane', 'OK dane', 'OK dane-only', 'NOTFOUND '],
	['unusable.test', 'some-dane', 'OK dane', qr/^PERM /, 'NOTFOUND '],
	['sts.test', 'sts', ('OK secure match=.sts.test servername=hostname')
	    x 3],
	['both.test', 'dane', 'OK dane-only', 'OK dane-only',
	    'OK secure match=mx.both.test servername=hostname'],
	['testing.test', 'nothing', 'NOTFOUND ', qr/^PERM /, 'NOTFOUND '],
	['missing.test', 'nothing', 'NOTFOUND ', qr/^PERM /, 'NOTFOUND '],
	['wrong-name.test', 'nothing', 'NOTFOUND ', qr/^PERM /, 'NOTFOUND '],
	['plain.test', 'nothing', 'NOTFOUND ', qr/^PERM /, 'NOTFOUND '],
	['null.test', 'no-mail', 'NOTFOUND ', qr/^PERM /, 'NOTFOUND '],
	['bogus.test', 'dns', (qr/^TEMP the MX records are bogus: /) x 3],
	['bad-mx.test', 'dns', (qr/^TEMP A of mx\.bogus\.test is bogus: /) x 3],
	['broken.test', 'dns', (qr/^TEMP /) x 3],
	['[mx.dane.test]:587', 'brackets', 'NOTFOUND ', qr/^PERM /,
	    'NOTFOUND '],
	['.dane.test', 'key', 'NOTFOUND ', qr/^PERM /, 'NOTFOUND '],
);

sub is_reply {
	my ($got, $want, $name) = @_;
	return ref $want ? like($got, $want, $name) : is($got, $want, $name);
}

subtest 'what is found, and each reply' => sub {
	for my $case (@cases) {
		my ($key, $ground, @replies) = @$case;
		my ($it, $status) = object($key);
		is($it->{policy}{ground}, $ground, "$key: $ground")
		    or diag(JSON::PP->new->canonical->pretty->encode($it));
		for my $map (qw(policy requiretls sts)) {
			is_reply($it->{replies}{$map}, shift @replies,
			    "$key: $map");
		}
		is($status, $it->{policy}{verdict} eq 'temp' ? 1 : 0,
		    "$key: status");
		is($it->{override_trouble}, undef, "$key: overrides known");
	}
};

subtest 'facts' => sub {
	my ($it) = object('some.test');
	is_deeply([map { "$_->{name} $_->{dane} $_->{address_security}" }
	    @{ $it->{destination}{hosts} }],
	    ['mx.some.test usable secure', 'b.some.test none secure'],
	    'hosts');
	is($it->{destination}{mx_security}, 'secure', 'signed MX');
	is_deeply([sort map { "$_->{type} $_->{name}" } grep {
		$_->{type} eq 'TLSA' } @{ $it->{dns} }],
	    ['TLSA _25._tcp.b.some.test', 'TLSA _25._tcp.mx.some.test'],
	    'questions');
	($it) = object('cname.test');
	is($it->{destination}{hosts}[0]{tlsa_base}, 'mx.dane.test',
	    'TLSA where the alias ends');
	($it) = object('sts.test');
	is($it->{mta_sts}{mode}, 'enforce', 'MTA-STS');
	is_deeply($it->{mta_sts}{mx}, ['*.sts.test'], 'its MX');
	is($it->{mta_sts}{id}, '20261122', 'its id');
	like($it->{replies}{'policy-tlsrpt'}, qr/ policy_type=sts /,
	    'what reports need');
	($it) = object('testing.test');
	is_deeply([map { "$_->{type} $_->{mx}" } @{ $it->{policy}{problems} }],
	    ['validation-failure mx.testing.test'], 'what would have failed');
	($it) = object('wrong-name.test');
	is($it->{policy}{problems}[0]{type}, 'sts-webpki-invalid',
	    'certificate of the policy host');
	($it) = object('missing.test');
	is($it->{policy}{problems}[0]{type}, 'sts-policy-fetch-error',
	    'no policy');
	my ($status, $page) = explained('sts.test');
	like($page, qr/^sts[.]test: mail goes to servers with a verified /,
	    'a page for people');
};

subtest 'options' => sub {
	my ($it) = object('dane.test', '--root-key', 'none');
	is($it->{policy}{ground}, 'nothing', 'without validation no DANE');
	spew("$dir/other.conf", configuration($pg->conninfo(user => 'admin'))
	    =~ s/^forward.*\n//mr);
	my ($status, $out) = run_command($path{'signet-policy'}, '--explain',
	    'dane.test', '-c', "$dir/other.conf", '--dns', $dns->address,
	    '--root-key', $dns->anchor_file, '--no-database');
	is($status, 0, '--dns');
	like($out, qr/DANE only/, 'asked there');
	like($out, qr/^override  not known, this is without: /m,
	    '--no-database is told');
	for my $bad ([], ['a', 'b'], ['--dns', 'not an address', 'a.test'],
	    ['--nonsense', 'a.test']) {
		($status) = run_command($path{'signet-policy'}, '--explain',
		    @$bad);
		is($status >> 8 || $status, 2, "usage: @$bad");
	}
};

subtest 'overrides' => sub {
	my $override = sub { return told(['override'], @_) };
	my ($status, $out, $error) = $override->('list');
	is($status, 0, 'list') or diag $error;
	is($out, "there is no override\n", 'none yet');
	($status, $out, $error) = $override->('-m', "their certificate ended",
	    'add', 'STS.test', 'may');
	is($status, 0, 'add') or diag $error;
	like($out, qr/\Asts[.]test: may until 20\d\d-/, 'ends by itself');
	($status, $out, $error) = $override->('-m', 'contract', '-u',
	    'forever', '-n', 'mx.dane.test:.partner.test', 'add',
	    '.partner.test', 'secure');
	is($status, 0, 'all below a domain') or diag $error;
	like($out, qr/for ever/, 'without end');
	($status, $out) = $override->('-m', 'over', '-u', '2020-01-31', 'add',
	    'plain.test', 'encrypt');
	is($status, 0, 'one that is over');
	($status, $out) = $override->('list');
	like($out, qr/^\.partner\.test +secure mx\.dane\.test:\.partner\.test +for ever +admin +contract$/m, 'list');
	like($out, qr/^sts\.test +may +20\S+ \S+ +admin +their certificate ended$/m,
	    'with who and why');
	unlike($out, qr/plain/, 'what is over is not in it');
	($status, $out) = $override->('-a', 'list');
	like($out, qr/^plain\.test +encrypt +2020-01-31/m, '... but with -a');

	my ($it) = object('sts.test');
	is($it->{policy}{ground}, 'override', 'counts');
	is($it->{replies}{policy}, 'OK may', 'its level');
	like($it->{replies}{requiretls}, qr/^PERM /, 'not for REQUIRETLS');
	is($it->{override}{reason}, 'their certificate ended', 'its reason');
	($it) = object('mail.partner.test');
	is($it->{replies}{policy}, 'OK secure match=mx.dane.test:.partner.test'
	    . ' servername=hostname', 'names of certificates');
	($it) = object('plain.test');
	is($it->{policy}{ground}, 'nothing', 'one that is over does not');
	my (undef, $page) = told([], 'sts.test');
	like($page, qr/^override  sts\.test: may, until .*\n +their certificate ended$/m,
	    'on the page');

	($status, $out) = $override->('remove', 'Sts.Test');
	is($status, 0, 'remove') or diag $out;
	($status, $out) = $override->('remove', 'sts.test');
	is($status, 1, 'once');
	for my $bad (['add', 'a.test', 'may'], ['-m', 'x', 'add', 'a.test'],
	    ['-m', 'x', 'add', 'a.test', 'verify'],
	    ['-m', 'x', 'add', 'a b', 'may'],
	    ['-m', 'x', '-n', 'mx.a.test', 'add', 'a.test', 'may'],
	    ['-m', 'x', '-n', 'hostname', 'add', 'a.test', 'secure'],
	    ['-m', ' ', 'add', 'a.test', 'may'],
	    ['-m', 'x', '-u', 'soon', 'add', 'a.test', 'may'],
	    ['remove'], ['list', 'x'], ['destroy'], []) {
		($status) = $override->(@$bad);
		is($status, 2, "refused: @$bad");
	}
	is($pg->value('select count(*) from signet.tls_override'), 2,
	    'nothing of that is there');
};

sub result {
	my ($success, %failure) = @_;
	my $policy = { type => 'sts', domain => 'sts.test',
		strings => ['version: STSv1'], mx => ['*.sts.test'],
		success => $success ? JSON::PP::true : JSON::PP::false,
		failures => [%failure ? { count => 1, %failure } : ()] };
	return json({ v => 1, type => 'tls_result', id => event_id(),
		at => iso(), host => 'mx1.example.org',
		program => 'signet-tls-collect', source => 'datagram',
		recipient_domain => 'sts.test', success => $policy->{success},
		instance => 'postfix', report => JSON::PP::true,
		tlsrpt_record => undef, policies => [$policy] });
}

subtest 'item_45_the_page' => sub {
	$spool->put(result(1), result(0, type => 'certificate-expired',
		mx => 'mx.sts.test', reason => "odd\e[1m"),
	    json({ v => 1, type => 'tls_domain', id => event_id(), at => iso(),
		host => 'mx1.example.org', program => 'signet-policy',
		domain => 'sts.test', mx_dnssec => 'no', dane => 'none',
		sts => 'enforce', level => 'secure', starttls => JSON::PP::true,
		requiretls => undef }));
	my ($status, $out, $error) = run_command($path{'signet-load'}, '-c',
	    "$dir/load.conf", '--once');
	is($status, 0, 'loaded') or diag("$out$error");
	is_deeply([$spool->files('bad')], [], 'nothing put aside');

	($status, $out, $error) = told([], 'sts.test');
	is($status, 0, 'status') or diag $error;
	like($out, qr/^told      NOTHING: signet-policy does not answer: /m,
	    'no server');
	like($out, qr/^    policy         OK secure match=/m, 'what it would say');
	like($out, qr/^TLSRPT    they want no reports$/m, 'their TLSRPT');
	like($out, qr/^seen +starttls +yes +20/m, 'STARTTLS seen');
	like($out, qr/^ +requiretls +unknown/m, 'REQUIRETLS not seen');
	like($out, qr/^days +20\S+  1 good, 1 failed, 0 /m, 'days');
	like($out, qr/FAILED +sts +certificate-expired mx\.sts\.test/m,
	    'sessions');
	unlike($out, qr/\e/, 'nothing for the terminal to obey');
	like($out, qr/^ours      no TLS report was due to them$/m, 'ours');
	like($out, qr/^theirs    no TLS report from them to us$/m, 'theirs');
	$pg->psql(<<'END');
with o as (insert into signet.tls_report_out (policy_domain, about, what,
	begin_at, end_at, report_id, submitter, state, rows_seen)
	values ('sts.test', 'domain', 'failures', '2026-11-20Z', '2026-11-21Z',
	'r1', 'example.org', 'sent', 2) returning id)
insert into signet.tls_report_destination (report, uri, state)
select id, 'mailto:tls@sts.test', 'sent' from o;
with i as (insert into signet.report_in (id, at, kind, sender_domain, domain,
	begin_at, end_at) values (gen_random_uuid(), now(), 'tls', 'sts.test',
	'example.org', '2026-11-19Z', '2026-11-20Z') returning id)
insert into signet.tls_report_in_policy (report, n, at, policy_type,
	policy_domain, successful, failed)
select id, 1, now(), 'sts', 'example.org', 12, 3 from i;
END
	(undef, $out) = told([], 'sts.test');
	like($out, qr/^ours      2026-11-20  sent  mailto:tls\@sts\.test sent$/m,
	    'a report of ours');
	like($out, qr/^theirs    2026-11-19  about example\.org: 12 good, 3 failed$/m,
	    'a report of theirs');
	($status, $out) = told([], 'dane.test');
	like($out, qr/^TLSRPT    reports go to mailto:tls\@dane\.test$/m,
	    'where they want reports');
	like($out, qr/^days      no TLS session/m, 'no session');
	($status, $out) = told([], 'bogus.test');
	is($status, 1, 'mail waits: status 1');
	like($out, qr/^bogus\.test: mail waits$/m, 'and the first line');

	spew("$dir/away.conf", configuration('host=127.0.0.1 port=1'));
	local $file = "$dir/away.conf";
	($status, $out) = told([], 'dane.test');
	is($status, 0, 'database away: status 0');
	like($out, qr/^override  not known, this is without: /m,
	    'overrides are not known');
	like($out, qr/^database  not asked, so what was seen /m, 'it is told');
	like($out, qr/^MX        signed/m, 'and the rest is there');
	($status) = told([]);
	is($status, 2, 'no domain');
};

subtest 'what the server says' => sub {
	my $policy = Signet::Program->new('signet-policy',
	    config => configuration($pg->conninfo(user => 'policy')));
	for my $case (@cases) {
		my ($key, undef, $reply) = @$case;
		my ($status, $out, $error) = told([], $key);
		like($out, qr/^told      by signet-policy at \Q$socket\E$/m,
		    "$key: asked") or diag $error;
		my ($said) = $out =~ /^    policy         (.*)$/m;
		$said .= ' ' if $said eq 'NOTFOUND';
		is_reply($said, $reply, "$key: told");
		unlike($out, qr/found now/, "$key: the same as found now");
	}
	is($policy->stop, 0, 'stops');
};

# The fetch may take a minute, longer than who asks waits.
subtest 'a policy host that hangs, and DANE' => sub {
	my $policy = Signet::Program->new('signet-policy',
	    config => configuration($pg->conninfo(user => 'policy'))
		. "deadline = 16s\n");
	my $client = Signet::Socketmap->new($socket);
	is($client->ask('policy', 'hanging.test'), 'OK dane-only',
	    'DANE is not held up');
	like($client->ask('sts', 'hanging.test'),
	    qr/^TEMP MTA-STS could not be asked/,
	    'who knows MTA-STS alone waits');
	is($policy->stop, 0, 'stops, with the fetch on its way');
};

done_testing;
