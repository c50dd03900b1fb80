#!/usr/bin/perl
# Quota from end to end, as docs/quota.md sets it up: limits in PostgreSQL that
# Dovecot's userdb reads, its plugin reports usage, Postfix refuses mail for
# full mailboxes at RCPT, and signet quota compares and mends.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dns;
use Signet::Dovecot;
use Signet::Postfix;
use Signet::Postgres;
use Signet::Program;
use Signet::Smtp;
use Signet::Util qw(free_port must_run need_programs program_path run_command
    skip_or_fail slurp spew temp_dir top_dir wait_for);

for my $program (qw(signet signet-policy signet-load signet-mailbox)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::Postgres->need;
Signet::Dovecot->need(plugin => 1);
need_programs('postfix');
-e '/usr/lib/dovecot/modules/libdriver_pgsql.so'
    || -e '/usr/lib/dovecot/modules/auth/libdriver_pgsql.so'
    or skip_or_fail('not installed: dovecot-pgsql');

my $dir = temp_dir();
chmod 0755, $dir;
my $page = slurp(top_dir() . '/docs/quota.md');

# The indented block of the page whose first line is "# NAME".
sub block {
	my ($name) = @_;
	my ($text) = $page =~ /^    # \Q$name\E\n((?:    .*\n)+)/m
	    or die "docs/quota.md has no block $name\n";
	return $text =~ s/^    //mgr;
}

my $pg = Signet::Postgres->new;
my $conninfo = $pg->conninfo;
spew("$dir/signet.conf", "[common]\nhostname = mx.site.test\n[database]\n"
    . "conninfo = $conninfo\n");
must_run(program_path('signet-load'), '-c', "$dir/signet.conf", '--migrate',
    '--sql', top_dir() . '/sql');
$pg->login('policy', 'signet_policy')->login('mailbox', 'signet_mailbox');
$pg->psql('create role dovecot login in role signet_userdb');
like($page, qr/^    create role dovecot login in role signet_userdb;$/m,
    'the page has the role');
$pg->psql('create table users (name text); grant select on users to dovecot;',
    map { "insert into users values ('$_\@site.test');" } qw(ann bob gone));

sub signet {
	my (@arguments) = @_;
	my ($status, $out, $error) = run_command(program_path('signet'),
	    $arguments[0], '-c', "$dir/signet.conf", @arguments[1 .. $#arguments]);
	return ($status, $out . $error);
}

sub quota {
	my ($status, $text) = signet('quota', @_);
	is($status, 0, "signet quota @_") or diag $text;
	return $text;
}

# --- the parts ---

my $dns = Signet::Dns->new(ttl => 3600, table => "mx.test  A  192.0.2.1\n");
my $port = free_port();
mkdir "$dir/$_" for qw(policy mailbox sockets facts state);
mkdir "$dir/events";
chmod 03733, "$dir/events";
my $policy = Signet::Program->new('signet-policy', dir => "$dir/policy",
    config => <<"END");
[common]
hostname = mx.site.test
log = stderr
spool_directory = $dir/facts
[dns]
forward = @{[ $dns->address ]}
root_key = none
[database]
conninfo = @{[ $pg->conninfo(user => 'policy') ]}
[mta_sts]
directory = $dir/state
[policy]
listen = unix:$dir/policy/policy.sock
delegate = inet:$port\@127.0.0.1
answers = none
quota_deadline = 60s
END
my $mailbox = Signet::Program->new('signet-mailbox', dir => "$dir/mailbox",
    ready => "unix:$dir/sockets/mailbox.sock", config => <<"END");
[common]
hostname = imap.site.test
log = stderr
[database]
conninfo = @{[ $pg->conninfo(user => 'mailbox') ]}
[mailbox]
socket = unix:$dir/sockets/mailbox.sock
nudge = unix:$dir/sockets/mailbox.nudge
spool = $dir/events
END

# The lines of the page, with the places of this test.
sub userdb_23 {
	my $file = block('dovecot-sql.conf.ext');
	$file =~ s/^connect = .*/'connect = '
	    . $pg->conninfo(user => 'dovecot')/me;
	spew("$dir/dovecot-sql.conf.ext", _here($file)
	    . "iterate_query = SELECT name AS user FROM users\n", 0644);
	return ('userdb {', '  driver = sql',
	    "  args = $dir/dovecot-sql.conf.ext", '}');
}

sub _here {
	my ($text) = @_;
	return $text =~ s{/var/vmail/}{$dir/dovecot/mail/}r
	    =~ s{dbname = signet}{'dbname = ' . $pg->database}er;
}

sub userdb_24 {
	my $lines = _here(block('dovecot.conf 2.4'));
	my $host = $pg->dir;
	$lines =~ s{/run/postgresql}{$host};
	$lines =~ s/(\n\}\n?)\z/\n  iterate_query = SELECT name AS user FROM users$1/;
	return split /\n/, $lines;
}

mkdir "$dir/dovecot";
my $series = Signet::Dovecot->series;
my $dovecot = Signet::Dovecot->new(dir => "$dir/dovecot",
    userdb => $series eq '2.3' ? join("\n", userdb_23())
	: join("\n", userdb_24()),
    quota => { storage => '100k', grace => 0 },
    plugin => { signet_spool_dir => "$dir/events",
	signet_socket => "$dir/sockets/mailbox.sock",
	signet_nudge => "$dir/sockets/mailbox.nudge",
	signet_timeout => '60s', signet_quota_interval => '1s' });

# a busy machine is no outage
my $restrictions = block('main.cf') =~ s/unix:[^,\s]*/inet:127.0.0.1:$port/gr
    =~ s/timeout=10s/timeout=100s/gr;
my %restriction = $restrictions =~ /^(\w+) =\n\s+(.*)$/mg;
is_deeply([sort keys %restriction], [qw(smtpd_end_of_data_restrictions
	smtpd_recipient_restrictions)], 'two lines of main.cf');
spew("$dir/aliases", "info\@site.test ann\@site.test\n"
    . "team\@site.test ann\@site.test, bob\@site.test\n", 0644);
$pg->psql("select signet.alias_add('info\@site.test', 'ann\@site.test')",
    map { ";select signet.alias_add('team\@site.test', '$_\@site.test')" }
    qw(ann bob));
my $postfix = Signet::Postfix->new(main => { %restriction,
    virtual_alias_maps => "texthash:$dir/aliases",
    relay_transport => 'lmtp:unix:' . $dovecot->lmtp_socket,
    # a message that waits is tried again when the test says so
    minimal_backoff_time => '1h', maximal_backoff_time => '1h',
    queue_run_delay => '1h' });

# --- what goes through them ---

sub log_all {
	return join "\n", $postfix->log, $policy->log, $mailbox->log,
	    $dovecot->log;
}

sub eventually {
	my ($what, $condition) = @_;
	ok(eval { wait_for(60, $condition, $what) }, $what)
	    or diag log_all();
	return;
}

sub text {
	my ($bytes, $subject) = @_;
	return Signet::Smtp::crlf("From: x\@there.test\nSubject: $subject\n\n"
	    . "$subject line of some length, so that there is something\n"
	    x ($bytes / (length($subject) + 51)));
}

# Replies to the recipients, and to the message.
sub send_mail {
	my (%option) = @_;
	my $smtp = Signet::Smtp->new(port => $postfix->port);
	$smtp->ehlo('client.test');
	$smtp->mail('x@there.test', $option{size} ? "SIZE=$option{size}" : ());
	my @replies = map { $smtp->rcpt($_) } @{ $option{to} };
	push @replies, $smtp->data($option{text}) if $option{text};
	$smtp->command('QUIT');
	return @replies;
}

sub usage {
	my ($account) = @_;
	my ($row) = $pg->rows('select bytes, messages, bytes_limit, '
	    . 'dovecot_bytes_limit, coming_bytes, is_over from signet.v_quota '
	    . "where account = '$account\@site.test'");
	return $row // {};
}

sub dovecot_limit {
	my ($user) = @_;
	my $text = $dovecot->doveadm('-f', 'tab', 'quota', 'get', '-u', $user);
	return $text =~ /STORAGE\t\d+\t(\d+|-)/ ? $1 : $text;
}

subtest 'the lines of the page for Dovecot' => sub {
	my $lines = block("dovecot.conf quota $series");
	$lines = "dovecot_config_version = 2.4.1\n"
	    . "dovecot_storage_version = 2.4.1\n$lines" if $series ne '2.3';
	my $file = spew("$dir/page.conf", $lines, 0644);
	my ($status, $out, $error) = run_command(
	    $dovecot->command('doveconf', '-n', '-c', $file));
	is("$status$error", '0', 'it takes them');
	like($out, qr/quota/, 'and has them');
};

subtest 'limits that Dovecot reads' => sub {
	quota('set', 'ann@site.test', '60k');
	is(dovecot_limit('ann@site.test'), 60, 'that of the account');
	is(dovecot_limit('bob@site.test'), 100, 'that of the configuration');
	quota('set', '@site.test', '80k', '50');
	is(dovecot_limit('bob@site.test'), 80, 'that of the domain');
	quota('set', 'bob@site.test', 'none', 'none');
	is(dovecot_limit('bob@site.test'), '-', 'none');
	quota('set', 'bob@site.test', '-');
	quota('set', '@site.test', '-');
	is(dovecot_limit('bob@site.test'), 100, 'and back');
};

subtest 'a mailbox fills' => sub {
	is_deeply([map { substr $_, 0, 3 } send_mail(to => ['ann@site.test'],
		text => text(30000, 'first'))], [250, 250], 'the first');
	$postfix->settle;
	eventually('its usage is in the database',
	    sub { (usage('ann')->{messages} // 0) == 1 });
	my $usage = usage('ann');
	cmp_ok($usage->{bytes}, '>', 29000, 'its size');
	is($usage->{bytes_limit}, 61440, 'the limit');
	is($usage->{dovecot_bytes_limit}, 61440, 'Dovecot has the same');
	is($usage->{coming_bytes}, 0, 'it is not on its way any more');
	my ($reply) = send_mail(to => ['ann@site.test'], size => 40000);
	like($reply, qr/^452 4\.2\.2 .*no room for a message of this size/,
	    'one that does not fit is refused at RCPT');
	is_deeply([map { substr $_, 0, 3 } send_mail(to => ['ann@site.test'],
		size => 28000, text => text(27000, 'second'))], [250, 250],
	    'one that fits is not');
	$postfix->settle;
	eventually('its usage, too',
	    sub { (usage('ann')->{messages} // 0) == 2 });
	quota('set', 'ann@site.test', '50k');
	($reply) = send_mail(to => ['ann@site.test']);
	like($reply, qr/^452 4\.2\.2 <ann\@site\.test>: .*Mailbox is full/,
	    'full');
	like($postfix->wait_log(qr/reject: RCPT .*Mailbox is full/),
	    qr/reject: RCPT .* 452 4\.2\.2 .*Mailbox is full/,
	    'the log of the mail server tells');
	is(usage('ann')->{is_over}, 1, 'and the view');
};

subtest 'several recipients' => sub {
	my @replies = send_mail(to => ['ann@site.test', 'bob+box@site.test'],
	    text => text(2000, 'two'));
	is_deeply([map { substr $_, 0, 3 } @replies], [452, 250, 250],
	    'one is full');
	$postfix->settle;
	eventually('the other has it',
	    sub { (usage('bob')->{messages} // 0) == 1 });
	my ($reply) = send_mail(to => ['info@site.test']);
	like($reply, qr/^452 4\.2\.2 <info\@site\.test>/,
	    'an alias of one that is full');
	@replies = send_mail(to => ['team@site.test'],
	    text => text(2000, 'team'));
	is_deeply([map { substr $_, 0, 3 } @replies], [250, 250],
	    'an alias with one that is not');
	$postfix->settle;
	eventually('who has it', sub { usage('bob')->{messages} == 2 });
	($reply) = send_mail(to => ['stranger@elsewhere.test'],
	    size => 1_000_000);
	like($reply, qr/^250/, 'mail to others');
};

subtest 'what is on its way' => sub {
	$dovecot->stop;
	my @replies = send_mail(to => ['bob@site.test'], size => 60000,
	    text => text(60000, 'waits'));
	is_deeply([map { substr $_, 0, 3 } @replies], [250, 250], 'taken');
	$postfix->rest;
	eventually('its bytes count',
	    sub { usage('bob')->{coming_bytes} > 50000 });
	my ($reply) = send_mail(to => ['bob@site.test'], size => 60000);
	like($reply, qr/^452 4\.2\.2/, 'no room beside it');
	my $shown = quota('show', 'bob@site.test');
	like($shown, qr/takes mail.*\d+ kB coming/s, 'shown');
	$dovecot->start;
	must_run('postqueue', '-c', $postfix->config_dir, '-f');
	$postfix->settle;
	eventually('it has come', sub { usage('bob')->{messages} == 3 });
	is(usage('bob')->{coming_bytes}, 0, 'nothing is on its way');
};

subtest 'the user makes room' => sub {
	my $imap = $dovecot->imap('ann@site.test');
	$imap->select('INBOX');
	$imap->store('1:*', '+FLAGS.SILENT', '\Deleted');
	$imap->command('EXPUNGE');
	$imap->logout;
	eventually('the database knows', sub { usage('ann')->{messages} == 0 });
	my ($reply) = send_mail(to => ['ann@site.test'], size => 1000);
	like($reply, qr/^250/, 'mail is taken again');
};

subtest 'outages' => sub {
	quota('set', 'bob@site.test', '10k');
	my ($reply) = send_mail(to => ['bob@site.test']);
	like($reply, qr/^452/, 'full');
	$pg->stop;
	($reply) = send_mail(to => ['bob@site.test']);
	like($reply, qr/^250/, 'the database is away');
	$pg->start;
	eventually('it is asked again', sub {
		return (send_mail(to => ['bob@site.test']))[0] =~ /^452/ });
	is($policy->stop, 0, 'signet-policy ends');
	($reply) = send_mail(to => ['bob@site.test']);
	like($reply, qr/^250/, 'mail is taken without it');
	$policy->start;
	eventually('it is there again', sub {
		return (send_mail(to => ['bob@site.test']))[0] =~ /^452/ });
	eventually('Dovecot has its database again', sub {
		my ($status, $out, $error) = $dovecot->try_doveadm('-f',
		    'tab', 'quota', 'get', '-A');
		return "$status$error" eq '0' && $out =~ /^ann.*^gone/ms });
};

subtest 'comparing with Dovecot' => sub {
	my @doveadm = ('doveadm', '-c', $dovecot->config_file);
	my $script = sub {
		my ($name, @command) = @_;
		return spew("$dir/$name", join(' ', "#!/bin/sh\nexec",
		    (map { "'$_'" } @command), "\"\$\@\"\n"), 0755);
	};
	my $doveadm = $script->('doveadm', $dovecot->command(@doveadm));
	my @reconcile = ('-d', $doveadm, 'reconcile');
	my $text = quota(@reconcile);
	like($text, qr/^gone\@site\.test \(.*\): new: nothing, now 0 of /m,
	    'an account that nobody told of');
	like($text, qr/^3 accounts, /m, 'all of them');
	my $again = quota(@reconcile);
	# Dovecot's own server does the work: root without a capability will do
	my ($status, $said, $error) = run_command($dovecot->command('setpriv',
	    '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all',
	    program_path('signet'), 'quota', '-c', "$dir/signet.conf", '-s',
	    $dovecot->dir . '/run/doveadm-server', '-d',
	    $script->('doveadm-inside', @doveadm), 'reconcile'));
	is("$status$said$error", "0$again",
	    'the same through the socket of doveadm');
	is($again, "3 accounts, 0 mended\n", 'nothing to mend');
	my $bytes = usage('bob')->{bytes};
	$pg->psql("update signet.quota_usage set bytes = bytes + 5000, "
	    . "messages = 77 where account = 'bob\@site.test'",
	    ";insert into signet.quota_usage (account, root, bytes, "
	    . "bytes_limit, messages, messages_limit, at, host, source) "
	    . "values ('old\@site.test', 'x', 1, 0, 1, 0, now(), "
	    . "'mx.site.test', 'report'), ('old\@site.test', 'y', 1, 0, 1, "
	    . "0, now(), 'other.site.test', 'report')");
	$text = quota(@reconcile, 'bob@site.test');
	like($text, qr/^bob\@site\.test \(.*\): usage: .*77 of .* now /m,
	    'one that is wrong');
	cmp_ok(abs(usage('bob')->{bytes} - $bytes), '<', 1024, 'is mended');
	$text = quota(@reconcile);
	like($text, qr/^old\@site\.test \(x\): removed/m, 'one that is gone');
	unlike($text, qr/\(y\)/, 'that of another host is not');
	spew("$dir/broken", "#!/bin/sh\n'$doveadm' \"\$\@\"\necho trouble >&2\n"
	    . "exit 75\n", 0755);
	$pg->psql("update signet.quota_usage set at = now() - interval "
	    . "'1 day' where account = 'old\@site.test'");
	$pg->psql("delete from users where name like 'gone%'");
	($status, $said) = signet('quota', '-d', "$dir/broken", 'reconcile');
	is($status, 1, 'doveadm fails for some');
	like($said, qr/nothing is removed.*trouble/s, 'told');
	spew("$dir/silent", "#!/bin/sh\n'$doveadm' \"\$\@\"\n"
	    . "echo 'doveadm(x): Error: User lookup failed' >&2\n", 0755);
	($status, $said) = signet('quota', '-d', "$dir/silent", 'reconcile');
	is($status, 1, 'doveadm says nothing of it but an error');
	like($said, qr/nothing is removed.*User lookup failed/s, 'told');
	spew("$dir/nonsense", "#!/bin/sh\necho nonsense\n", 0755);
	($status, $said) = signet('quota', '-d', "$dir/nonsense", 'reconcile');
	is($status, 2, 'something else than doveadm');
	like($said, qr/doveadm does not begin with/, 'told');
	is($pg->value("select count(*) from signet.v_quota where account = "
		. "'gone\@site.test'"), 1, 'nothing was removed');
	like(quota('-r', @reconcile), qr/^gone\@site\.test .*removed/m,
	    'counted anew; then it is');
};

subtest 'a quota_clone table' => sub {
	$pg->psql('create schema mail', ';create table mail.quota (username '
	    . 'text primary key, bytes bigint, messages integer)', ';insert '
	    . "into mail.quota values ('Carl\@site.test', 5000, 3), "
	    . "('bob\@site.test', 1, 1)");
	is(quota('adopt', 'mail.quota'), '1 accounts of 2 in mail.quota taken '
	    . "over; of the others better is known\n", 'told');
	is(usage('carl')->{bytes}, 5000, 'taken over');
	quota('set', 'carl@site.test', '4k');
	my ($reply) = send_mail(to => ['carl@site.test']);
	like($reply, qr/^452/, 'it counts');
	$dovecot->deliver('carl@site.test', text(500, 'first'));
	eventually('the first report takes its place', sub {
		my $usage = usage('carl');
		return $usage->{messages} == 1 && $usage->{bytes} < 4096;
	});
	my ($status, $text) = signet('quota', 'adopt', 'mail.quota;drop');
	is($status, 2, 'no name of a table');
};

subtest 'what administrators see' => sub {
	like(quota('show'), qr/^bob\@site\.test .* over /m, 'show');
	like(quota('show', 'over'), qr/\Abob\@site\.test .*\n\z/, 'over');
	like(quota('show', 'domains'), qr/^site\.test /m, 'domains');
	like(quota('show', '@site.test'), qr/^site\.test .*^ann\@site/ms,
	    'a domain');
	like(quota('show', 'limits'), qr/^account +bob\@site\.test +10 kB/m,
	    'limits');
	like(quota('show', 'info+x@site.test'), qr/^ann\@site\.test takes/m,
	    'an alias');
	my ($status, $text) = signet('quota', 'show', 'x@nowhere.test');
	is($status, 1, 'nobody');
	($status, $text) = signet('status');
	like($text, qr/^quota +4 accounts, 1 over their limit/m,
	    'signet status');
	($status) = signet('quota', 'set', 'ann@site.test', 'much');
	is($status, 2, 'no number');
	($status, $text) = signet('quota', 'option', 'nothing', 'x');
	like($text, qr/there is no such option: nothing/, 'no option');
};

is($policy->stop, 0, 'signet-policy: a good end');
is($mailbox->stop, 0, 'signet-mailbox: a good end');
done_testing;
