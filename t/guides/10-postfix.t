#!/usr/bin/perl
# docs/install-postfix.md and docs/install-database.md, typed as they stand on
# a host with a Postfix that knows nothing of Signet; mail goes through and
# has its row; then the sections on removal, and nothing is left. Once with
# what the pages say for hosts with systemd, once for those without.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Guide;
use Signet::GuideHost;
use Signet::Smtp;
use Signet::Util qw(wait_for);

Signet::GuideHost->enter;
my $host = Signet::GuideHost->new(installed => 1);
my $text = "From: Bob <bob\@example.net>\nTo: ann\@example.org\n"
    . "Subject: hello\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"
    . "Message-ID: <1\@example.net>\n\nhello\n";
$host->write('/root/signet/message.eml', $text);

sub rows {
	my ($where) = @_;
	my ($status, $out) = $host->shell("psql signet -Atc 'select count(*) "
	    . "from signet.v_message where $where'");
	return $status ? 0 : $out + 0;
}

# A message from outside; its queue ID.
sub send_mail {
	my $smtp = Signet::Smtp->new(host => '192.0.2.25', port => 25,
	    local => '203.0.113.9');
	$smtp->ehlo('mail.example.net');
	$smtp->mail('bob@example.net');
	$smtp->rcpt('ann@example.org');
	$smtp->data(Signet::Smtp::crlf($text));
	return $smtp->queue_id;
}

sub delivered {
	my ($before) = @_;
	return wait_for(60, sub {
		my $mail = substr $host->read('/var/mail/ann') // '',
		    length $before;
		return $mail =~ /^hello$/m ? $mail : undef;
	}, sub { 'the message: ' . $host->logs });
}

for my $systemd (1, 0) {
	my $how = $systemd ? 'with systemd' : 'without systemd';
	my $before = $host->inventory;
	# the first time it is installed already
	$host->must('make -s install') if !$systemd;
	# as it is without dovecot-dev
	$host->must('rm -f $(dovecot-config --moduledir 2>/dev/null || '
	    . 'echo /usr/lib/dovecot/modules)/lib95_signet_plugin.so '
	    . '/usr/lib/dovecot/modules/settings/lib95_signet_*');
	my $postfix = Signet::Guide->new('install-postfix.md', host => $host,
	    systemd => $systemd);
	my $database = Signet::Guide->new('install-database.md',
	    host => $host, systemd => $systemd);
	$postfix->type('1. Users and directories', '2. signet.conf');
	$database->type('1. Roles and tables', '2. Rights');
	$postfix->type('4. Start', '5. main.cf');
	$database->type('3. See that it works');

	my $box = $host->read('/var/mail/ann') // '';
	my $id = send_mail();
	ok($id, "$how: mail is taken");
	wait_for(60, sub { rows("queue_id = \$\$$id\$\$") == 1 },
	    sub { "its row\n" . $host->logs });
	pass('its row is there');
	delivered($box);
	pass('it is delivered');

	$postfix->type('6. The first day', '7. Enforce');
	$box = $host->read('/var/mail/ann') // '';
	$id = send_mail();
	like(delivered($box), qr/^Authentication-Results: mx\.example\.org;.*dmarc=pass/ms,
	    'enforcing, it has its field');
	$database->type('On another host');
	$postfix->type('Mailing lists, forwarders, relays', 'Submission',
	    'Signing', 'Who may write in whose name');
	wait_for(60, sub { rows("queue_id = \$\$$id\$\$") == 1 },
	    sub { "its row, over TCP\n" . $host->logs });
	pass('its row is there, over TCP');
	my ($status, $out, $err) = $host->shell('signet status');
	is($status, 0, 'signet status has no complaint') or diag $out, $err;

	$postfix->type('Removal');
	$database->type('Removal');
	is_deeply($host->inventory, $before, "$how: nothing is left");
	is_deeply([$postfix->untyped, $database->untyped],
	    [], 'everything was typed');
}
$host->stop;
done_testing;
