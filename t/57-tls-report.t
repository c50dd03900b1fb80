#!/usr/bin/perl
# signet-tls-report with a real PostgreSQL, a real Postfix, a DNS server that
# fails on request and a web server: what is sent, to whom, once, in which
# bytes, and what is left undone and why.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Digest::SHA ();
use IO::Socket::INET;
use Test::More;
use Signet::Events qw(event_id iso json);
use Signet::PolicyHost;
use Signet::TlsReporter;
use Signet::Util qw(run_command program_path top_dir slurp wait_for temp_dir
    is_alive end_process spew must_run);

Signet::TlsReporter->need;

sub record {
	my ($domain, @rua) = @_;
	@rua = ("mailto:tls\@$domain") unless @rua;
	return "_smtp._tls.$domain TXT \"v=TLSRPTv1; rua="
	    . join(',', @rua) . "\"\n";
}

my $r = Signet::TlsReporter->new;
my ($status, $log, $out);
my $day = Signet::Reporter::day();

# Mails in the order of their recipients, once so many are there.
sub mails {
	my ($count) = @_;
	wait_for(60, sub { $r->delivered >= $count }, sub {
		"$count mails, got " . $r->delivered });
	$r->{mta}->settle;
	return sort { $a->{to} cmp $b->{to} } $r->mails;
}

# A subtest with nothing left from those before it.
sub part {
	my ($name, $code) = @_;
	return subtest $name => sub {
		$r->{mta}->settle;
		$r->forget;
		$r->zone('');
		$code->();
	};
}

sub fates {
	my ($domain) = @_;
	return map { $_->{uri} => $_ }
	    $r->destinations("policy_domain = '$domain'");
}

sub report_of {
	my ($domain, $about) = @_;
	my ($row) = $r->reports("policy_domain = '$domain'"
	    . ($about ? " and about = '$about'" : ''));
	return $row;
}

part 'nothing to do' => sub {
	($status, $log) = $r->run;
	is($status, 0, 'is no fault') or diag $log;
	like($log, qr/planned=0 waiting=0/, 'told');
};

# One recipient domain with MTA-STS, whose MX has DANE and a record of its own.
my $both = record('a.example') . record('mx.h.example');
my @day = ({ domain => 'a.example', mx => ['mx.h.example'], sts => 1,
	count => 20 }, { domain => 'a.example', mx => ['mx.h.example'],
	sts => 1, count => 3, fail => 'certificate-expired', fail_mx => 1 },
	{ domain => 'quiet.example', count => 2 });

part 'a dry run' => sub {
	$r->zone($both . record('quiet.example'));
	$r->results(@day);
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 5, Proto => 'tcp');
	$r->configure(reports => { smtp => '127.0.0.1:'
	    . $listener->sockport });
	my $tables = sub {
		$r->pg->psql('select * from signet.tls_report_out; '
		    . 'select * from signet.tls_report_destination; '
		    . 'select * from signet.tls_report_period');
	};
	my $before = $tables->();
	($status, $log, $out) = $r->run('--dry-run', '--date', $day,
	    '--domain', 'a.example');
	is($status, 0, 'done') or diag $log;
	my $report = JSON::PP->new->utf8->decode($out);
	is($report->{'organization-name'}, 'Site, the "best"', 'JSON');
	($status, $log, $out) = $r->run('--explain', '--date', $day);
	is($status, 0, 'and told why') or diag $log;
	like($out, qr/can pass DMARC/, 'ourselves');
	like($out, qr/^a\.example .*\n  about +recipient domain$/m, 'domain');
	like($out, qr/^mx\.h\.example .*\n  about +MX host$/m, 'host');
	like($out, qr/^  rua +mailto:tls\@a\.example: would be sent$/m, 'rua');
	like($out, qr/^quiet\.example (?:.*\n)+?  no report +nothing failed$/m,
	    'none without a failure');
	is($tables->(), $before, 'nothing is written');
	my $ready = '';
	vec($ready, fileno $listener, 1) = 1;
	is(scalar(select $ready, undef, undef, 0), 0, 'nobody connected');
	$r->configure(reports => { smtp => "127.0.0.1:$r->{port}" });
	# What a dry run is made of does not reach the code that sends.
	my %seen;
	my @next = ('tlsrpt-collector/tls_preview.h');
	while (defined(my $header = shift @next)) {
		next if $seen{$header}++;
		for my $file ($header, $header =~ s/h$/c/r) {
			my $path = top_dir() . ($header =~ /^(?:tlsrpt-c|rep)/
			    ? "/$file" : "/lib/$file");
			my $text = slurp($path) // next;
			push @next, $text =~ /^#include "([^"]+\/[^"]+)"/mg;
		}
	}
	ok($seen{'tlsrpt-collector/tls_make.h'}, 'it makes reports');
	is_deeply([grep { $seen{$_} } qw(io/transfer.h io/https.h
		reporter/deliver.h)], [], 'and reaches no server');
};

