#!/usr/bin/perl
# Two mail sites with everything real: the first gets mail in the name of the
# second, signet-dmarc-report reports it, Postfix and signet-sign carry the
# report, the second site's signet-milter verifies it, its intake reads it. The
# first site's evaluations are the second one's rows. What cannot be delivered
# comes back, and the address is suppressed.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(iso);
use Signet::Program;
use Signet::Reporter;
use Signet::Sign;
use Signet::Site;
use Signet::Util qw(must_run temp_dir slurp spew run_command program_path
    skip_or_fail wait_for top_dir);

Signet::Site->need;
for my $program (qw(signet-sign signet-dmarc-report signet-report-intake)) {
	program_path($program) or skip_or_fail("$program has not been built");
}

my $key = Signet::Sign->key('rsa', 2048);
my $peer_key = Signet::Sign->key('rsa', 2048, fresh => 1);
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
	$text =~ s/^\[(?:milter|keys|sign|dmarc_report|reports)\]\n.*?^\n//msg;
	mkdir "$where/keep", 0777 or die;
	chmod 0777, "$where/keep", $site->spool_dir,
	    glob $site->spool_dir . '/*';
	spew("$where/intake.conf", "$text\n[reports]\nverp_key = "
	    . "$where/verp.key\n[report_intake]\ndirectory = $where/keep\n"
	    . join('', map { "$_ = $option{$_}\n" } sort keys %option), 0644);
	return;
}

my $own = $key->zone_line('s1._domainkey') . "\@ MX 10 mx\nmx A 127.0.0.1\n"
    . "\@ TXT \"v=spf1 ip4:192.0.2.99 -all\"\n"
    . "_dmarc TXT \"v=DMARC1; p=reject\"\n";
my $theirs = $peer_key->zone_line('p1._domainkey') . "\@ MX 10 mx\n"
    . "mx A 127.0.0.1\n\@ TXT \"v=spf1 ip4:192.0.2.25 -all\"\n";

# --- the site that is reported to ---

my $peer = Signet::Site->new(
	dir => $far, host => 'mx.peer.example', domain => 'peer.example',
	domains => ['peer.example', 'old.example'],
	own_zone => $theirs . '_dmarc TXT "v=DMARC1; p=quarantine; '
	    . "rua=mailto:reports\@peer.example,mailto:gone\@peer.example\"\n",
	zones => {
		'site.example' => $own,
		'old.example' => $theirs . '_dmarc TXT "v=DMARC1; p=none; '
		    . "rua=mailto:reports\@old.example\"\n",
	},
	# the other site is on this host, which is not skipped then
	trust => { skip_local => 'no' },
	services => intake_service($far),
	main => {
		intake_destination_recipient_limit => 1,
		transport_maps => 'inline:{{reports@peer.example=intake:} '
		    . '{reports@old.example=intake:}}',
		smtpd_recipient_restrictions => 'check_recipient_access '
		    . 'inline:{{gone@peer.example=550 5.1.1 no such user}}',
	},
);
spew("$far/verp.key", 'p' x 32, 0644);
write_intake_config($peer, $far, domains => 'peer.example old.example');

# --- the site that reports ---

