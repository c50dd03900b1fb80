#!/usr/bin/perl
# Two mail sites with everything real: signet-tls-report of the first tells the
# second how TLS with it went, Postfix and signet-sign carry the report by a
# transport of its own, the second site's signet-milter verifies it with a key
# that is for TLS reports alone, its intake reads it. The first site's results
# are the second one's rows. What cannot be delivered comes back, and the
# address is suppressed for TLS reports.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(json);
use Signet::Program;
use Signet::Reporter;
use Signet::Sign;
use Signet::Site;
use Signet::TlsReporter;
use Signet::Util qw(must_run temp_dir slurp spew run_command program_path
    skip_or_fail wait_for);

Signet::Site->need;
for my $program (qw(signet-sign signet-tls-report signet-report-intake)) {
	program_path($program) or skip_or_fail("$program has not been built");
}

my $key = Signet::Sign->key('rsa', 2048);
my ($dir, $far) = (temp_dir(), temp_dir());
chmod 0755, $dir, $far;
# where the users of the pipes can run it
must_run('cp', program_path('signet-report-intake'), "$far/intake");
chmod 0755, "$far/intake";

sub intake_service {
	my ($where) = @_;
	return "intake unix - n n - - pipe\n  flags= user=nobody null_sender="
	    . " argv=$far/intake -c $where/intake.conf --sender \${sender}"
	    . ' --recipient ${original_recipient} --queue-id ${queue_id}'
	    . "\n";
}

# The configuration without what its user could not read.
sub write_intake_config {
	my ($site, $where, %option) = @_;
	my $text = slurp($site->config_file);
	$text =~ s/^\[(?:milter|keys|sign|tls_report|reports)\]\n.*?^\n//msg;
	mkdir "$where/keep", 0777 or die;
	chmod 0777, "$where/keep", $site->spool_dir,
	    glob $site->spool_dir . '/*';
	spew("$where/intake.conf", "$text\n[reports]\nverp_key = "
	    . "$where/verp.key\n[report_intake]\ndirectory = $where/keep\n"
	    . join('', map { "$_ = $option{$_}\n" } sort keys %option), 0644);
	return;
}

my $own = $key->zone_line('s1._domainkey', 's=tlsrpt')
    . "\@ MX 10 mx\nmx A 127.0.0.1\n\@ TXT \"v=spf1 ip4:192.0.2.99 -all\"\n"
    . "_dmarc TXT \"v=DMARC1; p=reject\"\n";
my $theirs = "\@ MX 10 mx\nmx A 127.0.0.1\n\@ TXT \"v=spf1 -all\"\n";

sub rua {
	my ($name, @rua) = @_;
	return "_smtp._tls$name TXT \"v=TLSRPTv1; rua="
	    . join(',', map { "mailto:$_" } @rua) . "\"\n";
}

# --- the site that is reported to ---

my $peer = Signet::Site->new(
	dir => $far, host => 'mx.peer.example', domain => 'peer.example',
	domains => ['peer.example', 'old.example'],
	own_zone => $theirs . rua('', 'reports@peer.example',
		'gone@peer.example') . rua('.mx', 'hosts@peer.example'),
	zones => { 'site.example' => $own, 'old.example' => $theirs },
	# the other site is on this host, which is not skipped then
	trust => { skip_local => 'no' },
	services => intake_service($far),
	main => {
		intake_destination_recipient_limit => 1,
		transport_maps => 'inline:{{reports@peer.example=intake:} '
		    . '{hosts@peer.example=intake:}}',
		smtpd_recipient_restrictions => 'check_recipient_access '
		    . 'inline:{{gone@peer.example=550 5.1.1 no such user}}',
	},
);
spew("$far/verp.key", 'p' x 32, 0644);
write_intake_config($peer, $far, domains => 'peer.example old.example',
	hosts => 'mx.peer.example');

# --- the site that reports ---

# Postfix before release 3.10 does not know the parameter.
my ($major, $minor) = Signet::Postfix::version() =~ /^(\d+)\.(\d+)/;
my $no_results = $major > 3 || $minor >= 10
    ? "    -o smtp_tlsrpt_enable=no\n" : '';
