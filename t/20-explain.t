#!/usr/bin/perl
# signet explain: the JSON that signet(1) documents has all its members, the
# text for people tells the same, the milter says the same of the same
# message, and the exit status is 0 for any verdict and 2 otherwise.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::Inbound;
use Signet::Sign;
use Signet::Util qw(temp_dir spew run_command program_path skip_or_fail);

my $signet = program_path('signet') // skip_or_fail('signet has not been built');
my $dir = temp_dir();
my $key = Signet::Sign->key('rsa', 2048);
spew("$dir/signet.conf", "[common]\nhostname = mx.site.test\n[trust]\n"
    . "lists = list.example\narc_sealers = sealer.example\n");

my $zone = <<'END' . $key->zone_line('s1._domainkey.good.example.')
good.example.              TXT "v=spf1 ip4:192.0.2.1 exp=why.%{d} -all"
why.good.example.          TXT "%{i} is not ours"
mail.good.example.         A   192.0.2.1
mail.good.example.         TXT "v=spf1 a -all"
1.2.0.192.in-addr.arpa.    PTR mail.good.example.
_dmarc.good.example.       TXT "v=DMARC1; p=reject; sp=quarantine; t=y; rua=mailto:r@good.example"
_dmarc.reject.example.     TXT "v=DMARC1; p=reject"
reject.example.            TXT "v=spf1 -all"
list.example.              TXT "v=spf1 ip4:192.0.2.9 -all"
END
    . $key->zone_line('s1._domainkey.list.example.')
    . $key->zone_line('s1._domainkey.sealer.example.');
spew("$dir/zone", $zone);

my @envelope = (good => ['--client', '192.0.2.1', '--helo',
	'mail.good.example', '--from', 'a@good.example']);
my %envelope = (@envelope, bad => ['--client', '192.0.2.66', '--helo',
	'x.example', '--from', 'a@reject.example'],
    list => ['--client', '192.0.2.9', '--helo', 'x.example', '--from',
	'b@list.example'], null => ['--client', '2001:db8::1', '--helo', '',
	'--from', '']);
my $plain = "From: Ann <a\@good.example>\nTo: u\@site.test\nSubject: s\n"
    . "Date: Sun, 22 Nov 2026 06:00:00 +0000\nMessage-ID: <1\@good.example>\n"
    . "\nHello.\n";
my $reject = $plain =~ s/good\.example/reject.example/gr;
my $now = time;

sub explained {
	my ($message, @arguments) = @_;
	my @file = defined $message ? spew("$dir/m.eml", $message) : ();
	return run_command($signet, 'explain', @file, '--zone', "$dir/zone",
	    '--config', "$dir/signet.conf", '--now', $now, @arguments);
}

sub json_of {
	my ($message, @arguments) = @_;
	my ($status, $out, $err) = explained($message, @arguments, '--json');
	is($status, 0, 'exit status 0') or diag $err;
	is($err, '', 'nothing on standard error');
	return JSON::PP->new->utf8->decode($out);
}

my %members = (
	'' => [qw(iprev spf dkim arc dmarc authentication_results action
	    questions)],
	iprev => [qw(result)],
	spf => [qw(mailfrom helo)],
	arc => [qw(result sealers reason)],
	dmarc => [qw(result policy_domain organizational_domain discovery
	    published disposition overrides reason)],
);
my @spf = qw(result domain explanation lookups void_lookups);
my @dkim = qw(domain selector algorithm bits result reason);
my @question = qw(name type status dnssec);

sub has_all {
	my ($name, $object, @wanted) = @_;
	my @missing = grep { !exists $object->{$_} } @wanted;
	is("@missing", '', "$name: all members");
	return;
}

my $signed = $key->sign($plain, d => 'good.example', s => 's1', t => $now);
my $listed = $key->seal($key->sign($reject, d => 'list.example', s => 's1',
	t => $now), d => 'sealer.example', s => 's1', t => $now,
    results => 'sealer.example; dmarc=pass header.from=reject.example');
# Name, message, envelope, what is to come out.
my @cases = (
	['signed and allowed', $signed, 'good', { iprev => 'pass',
	    spf => 'pass', helo => 'pass', dkim => 'pass', arc => 'none',
	    dmarc => 'pass', published => 'reject', disposition => 'none',
	    action => 'accept' }],
	['not signed, not allowed', $reject, 'bad', { iprev => 'permerror',
	    spf => 'fail', helo => 'none', dkim => undef, arc => 'none',
	    dmarc => 'fail', published => 'reject', disposition => 'reject',
	    action => 'reject' }],
	['t=y', $plain, 'bad', { dmarc => 'fail', published => 'reject',
	    disposition => 'quarantine', action => 'tag' }],
	['a list and a sealer', $listed, 'list', { spf => 'pass',
	    dkim => 'pass', arc => 'pass', dmarc => 'fail',
	    published => 'reject', disposition => 'reject',
	    action => 'accept' }],
	['a broken signature', "${signed}x\n", 'null', { spf => 'none',
	    dkim => 'fail', dmarc => 'fail', action => 'tag' }],
	['no From', "Subject: s\n\nx\n", 'good', { dmarc => 'permerror',
	    action => 'tag' }],
	['two authors', "From: a\@good.example, b\@reject.example\n\nx\n",
	    'good', { dmarc => qr/fail|permerror/ }],
	['nothing', '', 'null', { action => 'tag' }],
	['bytes', "From: \xff\xfe <a\@good.example>\nX: \0\n\n\0\xff", 'good',
	    {}],
);
for my $case (@cases) {
	my ($name, $message, $envelope, $want) = @$case;
	subtest $name => sub {
		my @from = @{ $envelope{$envelope} };
		my $got = json_of($message, @from);
		has_all($_ || 'document', $_ ? $got->{$_} : $got,
		    @{ $members{$_} }) for sort keys %members;
		has_all("spf.$_", $got->{spf}{$_}, @spf) for qw(mailfrom helo);
		has_all('dkim', $_, @dkim) for @{ $got->{dkim} };
		has_all('question', $_, @question) for @{ $got->{questions} };
		my %is = (
			iprev => $got->{iprev}{result},
			spf => $got->{spf}{mailfrom}{result},
			helo => $got->{spf}{helo}{result},
			dkim => $got->{dkim}[0] && $got->{dkim}[0]{result},
			arc => $got->{arc}{result}, action => $got->{action},
			map { $_ => $got->{dmarc}{$_ eq 'dmarc' ? 'result' : $_} }
			    qw(dmarc published disposition));
		for (sort keys %$want) {
			ref $want->{$_} ? like($is{$_}, $want->{$_}, $_)
			    : is($is{$_}, $want->{$_}, $_);
		}
		my ($status, $text) = explained($message, @from);
		is($status, 0, 'for people: exit status 0');
		unlike($text, qr/[\x00-\x08\x0e-\x1f\x7f]/, '... clean');
		like($text, qr/\b\Q$got->{action}\E\b/, '... tells the action');
		for my $method (qw(spf dkim dmarc)) {
			next unless $is{$method};
			like($text, qr/\b$is{$method}\b/, "... tells $method");
		}
		for my $question (@{ $got->{questions} }) {
			like($text, qr/\b$question->{type}\s+\Q$question->{name}\E/,
			    "... tells $question->{type} $question->{name}");
		}
	};
}

