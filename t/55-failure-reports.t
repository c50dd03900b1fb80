#!/usr/bin/perl
# DMARC failure reports the whole way: mail that fails at a real Postfix with
# signet-milter, PostgreSQL, signet-dmarc-report, a second Postfix that takes
# the reports; and what happens when one comes back.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event iso);
use Signet::Postfix;
use Signet::Reporter;
use Signet::Site;
use Signet::Util qw(run_command run_with_input program_path skip_or_fail
    spew wait_for temp_dir);

Signet::Site->need;
my %path = map { $_ => program_path($_) // skip_or_fail("$_ is not built") }
    qw(signet-dmarc-report signet-report-intake signet signet-load);

sub record {
	my ($more) = @_;
	return "\@ TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
	    . "_dmarc TXT \"v=DMARC1; p=reject; $more\"\n";
}

my $site = Signet::Site->new(
	zones => {
		'bank.example' => record('ruf=mailto:f@bank.example,'
		    . 'mailto:g@agree.example,mailto:h@silent.example,'
		    . 'https://bank.example/r'),
		'agree.example' => 'bank.example._report._dmarc TXT '
		    . "\"v=DMARC1\"\n",
		'silent.example' => "\@ TXT \"nothing\"\n",
		'psd.example' => record('psd=y; ruf=mailto:f@psd.example'),
		'later.example' => record('ruf=mailto:f@later.example'),
		'quiet.example' => record('rua=mailto:f@quiet.example'),
		'dead.example' => record('rua=mailto:f@dead.example; '
		    . 'ruf=mailto:f@dead.example'),
	},
	main => { smtpd_recipient_restrictions => 'check_recipient_access '
	    . 'inline:{{f@dead.example = 550 5.1.1 User unknown}}' },
);
my $pg = $site->{pg};
my $out = Signet::Postfix->new(host => 'mx.site.example',
    domains => ['site.example'], main => {
	transport_maps => 'inline:{{f@dead.example = smtp:[127.0.0.1]:'
	    . $site->{mta}->port . '}}' });
my $own = temp_dir();
spew("$own/verp.key", join('', map { chr rand 256 } 1 .. 32), 0644);
$site->configure(
	common => { public_addresses => '127.0.0.1' },
	reports => { from => 'dmarc-reports@site.example',
	    organization => 'Site', verp_key => "$own/verp.key", spread => 0,
	    smtp => '127.0.0.1:' . $out->port },
	report_intake => { domains => 'site.example',
	    directory => "$own/intake" },
);
mkdir "$own/intake", 0755 or die "$!\n";

my $number = 0;
sub forged {
	my ($domain, %option) = @_;
	my $local = $option{local} // 'mary';
	my $to = $option{to} // 'victim@site.example';
	$number++;
	return $site->send(client => $option{client} // '192.0.2.66',
	    from => $option{from} // "$local\@$domain", to => $to,
	    data => "Received: from a.example (a.example [203.0.113.9])\n"
	    . "\tby b.example with ESMTP for <$to>;\n"
	    . "\tSun, 22 Nov 2026 09:00:00 +0000\n"
	    . "Delivered-To: $to\nFrom: \"Bank\" <$local\@$domain>\n"
	    . "To: \"Vic Tim\" <$to>\nBcc: $to\n"
	    . "Subject: $to: verify at http://evil.example/steal?id=victim\n"
	    . "Date: Sun, 22 Nov 2026 09:00:00 +0000\n"
	    . "Message-ID: <$number\@$domain>\n"
	    . ($option{fields} // '') . "\nThe body is a secret.\n");
}

# Waits for the ledger, so that all facts of a message are loaded.
sub send_forged {
	my ($domain, %option) = @_;
	forged($domain, %option);
	wait_for(20, sub {
		$pg->value('select count(*) from signet.v_message_detail '
		    . "where message_id = '<$number\@$domain>'") },
	    'the ledger row');
	return;
}

# Facts come in the line behind that of the message: wait for them too.
sub failures {
	my ($domain, $count) = @_;
	wait_for(20, sub {
		$pg->value('select count(*) from signet.dmarc_failure '
		    . "where policy_domain = '$domain'") == $count },
	    "$count failures of $domain");
	return 1;
}

sub report {
	my @arguments = @_;
	my ($status, $text, $error) = run_command($path{'signet-dmarc-report'},
	    '-c', $site->config_file, @arguments);
	return ($status, $text . $error);
}

# What was sent, once Postfix is done with it.
sub sent { return scalar(my @all = $out->settle->mailbox) }

sub mails {
	my ($count) = @_;
	my @all = map { Signet::Reporter::read_mail($out, $_) }
	    $out->settle->mailbox;
	is(scalar @all, $count, "$count mails");
	return @all;
}

subtest 'nothing by default' => sub {
	send_forged('bank.example');
	# A second message ends the file of the first.
	send_forged('bank.example');
	is($pg->value('select count(*) from signet.dmarc_failure'), 0,
	    'nothing is recorded');
	my ($status, $log) = report();
	is($status, 0, 'nothing to do') or diag $log;
	is(sent(), 0, 'nothing is sent');
};

$site->configure(milter => { failure_reports => 'yes' });
$site->{milter}->restart;

subtest 'recorded, redacted' => sub {
	send_forged('bank.example') for 1 .. 3;
	send_forged('bank.example', client => '192.0.2.67');
	failures('bank.example', 4);
	my $all = $pg->psql('select * from signet.dmarc_failure');
	unlike($all, qr/victim|vic tim|mary|secret|steal/i,
	    'no address, no recipient, no body');
	my ($row) = $pg->rows('select * from signet.v_dmarc_failure order by '
	    . 'at limit 1');
	is($row->{source_ip}, '192.0.2.66', 'client');
	is($row->{delivery_result}, 'reject', 'what was done');
	my $token = qr/[a-z2-7]{16}/;
	like($row->{header}, qr/^From: "Bank" <$token\@bank\.example>\r?$/m,
	    'the author');
	like($row->{header}, qr/^To: $token\@site\.example\r?$/m,
	    'no name of the recipient');
	like($row->{header},
	    qr{^Subject: $token\@site\.example: verify at hxxp://evil\.example/}m,
	    'links are defanged');
};

subtest 'not recorded' => sub {
	send_forged('psd.example');
	send_forged('quiet.example');
	send_forged('bank.example', from => '');
	send_forged('bank.example', fields => 'Content-Type: multipart/report;'
	    . " boundary=x\n");
	send_forged('later.example');
	failures('later.example', 1);
	is($pg->psql('select distinct policy_domain from signet.dmarc_failure '
		. 'order by 1'), "bank.example\nlater.example",
	    'psd=y, no ruf, notifications, reports');
	failures('bank.example', 4);
};

subtest 'sent, merged, with consent' => sub {
	$pg->psql("delete from signet.dmarc_failure where policy_domain = "
	    . "'later.example'");
	my ($status, $log) = report();
	is($status, 0, 'done') or diag $log;
	like($log, qr/=\d+ domain=bank\.example state=sent incidents=3$/m, 'three that are alike are one');
	my @mail = mails(4);
	is_deeply([sort map { $_->{to} } @mail], ['f@bank.example',
		'f@bank.example', 'g@agree.example', 'g@agree.example'],
	    'to its own address and to one that agreed');
	is_deeply({ map { $_->{uri} => $_->{state} . ' '
		    . ($_->{consent} // '') } $pg->rows('select * from '
		. 'signet.v_dmarc_failure_destination') }, {
		'mailto:f@bank.example' => 'sent own',
		'mailto:g@agree.example' => 'sent given',
		'mailto:h@silent.example' => 'skipped refused',
		'https://bank.example/r' => 'skipped ',
	    }, 'each URI with its fate');
	my ($mail) = grep { $_->{text} =~ /^Incidents: 3$/m } @mail;
	like($mail->{header}{'content-type'}, qr{^multipart/report;\s*
	    report-type=feedback-report;}x, 'a feedback report');
	like($mail->{from}, qr/^report\+[a-z2-7]{31}\@site\.example$/,
	    'an envelope sender of its own');
	is($mail->{header}{'auto-submitted'}, 'auto-generated', 'automatic');
	for my $line ('Feedback-Type: auth-failure', 'Version: 1',
	    'Auth-Failure: dmarc', 'Identity-Alignment: dkim, spf',
	    'Source-IP: 192.0.2.66', 'Reported-Domain: bank.example',
	    'Delivery-Result: reject', 'Incidents: 3',
	    'SPF-DNS: txt : bank.example : "v=spf1 ip4:192.0.2.10 -all"',
	    'Reporting-MTA: dns; mx.site.example') {
		like($mail->{text}, qr/^\Q$line\E$/m, $line);
	}
	unlike($mail->{text}, qr/victim|vic tim|mary|secret|steal|http:/i,
	    'redacted');
	like($mail->{text}, qr{^Content-Type: text/rfc822-headers$}m,
	    'headers alone');
	is($pg->value('select count(*) from signet.dmarc_failure where '
		. 'report is null'), 0, 'all are told');
	($status, $log) = report();
	is(sent(), 4, 'once');

	# what we write, others of us read
	my $file = spew("$own/mail", $mail->{text});
	my ($read, $text, $error) = run_command($path{'signet-report-intake'},
	    '--read', $file, '--json');
	is($read, 0, 'it reads back') or diag $error;
	like($text, qr/"auth_failure"\s*:\s*"dmarc"|dmarc/, 'as what it is');
};

subtest 'limits' => sub {
	$site->configure(dmarc_report => { failure_domain_hourly => 3 });
	send_forged('bank.example', client => "192.0.2.7$_") for 1 .. 4;
	failures('bank.example', 8);
	my ($status, $log) = report();
	is($pg->value('select count(*) from signet.dmarc_failure_report'), 3,
	    'of a domain in an hour');
	is($pg->value('select count(*) from signet.dmarc_failure where '
		. 'report is null'), 3, 'the others wait');
	$site->configure(dmarc_report => { failure_domain_hourly => 100,
	    failure_address_hourly => 4 });
	($status, $log) = report();
	is($pg->value('select count(*) from signet.dmarc_failure where '
		. 'report is null'), 0, 'and go when there is room');
	is($pg->value('select count(*) from signet.v_dmarc_failure_destination'
		. " where address = 'f\@bank.example' and state = 'sent'"), 4,
	    'to an address in an hour');
	like($pg->psql('select distinct reason from '
		. 'signet.v_dmarc_failure_destination where reason is not '
		. 'null'), qr/has had its reports of this hour/, 'and why');
	$site->configure(dmarc_report => { failure_hourly => 6 });
	send_forged('later.example');
	failures('later.example', 1);
	report();
	is($pg->value('select count(*) from signet.dmarc_failure_report '
		. "where policy_domain = 'later.example'"), 0, 'in all');
	$site->configure(dmarc_report => { failure_hourly => undef,
	    failure_address_hourly => undef, failure_domain_hourly => undef });
	report();
	is($pg->value('select state from signet.dmarc_failure_report '
		. "where policy_domain = 'later.example'"), 'sent', 'later');

	# The source limits too: 10 of a domain in a minute.
	my $before = $pg->value('select count(*) from signet.dmarc_failure');
	forged('bank.example') for 1 .. 40;
	send_forged('quiet.example');
	my $new = $pg->value('select count(*) from signet.dmarc_failure')
	    - $before;
	cmp_ok($new, '<=', 20, "$new of 40 recorded: two minutes at most");
};

subtest 'psd=y and the end of ruf count when it is sent' => sub {
	$pg->psql(<<'END');
update signet.dmarc_failure set report = 0 where report is null;
insert into signet.dmarc_failure (id, at, policy_domain, from_domain,
	source_ip, dkim_failed, spf_failed, ruf, header)
select gen_random_uuid(), now(), d, d, '192.0.2.1', true, true, '{}', 'From: x'
from unnest(array['psd.example', 'quiet.example']) d;
END
	report();
	is($pg->psql('select policy_domain, state, reason from '
		. 'signet.v_dmarc_failure_report where policy_domain in '
		. "('psd.example', 'quiet.example') order by 1"),
	    "psd.example|nothing|the domain is a public suffix\n"
	    . 'quiet.example|nothing|the domain\'s DMARC record has no ruf '
	    . 'any more', 'nothing is sent');
};

# One more failure of dead.example, told.
my $dead = 0;
sub tell_dead {
	$dead++;
	send_forged('dead.example', client => "192.0.2.$dead");
	failures('dead.example', $dead);
	my ($status, $log) = report();
	is($status, 0, 'done') or diag $log;
	return;
}

# The notification that Postfix writes about such a report, and its recipient.
my %seen;
sub come_back {
	my $new = wait_for(30, sub {
		my ($file) = grep { /\.report\+/ && !$seen{$_} } $out->mailbox;
		return $file;
	}, 'a notification');
	$seen{$new} = 1;
	my ($id, $to) = $new =~ /^([^.]+)\.(.*)$/;
	return ($to, $out->delivered($to, $id));
}

sub intake {
	my ($to, $text) = @_;
	return run_with_input($text, $path{'signet-report-intake'}, '-c',
	    $site->config_file, '--sender', '', '--recipient', $to);
}

sub days_left {
	my ($kind) = @_;
	$kind //= 'failure';
	return $pg->value('select round(extract(epoch from signet.'
	    . "report_suppressed('$kind', 'f\@dead.example') - now()) / "
	    . '86400)');
}

subtest 'a report that comes back' => sub {
	tell_dead();
	my ($to, $text) = come_back();
	like($text, qr{^Content-Type: multipart/report; report-type=delivery-}m,
	    'a real notification');
	# What is not for a token of ours has no effect.
	(my $other = $to) =~ tr/b-y2-6/c-z3-7/ if $to =~ /^report\+/;
	intake($other, $text =~ s/\Q$to\E/$other/gr);
	my ($status, $said, $error) = intake($to, $text);
	is($status, 0, 'taken in') or diag $said . $error;
	wait_for(20, sub { days_left() ne '' }, 'suppression');
	is(days_left(), 30, 'suppresses its address');
	is($pg->psql('select kind, address, effect, action, status from '
		. 'signet.v_report_bounce'),
	    'failure|f@dead.example|suppressed|failed|5.1.1', 'and is known');
	tell_dead();
	is($pg->value("select state || ' ' || reason from "
		. 'signet.v_dmarc_failure_destination where address = '
		. "'f\@dead.example' order by report desc limit 1"),
	    'skipped suppressed', 'nothing is sent there meanwhile');

	$pg->psql("update signet.report_suppression set until = now() - "
	    . "interval '1 day'");
	tell_dead();
	($to, $text) = come_back();
	intake($to, $text);
	wait_for(20, sub { days_left() ne '' }, 'suppression');
	is(days_left(), 60, 'twice as long the second time');
	my ($listed, $list) = run_command($path{signet}, 'suppress', '-c',
	    $site->config_file, 'list');
	like($list, qr/^failure f\@dead\.example .* bounce +2 /m, 'listed');
	run_command($path{signet}, 'suppress', '-c', $site->config_file, '-k',
	    'failure', 'remove', 'f@dead.example');
	is(days_left(), '', 'until it is taken out');
};

subtest 'an aggregate report that comes back' => sub {
	Signet::Events->spool($site->spool_dir)->put(event(
		at => iso(Signet::Reporter::noon()),
		from_domain => 'dead.example',
		'dmarc.policy_domain' => 'dead.example',
		'dmarc.organizational_domain' => 'dead.example'));
	wait_for(20, sub {
		$pg->value('select count(*) from signet.dmarc_evaluation '
		    . "where at < now() - interval '9 hours'") }, 'an evaluation');
	my ($status, $log) = report();
	is($status, 0, 'sent') or diag $log;
	my ($to, $text) = come_back();
	my ($taken, $said, $error) = intake($to, $text);
	is($taken, 0, 'taken in') or diag $said . $error;
	wait_for(20, sub { days_left('dmarc') ne '' }, sub { 'suppression; '
	    . $pg->psql('select * from signet.v_report_bounce') });
	is(days_left('dmarc'), 30, 'suppresses its address');
	is(days_left(), '', 'for reports of its kind');
};

done_testing;
