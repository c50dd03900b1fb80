#!/usr/bin/perl
# Reports of others, through a real Postfix: its pipe(8) runs
# signet-report-intake, which believes what signet-milter wrote; the rows come
# by way of the spool and signet-load.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use Signet::Reports qw(dmarc_xml dmarc_record tls_json report_mail gzip zip);
use Signet::Sign;
use Signet::Site;
use Signet::Util qw(must_run temp_dir slurp spew run_command run_with_input
    program_path skip_or_fail wait_for spawn end_process);

Signet::Site->need;
my $program = program_path('signet-report-intake')
    or skip_or_fail('signet-report-intake has not been built');

my $key = Signet::Sign->key('rsa', 2048);
my $dir = temp_dir();
my $keep = "$dir/keep";
# where the user of the pipe can run it
must_run('cp', $program, "$dir/intake");
chmod 0755, "$dir/intake";

my $site = Signet::Site->new(
	zones => {
		(map { $_ => $key->zone_line('s1._domainkey')
		    . "\@ TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=none\"\n" }
		    qw(reporter.example other.example)),
		'unproven.example' => "\@ TXT \"v=spf1 -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=none\"\n",
	},
	services => "intake unix - n n - - pipe\n  flags= user=nobody"
	    . " null_sender= argv=$dir/intake -c $dir/intake.conf"
	    . ' --sender ${sender} --recipient ${original_recipient}'
	    . " --queue-id \${queue_id}\n",
	main => {
		intake_destination_recipient_limit => 1,
		transport_maps => 'inline:{'
		    . '{reports@site.example=intake:} '
		    . '{report@site.example=intake:}}',
		recipient_delimiter => '+',
		minimal_backoff_time => '1s',
		queue_run_delay => '1s',
	},
);
my $pg = $site->{pg};
my $verp_key = 'k' x 32;
spew("$dir/verp.key", $verp_key, 0644);
mkdir $keep, 0777 or die;
chmod 0777, $keep, $site->spool_dir, glob $site->spool_dir . '/*';

my %intake = (
	domains => 'site.example .sub.example', reports_only => 'only.example',
	directory => $keep, daily => 40,
);

sub configure {
	my (%more) = @_;
	%intake = (%intake, %more);
	my $text = slurp($site->config_file);
	$text =~ s/^\[milter\]\n.*?^\n//ms;
	$text =~ s/^\[common\]\n/[common]\ndebug = yes\n/m;
	$text .= "[reports]\nverp_key = $dir/verp.key\n[report_intake]\n"
	    . join '', map { "$_ = $intake{$_}\n" }
	    grep { defined $intake{$_} } sort keys %intake;
	spew("$dir/intake.conf", $text, 0644);
	return;
}
configure();

