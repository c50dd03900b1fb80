#!/usr/bin/perl
# signet-dmarc-report with a real PostgreSQL, a real Postfix and a DNS server
# that fails on request: what is sent, to whom, once, in which bytes, and what
# is left undone and why.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Digest::SHA ();
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Signet::Events qw(iso);
use Signet::Reporter;
use Signet::Util qw(run_command program_path top_dir slurp wait_for temp_dir
    is_alive end_process spawn spew can_connect find_program);

Signet::Reporter->need;
my $schema = top_dir() . '/lib/mailauth/schema';

sub record {
	my ($domain, @rua) = @_;
	@rua = ("mailto:dmarc\@$domain") unless @rua;
	return "_dmarc.$domain TXT \"v=DMARC1; p=reject; rua="
	    . join(',', @rua) . "\"\n";
}

# Mails in the order of their recipients, once all are there: so many.
sub mails {
	my ($r, $count) = @_;
	my @mails = $r->mails;
	is(scalar @mails, $count, "$count mails");
	return sort { $a->{to} cmp $b->{to} } @mails;
}

my $r = Signet::Reporter->new(dns => record('a.example',
	'mailto:dmarc@a.example!10m', 'https://a.example/r', 'mailto:0',
	'mailto:agg@b.example', 'mailto:no@c.example')
    . record('b.example') . record('c.example')
    . "a.example._report._dmarc.b.example TXT \"v=DMARC1\"\n");
my ($status, $log, $out);

subtest 'nothing to do' => sub {
	($status, $log) = $r->run;
	is($status, 0, 'is no fault');
	like($log, qr/planned=0 waiting=0/, 'told');
};

$r->evaluate(domain => 'a.example', count => 20);

