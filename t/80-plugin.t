#!/usr/bin/perl

# What the Dovecot plugin tells of what users do: each way of a client becomes
# the event that it is, whatever the daemon does meanwhile; what is nobody's
# opinion becomes none; and no fault of ours reaches the user.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Test::More;
use Signet::Dns;
use Signet::Dovecot;
use Signet::EventSpool;
use Signet::Util qw(temp_dir slurp spew wait_for run_command top_dir
    program_path);

Signet::Dovecot->need(plugin => 1);

my $spool = Signet::EventSpool->new;
my $nudge = temp_dir() . '/nudge';
my %settings = (signet_spool_dir => $spool->dir, signet_nudge => $nudge,
    signet_socket => '/nonexistent/signet.sock');
# A pause longer than any test: quota is told when the session ends.
my %quiet = (signet_quota_interval => '1 days');
my $serial = 0;

sub message {
	my (%option) = @_;
	$serial++;
	return "From: Ann <ann\@bank.example>\r\nTo: you\@site.example\r\n"
	    . "List-Id: <list.bank.example>\r\n"
	    . 'Subject: ' . ($option{subject} // "message $serial") . "\r\n"
	    . "Message-ID: <m$serial\@bank.example>\r\n\r\n"
	    . ($option{body} // "body $serial\r\n.\r\nend\r\n");
}

# What an event says, in short: "move INBOX/inbox Junk/junk whole"
sub short {
	my ($event) = @_;
	my @place = map { defined $event->{$_}
	    ? "$event->{$_}/$event->{$_.'_class'}" : () } qw(from to);
	my @opinion = grep { $event->{$_} } qw(old_junk old_notjunk junk
	    notjunk);
	my @part = $event->{part} // (length($event->{message} // '')
	    ? 'whole' : ());
	return join ' ', $event->{kind}, @place, @opinion, @part;
}

# What the spool has now, aside from quota.
sub told {
	return grep { $_->{kind} ne 'quota' } $spool->take;
}

sub is_told {
	my ($want, $name) = @_;
	my @events = told();
	is_deeply([map { short($_) } @events], $want, $name);
	return @events;
}

my $dovecot = Signet::Dovecot->new(
	users => { ann => {}, bob => { uid => 5001 }, off => { plugin => 0 },
	    mute => { fields => { signet_training => 'no' } },
	    full => { quota => { storage => '3k', messages => 1000 } },
	    few => { quota => { storage => '100M' } },
	    gus => { quota => { messages => 3 } } },
	quota => { storage => '1M', messages => 1000, grace => 0 },
	plugin => { %settings, %quiet },
	plugins => ['mail_log'],
	virtual => { All => "*\n  all\n" },
);
my $new = $dovecot->series ne '2.3';

# --- the file ---

subtest 'an event' => sub {
	my $imap = $dovecot->imap('ann');
	my $message = message();
	$imap->append('INBOX', $message);
	$imap->select('INBOX');
	my $before = POSIX::floor(Time::HiRes::time() * 1e6);
	$imap->move('1', 'Junk');
	my $after = POSIX::ceil(Time::HiRes::time() * 1e6);
	my ($event) = is_told(['move INBOX/inbox Junk/junk whole'],
	    'a message moved to Junk');
	like($event->{file}, qr/^T-\d{16}-\d+-[0-9a-f]{32}\z/, 'its name');
	my ($stamp) = $event->{file} =~ /^T-(\d+)/;
	cmp_ok($stamp, '>=', $before, 'says when it was');
	cmp_ok($stamp, '<=', $after, 'to the microsecond');
	my $time = POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime $stamp / 1e6)
	    . sprintf '.%06dZ', $stamp % 1e6;
	is($event->{at}, $time, 'as does the line at=');
	is($event->{message}, $message, 'the message, with CRLF');
	is($event->{size}, length $message, 'and its size');
	is($event->{user}, 'ann', 'the user');
	is($event->{uid}, 1, 'the UID there');
	ok($event->{session}, 'the session');
	for my $side (qw(from to)) {
		like($event->{"${side}_guid"}, qr/^[0-9a-f]{32}\z/,
		    "GUID of the mailbox $side");
	}
	is(sprintf('%o', $event->{mode}), '640', 'its mode');
	is_deeply([@$event{qw(owner group)}], [5000,
	    Signet::EventSpool::OWNER], 'the user\'s, and the daemon may read');
	is_deeply([grep { !/^T-/ } $spool->names], [], 'nothing else is left');
	$imap->logout;
};

