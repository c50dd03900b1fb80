#!/usr/bin/perl
# signet-mailbox: what users do with their mail is learned, exactly once for
# each message; what is delivered is judged by it; what anybody may put into
# the spool or onto the socket neither stops nor fools it.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_STREAM);
use Test::More;
use Signet::Mailbox qw(spam ham event_text encode);
use Signet::Util qw(program_path skip_or_fail temp_dir slurp spew wait_for
    run_command whole_lines);

my $LONG = 120;		# seconds that only a failure takes

program_path('signet-mailbox') && program_path('signet-load')
    or skip_or_fail('not built');
Signet::Postgres->need;

my $pg = Signet::Mailbox::database();
my $mailbox = Signet::Mailbox->new(pg => $pg, settings => <<'END');
least_ham = 10
junk_keyword = $Junk
site_messages = 15
tagged_mailbox = Rejects
END

sub words {
	my ($account) = @_;
	return $pg->psql('select word, spam, ham from signet.junk_word '
		. "where account = '$account' order by 1");
}

sub totals {
	my ($account) = @_;
	return $pg->psql('select spam, ham, words from signet.v_junk_account '
		. "where account = '$account'");
}

# What all share is the sum of what single accounts share.
sub sums_agree {
	my ($name) = @_;
	my $all = $pg->psql(<<'END');
select coalesce(s.word, t.word)
from (select word, spam, ham, accounts from signet.junk_word
      where account = '') s
full join (select word, sum(shared_spam) as spam, sum(shared_ham) as ham,
	   count(*) as accounts from signet.junk_word
	   where account <> '' and shared_spam + shared_ham > 0
	   group by 1) t using (word)
where (s.spam, s.ham, s.accounts) is distinct from
      (t.spam, t.ham, t.accounts)
END
	is($all, '', $name);
	is($pg->psql(<<'END'), '', "$name: words are counted");
select t.account, t.words from signet.junk_total t
where t.words <> (select count(*) from signet.junk_word w
		  where w.account = t.account)
END
	return;
}

subtest 'learns and judges' => sub {
	is($mailbox->ask(user => 'a', message => spam(0))->{verdict}, 'unsure',
	    'nothing is known');
	$mailbox->move_junk('a', spam($_)) for 1 .. 20;
	$mailbox->move_back('a', ham($_)) for 1 .. 20;
	$mailbox->rest;
	like(totals('a'), qr/\A20\|20\|\d+\z/, 'each message counts');
	my $junk = $mailbox->ask(user => 'a', message => spam(1001));
	is($junk->{verdict}, 'junk', 'one like it is junk');
	is($junk->{mailbox}, 'Junk', 'and goes to Junk');
	is_deeply($junk->{keyword}, ['$Junk'], 'with the keyword');
	like($junk->{header}[0], qr/\AX-Signet-Junk:\ junk;
	    \ probability=0\.9\d+|\AX-Signet-Junk:\ junk;\ probability=1\./x,
	    'and words');
	my $good = $mailbox->ask(user => 'a', message => ham(1001));
	is($good->{verdict}, 'ham', 'another is not');
	is($good->{mailbox}, undef, 'and stays');
	is($mailbox->ask(user => 'a', mailbox => 'Lists',
	    message => spam(1001))->{verdict}, 'none',
	    'what does not go to INBOX is not judged');
	my $tagged = $mailbox->ask(user => 'a', message =>
	    "X-Signet-Verdict: quarantine; reason=dmarc\n" . ham(1001));
	is("$tagged->{verdict} $tagged->{mailbox}", 'rejects Rejects',
	    'what the milter tagged goes where it is wanted');
	sums_agree('what all share');
};

