package Signet::TlsCases;

# Domains with everything that can be right or wrong about TLS towards them:
# one row tells what DNS and the web say of a domain, how its mail server
# behaves, and what is to come of it.
#
#   for my $case (Signet::TlsCases::all()) { $case->{domain} ... }
#   my %zones = Signet::TlsCases::zones($servers, $ca);   # for Signet::Zone
#   my %faces = Signet::TlsCases::faces();         # for Signet::TlsServer
#   my @names = Signet::TlsCases::mx_names();
#   Signet::TlsCases::serve($policy_host);         # Signet::PolicyHost
#   my $text = Signet::TlsCases::answer($case, 'policy');  # undef: not found
#
# What a row says:
#   mx       the face of the mail server (Signet::TlsServer), or a list of
#            [name, face]; "nobody" listens nowhere
#   tlsa     for the first server: names of TLSA records of %tlsa below; a list
#            of such for several servers
#   sts      what the policy host does: a mode, or a word of %web below
#   host     the name of the server, one that another row has
#   level    what Postfix is told: dane-only, dane, secure, none (not found),
#            temp
#   verified the level for mail that requires TLS, where it is another
#   sent     "sent", or the DSN status that a refusal begins with, with words
#   result   of the TLS report: type (tlsa, sts, no-policy-found), and the
#            result word of RFC 8460 section 4.3, or "success"; several for
#            several servers. None: Postfix has nothing to tell.
#   log      the same as signet-tls-collect reads it in the log of Postfix, or
#            finds by a look of its own, where that is another
#   problem  what signet-policy has to tell by itself, likewise
#   words    in the explanation of signet-policy, a pattern

use strict;
use warnings;
use Signet::Ca;

my %address = (
	good => '203.0.113.1', name => '203.0.113.2',
	unknown => '203.0.113.3', expired => '203.0.113.4',
	self => '203.0.113.5', plain => '203.0.113.6',
	refused => '203.0.113.7', closed => '203.0.113.8',
	alert => '203.0.113.9', requiretls => '203.0.113.10',
	nobody => '203.0.113.99',
);

my $unverified = '4.7.5 Server certificate not verified';
my $no_tls = '4.7.4 TLS is required, but was not offered';
my $refused = '4.7.0 TLS is required, but host \S+ refused to start TLS: 454';
my $broken = '4.7.5 Cannot start TLS: handshake failure';
my $config = '4.7.5 (?:client TLS configuration problem|TLSA lookup error)';
my $lookup = '4.4.3 Host or domain name not found';