subtest 'what belongs to others cannot be seen' => sub {
	my $imap = $dovecot->imap('bob');
	$imap->append('Junk', message());
	$imap->logout;
	my ($path) = grep { (stat)[4] == 5001 }
	    map { $spool->dir . "/$_" } $spool->names;
	my $may = as_user(5000, sub {
		return join ' ', (map { $_ ? 'can' : 'cannot' }
		    scalar opendir(my $dir, $spool->dir),
		    scalar open(my $file, '<', $path),
		    scalar rename($path, "$path.x"), scalar unlink($path));
	});
	is($may, 'cannot cannot cannot cannot',
	    'neither the list, nor a file of which even the name is known');
	ok(-e $path, 'it is still there');
	told();
};

# What the code returns when it runs as a mail user.
sub as_user {
	my ($uid, $code) = @_;
	pipe my $read, my $write or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		$) = "$uid $uid";
		POSIX::setgid($uid);
		POSIX::setuid($uid);
		syswrite $write, $code->();
		POSIX::_exit(0);
	}
	close $write;
	my $said = join '', <$read>;
	waitpid $pid, 0;
	return $said;
}

# --- the ways of clients ---

subtest 'into Junk and out of it' => sub {
	my $imap = $dovecot->imap('ann');
	$imap->create('Lists') ;
	$imap->append('INBOX', message()) for 1 .. 4;
	$imap->select('INBOX');
	$imap->move('1', 'Junk');
	$imap->copy('1', 'Junk');
	$imap->store('1', '+FLAGS', '\Deleted');
	$imap->expunge;
	is_told(['move INBOX/inbox Junk/junk whole',
	    'copy INBOX/inbox Junk/junk whole'],
	    'MOVE, and what clients do without MOVE');
	$imap->copy('1:2', 'Junk');
	my @two = is_told([('copy INBOX/inbox Junk/junk whole') x 2],
	    'several at once');
	isnt($two[0]{message}, $two[1]{message}, 'each with its own message');
	is($two[1]{uid}, $two[0]{uid} + 1, 'and UID');
	$imap->select('Junk');
	$imap->move('1', 'INBOX');
	$imap->move('1', 'Lists');
	$imap->copy('1', 'INBOX');
	is_told(['move Junk/junk INBOX/inbox whole',
	    'move Junk/junk Lists/other whole',
	    'copy Junk/junk INBOX/inbox whole'], 'and out again');
	$imap->logout;
};

subtest 'neutral ways' => sub {
	my $imap = $dovecot->imap('ann');
	$imap->append('Junk', message()) for 1 .. 3;
	told();
	$imap->select('Junk');
	$imap->move('1', 'Trash');
	$imap->copy('1', 'Junk');
	$imap->store('1', '+FLAGS', '\Deleted \Seen \Flagged $Important');
	$imap->expunge;
	$imap->append('INBOX', message());
	$imap->append('Lists', message(), flags => '\Seen $Forwarded');
	$imap->select('INBOX');
	$imap->move('1', 'Trash');
	$imap->copy('1', 'Sent');
	$imap->copy('1', 'Drafts');
	$imap->command('FETCH 1 BODY[]');
	$imap->select('Lists');
	$imap->move('1', 'Trash');
	$imap->select('Trash');
	$imap->move('1', 'INBOX');
	is_told([], 'thrown away, expunged, copied within Junk, other flags,'
	    . ' appended elsewhere, read');
	$imap->logout;
};

