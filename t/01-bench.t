#!/usr/bin/perl
# The test bench itself: every object in t/lib/Signet does what it promises,
# with the real nsd, Postfix and Dovecot, and its signatures are good for another
# implementation (dkimpy).

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Net::DNS;
use Signet::Dns;
use Signet::Dovecot;
use Signet::Milter;
use Signet::Postfix;
use Signet::Sign;
use Signet::Smtp;
use Signet::Util qw(need_programs run_command run_with_input find_program
    wait_for slurp now);
use Signet::Zone;

need_programs(qw(nsd ldns-signzone ldns-keygen postfix postqueue openssl));

# Waits long for an answer, or shortly where none is to come.
sub resolver {
	my ($server, %option) = @_;
	return Net::DNS::Resolver->new(nameservers => ['127.0.0.1'],
	    port => $server->port, retry => 1, udp_timeout => 60,
	    tcp_timeout => 60, recurse => 1, dnssec => 1, %option);
}

sub silent {
	my ($server, @question) = @_;
	return !resolver($server, udp_timeout => 1)->send(@question);
}

sub answers {
	my ($packet, $type) = @_;
	return join ' ', sort map { $_->rdstring }
	    grep { $_->type eq $type } $packet ? $packet->answer : ();
}

subtest 'signed zones' => sub {
	my $dns = Signet::Zone->new(
		'site.test' => "\@ A 192.0.2.1\n",
		'sub.site.test' => "\@ A 192.0.2.7\n",
		'plain.test' => { text => "\@ A 192.0.2.2\n", unsigned => 1 },
		'bogus.test' => { text => "\@ A 192.0.2.3\n", bogus => 1 },
	);
	my $ask = resolver($dns);
	my $answer = $ask->send('site.test', 'A');
	is(answers($answer, 'A'), '192.0.2.1', 'the data is there');
	isnt(answers($answer, 'RRSIG'), '', 'and signed');
	is(answers($ask->send('plain.test', 'A'), 'RRSIG'), '',
	    'an unsigned zone is not');
	is(answers($ask->send('plain.test', 'DS'), 'DS'), '',
	    'and has no DS in its parent');
	isnt(answers($ask->send('site.test', 'DS'), 'DS'), '',
	    'a signed one has');
	isnt(answers($ask->send('sub.site.test', 'DS'), 'DS'), '',
	    'also below another zone');
	is($ask->send('no.such.example', 'A')->header->rcode, 'NXDOMAIN',
	    'other names do not exist');
	like(slurp($dns->anchor_file), qr/\bDS\b.*\b13 2\b/, 'trust anchor');

	$dns->change('site.test' => "\@ A 192.0.2.9\n");
	is(answers($ask->send('site.test', 'A'), 'A'), '192.0.2.9',
	    'changed data is served');
	$dns->stop;
	ok(silent($dns, 'site.test', 'A'), 'stopped: no answer');
	$dns->start;
	is(answers($ask->send('site.test', 'A'), 'A'), '192.0.2.9',
	    'started: back on the same port');
	if (find_program('unbound-host')) {
		my @look = ('unbound-host', '-v', '-f', $dns->anchor_file);
		pass('unbound-host is there');
	}
};

subtest 'hostile DNS' => sub {
	my $dns = Signet::Dns->new(table => <<'END');
		good.example     A    192.0.2.1
		good.example     TXT  "a" "b"
		broken.example   *    @servfail
		gone.example     *    @nxdomain
		big.example      TXT  @truncate "tcp only"
		slow.example     A    @slow 0.3 192.0.2.5
		dead.example     *    @silence
		circle.example   *    @loop
		*.wild.example   A    192.0.2.8
END
	my $ask = resolver($dns, dnssec => 0);
	my $code = sub { $ask->send(@_)->header->rcode };
	is(answers($ask->send('good.example', 'A'), 'A'), '192.0.2.1', 'A');
	is($code->('good.example', 'MX'), 'NOERROR', 'no data');
	is($code->('none.example', 'A'), 'NXDOMAIN', 'no such name');
	is($code->('gone.example', 'A'), 'NXDOMAIN', 'nxdomain');
	is($code->('broken.example', 'A'), 'SERVFAIL', 'servfail');
	is(answers($ask->send('x.wild.example', 'A'), 'A'), '192.0.2.8',
	    'wildcard');
	is(answers($ask->send('circle.example', 'A'), 'CNAME'),
	    'circle.example.', 'loop');
	is(answers($ask->send('big.example', 'TXT'), 'TXT'), '"tcp only"',
	    'truncated, then whole over TCP');
	is_deeply([map { $_->[0] } grep { $_->[1] eq 'big.example' }
	    $dns->questions], ['udp', 'tcp'], 'both questions were seen');
	my $start = now();
	is(answers($ask->send('slow.example', 'A'), 'A'), '192.0.2.5', 'slow');
	cmp_ok(now() - $start, '>=', 0.3, 'as slow as asked');
	ok(silent($dns, 'dead.example', 'A'), 'silence');
	is($dns->count('good.example', 'A'), 1, 'questions are counted');
	$dns->forget;
	is($dns->count, 0, 'and forgotten');
	$dns->table("good.example A 192.0.2.99\n");
	is(answers($ask->send('good.example', 'A'), 'A'), '192.0.2.99',
	    'the table changes under way');
};

