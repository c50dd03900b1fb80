#!/usr/bin/perl
# signet dns: what it says to publish is what it finds in order, in real
# signed zones; each fault alone is found, with the line that mends it; what
# could not be asked is never missing; the findings are kept in PostgreSQL.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::PolicyHost;
use Signet::Postgres;
use Signet::Starttls;
use Signet::Util qw(temp_dir top_dir free_port run_command must_run spew slurp
    program_path skip_or_fail need_programs now);
use Signet::Zone;

need_programs(qw(nsd ldns-signzone openssl));
eval { require IO::Socket::SSL; 1 }
    or skip_or_fail('not installed: libio-socket-ssl-perl');
Signet::Postgres->need;
my %path = map { $_ => program_path($_)
    // skip_or_fail("$_ has not been built") } qw(signet signet-load);
my $dir = temp_dir();
my $file = "$dir/signet.conf";
my @addresses = ('9.9.9.10', '2620:fe::10');

my $server = Signet::Starttls->new(name => 'mx.site.test');
mkdir "$dir/keys" or die;
mkdir "$dir/keys/site.test" or die;
must_run('openssl', 'genrsa', '-out', "$dir/keys/site.test/s1.pem", '2048');
must_run('openssl', 'genpkey', '-algorithm', 'ed25519', '-out',
    "$dir/keys/site.test/ed1.pem");

my %common = (hostname => 'mx.site.test',
    public_addresses => join(', ', @addresses));
my %domain = (dmarc_rua => 'dmarc@site.test, r!x@other.test',
    dmarc_policy => 'quarantine', tlsrpt_rua => 'tls@site.test',
    mta_sts => 'enforce', certificates => $server->certificate);
my $dns = Signet::Zone->new('site.test' => '');
my $pg = Signet::Postgres->new;

sub section {
	my ($name, %option) = @_;
	return "[$name]\n" . join '', map { "$_ = $option{$_}\n" }
	    grep { defined $option{$_} } sort keys %option;
}

# With { section => { option => value or undef } } changed.
sub configure {
	my (%with) = @_;
	return spew($file, section('common', %common,
	    %{ $with{common} // {} })
	    . section('dns', forward => $dns->address, timeout => '5s',
		root_key => $dns->anchor_file, %{ $with{dns} // {} })
	    . section('database', conninfo => $pg->conninfo,
		%{ $with{database} // {} })
	    . section('keys', directory => "$dir/keys",
		%{ $with{keys} // {} })
	    . section('mta_sts', %{ $with{mta_sts} // {} })
	    . section('domain', %domain, %{ $with{domain} // {} })
	    . "[domain other.test]\n[domain elsewhere.test]\n"
	    . "reports_only = yes\n");
}

sub signet_dns { return run_command($path{signet}, 'dns', @_) }

configure();
my ($status, $out, $err) = signet_dns('records', 'site.test', '-c', $file);
is($status, 0, 'signet dns records: status 0') or diag $err;

# --- the records ---

# What it prints is a zone file, but for the zones of others.
sub in_zone {
	my ($zone) = @_;
	return join "\n", grep { /^[^;\s]*[.]?\Q$zone\E[.]\t/ }
	    split /\n/, $out;
}
my $site = in_zone('site.test');
my $other = in_zone('other.test');
my @ptr = $out =~ /^; (\S+\t\d+\tPTR\t\S+)$/mg;
is(scalar @ptr, 2, 'a PTR for each address, as a comment');
unlike($out, qr/^[^;]*\tIN\t/m, 'no class');
like($site, qr/^site[.]test[.]\t3600\tMX\t10 mx[.]site[.]test[.]$/m, 'MX');
like($site, qr/^mx[.]site[.]test[.]\t3600\tAAAA\t2620:fe::10$/m, 'AAAA');
like($site, qr/\t"v=spf1 ip4:9[.]9[.]9[.]10 ip6:2620:fe::10 mx ~all"$/m,
    'SPF');
like($site, qr/^s1[.]_domainkey[.]site[.]test[.]\t3600\tTXT\t
    "v=DKIM1;\ k=rsa;\ p=[^"]+"\ "[^"]+"$/mx, 'DKIM in two strings');
like($site, qr/rua=mailto:dmarc\@site[.]test,mailto:r%21x\@other[.]test"$/m,
    'DMARC, the URI escaped');
is($other, "site.test._report._dmarc.other.test.\t3600\tTXT\t\"v=DMARC1\"",
    'consent in our other zone');
like($site, qr/^_25[.]_tcp[.]mx[.]site[.]test[.]\t3600\tTLSA\t
    3\ 1\ 1\ [0-9a-f]{64}$/mx, 'TLSA');
like($site, qr/^_smtp[.]_tls[.]mx[.]site[.]test[.]\t/m, 'TLSRPT of the host');
like($site, qr/^_smtp[.]_tls[.]site[.]test[.]\t/m, 'TLSRPT of the domain');
is((signet_dns('records', 'site.test', '-c', $file))[1], $out,
    'the same again');

my ($pem) = must_run('openssl', 'x509', '-in', $server->certificate,
    '-noout', '-pubkey');
spew("$dir/pub.pem", $pem);
must_run('openssl', 'pkey', '-pubin', '-in', "$dir/pub.pem", '-outform',
    'DER', '-out', "$dir/pub.der");
my ($digest) = must_run('openssl', 'dgst', '-sha256', "$dir/pub.der")
    =~ /([0-9a-f]{64})/;
like($site, qr/\tTLSA\t3 1 1 $digest$/m, 'the digest is that of openssl');

my $policy = "$dir/mta-sts.txt";
spew($policy, (signet_dns('records', 'site.test', '-c', $file,
    '--sts-policy'))[1]);
is(slurp($policy), "version: STSv1\r\nmode: enforce\r\nmx: mx.site.test\r\n"
    . "max_age: 604800\r\n", 'the policy file');
my $json = JSON::PP->new->utf8->decode((signet_dns('records', 'site.test',
    '-c', $file, '--json'))[1]);
is_deeply([map { $_->{elsewhere} ? () : $_->{line} } @{ $json->{records} }],
    [grep { /^[^;\s]/ } split /\n/, $out], '--json has the same lines');
is($json->{mta_sts_policy}, slurp($policy), '... and the policy');

subtest 'a domain that has reports only' => sub {
	my ($status, $out) = signet_dns('records', 'elsewhere.test', '-c',
	    $file);
	is($status, 0, 'status 0');
	is(join(' ', map { /^(\S+)/ } grep { /^[^;\s]/ } split /\n/, $out),
	    '_dmarc.elsewhere.test. elsewhere.test._report._dmarc.site.test. '
	    . 'elsewhere.test._report._dmarc.other.test. '
	    . '_smtp._tls.elsewhere.test.',
	    'DMARC, consent of two of ours, TLSRPT');
};

# --- the zones ---

$site .= "\nmta-sts.site.test. A 9.9.9.10\n";
my ($reverse4) = grep { /in-addr/ } @ptr;
my ($reverse6) = grep { /ip6/ } @ptr;
my %good = ('site.test' => $site, 'other.test' => $other,
    '9.in-addr.arpa' => $reverse4, '0.2.6.2.ip6.arpa' => $reverse6);
$dns->change(%good);

my @connect = ('--connect', $server->address);
my @check = ('--policy', $policy, '--no-store', @connect);

sub check {
	my (@more) = @_;
	my ($status, $out, $err) = signet_dns('check', 'site.test', '-c',
	    $file, @more ? @more : @check);
	return ($status, $out, $err);
}

subtest 'all in order' => sub {
	my ($status, $out, $err) = check();
	is($status, 0, 'status 0') or diag $out;
	is($err, '', 'nothing on standard error');
	unlike($out, qr/^(?!ok )(?!site[.]test: )/m, 'every line is ok');
	for my $says ('mx +1 host, signed', 'mx +mx.site.test has 2 addresses, '
	    . 'signed', 'helo +mx.site.test is 9.9.9.10, signed',
	    'ptr +2620:fe::10 is mx.site.test, and back',
	    'spf +9.9.9.10 may send: pass', 'spf +others may not: softfail; '
	    . '1 of 10 lookups', 'spf +9.9.9.10 may say HELO mx.site.test',
	    'dkim +ed1: Ed25519, signed', 'dkim +s1: RSA 2048, signed',
	    'dmarc +p=quarantine, signed', 'dmarc +reports may go to '
	    . 'r!x@other.test', 'tlsrpt +reports about the way to the domain',
	    'host-tlsrpt +reports about mx.site.test \(DANE\)',
	    'mta-sts +announced, id [0-9a-f]{20}, signed',
	    'mta-sts +the policy \(enforce\) names every MX',
	    'tlsa +mx.site.test: 1 usable record, signed',
	    'starttls +mx.site.test speaks TLSv1.3, \w+, REQUIRETLS',
	    'certificate +that of mx.site.test is the one of the TLSA '
	    . 'record') {
		like($out, qr/^ok +$says/m, $says);
	}
	like($out, qr/^site.test: \d+ of \d+ in order, 0 wrong, 0 to look at, 0 /m,
	    'the sum');
	($status, $out) = check(@check, '--profile', 'internet.nl');
	is($status, 0, '--profile internet.nl: status 0') or diag $out;
};

# --- one fault at a time ---

# Of the output: remedies of the findings that begin so.
sub remedies {
	my ($out, $head) = @_;
	my @found = $out =~ /^$head[^\n]*\n((?:    [^\n]*\n)*)/mg;
	s/^    //mg for @found;
	return join '', @found;
}

# name, what becomes of the zone, "severity +item +detail", the remedy.
sub fault {
	my ($name, $change, $head, $remedy, @more) = @_;
	my %zone = %good;
	local $_ = $zone{'site.test'};
	$change->(\%zone) if $change;
	$zone{'site.test'} = $_ unless ref $zone{'site.test'};
	$dns->change(%zone) if $change;
	my ($status, $out) = check(@check, @more);
	my %wanted = (error => 1, warn => 0, 'could not ask' => 2);
	my ($severity) = $head =~ /^(error|warn|could not ask)/;
	subtest $name => sub {
		is($status, $wanted{$severity}, "status $wanted{$severity}");
		like($out, qr/^$head/m, $head);
		like(remedies($out, $head), $remedy, 'the remedy');
		unlike($out, qr/^error/m, 'no error') if $severity ne 'error';
	} or diag $out;
	$dns->change(%good) if $change;
	return $out;
}
my $line = sub { my ($like) = @_; return ($site =~ /^(\Q$like\E.*)$/m)[0] };
my $is = sub { my ($like) = @_; return qr/^\Q@{[$line->($like)]}\E$/m };
my $drop = sub { my ($like) = @_; return sub { s/^\Q$like\E.*\n//mg } };

fault('no MX', $drop->("site.test.\t3600\tMX"), 'error +mx +there is no MX',
    $is->("site.test.\t3600\tMX"));
fault('null MX', sub { s/10 mx[.]site[.]test[.]$/0 ./m },
    'error +mx +"" is no host', $is->("site.test.\t3600\tMX"));
fault('MX without address', $drop->("mx.site.test.\t3600\tA"),
    'error +mx +mx.site.test has no address',
    $is->("mx.site.test.\t3600\tAAAA"));
fault('MX is an alias', sub {
	s/10 mx[.]site[.]test[.]$/10 alias.site.test./m;
	$_ .= "alias.site.test. CNAME mx.site.test.\n";
}, 'error +mx +alias.site.test is an alias', qr/^name mx[.]site[.]test in/m);
fault('another MX', sub { $_ .= "site.test. MX 20 mx2\nmx2 A 9.9.9.11\n" },
    'error +mta-sts +the policy does not name mx2.site.test, an MX: senders '
    . 'do not deliver there', qr/^add to the policy: mx: mx2[.]site[.]test$/m);
fault('no IPv6, for internet.nl', $drop->("mx.site.test.\t3600\tAAAA"),
    'error +mx +mx.site.test has 1 address, none of IPv6',
    qr/^publish: mx[.]site[.]test[.] AAAA/m, '--profile', 'internet.nl');
fault('HELO leads elsewhere', sub { s/\t9[.]9[.]9[.]10$/\t9.9.9.77/m },
    'error +helo +mx.site.test, our name in HELO, is not 9.9.9.10',
    qr/^mx[.]site[.]test[.]\t3600\tA\t9[.]9[.]9[.]10$/m);
fault('no PTR', sub { $_[0]{'9.in-addr.arpa'} = '' },
    'error +ptr +9.9.9.10 has no name',
    qr/^\Q10.9.9.9.in-addr.arpa.\E\t3600\tPTR\tmx[.]site[.]test[.]$/m);
fault('PTR that does not lead back', sub {
	$_[0]{'9.in-addr.arpa'} =~ s/mx[.]site/away.site/;
	$_ .= "away.site.test. A 9.9.9.99\n";
}, 'error +ptr +9.9.9.10 is away.site.test, which is not',
    qr/\tPTR\tmx[.]site[.]test[.]$/m);
fault('PTR of another name', sub {
	$_[0]{'9.in-addr.arpa'} =~ s/mx[.]site/two.site/;
	$_ .= "two.site.test. A 9.9.9.10\n";
}, 'warn +ptr +9.9.9.10 is two.site.test, and back, but',
    qr/\tPTR\tmx[.]site[.]test[.]$/m);
fault('no SPF', $drop->("site.test.\t3600\tTXT\t\"v=spf1"),
    'error +spf +there is no record', $is->("site.test.\t3600\tTXT"));
fault('two SPF', sub { $_ .= "site.test. TXT \"v=spf1 -all\"\n" },
    'error +spf +several such records', qr/"v=spf1 -all"$/m);
fault('broken SPF', sub { s/ip4:9[.]9[.]9[.]10/ip4:9.9.9/ },
    'error +spf +the record is broken', $is->("site.test.\t3600\tTXT"));
fault('SPF forgets an address', sub {
	s/"v=spf1 ip4:9\S+ ip6:\S+ mx ~all"/"v=spf1 ip6:2620:fe::10 -all"/ },
    'error +spf +9.9.9.10 may not send: fail',
    qr/^site[.]test[.]\t3600\tTXT\t"v=spf1\ ip4:9[.]9[.]9[.]10
    \ ip6:2620:fe::10\ -all"$/mx);
fault('SPF for everybody', sub { s/~all/+all/ },
    'error +spf +everybody may send', $is->("site.test.\t3600\tTXT"));
fault('SPF without an end', sub { s/ ~all"/"/ },
    'warn +spf +the record says nothing of others', qr/"~all"/);
fault('SPF that asks too much', sub {
	my $many = join ' ', map { "include:i$_.site.test" } 1 .. 10;
	s/ mx ~all"/ mx $many ~all"/;
	my $more = join '', map {
		"i$_.site.test. TXT \"v=spf1 ?ip4:8.8.8.8\"\n" } 1 .. 10;
	$_ .= $more;
}, 'error +spf +receivers take it for broken',
    qr/^publish a record that asks less/m);
fault('no SPF of the host', $drop->("mx.site.test.\t3600\tTXT"),
    'warn +spf +9.9.9.10 saying HELO mx.site.test: none',
    $is->("mx.site.test.\t3600\tTXT"));
fault('no DKIM key', $drop->('ed1._domainkey'),
    'error +dkim +ed1._domainkey.site.test: not published',
    $is->('ed1._domainkey'));
fault('another DKIM key', sub { s/(k=ed25519; p=)..../${1}AAAA/ },
    'error +dkim +ed1._domainkey.site.test: another key',
    $is->('ed1._domainkey'));
fault('revoked DKIM key', sub { s/(k=ed25519; p=)[^"]*/$1/ },
    'error +dkim +ed1._domainkey.site.test: the key is revoked',
    $is->('ed1._domainkey'));
fault('two DKIM records', sub { $_ .= "ed1._domainkey TXT \"v=DKIM1; p=\"\n" },
    'error +dkim +ed1._domainkey.site.test: several records',
    $is->('ed1._domainkey'));
fault('DKIM test mode', sub { s/(k=ed25519;)/$1 t=y;/ },
    'warn +dkim +ed1: Ed25519, signed, but t=y', $is->('ed1._domainkey'));
fault('no DMARC', $drop->('_dmarc.site.test'),
    'error +dmarc +there is no record at _dmarc.site.test',
    $is->('_dmarc.site.test'));
fault('DMARC without rua', sub { s/; rua=[^"]*// },
    'error +dmarc +rua does not name dmarc@site.test',
    $is->('_dmarc.site.test'));
fault('DMARC with a broken policy', sub { s/p=quarantine/p=quarantene/ },
    'error +dmarc +the record is broken', $is->('_dmarc.site.test'));
fault('two DMARC', sub { $_ .= "_dmarc TXT \"v=DMARC1; p=none\"\n" },
    'error +dmarc +several such records', qr/"v=DMARC1; p=none"$/m);
fault('no consent', sub { $_[0]{'other.test'} = '' },
    'error +dmarc +no report goes to r!x@other.test',
    qr/^\Q$other\E$/m);
fault('p=none, for internet.nl', sub { s/p=quarantine/p=none/ },
    'error +dmarc +p=none', qr/dmarc_policy/, '--profile', 'internet.nl');
fault('no TLSRPT', $drop->('_smtp._tls.site.test'),
    'error +tlsrpt +no record at _smtp._tls.site.test',
    $is->('_smtp._tls.site.test'));
fault('no TLSRPT of the host', $drop->('_smtp._tls.mx'),
    'error +host-tlsrpt +no record at _smtp._tls.mx.site.test: nobody reports '
    . 'about mx.site.test \(DANE\)', $is->('_smtp._tls.mx'));
fault('TLSRPT to others', sub { s/mailto:tls\@/mailto:else\@/g },
    'error +tlsrpt +rua at _smtp._tls.site.test does not name tls@site.test',
    $is->('_smtp._tls.site.test'));
fault('broken TLSRPT', sub { s/(_smtp._tls.site.*)mailto:/$1/ },
    'error +tlsrpt +the record at _smtp._tls.site.test is broken',
    $is->('_smtp._tls.site.test'));
fault('no MTA-STS', $drop->('_mta-sts'),
    'error +mta-sts +there is no record', $is->('_mta-sts'));
fault('no host for the policy', $drop->('mta-sts'),
    'error +mta-sts +mta-sts.site.test has no address', qr/^publish A, AAAA/m);
fault('an old id', sub { s/id=\w+/id=20200101/ },
    'warn +mta-sts +the id is 20200101', $is->('_mta-sts'));
fault('no TLSA', $drop->('_25._tcp'),
    'warn +tlsa +mx.site.test has no TLSA record', $is->('_25._tcp'));
fault('another TLSA', sub { s/(3 1 1) ..../$1 0000/ },
    'error +certificate +that of mx.site.test is in no TLSA record',
    $is->('_25._tcp'));
fault('useless TLSA', sub { s/3 1 1/1 1 1/ },
    'error +tlsa +a record of \S+ is of no use: usage 1', $is->('_25._tcp'));
fault('unsigned zone', sub {
	$_[0]{'site.test'} = { text => $_, unsigned => 1 } },
    'error +tlsa +mx.site.test: 1 usable record, of no use: they are not '
    . 'signed', qr/^sign that zone/m);

# --- keys come and go ---

subtest 'states of keys' => sub {
	my $keys = "$dir/keys/site.test";
	must_run('openssl', 'genpkey', '-algorithm', 'ed25519', '-out',
	    "$keys/ed2.pem.made");
	my ($status, $out) = check();
	is($status, 0, 'a key that was made: status 0');
	like($out, qr/^warn +dkim +ed2._domainkey.site.test: made, and not published yet
    publish:
    ed2._domainkey.site.test.\t3600\tTXT\t"v=DKIM1; k=ed25519; p=.{44}"$/m,
	    '... its line');
	rename "$keys/ed2.pem.made", "$keys/ed2.pem.published" or die;
	($status, $out) = check();
	is($status, 1, 'one that should be published: status 1');
	like($out, qr/^error +dkim +ed2._domainkey.site.test: not published/m,
	    '... told');
	unlink "$keys/ed2.pem.published";
	rename "$keys/ed1.pem", "$keys/ed1.pem.revoked" or die;
	($status, $out) = check();
	is($status, 1, 'a revoked key that is published: status 1');
	like($out, qr/^error +dkim +ed1._domainkey.site.test: revoked, and its key is still published
    publish:
    ed1._domainkey.site.test.\t3600\tTXT\t"v=DKIM1; k=ed25519; p="$/m,
	    '... the line that revokes it');
	rename "$keys/ed1.pem.revoked", "$keys/ed1.pem" or die;
	my ($name) = getpwuid $>;
	if ($name ne 'root') {
		chmod 0, "$keys/ed1.pem";
		($status, $out) = check();
		is($status, 2, 'a key that cannot be read: status 2');
		chmod 0640, "$keys/ed1.pem";
	}
	spew("$keys/ed3.pem", "no key\n");
	($status, $out) = check();
	is($status, 2, 'a file that is no key: status 2');
	like($out, qr/^could not ask +dkim +a key of ours cannot be read: .*ed3.pem/m,
	    '... told');
	unlink "$keys/ed3.pem";
};

# --- what could not be asked ---

subtest 'a bogus zone' => sub {
	$dns->change('site.test' => { text => $site, bogus => 1 });
	my ($status, $out) = check();
	is($status, 2, 'status 2');
	like($out, qr/^could not ask +mx +MX of site[.]test: DNSSEC says bogus/m,
	    'the MX');
	like($out, qr/^    mend the signatures or the DS/m, 'the remedy');
	unlike($out, qr/^error|there is no|not published/m,
	    'nothing is missing');
	$dns->change(%good);
};

subtest 'a zone that does not answer' => sub {
	$dns->change('dead.test' => { servfail => 1 });
	my ($status, $out) = signet_dns('check', 'dead.test', '-c', $file,
	    '--no-store', @connect);
	is($status, 2, 'status 2');
	for my $item (qw(mx spf dmarc tlsrpt mta-sts)) {
		like($out, qr/^could not ask +$item /m, $item);
	}
	like($out, qr/^ok +helo /m, 'what lies elsewhere is checked');
	unlike($out, qr/^error|there is no record|not published/m,
	    'nothing is missing');
	$dns->remove('dead.test');
};

subtest 'no resolver' => sub {
	configure(dns => { forward => '127.0.0.1@' . free_port(),
	    timeout => '1s' });
	my $begin = now();
	my ($status, $out) = check();
	is($status, 2, 'status 2');
	unlike($out, qr/^error/m, 'nothing is missing');
	cmp_ok(now() - $begin, '<', 60, 'it ends');
	configure();
};

# --- NAT ---

subtest 'behind NAT' => sub {
	configure(common => { public_addresses => '10.1.2.3, 9.9.9.10' });
	my ($status, $out) = check();
	is($status, 0, 'status 0') or diag $out;
	like($out, qr/^warn +address +10[.]1[.]2[.]3 is private/m,
	    'a private address is named');
	like($out, qr/^ok +spf +9[.]9[.]9[.]10 may send/m,
	    'the public one is checked');
	unlike($out, qr/^ok +ptr +10[.]/m, 'the private one is not');
	configure(common => { public_addresses => undef });
	($status, $out) = check();
	like($out, qr/^(?:warn +address +(?:\S+ is private|this host has no)|\w+ +helo )/m,
	    'unset: the addresses of this host');
	configure();
};

# --- a domain whose mail is elsewhere ---

subtest 'reports only' => sub {
	my $lines = (signet_dns('records', 'elsewhere.test', '-c', $file))[1];
	my @lines = grep { /^[^;\s]/ } split /\n/, $lines;
	my $of = sub { my ($zone) = @_;
		return join '', map { "$_\n" } grep { /^\S*[.]\Q$zone\E[.]\t/ }
		    @lines };
	$dns->change('elsewhere.test' => $of->('elsewhere.test'),
	    'site.test' => "$site\n" . $of->('site.test'),
	    'other.test' => "$other\n" . $of->('other.test'));
	my ($status, $out) = signet_dns('check', 'elsewhere.test', '-c',
	    $file, '--no-store');
	is($status, 0, 'status 0') or diag $out;
	is(join(' ', $out =~ /^ok +(\S+)/mg), 'dmarc dmarc dmarc tlsrpt',
	    'DMARC, its two addresses, TLSRPT');
	$dns->change(%good);
	($status, $out) = signet_dns('check', 'elsewhere.test', '-c', $file,
	    '--no-store');
	is($status, 1, 'without the consent: status 1');
	like(remedies($out, 'error +dmarc +no report goes to dmarc@site.test'),
	    qr/^elsewhere.test._report._dmarc.site.test.\t3600\tTXT\t"v=DMARC1"$/m,
	    'the remedy');
};

# --- the mail server ---

sub served {
	my ($name, $head, $status, $remedy, %option) = @_;
	my $server = Signet::Starttls->new(name => 'mx.site.test', %option);
	my ($got, $out) = check('--no-store', '--policy', $policy, '--connect',
	    $server->address);
	subtest $name => sub {
		is($got, $status, "status $status");
		like($out, qr/^$head/m, $head);
		like(remedies($out, $head), $remedy, 'the remedy');
	} or diag $out;
	return;
}
my $key = sub {
	my ($certificate) = @_;
	(my $key = $certificate) =~ s{[^/]+$}{key.pem};
	return $key;
};
served('another key', 'error +certificate +that of mx.site.test is in no TLSA',
    1, qr/^_25[.]_tcp[.]mx[.]site[.]test[.]\t3600\tTLSA\t3 1 1 (?!$digest)/m);
served('another name', 'error +certificate +that of mx.site.test is for '
    . 'www.site.test: senders that use MTA-STS do not deliver', 1,
    qr/^have one made out for mx[.]site[.]test$/m, name => 'www.site.test');
served('an old certificate', 'error +certificate +that of mx.site.test has '
    . 'expired', 1, qr/^renew it/m, days => -2);
served('a certificate near its end', 'warn +certificate +that of mx.site.test '
    . 'expires in \d days', 1, qr/^renew it/m, days => 6);
served('an old server', 'error +starttls +mx.site.test speaks TLSv1.1', 1,
    qr/^let the mail server speak TLS 1.2/m, version => 'TLSv1_1');
served('no STARTTLS', 'error +starttls +mx.site.test at 127.0.0.1 port \d+: '
    . 'the server does not offer STARTTLS', 1, qr/smtpd_tls_chain_files/,
    starttls => 0);
served('STARTTLS refused', 'error +starttls .*454 not now', 1,
    qr/smtpd_tls_chain_files/, reply => "454 not now\r\n");
served('text in clear behind STARTTLS', 'error +starttls .*bytes in clear', 1,
    qr/smtpd_tls_chain_files/, inject => "250 early\r\n");

subtest 'the key of the certificate is what counts' => sub {
	my $other = Signet::Starttls->new(name => 'mx.site.test',
	    certificate => $server->certificate);
	must_run('cp', $key->($server->certificate), "$other->{dir}/key.pem");
	my ($status) = check('--no-store', '--policy', $policy, '--connect',
	    $other->address);
	is($status, 0, 'status 0');
};

subtest 'nobody there' => sub {
	my ($status, $out) = check('--no-store', '--policy', $policy,
	    '--connect', '127.0.0.1:' . free_port());
	is($status, 2, 'status 2');
	like($out, qr/^could not ask +starttls .*Connection refused$/m, 'told');
	($status, $out) = check('--no-store', '--no-connect');
	is($status, 0, '--no-connect: status 0') or diag $out;
	like($out, qr/^skip +certificate +no mail server was connected to$/m,
	    '... with a word');
	like($out, qr/^skip +mta-sts +the policy was not looked at/m,
	    'nor the policy read');
};

# --- the policy, as senders get it ---

subtest 'the policy is fetched' => sub {
	my $web = Signet::PolicyHost->new;
	my $host = 'mta-sts.site.test';
	my $text = slurp($policy);
	(my $here = $site) =~ s/^mta-sts[.].*/$host. A 127.0.0.1/m;
	my $run = sub {
		my (%set) = @_;
		configure(mta_sts => { ca_file => $web->ca_file,
		    port => $web->port, allowed_networks => '127.0.0.0/8',
		    %set });
		return check('--no-store', @connect);
	};
	$dns->change(%good, 'site.test' => $here);
	$web->site($host, body => $text);
	my ($status, $out) = $run->();
	is($status, 0, 'status 0') or diag $out;
	like($out, qr/^ok +mta-sts +the policy \(enforce\) names every MX$/m,
	    'as it should be');
	is($web->count($host), 1, 'one request');
	my @fault = (
		[{ status => 404 }, 'senders do not get .*: HTTP status 404',
		    qr/^serve, with status 200/m],
		[{ certificate => 'wrong-name' }, 'senders do not get .*name',
		    qr/^give the web server a certificate for $host /m],
		[{ certificate => 'expired' }, 'senders do not get .*expired',
		    qr/^give the web server a certificate/m],
		[{ type => 'text/html' }, 'what .* serves is no policy: media',
		    qr/^serve, with status 200/m],
		[{ body => "<html>\n" }, 'what .* serves is no policy',
		    qr/^serve, with status 200/m],
		[{ body => $text =~ s/mx: mx/mx: mx9/r },
		    'the policy does not name mx.site.test',
		    qr/^add to the policy/m],
	);
	for my $fault (@fault) {
		my ($site, $head, $remedy) = @$fault;
		$web->site($host, body => $text, %$site);
		my ($status, $out) = $run->();
		is($status, 1, "$head: status 1");
		like($out, qr/^error +mta-sts +$head/m, $head);
		like(remedies($out, "error +mta-sts +$head"), $remedy,
		    'the remedy');
	}
	($status, $out) = $run->(allowed_networks => undef);
	like($out, qr/^error +mta-sts .*has no address in the Internet$/m,
	    'an address that nobody reaches');
	($status, $out) = $run->(ca_file => '/nonexistent');
	is($status, 2, 'no authorities: status 2');
	$dns->change(%good);
	configure();
};

# --- PostgreSQL ---

my @served = ('--policy', $policy, @connect);

subtest 'kept in PostgreSQL' => sub {
	my ($status, $out, $err) = check(@served);
	is($status, 0, 'without a schema: status as found');
	like($err, qr/^signet dns: not kept in the database: .*schema/m,
	    '... and told');
	must_run($path{'signet-load'}, '-c', $file, '--migrate', '--sql-dir',
	    top_dir() . '/sql');
	$pg->login('boss', 'signet_admin');
	configure(database => { conninfo => $pg->conninfo(user => 'boss') });
	$dns->change(%good, 'site.test' => $site =~ s/^ed1.*\n//mr);
	($status, $out, $err) = check(@served);
	is("$status$err", '1', 'as signet_admin: status as found');
	my ($row) = $pg->rows({ user => 'boss' },
	    "select * from signet.v_dns_check where severity = 'error'");
	is($row->{domain}, 'site.test', 'the domain');
	is($row->{item}, 'dkim', 'the item');
	is($row->{host}, 'mx.site.test', 'the host');
	is($row->{remedy}, "publish:\n" . $line->('ed1'), 'the remedy');
	my @lines = $out =~ /^(?:ok|skip|warn|error|could)/mg;
	is($pg->value('select count(*) from signet.v_dns_check'),
	    scalar @lines, 'a row for each line');
	is($pg->value("select string_agg(host(address), ' ' order by address) "
	    . 'from signet.v_own_address'), join(' ', @addresses),
	    'our addresses');
	$dns->change(%good);
	configure(database => { conninfo => $pg->conninfo(user => 'boss') },
	    common => { public_addresses => '9.9.9.10' });
	($status) = check(@served);
	is($pg->value("select count(*) from signet.v_dns_check where "
	    . "severity = 'error'"), 0, 'the view has the latest run');
	is($pg->value('select count(distinct run) from signet.dns_check'), 2,
	    'both are kept');
	is($pg->value('select count(*) from signet.v_own_address'), 1,
	    'an address that went is gone');
	$pg->psql("select signet.signing_key_change('site.test', 'far1', "
	    . "'ed25519', 256, 'VJkTQ+R+osJ8VUD7uTOz1tdzPJpHzHNt6suNRvZzLic=', "
	    . "'made', now(), 'mx2.site.test', 'boss', 'test', true)");
	($status, $out) = signet_dns('records', 'site.test', '-c', $file);
	like($out, qr/^far1._domainkey.site.test.\t3600\tTXT\t"v=DKIM1; k=ed25519; p=VJkTQ/m,
	    'the key of another host is to be published');
	$pg->psql("select signet.signing_key_change('site.test', 'far1', "
	    . "null, null, null, 'deleted', now(), 'mx2.site.test', 'boss', "
	    . "'test', true)");
	($status, $out) = signet_dns('records', 'site.test', '-c', $file);
	unlike($out, qr/far1/, '... and gone with it');
	$pg->psql("update signet.dns_check set at = at - interval '91 days'");
	check(@served);
	is($pg->value('select count(distinct run) from signet.dns_check'), 1,
	    'old runs go');
	my ($json) = (check('--json', @served))[1];
	$json = JSON::PP->new->utf8->decode($json);
	is($json->{status}, 0, '--json: the status');
	is(scalar(grep { $_->{severity} eq 'ok' } @{ $json->{findings} }),
	    $pg->value("select count(*) from signet.v_dns_check where "
	    . "severity = 'ok'"), '... and the findings');
	configure();
};

# --- usage and configuration ---

subtest 'usage' => sub {
	my $usage = qr/^usage: signet dns records DOMAIN/m;
	for my $wrong ([], ['nonsense'], ['records'], ['check'],
	    ['check', 'a', 'b'], ['check', 'a.test', '--nonsense'],
	    ['check', 'a.test', '--profile', 'other'],
	    ['check', 'a.test', '--connect', 'mx'],
	    ['check', 'a.test', '--connect', 'mx:25', '--no-connect'],
	    ['records', 'a.test', '--policy', 'x']) {
		my ($status, $out, $err) = signet_dns(@$wrong);
		is("$status$out", '2', "signet dns @$wrong: status 2");
		like($err, $usage, '... usage');
	}
	my ($status, $out) = signet_dns('--help');
	is($status, 0, '--help: status 0');
	like($out, $usage, '... usage');
	my %told = map { $_ => 1 }
	    slurp(top_dir() . '/docs/man/signet-dns.8') =~ /Fl Fl ([a-z-]+)/g;
	my %takes = map { $_ => 1 } $out =~ /--([a-z-]+)/g;
	is_deeply([sort keys %told], [sort keys %takes],
	    'signet-dns(8) tells the same arguments');
};

for my $case (
    [{ common => { public_addresses => '9.9.9.10, mx' } },
	qr/public_addresses: "mx" is no address/],
    [{ domain => { dmarc_rua => 'nobody' } },
	qr/dmarc_rua: "nobody" is no address/],
    [{ domain => { mx => 'a..b' } }, qr/mx: "a[.][.]b" is no host name/],
    [{ domain => { mta_sts => 'maybe' } }, qr/mta_sts: "maybe"/],
    [{ domain => { certificates => "$dir/none.pem" } },
	qr/none[.]pem: No such file/],
    [{ domain => { certificates => $file } },
	qr/signet[.]conf: the file holds no certificate/]) {
	configure(%{ $case->[0] });
	my ($status, $out, $err) = signet_dns('records', 'site.test', '-c',
	    $file);
	is("$status$out", '2', 'a wrong configuration: status 2');
	like($err, $case->[1], '... told');
}

done_testing;
