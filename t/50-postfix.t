#!/usr/bin/perl
# What a postmaster sees: mail through a real Postfix with signet-milter, the
# decision in the header, the reply, the queue, the logs and the ledger.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes ();
use Signet::Sign;
use Signet::Site;
use Signet::Smtp;
use Signet::Util qw(must_run temp_dir slurp spew run_command
    run_with_input);

Signet::Site->need;

my $key = Signet::Sign->key('rsa', 2048);
my $certificate = temp_dir() . '/tls.pem';
must_run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj',
    '/CN=mx.site.example', '-days', 30, '-keyout', $certificate, '-out',
    "$certificate.crt");
spew($certificate, slurp($certificate) . slurp("$certificate.crt"), 0600);

my $site = Signet::Site->new(
	zones => {
		'bank.example' => $key->zone_line('s1._domainkey')
		    . "\@ TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=reject\"\n"
		    . "out A 192.0.2.10\n",
		'shop.example' => "\@ TXT \"v=spf1 ip4:192.0.2.20 -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=quarantine\"\n",
		'plain.example' => { unsigned => 1, text =>
		    "\@ TXT \"v=spf1 ip4:192.0.2.30 -all\"\n" },
		'2.0.192.in-addr.arpa' => "10 PTR out.bank.example.\n",
	},
	milter => { dmarc_quarantine => 'hold' },
	postgres => { track_commit_timestamp => 'on' },
	main => {
		smtpd_tls_chain_files => $certificate,
		smtpd_tls_security_level => 'may',
		non_smtpd_milters => '$smtpd_milters',
	},
);
my $mta = $site->{mta};
my $number = 0;

