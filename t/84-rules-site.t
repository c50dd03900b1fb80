#!/usr/bin/perl
# Rules of users at a whole site, from Postfix to IMAP: what is moved by IMAP
# files what comes next, follows the folders, and a list that enough users have
# rules for is a list to signet-milter, which refused its mail before.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::JunkSite;
use Signet::Util qw(slurp temp_dir wait_for);

Signet::JunkSite->need;

my $dir = temp_dir();
mkdir "$dir/state";
my $lists = "$dir/state/lists";
my $list_host = '192.0.2.40';
my @users = map { "$_\@site.example" } qw(ann ben);
my $site = Signet::JunkSite->new(
	mail => 1,
	zones => {
		'author.example' => "\@ TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=reject\"\n",
		'list.example' => "\@ TXT \"v=spf1 ip4:$list_host -all\"\n",
	},
	milter => { reject_reasons => 'none' },
	trust => { lists_file => $lists },
	mailbox => { lists_file => $lists, lists_accounts => 2, junk => 'no' },
	dovecot => { users => { map { $_ => {} } @users } },
);
my $number = 0;

# What Postfix says to a message from the host of the list.
sub post {
	my ($user, %option) = @_;
	$number++;
	my $id = $option{list} // 'talk.list.example';
	my ($reply, $queue) = $site->{mta}->send(client => $list_host,
	    name => 'lists.list.example', from => 'bounces@list.example',
	    to => $user, data => 'From: ' . ($option{from}
		// 'Talk <talk@list.example>') . "\nTo: talk\@list.example\n"
	    . (length $id ? "List-Id: Talk <$id>\n" : '')
	    . "Subject: message $number\nMessage-ID: <r$number\@list.example>\n"
	    . "Date: Mon, 23 Nov 2026 10:00:00 +0000\n\nhello $number\n");
	$site->{mta}->wait_log(qr/ \Q$queue\E: to=.*status=sent \(250 2/)
	    if $reply =~ /^250 /;
	return $reply;
}

# Where the message that was posted last is.
sub where {
	my ($imap, @mailboxes) = @_;
	return join ' ', grep {
		grep { $_->{text} =~ /^Message-ID: <r$number\@/m }
		    $imap->messages($_)
	} 'INBOX', @mailboxes;
}

sub goes {
	my ($user) = @_;
	my $answer = $site->ask($user, "Authentication-Results: "
	    . "mx.site.example; spf=pass smtp.mailfrom=bounces\@list.example\n"
	    . "From: talk\@list.example\nList-Id: <talk.list.example>\n\n");
	return $answer->{mailbox} // 'INBOX';
}

sub wait_goes {
	my ($user, $where, $name) = @_;
	my $last = '';
	ok(eval { wait_for(120, sub { ($last = goes($user)) eq $where },
	    $name) }, $name) or diag("$last\n", $site->{mailbox}->log,
	    $site->{dovecot}->log);
	return;
}

sub have {
	my ($user) = @_;
	$site->settle;
	return [map { "$_->{what} $_->{value}>$_->{mailbox}" }
	    $site->{pg}->rows("select * from signet.rules_of('$user')")];
}

my %imap = map { $_ => $site->{dovecot}->imap($_) } @users;
my ($ann, $ben) = @users;

like(post($ann, from => 'Ceo <ceo@author.example>'), qr/^550 /,
    'the author asks that lists be refused');

subtest 'a list gets its folder' => sub {
	for my $user (@users) {
		$imap{$user}->create('Lists/talk');
		like(post($user), qr/^250 /, "$user: mail of the list itself");
		is(where($imap{$user}, 'Lists/talk'), 'INBOX', 'in INBOX');
		$imap{$user}->select('INBOX');
		$imap{$user}->move('1:*', 'Lists/talk');
		is_deeply(have($user), ['suggestion talk.list.example>Lists/talk'],
		    'moved: suggested');
		$site->{pg}->psql("select signet.rule_accept('$user', id) from "
		    . "signet.rules_of('$user')");
		wait_goes($user, 'Lists/talk', 'accepted');
		post($user);
		is(where($imap{$user}, 'Lists/talk'), 'Lists/talk',
		    'the next is there by itself');
	}
	like($imap{$ann} && join('', map { $_->{text} }
	    $imap{$ann}->messages('Lists/talk')),
	    qr/^X-Signet-Rule: list talk\.list\.example\r$/m, 'and says why');
};

subtest 'what two users want is a list' => sub {
	my $reply = '';
	ok(eval { wait_for(120, sub {
		$reply = post($ann, from => 'Ceo <ceo@author.example>');
		return $reply =~ /^250 /;
	}, 'mail of the list') }, 'DMARC gives way')
	    or diag($reply, slurp($lists) // 'no file',
		$site->{mailbox}->log, $site->{site}{milter}->log);
	is(where($imap{$ann}, 'Lists/talk'), 'Lists/talk', 'filed, too');
	my ($message) = grep { $_->{text} =~ /^Message-ID: <r$number\@/m }
	    $imap{$ann}->messages('Lists/talk');
	like($message->{text} =~ s/\r\n[ \t]+/ /gr,
	    qr/^Authentication-Results:\ mx\.site\.example;.*dmarc=fail
	    [^;]*override\ mailing_list:\ talk\.list\.example/mx,
	    'the results tell why it came');
	like(post($ann, from => 'Ceo <ceo@author.example>', list => $_),
	    qr/^550 /, "not '$_'") for '', 'other.list.example';
};

subtest 'folders' => sub {
	my $imap = $imap{$ann};
	$imap->rename('Lists', 'Verteiler');
	is_deeply(have($ann), ['rule talk.list.example>Verteiler/talk'],
	    'the rule follows its parent');
	wait_goes($ann, 'Verteiler/talk', 'in use');
	post($ann);
	is(where($imap, 'Verteiler/talk'), 'Verteiler/talk',
	    'mail goes to the new name');
	$imap->rename('Verteiler/talk', 'Trash/talk');
	is_deeply(have($ann), [], 'in the trash: no rule');
	wait_goes($ann, 'INBOX', 'in use');
	post($ann);
	is(where($imap, 'Trash/talk'), 'INBOX', 'mail goes to INBOX');
};

subtest 'back again' => sub {
	my $imap = $imap{$ben};
	$imap->select('Lists/talk');
	$imap->move('1', 'INBOX');
	is_deeply(have($ben), [], 'moved back: no rule');
	wait_goes($ben, 'INBOX', 'in use');
	$imap->select('INBOX');
	$imap->move('1', 'Lists/talk');
	is_deeply(have($ben), ['suggestion talk.list.example>Lists/talk'],
	    'and out again');
	$imap->delete('Lists/talk');
	is_deeply(have($ben), [], 'the folder is deleted');
	my $reply = '';
	ok(eval { wait_for(120, sub {
		$reply = post($ben, from => 'Ceo <ceo@author.example>');
		return $reply =~ /^550 /;
	}, 'DMARC') }, 'nobody wants the list: DMARC counts again')
	    or diag($reply, slurp($lists) // 'no file',
		$site->{mailbox}->log, $site->{site}{milter}->log);
};

is_deeply([$site->{dovecot}->complaints], [], 'no complaints of Dovecot');
done_testing;