# Signed, so that DANE is possible: NAME.dane.example.
my @dane = (
	[good => mx => 'good', tlsa => 'good', level => 'dane-only',
	    sent => 'sent', result => 'tlsa success'],
	[authority => mx => 'good', tlsa => 'ca', level => 'dane-only',
	    sent => 'sent', result => 'tlsa success'],
	[rollover => mx => 'good', tlsa => 'zero good', level => 'dane-only',
	    sent => 'sent', result => 'tlsa success'],
	[othername => mx => 'name', tlsa => 'name', level => 'dane-only',
	    sent => 'sent', result => 'tlsa success'],
	[selfsigned => mx => 'self', tlsa => 'self', level => 'dane-only',
	    sent => 'sent', result => 'tlsa success'],
	[stale => mx => 'expired', tlsa => 'expired', level => 'dane-only',
	    sent => 'sent', result => 'tlsa success'],
	[staleauthority => mx => 'expired', tlsa => 'ca',
	    level => 'dane-only', sent => $unverified,
	    result => 'tlsa certificate-expired'],
	[mismatch => mx => 'good', tlsa => 'zero', level => 'dane-only',
	    sent => $unverified, result => 'tlsa certificate-not-trusted',
	    log => 'tlsa validation-failure'],
	[plain => mx => 'plain', tlsa => 'good', level => 'dane-only',
	    sent => $no_tls, result => 'tlsa starttls-not-supported'],
	[refused => mx => 'refused', tlsa => 'good', level => 'dane-only',
	    sent => $refused, result => 'tlsa starttls-not-supported'],
	[closed => mx => 'closed', tlsa => 'good', level => 'dane-only',
	    sent => $broken, result => 'tlsa validation-failure'],
	[alert => mx => 'alert', tlsa => 'good', level => 'dane-only',
	    sent => $broken, result => 'tlsa validation-failure'],
	[unusable => mx => 'self', tlsa => 'private', level => 'dane',
	    problem => 'tlsa-invalid', sent => 'sent', result => 'no-policy-found success'],
	[pkix => mx => 'self', tlsa => 'pkix', level => 'dane',
	    problem => 'tlsa-invalid', sent => 'sent', result => 'no-policy-found success'],
	[unusableplain => mx => 'plain', tlsa => 'private', level => 'dane',
	    problem => 'tlsa-invalid', sent => $no_tls,
	    result => 'no-policy-found starttls-not-supported'],
	[second => mx => [[mx1 => 'name'], [mx2 => 'good']],
	    tlsa => ['zero', 'good'], level => 'dane-only', sent => 'sent',
	    result => ['tlsa certificate-not-trusted', 'tlsa success'],
	    log => ['tlsa validation-failure', 'tlsa success']],
	[half => mx => [[mx1 => 'nobody'], [mx2 => 'good']],
	    tlsa => ['', 'good'], level => 'dane', verified => 'dane-only',
	    sent => 'sent',
	    result => 'tlsa success'],
	[signed => mx => 'self', level => 'none', sent => 'sent',
	    result => 'no-policy-found success'],
	[implicit => mx => 'good', tlsa => 'good', no_mx => 1,
	    level => 'dane-only', sent => 'sent', result => 'tlsa success'],
	[alias => mx => 'good', tlsa => 'good', cname => 1,
	    level => 'dane-only', sent => 'sent', result => 'tlsa success'],
	[faraway => mx => 'good', host => 'mx.open.sts.example',
	    level => 'none', sent => 'sent',
	    result => 'no-policy-found success'],
	[both => mx => 'name', tlsa => 'name', sts => 'enforce',
	    level => 'dane-only', sent => 'sent', result => 'tlsa success'],
	[bogus => mx => 'good', tlsa => 'good', zone => 'bogus',
	    level => 'temp', problem => 'validation-failure',
	    log => 'no-policy-found validation-failure', sent => $lookup],
	[bogustlsa => mx => 'good', tlsa => 'good', zone_of_tlsa => 'bogus',
	    level => 'temp', problem => 'dnssec-invalid', sent => $config,
	    log => 'tlsa dnssec-invalid'],
	[bogushost => mx => 'good', tlsa => 'good',
	    host => 'mx.bogus.dane.example', level => 'temp',
	    problem => 'validation-failure',
	    sent => $lookup],
);

# Not signed: NAME.sts.example.
my @sts = (
	[good => mx => 'good', sts => 'enforce', level => 'secure',
	    sent => 'sent', result => 'sts success'],
	[wild => mx => 'good', sts => 'wild', level => 'secure',
	    sent => 'sent', result => 'sts success'],
	[name => mx => 'name', sts => 'enforce', level => 'secure',
	    sent => $unverified, result => 'sts certificate-host-mismatch'],
	[unknown => mx => 'unknown', sts => 'enforce', level => 'secure',
	    sent => $unverified, result => 'sts validation-failure',
	    log => 'sts certificate-not-trusted'],
	[expired => mx => 'expired', sts => 'enforce', level => 'secure',
	    sent => $unverified, result => 'sts certificate-expired'],
	[self => mx => 'self', sts => 'enforce', level => 'secure',
	    sent => $unverified, result => 'sts validation-failure',
	    log => 'sts certificate-not-trusted'],
	[plain => mx => 'plain', sts => 'enforce', level => 'secure',
	    sent => $no_tls, result => 'sts starttls-not-supported'],
	[refused => mx => 'refused', sts => 'enforce', level => 'secure',
	    sent => $refused, result => 'sts starttls-not-supported'],
	[closed => mx => 'closed', sts => 'enforce', level => 'secure',
	    sent => $broken, result => 'sts validation-failure'],
	[alert => mx => 'alert', sts => 'enforce', level => 'secure',
	    sent => $broken, result => 'sts validation-failure'],
	[stranger => mx => 'good', sts => 'stranger', level => 'secure',
	    problem => 'validation-failure',
	    sent => $unverified, result => 'sts validation-failure'],
	[second => mx => [[mx1 => 'name'], [mx2 => 'good']],
	    sts => 'enforce', level => 'secure', sent => 'sent',
	    result => ['sts certificate-host-mismatch', 'sts success']],
	# Postfix is told nothing of what it does not enforce
	[testing => mx => 'good', sts => 'testing', level => 'none',
	    sent => 'sent', result => 'no-policy-found success',
	    log => 'sts success'],
	[testingname => mx => 'name', sts => 'testing', level => 'none',
	    sent => 'sent', result => 'no-policy-found success',
	    log => ['sts success', 'sts certificate-host-mismatch']],
	[testingplain => mx => 'plain', sts => 'testing', level => 'none',
	    sent => 'sent', log => 'sts starttls-not-supported'],
	[none => mx => 'name', sts => 'none', level => 'none',
	    sent => 'sent', result => 'no-policy-found success'],
	[norecord => mx => 'name', sts => 'norecord', level => 'none',
	    sent => 'sent', result => 'no-policy-found success'],
	map({ [@$_, mx => 'name', level => 'none', sent => 'sent',
	    result => 'no-policy-found success'] }
	    [nohost => sts => 'nohost', problem => 'sts-policy-fetch-error'],
	    [unreachable => sts => 'unreachable',
		problem => 'sts-policy-fetch-error'],
	    [forbidden => sts => 'private',
		problem => 'sts-policy-fetch-error'],
	    [wrongcert => sts => 'wrongcert', problem => 'sts-webpki-invalid'],
	    [redirect => sts => 'redirect',
		problem => 'sts-policy-fetch-error'],
	    [huge => sts => 'huge', problem => 'sts-policy-fetch-error'],
	    [missing => sts => 'missing',
		problem => 'sts-policy-fetch-error'],
	    [html => sts => 'html', problem => 'sts-policy-invalid'],
	    [syntax => sts => 'syntax', problem => 'sts-policy-invalid']),
	# Postfix does DANE here by itself (smtp_tls_dane_insecure_mx_policy)
	[signedhost => mx => 'good', host => 'mx.good.dane.example',
	    level => 'none', sent => 'sent', result => 'tlsa success',
	    log => 'no-policy-found success'],
	[open => mx => 'good', tlsa => 'good', level => 'none', sent => 'sent',
	    result => 'no-policy-found success'],
	# told only once a log shows that its writer logs TLS at all
	[clear => mx => 'plain', level => 'none', sent => 'sent', log => []],
	[nobody => mx => 'nobody', level => 'none',
	    sent => '4.4.1 connect to \S+: Connection refused'],
	[nullmx => mx => 'good', null_mx => 1, level => 'none',
	    sent => '5.1.0 Domain \S+ does not accept mail'],
);