subtest 'what a client appends' => sub {
	my $imap = $dovecot->imap('ann');
	my $message = message();
	my $uid = $imap->append('Junk', $message, flags => '\Seen');
	$imap->append('INBOX', $message, flags => '$Junk');
	$imap->append('Lists', $message, flags => 'nonjunk');
	my @events = is_told(['append Junk/junk whole',
	    'append INBOX/inbox junk whole',
	    'append Lists/other notjunk whole'],
	    'to Junk (as Outlook does), or with an opinion');
	is($events[0]{uid}, $uid, 'the UID');
	is($events[0]{message}, $message, 'the message');
	$imap->logout;
};

SKIP: {
	skip 'this Dovecot knows no REPLACE', 1 unless $new;
	subtest 'REPLACE' => sub {
		my $imap = $dovecot->imap('ann');
		$imap->append('INBOX', message());
		$imap->select('INBOX');
		my $message = message();
		$imap->append('Junk', $message, verb => 'REPLACE 1');
		my ($event) = is_told(['move INBOX/inbox Junk/junk whole'],
		    'a message replaced by one in Junk');
		is($event->{message}, $message, 'which is the new one');
		$imap->append('Drafts', message());
		$imap->select('Drafts');
		$imap->append('Drafts', message(), verb => 'REPLACE 1');
		is_told([], 'a draft replaced');
		$imap->select('Junk');
		$message = message();
		$imap->append('INBOX', $message, verb => 'REPLACE 1');
		($event) = is_told(['move Junk/junk INBOX/inbox whole'],
		    'one of Junk replaced by one in INBOX');
		is($event->{message}, $message, 'which is the new one');
		$imap->logout;
	};
}

subtest 'keywords' => sub {
	my $imap = $dovecot->imap('ann');
	$imap->append('Lists', message());
	$imap->select('Lists');
	my ($last) = map { /^(\d+) EXISTS/ } $imap->noop, $imap->select('Lists');
	for my $word (qw($Junk junk JunkRecorded)) {
		$imap->store($last, 'FLAGS', '\Seen');
		told();
		$imap->store($last, '+FLAGS', $word);
		is_told(['keyword Lists/other junk whole'], $word);
	}
	for my $word (qw($NotJunk NotJunk $NonJunk NONJUNK)) {
		$imap->store($last, 'FLAGS', '$Junk');
		told();
		$imap->store($last, 'FLAGS', $word);
		is_told(['keyword Lists/other old_junk notjunk whole'], $word);
	}
	$imap->store($last, '+FLAGS', 'NotJunk $Important');
	$imap->store($last, '+FLAGS.SILENT', '\Flagged');
	is_told([], 'nothing new');
	$imap->store($last, '-FLAGS', '$NotJunk NotJunk $NonJunk NonJunk');
	is_told(['keyword Lists/other old_notjunk whole'], 'taken back');
	$imap->store($last, '+FLAGS', '$Junk');
	told();
	$imap->copy($last, 'Sent');
	is_told([], 'copied along with the message: nothing new');
	$imap->logout;
};

subtest 'lists and rejects' => sub {
	my $imap = $dovecot->imap('ann');
	my $message = message(body => 'x' x 50_000);
	$imap->append('INBOX', $message);
	my ($last) = map { /^(\d+) EXISTS/ } $imap->select('INBOX');
	$imap->move($last, 'Lists');
	is_told(['move INBOX/inbox Lists/other whole'],
	    'out of INBOX to a mailbox: who files it wants it');
	($last) = map { /^(\d+) EXISTS/ } $imap->select('Lists');
	$imap->move($last, 'INBOX');
	my ($event) = is_told(['move Lists/other INBOX/inbox header'],
	    'and back: the header is enough');
	my ($header) = $message =~ /^(.*?\r\n\r\n)/s;
	is($event->{message}, $header, 'the header');
	is($event->{size} // length $message, length $message,
	    'and the size of the whole, if it is known');
	$imap->append('Rejects', message());
	$imap->select('Rejects');
	$imap->move('1', 'INBOX');
	is_told(['move Rejects/rejects INBOX/inbox whole'],
	    'what the site would not have');
	$imap->logout;
};

