#!/usr/bin/perl

# The whole plugin under valgrind: imap and lmtp as the master runs them, lda
# alone. Neither it nor what it makes Dovecot do reads or writes where nothing
# is, or loses memory.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dovecot;
use Signet::ScriptedMailbox;
use Signet::Util qw(temp_dir wait_for slurp spew need_programs run_with_input);

Signet::Dovecot->need(sieve => 1, plugin => 1);
need_programs('valgrind');

my $dir = temp_dir();
chmod 01777, $dir;
my $spool = temp_dir();
chmod 03733, $spool;
my @valgrind = ('valgrind', '--vgdb=no', '--trace-children=yes',
    '--num-callers=30', '--leak-check=full', '--show-leak-kinds=definite',
    '--errors-for-leak-kinds=definite');

# lmtp and imap of the test, as programs for the master to start
my $services = '';
for my $name (qw(imap lmtp)) {
	spew("$dir/$name", "#!/bin/sh\nexec @valgrind "
	    . "--log-file=$dir/$name.log.%p /usr/lib/dovecot/$name \"\$@\"\n");
	chmod 0755, "$dir/$name";
	$services .= "service $name {\n  executable = $dir/$name\n}\n";
}

my $script = Signet::ScriptedMailbox->new;
my $dovecot = Signet::Dovecot->new(
	sieve => 1, lines => $services,
	settings => { lmtp_save_to_detail_mailbox => 'yes' },
	plugin => { signet_socket => $script->socket_path,
	    signet_spool_dir => $spool, signet_timeout => '60s',
	    signet_quota_interval => '0' },
	users => { ann => {}, bob => { plugin => 0 },
	    hal => { fields => { signet_timeout => '100ms' } },
	    max => { quota => { storage => '6k' } } },
	quota => { storage => '1M', grace => 0 });
my $serial = 0;

sub message {
	my (%option) = @_;
	$serial++;
	return ($option{head} // '') . "From: Ann <ann\@bank.example>\n"
	    . 'List-Id: <dev.lists.example>' . "\n"
	    . 'Message-ID: ' . ($option{id} // "<m$serial\@x>") . "\n"
	    . "Subject: $serial\n\n" . ($option{body} // "body\n");
}

# Every process that ran, with what valgrind has to say of it.
sub clean {
	my ($name) = @_;
	my @logs = glob "$dir/$name.log.*";
	ok(scalar @logs, "$name ran");
	for my $file (@logs) {
		my $log = slurp($file);
		like($log, qr/ERROR SUMMARY: 0 errors from 0 contexts/,
		    "$name is clean") or diag($log);
	}
	return;
}

sub events { return scalar(my @all = glob "$spool/T-*") }

my @junk = (mailbox => 'Junk', keyword => '$Junk', verdict => 'junk',
    header => 'X-Signet-Junk: 0.99; ' . 'cheap 0.98, ' x 30,
    header => 'X-Signet-Rule: list', remove_rejects => 1);

# --- delivery ---
$dovecot->script('ann', <<'END');
require ["fileinto", "imap4flags", "mailbox"];
if header :contains "subject" "3" { setflag "$Label1"; keep; stop; }
if header :contains "subject" "4" { fileinto :create "Work"; stop; }
END
# one connection, so that one process of 2.4 does it all
my $lmtp = $dovecot->lmtp;
$lmtp->lhlo('mx.site.example');

sub deliver {
	my ($want, $name, $message, @to) = @_;
	$lmtp->mail('sender@bank.example');
	$lmtp->rcpt($_) for @to;
	$message =~ s/\n/\r\n/g;
	my @replies = $lmtp->data($message);
	is(scalar(grep { $_ =~ $want } @replies), scalar @to, $name)
	    or diag("@replies");
	return;
}

$script->answer(@junk);
deliver(qr/^250/, 'a rejected one', message(id => '<r@x>'), 'ann+Rejects');
deliver(qr/^250/, 'for three', message(id => '<r@x>',
    head => "X-Signet-Junk: forged\n"), qw(ann max bob));
deliver(qr/^250/, 'kept by Sieve', message(), 'ann') for 1 .. 2;
$script->answer(@junk, mailbox => 'x/../y');
deliver(qr/^250/, 'filed nowhere', message(), 'max');
for my $fault (qw(hang garbage oversize early)) {
	$script->behave($fault);
	deliver(qr/^250/, $fault, message(body => "z" x 4000 . "\n"), 'hal');
}
$script->answer(@junk);
deliver(qr/^552/, 'over quota', message(body => 'x' x 9000 . "\n"), 'max');
$lmtp->quit;

sub lda {
	my ($user, $message) = @_;
	my ($status, $out, $err) = run_with_input($message, $dovecot->command(
	    @valgrind, "--log-file=$dir/lda.log.%p",
	    '/usr/lib/dovecot/dovecot-lda', '-c', $dovecot->config_file, '-d',
	    $user, '-f', 'sender@bank.example'));
	is($status, 0, 'by lda') or diag("$out$err");
	return;
}
lda('ann', message(head => "X-Signet-Junk: forged\n"));

# --- users ---
my $imap = $dovecot->imap('ann');
my $before = events();
is($imap->count('Junk'), 3, 'what was filed');
$imap->create('List');
$imap->append('INBOX', message(), flags => '\Seen $NotJunk');
$imap->append('Junk', message());
$imap->select('Junk');
$imap->move('1', 'INBOX');
$imap->copy('1', 'Trash');
$imap->select('INBOX');
$imap->store('1', '+FLAGS', '$Junk');
$imap->store('1', '-FLAGS', '$Junk');
$imap->copy('1', 'Junk');
$imap->move('1:*', 'List');
$imap->rename('List', 'Lists');
$imap->delete('Lists');
$imap->append('INBOX', message());
if (grep { $_ eq 'REPLACE' } $imap->capabilities) {
	$imap->select('INBOX');
	$imap->append('Junk', message(), verb => 'REPLACE 1');
}
$imap->logout;
cmp_ok(events(), '>', $before + 5, 'there are events');

$imap = $dovecot->imap('max');
$imap->select('INBOX');
$imap->append('INBOX', 'x: ' . 'y' x 3000 . "\r\n\r\n");
my ($said) = $imap->ask('COPY 1:* Junk');
$said = ($imap->ask('COPY 1:* Junk'))[0] if $said =~ /^OK/;
like($said, qr/^NO \[OVERQUOTA\] Quota exceeded \(mailbox for user is full\)/,
    'over quota is told in its own words');
$imap->logout;

$dovecot->stop;
clean($_) for qw(lmtp lda imap);
is_deeply([grep { /killed with signal|Panic|Fatal/ } split /\n/,
    $dovecot->log], [], 'and nothing died');
done_testing();