# Sends the message as a reporter does; returns its queue id.
sub send_report {
	my ($text, %o) = @_;
	$text = $key->sign($text, d => $o{d} // 'reporter.example', s => 's1',
	    %{ $o{tags} // {} }) unless $o{unsigned};
	my ($reply, $id) = $site->{mta}->send(
		client => $o{client} // '192.0.2.10', name => 'out.example',
		from => $o{sender} // 'bounce@reporter.example',
		to => $o{to} // 'reports@site.example', data => $text);
	like($reply, qr/^250 /, 'the mail server takes it');
	return $id;
}

# What became of it: the line in the mail log.
sub fate {
	my ($id) = @_;
	return $site->{mta}->wait_log(qr/$id: to=.*relay=intake.*status=/, 30);
}

# How many rows of a report are loaded: they may come in a file of their own.
sub rows_of {
	my ($report) = @_;
	return $report->{kind} eq 'failure' ? $report->{rows}
	    : $pg->value('select count(*) from signet.'
		. ($report->{kind} eq 'tls' ? 'tls_report_in_policy'
		: 'report_in_record') . " where report = '$report->{id}'");
}

sub report {
	my ($id) = @_;
	return wait_for(20, sub {
		my ($row) = $pg->rows('select * from signet.v_report_in where '
		    . "report_id = '$id'");
		return $row && rows_of($row) >= $row->{rows} && $row;
	}, "the report $id in the database");
}

# The same for a report that waits in the queue of Postfix.
sub report_later {
	my ($id) = @_;
	my $flushed = 0;
	return wait_for(60, sub {
		if (time > $flushed + 2) {
			must_run('postqueue', '-c', $site->{mta}->config_dir,
			    '-f');
			$flushed = time;
		}
		my ($row) = $pg->rows('select * from signet.v_report_in where '
		    . "report_id = '$id'");
		return $row;
	}, sub { "the report $id that was deferred: "
	    . join "\n", map { "$_->{queue_name} $_->{queue_id}" }
	    $site->{mta}->queue });
}

sub refused {
	my ($id) = @_;
	return wait_for(20, sub {
		my ($row) = $pg->rows('select * from '
		    . "signet.v_report_in_refused where queue_id = '$id'");
		return $row;
	}, "the mail $id among those refused");
}

my @records = ({ ip => '192.0.2.1', count => 7, dkim => 'pass',
	spf => 'pass' },
    { ip => '192.0.2.1', count => 2, disposition => 'reject' },
    { ip => '2001:db8::9', count => 5, spf => 'pass',
	signature => ['other.example', 'x', 'pass'] });

# What `signet status` says; the resolver may be in trouble.
sub status_line {
	my (undef, $out) = run_command(program_path('signet'), 'status', '-c',
	    $site->config_file);
	return $out;
}

subtest 'an aggregate report becomes rows' => sub {
	my $id = send_report(report_mail(gzip => dmarc_xml(id => 'a1',
	    records => \@records)));
	like(fate($id), qr/status=sent/, 'delivered');
	my $row = report('a1');
	is($row->{kind}, 'dmarc', 'kind');
	is($row->{organization}, 'Reporter', 'organization');
	is($row->{domain}, 'site.example', 'domain');
	is($row->{sender_domain}, 'reporter.example', 'proven sender');
	is($row->{rows}, 3, 'records');
	is($row->{messages}, 14, 'messages');
	is($row->{failed}, 2, 'failed');
	is($row->{seen}, 1, 'seen once');
	my @sources = $pg->rows(<<'END');
select source_ip, messages, aligned, failed, dkim_aligned, spf_aligned,
	rejected, organizations
from signet.v_report_in_source where domain = 'site.example'
order by source_ip
END
	is_deeply(\@sources, [
		{ source_ip => '192.0.2.1', messages => 9, aligned => 7,
		    failed => 2, dkim_aligned => 7, spf_aligned => 7,
		    rejected => 2, organizations => ['Reporter'] },
		{ source_ip => '2001:db8::9', messages => 5, aligned => 5,
		    failed => 0, dkim_aligned => 0, spf_aligned => 5,
		    rejected => 0, organizations => ['Reporter'] },
	], 'by source') or diag explain \@sources;
	is($pg->value('select messages from signet.v_report_in_failing'), 2,
	    'the failing ones');
};

subtest 'a report that comes twice counts once' => sub {
	send_report(report_mail(gzip => dmarc_xml(id => 'a1',
	    records => \@records)));
	wait_for(20, sub { report('a1')->{seen} == 2 }, 'the second arrival');
	is($pg->value('select sum(messages) from signet.v_report_in_source'),
	    14, 'the same rows');
	# the same id with other content: the first one counts
	send_report(report_mail(gzip => dmarc_xml(id => 'a1',
	    records => [@records, @records])));
	wait_for(20, sub { report('a1')->{seen} == 3 }, 'the third arrival');
	is($pg->value('select sum(messages) from signet.v_report_in_source'),
	    14, 'still the same rows');
};

subtest 'other dialects and packings' => sub {
	my %mail = (
		z1 => report_mail(zip => dmarc_xml(id => 'z1', rfc7489 => 1)),
		x1 => report_mail(xml => dmarc_xml(id => 'x1')),
		b1 => report_mail(bytes => gzip(dmarc_xml(id => 'b1'))),
		p1 => report_mail(text => dmarc_xml(id => 'p1')),
		s1 => report_mail(xml => dmarc_xml(id => 's1',
		    domain => 'a.sub.example')),
		o1 => report_mail(xml => dmarc_xml(id => 'o1',
		    domain => 'Only.Example')),
		w1 => report_mail(xml => dmarc_xml(id => 'w1') =~
		    s{<policy_published>.*?</policy_published>}{}sr =~
		    s{(</feedback>)}{<policy_published><domain>site.example
		    </domain></policy_published>$1}sr),
	);
	send_report($mail{$_}) for sort keys %mail;
	for my $id (sort keys %mail) {
		is(report($id)->{messages}, 1, $id);
	}
	is(report('z1')->{namespace}, undef, 'RFC 7489');
	ok(@{ report('w1')->{defects} } > 0, 'what was wrong is told');
};

subtest 'item_39_forged_reports_count_nowhere' => sub {
	my $count = $pg->value('select count(*) from signet.report_in');
	my %case = (
		'DMARC does not pass' => [report_mail(
		    from => 'x@unproven.example', gzip => dmarc_xml(
		    id => 'f1')), 'the sender is not proven: dmarc=fail',
		    unsigned => 1],
		'signed by somebody else' => [report_mail(
		    from => 'x@unproven.example', gzip => dmarc_xml(
		    id => 'f2')), 'the sender is not proven: dmarc=fail',
		    d => 'reporter.example'],
		'results that came with it' => ["Authentication-Results: "
		    . "mx.site.example; dmarc=pass header.from="
		    . "unproven.example\n" . report_mail(
		    from => 'x@unproven.example', gzip => dmarc_xml(
		    id => 'f3')), 'the sender is not proven', unsigned => 1],
		'about a domain that is not ours' => [report_mail(
		    gzip => dmarc_xml(id => 'f4', domain => 'bank.example')),
		    'a report about bank.example'],
		'about the future' => [report_mail(gzip => dmarc_xml(
		    id => 'f5', end => time + 4000)), 'a time that is not over'],
		'no report at all' => [report_mail(text => "Hello\n"),
		    'no report is in the message'],
	);
	for my $name (sort keys %case) {
		my ($text, $reason, %o) = @{ $case{$name} };
		my $id = send_report($text, %o);
		like(fate($id), qr/status=sent/, "$name: no bounce");
		my $row = refused($id);
		is($row->{outcome}, 'refused', '... refused');
		like($row->{reason}, qr/\Q$reason/, '... why');
		my $mail = slurp($row->{file});
		like($mail, qr/^Authentication-Results: mx\.site\.example/,
		    '... the mail is kept');
		my $why = JSON::PP::decode_json(
		    slurp($row->{file} =~ s/eml$/json/r));
		is($why->{reason}, $row->{reason}, '... with the reason');
	}
	is($pg->value('select count(*) from signet.report_in'), $count,
	    'no report more');
	is($pg->value("select count(*) from signet.v_report_in_source where "
	    . "domain = 'bank.example'"), 0, 'nothing in the views');
};

subtest 'a TLS report' => sub {
	my $id = send_report(report_mail(from => 'tls@reporter.example',
	    tls => tls_json(id => 't1', domain => ['other.example',
		'site.example', 'mx.site.example'])));
	like(fate($id), qr/status=sent/, 'delivered');
	my $row = report('t1');
	is($row->{kind}, 'tls', 'kind');
	is($row->{domain}, 'site.example', 'the first that is ours');
	is($row->{rows}, 2, 'a domain and a host of ours');
	my @rows = $pg->rows(<<'END');
select policy_domain, policy_type, successful, failed, failures, mx_hosts
from signet.v_tls_report_in order by policy_domain
END
	is_deeply(\@rows, [map { { policy_domain => $_, policy_type => 'sts',
	    successful => 10, failed => 2,
	    failures => ['certificate-expired: 2'],
	    mx_hosts => ['mx.site.example'] } }
	    qw(mx.site.example site.example)], 'policies and failures')
	    or diag explain \@rows;

	# SPF alone makes DMARC pass, but that is not enough here
	$id = send_report(report_mail(from => 'tls@reporter.example',
	    tls => tls_json(id => 't2')), unsigned => 1);
	like(refused($id)->{reason}, qr/a TLS report, and no DKIM signature/,
	    'unsigned');
	$id = send_report(report_mail(from => 'tls@reporter.example',
	    tls => tls_json(id => 't3')), d => 'other.example');
	like(refused($id)->{reason}, qr/is aligned/, 'signed by another');
	$id = send_report(report_mail(from => 'tls@mail.reporter.example',
	    tls => tls_json(id => 't4')));
	is(report('t4')->{sender_domain}, 'mail.reporter.example',
	    'signed by the organization');
};

sub token {
	my ($kind, $id) = @_;
	my $bytes = pack 'CQ>', $kind, $id;
	$bytes .= substr hmac_sha256("signet report sender\0$bytes",
	    $verp_key), 0, 10;
	my $bits = unpack 'B*', $bytes;
	$bits .= '0' while length($bits) % 5;
	return join '', map { ('a' .. 'z', 2 .. 7)[oct "0b$_"] }
	    $bits =~ /(.{5})/g;
}

my $dsn = <<'END';
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.elsewhere.example

Final-Recipient: rfc822; rua@elsewhere.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Subject: Report Domain: elsewhere.example
--b--
END

subtest 'bounces of our own reports' => sub {
	my $to = 'report+' . token(1, 4711) . '@site.example';
	my $id = send_report(report_mail(from => 'MAILER-DAEMON@x.example',
	    entity => $dsn), unsigned => 1, sender => '', to => $to);
	like(fate($id), qr/status=sent/, 'delivered');
	my $row = wait_for(20, sub {
		my ($found) = $pg->rows('select kind, report_id, recipient, '
		    . 'action, status, smtp_code, diagnostic from '
		    . 'signet.report_bounce');
		return $found;
	}, 'the bounce');
	is_deeply($row, { kind => 'dmarc', report_id => 4711,
	    recipient => 'rua@elsewhere.example', action => 'failed',
	    status => '5.1.1', smtp_code => 550,
	    diagnostic => '550 5.1.1 no such user' }, 'what it says')
	    or diag explain $row;
	my $forged = token(1, 4712) =~ tr/a-y/b-z/r;
	$id = send_report(report_mail(from => 'MAILER-DAEMON@x.example',
	    entity => $dsn), unsigned => 1, sender => '',
	    to => "report+$forged\@site.example");
	ok(refused($id), 'a token that we did not make');
	$id = send_report(report_mail(text => "I am away.\n"), to => $to);
	like(refused($id)->{reason}, qr/no delivery status notification/,
	    'an answer of another kind');
	is($pg->value('select count(*) from signet.report_bounce'), 1, 'one');
};

subtest 'a failure report' => sub {
	my $arf = <<'END';
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

A message failed.
--b
Content-Type: message/feedback-report

Feedback-Type: auth-failure
User-Agent: Test/1
Version: 1
Auth-Failure: dmarc
Identity-Alignment: none
Reported-Domain: site.example
Source-IP: 198.51.100.7
Delivery-Result: reject

--b
Content-Type: text/rfc822-headers

From: <redacted@site.example>
Subject: Hello

--b--
END
	my $id = send_report(report_mail(entity => $arf));
	like(fate($id), qr/status=sent/, 'delivered');
	my ($row) = @{ wait_for(20, sub {
		my @found = $pg->rows('select domain, sender_domain, '
		    . 'auth_failure, source_ip, header from '
		    . 'signet.v_failure_report_in');
		return @found && \@found;
	}, 'the failure report') };
	is($row->{domain}, 'site.example', 'domain');
	is($row->{auth_failure}, 'dmarc', 'what failed');
	is($row->{source_ip}, '198.51.100.7', 'source');
	like($row->{header}, qr/^Subject: Hello/m, 'the header');
};

subtest 'ours, and failing elsewhere' => sub {
	my $records = join '', map { dmarc_record(%$_) }
	    { ip => '192.0.2.77', count => 3 },               # our address
	    { ip => '198.51.100.5', count => 4,               # forwarded
		signature => ['site.example', 'k1', 'pass'], dkim => 'pass' },
	    { ip => '198.51.100.6', count => 5,               # broken on the way
		signature => ['site.example', 'k1', 'fail'] },
	    { ip => '198.51.100.7', count => 6,
		signature => ['evil.example', 'k1', 'pass'] };
	send_report(report_mail(gzip => dmarc_xml(id => 'o2',
	    org => 'Ours', records => $records)));
	report('o2');
	my $yesterday = Signet::Reports::yesterday();
	$pg->psql(<<"END");
select signet.make_partitions(array[(to_timestamp($yesterday)
	at time zone 'UTC')::date]);
insert into signet.signed_message (id, at, from_domain, rcpt_count,
	signatures, action)
values (gen_random_uuid(), to_timestamp($yesterday) + interval '23 hours',
	'site.example', 9,
	'[{"domain":"site.example","selector":"k1"},
	  {"domain":"site.example","selector":"k2"}]', 'signed');
insert into signet.own_address (host, address) values ('mx', '192.0.2.77')
END
	my @rows = $pg->rows(<<'END');
select source_ip, messages, failed, state, signed_by_us
from signet.v_report_in_ours where organization = 'Ours' order by source_ip
END
	is_deeply(\@rows, [
		{ source_ip => '192.0.2.77', messages => 3, failed => 3,
		    state => 'ours, and failing elsewhere',
		    signed_by_us => 9 },
		{ source_ip => '198.51.100.5', messages => 4, failed => 0,
		    state => 'ours, and passing', signed_by_us => 9 },
		{ source_ip => '198.51.100.6', messages => 5, failed => 5,
		    state => 'claims to be ours, and failing',
		    signed_by_us => 9 },
		{ source_ip => '198.51.100.7', messages => 6, failed => 6,
		    state => 'not ours, and failing', signed_by_us => 9 },
	], 'whose mail it was') or diag explain \@rows;
};

subtest 'nothing can be written: the mail waits' => sub {
	my $spool = $site->spool_dir;
	rename "$spool/open", "$spool/away" or die;
	spew("$spool/open", '');
	my $id = send_report(report_mail(gzip => dmarc_xml(id => 'd1')));
	like(fate($id), qr/status=deferred/, 'deferred');
	unlink "$spool/open" or die;
	rename "$spool/away", "$spool/open" or die;
	ok(report_later('d1'), 'and delivered later');
};

subtest 'a broken configuration bounces nothing' => sub {
	my $text = slurp("$dir/intake.conf");
	spew("$dir/intake.conf", "[report_intake]\nno_such_option = 1\n");
	my $id = send_report(report_mail(gzip => dmarc_xml(id => 'd2')));
	like(fate($id), qr/status=deferred.*no_such_option/, 'deferred');
	spew("$dir/intake.conf", $text, 0644);
	ok(report_later('d2'), 'and delivered later');
};

subtest 'what cannot be read is kept aside, and tried again' => sub {
	my $whole = dmarc_xml(id => 'k1');
	my $id = send_report(report_mail(bytes =>
	    substr gzip($whole), 0, -20));
	like(fate($id), qr/status=sent/, 'no bounce, no delay');
	my $row = refused($id);
	is($row->{outcome}, 'aside', 'aside');
	like($row->{file}, qr{^\Q$keep\E/aside/.*\.eml$}, 'the file');
	like(status_line(), qr/^reports +!! 1 that came in 24 hours could not be /m,
	    'signet status tells');
	# as if the next version could read it
	my $mail = slurp($row->{file});
	my $end = index $mail, "Content-Type: application/octet";
	spew($row->{file}, substr($mail, 0, $end)
	    . "Content-Type: text/xml\n\n$whole--=_b--\n");
	my ($status, $out) = run_command($program, '-c', "$dir/intake.conf",
	    '--retry');
	is($status, 0, 'signet-report-intake --retry');
	like($out, qr/^messages 1\ncounted 1$/m, 'told');
	ok(report('k1'), 'in the database');
	is_deeply([glob "$keep/aside/*"], [], 'nothing is left aside');
	my $after = status_line();
	like($after, qr/^reports +in 24 hours: .* \d+ received, /m,
	    'signet status knows what came');
	unlike($after, qr/^reports +!!/m, '... and that all could be read');
};

subtest 'item_40_a_flood_is_bounded' => sub {
	configure(daily => 1);
	my $next = sub {
		return send_report(report_mail(from => 'x@other.example',
		    gzip => dmarc_xml(id => "n$_[0]")), d => 'other.example');
	};
	$next->(1);
	ok(report('n1'), 'the first counts');
	like(refused($next->(2))->{reason}, qr/more than 1 reports from other/,
	    'the second does not');
	configure(daily => 1000);
};

subtest 'full bins' => sub {
	configure(refused_max => '1M', aside_max => '1M');
	my $line = 'x' x 70 . "\n";
	my $big = report_mail(text => $line x 8000);
	my @id = map { send_report($big, unsigned => 1) } 1 .. 3;
	refused($_) for @id;
	my @left = glob "$keep/refused/*.eml";
	cmp_ok(scalar @left, '<=', 2, 'the oldest of refused/ are gone');
	my $bytes = 0;
	$bytes += -s for glob "$keep/refused/*";
	cmp_ok($bytes, '<=', 1 << 20, 'no more is kept, though three come at '
	    . 'once');
	my $broken = report_mail(bytes => "\x1f\x8b" . 'x' x 400000);
	ok(refused(send_report($broken)), 'the first is kept aside');
	my $second = send_report($broken);
	like(fate($second), qr/status=deferred.*aside is full.*aside_max/,
	    'the second waits, and the log says what to do');
	must_run('postsuper', '-c', $site->{mta}->config_dir, '-d', $second);
	configure(refused_max => undef, aside_max => undef);
};

$site->stop;
done_testing();