my %tlsa = (
	zero => sub { '3 1 1 ' . '0' x 64 },
	private => sub { '3 1 255 ' . '0' x 64 },
	pkix => sub { '1 1 1 ' . '0' x 64 },
	ca => sub { Signet::Ca::tlsa($_[1]->file, 2, 0) },
	map({ my $face = $_; $face => sub { Signet::Ca::tlsa(
	    $_[0]->certificate($face)->{file}) } }
	    qw(good name self expired)),
);

my @all;

sub all {
	return @all if @all;
	for my $list ([dane => @dane], [sts => @sts]) {
		my ($zone, @rows) = @$list;
		push @all, map { _case($zone, @$_) } @rows;
	}
	return @all;
}

sub _case {
	my ($zone, $name, %case) = @_;
	my $domain = "$name.$zone.example";
	my $mx = ref $case{mx} ? $case{mx} : [[mx => $case{mx}]];
	my @tlsa = ref $case{tlsa} ? @{ $case{tlsa} } : $case{tlsa} // ();
	my @servers;
	for my $i (0 .. $#$mx) {
		my ($host, $face) = @{ $mx->[$i] };
		push @servers, {
			host => $case{no_mx} ? $domain : $case{host}
			    // "$host.$domain",
			face => $face, address => $address{$face},
			tlsa => [split ' ', $tlsa[$i] // ''],
		};
	}
	my @results = ref $case{result} ? @{ $case{result} }
	    : $case{result} // ();
	my @log = ref $case{log} ? @{ $case{log} } : $case{log} // @results;
	@log = ("no-policy-found $case{problem}")
	    if ($case{problem} // '') =~ /^sts-/;
	return { %case, name => "$zone $name", domain => $domain,
	    servers => \@servers, results => \@results, log => \@log };
}

sub faces {
	return map { $address{$_} => $_ } grep { $_ ne 'nobody' }
	    keys %address;
}

sub mx_names {
	my %name = map { $_->{host} => 1 } map { @{ $_->{servers} } } all();
	return sort keys %name;
}

# --- DNS ---

my $report = '"v=TLSRPTv1; rua=mailto:tls@reports.example"';

sub zones {
	my ($servers, $ca) = @_;
	my %text = ('dane.example' => '', 'sts.example' => '');
	for my $case (all()) {
		my ($text, $tlsa) = _records($case, $servers, $ca);
		my $domain = $case->{domain};
		my $zone = $case->{zone} ? $domain
		    : $domain =~ s/^[^.]+\.//r;
		$text{$zone} .= $text;
		$zone = "_tcp.mx.$domain" if $case->{zone_of_tlsa};
		$text{$zone} .= $tlsa;
	}
	my %zone = map { $_ => { text => $text{$_},
	    bogus => /bogus/ ? 1 : 0, unsigned => /^sts/ ? 1 : 0 } }
	    keys %text;
	return (%zone, 'reports.example' => '');
}

sub _records {
	my ($case, $servers, $ca) = @_;
	my $domain = $case->{domain};
	my ($text, $tlsa, $preference) = ('', '', 0);
	my $owner = $case->{cname} ? "really.$domain" : $domain;
	$text .= "$domain. CNAME $owner.\n" if $case->{cname};
	$text .= "$domain. MX 0 .\n" if $case->{null_mx};
	for my $server (@{ $case->{servers} }) {
		$preference += 10;
		$text .= "$owner. MX $preference $server->{host}.\n"
		    unless $case->{no_mx} || $case->{null_mx};
		next if $case->{host};
		$text .= "$server->{host}. A $server->{address}\n";
		$tlsa .= "_25._tcp.$server->{host}. TLSA "
		    . $tlsa{$_}->($servers, $ca) . "\n"
		    for @{ $server->{tlsa} };
	}
	$text .= "_smtp._tls.$domain. TXT $report\n";
	return ($text . _sts_records($case), $tlsa);
}

sub _sts_records {
	my ($case) = @_;
	my ($domain, $kind) = @$case{qw(domain sts)};
	return '' unless $kind;
	my $text = '';
	$text .= "_mta-sts.$domain. TXT \"v=STSv1; id=1;\"\n"
	    unless $kind eq 'norecord';
	my $address = $kind eq 'private' ? '10.99.0.1'
	    : $kind eq 'unreachable' ? '198.51.100.250' : '198.51.100.1';
	$text .= "mta-sts.$domain. A $address\n" unless $kind eq 'nohost';
	return $text;
}

# --- policies ---

sub patterns {
	my ($case) = @_;
	my $domain = $case->{domain};
	return "*.$domain" if $case->{sts} eq 'wild';
	return "mail.elsewhere.example" if $case->{sts} eq 'stranger';
	return map { $_->{host} } @{ $case->{servers} };
}

sub mode {
	my ($case) = @_;
	return $case->{sts} =~ /^(?:testing|none)$/ ? $case->{sts} : 'enforce';
}

# The lines of the policy of a domain.
sub policy_lines {
	my ($case) = @_;
	return ('version: STSv1', 'mode: ' . mode($case),
	    map({ "mx: $_" } patterns($case)), 'max_age: 604800');
}

my %web = (
	wrongcert => [certificate => 'wrong-name'],
	redirect => [status => 301,
	    location => 'https://mta-sts.good.sts.example/.well-known/mta-sts.txt'],
	huge => [size => 100_000],
	missing => [status => 404],
	html => [type => 'text/html'],
	syntax => [body => "version: STSv1\nmode: sometimes\n"],
);

# Tells the policy hosts (Signet::PolicyHost) what they serve.
sub serve {
	my (@hosts) = @_;
	for my $case (grep { $_->{sts} } all()) {
		$_->policy($case->{domain}, mode => mode($case),
		    mx => [patterns($case)], @{ $web{ $case->{sts} } // [] })
		    for @hosts;
	}
	return;
}

# What signet-policy says for a map name: "OK ...", "NOTFOUND ", and "TEMP" or
# "PERM" where a sentence for people follows.
sub answer {
	my ($case, $dialect) = @_;
	my $level = $case->{level};
	return 'TEMP' if $level eq 'temp';
	return $case->{sts} && mode($case) eq 'enforce' && $level ne 'none'
	    ? _secure($case, $dialect) : 'NOTFOUND ' if $dialect eq 'sts';
	return $case->{verified} ? "OK $case->{verified}"
	    : $level =~ /^(?:dane-only|secure)$/ ? answer($case, 'policy')
	    : 'PERM' if $dialect eq 'requiretls';
	return 'NOTFOUND ' if $level eq 'none';
	return $level eq 'secure' ? _secure($case, $dialect) : "OK $level";
}

sub _secure {
	my ($case, $dialect) = @_;
	my $match = 'match=' . join ':', map { s/^\*//r } patterns($case);
	return "OK secure $match servername=hostname"
	    if $dialect ne 'policy-tlsrpt';
	my @report = ('policy_type=sts', "policy_domain=$case->{domain}",
	    map { "{ policy_string = $_ }" } policy_lines($case));
	return join ' ', "OK secure $match servername=hostname",
	    $case->{sts} eq 'stranger' ? ('connection_reuse=no', @report,
		'policy_failure=validation-failure')
	    : (@report, map { "mx_host_pattern=$_" } patterns($case));
}

1;
