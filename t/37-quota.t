#!/usr/bin/perl
# Quota in the database and in signet-policy: who is meant by an address, which
# limit holds, what is on its way, totals of domains, and that nothing but a
# full mailbox is a reason to refuse.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Delegate;
use Signet::Dns;
use Signet::Postgres;
use Signet::Program;
use Signet::Util qw(must_run program_path skip_or_fail spew temp_dir top_dir
    wait_for run_command);

for my $program (qw(signet signet-policy signet-load)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::Postgres->need;

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
mkdir "$dir/$_" for qw(spool state);
spew("$dir/load.conf", "[database]\nconninfo = " . $pg->conninfo . "\n");
must_run(program_path('signet-load'), '-c', "$dir/load.conf", '--migrate',
    '--sql', top_dir() . '/sql');
$pg->login('policy', 'signet_policy')->login('mailbox', 'signet_mailbox');

my $dns = Signet::Dns->new(ttl => 3600, table => "mx.test  A  192.0.2.1\n");
sub configuration {
	my (%option) = @_;
	my $conninfo = $option{conninfo} // $pg->conninfo(user => 'policy');
	return <<"END";
[common]
hostname = mx.site.example
log = stderr
spool_directory = $dir/spool
[dns]
forward = @{[ $dns->address ]}
root_key = none
[database]
conninfo = $conninfo connect_timeout=5
[mta_sts]
directory = $dir/state
[policy]
listen = unix:$dir/policy.sock
delegate = unix:$dir/delegate.sock
metrics = unix:$dir/metrics.sock
answers = none
quota_deadline = @{[ $option{deadline} // '60s' ]}
END
}
my $program = Signet::Program->new('signet-policy', dir => $dir,
    config => configuration());

sub connected { return Signet::Delegate->new("unix:$dir/delegate.sock") }
my $policy = connected();

use constant FULL => '452 4.2.2 Mailbox is full';
use constant LARGE =>
    '452 4.2.2 Mailbox has no room for a message of this size';
use constant DOMAIN_FULL => '452 4.2.2 Mailboxes of this domain are full';

# As signet-mailbox tells it: account => [bytes, limit, messages, limit,
# root, at].
sub report {
	my (%usage) = @_;
	my @accounts = sort keys %usage;
	my $column = sub {
		my ($n, $otherwise) = @_;
		return 'array[' . join(',', map { "'" . ($usage{$_}[$n]
			// $otherwise) . "'" } @accounts) . ']';
	};
	return $pg->psql({ user => 'mailbox' }, 'select signet.quota_report('
	    . 'array[' . join(',', map { "'$_'" } @accounts) . '], '
	    . $column->(4, 'User quota') . ', ' . join(', ',
	    map { $column->($_, 0) . '::bigint[]' } 0 .. 3) . ', '
	    . $column->(5, 'now') . "::timestamptz[], 'imap.site.example')");
}

sub coming {
	my ($account) = @_;
	return $pg->value('select coalesce(sum(bytes), 0) from '
	    . "signet.v_quota_reservation where account = '$account'");
}

sub full_again {
	my ($name) = @_;
	wait_for(120, sub { connected()->rcpt('full@a.test') eq FULL }, $name);
	return pass($name);
}

sub forget { return $pg->psql('truncate signet.quota_reservation') }

subtest 'usage is told' => sub {
	is(report('Full@A.test' => [1000, 1000, 5, 0],
		'half@a.test' => [500, 1000, 5, 0],
		'free@a.test' => [500, 0, 5, 0],
		'many@a.test' => [5, 0, 7, 7]), 4, 'four accounts');
	is(report('half@a.test' => [999, 1000, 5, 0, undef, '2020-01-01']), 0,
	    'what is older changes nothing');
	is($pg->value("select bytes from signet.v_quota where account = "
		. "'half\@a.test'"), 500, 'and did not');
	is(report('half@a.test' => [501, 1000, 5, 0, undef, '2999-01-01']), 1,
	    'a clock that goes wrong');
	is(report('half@a.test' => [500, 1000, 5, 0]), 1, 'is no hindrance');
	is($pg->psql('select account, is_over, percent from signet.v_quota '
		. 'order by account'), join("\n", 'free@a.test|f|',
		'full@a.test|t|100.0', 'half@a.test|f|50.0', 'many@a.test|t|'),
	    'the view');
	is($pg->psql('select account from signet.v_quota_over order by 1'),
	    "full\@a.test\nmany\@a.test", 'those over their limit');
	is($pg->psql('select domain, accounts, bytes, messages, is_over '
		. 'from signet.v_quota_domain'), 'a.test|4|2005|22|f',
	    'the domain');
};

subtest 'recipients' => sub {
	is($policy->rcpt('full@a.test'), FULL, 'full');
	is($policy->rcpt('FULL@A.TEST'), FULL, 'in whatever case');
	is($policy->rcpt('full+box@a.test'), FULL, 'with an extension');
	is($policy->rcpt('many@a.test'), FULL, 'too many messages');
	is($policy->rcpt('half@a.test'), 'DUNNO', 'room');
	is($policy->rcpt('half@a.test', 500), 'DUNNO', 'just enough');
	is($policy->rcpt('half@a.test', 501), LARGE, 'one byte too many');
	is($policy->rcpt('free@a.test', 1e12), 'DUNNO', 'no limit');
	is($policy->rcpt('nobody@a.test'), 'DUNNO', 'not known');
	is($policy->rcpt('full'), 'DUNNO', 'no domain');
	is($policy->rcpt($_), 'DUNNO', "strange: $_") for '@', 'a@', '+@a.test',
	    "full\@a.test\xff", 'full@a.test@b.test', '%s%n', "'; --",
	    'x' x 2000 . '@a.test';
	is($policy->ask(recipient => 'full@a.test', protocol_state => $_),
	    'DUNNO', "not at $_") for qw(DATA CONNECT VRFY END-OF-MESSAGE);
	is($policy->ask(recipient => 'half@a.test', size => $_), 'DUNNO',
	    "size=$_ is none") for '', -1, 'x', '9' x 30;
};

subtest 'aliases' => sub {
	my $add = sub { $pg->psql("select signet.alias_add('$_[0]', '$_')")
	    for @_[1 .. $#_]; };
	$add->('one@a.test', 'full@a.test');
	$add->('both@a.test', 'full@a.test', 'half@a.test');
	$add->('all-full@a.test', 'full@a.test', 'many@a.test');
	$add->('outside@a.test', 'full@a.test', 'x@elsewhere.test');
	$add->('nested@a.test', 'one@a.test', 'all-full@a.test');
	$add->('loop@a.test', 'pool@a.test', 'full@a.test');
	$add->('pool@a.test', 'loop@a.test');
	$add->('self@a.test', 'self@a.test');
	$add->('half@a.test', 'half@a.test', 'full@a.test');
	$add->('@old.test', '@a.test');
	$add->('@catch.test', 'full@a.test');
	is($policy->rcpt("$_->[0]\@a.test"), $_->[1], "$_->[0]: $_->[2]") for
	    ['one', FULL, 'its member is full'],
	    ['one+x', FULL, 'with an extension'],
	    ['both', 'DUNNO', 'one member has room'],
	    ['all-full', FULL, 'all are full'],
	    ['outside', 'DUNNO', 'some of it goes elsewhere'],
	    ['nested', FULL, 'aliases of aliases'],
	    ['loop', FULL, 'a circle that a full one is on'],
	    ['self', 'DUNNO', 'nobody'],
	    ['half', 'DUNNO', 'a copy for somebody who is full'];
	is($policy->rcpt('full@old.test'), FULL, 'another name of the domain');
	is($policy->rcpt('anybody@catch.test'), FULL, 'all of a domain');
	$add->("deep$_\@a.test", 'deep' . ($_ + 1) . '@a.test') for 1 .. 30;
	$add->('deep31@a.test', 'full@a.test');
	is($policy->rcpt('deep20@a.test'), FULL, 'many steps');
	is($policy->rcpt('deep1@a.test'), 'DUNNO', 'too many');
	$pg->psql("insert into signet.alias (address, member) select "
	    . "'flood\@a.test', 'f' || n || '\@a.test' from "
	    . 'generate_series(1, 5000) n');
	is($policy->rcpt('flood@a.test'), 'DUNNO', 'too many members');
	$pg->psql("select signet.alias_remove('half\@a.test', '$_')")
	    for 'half@a.test', 'full@a.test';
};

subtest 'aliases that the site keeps' => sub {
	$pg->psql(<<'END');
create schema mail;
create table mail.virtual (source text, destination text);
insert into mail.virtual values ('info@b.test', 'full@a.test, many@a.test'),
	('mix@b.test', 'Full@a.test'), ('mix@b.test', 'half@a.test'),
	('one@a.test', 'half@a.test'), ('bad@b.test', 'x');
create function mail.aliases(p_address text) returns setof text
language sql stable set search_path = mail as $$
	select destination || case when source like 'bad%'
		then (1 / (strpos(source, 'b') - 1))::text else '' end
	from virtual where source = p_address
$$;
grant usage on schema mail to signet_owner;
grant select on mail.virtual to signet_owner;
select signet.quota_use_aliases('mail.aliases');
END
	is($policy->rcpt('info@b.test'), FULL, 'a list in one row');
	is($policy->rcpt('mix@b.test'), 'DUNNO', 'one a row');
	is($policy->rcpt('one@a.test'), FULL, 'signet.alias comes first');
	is($policy->rcpt('bad@b.test'), 'DUNNO', 'an error is no refusal');
	like($pg->log, qr/aliases of bad\@b\.test: division by zero/, 'told');
	my (undef, $error) = $pg->try_psql(
	    "select signet.quota_use_aliases('mail.nothing')");
	like($error, qr/there is no function mail\.nothing\(text\)/,
	    'a function that is not there');
	$pg->psql('select signet.quota_use_aliases(null)');
	is($policy->rcpt('info@b.test'), 'DUNNO', 'not asked any more');
};

subtest 'accounts of other forms' => sub {
	report(root => [10, 10, 1, 0]);
	is($policy->rcpt('root@mx.site.test'), 'DUNNO', 'no local domain');
	$pg->psql("select signet.quota_option('local_domains', "
	    . "'mx.site.test, Site.test')");
	is($policy->rcpt('root@mx.site.test'), FULL, 'local part alone');
	is($policy->rcpt('root+x@SITE.test'), FULL, 'and an extension');
	$pg->psql("select signet.quota_option('recipient_delimiter', '-')");
	is($policy->rcpt('root-x@site.test'), FULL, 'another delimiter');
	is($policy->rcpt('root+x@site.test'), 'DUNNO', 'and no other');
	$pg->psql("select signet.quota_option('recipient_delimiter', '+')");
	report("j\xc3\xbcrg\@xn--mller-kva.test" => [10, 10, 1, 0]);
	is($policy->rcpt("j\xc3\xbcrg\@m\xc3\xbcller.test"), FULL,
	    'a name in UTF-8');
};

subtest 'limits' => sub {
	my $set = sub {
		my ($kind, $name, $bytes, $messages) = @_;
		return $pg->value("select signet.quota_set('$kind', '$name', "
		    . ($bytes // 'null') . ', ' . ($messages // 'null') . ')');
	};
	$set->('default', '', 400);
	is($policy->rcpt('half@a.test'), FULL, 'the default before Dovecot');
	$set->('each', 'a.test', 600);
	is($policy->rcpt('half@a.test'), 'DUNNO', 'then that of the domain');
	is($policy->rcpt('half@a.test', 101), LARGE, 'it counts');
	$set->('account', 'Half@a.test', 500);
	is($policy->rcpt('half@a.test'), FULL, 'then that of the account');
	$set->('account', 'half@a.test', 0);
	is($policy->rcpt('half@a.test', 1e9), 'DUNNO', 'none at all');
	$set->('account', 'half@a.test', undef, 5);
	is($policy->rcpt('half@a.test'), FULL, 'messages');
	$set->('account', 'half@a.test', undef, 6);
	is($policy->rcpt('half@a.test'), 'DUNNO', 'one more');
	is($set->('account', 'half@a.test'), 't', 'taken back');
	is($set->('account', 'half@a.test'), 'f', 'there was none');
	$set->('account', 'new@a.test', 100);
	is($policy->rcpt('new@a.test', 101), LARGE,
	    'an account that nobody told of');
	$set->(@$_) for ['default', ''], ['each', 'a.test'],
	    ['account', 'new@a.test'];
	is($policy->rcpt('half@a.test'), 'DUNNO', 'as before');
	$pg->psql("select signet.quota_option('grace_bytes', '10')");
	is($policy->rcpt('half@a.test', 510), 'DUNNO', 'grace');
	is($policy->rcpt('half@a.test', 511), LARGE, 'and no more');
	$pg->psql("select signet.quota_option('grace_bytes', '0')");
	forget();

	$set->('total', 'a.test', 2005);
	is($policy->rcpt('free@a.test'), DOMAIN_FULL, 'the domain is full');
	is($policy->rcpt('full@a.test'), FULL, 'the account comes first');
	is($pg->value("select alert from signet.v_alert where subject = "
		. "'a.test'"), 'quota_domain_full', 'alarming');
	$set->('total', 'a.test', 2105);
	is($policy->rcpt('free@a.test', 100), 'DUNNO', 'room');
	like($policy->rcpt('free@a.test', 101), qr/^452 4\.2\.2 .*this size/,
	    'no room for that');
	is($policy->rcpt('free@a.test', 60, 'd1'), 'DUNNO', 'set aside');
	is($policy->rcpt('half@a.test', 50, 'd2'),
	    '452 4.2.2 Mailboxes of this domain have no room for a message of '
	    . 'this size', 'for all of the domain');
	$set->('total', 'a.test');
	forget();
};

subtest 'on its way' => sub {
	is($policy->rcpt('half@a.test', 300, 'm1'), 'DUNNO', 'a message');
	is($policy->rcpt('half@a.test', 300, 'm1'), 'DUNNO', 'asked again');
	is(coming('half@a.test'), 300, 'counts once');
	is($policy->rcpt('half@a.test', 300, 'm2'), LARGE, 'no room left');
	is($policy->rcpt('half@a.test', 100, 'm3'), 'DUNNO', 'a smaller one');
	is($policy->accept('m1', 450), 'DUNNO', 'm1 came, and is larger');
	wait_for(60, sub { coming('half@a.test') == 550 }, 'its size');
	is($policy->rcpt('half@a.test'), FULL, 'now it is full');
	is($policy->rcpt('both@a.test', 0, 'm4'), FULL,
	    'and all of an alias');
	is(coming('full@a.test'), 0, 'nothing for who is full');
	is($policy->rcpt('free@a.test', 5, 'm5'), 'DUNNO', 'no limit');
	is(coming('free@a.test'), 0, 'nothing to set aside');

	report('half@a.test' => [950, 1000, 6, 0]);
	is(coming('half@a.test'), 100, 'm1 has come: it was accepted');
	is($policy->rcpt('half@a.test'), FULL, 'm3 may still come');
	report('half@a.test' => [400, 1000, 3, 0]);
	is(coming('half@a.test'), 100, 'the user deletes');
	is($policy->rcpt('half@a.test', 500, 'm6'), 'DUNNO', 'room again');
	report('half@a.test' => [1000, 1000, 5, 0]);
	is(coming('half@a.test'), 0, 'two have come');
	report('half@a.test' => [500, 1000, 5, 0]);

	$policy->rcpt('half@a.test', 400, 'm7');
	$pg->psql("update signet.quota_reservation set until = now()");
	is($policy->rcpt('half@a.test', 500, 'm8'), 'DUNNO',
	    'what never comes counts no longer');
	is($pg->value('select signet.quota_expire()'), 1, 'and goes');
	forget();

	my @clients = map { connected() } 1 .. 40;
	$clients[$_]->send(recipient => 'half@a.test', size => 100,
	    instance => "c$_") for 0 .. $#clients;
	my %said;
	$said{ $_->reply }++ for @clients;
	is_deeply(\%said, { DUNNO => 5, FULL() => 35 },
	    'forty at once: as many as there is room for');
	forget();
};

subtest 'quota roots' => sub {
	report('full@a.test' => [1, 0, 5, 0, 'Archive']);
	is($policy->rcpt('full@a.test'), FULL, 'the first root counts');
	is($pg->value("select signet.quota_use_root('Archive')"), 1,
	    'the other is named');
	is($policy->rcpt('full@a.test'), 'DUNNO', 'and counts');
	$pg->psql("select signet.quota_use_root('User quota')");
	is($policy->rcpt('full@a.test'), FULL, 'and back');
	$pg->psql('select signet.quota_use_root(null)');
};

subtest 'outages' => sub {
	$pg->stop;
	is($policy->rcpt('full@a.test'), 'DUNNO', 'the database is away')
	    for 1 .. 3;
	$program->wait_log(qr/quota: the database is not asked/, 60);
	ok(connected()->rcpt('full@a.test') eq 'DUNNO', 'for all');
	$pg->start;
	full_again('it is asked again');
	like($program->log, qr/quota: the database is asked again/, 'told');
	my @said = $program->log =~ /quota: the database is not asked/g;
	is(@said, 1, 'one line for one outage');

	$program->configure(configuration(deadline => '1s'));
	$program->restart;
	$policy = connected();
	full_again('quick enough');
	# somebody holds the lock: the answer cannot come
	my $holder = holder();
	is($policy->rcpt('full@a.test'), 'DUNNO', 'a database that hangs');
	is(connected()->ask(protocol_state => 'DATA'), 'DUNNO',
	    'others are served');
	$holder->();
	full_again('it goes on');
	$program->configure(configuration());
	$program->restart;
	$policy = connected();
	is($policy->rcpt('full@a.test'), FULL, 'with more time');
	$pg->psql('revoke execute on function signet.quota_ask(text[], '
	    . 'text[], bigint[]) from signet_policy');
	is($policy->rcpt('full@a.test'), 'DUNNO', 'not allowed to ask');
	$program->wait_log(qr/not asked.*permission denied/, 60);
	$pg->psql('grant execute on function signet.quota_ask(text[], '
	    . 'text[], bigint[]) to signet_policy');
	full_again('allowed again');
};

# Holds the lock of signet.quota_ask until it is called.
sub holder {
	open my $psql, '|-', $pg->_client('psql'), '-qX', $pg->database
	    or die "psql: $!\n";
	$psql->autoflush(1);
	print {$psql} "set application_name = 'holder'; begin; select "
	    . "pg_advisory_xact_lock(hashtextextended('signet.quota_ask', 0))"
	    . " \\g /dev/null\n";
	wait_for(60, sub { $pg->value("select count(*) from pg_locks l join "
		. "pg_stat_activity a using (pid) where l.locktype = "
		. "'advisory' and l.granted and a.application_name = "
		. "'holder'") }, 'the lock');
	return sub { print {$psql} "commit;\n"; close $psql };
}

subtest 'many connections' => sub {
	$program->configure(configuration());
	$program->restart;
	my @clients = map { connected() } 1 .. 500;
	for my $round (1 .. 4) {
		$clients[$_]->send(recipient => $_ % 2 ? 'full@a.test'
		    : 'half@a.test', instance => "n$_") for 0 .. $#clients;
		my @said = map { $_->reply } @clients;
		is_deeply(\@said, [map { $_ % 2 ? FULL : 'DUNNO' }
			0 .. $#clients], "each has its own answer: $round");
		# some go while they wait
		if ($round == 2) {
			$_->send(recipient => 'full@a.test') for @clients;
			@clients = map { connected() } 1 .. 500;
		}
	}
	forget();
};

$policy = undef;
is($program->stop, 0, 'a good end');
done_testing;
