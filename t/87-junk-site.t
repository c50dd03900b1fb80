#!/usr/bin/perl
# A user moves messages to Junk, and the next one like them goes there by
# itself; moved back, it is forgotten. With Postfix, signet-milter, Postgres,
# signet-mailbox and Dovecot with our plugin, for each way in which Dovecot
# stores mail, with and without Sieve.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::JunkMail;
use Signet::JunkSite;
use Signet::Smtp;
use Signet::Util qw(wait_for);

Signet::JunkSite->need;

my $bank = '192.0.2.10';
my $list = '192.0.2.40';
my $ann = 'ann@site.example';
my $site = Signet::JunkSite->new(
	mail => 1,
	# what one user says is no word to another here
	mailbox => { site_users => 1000 },
	zones => {
		'bank.example' => "\@ TXT \"v=spf1 ip4:$bank -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=reject\"\n",
		'list.example' => "\@ TXT \"v=spf1 ip4:$list -all\"\n",
	},
	dovecot => {
		users => { map { ("$_\@site.example" => {}) }
		    qw(ann ben cid dan eve fay) },
		acl => 1, shared => 1, hibernate => 1,
		virtual => { All => "INBOX\n  all\n" },
		settings => { lmtp_save_to_detail_mailbox => 'yes' },
	},
);
my $dovecot = $site->{dovecot};