my $site = Signet::Site->new(
	dir => $dir, dns => $peer->{dns},
	milters => "unix:$dir/run/milter.sock unix:$dir/run/sign.sock",
	services => intake_service($dir)
	    . "tlsreports unix - - n - - smtp\n"
	    . "    -o syslog_name=postfix/tlsreports\n" . $no_results
	    . "    -o smtp_tls_security_level=may\n"
	    . "    -o smtp_tls_policy_maps=\n",
	main => {
		intake_destination_recipient_limit => 1,
		recipient_delimiter => '+',
		transport_maps => 'inline:{{report@site.example=intake:}}',
		# as in signet-tls-report(8); the next hop is the test's
		sender_dependent_default_transport_maps => 'regexp:{{'
		    . '/^report\+ai[a-z2-7]{29}@/ tlsreports:[127.0.0.1]:'
		    . $peer->{mta}->port . '}}',
	},
);
spew("$dir/verp.key", 's' x 32, 0644);
mkdir "$dir/keys", 0700 or die;
mkdir "$dir/keys/site.example", 0700 or die;
spew("$dir/keys/site.example/s1.pem", slurp($key->file), 0600);
$site->configure(
	keys => { directory => "$dir/keys" },
	sign => { listen => "unix:$dir/run/sign.sock", socket_mode => 666,
	    check_dns => 'no' },
	reports => { from => 'tls-reports@site.example', spread => 0,
	    organization => 'Site & "Sons"', verp_key => "$dir/verp.key",
	    smtp => '127.0.0.1:' . $site->{mta}->port },
);
my $sign = Signet::Program->new('signet-sign', dir => "$dir/run",
    config_file => $site->config_file, log_file => "$dir/log/sign.log");
write_intake_config($site, $dir, domains => 'site.example');

# --- a day of sessions ---

my $noon = Signet::Reporter::noon();
my @sessions = (
	({ domain => 'peer.example', sts => 1 }) x 12,
	({ domain => 'peer.example', sts => 1, fail => 'certificate-expired',
	    fail_mx => 1 }) x 3,
	({ domain => 'old.example', fail => 'validation-failure' }) x 2,
);
my $second = 0;
my $spool = Signet::Events->spool($site->spool_dir);
chmod 0777, $site->spool_dir, glob $site->spool_dir . '/*';
$spool->put(map {
	json(Signet::TlsReporter::result_data(at => $noon + $second++,
	    mx => ['mx.peer.example'], %$_)) } @sessions);
my $pg = $site->{pg};
wait_for(60, sub {
	$pg->value('select count(*) from signet.tls_result') == 34;
}, 'the results');

my ($status, $out, $err) = run_command(program_path('signet-tls-report'),
    '-c', $site->config_file, '--now');
is($status, 0, 'signet-tls-report has sent what was due')
    or diag $out, $err;

# --- what arrives ---

my %sent = map { $_->{policy_domain} => $_ } $pg->rows(
    'select * from signet.v_tls_report_out');
is(join(' ', map { "$_=$sent{$_}{state}" } sort keys %sent),
    'mx.peer.example=sent old.example=nothing peer.example=sent',
    'to the domain and to the host');

my %report;
for my $name ('mx.peer.example', 'peer.example') {
	$report{$name} = wait_for(60, sub {
		# the rows of a report may come in a file of their own
		my ($row) = $peer->{pg}->rows('select *, (select count(*) from '
		    . 'signet.tls_report_in_policy p where p.report = i.id) '
		    . "as there from signet.report_in i where kind = 'tls' and "
		    . "report_id = '$sent{$name}{report_id}'");
		return $row && $row->{there} >= $row->{rows} && $row;
	}, sub { "the report to $name:\n" . join "\n",
	    $peer->{pg}->psql('select * from signet.v_report_in_refused'),
	    grep { /status=/ } split /\n/, $peer->{mta}->log
	    . $site->{mta}->log });
	my $row = $report{$name};
	is($row->{organization}, 'Site & "Sons"', "$name: organization");
	is($row->{sender_domain}, 'site.example', '... proven sender');
	is_deeply($row->{defects}, [], '... without a defect')
	    or diag explain $row->{defects};
}