my $message = <<'END';
From: Alice <alice@example.com>
To: user@site.test
Subject: folded
  subject
Message-ID: <1@example.com>

Body  with	blanks 
.a dot

END

subtest 'signatures' => sub {
	my $python = '/usr/bin/python3';
	my ($status) = run_command($python, '-c', 'import dkim, nacl');
	Signet::Util::skip_or_fail('python3-dkim is not installed')
	    if $status != 0;
	my $rsa = Signet::Sign->key('rsa', 2048);
	my $ed = Signet::Sign->key('ed25519');
	my $verify = sub {
		my ($text, $what, %record) = @_;
		my $program = <<'END';
import sys, dkim, json
what = sys.argv[1]
records = json.loads(sys.argv[2])
def dnsfunc(name, timeout=5):
    return records.get(name.decode().rstrip('.'), '').encode()
data = sys.stdin.buffer.read()
if what == 'arc':
    print(dkim.arc_verify(data, dnsfunc=dnsfunc)[0].decode())
else:
    print('pass' if dkim.verify(data, dnsfunc=dnsfunc) else 'fail')
END
		my ($state, $out, $err) = run_with_input(Signet::Smtp::crlf(
		    $text), $python, '-c', $program, $what,
		    JSON::PP::encode_json(\%record));
		chomp $out;
		return $state == 0 ? $out : $err;
	};
	my @key = ('s1._domainkey.example.com');
	for my $form (qw(simple/simple simple/relaxed relaxed/simple
	    relaxed/relaxed)) {
		for my $key ($rsa, $ed) {
			my $text = $key->sign($message, d => 'example.com',
			    s => 's1', c => $form);
			is($verify->($text, 'dkim', @key, $key->record),
			    'pass', "$key->{type} $form");
		}
	}
	my $text = $rsa->sign($message, d => 'example.com', s => 's1');
	(my $changed = $text) =~ s/a dot/two dots/;
	is($verify->($changed, 'dkim', @key, $rsa->record), 'fail',
	    'a changed body fails');
	$text = $rsa->sign($message, d => 'example.com', s => 's1', l => 4);
	is($verify->("${text}more\n", 'dkim', @key, $rsa->record), 'pass',
	    'l= covers what it says');

	my $sealed = $rsa->sign($message, d => 'example.com', s => 's1');
	$sealed = $rsa->seal($sealed, d => 'example.com', s => 's1',
	    results => 'example.com; dkim=pass header.d=example.com');
	is($verify->($sealed, 'arc', @key, $rsa->record), 'pass', 'one seal');
	$sealed = $rsa->seal($sealed, d => 'example.com', s => 's1',
	    results => 'example.com; arc=pass');
	is($verify->($sealed, 'arc', @key, $rsa->record), 'pass', 'two seals');
	$sealed =~ s/a dot/two dots/;
	is($verify->($sealed, 'arc', @key, $rsa->record), 'fail',
	    'a changed body breaks the chain');
};