# --- members in detail ---

{
	my $got = json_of($signed, @{ $envelope{good} });
	my ($one) = @{ $got->{dkim} };
	is("$one->{domain} $one->{selector} $one->{algorithm} $one->{bits}",
	    'good.example s1 rsa-sha256 2048', 'the signature');
	is($got->{dmarc}{policy_domain}, 'good.example', 'policy_domain');
	is($got->{dmarc}{organizational_domain}, 'good.example', 'organization');
	is($got->{dmarc}{discovery}, 'treewalk', 'discovery');
	like($got->{authentication_results}, qr/^\s*mx\.site\.test;.*dmarc=pass/s,
	    'the field');
	my %status = map { ("$_->{name} $_->{type}" => $_->{status}) }
	    @{ $got->{questions} };
	is($status{'good.example TXT'}, 'found', 'questions with answers');
	$got = json_of($plain, '--client', '192.0.2.66', '--helo', 'x.example',
	    '--from', 'a@good.example');
	is($got->{spf}{mailfrom}{explanation}, '192.0.2.66 is not ours',
	    'the explanation of the domain');
	$got = json_of($listed, @{ $envelope{list} });
	is_deeply($got->{arc}{sealers}, ['sealer.example'], 'the sealers');
	is(join(' ', sort map { $_->{type} } @{ $got->{dmarc}{overrides} }),
	    'local_policy mailing_list', 'both overrides');
	$got = json_of(undef, @{ $envelope{good} });
	is($got->{spf}{mailfrom}{result}, 'pass', 'the envelope alone');
	is_deeply($got->{dkim}, [], '... without signatures');
}

# --- what cannot be had ---

for my $case (['no such file', 2, "$dir/none.eml"],
	['no such zone', 2, '--zone', "$dir/none"],
	['no such option', 2, '--nonsense'],
	['no address', 2, '--client', 'x']) {
	my ($name, $want, @arguments) = @$case;
	my ($status, $out, $err) = run_command($signet, 'explain', '--zone',
	    "$dir/zone", '--config', "$dir/signet.conf", '--client',
	    '192.0.2.1', @arguments);
	is($status, $want, "$name: status $want");
	isnt($err, '', '... and why');
	is($out, '', '... nothing on standard output');
}

# --- old vectors ---

{
	my $weak = Signet::Sign->key('rsa', 1024);
	my $old = $weak->sign($plain, d => 'good.example', s => 'old',
	    a => 'rsa-sha1', t => $now);
	spew("$dir/zone", $zone . $weak->zone_line('old._domainkey.good.example.'));
	is(json_of($old, @{ $envelope{good} })->{dkim}[0]{result}, 'policy',
	    'rsa-sha1 does not pass');
	is(json_of($old, @{ $envelope{good} }, '--test-only-weak-crypto')
		->{dkim}[0]{result}, 'pass', '... but for tests');
	spew("$dir/zone", $zone);
}

# --- the milter says the same ---

my $table = $zone =~ s/^(\S+)\./$1/mgr;
my $in = Signet::Inbound->new(dns => $table =~ s/\\([";])/$1/gr,
    trust => { lists => 'list.example', arc_sealers => 'sealer.example' });
for my $case (@cases[0 .. 4]) {
	my ($name, $message, $envelope) = @$case;
	my %from = @{ $envelope{$envelope} };
	my $got = $in->send(data => $message, client => $from{'--client'},
	    helo => $from{'--helo'}, from => $from{'--from'});
	my $said = json_of($message, @{ $envelope{$envelope} });
	is($got->{event}{action}, $said->{action}, "$name: same action");
	my ($milter, $explain) = map { (my $field = $_) =~
	    s/\s*\((?:[^)]*dnssec|[^)]*key)[^)]*\)//g; $field =~ s/\s+/ /gr }
	    $got->{event}{authentication_results},
	    $said->{authentication_results};
	is($explain, $milter, '... same field');
	is_deeply($said->{dmarc}{overrides}, $got->{event}{dmarc}{overrides},
	    '... same overrides');
}
is($in->milter->stop, 0, 'ends cleanly');
done_testing;