subtest 'many at once' => sub {
	my $imap = $dovecot->imap('few');
	$imap->create('Lists');
	$imap->append('INBOX', message()) for 1 .. 103;
	$imap->select('INBOX');
	$imap->move('1:*', 'Lists');
	my %count;
	$count{short($_)}++ for told();
	is_deeply(\%count, { 'move INBOX/inbox Lists/other whole' => 100,
	    'move INBOX/inbox Lists/other header' => 3 },
	    'who tidies up says little of each');
	$imap->logout;
};

subtest 'large messages are cut' => sub {
	my $imap = $dovecot->imap('few');
	my $line = ('x' x 70) . "\r\n";
	my $message = message(body => $line x 20_000);
	$imap->append('Junk', $message);
	my ($event) = is_told(['append Junk/junk whole'], 'a large one');
	is(length $event->{message}, 1024 * 1024, 'one MiB of it');
	ok($event->{message} eq substr($message, 0, 1024 * 1024),
	    'from its beginning');
	is($event->{size} // length $message, length $message,
	    'the size is that of the whole');
	$imap->logout;
};

subtest 'names of mailboxes' => sub {
	my $imap = $dovecot->imap('ann');
	my $name = "L\xc3\xbcste 100% & mehr";
	$imap->create($name);
	$imap->select('INBOX');
	$imap->copy('1', $name);
	my ($event) = told();
	is($event->{to}, $name, 'as users see it, in UTF-8');
	$imap->rename($name, 'Listen');
	$imap->create('Listen/Unten');
	$imap->delete('Listen/Unten');
	my ($rename, $delete) = is_told(["rename $name/other Listen/other",
	    'delete Listen/Unten/other'], 'renamed, deleted');
	is($rename->{separator}, '/', 'what stands before names below it');
	is($rename->{from_guid}, $event->{to_guid}, 'it is the same mailbox');
	is($rename->{to_guid}, $event->{to_guid}, 'by either name');
	like($delete->{from_guid}, qr/^[0-9a-f]{32}\z/, 'as was the deleted');
	$dovecot->doveadm(qw(mailbox rename -u ann Listen Listen2));
	is_told(['rename Listen/other Listen2/other'],
	    'by an administrator, too: rules follow');
	$imap->logout;
};

subtest 'virtual mailboxes' => sub {
	my $imap = $dovecot->imap('ann');
	$imap->append('INBOX', message(subject => 'find me'));
	$imap->select('Virtual/All');
	my ($found) = map { /^SEARCH (\d+)/ }
	    $imap->command('SEARCH SUBJECT "find me"');
	$imap->store($found, '+FLAGS', '$Junk');
	is_told(['keyword INBOX/inbox junk whole'], 'a keyword, told once');
	$imap->copy($found, 'Junk');
	is_told(['copy INBOX/inbox Junk/junk junk whole'],
	    'a copy is one out of the mailbox where it is');
	$imap->logout;
};

# --- what is nobody's opinion ---

subtest 'only users train' => sub {
	$dovecot->doveadm_with_input(message(), qw(save -u ann -m INBOX));
	$dovecot->doveadm(qw(move -u ann Junk mailbox INBOX 1));
	$dovecot->doveadm(qw(flags add -u ann $Junk mailbox INBOX all));
	$dovecot->doveadm(qw(expunge -u ann mailbox Junk all));
	is_told([], 'doveadm');
	like($dovecot->deliver('ann', message()), qr/^250/, 'LMTP');
	like($dovecot->deliver('ann+Junk', message()), qr/^250/,
	    'LMTP with a detail');
	is_told([], 'what came by mail');
	my $copy = temp_dir() . '/copy';
	mkdir $copy;
	chown 5000, 5000, $copy;
	my $imap = $dovecot->imap('ann');
	$imap->append('Junk', message(), flags => '$Junk');
	told();
	$imap->logout;
	$dovecot->try_doveadm(qw(sync -1 -u ann), "maildir:$copy");
	$dovecot->try_doveadm(qw(sync -1 -R -u bob), "maildir:$copy");
	ok(dovecot_has('bob', 'Junk'), 'dsync put it into another\'s Junk');
	is_deeply([grep { !/^(?:delete|rename)/ } map { short($_) } told()],
	    [], 'dsync');
};