sub message {
	my ($from, %more) = @_;
	$number++;
	return ($more{fields} // '') . "From: $from\nTo: user\@site.example\n"
	    . "Subject: number $number\nDate: Sun, 22 Nov 2026 06:00:00 +0000\n"
	    . "Message-ID: <$number\@test.example>\n\n"
	    . ($more{body} // "Hello\n.dot\n\n\ntrailing blank \n");
}

# Unfolded values of a header field.
sub fields {
	my ($text, $name) = @_;
	my ($head) = split /\n\n/, $text, 2;
	return map { (my $v = $_) =~ s/\n\s+/ /g; $v }
	    $head =~ /^\Q$name\E:[ ]?(.*(?:\n[ \t].*)*)/mgi;
}

subtest 'in the ledger within two seconds' => sub {
	my @took;
	for my $round (1 .. 5) {
		my ($reply, $id) = $site->send(client => '192.0.2.10',
		    name => 'out.bank.example', from => 'a@bank.example',
		    data => $key->sign(message('a@bank.example'),
		    d => 'bank.example', s => 's1'));
		my $begin = Time::HiRes::time();
		$site->ledger($id);
		# from when on it was there, whenever we have looked
		push @took, $site->{pg}->value('select extract(epoch from '
		    . 'pg_xact_commit_timestamp(xmin)) from signet.message '
		    . "where queue_id = '$id'") - $begin;
	}
	# the median: a pause of the machine is no matter
	cmp_ok((sort { $a <=> $b } @took)[2], '<', 2, "of @took");
};

subtest 'a message that passes' => sub {
	my $sent = $key->sign(message('a@bank.example'),
	    d => 'bank.example', s => 's1');
	my ($reply, $id) = $site->send(client => '192.0.2.10',
	    name => 'out.bank.example', from => 'a@bank.example',
	    data => $sent);
	like($reply, qr/^250 2\.0\.0 Ok: queued as $id/, 'accepted');
	my $row = $site->ledger($id);

	my $text = $site->delivered($id);
	like($text, qr/\AAuthentication-Results: mx\.site\.example;/,
	    'our field is the very first');
	like($text, qr/\A(?:\S.*\n(?:[ \t].*\n)*?)Received: from /,
	    'and Received follows');
	is(substr($text, -length $sent), $sent, 'nothing else has changed');
	my ($results) = fields($text, 'Authentication-Results');
	like($results, qr/\bspf=pass\b.*smtp\.mailfrom=\S*bank\.example/,
	    'spf');
	like($results, qr/\bdkim=pass\b.*header\.d=bank\.example/, 'dkim');
	like($results, qr/\bdmarc=pass\b.*header\.from=bank\.example/,
	    'dmarc');
	like($results, qr/\biprev=pass\b/, 'iprev');

	my $line = $site->{milter}->wait_log(qr/$id: /);
	like($line, qr/$id: client=192\.0\.2\.10 .*spf=pass .*dmarc=pass/,
	    'one log line, the queue id first');
	is($row->{action}, 'accept', 'ledger: action');
	is($row->{spf_result}, 'pass', 'ledger: spf');
	is($row->{spf_dnssec}, 'secure', 'ledger: the answer was signed');
	is($row->{dkim_result}, 'pass', 'ledger: dkim');
	is($row->{dmarc_result}, 'pass', 'ledger: dmarc');
	is($row->{dmarc_published}, 'reject', 'ledger: the policy');
	is($row->{iprev_name}, 'out.bank.example', 'ledger: client name');
	is($row->{mail_from}, 'a@bank.example', 'ledger: sender');
	is_deeply($row->{rcpt}, ['user@site.example'], 'ledger: recipients');
	is($row->{message_id}, "<$number\@test.example>",
	    'ledger: Message-ID');
	is($row->{client_ip}, '192.0.2.10', 'ledger: client');
	is($row->{size}, length Signet::Smtp::crlf($sent), 'ledger: size');
	(my $kept = $row->{authentication_results}) =~ s/\r?\n\s+/ /g;
	is($kept, $results, 'ledger: the field as it was inserted');
};

subtest 'unsigned zones are told apart' => sub {
	my (undef, $id) = $site->send(client => '192.0.2.30',
	    from => 'a@plain.example', data => message('a@plain.example'));
	my $row = $site->ledger($id);
	is($row->{spf_result}, 'pass', 'spf');
	is($row->{spf_dnssec}, 'insecure', 'not signed');
	is($row->{dmarc_result}, 'none', 'no policy');
};

subtest 'forged results are removed' => sub {
	my @forged = ('mx.site.example; dmarc=pass', 'MX.Site.Example; spf=pass',
	    'mx.site.example. 1; dkim=pass', '"mx.site.example"; dmarc=pass',
	    '(c) mx.site.example (d) ; dmarc=pass',
	    "\n mx.site.example;\n dmarc=pass");
	my @others = ('mx.other.example; dmarc=pass', 'site.example; spf=pass');
	my $sent = message('a@shop.example', fields => join '', map {
		"Authentication-Results: $_\n" } @forged, @others);
	my (undef, $id) = $site->send(client => '192.0.2.20',
	    from => 'a@shop.example', data => $sent);
	my @left = fields($site->delivered($id), 'Authentication-Results');
	like(shift @left, qr/^mx\.site\.example;.*dmarc=pass/, 'ours');
	is_deeply(\@left, \@others, "others' fields stay");
	is($site->ledger($id)->{forged_removed}, scalar @forged, 'counted');
};

subtest 'quarantine is the hold queue' => sub {
	my ($reply, $id) = $site->send(client => '198.51.100.1',
	    from => 'a@shop.example', data => message('a@shop.example'));
	like($reply, qr/^250 /, 'the client sees 250');
	is($mta->queue_of($id), 'hold', 'it is on hold');
	my $row = $site->ledger($id);
	is($row->{action}, 'quarantine', 'ledger: action');
	is($row->{dmarc_disposition}, 'quarantine', 'ledger: disposition');
	like($row->{action_reason}, qr/dmarc/, 'ledger: reason');
	like($mta->queued_message($id), qr/^Authentication-Results: .*?dmarc=fail/ms,
	    'the field is in it');
	ok(!$mta->has_delivered('user@site.example', $id), 'not delivered');
	$mta->release($id);
	like($site->delivered($id), qr/dmarc=fail/, 'released by hand');
};

subtest 'reject' => sub {
	my $sent = message('a@bank.example');
	my ($reply, $id) = $site->send(client => '198.51.100.1',
	    from => 'a@bank.example', data => $sent);
	like($reply, qr/^550 5\.7\.26 .*bank\.example/, 'reply names the domain');
	like($reply, qr/198\.51\.100\.1/, 'and the address');
	is($id, undef, 'not queued');
	my $row = $site->ledger("<$number\@test.example>");
	is($row->{action}, 'reject', 'ledger: action');
	is($row->{spf_result}, 'fail', 'ledger: the second reason');
	is("$row->{reply}", $reply =~ s/\n.*//sr, 'ledger: the reply')
	    or diag explain $row;
	like($mta->wait_log(qr/milter-reject: END-OF-MESSAGE/),
	    qr/from=<a\@bank\.example>/, 'Postfix logs it');

	($reply) = $site->send(client => '198.51.100.1',
	    from => 'x@nowhere.example', data => message('a@bank.example'));
	like($reply, qr/^250 /, 'p=reject without a second reason');
	$row = $site->ledger("<$number\@test.example>");
	is($row->{action}, 'quarantine', 'counts as quarantine');
};

subtest 'several messages on one connection' => sub {
	my $smtp = Signet::Smtp->new(port => $mta->port);
	$smtp->ehlo('client.example');
	$smtp->xclient(ADDR => '192.0.2.20', NAME => 'mail.shop.example');
	$smtp->ehlo('mail.shop.example');
	my @id;
	for my $from ('a@shop.example', 'a@bank.example', 'b@shop.example') {
		$smtp->mail($from);
		$smtp->rcpt('user@site.example');
		$smtp->data(Signet::Smtp::crlf(message($from)));
		push @id, $smtp->queue_id;
		$smtp->mail('given-up@bank.example');
		$smtp->rset;
	}
	$smtp->quit;
	is($site->ledger($id[0])->{dmarc_result}, 'pass', 'the first');
	is($id[1], undef, 'the second is refused');
	is($site->ledger($id[2])->{dmarc_result}, 'pass',
	    'the third has nothing of it');
	is($site->ledger($id[2])->{mail_from}, 'b@shop.example', 'its own sender');
};

subtest 'several recipients, one verdict' => sub {
	my @to = map { "user$_\@site.example" } 1 .. 3;
	my (undef, $id) = $site->send(client => '192.0.2.20', to => \@to,
	    from => 'a@shop.example', data => message('a@shop.example'));
	my @texts = map { $site->delivered($id, $_) } @to;
	is($texts[1], $texts[0], 'the same text');
	is_deeply($site->ledger($id)->{rcpt}, \@to, 'one row, all recipients');
};

subtest 'TLS is recorded' => sub {
	my (undef, $id) = $site->send(tls => 1, helo => 'tls.example',
	    from => 'a@shop.example', data => message('a@shop.example'));
	my $row = $site->ledger($id);
	like($row->{tls_version} // '', qr/^TLSv1\.[23]$/, 'version');
	ok($row->{tls_cipher}, 'cipher');
};

subtest 'REQUIRETLS is recorded' => sub {
	my (undef, $id) = $site->send(client => '192.0.2.20',
	    from => 'a@shop.example', data => message('a@shop.example',
		fields => "Require-TLS-ESMTP: yes\n"));
	my $row = $site->ledger($id);
	ok($row->{requiretls_header}, 'the header field');
	ok(!$row->{requiretls_mail_parameter}, 'was no parameter of MAIL');
	(undef, $id) = $site->send(client => '192.0.2.20',
	    from => 'a@shop.example', data => message('a@shop.example',
		fields => "TLS-Required: No\n"));
	ok($site->ledger($id)->{requiretls_tls_required_no}, 'TLS-Required');
	my ($version) = $mta->version =~ /^(\d+\.\d+)/;
	my $offers = $version =~ /^3\.(\d+)/ && $1 >= 11;
	SKIP: {
		skip "Postfix $version does not offer REQUIRETLS", 1
		    unless $offers;
		(undef, $id) = $site->send(tls => 1, helo => 'tls.example',
		    from => 'a@shop.example', mail_args => ['REQUIRETLS'],
		    data => message('a@shop.example'));
		ok($site->ledger($id)->{requiretls_mail_parameter},
		    'parameter of MAIL');
	}
};

subtest 'local mail is left alone' => sub {
	is($mta->submit('root@site.example', 'user@site.example',
	    message('a@bank.example')), 0, 'sendmail');
	my $row = $site->ledger("<$number\@test.example>");
	is($row->{action}, 'accept', 'accepted');
	is($row->{skipped}, 'local', 'not evaluated');
};

subtest 'odd bytes pass' => sub {
	my $body = "nul \0 eight bit \xe4\xff\nbare cr \r in it\n"
	    . ('x' x 5000) . "\n";
	my ($reply, $id) = $site->send(client => '192.0.2.20', raw => 1,
	    from => 'a@shop.example', data =>
	    Signet::Smtp::crlf(message('a@shop.example')) . $body);
	like($reply, qr/^250 /, 'accepted');
	is($site->ledger($id)->{dmarc_result}, 'pass', 'decided');
	like($site->delivered($id), qr/eight bit \xe4\xff/, 'delivered');
};

# With the settings of docs/install-postfix.md.
subtest 'item_33_smuggled_mail' => sub {
	$mta->set(smtpd_forbid_bare_newline => 'yes',
	    smtpd_forbid_bare_newline_exclusions => '');
	my @mail = (client => '192.0.2.20', raw => 1, from => 'a@shop.example');
	my $crlf = \&Signet::Smtp::crlf;
	for my $end ("\n.\n", "\n.\r\n", "\r\n.\n") {
		(my $shown = $end) =~ s/([^.])/sprintf '\\x%02x', ord $1/ge;
		my ($reply, $id) = $site->send(@mail, data =>
		    $crlf->(message('a@shop.example')) . "x$end"
		    . $crlf->("MAIL FROM:<a\@bank.example>\nRCPT TO:"
			. "<user\@site.example>\nDATA\n"
			. "From: a\@bank.example\n\nx\n"));
		like($reply, qr/^250 /, "$shown: taken");
		like($site->delivered($id),
		    qr/^MAIL FROM:<a\@bank\.example>$/m, '... as one message');
		is($site->ledger($id, 60)->{from_domain}, 'shop.example',
		    '... of its own author');
	}
	my $odd = sub {
		my ($reply, $id) = $site->send(@mail, data =>
		    $crlf->(message('a@shop.example')) . "x\r.\ry\r\n");
		return (fields($site->delivered($id),
		    'Authentication-Results'))[0];
	};
	unlike($odd->(), qr/x-bare-newline/, 'Postfix makes a bare CR a space');
	$mta->set(cleanup_replace_stray_cr_lf => 'no');
	like($odd->(), qr/x-bare-newline=fail \(bare CR\)/,
	    'it is marked where Postfix leaves it');
	$mta->set(cleanup_replace_stray_cr_lf => 'yes');
};

subtest 'DNS is gone in mid-message' => sub {
	my $smtp = Signet::Smtp->new(port => $mta->port);
	$smtp->ehlo('client.example');
	$smtp->xclient(ADDR => '192.0.2.99');
	$smtp->ehlo('client.example');
	$site->{dns}->stop;
	$smtp->mail('a@gone-now.example');
	$smtp->rcpt('user@site.example');
	like($smtp->data(Signet::Smtp::crlf(message('a@gone-now.example'))),
	    qr/^250 /, 'mail goes on');
	my $row = $site->ledger($smtp->queue_id, 30);
	is($row->{spf_result}, 'temperror', 'spf');
	is($row->{dmarc_result}, 'temperror', 'dmarc');
	is($row->{action}, 'accept', 'accepted');
	$site->{dns}->start;
};

subtest 'the milter goes and comes back' => sub {
	$site->{milter}->stop;
	my ($reply) = $site->send(client => '192.0.2.20',
	    from => 'a@shop.example', data => message('a@shop.example'));
	like($reply, qr/^4\d\d /, 'away: try again later');
	$site->start_milter;
	($reply) = $site->send(client => '192.0.2.20',
	    from => 'a@shop.example', data => message('a@shop.example'));
	like($reply, qr/^250 /, 'back');
};

subtest 'a broken configuration changes nothing' => sub {
	my $good = slurp($site->config_file);
	spew($site->config_file, $good . "[milter]\nno_such_option = 1\n");
	$site->{milter}->signal('HUP');
	my $line = $site->{milter}->wait_log(qr/no_such_option/);
	like($line, qr/signet\.conf:\d+/, 'file and line');
	my ($reply, $id) = $site->send(client => '198.51.100.1',
	    from => 'a@shop.example', data => message('a@shop.example'));
	is($mta->queue_of($id), 'hold', 'the old settings hold');
	spew($site->config_file, $good =~ s/dmarc_quarantine = hold/dmarc_quarantine = reject/r);
	$site->{milter}->signal('HUP');
	$site->{milter}->wait_log(qr/read again/);
	($reply) = $site->send(client => '198.51.100.1',
	    from => 'a@shop.example', data => message('a@shop.example'));
	like($reply, qr/^550 5\.7\.26/, 'a good one is taken over');
};

done_testing;