# Through Postfix; returns when Dovecot has it.
sub send_mail {
	my ($text, %option) = @_;
	my ($reply, $id) = $site->{mta}->send(client => $bank,
	    name => 'out.bank.example', from => 'sender@bank.example',
	    to => $ann, data => $text, %option);
	die "not accepted: $reply\n" if $reply !~ /^250 /;
	$site->{mta}->wait_log(qr/ \Q$id\E: to=.*status=sent \(250 2/);
	return;
}

# The text of the message with this Message-ID in a mailbox, or undef.
sub found {
	my ($imap, $mailbox, $message) = @_;
	my ($id) = $message =~ /^Message-ID: (\S+)/m;
	my ($got) = grep { $_->{text} =~ /^Message-ID: \Q$id\E\r$/m }
	    $imap->messages($mailbox);
	return $got ? $got->{text} : undef;
}

# Where the message is.
sub where {
	my ($imap, $message, @mailboxes) = @_;
	return join ' ', grep { defined found($imap, $_, $message) }
	    @mailboxes ? @mailboxes : qw(INBOX Junk Rejects);
}

sub number {
	my ($imap, $mailbox, $message) = @_;
	my ($id) = $message =~ /^Message-ID: (\S+)/m;
	my ($got) = grep { $_->{text} =~ /^Message-ID: \Q$id\E\r$/m }
	    $imap->messages($mailbox);
	return $got->{number};
}

subtest 'a user teaches' => sub {
	my %mail = (spam => [map { Signet::JunkMail::spam($_) } 1 .. 12],
	    ham => [map { Signet::JunkMail::ham($_) } 1 .. 9]);
	send_mail($mail{spam}[$_]) for 0 .. 7;
	send_mail($mail{ham}[$_]) for 0 .. 7;
	my $imap = $dovecot->imap($ann);
	is($imap->count('INBOX'), 16, 'at first all goes to INBOX');
	is($imap->count('Junk'), 0, 'and none to Junk');
	$imap->select('INBOX');
	$imap->move(join(',', map { number($imap, 'INBOX', $_) }
	    @{ $mail{spam} }[0 .. 7]), 'Junk');
	$imap->select('INBOX');
	$imap->store('1:*', '+FLAGS', '$NotJunk');
	ok($site->knows($ann, 8, 8), 'both kinds were learned');
	my $answer = $site->wait_verdict($ann, $mail{spam}[8], 'junk');
	is($answer->{mailbox}, 'Junk', 'signet-mailbox would file it');

	send_mail($mail{spam}[8] =~ s/\n\n/\nX-Signet-Junk: forged\n\n/r);
	my $got = found($imap, 'Junk', $mail{spam}[8]);
	ok(defined $got, 'the next one is filed in Junk by itself')
	    or diag($dovecot->log, $site->{mailbox}->log);
	$got //= '';
	like($got, qr/^X-Signet-Junk: junk; probability=/m, 'with the field');
	my ($field) = $got =~ /^(X-Signet-Junk: .*\r\n(?:[ \t].*\r\n)*)/m;
	like($field, qr/casino|jackpot|viagra|prize|bonus|claim/i,
	    'that names words') or diag $got;
	unlike($got, qr/forged/, 'and no forged one');
	send_mail($mail{ham}[8]);
	is(where($imap, $mail{ham}[8]), 'INBOX', 'other mail goes to INBOX');

	# it was no junk: learned as such, once
	$imap->select('Junk');
	$imap->move(number($imap, 'Junk', $mail{spam}[8]), 'INBOX');
	ok($site->knows($ann, 8, 9), 'moved out of Junk: it is none');
	$imap->move(number($imap, 'INBOX', $mail{spam}[8]), 'Junk');
	ok($site->knows($ann, 9, 8), 'and back: unlearned');
	$imap->select('Junk');
	$imap->copy(number($imap, 'Junk', $mail{spam}[8]), 'Archive');
	ok($site->knows($ann, 8, 9), 'copied out of Junk');
	$imap->append('Junk', found($imap, 'Archive', $mail{spam}[8]));
	ok($site->knows($ann, 9, 8), 'the same message put into Junk');

	# what all those messages taught is forgotten again
	$imap->select('Junk');
	$imap->move('1:*', 'INBOX');
	$site->settle;
	is({ $site->totals($ann) }->{spam}, 0, 'nothing of junk is left');
	$site->wait_verdict($ann, $mail{spam}[9], 'ham|unsure|none');
	send_mail($mail{spam}[9]);
	is(where($imap, $mail{spam}[9]), 'INBOX', 'the next is not filed');
	is_deeply([$dovecot->complaints], [], 'no complaints');
};


subtest 'a list stays in its folder' => sub {
	my $ben = 'ben@site.example';
	my @from_list = (client => $list, name => 'lists.list.example',
	    from => 'dev-bounces@list.example', to => $ben);
	my @mail = map { Signet::JunkMail::ham($_, mark => 'list',
	    from => 'Dev <dev@list.example>', to => 'dev@list.example',
	    header => "List-Id: Developers <dev.list.example>\n") } 1 .. 4;
	my $imap = $dovecot->imap($ben);
	$imap->create('Lists/dev');
	send_mail($mail[0], @from_list);
	is(where($imap, $mail[0], 'INBOX', 'Lists/dev'), 'INBOX',
	    'at first it goes to INBOX');
	$site->{pg}->psql("select signet.rules_mode_set('$ben', 'auto')");
	$imap->select('INBOX');
	$imap->move('1', 'Lists/dev');
	$site->settle;
	$site->wait_verdict($ben, found($imap, 'Lists/dev', $mail[0]), 'rule',
	    from => 'dev-bounces@list.example');
	send_mail($mail[1], @from_list);
	is(where($imap, $mail[1], 'INBOX', 'Lists/dev'), 'Lists/dev',
	    'moved to a folder, the list stays there');
	$imap->rename('Lists/dev', "Lists/caf\xc3\xa9");
	$site->settle;
	send_mail($mail[2], @from_list);
	is(where($imap, $mail[2], 'INBOX', "Lists/caf\xc3\xa9"),
	    "Lists/caf\xc3\xa9", 'also when the folder has a new name');
	my $forged = Signet::JunkMail::ham(5, mark => 'list',
	    from => 'Dev <dev@list.example>', to => 'dev@list.example',
	    header => "List-Id: Developers <dev.list.example>\n");
	send_mail($forged, to => $ben);
	is(where($imap, $forged, 'INBOX', "Lists/caf\xc3\xa9"), 'INBOX',
	    'somebody else who writes its List-Id does not');
	$imap->select("Lists/caf\xc3\xa9");
	$imap->move('1', 'INBOX');
	$site->settle;
	$site->wait_verdict($ben, $mail[3], 'ham|unsure|none',
	    from => 'dev-bounces@list.example');
	send_mail($mail[3], @from_list);
	is(where($imap, $mail[3], 'INBOX', "Lists/caf\xc3\xa9"), 'INBOX',
	    'moved back to INBOX: so does the list');
};

subtest 'Rejects' => sub {
	my $cid = 'cid@site.example';
	my $imap = $dovecot->imap($cid);
	my @mail = map { Signet::JunkMail::ham($_, mark => 'reject',
	    from => 'Bank <x@bank.example>', to => $cid) } 1 .. 2;
	$dovecot->deliver('cid+Rejects@site.example', $_) for @mail;
	is(where($imap, $_), 'Rejects', 'kept aside') for @mail;
	$dovecot->deliver($cid, $mail[0], from => '');
	is(where($imap, $mail[0]), 'INBOX Rejects',
	    'a copy of nobody removes nothing');
	send_mail($mail[1], to => $cid);
	is(where($imap, $mail[1]), 'INBOX', 'accepted after all')
	    or diag($dovecot->log, (found($imap, 'INBOX', $mail[1]) // ''));
	is($site->waiting, 0, 'nothing is learned of that');
};

# A user of each, alone with his Dovecot.
for my $case (map { my $s = $_; map { [$s, $_] } 0, 1 }
    qw(maildir sdbox mdbox)) {
	my ($storage, $sieve) = @$case;
	my $name = "$storage, " . ($sieve ? 'Sieve' : 'no Sieve');
	subtest $name => sub {
		my $user = "$storage$sieve\@site.example";
		my $own = $site->dovecot(storage => $storage, sieve => $sieve,
		    users => { $user => {} }, hibernate => 1);
		$own->script($user, <<'END') if $sieve;
require ["fileinto", "mailbox"];
if header :contains "subject" "pills" {
	fileinto :create "Pharmacy";
}
END
		my $imap = $own->imap($user);
		$site->teach($imap, 6, to => $user);
		ok($site->knows($user, 6, 6), 'learned');
		my @spam = map { Signet::JunkMail::spam($_, to => $user) }
		    30 .. 33;
		my $ham = Signet::JunkMail::ham(30, to => $user);
		$site->wait_verdict($user, $spam[0], 'junk');
		$own->deliver($user, $_) for @spam[0 .. 2], $ham;
		my @boxes = (qw(INBOX Junk), $sieve ? 'Pharmacy' : ());
		is_deeply([map { where($imap, $_, @boxes) }
		    @spam[0 .. 2], $ham],
		    ['Junk', $sieve ? 'Pharmacy' : 'Junk', 'Junk', 'INBOX'],
		    'filed; what Sieve says comes first') or diag $own->log;
		like(found($imap, 'Junk', $spam[0]) // '',
		    qr/^X-Signet-Junk: junk; /m, 'with the reasons');
		is(($own->lda($user, $spam[3]))[0], 0, 'lda');
		is(where($imap, $spam[3], @boxes), 'Junk', '... files it too');

		$imap->select('Junk');
		$imap->idle;
		$own->wait_hibernated($user);
		$imap->done;
		$imap->move(number($imap, 'Junk', $spam[0]), 'INBOX');
		ok($site->knows($user, 6, 7), 'learned after hibernation');
		is_deeply([$own->complaints], [], 'no complaints');
	};
}

subtest 'virtual and shared mailboxes' => sub {
	my ($dan, $eve) = map { "$_\@site.example" } qw(dan eve);
	my $imap = $dovecot->imap($dan);
	my @mail = map { Signet::JunkMail::ham($_, mark => 'virtual',
	    to => $dan) } 1 .. 5;
	$dovecot->deliver($dan, $_) for @mail;
	$imap->select('Virtual/All');
	$imap->move('1', 'Junk');
	ok($site->knows($dan, 1, 0), 'moved out of a virtual mailbox');
	$imap->select('Virtual/All');
	$imap->store('1', '+FLAGS', '$Junk');
	ok($site->knows($dan, 2, 0), 'marked in a virtual mailbox');

	$imap->command("SETACL $_ $eve lrswipkxte") for qw(INBOX Junk);
	my $guest = $dovecot->imap($eve);
	$guest->select("shared/$dan/INBOX");
	$guest->move('1', "shared/$dan/Junk");
	$site->settle;
	is_deeply([map { { $site->totals($_) } } $dan, $eve],
	    [{ spam => 2, ham => 0 }, { spam => 0, ham => 0 }],
	    'what a guest does is no opinion of the owner');
	$guest->select("shared/$dan/INBOX");
	$guest->move('1', 'Junk');
	ok($site->knows($eve, 1, 0), 'moved to his own Junk he learns');
	is({ $site->totals($dan) }->{spam}, 2, '... and the owner does not');
	is_deeply([$dovecot->complaints], [], 'no complaints');
};

subtest 'administrators and replication teach nothing' => sub {
	my $eve = 'eve@site.example';
	my %before = $site->totals($eve);
	my $count = $site->{pg}->value(
	    'select count(*) from signet.mailbox_event where kind in '
	    . "('move', 'copy', 'append', 'keyword')");
	$dovecot->deliver($eve, Signet::JunkMail::ham($_, mark => 'admin',
	    to => $eve)) for 1 .. 3;
	$dovecot->doveadm('move', '-u', $eve, 'Junk', 'mailbox', 'INBOX',
	    'all');
	$dovecot->doveadm('flags', 'add', '-u', $eve, '$Junk', 'mailbox',
	    'Junk', 'all');
	my $copy = $dovecot->home($eve) . '/copy';
	$dovecot->doveadm('backup', '-u', $eve, "maildir:$copy");
	ok(-d "$copy/.Junk/cur", 'a copy of the mail');
	$dovecot->doveadm('sync', '-1', '-R', '-u', 'fay@site.example',
	    "maildir:$copy");
	my $imap = $dovecot->imap('fay@site.example');
	cmp_ok($imap->count('Junk'), '>=', 3, 'replayed into another account');
	$imap->logout;
	$site->settle;
	is_deeply({ $site->totals($eve) }, \%before, 'nothing was learned');
	is($site->{pg}->value('select count(*) from signet.mailbox_event '
	    . "where kind in ('move', 'copy', 'append', 'keyword')"), $count,
	    'there was no event');
};

subtest 'a hundred sessions at once' => sub {
	my @users = map { "u$_\@site.example" } 1 .. 20;
	my $own = $site->dovecot(users => { map { ($_ => {}) } @users });
	for my $user (@users) {
		my $imap = $own->imap($user);
		$imap->append('INBOX', Signet::Smtp::crlf(
		    Signet::JunkMail::spam($_, mark => $user))) for 1 .. 10;
		# that it is made by several at once is too much for Dovecot
		$imap->select('Junk');
		$imap->logout;
	}
	my $before = $site->{pg}->value(
	    'select count(*) from signet.mailbox_event');
	my @session = map { my $n = $_; map { [$_, $n, $own->imap($_)] }
	    @users } 0 .. 4;
	$_->[2]->select('INBOX') for @session;
	is(scalar @session, 100, 'sessions');
	# two messages each, by UID: 1 and 2, 3 and 4, ...
	$_->[2]->send(sprintf 'UID MOVE %d:%d Junk', 2 * $_->[1] + 1,
	    2 * $_->[1] + 2) for @session;
	my @failed = grep { $_ !~ /^OK/ } map { ($_->[2]->finish)[0] }
	    @session;
	is_deeply(\@failed, [], 'all were moved');
	$_->[2]->logout for @session;
	$site->settle;
	is($site->{pg}->value('select count(*) from signet.mailbox_event')
	    - $before, 200, 'no event was lost');
	is_deeply([grep { { $site->totals($_) }->{spam} != 10 } @users], [],
	    'each user learned each message once');
	is_deeply([$own->complaints], [], 'no complaints');
};

subtest 'one user without the plugin' => sub {
	my ($with, $without) = map { "$_\@site.example" } qw(with without);
	my $own = $site->dovecot(users => { $with => {},
	    $without => { plugin => 0 } });
	my $mail = Signet::JunkMail::ham(40, to => $without);
	my %imap = map { $_ => $own->imap($_) } $with, $without;
	for my $user ($with, $without) {
		$own->deliver($user, $mail);
		$imap{$user}->select('INBOX');
		$imap{$user}->move('1', 'Junk');
	}
	ok($site->knows($with, 1, 0), 'one teaches');
	is({ $site->totals($without) }->{spam}, 0, 'the other does not');
	unlike(found($imap{$without}, 'Junk', $mail), qr/^X-Signet-/m,
	    'his mail stays as it is');
	is_deeply([$own->complaints], [], 'no complaints');
};

is_deeply([glob $site->events_dir . '/*/*'], [], 'no event was put aside');
done_testing;