sub dovecot_has {
	my ($user, $mailbox) = @_;
	my $imap = $dovecot->imap($user);
	my $count = $imap->count($mailbox);
	$imap->logout;
	return $count;
}

subtest 'users without' => sub {
	for my $user (qw(off mute)) {
		my $imap = $dovecot->imap($user);
		$imap->append('INBOX', message());
		$imap->select('INBOX');
		$imap->store('1', '+FLAGS', '$Junk');
		$imap->move('1', 'Junk');
		is_told([], "$user: nothing");
		$imap->create('Lists');
		$imap->delete('Lists');
		is_told($user eq 'off' ? [] : ['delete Lists/other'],
		    "$user: a deleted mailbox");
		$imap->logout;
	}
};

# --- quota ---

# The next that is told of a user's quota. A session may tell after its end.
sub quota_of {
	my ($user) = @_;
	return $spool->await(sub {
		$_[0]{kind} eq 'quota' && $_[0]{user} eq $user
	}, sub { "the quota of $user\n" . $dovecot->log });
}

subtest 'quota' => sub {
	like($dovecot->deliver('gus', message()), qr/^250/, 'a message');
	my $event = quota_of('gus');
	is($event->{messages}, 1, 'a delivery tells of the quota');
	is($event->{root}, $new ? 'User' : 'User quota', 'which root');
	is($event->{messages_limit}, 3, 'messages may be');
	cmp_ok($event->{bytes}, '>', 100, 'bytes are');
	is($event->{bytes_limit}, $new ? 1048576 : 0, 'bytes may be');
	ok(!defined $event->{message} || $event->{message} eq '',
	    'no message');
	# told once the session has ended: nothing of it comes any more
	my $imap = $dovecot->imap('gus');
	$imap->select('INBOX');
	$imap->store('1', '+FLAGS', '\Seen');
	$imap->logout;
	$imap = $dovecot->imap('gus');
	$imap->select('INBOX');
	$imap->store('1', '+FLAGS', '\Deleted');
	$imap->expunge;
	$imap->logout;
	is(quota_of('gus')->{messages}, 0,
	    'the end of a session that changed something, and of no other');
};

subtest 'quota of a long session' => sub {
	$dovecot->set(plugin => { %settings, signet_quota_interval => '10ms' });
	my $imap = $dovecot->imap('gus');
	$imap->create('Lists');
	$imap->append('Lists', message());
	is(quota_of('gus')->{messages}, 1, 'told while the session goes on');
	$imap->append('Lists', message());
	is(quota_of('gus')->{messages}, 2, 'again after a change');
	$imap->logout;
	$dovecot->set(plugin => { %settings, %quiet });
};