subtest 'exactly once' => sub {
	my ($before, $totals) = (words('a'), totals('a'));
	my $name = $mailbox->move_junk('a', spam(2001));
	my $event = slurp($mailbox->spool . "/$name");
	$mailbox->rest;
	$mailbox->move_junk('a', spam(2001)) for 1 .. 3;
	$mailbox->event(kind => 'append', user => 'a', to => 'Junk',
	    to_class => 'junk', message => spam(2001));
	$mailbox->rest;
	like(totals('a'), qr/\A21\|20\|/, 'twice is once');
	$mailbox->event(kind => 'keyword', user => 'a', to => 'INBOX',
	    to_class => 'inbox', old_junk => 1, message => spam(2001));
	$mailbox->rest;
	is(totals('a'), $totals, 'unlearned');
	is(words('a'), $before, 'to the last word');
	# the same file once more: a daemon that was killed left it
	$mailbox->move_junk('a', spam(2001));
	$mailbox->rest;
	my $events = $pg->value('select count(*) from signet.mailbox_event');
	$mailbox->put($name, $event // event_text(kind => 'quota',
		user => 'a'));
	$mailbox->rest;
	is($pg->value('select count(*) from signet.mailbox_event'), $events,
	    'a file that was there before is no event');
	like(totals('a'), qr/\A21\|20\|/, 'and changes nothing');
	$mailbox->move_back('a', spam(2001));
	$mailbox->rest;
	like(totals('a'), qr/\A20\|21\|/, 'moved back: learned as ham');
	$mailbox->move_back('b', spam(2001));
	$mailbox->rest;
	is($pg->value("select count(*) from signet.junk_word w "
		. "join signet.junk_word v using (word) where w.account = 'a' "
		. "and v.account = 'b' and w.ham < v.ham"), 0,
	    'as if it had never been spam');
	sums_agree('what all share');
};

subtest 'the last one wins' => sub {
	my @stamp = map { Signet::Mailbox::stamp() } 1 .. 3;
	$mailbox->move_back('c', spam(1), stamp => $stamp[2]);
	$mailbox->rest;
	$mailbox->move_junk('c', spam(1), stamp => $stamp[0]);
	$mailbox->rest;
	like(totals('c'), qr/\A0\|1\|/, 'an older one comes later');
	$mailbox->move_junk('c', spam(2), stamp => $stamp[1]);
	$mailbox->rest;
	like(totals('c'), qr/\A1\|1\|/, 'of another message it counts');
	# many of one message in one batch: it finds all of them at once
	my $final = Signet::Mailbox::stamp() + 100;
	$mailbox->stop;
	$mailbox->event(kind => 'move', user => 'd', from_class =>
		$_ % 2 ? 'inbox' : 'junk', to_class => $_ % 2 ? 'junk' : 'inbox',
	    message => spam(3), stamp => $final + $_) for reverse 1 .. 9;
	$mailbox->start;
	$mailbox->rest;
	is($pg->psql('select state, spam, ham from signet.v_junk_message m '
		. "join signet.v_junk_account using (account) where account = "
		. "'d'"), 'spam|1|0', 'of nine in any order the newest');
	is($pg->value("select count(*) from signet.mailbox_event where "
		. "account = 'd'"), 9, 'each has a row');
	sums_agree('what all share');
};

subtest 'what says nothing' => sub {
	$mailbox->event(kind => 'move', user => 'e', from => 'Junk',
	    from_class => 'junk', to => 'Trash', to_class => 'trash',
	    message => spam(1));
	$mailbox->event(kind => 'move', user => 'e', from => 'INBOX',
	    from_class => 'inbox', to => 'Lists', to_class => 'other',
	    part => 'header', message => ham(1));
	$mailbox->event(kind => 'delete', user => 'e', from => 'Old');
	$mailbox->event(kind => 'rename', user => 'e', from => 'A', to => 'B');
	$mailbox->rest;
	is($pg->value("select string_agg(kind, ' ' order by at) from "
		. "signet.v_mailbox_event where account = 'e'"),
	    'move move delete rename', 'events are kept');
	is(totals('e'), '', 'and nothing is learned');
};

subtest 'what all share' => sub {
	# two others teach, and one who wants "acme" gone teaches most
	for my $user (qw(s1 s2)) {
		$mailbox->move_junk($user, spam($_)) for 1 .. 15;
		$mailbox->move_back($user, ham($_)) for 1 .. 15;
	}
	(my $poison = ham(500)) =~ s/\r\n\r\n/\r\n\r\nacme acme newsletter /;
	$mailbox->move_junk('evil', $poison =~ s/ham\.500/evil.$_/r)
	    for 1 .. 40;
	$mailbox->rest;
	is($pg->value("select max(w.spam) from signet.junk_word w where "
		. "account = '' and word = signet.junk_word_id('acme')"), 15,
	    'one account shares no more than it may');
	is($pg->value("select count(*) from signet.junk_model('', 2) where "
		. "word = signet.junk_word_id('acme')"), 0,
	    'and what one alone says does not count');
	sums_agree('the sums');
	my $answer;
	wait_for($LONG, sub {
		$answer = $mailbox->ask(user => 'fresh', message => spam(900));
		return $answer->{verdict} eq 'junk';
	}, sub { "help for a fresh account\n" . told($answer) });
	pass('a fresh account is helped');
	(my $acme = ham(901)) =~ s/\r\n\r\n/\r\n\r\nacme acme newsletter /;
	isnt($mailbox->ask(user => 'fresh', message => $acme)->{verdict},
	    'junk', 'and does not share what one alone wants');
	$pg->psql("select signet.junk_forget('evil')");
	sums_agree('one is forgotten');
	is(totals('evil'), '', 'entirely');
};