sub rows_in {
	my ($name) = @_;
	return $peer->{pg}->psql('select policy_type, policy_domain, '
	    . 'successful, failed, mx_hosts, failures '
	    . 'from signet.v_tls_report_in where report = '
	    . "'$report{$name}{id}' order by 1, 2");
}

is(rows_in('peer.example'), <<'END' =~ s/\n\z//r, 'peer.example: its rows');
sts|peer.example|15|0|{*.peer.example}|{}
tlsa|mx.peer.example|12|3|{}|{"certificate-expired: 3"}
END
is(rows_in('mx.peer.example'), <<'END' =~ s/\n\z//r, 'the host: each domain');
tlsa|old.example|0|2|{mx.peer.example}|{}
tlsa|peer.example|12|3|{mx.peer.example}|{"certificate-expired: 3"}
END

subtest 'the mail of the report' => sub {
	my ($arrival) = $peer->{pg}->rows('select * from '
	    . 'signet.report_in_arrival where report = '
	    . "'$report{'peer.example'}{id}'");
	is($arrival->{recipient}, 'reports@peer.example', 'recipient');
	my $ledger = $peer->ledger($arrival->{queue_id});
	is($ledger->{dkim_result}, 'pass',
	    'verified with a key for TLS reports alone');
	is($ledger->{dmarc_result}, 'pass', 'DMARC passes');
	is($peer->{pg}->value('select count(*) from '
	    . 'signet.v_report_in_refused'), 0, 'nothing was refused');
	my ($log, @ways);
	# a process of its own writes the log
	wait_for(60, sub {
		$log = $site->{mta}->settle->log;
		@ways = $log =~ m{postfix/([\w/]+)\[\d+\]:[ ]\w+:[ ]
		    to=<\w+\@peer\.example>.*status=}gx;
		return @ways >= 3;
	}, sub { "three ways in\n$log" });
	is_deeply([sort @ways], [('tlsreports/smtp') x 3],
	    'by the transport that makes no results')
	    or diag join "\n", grep { /status=/ } split /\n/, $log;
};

subtest 'a key for TLS reports alone signs nothing else' => sub {
	my ($reply, $id) = $peer->send(client => '203.0.113.7',
	    from => 'ann@site.example', to => 'reports@old.example',
	    data => $key->sign("From: Ann <ann\@site.example>\n"
		. "To: x\@old.example\nSubject: hello\n"
		. "Date: Sat, 21 Nov 2026 06:00:00 +0000\n"
		. "Message-ID: <1\@site.example>\n\nHello.\n",
		d => 'site.example', s => 's1'));
	my $ledger = $peer->ledger('<1@site.example>');
	is($ledger->{dkim_result}, 'permerror', 'no pass');
	is($ledger->{dmarc_result}, 'fail', 'and none of DMARC');
};

subtest 'what comes back suppresses the address' => sub {
	my $row = wait_for(60, sub {
		my ($found) = $pg->rows('select kind, address, origin from '
		    . 'signet.v_report_suppression');
		return $found;
	}, sub { "the suppression:\n" . join "\n", grep { /status=/ }
	    split /\n/, $site->{mta}->log });
	is($row->{address}, 'gone@peer.example', 'the address');
	is($row->{kind}, 'tls', 'for TLS reports');
	is($row->{origin}, 'bounce', 'since it came back');
};

subtest 'nothing is sent twice' => sub {
	($status, $out, $err) = run_command(
	    program_path('signet-tls-report'), '-c', $site->config_file,
	    '--now');
	is($status, 0, 'nothing is left') or diag $err;
	is($pg->value('select count(*) from signet.v_tls_report_destination '
	    . "where state = 'sent'"), 3, 'three destinations');
	is($peer->{pg}->value('select max(seen) from signet.v_report_in'), 1,
	    'each was seen once');
};

$sign->stop;
$site->stop;
$peer->{$_}->stop for qw(mta milter load pg);
done_testing();