my $site = Signet::Site->new(
	dir => $dir, dns => $peer->{dns},
	milters => "unix:$dir/run/milter.sock unix:$dir/run/sign.sock",
	services => intake_service($dir),
	main => {
		intake_destination_recipient_limit => 1,
		recipient_delimiter => '+',
		smtp_tls_security_level => 'none',
		transport_maps => 'inline:{{report@site.example=intake:} '
		    . join(' ', map { "{$_=smtp:[127.0.0.1]:"
			. $peer->{mta}->port . '}' } qw(peer.example
			old.example)) . '}',
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
	reports => { from => 'dmarc-reports@site.example', spread => 0,
	    organization => 'Site & "Sons"', verp_key => "$dir/verp.key",
	    smtp => '127.0.0.1:' . $site->{mta}->port },
);
my $sign = Signet::Program->new('signet-sign', dir => "$dir/run",
    config_file => $site->config_file, log_file => "$dir/log/sign.log");
write_intake_config($site, $dir, domains => 'site.example');

# --- a day of mail ---

my $number = 0;

sub message {
	my ($from) = @_;
	$number++;
	return "From: Ann <$from>\nTo: user\@site.example\nSubject: $number\n"
	    . "Date: Sat, 21 Nov 2026 06:00:00 +0000\n"
	    . "Message-ID: <$number\@peer.example>\n\nHello.\n";
}

for my $domain ('peer.example', 'old.example') {
	my $from = "ann\@$domain";
	# theirs, signed and from where they say
	$site->send(client => '192.0.2.25', from => $from,
	    data => $peer_key->sign(message($from), d => $domain, s => 'p1'))
	    for 1 .. 6;
	# theirs, forwarded; signed and broken on the way; not theirs
	$site->send(client => '198.51.100.5', from => 'list@list.example',
	    data => $peer_key->sign(message($from), d => $domain, s => 'p1'))
	    for 1 .. 3;
	$site->send(client => '198.51.100.6', from => 'list@list.example',
	    data => $peer_key->sign(message($from), d => $domain, s => 'p1')
		. "A footer.\n") for 1 .. 2;
	$site->send(client => '203.0.113.7', from => "x\@mail.$domain",
	    data => message($from)) for 1 .. 4;
	$site->send(client => '203.0.113.8', from => '',
	    data => message($from));
}
my $pg = $site->{pg};
wait_for(30, sub {
	$pg->value('select count(*) from signet.dmarc_evaluation') == 32;
}, '32 evaluations');

# A day passes, and the delay of its reports.
$pg->psql(sprintf <<'END', (iso(Signet::Reporter::noon())) x 2);
select signet.make_partitions(array[date '%1$s']);
update signet.dmarc_evaluation set at = '%1$s';
select signet.dmarc_report_set('old.example', true, null, 'rfc7489', null);
END

my ($status, $out, $err) = run_command(program_path('signet-dmarc-report'),
    '-c', $site->config_file, '--now');
is($status, 0, 'signet-dmarc-report has sent what was due')
    or diag $out, $err;

# --- what arrives ---

my %report;
for my $domain ('peer.example', 'old.example') {
	$report{$domain} = wait_for(30, sub {
		# the rows of a report may come in a file of their own
		my ($row) = $peer->{pg}->rows('select *, (select count(*) from '
		    . 'signet.report_in_record r where r.report = i.id) as '
		    . "there from signet.v_report_in i where domain = "
		    . "'$domain'");
		return $row && $row->{there} >= $row->{rows} && $row;
	}, sub { "the report about $domain:\n" . join "\n",
	    $peer->{pg}->psql('select * from signet.v_report_in_refused'),
	    grep { /status=/ } split /\n/, $peer->{mta}->log
	    . $site->{mta}->log });
}

for my $domain (sort keys %report) {
	my $row = $report{$domain};
	my ($sent) = $pg->rows('select *, extract(epoch from end_at - '
	    . "begin_at) as seconds from signet.v_report_out where "
	    . "policy_domain = '$domain'");
	is($row->{organization}, 'Site & "Sons"', "$domain: organization");
	is($row->{sender_domain}, 'site.example', '... proven sender');
	is($row->{report_id}, $sent->{report_id}, '... report id');
	is($row->{rows}, $sent->{records}, '... records');
	is($row->{messages}, 16, '... messages');
	is($row->{failed}, 7, '... failed');
	is_deeply($row->{defects}, [], '... without a defect')
	    or diag explain $row->{defects};
	is(defined $row->{namespace} ? 1 : 0,
	    $domain eq 'peer.example' ? 1 : 0, '... dialect');

	# Both sites ask their own tables; the answers are the same text.
	my $evaluations = $pg->psql(<<"END");
select host(source_ip), header_from, envelope_from,
	replace(disposition, 'pass', case when policy_domain = 'old.example'
		then 'none' else 'pass' end),
	case when dkim_aligned then 'pass' else 'fail' end,
	case when spf_aligned then 'pass' else 'fail' end, count(*)
from signet.dmarc_evaluation where policy_domain = '$domain'
group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
END
	my $records = $peer->{pg}->psql(<<"END");
select host(r.source_ip), r.header_from, r.envelope_from, r.disposition,
	r.dkim, r.spf, sum(r.count)
from signet.report_in_record r join signet.report_in i on i.id = r.report
where i.domain = '$domain'
group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
END
	is($records, $evaluations, '... the same rows, byte for byte');
	cmp_ok(scalar(() = $records =~ /\n/g), '>=', 3, '... several');
}

is($peer->{pg}->value("select string_agg(dkim::text || spf::text, ' ') from "
    . "signet.v_report_in_failing where domain = 'peer.example' and "
    . "source_ip = '198.51.100.6'"),
    '{peer.example=fail}{list.example=none}', 'how one failed');

subtest 'the mail of the report' => sub {
	my ($arrival) = $peer->{pg}->rows('select * from '
	    . 'signet.report_in_arrival a join signet.report_in i on '
	    . "i.id = a.report where i.domain = 'peer.example'");
	like($arrival->{mail_from}, qr/^report\+[a-z2-7]{31}\@site\.example$/,
	    'envelope sender');
	is($arrival->{recipient}, 'reports@peer.example', 'recipient');
	my $ledger = $peer->ledger($arrival->{queue_id});
	is($ledger->{dmarc_result}, 'pass', 'DMARC passes');
	is($ledger->{dkim_result}, 'pass', 'by the signature of signet-sign');
	is($peer->{pg}->value('select count(*) from '
	    . 'signet.v_report_in_refused'), 0, 'nothing was refused');
};

subtest 'nothing is sent twice' => sub {
	run_command(program_path('signet-dmarc-report'), '-c',
	    $site->config_file, '--now');
	is($pg->value('select count(*) from signet.v_report_out'), 2,
	    'two reports');
	my $seen = $peer->{pg}->value(
	    'select max(seen) from signet.v_report_in');
	is($seen, 1, 'seen once');
};

subtest 'what comes back suppresses the address' => sub {
	my $row = wait_for(30, sub {
		my ($found) = $pg->rows('select kind, address, origin, '
		    . 'until > now() as is_now from '
		    . 'signet.v_report_suppression');
		return $found;
	}, sub { "the suppression:\n" . join "\n", grep { /status=/ }
	    split /\n/, $site->{mta}->log });
	is($row->{address}, 'gone@peer.example', 'the address');
	is($row->{kind}, 'dmarc', 'for DMARC reports');
	is($row->{origin}, 'bounce', 'since it came back');
	is($pg->value('select status from signet.report_bounce'), '5.1.1',
	    'for good');
};

$sign->stop;
$site->stop;
$peer->{$_}->stop for qw(mta milter load pg);
done_testing();