subtest 'a copy over quota' => sub {
	my $imap = $dovecot->imap('full');
	$imap->append('INBOX', message(body => 'x' x 900 . "\r\n")) for 1 .. 2;
	$imap->select('INBOX');
	$spool->take;
	my $want = $new ? qr/^NO \[OVERQUOTA\] Quota exceeded \(mailbox for user is full\) \(/
	    : qr/^NO \[OVERQUOTA\] Quota exceeded \(mailbox for user is full\) \(/;
	my ($status) = $imap->ask('COPY 1:2 Junk');
	for (1 .. 20) {
		like($status, $want, 'says so, in Dovecot\'s words') or last;
		($status) = $imap->ask('COPY 1:2 Junk');
	}
	is_told([], 'and is no opinion');
	$imap->move('1', 'Junk');
	is_told(['move INBOX/inbox Junk/junk whole'],
	    'a move needs no room, and is one');
	$imap->logout;
};

# --- the daemon ---

# Moves many messages and says what was told.
sub move_many {
	my ($count) = @_;
	my $imap = $dovecot->imap('ann');
	my $name = 'Many' . ++$serial;
	$imap->create($name);
	$imap->append($name, message()) for 1 .. $count;
	$imap->select($name);
	told();
	$imap->move("1:$count", 'Junk');
	my @first = told();
	$imap->append($name, message());
	$imap->move('1', 'Junk');
	$imap->logout;
	return @first + (my @last = told());
}

subtest 'whatever the daemon does' => sub {
	is(move_many(26), 27, 'absent: no event is lost');
	my $socket = IO::Socket::UNIX->new(Local => $nudge,
	    Type => SOCK_DGRAM) or die "$nudge: $!\n";
	chmod 0666, $nudge;
	is(move_many(26), 27, 'up: none');
	ok(defined $socket->recv(my $byte, 100), 'and it was woken');
	# It takes nothing any more: the queue fills, and nobody waits for it.
	my $client = IO::Socket::UNIX->new(Peer => $nudge, Type => SOCK_DGRAM);
	$client->blocking(0);
	1 while defined $client->send('x');
	is(move_many(26), 27, 'hung: none');
	close $socket;
	is(move_many(26), 27, 'killed: none');
	unlink $nudge;
	is_deeply([grep { !/^T-/ } $spool->names], [], 'nothing unfinished');
};

subtest 'a session that dies' => sub {
	my $imap = $dovecot->imap('ann');
	$imap->append('Lists', message()) for 1 .. 3;
	my ($last) = map { /^(\d+) EXISTS/ } $imap->select('Lists');
	told();
	$imap->copy($last - 2 . ":$last", 'Junk');
	$imap->abandon;
	is(scalar(my @all = told()), 3, 'what was done has been told before it was said');
};

# --- faults ---

sub complaints {
	my ($before) = @_;
	return grep { /signet/ } $dovecot->complaints($before);
}

subtest 'a spool that cannot be written' => sub {
	# what sessions of before still had to tell has been told
	$dovecot->restart;
	told();
	my $before = length $dovecot->log;
	my $imap = $dovecot->imap('ann');
	$imap->append('INBOX', message()) for 1 .. 3;
	my ($last) = map { /^(\d+) EXISTS/ } $imap->select('INBOX');
	$spool->lock;
	$imap->move($last - 2 . ":$last", 'Junk');
	is($imap->logout =~ /^OK/, 1, 'the user sees nothing of it');
	wait_for(60, sub { complaints($before) >= 2 },
	    sub { "the log to tell\n" . $dovecot->log });
	$spool->unlock;
	my @said = complaints($before);
	like($said[0], qr/Event lost: open\(.*Permission denied/,
	    'the log says why');
	# three messages, and the quota at the end
	like($said[1], qr/: 4 events of this session are lost/,
	    'and how many, once');
	is(scalar @said, 2, 'no more');
	is_deeply([$spool->names], [], 'there is nothing');
};

subtest 'a spool that is not there' => sub {
	my $before = length $dovecot->log;
	$dovecot->set(plugin => { %settings, %quiet,
	    signet_spool_dir => '/nonexistent/spool' });
	my $imap = $dovecot->imap('ann');
	$imap->append('Junk', message());
	$imap->logout;
	like($dovecot->deliver('ann', message()), qr/^250/,
	    'mail comes in and goes to Junk');
	$dovecot->wait_log(qr/Event lost: open\(.*No such file/);
	pass('the log says it');
};

subtest 'no spool at all' => sub {
	$dovecot->set(plugin => { %settings, %quiet, signet_spool_dir => '' });
	my $before = length $dovecot->log;
	my $imap = $dovecot->imap('ann');
	$imap->append('Junk', message());
	$imap->logout;
	$dovecot->stop;
	is_deeply([complaints($before)], [], 'nobody wants to be told');
	is_told([], 'and nobody is');
	$dovecot->start;
};

subtest 'a setting that cannot be read' => sub {
	for my $bad ([signet_timeout => 'soon'],
	    [signet_max_message => 'much']) {
		my ($name, $value) = @$bad;
		my $ok = eval {
			$dovecot->set(plugin => { %settings,
			    $name => $value });
			my $imap = $dovecot->imap('ann');
			$imap->select('INBOX');
			1;
		};
		ok(!$ok, "$name = $value: nobody opens a mailbox");
		my $said = $@ // '';
		ok(wait_for(60, sub { ($said . $dovecot->log
		    . (slurp($dovecot->dir . '/stderr') // ''))
		    =~ /\Q$name\E/ }, sub { "$name in\n" . $dovecot->log }),
		    'the reason names it');
	}
	$dovecot->set(plugin => { %settings, %quiet });
	my $imap = $dovecot->imap('ann');
	ok($imap->select('INBOX'), 'once it is right all is well');
	$imap->logout;
};

my @bad = grep { !/Event\ lost|events\ of\ this\ session\ are\ lost
    |signet_timeout|signet_max_message|Invalid\ settings
    |Delivered\ unjudged/x } $dovecot->complaints;
is_deeply(\@bad, [], 'no other complaint in the log')
    or diag($dovecot->log);

# --- another Dovecot's plugin ---

# The plugin, with the word that Dovecot compares changed.
sub other_abi {
	my $text = slurp(Signet::Dovecot->plugin_file);
	$text =~ s/(\d\.\d\.ABIv)(\d)/$1 . ($2 + 1) % 10/e
	    or die "no ABI in the plugin\n";
	my $file = temp_dir() . '/lib95_signet_plugin.so';
	spew($file, $text, 0644);
	return $file;
}

# What `signet status` says of Dovecot.
my $dns;
sub status_lines {
	my $config = temp_dir() . '/signet.conf';
	$dns //= Signet::Dns->new(table => "*  *  \@nodata\n");
	spew($config, "[common]\nhostname = mx.site.example\n[dns]\nforward = "
	    . $dns->address . "\n");
	my (undef, $out) = run_command($dovecot->command(
	    program_path('signet'), 'status', '-c', $config, '-d',
	    $dovecot->config_file));
	return join "\n", grep { /^dovecot / } split /\n/, $out;
}

subtest 'signet status' => sub {
	program_path('signet') or plan skip_all => 'signet has not been built';
	my $abi = qr/2\.\d\.ABIv\d+/;
	$spool->take;
	$dovecot->set(plugin => { %settings, %quiet });
	like(status_lines(), qr{^dovecot\s+plugin\ $abi\ in\ \S+/modules\n
	    dovecot\s+0\ events\ of\ users\ wait\ in\ \S+\z}x, 'all is well');
	$spool->lock;
	like(status_lines(), qr/!! events of users are lost: \S+ must have mode 3733, not 3700/,
	    'a spool that nobody can write to');
	$spool->unlock;
	chmod 0700, $spool->dir . '/..';
	like(status_lines(), qr/!! events of users are lost: \S+ must let everybody pass/,
	    'or reach');
	chmod 0755, $spool->dir . '/..';
	spew($spool->dir . '/T-0000000000000001-1-' . '0' x 32, "old\n");
	utime 1, 1, glob $spool->dir . '/T-*';
	like(status_lines(), qr/ 1 events .*\n.*!! events of users wait for more than a minute/,
	    'events that nobody reads');
	unlink glob $spool->dir . '/T-*';
	$dovecot->stop;
	$dovecot->{plugin} = { %settings, signet_training => 'no' };
	$dovecot->configure;
	like(status_lines(), qr/!! signet_training = no: nothing is learned/,
	    'training that is off');
	$dovecot->{plugin} = { %settings, %quiet };
	my $lines = $dovecot->{lines};
	$dovecot->{lines} = { '2.3' => 'ssl_protocols = !SSLv3',
	    '2.4' => "protocol imap {\n  mail_log_prefix = a\n}\n"
	    . 'mail_log_prefix = b' };
	$dovecot->configure;
	my ($status, undef, $err) = run_command($dovecot->command('doveconf',
	    '-c', $dovecot->config_file, '-h', 'mail_plugin_dir'));
	is($status, 0, 'doveconf takes what is only old or odd');
	like($err, qr/^doveconf: Warning: /, 'and warns of it');
	like(status_lines(), qr{^dovecot\s+plugin\ \S+\ in\ \S+/modules\n
	    dovecot\s+0\ events\ of\ users\ wait\ in\ \S+\z}x,
	    'which is no matter');
	$dovecot->{lines} = $lines;
	$dovecot->configure;
	unlink $dovecot->dir . '/modules/lib95_signet_plugin.so';
	like(status_lines(), qr/!! mail_plugins names signet, but \S+ has no/,
	    'a plugin that is not there');
	delete $dovecot->{plugin};
	$dovecot->configure;
	is(status_lines(), '', 'a Dovecot without: nothing');
	spew($dovecot->dir . '/modules/lib95_signet_plugin.so',
	    slurp(Signet::Dovecot->plugin_file));
	like(status_lines(), qr/!! the plugin is installed, but signet is not among/,
	    'a plugin that is not loaded');
	$dovecot->set(plugin => { %settings, %quiet });
};

subtest 'a plugin of another ABI' => sub {
	my $other = other_abi();
	my ($status, undef, $err) = run_command(
	    top_dir() . '/dovecot-plugin/check-abi', $other,
	    Signet::Dovecot::MODULES);
	isnt($status, 0, 'make install refuses it');
	like($err, qr/built for Dovecot's ABI .* has /, 'and says why');
	($status, undef, $err) = run_command(
	    top_dir() . '/dovecot-plugin/check-abi',
	    Signet::Dovecot->plugin_file, temp_dir(),
	    Signet::Dovecot::MODULES);
	is($status, 0, 'ours is taken') or diag($err);
	$dovecot->set(plugin_file => $other);
	my $before = length $dovecot->log;
	my $ok = eval {
		my $imap = $dovecot->imap('ann');
		$imap->select('INBOX');
	};
	ok(!$ok, 'Dovecot opens no mailbox with it');
	ok(wait_for(60, sub { substr($dovecot->log, $before)
	    =~ /signet.*(?:ABI|version)|(?:ABI|version).*signet/ },
	    sub { "the reason in\n" . $dovecot->log }), 'the log says why');
	like(status_lines(), qr/^dovecot    !! lib95_signet_plugin.so in \S+ was built for \S+, and this Dovecot is \S+: no mailbox opens with it/,
	    'as does signet status');
	$dovecot->set(plugin_file => Signet::Dovecot->plugin_file);
	ok($dovecot->deliver('ann', message()), 'the right one: all is well');
};

# --- what is written about it ---

subtest 'documents' => sub {
	my ($defines) = slurp(top_dir() . '/dovecot-plugin/signet-settings.c')
	    =~ /signet_setting_defines\[\] = \{(.*?)\};/s;
	my @have = sort map { "signet_$_" } $defines =~ /DEF\(\w+, "(\w+)"/g;
	my $page = slurp(top_dir() . '/docs/man/signet-plugin.7');
	is_deeply([sort $page =~ /^\.It Cm (signet_\w+) No = /mg], \@have,
	    'signet-plugin(7) has each setting');
	my $series = $dovecot->series;
	my ($conf) = slurp(top_dir() . '/docs/install-dovecot.md')
	    =~ /^    # dovecot\.conf \Q$series\E\n(.*?)(?=^\S)/ms;
	$conf =~ s/^    //mg;
	my $file = temp_dir() . '/dovecot.conf';
	# the mailboxes are there already
	$conf =~ s/^namespace inbox .*?^\}//ms
	    or die "docs/install-dovecot.md: no namespace\n";
	$dovecot->stop;
	$dovecot->{plugins} = [];
	$dovecot->{plugin} = {};
	$dovecot->configure;
	my $text = slurp($dovecot->config_file);
	$text =~ s/^mail_plugins = [^\n]*\n|^mail_plugins \{.*?^\}\n//ms;
	spew($file, "$text\n$conf\n");
	my ($status, $out, $err) = run_command($dovecot->command('doveconf',
	    '-c', $file, '-h', 'mail_plugins'));
	is($status, 0, 'Dovecot takes what docs/install-dovecot.md says')
	    or diag($err);
	like($out, qr/\bnotify\b.*\bsignet\b/s, 'and loads the plugin');
};

$dovecot->stop;
done_testing;
