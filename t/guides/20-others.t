#!/usr/bin/perl
# docs/install-tls.md, docs/install-dovecot.md, docs/install-reports.md and the
# beginning of docs/reports.md, typed as they stand on a host where docs/install-postfix.md has been typed as
# far as step 5, with a running Dovecot. Mail goes out protected and its session
# has a row; a message that a user moves to Junk is learned; a report of another
# site is counted. Then all of it is removed in the order of docs/upgrade.md.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Ca;
use Signet::Guide;
use Signet::GuideHost;
use Signet::Imap;
use Signet::Reports qw(dmarc_xml dmarc_record report_mail zip);
use Signet::Smtp;
use Signet::TlsServer;
use Signet::Util qw(need_programs wait_for);

need_programs(qw(dovecot openssl));
Signet::GuideHost->enter;

# --- what the host has before ---

my $ca = Signet::Ca->new;
my $servers = Signet::TlsServer->new(ca => $ca, names => ['mx.example.com'],
    faces => { '198.51.100.25' => 'good' });
my $tlsa = Signet::Ca::tlsa($servers->certificate('good')->{file});
my $host = Signet::GuideHost->new(installed => 1, zones => {
	'example.com' => "\@ MX 10 mx\nmx A 198.51.100.25\n"
	    . "_25._tcp.mx TLSA $tlsa\n"
	    . "_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls\@example.com\"\n",
});
my $new = $host->must('dovecot --version') =~ /^2[.]4/;
$host->must('usermod -d /home/ann ann; install -d -o ann -g ann /home/ann');
$host->write('/etc/dovecot/dovecot.conf', ($new ? <<'END' : <<'END') . <<'END');
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
mail_driver = maildir
mail_path = ~/Maildir
auth_allow_cleartext = yes
auth_username_format = %{user | username | lower}
passdb static {
  password = pass
}
userdb passwd {
}
END
mail_location = maildir:~/Maildir
disable_plaintext_auth = no
auth_username_format = %Ln
passdb {
  driver = static
  args = password=pass
}
userdb {
  driver = passwd
}
END
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
log_path = /var/log/dovecot.log
service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
!include_try local.conf
END
$host->must('systemctl start dovecot');
$host->must('postconf -e mailbox_transport=lmtp:unix:private/dovecot-lmtp '
    . 'recipient_delimiter=+ local_recipient_maps=; postfix reload');
my $before = $host->inventory;

# --- helpers ---

sub value {
	my ($question) = @_;
	my ($status, $out) = $host->shell("psql signet -Atc '$question'");
	chomp $out;
	return $status ? '' : $out;
}

sub wait_value {
	my ($question, $wanted, $what) = @_;
	wait_for(60, sub { value($question) eq $wanted },
	    sub { "$what\n" . $host->logs . $host->read('/var/log/dovecot.log') });
	pass($what);
	return;
}

sub send_mail {
	my ($text, $recipient) = @_;
	my $smtp = Signet::Smtp->new(host => '192.0.2.25', port => 25,
	    local => '203.0.113.9');
	$smtp->ehlo('mail.example.net');
	$smtp->mail('bob@example.net');
	$smtp->rcpt($recipient);
	$smtp->data(Signet::Smtp::crlf($text));
	return $smtp->queue_id;
}

my %page = map {
	my $name = $_;
	$name => Signet::Guide->new("install-$name.md", host => $host);
} qw(postfix database tls dovecot reports);
my $sending = Signet::Guide->new('reports.md', host => $host);

# --- the pages ---

$page{postfix}->type('1. Users and directories', '2. signet.conf');
$page{database}->type('1. Roles and tables', '2. Rights');
$page{postfix}->type('4. Start', '5. main.cf');

$page{dovecot}->type('1. Build and install',
    $new ? '3. Dovecot 2.4' : '2. Dovecot 2.3', '4. See it work');
ok(send_mail("From: bob\@example.net\nTo: ann\@example.org\nSubject: buy\n"
    . "Date: Mon, 2 Nov 2026 10:00:00 +0000\n"
    . "Message-ID: <9\@example.net>\n\nbuy this now\n", 'ann@example.org'),
    'a message is taken');
my $imap = Signet::Imap->new(port => 143, user => 'ann');
wait_for(60, sub { $imap->count('INBOX') == 1 },
    sub { 'the message in INBOX ' . $host->logs
    . $host->read('/var/log/dovecot.log') });
pass('Dovecot has it');
$imap->select('INBOX');
$imap->move('1', 'Junk');
$imap->logout;
wait_for(60, sub { ($host->shell('signet junk stats ann'))[1] =~ /^ann\s+1\s/m },
    sub { "what was learned\n" . ($host->shell('signet junk stats ann'))[1]
    . $host->logs . $host->read('/var/log/dovecot.log') });
pass('it was learned');
$page{dovecot}->type('The first lesson');

$page{tls}->type('1. A resolver that validates', '2. signet.conf',
    '3. main.cf', '4. Ask');
$host->must('printf "Subject: out\n\nout\n" | sendmail -f ann@example.org '
    . 'bob@example.com');
wait_value('select count(*) > 0 from signet.v_tls_result', 't',
    'a session with another server has its row');
my $session = wait_for(60, sub { ($servers->sessions)[0] },
    'a session with another server');
like($session->{tls}, qr/TLS/, 'it was protected');
$page{tls}->type('5. The first day');

# only what is checked and says so counts
$page{postfix}->type('7. Enforce');
$page{reports}->type('2. signet.conf', '3. Postfix');
my $xml = dmarc_xml(domain => 'example.org', org => 'Example Net',
    records => [{ ip => '192.0.2.25', dkim => 'pass',
    header_from => 'example.org' }]);
$host->write('/root/signet/report.zip', zip('report.xml', $xml));
my $mail = report_mail(from => 'bob@example.net',
    to => 'dmarc-reports@example.org', zip => $xml);
ok(send_mail($mail, 'dmarc-reports@example.org'), 'a report is taken');
wait_value('select count(*) from signet.v_report_in', 1, 'it is counted');
$page{reports}->type('4. See that it works');
$sending->type('Setting up');

# --- and away again, in the order of docs/upgrade.md ---

$page{dovecot}->type('8. Away again');
$page{reports}->type('Removal');
$host->must('systemctl disable --now signet-dmarc-report.timer');
$page{tls}->type('Removal');
$page{postfix}->type('Removal');
$page{database}->type('Removal');
is_deeply($host->inventory, $before, 'nothing is left');
is_deeply([$page{tls}->untyped], ['Sendmail'], 'install-tls.md: all typed');
is_deeply([$page{dovecot}->untyped], [$new ? '2. Dovecot 2.3'
    : '3. Dovecot 2.4'], 'install-dovecot.md: all of this series typed');
is_deeply([$page{reports}->untyped], ['1. An address', 'An alias instead',
    'From a mailbox, by Sieve'], 'install-reports.md: all of one way typed');
$host->stop;
done_testing;
