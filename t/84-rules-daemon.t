#!/usr/bin/perl
# signet-mailbox and rules: what the plugin tells of moves and folders becomes
# suggestions and rules, deliveries are filed by them, with and without
# Postgres, and the lists that enough users want are told to signet-milter.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Mailbox;
use Signet::Postgres;
use Signet::Util qw(program_path skip_or_fail slurp temp_dir wait_for);

for my $program (qw(signet-mailbox signet-load)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::Postgres->need;

my $pg = Signet::Mailbox::database();
my $dir = temp_dir();
my $lists = "$dir/lists";
my $mailbox = Signet::Mailbox->new(pg => $pg, settings => <<"END");
lists_file = $lists
lists_accounts = 2
END
my $serial = 0;

# A message of a list, or of an author, that signet-milter has verified.
sub message {
	my (%option) = @_;
	$serial++;
	my $results = $option{results} // 'mx1.example.org; '
	    . ($option{list} ? 'dkim=pass header.d=lists.example'
		: 'dmarc=pass header.from=a.example');
	return "Received: from x by y; Mon, 23 Nov 2026 10:00:00 +0000\r\n"
	    . "Authentication-Results: $results\r\n"
	    . 'From: ' . ($option{from} // 'Alice <Alice@a.example>') . "\r\n"
	    . ($option{list} ? "List-Id: A list <$option{list}>\r\n" : '')
	    . "Message-ID: <m$serial\@a.example>\r\nSubject: $serial\r\n\r\n";
}

sub move {
	my ($user, $from, $to, $message, %more) = @_;
	my $class = sub { $_[0] eq 'INBOX' ? 'inbox' : 'other' };
	$mailbox->event(kind => 'move', user => $user, from => $from, to => $to,
	    from_class => $class->($from), to_class => $class->($to),
	    part => 'header', message => $message, %more);
	$mailbox->rest;
	return;
}

sub have {
	my ($user) = @_;
	return [map { "$_->{what} $_->{kind} $_->{value}"
	    . (defined $_->{mailbox} ? ">$_->{mailbox}" : '') }
	    $pg->rows("select * from signet.rules_of('$user')")];
}

sub accept_all {
	my ($user) = @_;
	$pg->psql("select signet.rule_accept('$user', id) from "
	    . "signet.rules_of('$user') where what = 'suggestion'");
	return;
}

# Where a message goes: a folder, or "" where Dovecot puts it.
sub goes {
	my ($user, $message, %more) = @_;
	my $answer = $mailbox->ask(user => $user, message => $message, %more)
	    // return 'no answer';
	return $answer->{verdict} eq 'rule' ? $answer->{mailbox} // 'INBOX' : '';
}

# A change comes to the daemon soon.
sub wait_goes {
	my ($user, $message, $where, $name) = @_;
	my $last = '';
	ok(eval { wait_for(120, sub {
		($last = goes($user, $message)) eq $where }, $name) }, $name)
	    or diag("it goes to '$last'\n", $mailbox->log);
	return;
}

my $talk = message(list => 'Talk.lists.example');
my $alice = message();

subtest 'a suggestion that is accepted' => sub {
	move('u', 'INBOX', 'Lists/Talk', $talk, to_guid => 'g1');
	is_deeply(have('u'), ['suggestion list talk.lists.example>Lists/Talk'],
	    'a list');
	move('u', 'INBOX', 'Friends', $alice);
	is_deeply(have('u'), ['suggestion list talk.lists.example>Lists/Talk',
	    'suggestion from alice@a.example>Friends'], 'an author');
	is(goes('u', $talk), '', 'a suggestion files nothing');
	accept_all('u');
	wait_goes('u', $talk, 'Lists/Talk', 'its list');
	wait_goes('u', $alice, 'Friends', 'its author');
	is(goes('u', message(list => 'dev.lists.example')), '', 'another list');
	is(goes('u', message(from => 'bob@a.example')), '', 'another author');
	is(goes('v', $talk), '', 'another user');
	my $answer = $mailbox->ask(user => 'u', message => $talk);
	is_deeply($answer->{header}, ['X-Signet-Rule: list talk.lists.example'],
	    'the message tells why');
	is(goes('u', $talk, mailbox => 'Elsewhere'), '',
	    'user+folder goes there');
};

subtest 'only what is verified' => sub {
	my %forged = (
		'no results' => 'mx1.example.org; none',
		'another domain' => 'mx1.example.org; '
		    . 'dkim=pass header.d=evil.example; '
		    . 'dmarc=pass header.from=evil.example',
		'a failure' => 'mx1.example.org; '
		    . 'dkim=fail header.d=lists.example; '
		    . 'dmarc=fail header.from=a.example',
		'results of others' => 'evil.example; '
		    . 'dkim=pass header.d=lists.example; '
		    . 'dmarc=pass header.from=a.example',
	);
	for my $name (sort keys %forged) {
		my @messages = map { message(results => $forged{$name}, @$_) }
		    [list => 'talk.lists.example'], [];
		is(goes('u', $_), '', "$name: not filed") for @messages;
		move('x', 'INBOX', 'X', $_) for @messages;
	}
	is_deeply(have('x'), [], 'nothing was suggested');
};

subtest 'moves that say nothing' => sub {
	for my $class (qw(trash drafts sent rejects)) {
		move('x', 'INBOX', 'Special', $talk, to_class => $class);
	}
	move('x', 'INBOX', $_, $talk) for qw(Archive Archives/2026
	    INBOX.Archive);
	move('x', 'Old', 'New', $talk);
	$mailbox->event(kind => 'copy', user => 'x', from => 'INBOX',
	    from_class => 'inbox', to => 'Copies', to_class => 'other',
	    part => 'header', message => $talk);
	$mailbox->rest;
	is_deeply(have('x'), [], 'nothing');
};

subtest 'auto, and back' => sub {
	$pg->psql("select signet.rules_mode_set('auto', 'auto')");
	move('auto', 'INBOX', 'Talk', $talk, to_guid => 'g2');
	wait_goes('auto', $talk, 'Talk', 'the next one');
	move('auto', 'Talk', 'INBOX', message(list => 'talk.lists.example'),
	    from_guid => 'g2');
	is_deeply(have('auto'), [], 'moved back');
	wait_goes('auto', $talk, '', 'the next stays');
};

subtest 'once is once' => sub {
	my $name = $mailbox->event(kind => 'move', user => 'once',
	    from => 'INBOX', from_class => 'inbox', to => 'Talk',
	    to_class => 'other', part => 'header', message => $talk);
	$mailbox->rest;
	$mailbox->put($name, Signet::Mailbox::event_text(
	    kind => 'move', user => 'once', from => 'INBOX',
	    from_class => 'inbox', to => 'Talk', to_class => 'other',
	    part => 'header', message => $talk));
	$mailbox->rest;
	is($pg->value('select moves from signet.v_rule_suggestion where '
	    . "account = 'once'"), 1, 'an event that comes again');
};

subtest 'folders' => sub {
	$pg->psql("select signet.rule_add('u', 'from', 'bob\@a.example', null, "
	    . "'Lists/Bob')");
	$mailbox->event(kind => 'rename', user => 'u', from => 'Lists',
	    to => 'Verteiler', to_guid => 'g9', separator => '/');
	$mailbox->rest;
	wait_goes('u', $talk, 'Verteiler/Talk', 'a parent is renamed');
	wait_goes('u', message(from => 'bob@a.example'), 'Verteiler/Bob',
	    'all below it');
	is(goes('u', $alice), 'Friends', 'and nothing else');
	$mailbox->event(kind => 'rename', user => 'u', from => 'Friends',
	    to => 'Trash/Friends', to_class => 'trash', separator => '/');
	$mailbox->rest;
	wait_goes('u', $alice, '', 'renamed into the trash');
	$mailbox->event(kind => 'delete', user => 'u', from => 'Verteiler/Bob');
	$mailbox->rest;
	wait_goes('u', message(from => 'bob@a.example'), '', 'deleted');
	is_deeply(have('u'), ['rule list talk.lists.example>Verteiler/Talk'],
	    'what is left');
};

subtest 'without Postgres' => sub {
	is(goes('u', $talk), 'Verteiler/Talk', 'known');
	$pg->stop('immediate');
	is(goes('u', $talk), 'Verteiler/Talk', 'still filed');
	is(goes('stranger', $talk), '', 'who is not known goes where he went');
	$mailbox->event(kind => 'move', user => 'later', from => 'INBOX',
	    from_class => 'inbox', to => 'Talk', to_class => 'other',
	    part => 'header', message => $talk);
	$pg->start;
	$mailbox->rest;
	is_deeply(have('later'), ['suggestion list talk.lists.example>Talk'],
	    'what was moved meanwhile');
	is(goes('u', $talk), 'Verteiler/Talk', 'as ever');
};

sub wait_lists {
	my ($wanted, $name) = @_;
	my $last = '';
	ok(eval { wait_for(120, sub {
		($last = slurp($lists) // '') eq $wanted }, $name) }, $name)
	    or diag($last, $mailbox->log);
	return;
}

subtest 'lists for signet-milter' => sub {
	wait_lists("signet-lists 1\nend 0\n", 'one user is not enough');
	$pg->psql("select signet.rules_mode_set('w', 'auto')");
	move('w', 'INBOX', 'T', $talk);
	move('v', 'INBOX', 'T', $talk);
	accept_all('v');
	wait_lists("signet-lists 1\ntalk.lists.example lists.example 2\nend 1\n",
	    'two that said so are, one by moves alone does not count');
	is((stat $lists)[2] & 07777, 0644, 'signet-milter may read it');
	is($mailbox->stop, 0, 'stopped');
	my $conf = slurp($mailbox->config_file);
	$conf =~ s/^lists_accounts.*\n//m;
	$mailbox->configure($conf);
	$mailbox->start;
	wait_lists("signet-lists 1\nend 0\n", 'off, as by default: it is empty');
	wait_goes('u', $talk, 'Verteiler/Talk', 'rules hold after a start');
};

is($mailbox->stop, 0, 'a good end');
unlike($mailbox->log, qr/refused|put aside/i, 'no event was refused')
    or diag($mailbox->log);
done_testing;