subtest 'Postfix' => sub {
	my $mta = Signet::Postfix->new;
	my $other = Signet::Postfix->new;
	isnt($mta->port, $other->port, 'two at once');
	my ($reply, $id) = $mta->send(client => '192.0.2.77',
	    name => 'mx.example.com', from => 'a@example.com',
	    to => ['u@site.test', 'v@site.test'], data => $message);
	like($reply, qr/^250 2\.0\.0 Ok: queued as \w+/, 'accepted');
	my $text = $mta->delivered('u@site.test', $id);
	like($text, qr/\AReceived: from mx\.example\.com \(.*192\.0\.2\.77/,
	    'XCLIENT gave the client, Received is on top');
	is(substr($text, -length $message), $message,
	    'the content is unchanged');
	is($mta->delivered('v@site.test', $id), $text, 'both recipients');
	is_deeply([$mta->mailbox], ["$id.u\@site.test", "$id.v\@site.test"],
	    'one file each');
	($reply) = $mta->send(client => '192.0.2.77', from => 'a@example.com',
	    to => 'u@elsewhere.test', data => $message);
	like($reply, qr/^554 5\.7\.1 .*Relay access denied/, 'no relay');
	like($mta->wait_log(qr/$id: client=/), qr/192\.0\.2\.77/, 'log');
	is_deeply([$mta->queue], [], 'nothing left in the queue');

	my $smtp = Signet::Smtp->new(port => $mta->port);
	$smtp->ehlo('client.test');
	$smtp->mail('');
	$smtp->rcpt('u@site.test');
	my $bytes = "Subject: odd\r\n\r\n\xe4\x80 8 bit\r\n..dots\r\n.\r\nend";
	like($smtp->data($bytes), qr/^250/, 'odd bytes are taken');
	$text = $mta->delivered('u@site.test', $smtp->queue_id);
	like($text, qr/\xe4\x80 8 bit\n\.\.dots\n\.\nend\n\z/,
	    'and come out as they were');
	$mta->set(smtpd_recipient_restrictions =>
	    'check_recipient_access inline:{u@site.test=HOLD}');
	($reply, $id) = $mta->send(from => 'a@example.com',
	    to => 'u@site.test', data => $message);
	is($mta->queue_of($id), 'hold', 'held');
	like($mta->queued_message($id), qr/\n\n\Q@{[($message =~
	    m{\n\n(.*)}s)[0]]}\E\z/, 'the held message can be read');
	$mta->release($id);
	like($mta->delivered('u@site.test', $id), qr/folded/, 'released');
};

subtest 'Dovecot' => sub {
	Signet::Dovecot->need(sieve => 1);
	my $dovecot = Signet::Dovecot->new(storage => 'mdbox', sieve => 1,
	    hibernate => 1, acl => 1, shared => 1, public => 1,
	    virtual => { All => "INBOX\n  all\n" }, users => {
		ann => { quota => { storage => '1M' } }, ben => {},
		cid => { uid => 5001 },
	    });
	my $other = Signet::Dovecot->new;
	isnt($dovecot->imap_port, $other->imap_port, 'two at once');
	like($other->deliver('anybody', $message), qr/^250 2\.0\.0 <anybody>/,
	    'without a list everybody is a user');
	my @reply = $dovecot->deliver([qw(ann cid nobody)], $message);
	like($reply[$_], qr/^250/, "delivered by LMTP") for 0, 1;
	like($reply[2], qr/^550 5\.1\.1/, '... to users alone');
	is(($dovecot->lda('ann', $message))[0], 0, 'delivered by lda');
	is((stat $dovecot->home('cid') . '/mail')[4], 5001, 'a uid of one');
	$dovecot->script('ben', "require \"fileinto\";\nfileinto \"Archive\";");
	$dovecot->deliver('ben', $message);
	is($dovecot->imap('ben')->count('Archive'), 1, 'Sieve');

	my $imap = $dovecot->imap('ann');
	$imap->create("Gr\xc3\xb6\xc3\x9fe & \"x\"");
	my $uid = $imap->append("Gr\xc3\xb6\xc3\x9fe & \"x\"", $message,
	    flags => '\\Seen $Junk');
	is($uid, 1, 'appended');
	my ($got) = $imap->messages("Gr\xc3\xb6\xc3\x9fe & \"x\"");
	like("@{ $got->{flags} }", qr/\\Seen .*\$Junk|\$Junk .*\\Seen/,
	    'with its flags');
	is($got->{text}, Signet::Smtp::crlf($message), 'byte for byte');
	is($imap->append('INBOX', $message), 3, 'UIDs count on');
	like(join("\n", $imap->command('GETQUOTAROOT INBOX')),
	    qr/STORAGE \d+ 1024/, 'quota of a user');
	$imap->command('SETACL INBOX ben lrwste');
	is($dovecot->imap('ben')->count('shared/ann/INBOX'), 3, 'shared');
	$imap->create('Public/all');
	is($dovecot->imap('ben')->count('Public/all'), 0, 'public');
	is($imap->count('Virtual/All'), 3, 'virtual');
	$imap->select('INBOX');
	like(($imap->ask('MOVE 9 Junk'))[0], qr/^(?:BAD|NO)/, 'an error');
	$imap->idle;
	$dovecot->wait_hibernated('ann');
	$dovecot->deliver('ann', $message);
	like(join("\n", $imap->done), qr/^4 EXISTS$/m, 'woken up');
	like($imap->logout, qr/^OK/, 'logout');
	like($dovecot->doveadm(qw(mailbox list -u ann)), qr/^Junk$/m,
	    'doveadm');
	$dovecot->add_users(dan => {});
	like($dovecot->deliver('dan', $message), qr/^250/, 'a new user');
	$dovecot->reload;
	like($dovecot->deliver('dan', $message), qr/^250/, 'reloaded');
	is_deeply([$dovecot->complaints], [], 'no errors in the log');
	$dovecot->stop;
	ok(!eval { Signet::Imap->new(port => $dovecot->imap_port,
	    user => 'ann') }, 'stopped');
	$dovecot->start;
	is($dovecot->imap('ann')->count('INBOX'), 4, 'and started again');
};

done_testing;