sub told { return join "\n", %{ $_[0] // {} }, $mailbox->log }

# A verdict that is another one soon.
sub becomes {
	my ($verdict, $name, %question) = @_;
	my $answer;
	wait_for($LONG, sub {
		$answer = $mailbox->ask(%question);
		return $answer->{verdict} eq $verdict;
	}, sub { "$name\n" . told($answer) });
	return pass($name);
}

subtest 'settings of an account' => sub {
	my @question = (user => 'a', message => spam(1001));
	is($mailbox->ask(@question)->{verdict}, 'junk', 'by default');
	$pg->psql("select signet.mailbox_set('a', false, null)");
	becomes('none', 'switched off', @question);
	my $before = totals('a');
	$mailbox->move_junk('a', spam(3001));
	$mailbox->rest;
	is(totals('a'), $before, 'nothing is learned either');
	$pg->psql("select signet.mailbox_set('a', null, 1)");
	becomes('unsure', 'a threshold that nothing reaches', @question);
	$pg->psql("select signet.mailbox_set('a', true, 0.6)");
	becomes('junk', 'a low one', @question);
	my (undef, $error) = $pg->try_psql(
		"select signet.mailbox_set('a', true, 0.2)");
	like($error, qr/mailbox_account_threshold/, 'bounds');
};

subtest 'views' => sub {
	is($pg->psql('select sum(spam) > 80, sum(ham) > 50, sum(undone) > 3 '
		. 'from signet.v_junk_training'), 't|t|t', 'days');
	is($pg->psql('select accounts > 3, spam > 50, ham > 50, trained_at > '
		. "now() - interval '1 hour' from signet.junk_status()"),
	    't|t|t|t', 'status');
	is($pg->value("select signet.junk_prune('s1', 50, '1 year') > 0"), 't',
	    'words above the bound go');
	is($pg->value("select count(*) <= 50 from signet.junk_word where "
		. "account = 's1'"), 't', 'and not more are left');
	sums_agree('and do not count for others either');
	is($pg->psql("select * from signet.mailbox_expire('0', '1 year', 5, "
		. '100000, 100000)') =~ /\A([1-9]\d*)\|([1-9]\d*)\|0\z/
		? 'good' : 'not', 'good', 'old rows go');
	is($pg->value('select max(n) from (select count(*) as n from '
		. 'signet.junk_training group by account) x'), 5,
	    'no account has more');
};

subtest 'signet status' => sub {
	my $signet = program_path('signet') // plan(skip_all => 'not built');
	my $file = temp_dir() . '/signet.conf';
	my $spool = temp_dir();
	spew($file, '[database]' . "\nconninfo = " . $pg->conninfo
		. "\n[dns]\nforward = 127.0.0.1\@1\nroot_key = none\n"
		. "[mailbox]\nspool = $spool\n");
	spew("$spool/" . Signet::Mailbox::event_name(1795330800000001), 'x');
	mkdir "$spool/bad";
	spew("$spool/bad/x", 'x');
	my (undef, $out) = run_command($signet, 'status', '-c', $file);
	my $learned = '\d+ accounts know \d+ junk and \d+ other messages';
	like($out, qr/^training   $learned; .*newest \d+ s ago$/m, 'training');
	like($out, qr/^mailbox    1 events waiting .*, oldest \d+ s$/m, 'one');
	like($out, qr/^mailbox    !! events wait .*signet-mailbox running/m,
	    'which is old');
	like($out, qr{^mailbox    !! 1 files .*/bad;}m, 'and one put aside');
};

# --- what is no event ---

sub put {
	my ($make) = @_;
	my $path = $mailbox->spool . '/' . Signet::Mailbox::event_name();
	$make->($path);
	return $path;
}

subtest 'hostile files' => sub {
	my $secret = temp_dir() . '/secret';
	spew($secret, event_text(kind => 'delete', user => 'h', from => 'x'));
	my $started = length $mailbox->log;
	$mailbox->signal('STOP');
	my %bad = (
		link => put(sub { symlink $secret, $_[0] }),
		'link to nothing' => put(sub { symlink '/nothing', $_[0] }),
		pipe => put(sub { POSIX::mkfifo($_[0], 0644) }),
		directory => put(sub { mkdir $_[0] }),
		socket => put(sub { IO::Socket::UNIX->new(Local => $_[0],
			Listen => 1) or die "$_[0]: $!" }),
		huge => put(sub { spew($_[0], ''); truncate $_[0], 3 << 20 }),
		endless => put(sub { spew($_[0], ''); truncate $_[0], 1 << 40 }),
		empty => put(sub { spew($_[0], '') }),
		bytes => put(sub { spew($_[0], join '', map chr, 0 .. 255) }),
		cut => put(sub { spew($_[0], "signet-event 1\nuser=a\n") }),
		'no user' => put(sub { spew($_[0], event_text(kind => 'delete',
			from => 'x')) }),
		future => put(sub { spew($_[0],
			"signet-event 9\nkind=delete\n\n") }),
		twice => put(sub { spew($_[0], event_text(kind => 'delete',
			user => 'h', from => 'x')); link $_[0], "$secret.2" }),
	);
	for my $name ('T-1', 'passwd', '-rf', "new\nline", 'x' x 200) {
		spew($mailbox->spool . "/$name", 'x');
		$bad{"name $name"} = $mailbox->spool . "/$name";
	}
	spew($mailbox->spool . '/.breaker-0', 'x');
	spew($mailbox->spool . '/.tmp-unfinished', 'x');
	$mailbox->event(kind => 'delete', user => 'h', from => 'good');
	$mailbox->signal('CONT');
	$mailbox->nudge;
	my @left;
	wait_for($LONG, sub {
		@left = grep { -l || -e } values %bad;
		return !@left && !$mailbox->waiting;
	}, sub { "bad files to go: @left\n" . $mailbox->log });
	is($pg->psql("select kind from signet.mailbox_event where account = "
		. "'h'"), 'delete', 'what is good beside them counts');
	my @lines = grep { /put aside/ }
	    whole_lines(substr $mailbox->log, $started);
	is(@lines, keys %bad, 'one line for each')
	    or diag(join "\n", @lines);
	is(scalar(grep { /no plain file/ } @lines), 2,
	    'a directory and a pipe are no plain files');
	ok(-e $mailbox->spool . "/$_", "$_ stays")
	    for '.breaker-0', '.tmp-unfinished';
	is(slurp($secret), event_text(kind => 'delete', user => 'h',
	    from => 'x'), 'what a link led to is as it was');
	my $bad = $mailbox->spool . '/bad';
	is((stat $bad)[2] & 0777, 0700, 'bad/ is ours alone');
	$mailbox->event(kind => 'delete', user => 'h', from => 'more');
	$mailbox->rest;
	pass('it goes on');
};

SKIP: {
	skip 'needs root', 1 if $> != 0;
	subtest 'who speaks for whom' => sub {
		my $nobody = getpwnam 'nobody';
		my $event = sub {
			my ($user, $uid) = @_;
			my $name = Signet::Mailbox::event_name();
			my $tmp = $mailbox->spool . "/.tmp-$name";
			spew($tmp, event_text(kind => 'delete', user => $user,
				from => 'x'));
			chown $uid, -1, $tmp;
			rename $tmp, $mailbox->spool . "/$name";
			$mailbox->nudge;
			$mailbox->rest;
			return $pg->value('select count(*) from '
				. 'signet.mailbox_event where account = '
				. "'$user'");
		};
		is($event->('daemon', $nobody), 0, 'not for another user');
		like($mailbox->log,
		    qr/uid $nobody wrote it and is not "daemon".*mail_owners/,
		    'and the remedy is told');
		is($event->('nobody', $nobody), 1, 'for himself');
		is($event->('virtual', $nobody), 1,
		    'for one who is no user of the system');
		$mailbox->stop;
		my $strict = Signet::Mailbox->new(pg => $pg, dir =>
		    $mailbox->dir, settings => "mail_owners = daemon\n");
		is($event->('virtual', $nobody), 1,
		    'not if somebody is named for that');
		is($event->('virtual', scalar getpwnam 'daemon'), 2,
		    'who may');
		is($event->('daemon', $nobody), 0, 'and still not others');
		$strict->stop;
		$mailbox->configure(slurp($mailbox->config_file)
			=~ s/^mail_owners.*//mr . "least_ham = 10\n");
		$mailbox->start;
	};
}

# --- what is no question ---

sub connect_to {
	return IO::Socket::UNIX->new(Peer => $mailbox->socket_path,
		Type => SOCK_STREAM) // die "connect: $!";
}

subtest 'hostile questions' => sub {
	is($mailbox->ask_raw($_), '', 'no answer')
	    for '', "GET / HTTP/1.0\r\n\r\n", "signet-deliver 1\n",
	    "signet-deliver 1\n\n", "signet-deliver 1\nuser=%FF\n\nx",
	    "\0" x 100000;
	my $empty = $mailbox->ask(user => 'a', message => '');
	ok($empty && !defined $empty->{mailbox}, 'an empty message');
	my $large = $mailbox->ask(user => 'a', message => spam(1001)
		. 'x' x (1 << 20));
	ok($large, 'a large one has an answer');
	is($mailbox->ask_raw(Signet::Mailbox::question_text(user => 'a',
	    message => 'x' x (3 << 20))) // '', '', 'one too large has none');
	# many that say nothing
	my @idle = map { connect_to() } 1 .. 200;
	print {$_} "signet-deliver 1\n" for @idle;
	$_->flush for @idle;
	ok($mailbox->ask(user => 'a', message => ham(1)),
	    'an answer beside 200 that say nothing');
	close $_ for @idle;
	# more than there is room for: they end by themselves
	my @many = map { connect_to() } 1 .. 300;
	my $ended = 0;
	wait_for($LONG, sub {
		for my $socket (@many) {
			next unless $socket;
			my $bits = '';
			vec($bits, fileno $socket, 1) = 1;
			next unless select $bits, undef, undef, 0;
			close $socket;
			$socket = undef;
			$ended++;
		}
		return $ended == 300;
	}, sub { "silent connections to be closed: $ended\n" });
	pass('silent ones are closed');
	ok($mailbox->ask(user => 'a', message => ham(1)), 'and it goes on');
	for my $depth (1, 100, 3000) {
		my $message = "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		    . "--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
		    x $depth . "\xff\xfe viagra \0\r\n";
		ok($mailbox->ask(user => 'a', message => $message),
		    "$depth parts in parts");
	}
};

subtest 'bounds of one account' => sub {
	$mailbox->stop;
	my $slow = Signet::Mailbox->new(pg => $pg, dir => $mailbox->dir,
	    settings => "user_events = 50\n", start => 0);
	$slow->event(kind => 'delete', user => 'flood', from => $_)
	    for 1 .. 160;
	$slow->event(kind => 'delete', user => 'quiet', from => 'x');
	$slow->start;
	wait_for($LONG, sub {
		return $pg->value('select count(*) from signet.mailbox_event '
			. "where account = 'quiet'") == 1;
	}, sub { "who is quiet\n" . $slow->log });
	pass('who is quiet does not wait');
	like($slow->log, qr/"flood" has more than 50 events/, 'it is told');
	cmp_ok(scalar($slow->waiting), '>=', 10, 'the others wait');
	$slow->stop;
};

subtest 'settings' => sub {
	my $dir = $mailbox->dir;
	my $text = slurp($mailbox->config_file);
	$mailbox->configure($text =~ s/^user_events.*//mr
		. "cache = 2M\nmetrics = unix:$dir/metrics.sock\n");
	my ($status, $out) = $mailbox->run('-n');
	is($status, 0, '-n');
	like($out, qr/^cache = 2M$/m, 'what differs is printed');
	$mailbox->start;
	$mailbox->ask(user => 'a', message => ham(1));
	my $socket = IO::Socket::UNIX->new(Peer => "$dir/metrics.sock");
	print {$socket} "GET /metrics HTTP/1.0\r\n\r\n";
	my $metrics = do { local $/; <$socket> };
	like($metrics, qr/^signet_mailbox_answers_total\{verdict="ham"\} 1$/m,
	    'metrics: answers');
	like($metrics, qr/^signet_mailbox_database_away 0$/m,
	    'metrics: the database');
	is($mailbox->stop, 0, 'it ends well');
	ok(!-e "$dir/mailbox.sock" && !-e "$dir/mailbox.nudge",
	    'and takes its sockets away');
	for my $wrong ("threshold = 20\n", "socket = inet:25\@localhost\n",
	    "mail_owners = no-such-user\n", "spool = here\n",
	    "spool = /nowhere\n", "thershold = 95\n") {
		my ($name) = $wrong =~ /(\w+)/;
		$mailbox->configure($text =~ s/^$name =.*\n//mr . $wrong);
		my ($wrong_status, undef, $error) = $mailbox->run;
		isnt($wrong_status, 0, "refused: $wrong");
		like($error, $wrong =~ /nowhere/ ? qr{/nowhere} : qr/$name/,
		    'and said why');
	}
};

done_testing();