subtest 'a dry run' => sub {
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 5, Proto => 'tcp');
	$r->configure(reports => { smtp => '127.0.0.1:'
	    . $listener->sockport });
	my $tables = sub {
		$r->pg->psql('select * from signet.dmarc_report_out; '
		    . 'select * from signet.dmarc_report_destination; '
		    . 'select * from signet.dmarc_report_period');
	};
	my $before = $tables->();
	# the day that has ended is yesterday only once the delay is over
	my @date = ('--date', Signet::Reporter::day());
	($status, $log, $out) = $r->run('--dry-run', @date);
	is($status, 0, 'done') or diag $log;
	is($r->lint($out, "$schema/rfc9990.xsd"), '', 'a valid report');
	(undef, $log) = $r->run('--dry-run', '--domain', 'x.example');
	like($log, qr/nothing to report to x\.example for yesterday \(UTC\)/,
	    'without a date it is yesterday');
	($status, $log, $out) = $r->run('--explain', @date, '--domain',
		'a.example');
	is($status, 0, 'and told why') or diag $log;
	like($out, qr/can pass DMARC/, 'ourselves');
	like($out, qr/^  evaluations\s+20$/m, 'how many');
	like($out, qr{dmarc\@a.example: would be sent, consent own}, 'own');
	like($out, qr{agg\@b.example: would be sent, consent given at a.exam},
	    'foreign');
	like($out, qr{no\@c.example: skipped, consent refused}, 'refused');
	like($out, qr{https://a.example/r: skipped: .*not supported}, 'https');
	like($out, qr{mailto:0: skipped: .*no mail address}, 'no address');
	is($tables->(), $before, 'nothing is written');
	my $ready = '';
	vec($ready, fileno $listener, 1) = 1;
	is(scalar(select $ready, undef, undef, 0), 0, 'nobody connected');
	$r->configure(reports => { smtp => undef });
	$r->configure(reports => { smtp => "127.0.0.1:$r->{port}" });
	# What a dry run is made of does not reach the code that sends.
	my %seen;
	my @next = ('dmarc-reporter/preview.h');
	while (defined(my $header = shift @next)) {
		next if $seen{$header}++;
		for my $file ($header, $header =~ s/h$/c/r) {
			my $path = top_dir() . ($header =~ /^(?:dmarc-)?reporter/
			    ? "/$file" : "/lib/$file");
			my $text = slurp($path) // next;
			push @next, $text =~ /^#include "([^"]+\/[^"]+)"/mg;
		}
	}
	ok($seen{'dmarc-reporter/make.h'}, 'it makes reports');
	is_deeply([grep { $seen{$_} } qw(io/transfer.h
		reporter/deliver.h dmarc-reporter/failure_send.h)], [],
	    'and reaches no mail server');
};

subtest 'the whole way' => sub {
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	like($log, qr/report=\w+ domain=a\.example state=sent messages=20 /,
	    'one line for the report');
	like($log, qr/ records=3 bytes=\d+ to="sent /, 'with what it holds');
	my @mail = mails($r, 2);
	is(join(' ', map { $_->{to} } @mail), 'agg@b.example dmarc@a.example',
	    'to both');
	my ($report) = $r->reports;
	for my $mail (@mail) {
		is($r->lint($mail->{xml}, "$schema/rfc9990.xsd"), '', 'valid');
		my $sum = 0;
		$sum += $_ for $mail->{xml} =~ m{<count>(\d+)</count>}g;
		is($sum, 20, 'totals are those of the rows');
		my $header = $mail->{header};
		is($header->{to}, "<$mail->{to}>", 'To');
		like($header->{from}, qr/<dmarc-reports\@site\.example>$/,
		    'From');
		is($header->{subject}, 'Report Domain: a.example Submitter: '
		    . "site.example Report-ID: <$report->{report_id}>",
		    'Subject');
		is($header->{'auto-submitted'}, 'auto-generated', 'automatic');
		is($header->{'mime-version'}, '1.0', 'MIME');
		like($header->{'message-id'}, qr/^<$report->{report_id}\.\d+
		    \@site\.example>$/x, 'Message-ID');
		like($header->{date}, qr/^\w{3}, \d\d? \w{3} 2\d{3} [\d:]{8} \+/,
		    'Date');
		like($mail->{from}, qr/^report\+[a-z2-7]{31}\@site\.example$/,
		    'an envelope sender of its own');
		my $begin = int(Signet::Reporter::noon() / 86400) * 86400;
		is($mail->{file_name}, 'site.example!a.example!' . $begin . '!'
		    . ($begin + 86399) . "!$report->{report_id}.xml.gz",
		    'file name');
		is(Digest::SHA::sha256_hex($mail->{gzip}),
		    $report->{gzip_sha256}, 'bytes as told');
		like($mail->{people}, qr/^Domain:\s+a\.example$/m,
		    'a part for people');
	}
	isnt($mail[0]{from}, $mail[1]{from}, 'no two senders are the same');
	if (my $intake = program_path('signet-report-intake')) {
		my $file = spew(temp_dir() . '/mail.eml', $mail[0]{text});
		(my $s, $out) = run_command($intake, '-c', $r->config_file,
		    '--read', $file, '--json');
		my $read = eval { JSON::PP->new->utf8->decode($out) } // {};
		is("$read->{domain} $read->{messages} $read->{rows}",
		    'a.example 20 3', 'our reader reads the same');
		is_deeply($read->{defects}, [], 'and finds no defect');
	}
	is($report->{state}, 'sent', 'state');
	is($report->{evaluations}, 20, 'evaluations');
	is($r->pg->value('select count(*) from signet.dmarc_report_out '
		. 'where gzip is not null'), 0, 'the file is given up');
	is_deeply({ map { $_->{uri} => "$_->{state}: "
		    . ($_->{reason} // $_->{reply}) =~ s/ queued as.*//r }
		$r->destinations }, {
		'mailto:dmarc@a.example' => 'sent: 250 2.0.0 Ok:',
		'mailto:agg@b.example' => 'sent: 250 2.0.0 Ok:',
		'https://a.example/r' => 'skipped: its scheme is not '
		    . 'supported: only mailto is (RFC 9990)',
		'mailto:0' => 'skipped: cannot be used: no mail address',
		'mailto:no@c.example' => 'skipped: the host has no record '
		    . 'that agrees',
	    }, 'each URI with its fate');
	($status, $log) = $r->run;
	like($log, qr/planned=0 waiting=0/, 'and that was all');
	is($r->delivered, 2, 'no more mail');
};

subtest 'rows that come late' => sub {
	$r->evaluate(domain => 'a.example', count => 4);
	($status, $log) = $r->run;
	like($log, qr/planned=0 waiting=0/, 'make no second report');
	my ($report) = $r->reports;
	is($report->{late}, 4, 'are counted');
	is($r->pg->value('select late from signet.v_report_day'), 4,
	    'in the day too');
};

subtest 'refused for now, for good' => sub {
	my $access = 'inline:{{later@d.example = 451 4.7.1 busy} '
	    . '{never@d.example = 550 5.1.1 nobody}}';
	$r->{mta}->set(smtpd_recipient_restrictions =>
		"check_recipient_access $access");
	$r->zone(record('d.example', 'mailto:never@d.example',
		'mailto:later@d.example', 'mailto:dmarc@d.example'));
	$r->evaluate(domain => 'd.example', count => 5);
	($status, $log) = $r->run;
	is($status, 75, 'something is left to do') or diag $log;
	my %fate = map { $_->{address} => $_ }
	    $r->destinations("policy_domain = 'd.example'");
	is($fate{'dmarc@d.example'}{state}, 'sent', 'one bad address does '
	    . 'not stand in the way of the others');
	is($fate{'never@d.example'}{state}, 'given_up', 'given up');
	like($fate{'never@d.example'}{reply}, qr/^550 5\.1\.1 .*nobody/,
	    'with the reply');
	is($fate{'later@d.example'}{state}, 'again', 'again');
	like($fate{'later@d.example'}{reply}, qr/^451 4\.7\.1 .*busy/,
	    'with the reply');
	my ($report) = $r->reports("policy_domain = 'd.example'");
	is($report->{state}, 'again', 'the report too');
	ok($report->{next_at}, 'at a time');
	$r->{mta}->set(smtpd_recipient_restrictions => '');
	($status, $log) = $r->run;
	like($log, qr/waiting=0/, 'not before');
	# The rows may go meanwhile.
	$r->pg->psql('delete from signet.dmarc_evaluation '
	    . "where policy_domain = 'd.example'");
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my ($first, $second) = grep { $_->{to} =~ /d\.example/ }
	    mails($r, 4);
	is("$first->{to} $second->{to}", 'dmarc@d.example later@d.example',
	    'sent to whom it was not');
	is($second->{gzip}, $first->{gzip}, 'the same bytes');
	is($second->{file_name}, $first->{file_name}, 'the same name');
};

subtest 'trouble in the DNS delays and loses nothing' => sub {
	$r->zone("_dmarc.e.example TXT \@servfail\n"
	    . record('f.example', 'mailto:x@g.example',
		'mailto:dmarc@f.example') . record('g.example')
	    . "f.example._report._dmarc.g.example TXT \@servfail\n");
	$r->evaluate(domain => 'e.example', count => 2);
	$r->evaluate(domain => 'f.example', count => 3);
	($status, $log) = $r->run;
	is($status, 75, 'something is left to do');
	my ($e) = $r->reports("policy_domain = 'e.example'");
	my ($f) = $r->reports("policy_domain = 'f.example'");
	is($e->{state}, 'ready', 'made and kept');
	like($e->{destinations} // '', qr/^$/, 'for whom is not known');
	like($f->{destinations}, qr/undecided x\@g\.example/, 'undecided');
	like($f->{destinations}, qr/sent dmarc\@f\.example/,
	    'while the others have theirs');
	is($r->pg->value('select count(*) from signet.v_report_out where '
		. "next_at > now() and policy_domain in ('e.example', "
		. "'f.example')"), 2, 'both come again');
	$r->pg->psql('delete from signet.dmarc_evaluation');
	$r->zone(record('e.example') . record('f.example',
		'mailto:x@g.example', 'mailto:dmarc@f.example')
	    . record('g.example')
	    . "f.example._report._dmarc.g.example TXT \"v=DMARC1; "
	    . "rua=mailto:y\@g.example\"\n");
	my $before = $r->delivered;
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	mails($r, $before + 2);
	like((join ' ', map { $_->{to} } $r->mails), qr/dmarc\@e\.example/, 'sent');
	my ($y) = $r->destinations("address = 'y\@g.example'");
	is($y->{state}, 'sent', 'to the address that the host wants');
	is($y->{instead_of}, 'mailto:x@g.example', 'in place of the other');
	is($r->pg->value('select count(*) from signet.v_report_destination '
		. "where address = 'dmarc\@f.example'"), 1,
	    'and nobody got it twice');
};

subtest 'a record that goes before all have theirs' => sub {
	$r->zone(record('gone.example', 'mailto:a@gone.example',
		'mailto:b@g.example') . record('g.example')
	    . "gone.example._report._dmarc.g.example TXT \@servfail\n");
	$r->evaluate(domain => 'gone.example');
	is(($r->run)[0], 75, 'one waits');
	$r->zone('')->hurry;
	is(($r->run)[0], 0, 'done');
	my ($report) = $r->reports("policy_domain = 'gone.example'");
	is($report->{state}, 'sent', 'sent to one');
	like($report->{destinations}, qr/skipped b\@g\.example \(the domain /,
	    'and not to the other');
};

subtest 'what the format cannot express' => sub {
	$r->zone(record('odd.example'));
	$r->evaluate(domain => 'odd.example', count => 2);
	$r->evaluate(domain => 'odd.example', count => 3,
	    'evaluation.disposition' => 'defer');
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my ($report) = $r->reports("policy_domain = 'odd.example'");
	is("$report->{evaluations} $report->{left_out} $report->{late}",
	    '2 3 0', 'is left out and counted');
	like($log, qr/left_out=3 left_out_why=/, 'and told');
};

subtest 'who wants none any more gets none' => sub {
	$r->zone("_dmarc.h.example TXT \"v=DMARC1; p=none\"\n");
	$r->evaluate(domain => $_) for qw(h.example i.example);
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	my %why = map { $_->{policy_domain} => "$_->{state}: $_->{reason}" }
	    $r->reports("policy_domain in ('h.example', 'i.example')");
	is($why{'h.example'}, "nothing: the domain's DMARC record has no rua "
	    . 'any more', 'no rua');
	is($why{'i.example'}, 'nothing: the domain has no DMARC record any '
	    . 'more', 'no record');
};

subtest 'suppressed, switched off, optional' => sub {
	$r->zone(record('j.example', 'mailto:bad@j.example',
		'mailto:good@j.example') . record('k.example')
	    . record('l.example'));
	$r->pg->psql("select signet.report_suppress_add('dmarc', "
	    . "'bad\@j.example', now() + interval '1 day');"
	    . "select signet.dmarc_report_set('k.example', p_enabled => "
	    . 'false)');
	$r->evaluate(domain => $_) for qw(j.example k.example);
	$r->evaluate(domain => 'l.example', count => 3,
	    rcpt => [Signet::Events::rcpt('dmarc@site.test', 1)]);
	my $before = $r->delivered;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	mails($r, $before + 1);
	my %fate = map { $_->{address} => $_ }
	    $r->destinations("policy_domain = 'j.example'");
	is($fate{'good@j.example'}{state}, 'sent', 'one has it');
	like($fate{'bad@j.example'}{reason}, qr/^suppressed until 2\d{3}-/,
	    'the other is suppressed');
	my ($k) = $r->reports("policy_domain = 'k.example'");
	is("$k->{state}: $k->{reason}", 'nothing: reports to this domain are '
	    . 'switched off', 'switched off');
	$r->pg->psql("select signet.dmarc_report_set('k.example', true);"
	    . "select signet.dmarc_report_again('$k->{report_id}')");
	is(($r->run)[0], 0, 'switched on, and asked for again');
	($k) = $r->reports("policy_domain = 'k.example'");
	is($k->{state}, 'sent', 'it is sent');
	is($r->pg->value("select signet.dmarc_report_again("
		. "'$k->{report_id}')"), 'f', 'and not twice');
	is(scalar $r->reports("policy_domain = 'l.example'"), 0,
	    'mail to report addresses alone makes no report');
};

subtest 'each policy has its report' => sub {
	$r->zone(record('m.example'));
	$r->evaluate(domain => 'm.example', count => 2);
	$r->evaluate(domain => 'm.example', count => 3, 'dmarc.p' => 'none',
	    'dmarc.sp' => 'none');
	$r->evaluate(domain => 'm.example', count => 1,
	    rcpt => [Signet::Events::rcpt('dmarc@site.test', 1)]);
	($status, $log) = $r->run;
	my @reports = $r->reports("policy_domain = 'm.example'");
	is(join(' ', sort map { $_->{evaluations} } @reports), '3 3',
	    'optional evaluations go with the others');
	isnt($reports[0]{file_name}, $reports[1]{file_name}, 'two names');
	my ($none) = grep { $_->{xml} =~ m{<p>none</p>} } $r->mails;
	ok($none && $none->{xml} !~ m{<p>reject</p>}, 'one policy in each');
};

subtest 'shorter periods, another format' => sub {
	$r->zone(record('n.example') . record('o.example'));
	$r->pg->psql("select signet.dmarc_report_set('n.example', "
	    . "p_interval_hours => 6), signet.dmarc_report_set('o.example', "
	    . "p_format => 'rfc7489'); update signet.dmarc_report_setting "
	    . "set interval_since = '-infinity' where domain = 'n.example'");
	my $noon = Signet::Reporter::noon();
	$r->evaluate(domain => 'n.example', at => $_)
	    for $noon - 6 * 3600 - 60, $noon - 60, $noon + 60;
	$r->evaluate(domain => 'o.example', count => 2);
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	is(join(' ', map { sprintf '%02d', $_->{hour} } $r->pg->rows(
		"select extract(hour from begin_at at time zone 'UTC')::int "
		. "as hour from signet.v_report_out where policy_domain = "
		. "'n.example' and end_at - begin_at = interval '6 hours' "
		. 'order by begin_at')), '00 06 12', 'three periods');
	my ($old) = grep { $_->{to} eq 'dmarc@o.example' } $r->mails;
	is($r->lint($old->{xml}, "$schema/rfc7489.xsd"), '', 'RFC 7489');
	my ($error) = ($r->pg->try_psql("select signet.dmarc_report_set("
		. "'p.example', p_interval_hours => 5)"))[1];
	like($error, qr/dmarc_report_setting_hours/, 'five hours are none');
};

subtest 'a day that was missed' => sub {
	$r->zone(record('q.example'));
	$r->evaluate(domain => 'q.example', count => 2,
	    at => Signet::Reporter::noon() - 86400 * $_) for 1, 2;
	is($r->pg->value('select count(*) from signet.v_report_day where '
		. "alert like 'no report was made%'"), 2,
	    'the view tells of it');
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	is(scalar $r->reports("policy_domain = 'q.example' and state = 'sent'"),
	    2, 'caught up');
	is($r->pg->value('select count(*) from signet.v_report_day where '
		. 'alert is not null'), 0, 'no alert is left');
};

subtest 'without the mail server' => sub {
	$r->zone(join '', map { record("away$_.example") } 1 .. 3);
	$r->evaluate(domain => "away$_.example") for 1 .. 3;
	my $before = $r->delivered;
	$r->{mta}->stop;
	($status, $log) = $r->run;
	is($status, 75, 'tried again later');
	is(scalar(() = $log =~ /the run ends: 127/g), 1,
	    'the first failure ends the run');
	is($r->pg->value('select count(*) from signet.v_report_out where '
		. "policy_domain like 'away%' and next_at is not null"), 3,
	    'nothing is given up');
	$r->{mta}->start;
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	mails($r, $before + 3);
};

subtest 'a storm of refusals ends the run' => sub {
	my @domains = map { "storm$_.example" } 1 .. 6;
	$r->zone(join '', map { record($_) } @domains);
	$r->evaluate(domain => $_) for @domains;
	$r->configure(reports => { stop_after => 3 });
	$r->{mta}->set(smtpd_recipient_restrictions =>
		'check_recipient_access static:{451 4.7.1 too much}');
	($status, $log) = $r->run;
	is($status, 75, 'tried again later');
	is($r->pg->value('select count(*) from signet.v_report_destination '
		. "where policy_domain like 'storm%' and attempts > 0"), 3,
	    'three were tried');
	$r->{mta}->set(smtpd_recipient_restrictions => '');
	$r->configure(reports => { stop_after => undef });
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
};

subtest 'limit of a host' => sub {
	my @domains = map { "limit$_.example" } 1 .. 4;
	$r->zone(record('big.example')
	    . "*._report._dmarc.big.example TXT \"v=DMARC1\"\n"
	    . join '', map { record($_, 'mailto:in@big.example') } @domains);
	$r->evaluate(domain => $_) for @domains;
	$r->configure(reports => { host_hourly => 2 });
	($status, $log) = $r->run;
	is($status, 75, 'something is left to do');
	is($r->pg->value('select count(*) from signet.v_report_destination '
		. "where host = 'big.example' and state = 'sent'"), 2,
	    'two in an hour');
	like($log, qr/its host has had its reports of this hour/, 'told');
	$r->pg->psql("update signet.dmarc_report_destination set sent_at = "
	    . "sent_at - interval '1 hour' where host = 'big.example'");
	$r->hurry;
	($status, $log) = $r->run;
	is($status, 0, 'the others in the next') or diag $log;
	$r->configure(reports => { host_hourly => undef });
};

subtest 'without the database' => sub {
	$r->zone(record('r.example'));
	$r->evaluate(domain => 'r.example', count => 2);
	$r->pg->stop('immediate');
	($status, $log) = $r->run;
	is($status, 75, 'tried again later');
	like($log, qr/database: /, 'told');
	$r->pg->start;
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	is(scalar $r->reports("policy_domain = 'r.example' and state = 'sent'"),
	    1, 'sent');
};

subtest 'would our report pass where it arrives?' => sub {
	my $base = "s.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
	    . "_dmarc.s.example TXT \"v=DMARC1; p=reject\"\n"
	    . record('t.example');
	my $keys = temp_dir();
	$r->zone($base);
	$r->evaluate(domain => 't.example');
	$r->configure(reports => { from => 'r@s.example' },
	    keys => { directory => $keys });
	my $before = $r->delivered;
	($status, $log) = $r->run;
	is($status, 78, 'refused');
	my @lines = grep { /nothing is sent/ } split /\n/, $log;
	is(scalar @lines, 1, 'in one line');
	like($lines[0], qr/SPF of s\.example says fail for 192\.0\.2\.25; and /,
	    'that says why');
	is($r->delivered, $before, 'no mail');
	my ($waits) = $r->reports("policy_domain = 't.example'");
	is($waits->{state}, 'due', 'the report waits');
	$r->zone($base . "s1._domainkey.s.example TXT \@servfail\n");
	mkdir "$keys/s.example";
	open my $key, '>', "$keys/s.example/s1.pem" or die $!;
	close $key;
	($status, $log) = $r->run;
	is($status, 75, 'DNS does not tell: later');
	$r->zone($base);
	is(($r->run)[0], 78, 'a key that the DNS does not have');
	$r->zone($base . 's1._domainkey.s.example TXT "v=DKIM1; p=MCowBQYDK2V'
	    . 'wAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="' . "\n");
	($status, $log) = $r->run;
	is($status, 0, 'a published key will do') or diag $log;
	unlink "$keys/s.example/s1.pem";
	$r->zone($base . record('w.example'));
	$r->evaluate(domain => 'w.example');
	is(($r->run)[0], 78, 'no key is seen');
	$r->pg->psql('insert into signet.signing_key (domain, selector, type, '
	    . "bits, public_key, state, since, host, made_at) values "
	    . "('s.example', 's2', 'ed25519', 256, 'x', 'active', now(), 'h', "
	    . 'now())');
	$r->zone($base . record('w.example')
	    . 's2._domainkey.s.example TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfV'
	    . 'S/7TyWQHOg7hcvPapiMlrwIaaPcHURo="' . "\n");
	is(($r->run)[0], 0, 'one of which the database knows will do');
	$r->zone($base . record('u.example'));
	$r->evaluate(domain => 'u.example');
	$r->configure(reports => { preflight_alignment => 'warn' });
	($status, $log) = $r->run;
	is($status, 0, 'warn: sent all the same') or diag $log;
	like($log, qr/would not pass DMARC/, 'with a warning');
	$r->configure(keys => { directory => undef }, reports => {
		from => 'dmarc-reports@site.example',
		preflight_alignment => undef });
};

subtest 'through a pooler in transaction mode' => sub {
	find_program('pgbouncer') or plan(skip_all =>
	    'not installed: pgbouncer');
	my $home = temp_dir();
	spew("$home/users.txt", '"postgres" ""' . "\n", 0644);
	spew("$home/pgbouncer.ini", <<"END", 0644);
[databases]
signet = host=@{[$r->pg->dir]} dbname=signet user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = $home
listen_port = 6432
auth_type = any
auth_file = $home/users.txt
pool_mode = transaction
default_pool_size = 3
min_pool_size = 3
server_round_robin = 1
logfile = $home/log
END
	chmod 0777, $home;
	my $pid = spawn({ out => "$home/out", user => $> == 0 ? 'postgres'
	    : undef }, 'pgbouncer', "$home/pgbouncer.ini");
	wait_for(15, sub { can_connect("unix:$home/.s.PGSQL.6432") },
	    sub { 'pgbouncer: ' . slurp("$home/out") });
	$r->zone(join '', map { record("pool$_.example") } 1 .. 5);
	$r->evaluate(domain => "pool$_.example", count => 10) for 1 .. 5;
	$r->configure(database => {
		conninfo => "host=$home port=6432 dbname=signet user=postgres"
	});
	($status, $log) = $r->run;
	is($status, 0, 'done') or diag $log;
	$r->configure(database => { conninfo => $r->pg->conninfo });
	is(scalar(my @sent = $r->reports("policy_domain like 'pool%' and "
		. "state = 'sent'")), 5, 'all are sent');
	end_process($pid, 'INT');
};

subtest 'two reporters at once' => sub {
	my @domains = map { sprintf 'two%02d.example', $_ } 1 .. 40;
	$r->zone(join '', map { record($_) } @domains);
	$r->evaluate(domain => $_, count => 3) for @domains;
	my $before = $r->delivered;
	my $dir = temp_dir();
	# neither begins before both are there
	my $lock = spawn({ out => "$dir/psql" }, $r->pg->_client('psql'),
	    '-d', $r->pg->database, '-c', 'begin; lock table '
	    . 'signet.dmarc_report_out; select pg_sleep(600)');
	wait_for(60, sub { $r->pg->value('select count(*) from pg_locks where '
	    . "relation = 'signet.dmarc_report_out'::regclass and granted") },
	    'the lock');
	my @pids = map { $r->start("$dir/$_.log") } 1, 2;
	wait_for(60, sub { $r->pg->value('select count(distinct pid) from '
	    . 'pg_locks where not granted') == 2 }, 'two reporters');
	$r->pg->psql('select pg_terminate_backend(pid) from pg_stat_activity '
	    . "where query like '%pg_sleep(600)' and pid <> pg_backend_pid()");
	for my $pid (@pids) {
		waitpid $pid, 0;
		is($? >> 8, 0, 'done');
	}
	end_process($lock);
	mails($r, $before + 40);
	my %count;
	$count{$_->{to}}++ for grep { $_->{to} =~ /two/ } $r->mails;
	is(scalar keys %count, 40, 'each domain has its report');
	is_deeply([grep { $count{$_} != 1 } keys %count], [], 'once');
	my @worked = grep { slurp("$dir/$_.log") =~ /state=sent/ } 1, 2;
	is(scalar @worked, 2, 'and both had a share');
};

subtest 'killed at any moment' => sub {
	my @domains = map { sprintf 'kill%02d.example', $_ } 1 .. 30;
	$r->zone(join '', map { record($_) } @domains);
	$r->evaluate(domain => $_, count => 3) for @domains;
	my $dir = temp_dir();
	my $kills = 0;
	my $count = sub { scalar(() = $_[0] =~ /$_[1]/g) };
	my $done = sub { $count->(slurp("$dir/log") // '', qr/state=/) };
	# what it says, what the mail server says before and after the message
	my @facts = ($done, map { my $what = $_;
	    sub { $count->($r->{mta}->log, $what) } }
	    qr{smtpd\[\d+\]: \w+: client=}, qr{cleanup\[\d+\]: \w+: message-id=});
	for my $round (0 .. 39) {
		my $fact = $facts[$round % 3];
		my $want = $fact->() + 1 + $round % 4;
		my $pid = $r->start("$dir/log");
		wait_for(60, sub { $fact->() >= $want || !is_alive($pid) },
		    'the next reports');
		$kills++ if is_alive($pid);
		end_process($pid, 'KILL');
		last if $done->() >= 30;
		# the claim of the dead one would end in twenty minutes
		$r->hurry;
	}
	$r->hurry;
	cmp_ok($kills, '>', 3, 'it was killed several times');
	($status, $log) = $r->run;
	is($status, 0, 'the last one ends') or diag $log;
	is(scalar $r->reports("policy_domain like 'kill%' and state = 'sent'"),
	    30, 'every report was sent');
	my %mail;
	push @{ $mail{$_->{to}} }, $_ for grep { $_->{to} =~ /kill/ }
	    $r->mails;
	is(scalar keys %mail, 30, 'and arrived');
	for my $twice (grep { @$_ > 1 } values %mail) {
		my %kinds = map { ("$_->{file_name} $_->{header}{subject} "
			. Digest::SHA::sha256_hex($_->{gzip})) => 1 } @$twice;
		is(scalar keys %kinds, 1, "$twice->[0]{to} got it "
		    . @$twice . ' times: the same report');
	}
};

subtest 'signet dmarc' => sub {
	my $signet = program_path('signet');
	$r->zone(record('v.example', 'mailto:d@v.example', 'mailto:e@w.example',
		'mailto:f@x.example', 'mailto:0') . record('w.example')
	    . record('x.example') . record('y.example')
	    . "v.example._report._dmarc.w.example TXT \"v=DMARC1\"\n");
	my $check = sub {
		my ($domain, @more) = @_;
		return run_command($signet, 'dmarc', 'checkreportaddrs', '-c',
		    $r->config_file, @more, $domain);
	};
	my ($s, $text) = $check->('v.example');
	is($s, 1, 'not every address can be used');
	like($text, qr/mailto:d\@v\.example: good, consent own/, 'own');
	like($text, qr/mailto:e\@w\.example: good, consent given at v\.exam/,
	    'foreign');
	like($text, qr/mailto:f\@x\.example: bad, consent refused/, 'refused');
	like($text, qr/mailto:0: bad: cannot be used/, 'no address');
	($s, $text) = $check->('v.example', '--json');
	my $json = JSON::PP->new->utf8->decode($text);
	is($json->{policy_at}, 'v.example', 'JSON');
	is(join(' ', map { $_->{verdict} } @{ $json->{rua} }),
	    'good good bad bad', 'the same verdicts');
	($s, $text) = $check->('y.example');
	is($s, 0, 'all can be used') or diag $text;
	($s, $text) = $check->('none.example');
	is($s, 1, 'no record');
	$r->zone("_dmarc.z.example TXT \@servfail\n");
	is(($check->('z.example'))[0], 75, 'DNS did not tell');
	($s, $text) = run_command($signet, 'dmarc', 'report', '--version');
	like($text, qr/^signet-dmarc-report \d/, 'signet dmarc report');
};

subtest 'arguments and configuration' => sub {
	is(($r->run('--date', '2026-13-01'))[0], 64, 'no day');
	is(($r->run('--domain', 'a b'))[0], 64, 'no domain');
	is(($r->run('--no-such'))[0], 64, 'no option');
	($status, $log, $out) = $r->run('-n');
	like($out, qr/^from = dmarc-reports\@site\.example$/m, '-n');
	$r->configure(reports => { from => undef });
	($status, $log) = $r->run;
	is($status, 78, 'nothing without From');
	like($log, qr/\[reports\] from is not set/, 'told');
	$r->configure(reports => { from => 'a@site.example',
	    verp_key => '/nonexistent/key' });
	$r->zone(record('key.example'));
	$r->evaluate(domain => 'key.example');
	($status, $log) = $r->run;
	is($status, 78, 'nothing without the key');
	like($log, qr/verp_key/, 'told');
};

done_testing;