part 'the whole way' => sub {
	$r->zone($both . record('quiet.example'));
	$r->results(@day);
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	like($log, qr/report=\w+ domain=a\.example state=sent sessions=46 /,
	    'one line for the report');
	my ($mail, $host) = mails(2);
	my ($row) = report_of('a.example');
	my $header = $mail->{header};
	is($mail->{to}, 'tls@a.example', 'to whom');
	# the first characters tell what kind it is: the recipe relies on it
	like($mail->{from}, qr/^report\+ai[a-z2-7]{29}\@site\.example$/,
	    'from a sender that names the report');
	is($header->{from}, '"Site, the \"best\"" '
	    . '<dmarc-reports@site.example>', 'From');
	is($header->{subject}, 'Report Domain: a.example Submitter: '
	    . "site.example Report-ID: <$row->{report_id}>", 'Subject');
	is($header->{'tls-report-domain'}, 'a.example', 'TLS-Report-Domain');
	is($header->{'tls-report-submitter'}, 'site.example',
	    'TLS-Report-Submitter');
	is($header->{'tls-required'}, 'No', 'TLS-Required');
	like($header->{'content-type'},
	    qr{^multipart/report; report-type=tlsrpt; boundary="},
	    'Content-Type');
	is($header->{'auto-submitted'}, 'auto-generated', 'Auto-Submitted');
	my $noon = Signet::Reporter::noon();
	my ($begin, $end) = ($noon - 43200, $noon + 43199);
	is($mail->{file_name}, "site.example!a.example!$begin!$end!"
	    . "$row->{report_id}.json.gz", 'the file');
	is(Digest::SHA::sha256_hex($mail->{gzip}), $row->{gzip_sha256},
	    'and its digest');
	is_deeply([Signet::TlsReporter::faults($mail->{report})], [],
	    'as RFC 8460 section 4.4 has it');
	is_deeply($mail->{report}, {
		'organization-name' => 'Site, the "best"',
		'date-range' => { 'start-datetime' => "${day}T00:00:00Z",
		    'end-datetime' => "${day}T23:59:59Z" },
		'contact-info' => 'dmarc-reports@site.example',
		'report-id' => $row->{report_id},
		policies => [{
			policy => { 'policy-type' => 'tlsa', 'policy-domain' =>
			    'mx.h.example', 'policy-string' =>
			    ['3 1 1 ' . 'ab' x 32] },
			summary => { 'total-successful-session-count' => 20,
			    'total-failure-session-count' => 3 },
			'failure-details' => [{
				'result-type' => 'certificate-expired',
				'sending-mta-ip' => '192.0.2.25',
				'receiving-mx-hostname' => 'mx.a.example',
				'receiving-ip' => '198.51.100.7',
				'failed-session-count' => 3 }],
		}, {
			policy => { 'policy-type' => 'sts', 'policy-domain' =>
			    'a.example', 'mx-host' => ['*.a.example'],
			    'policy-string' => ['version: STSv1',
				'mode: enforce', 'mx: *.a.example'] },
			summary => { 'total-successful-session-count' => 23,
			    'total-failure-session-count' => 0 },
		}],
	}, 'the report, with what its MX did');
	is($host->{to}, 'tls@mx.h.example', 'and to the MX host');
	is_deeply([Signet::TlsReporter::faults($host->{report})], [],
	    'by the same rules');
	is_deeply([map { $_->{policy} } @{ $host->{report}{policies} }],
	    [{ 'policy-type' => 'tlsa', 'policy-string' =>
		['3 1 1 ' . 'ab' x 32], 'policy-domain' => 'a.example',
		'mx-host' => ['mx.h.example'] }],
	    'which names the recipient domain');
	my $quiet = report_of('quiet.example');
	is("$quiet->{state}: $quiet->{reason}", 'nothing: nothing failed',
	    'none without a failure');
	my $file = spew(temp_dir() . '/report.json.gz', $mail->{gzip});
	($status, $out) = run_command(program_path('signet-report-intake'),
	    '--read', $file);
	is($status, 0, 'and our reader reads it') or diag $out;
	like($out, qr/a\.example/, 'for whom');
	unlike($out, qr/defect/, 'without a defect');
	($status, $log) = $r->run;
	like($log, qr/planned=0 waiting=0/, 'once');
};

part 'the same results, the same bytes' => sub {
	my @all = map { { domain => 'a.example', mx => ["mx$_.h.example"],
	    at => Signet::Reporter::noon() + 60 * $_, count => $_,
	    details => [map { Signet::TlsReporter::failure("type-$_",
		info => "a\"\\\x01b") } 1 .. $_], fail => 1 } } 1 .. 4;
	my @bytes;
	for my $order ([@all], [reverse @all]) {
		$r->forget;
		$r->results(@$order);
		push @bytes, ($r->run('--dry-run', '--date', $day,
		    '--domain', 'a.example'))[2];
	}
	like($bytes[0], qr/"type-1"/, 'a report');
	is($bytes[1], $bytes[0], 'in whatever order they came');
	like($bytes[0], qr/"a\\"\\\\\?b"/, 'foreign bytes are escaped');
	my $report = JSON::PP->new->utf8->decode($bytes[0]);
	my %sum;
	for my $detail (map { @{ $_->{'failure-details'} // [] } }
	    @{ $report->{policies} }) {
		$sum{$detail->{'result-type'}}
		    += $detail->{'failed-session-count'};
	}
	is_deeply(\%sum, { map { my $n = $_; my $sum = 0;
	    $sum += $_ for $n .. 4; ("type-$n" => $sum) } 1 .. 4 },
	    'failures that are alike are one with their number');
};

part 'identical rua lists are told once' => sub {
	my $same = 'mailto:tls@prov.example,mailto:more@prov.example';
	$r->zone(record('mx.prov.example', split /,/, $same)
	    . record('one.example', reverse split /,/, $same)
	    . record('two.example', 'mailto:tls@two.example')
	    . record('only.example', split /,/, $same)
	    . record('mx.only.example', split /,/, $same));
	my %bad = (fail => 'validation-failure', fail_mx => 1);
	$r->results((map { { domain => $_, mx => ['mx.prov.example'], %bad } }
	    qw(one.example two.example three.example)),
	    { domain => 'only.example', mx => ['mx.only.example'], %bad });
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my ($host) = grep { $_->{header}{'tls-report-domain'}
		eq 'mx.prov.example' } mails(7);
	is_deeply([sort map { $_->{policy}{'policy-domain'} }
		@{ $host->{report}{policies} }],
	    ['three.example', 'two.example'],
	    'the host is told of those that were told something else');
	my $only = report_of('mx.only.example');
	is($only->{state}, 'nothing', 'and nothing when nobody is left');
	is($only->{reason}, 'nothing failed that is not told already', 'why');
	is(report_of('three.example')->{reason}, 'it has no TLSRPT record',
	    'who wants none gets none');
};

part 'all, failures, off' => sub {
	$r->zone(record('fine.example') . record('off.example')
	    . record('bad.example'));
	$r->pg->psql("select signet.tls_report_set('off.example', false)");
	my @all = ({ domain => 'fine.example' },
	    { domain => 'off.example', fail => 'validation-failure' },
	    # counted as success, and something is told: that makes one due
	    { domain => 'bad.example', details =>
		[Signet::TlsReporter::failure('certificate-not-trusted')] });
	$r->results(@all);
	$r->configure(tls_report => { send => 'off' });
	($status, $log) = $r->run;
	is($status, 0, 'off') or diag $log;
	is(scalar $r->reports, 0, 'nothing is planned');
	$r->configure(tls_report => { send => undef });
	($status, $log) = $r->run;
	is($status, 0, 'failures') or diag $log;
	is_deeply([map { "$_->{policy_domain} $_->{state}" } $r->reports],
	    ['bad.example sent', 'fine.example nothing',
		'off.example nothing'], 'where something failed');
	$r->configure(tls_report => { send => 'all' });
	($status, $log) = $r->run;
	is($status, 0, 'all') or diag $log;
	is_deeply([map { "$_->{policy_domain} $_->{state}" } $r->reports],
	    ['bad.example sent', 'fine.example sent', 'off.example nothing'],
	    'the others as well, but who is switched off');
	is(scalar(my @all_mails = mails(2)), 2, 'nobody gets one twice');
	$r->configure(tls_report => { send => undef });
	$r->pg->psql("select signet.tls_report_unset('off.example'); "
	    . "select signet.tls_report_set('fine.example', p_what => 'all')");
	$r->pg->psql('truncate signet.tls_report_out, '
	    . 'signet.tls_report_destination, signet.tls_report_period');
	($status, $log) = $r->run;
	is_deeply([map { "$_->{policy_domain} $_->{state}" } $r->reports],
	    ['bad.example sent', 'fine.example sent', 'off.example sent'],
	    'a domain may have a rule of its own');
	$r->pg->psql("select signet.tls_report_unset('fine.example')");
};

part 'reports about reports: never' => sub {
	$r->zone(record('loop.example') . record('mixed.example'));
	my %bad = (fail => 'validation-failure');
	$r->results({ domain => 'loop.example', report => 0, %bad },
	    { domain => 'mixed.example', report => 0, %bad },
	    { domain => 'mixed.example' });
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	is(report_of('loop.example')->{reason},
	    'nothing but reports was delivered', 'none about reports');
	is(report_of('mixed.example')->{reason}, 'nothing failed',
	    'nor because of them');
	is($r->delivered, 0, 'nothing is sent');
};

part 'days that were missed' => sub {
	$r->zone(record('a.example'));
	my $noon = Signet::Reporter::noon();
	my %bad = (domain => 'a.example', fail => 'validation-failure');
	# the newest whole days, as many as sixty hours hold
	my @days = grep { time - ($noon - 86400 * $_ - 43200) < 60 * 3600 }
	    0 .. 3;
	$r->results(map { { %bad, at => $noon - 86400 * $_,
	    count => 5 + $_ } } 0 .. 3);
	$r->configure(tls_report => { newest => '30d' });
	my $old = $r->pg->value('select signet.tls_report_plan('
	    . "'site.example', 'failures', '2 hours', '60 hours')");
	is($old, scalar @days, 'what is older than sixty hours is no news');
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my @mails = sort { $b->{report}{'date-range'}{'start-datetime'} cmp
	    $a->{report}{'date-range'}{'start-datetime'} } mails(4);
	is(scalar @mails, 4, 'each day has a report');
	for my $n (0 .. 3) {
		my $date = substr iso($noon - 86400 * $n), 0, 10;
		is_deeply($mails[$n]{report}{'date-range'},
		    { 'start-datetime' => "${date}T00:00:00Z",
			'end-datetime' => "${date}T23:59:59Z" },
		    "of its own time: $date");
		is($mails[$n]{report}{policies}[0]{summary}
		    {'total-failure-session-count'}, 5 + $n, 'its sessions');
		like($mails[$n]{report}{'report-id'}, qr/^\Q@{[$date =~
		    s{-}{}gr]}\E/, 'its id');
	}
	$r->configure(tls_report => { newest => undef });
};

part 'trouble in the DNS delays and loses nothing' => sub {
	my %bad = (fail => 'validation-failure', fail_mx => 1);
	$r->results({ domain => 'p.example', mx => ['mx.q.example'], %bad },
	    { domain => 'q.example', mx => ['mx.q.example'], %bad });
	$r->zone("_smtp._tls.p.example TXT \@servfail\n"
	    . record('mx.q.example') . record('q.example'));
	($status, $log) = $r->run;
	is($status, 75, 'something is left to do');
	is(report_of('q.example')->{state}, 'sent', 'one has its report');
	isnt(report_of('p.example')->{next_at}, undef, 'the other waits');
	my $host = report_of('mx.q.example');
	isnt($host->{next_at}, undef, 'and what needs it');
	like($host->{reason}, qr/p\.example.*DNS did not tell/, 'told');
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 75, 'and goes on waiting');
	$r->zone(record('p.example') . record('mx.q.example')
	    . record('q.example'));
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my ($mail) = grep { $_->{header}{'tls-report-domain'} eq
	    'mx.q.example' } mails(3);
	is_deeply([map { $_->{policy}{'policy-domain'} }
		@{ $mail->{report}{policies} }], ['p.example', 'q.example'],
	    'as rich as on the first day');
	is(scalar(my @all = mails(3)), 3, 'once each');
};

# An MX host has many domains, and one of them is always broken.
part 'a domain that never answers does not hold its MX host up' => sub {
	my %bad = (fail => 'validation-failure', fail_mx => 1);
	$r->results(map { { domain => $_, mx => ['mx.q.example'], %bad } }
	    'p.example', 'q.example');
	$r->zone("_smtp._tls.p.example TXT \@servfail\n"
	    . record('mx.q.example'));
	for my $attempt (1 .. 3) {
		($status, $log) = $r->run;
		isnt(report_of('mx.q.example')->{next_at}, undef,
		    "attempt $attempt: it waits");
		$r->hurry;
	}
	($status, $log) = $r->run;
	is($status, 75, 'the domain itself goes on waiting');
	my ($mail) = mails(1);
	is_deeply([map { $_->{policy}{'policy-domain'} }
		@{ $mail->{report}{policies} }], ['p.example', 'q.example'],
	    'the host is told of both');
};

part 'broken, several and no records' => sub {
	my @domains = map { "$_.example" } qw(twice broken other none);
	$r->zone(record('twice.example') . record('twice.example',
		'mailto:b@twice.example')
	    . "_smtp._tls.broken.example TXT \"v=TLSRPTv1; rua\"\n"
	    . "_smtp._tls.other.example TXT \"v=spf1 -all\"\n"
	    . record('other.example', 'mailto:a@other.example',
		'mailto:A@other.example', 'mailto:bad', 'ftp://x.example/'));
	$r->results(map { { domain => $_, fail => 'validation-failure' } }
	    @domains);
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	like(report_of('twice.example')->{reason}, qr/several/, 'two');
	like(report_of('broken.example')->{reason}, qr/is broken/, 'broken');
	like(report_of('none.example')->{reason}, qr/no TLSRPT/, 'none');
	my %fate = fates('other.example');
	is($fate{'mailto:a@other.example'}{state}, 'sent', 'unrelated TXT');
	is($fate{'mailto:A@other.example'}{reason},
	    'its address is named twice', 'twice the same');
	like($fate{'mailto:bad'}{reason}, qr/cannot be used/, 'no address');
	is(scalar(my @all = mails(1)), 1, 'one mail');
};

part 'mailto and https, refused for now and for good' => sub {
	my $web = Signet::PolicyHost->new;
	my $at = sub { "https://$_[0]:" . $web->port . '/v1/tls' };
	$web->site('good.web.example', status => 201);
	$web->site('busy.web.example', status => 503);
	$web->site('no.web.example', status => 404);
	$web->site('fake.web.example', certificate => 'unknown-ca');
	my $names = join '', map { "$_.web.example A 127.0.0.1\n" }
	    qw(good busy no fake);
	my @rua = ('mailto:later@d.example', 'mailto:never@d.example',
	    'mailto:tls@d.example', map { $at->("$_.web.example") }
	    qw(good busy no fake));
	$r->configure(tls_report => { https_ca_file => $web->ca_file,
	    https_networks => '127.0.0.0/8' });
	$r->zone($names . record('d.example', @rua));
	$r->{mta}->set(smtpd_recipient_restrictions =>
	    'check_recipient_access inline:{{later@d.example = 451 4.7.1 busy}'
	    . ' {never@d.example = 550 5.1.1 nobody}}');
	$r->results({ domain => 'd.example', fail => 'validation-failure' });
	($status, $log) = $r->run;
	is($status, 75, 'something is left to do') or diag $log;
	my %fate = fates('d.example');
	is(scalar keys %fate, 7, 'each URI on its own');
	is($fate{'mailto:tls@d.example'}{state}, 'sent', 'mail');
	is($fate{'mailto:never@d.example'}{state}, 'given_up', 'refused');
	like($fate{'mailto:never@d.example'}{reply}, qr/^550 5\.1\.1/, 'told');
	is($fate{'mailto:later@d.example'}{state}, 'again', 'refused for now');
	is($fate{$at->('good.web.example')}{state}, 'sent', 'posted');
	is($fate{$at->('good.web.example')}{reply}, 'HTTP status 201', 'told');
	is($fate{$at->('busy.web.example')}{state}, 'again', 'busy');
	is($fate{$at->('no.web.example')}{state}, 'given_up', 'not there');
	is($fate{$at->('fake.web.example')}{state}, 'again',
	    'nothing to a server that does not prove its name');
	is(scalar(my @none = $web->posts('fake.web.example')), 0, 'indeed');
	my ($post) = $web->posts('good.web.example');
	is($post->{type}, 'application/tlsrpt+gzip', 'media type');
	is($post->{path}, '/v1/tls', 'path');
	my ($mail) = mails(1);
	my ($json) = Signet::TlsReporter::read_gzip($mail->{gzip});
	my $posted = $post->{body};
	is($posted, $mail->{gzip}, 'the same bytes both ways');

	$web->site('busy.web.example', status => 200);
	$web->site('fake.web.example', certificate => 'good');
	$r->{mta}->set(smtpd_recipient_restrictions => '');
	# the results may go meanwhile
	$r->pg->psql('truncate signet.tls_result, signet.tls_result_failure');
	($status, $log) = $r->run;
	like($log, qr/waiting=0/, 'not before its time');
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my ($again) = $web->posts('fake.web.example');
	is($again->{body}, $mail->{gzip}, 'a repeat has the same bytes');
	my @mails = mails(2);
	is_deeply([map { $_->{to} } @mails],
	    ['later@d.example', 'tls@d.example'], 'who had it got no other');
	is($mails[0]{gzip}, $mails[1]{gzip}, 'the same bytes');
	is($mails[0]{file_name}, $mails[1]{file_name}, 'and the same name');
	my $report = report_of('d.example');
	is($report->{state}, 'sent', 'ended');
	is($r->pg->value('select count(*) from signet.tls_report_out '
		. 'where gzip is not null'), 0, 'the file is given up');

	$r->configure(tls_report => { https => 'no' });
	$r->zone(record('g.example', $at->('good.web.example')));
	$r->results({ domain => 'g.example', fail => 'validation-failure',
	    count => 2 });
	($status, $log) = $r->run;
	my ($own) = $r->destinations("policy_domain = 'g.example'");
	is($own->{reason}, '[tls_report] https is off', 'off');
	$r->configure(tls_report => { https => undef,
	    https_ca_file => undef, https_networks => undef });
};

# What a domain publishes makes us post nowhere near ourselves.
part item_43_posts_to_the_world_alone => sub {
	my $web = Signet::PolicyHost->new;
	my $inner = Signet::PolicyHost->new;
	my $port = $web->port;
	$inner->site('inner.example', status => 200);
	$web->site('moved.example', status => 302, location =>
	    'https://inner.example:' . $inner->port . '/');
	$web->site('vast.example', status => 200, size => 300_000);
	$web->site('late.example', fault => 'mute');
	my %rua = (map { ("$_.example" => "https://$_.example:$port/") }
	    qw(moved vast late near));
	$rua{'address.example'} = "https://127.0.0.1:$port/";
	$rua{'user.example'} = "https://a:b\@near.example:$port/";
	$r->zone(join('', map { "$_ A 127.0.0.1\n" } 'inner.example',
		grep { !/address|user/ } keys %rua)
	    . join '', map { record($_, $rua{$_}) } sort keys %rua);
	$r->results(map { { domain => $_, fail => 'validation-failure' } }
	    keys %rua);
	($status, $log) = $r->run;
	is($web->connections, 0, 'nobody connects to an address of our own');
	my %fate = map { $_->{policy_domain} => $_ } $r->destinations;
	for my $domain (qw(near.example address.example user.example)) {
		like($fate{$domain}{state}, qr/^(?:given_up|skipped)$/,
		    "$domain: $fate{$domain}{state}: "
		    . ($fate{$domain}{reply} // $fate{$domain}{reason}));
	}
	$r->configure(tls_report => { https_ca_file => $web->ca_file,
	    https_networks => '127.0.0.0/8' });
	$r->pg->psql('truncate signet.tls_report_out, '
	    . 'signet.tls_report_destination, signet.tls_report_period');
	$r->run('--domain', "$_.example") for qw(moved vast);
	# not for those that answer, as fast as a busy machine can
	$r->configure(tls_report => { https_timeout => '2s' });
	($status, $log) = $r->run;
	%fate = map { $_->{policy_domain} => $_ } $r->destinations;
	is($fate{'moved.example'}{state}, 'given_up', 'a redirect is refused');
	is($inner->connections, 0, 'and not followed');
	is($fate{'vast.example'}{state}, 'again', 'a vast answer ends');
	is($fate{'late.example'}{state}, 'again', 'as does one that is late');
	$r->configure(tls_report => { https_ca_file => undef,
	    https_networks => undef, https_timeout => undef });
};

part 'a bounce suppresses the address for TLS reports' => sub {
	$r->zone(record('gone.example'));
	my $noon = Signet::Reporter::noon();
	my @days = map { { domain => 'gone.example', at => $noon - $_ * 86400,
	    fail => 'validation-failure' } } 0, 1;
	$r->configure(tls_report => { newest => '30d' });
	$r->results($days[1]);
	($status, $log) = $r->run;
	is($status, 0, 'sent') or diag $log;
	my ($sent) = $r->destinations;
	my ($mail) = mails(1);
	$r->{spool}->put(json({ v => 1, type => 'report_bounce',
	    id => event_id(), at => iso(), host => 'mx1.site.example',
	    program => 'signet-report-intake', kind => 'tls',
	    report_id => $sent->{id} + 0, recipient => 'tls@gone.example',
	    action => 'failed', status => '5.1.1', smtp_code => 550,
	    diagnostic => '550 5.1.1 unknown' }));
	$r->results($days[0]);
	is($r->pg->value('select origin from signet.report_suppression '
		. "where kind = 'tls' and address = 'tls\@gone.example'"),
	    'bounce', 'suppressed');
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my ($skipped) = $r->destinations("state = 'skipped'");
	like($skipped->{reason}, qr/^suppressed until /, 'the next one is not '
	    . 'sent');
	is(scalar(my @all = mails(1)), 1, 'no second mail');
	$r->configure(tls_report => { newest => undef });
};

part 'a report that nobody signs would count nowhere' => sub {
	$r->zone(record('s.example'));
	$r->results({ domain => 's.example', fail => 'validation-failure' });
	my $own = "_dmarc.site.example TXT \"v=DMARC1; p=reject\"\n"
	    . "site.example TXT \"v=spf1 ip4:192.0.2.25 -all\"\n";
	$r->{dns}->table($own . record('s.example'));
	($status, $log) = $r->run;
	is($status, 78, 'SPF alone is not enough');
	like($log, qr/would not be signed, as RFC 8460 wants/, 'told');
	$r->{dns}->table("$own s1._domainkey.site.example TXT \@servfail\n"
	    . record('s.example'));
	($status, $log) = $r->run;
	is($status, 75, 'what is not known delays');
	# a key for TLS reports and nothing else is a key
	(my $alone = $r->key->record) =~ s/; p=/; s=tlsrpt; p=/;
	my $long = join ' ', map { "\"$_\"" } $alone =~ /(.{1,200})/g;
	$r->{dns}->table($own . "s1._domainkey.site.example TXT $long\n"
	    . record('s.example'));
	($status, $log) = $r->run;
	is($status, 0, 'a key with s=tlsrpt') or diag $log;
	is(scalar(my @all = mails(1)), 1, 'sent');
};

part 'without the mail server, without the database' => sub {
	$r->zone(record('away.example'));
	$r->results({ domain => 'away.example', fail => 'validation-failure' });
	$r->{mta}->stop;
	($status, $log) = $r->run;
	is($status, 75, 'tried again later');
	like($log, qr/the run ends: 127/, 'told');
	like((run_command(program_path('signet'), 'status', '-c',
	    $r->config_file))[1], qr/^TLS report in 24 hours: 0 sent, /m,
	    'signet status knows of it');
	$r->{mta}->start;
	$r->hurry;
	$r->pg->stop('immediate');
	($status, $log) = $r->run;
	is($status, 75, 'tried again later');
	like($log, qr/database: /, 'told');
	$r->pg->start;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	is(scalar(my @all = mails(1)), 1, 'sent');
};

part 'one domain, one day' => sub {
	my $noon = Signet::Reporter::noon();
	$r->configure(tls_report => { newest => '30d' });
	$r->zone(record('a.example') . record('b.example'));
	$r->results(map { my $domain = $_; map { { domain => $domain,
	    at => $noon - 86400 * $_, fail => 'validation-failure' } } 0, 1 }
	    'a.example', 'b.example');
	($status, $log) = $r->run('--domain', 'A.example.', '--date', $day);
	is($status, 0, 'done') or diag $log;
	like($log, qr/planned=4 waiting=1/, 'one of four');
	is_deeply([map { "$_->{policy_domain} $_->{state}" }
		$r->reports("state = 'sent'")], ['a.example sent'], 'that one');
	($status, $log) = $r->run('--domain', 'a.example');
	($status, $log) = $r->run('--date', $day);
	is(scalar $r->reports("state = 'sent'"), 3, 'and so on');
	mails(3);
	$r->configure(tls_report => { newest => undef });
};

part 'two hosts at once' => sub {
	my @domains = map { sprintf 'two%02d.example', $_ } 1 .. 30;
	$r->zone(join '', map { record($_) } @domains);
	$r->results(map { { domain => $_, fail => 'validation-failure' } }
	    @domains);
	my $dir = temp_dir();
	my @pids = map { $r->start("$dir/$_.log") } 1, 2;
	for my $pid (@pids) {
		waitpid $pid, 0;
		ok($? >> 8 == 0 || $? >> 8 == 75, 'ended');
	}
	my %count;
	$count{$_->{to}}++ for mails(30);
	is(scalar keys %count, 30, 'each domain has its report');
	is_deeply([grep { $count{$_} != 1 } keys %count], [], 'once');
};

part 'killed at any moment' => sub {
	my @domains = map { sprintf 'kill%02d.example', $_ } 1 .. 20;
	$r->zone(join '', map { record($_) } @domains);
	$r->results(map { { domain => $_, fail => 'validation-failure' } }
	    @domains);
	my $dir = temp_dir();
	my $kills = 0;
	my $count = sub { scalar(() = $_[0] =~ /$_[1]/g) };
	my $done = sub { $count->(slurp("$dir/log") // '', qr/state=/) };
	my @facts = ($done, map { my $what = $_;
	    sub { $count->($r->{mta}->log, $what) } }
	    qr{smtpd\[\d+\]: \w+: client=}, qr{cleanup\[\d+\]: \w+: message-id=});
	for my $round (0 .. 29) {
		my $fact = $facts[$round % 3];
		my $want = $fact->() + 1 + $round % 3;
		my $pid = $r->start("$dir/log");
		wait_for(60, sub { $fact->() >= $want || !is_alive($pid) },
		    'the next reports');
		$kills++ if is_alive($pid);
		end_process($pid, 'KILL');
		# the claim of the dead one would end in twenty minutes
		$r->hurry;
		last unless $r->pg->value('select count(*) from '
		    . 'signet.tls_report_out where next_at is not null');
	}
	cmp_ok($kills, '>', 2, 'it was killed several times');
	($status, $log) = $r->run;
	is($status, 0, 'the last one ends') or diag $log;
	is(scalar $r->reports("state = 'sent'"), 20, 'every report was sent');
	my %mail;
	push @{ $mail{$_->{to}} }, $_ for mails(20);
	is(scalar keys %mail, 20, 'and arrived');
	for my $twice (grep { @$_ > 1 } values %mail) {
		my %kinds = map { ("$_->{file_name} $_->{header}{subject} "
			. Digest::SHA::sha256_hex($_->{gzip})) => 1 } @$twice;
		is(scalar keys %kinds, 1, "$twice->[0]{to} got it "
		    . @$twice . ' times: the same report');
	}
};

part 'what is tried in vain has an end' => sub {
	my %bad = (fail => 'validation-failure');
	my $old = Signet::Reporter::noon() - 3 * 86400;
	$r->configure(tls_report => { newest => '30d' },
	    reports => { retry_for => '1h' });
	$r->zone(record('busy.example')
	    . "_smtp._tls.dumb.example TXT \@servfail\n");
	$r->{mta}->set(smtpd_recipient_restrictions =>
	    'check_recipient_access static:{451 4.7.1 busy}');
	$r->results({ domain => 'busy.example', %bad },
	    { domain => 'dumb.example', at => $old, %bad });
	($status, $log) = $r->run;
	is($status, 75, 'something is left to do') or diag $log;
	my $dumb = report_of('dumb.example');
	is($dumb->{state}, 'given_up', 'DNS that never tells');
	like($dumb->{reason}, qr/DNS did not tell/, 'why');
	is(report_of('busy.example')->{state}, 'again', 'a busy server');
	$r->pg->psql('update signet.tls_report_out '
	    . "set made_at = now() - interval '2 hours'");
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'nothing is left') or diag $log;
	my ($busy) = $r->destinations("policy_domain = 'busy.example'");
	is("$busy->{state}: $busy->{reason}",
	    'given_up: not taken for too long', 'an end');
	is($r->pg->value('select count(*) from signet.tls_report_out '
		. 'where gzip is not null'), 0, 'nothing is kept');
	$r->{mta}->set(smtpd_recipient_restrictions => '');
	$r->configure(tls_report => { newest => undef },
	    reports => { retry_for => undef });
};

part 'a report that nobody got, asked for again' => sub {
	$r->zone(record('again.example', 'mailto:old@again.example',
	    'mailto:both@again.example'));
	$r->{mta}->set(smtpd_recipient_restrictions =>
	    'check_recipient_access static:{550 5.1.1 nobody}');
	$r->results({ domain => 'again.example',
	    fail => 'validation-failure' });
	($status, $log) = $r->run;
	is(report_of('again.example')->{state}, 'given_up', 'refused');
	$r->{mta}->set(smtpd_recipient_restrictions => '');
	$r->zone(record('again.example', 'mailto:new@again.example',
	    'mailto:both@again.example'));
	my $id = report_of('again.example')->{report_id};
	is($r->pg->value("select signet.tls_report_again('$id')"), 't',
	    'once more');
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	is_deeply([map { $_->{to} } mails(2)],
	    ['both@again.example', 'new@again.example'],
	    'to whom the record names now');
	is($r->pg->value("select signet.tls_report_again('$id')"), 'f',
	    'not when it was sent');
};

part 'arguments and configuration' => sub {
	is(($r->run('--date', '2026-13-01'))[0], 64, 'no day');
	is(($r->run('--domain', 'a b'))[0], 64, 'no domain');
	is(($r->run('--no-such'))[0], 64, 'no option');
	is((run_command(program_path('signet-tls-report'), '--version'))[0],
	    0, 'version');
	$r->configure(tls_report => { send => 'all' });
	($status, $log, $out) = $r->run('-n');
	like($out, qr/^send = all$/m, '-n');
	$r->configure(tls_report => { send => 'some' });
	is(($r->run)[0], 78, 'no such word');
	$r->configure(tls_report => { send => undef, newest => '24h' });
	($status, $log) = $r->run;
	like($log, qr/a day is whole after 24h/, 'too short');
	$r->configure(tls_report => { newest => undef },
	    reports => { from => undef });
	($status, $log) = $r->run;
	is($status, 78, 'nothing without From');
	like($log, qr/\[reports\] from is not set/, 'told');
};

done_testing;
