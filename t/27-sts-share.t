#!/usr/bin/perl
# What hosts share through PostgreSQL: policies, uses, overrides. What comes
# from there is checked; while it is away what is known counts, over a restart
# too.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dns;
use Signet::PolicyHost;
use Signet::Postgres;
use Signet::Program;
use Signet::Socketmap;
use Signet::StsDriver;
use Signet::Util qw(temp_dir slurp spew wait_for skip_or_fail program_path
    must_run top_dir);

-x Signet::StsDriver::program() or skip_or_fail('sts_driver is not built');
my $load = program_path('signet-load')
    // skip_or_fail('signet-load has not been built');
eval { require Net::SSLeay; 1 }
    or skip_or_fail('not installed: libio-socket-ssl-perl');
Signet::Postgres->need;

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
spew("$dir/signet.conf", "[database]\nconninfo = " . $pg->conninfo . "\n");
must_run($load, '-c', "$dir/signet.conf", '--migrate', '--sql',
    top_dir() . '/sql');
$pg->login('policy', 'signet_policy');

my $web = Signet::PolicyHost->new;
my $dns = Signet::Dns->new(ttl => 0);
my %id;

sub publish {
	my (%new) = @_;
	%id = (%id, %new);
	$dns->table(join '', map { qq{_mta-sts.$_ TXT "v=STSv1; id=$id{$_};"\n}
	    . "mta-sts.$_ A 127.0.0.1\n$_ MX 10 mx.$_\n"
	    . "mx.$_ A 192.0.2.1\n" } sort keys %id);
	return;
}

sub host {
	my (%set) = @_;
	my $directory = $set{directory} // temp_dir();
	return Signet::StsDriver->new(config => join "\n", '[dns]',
	    'forward = ' . $dns->address, 'root_key = none',
	    'timeout = 60s', '[database]',
	    'conninfo = ' . ($set{conninfo} // $pg->conninfo(user =>
	    'policy') . ' connect_timeout=5'), '[mta_sts]',
	    "directory = $directory", 'ca_file = ' . $web->ca_file,
	    'port = ' . $web->port, 'allowed_networks = 127.0.0.0/8', '');
}

sub share_well {
	my ($host, $name) = @_;
	my $told = $host->tell('share');
	ok($told->{good}, $name) or diag($told->{why});
	return $told;
}

my ($one_dir, $two_dir) = (temp_dir(), temp_dir());
my $one = host(directory => $one_dir);
my $two = host(directory => $two_dir);

subtest 'policies' => sub {
	$web->policy('shared.test', mx => ['mx.shared.test']);
	publish('shared.test' => 's1');
	is($one->tell('get shared.test')->{result}, 'present', 'fetched');
	share_well($one, 'one shares');
	share_well($two, 'two shares');
	is($two->tell('get shared.test')->{id}, 's1', 'the other has it');
	is($web->count('mta-sts.shared.test'), 1, 'of one request');
	my ($row) = $pg->rows('select * from signet.v_sts_policy');
	is($row->{mode}, 'enforce', 'mode in the view');
	is($row->{policy}, $web->policy_text(mx => ['mx.shared.test']),
	    'and the file as it was served');
	# a newer one wins, an older one does not
	$web->policy('shared.test', mode => 'testing', mx => ['mx2.test']);
	publish('shared.test' => 's2');
	$two->tell('later 60');
	is($two->tell('get shared.test')->{id}, 's2', 'fetched by two');
	share_well($two, 'two shares');
	$one->tell('later 120');
	share_well($one, 'one shares');
	is($one->tell('get shared.test')->{mode}, 'testing', 'one has it');
	is($web->count('mta-sts.shared.test'), 2, 'of a second request');
	is($pg->value("select id from signet.sts_policy where domain = "
		. "'shared.test'"), 's2', 'it is there');
};

subtest 'many' => sub {
	$one->tell('fill 1201');
	share_well($one, 'handed out');
	is($pg->value('select count(*) from signet.sts_policy'), 1202,
	    'all are there');
	my $new = host();
	share_well($new, 'a new host');
	is($new->tell('counts')->{policies}, 1202, 'has all of them');
	is($new->stop, 0, 'no complaint');
	my $before = $pg->value('select max(changed_at) from signet.sts_policy');
	share_well($one, 'nothing is new');
	is($pg->value('select max(changed_at) from signet.sts_policy'), $before,
	    'nothing is written');
};

# Another host, or somebody with rights on the table, is not believed.
subtest 'foreign rows' => sub {
	my @row = (
		"'evil1.test', '1', '<html>', 'enforce', now(), now()",
		"'evil2.test', 'no id', 'version: STSv1', 'enforce', now(),"
		    . ' now()',
		"'no domain', '1', 'version: STSv1', 'enforce', now(), now()",
		"'evil3.test', '1', E'version: STSv1\\nmode: enforce\\nmx: a.b"
		    . "\\nmax_age: 60\\n', 'enforce', now() + '9 years',"
		    . " now() + '9 years'",
	);
	$pg->psql("insert into signet.sts_policy (domain, id, policy, mode, "
		. 'fetched_at, checked_at, expires_at, used_at, host, '
		. "changed_at) values ($_, now() + '10 years', now(), 'x', "
		. 'clock_timestamp())') for @row;
	share_well($one, 'they are taken in');
	publish(map { ("evil$_.test" => '1') } 1 .. 3);
	my $connections = $web->connections;
	is($one->tell("get evil$_.test")->{result}, 'absent',
	    "evil$_.test: no policy, so it is fetched") for 1, 2;
	ok($web->connections > $connections, 'indeed');
	my $far = $one->tell('get evil3.test');
	is($far->{result}, 'present', 'a date that lies ahead');
	cmp_ok($far->{left}, '<=', 60, 'counts from now');
	my @told = $one->log =~ /^(.*policies that are none.*)$/mg;
	is(@told, 1, 'one line in the log');
	$pg->psql("delete from signet.sts_policy where host = 'x'");
};

subtest 'forgotten by order' => sub {
	my ($one, $two) = (host(), host());
	$web->policy('purge.test', mx => ['mx.purge.test']);
	publish('purge.test' => 'p1');
	$one->tell('get purge.test');
	share_well($one, 'one has it');
	share_well($two, 'two too');
	$pg->psql("select signet.sts_policy_forget('Purge.test')");
	share_well($_, 'told') for $one, $two;
	my $before = $web->count('mta-sts.purge.test');
	$one->tell('later 10');
	is($one->tell('get purge.test')->{result}, 'present', 'fetched anew');
	is($web->count('mta-sts.purge.test'), $before + 1, 'with a request');
	share_well($one, 'and shared again');
	is($pg->value("select mode from signet.sts_policy where domain = "
		. "'purge.test'"), 'enforce', 'there again');
};

subtest 'used, unused, over' => sub {
	$pg->psql("update signet.sts_policy set used_at = now() - "
		. "interval '170 days' where domain in ('shared.test', "
		. "'domain0.example')");
	$one->tell('later 90000');
	$one->tell('get shared.test');
	share_well($one, 'a day later');
	is($pg->value("select used_at > now() from signet.sts_policy "
		. "where domain = 'shared.test'"), 't', 'the use is told');
	$pg->psql("update signet.sts_policy set used_at = now() - "
		. "interval '181 days' where domain = 'domain1.example'");
	$pg->psql("update signet.sts_policy set expires_at = now() - "
		. "interval '2 days' where domain = 'domain2.example'");
	my $new = host();
	share_well($new, 'a host that begins its day');
	is($pg->value('select count(*) from signet.sts_policy where domain '
		. "in ('domain1.example', 'domain2.example')"), 0,
	    'what nobody needs goes');
	is($new->stop, 0, 'no complaint');
};

subtest 'overrides' => sub {
	is_deeply($one->tell('override partner.test'), {}, 'none');
	my $before = $one->tell('share')->{generation};
	$pg->psql("select signet.tls_override_set('partner.test', 'secure', "
		. "'mx.partner.test:.partner.test', 'contract', "
		. "now() + '1 year')");
	$pg->psql("select signet.tls_override_set('.below.test', 'encrypt', "
		. "null, 'all of them', now() + '1 year')");
	my $told = share_well($one, 'read');
	cmp_ok($told->{generation}, '>', $before, 'answers are asked anew');
	is($one->tell('share')->{generation}, $told->{generation},
	    'once for a change');
	my $found = $one->tell('override partner.test');
	is_deeply([@$found{qw(level match reason)}], ['secure',
		'mx.partner.test:.partner.test', 'contract'], 'as written');
	is($one->tell('override a.below.test')->{level}, 'encrypt',
	    "a parent's");
	is_deeply($one->tell('override below.test'), {}, 'not the parent');
};

# PostgreSQL is away: nothing that is known changes, over a restart too.
subtest 'PostgreSQL outage' => sub {
	$pg->stop('immediate');
	my $told = $one->tell('share');
	ok(!$told->{good}, 'it is away');
	ok($told->{why} ne '', 'and why is told');
	is($one->tell('get shared.test')->{mode}, 'testing',
	    'policies count');
	is($one->tell('override partner.test')->{level}, 'secure',
	    'overrides count');
	$web->policy('alone.test', mx => ['mx.alone.test']);
	publish('alone.test' => '1');
	is($one->tell('get alone.test')->{result}, 'present',
	    'new policies are fetched');
	is($one->stop, 0, 'restarted without it');
	$one = host(directory => $one_dir);
	is($one->tell('override partner.test')->{level}, 'secure',
	    'overrides count after a restart');
	is($one->tell('get alone.test')->{result}, 'present',
	    'policies too');
	is($one->tell('get shared.test')->{mode}, 'testing', 'all of them');
	ok(!$one->tell('share')->{good}, 'it is still away');
	$pg->start;
	wait_for(60, sub { $one->tell('share')->{good} }, 'the database');
	is($pg->value("select count(*) from signet.sts_policy where domain = "
		. "'alone.test'"), 1, 'what was fetched meanwhile is shared');
};

subtest 'the copy of the overrides is damaged' => sub {
	$one->stop;
	spew("$one_dir/tls-overrides", '{"overrides": [');
	my $damaged = host(directory => $one_dir,
	    conninfo => 'host=/nonexistent');
	like($damaged->log, qr{overrides are not known .*\Q$one_dir\E/tls-over},
	    'told');
	$damaged->stop;
	spew("$one_dir/tls-overrides", '{"overrides": [{"name": "good.test",'
	    . '"level": "encrypt", "match": "", "reason": "", "until": 0},'
	    . '{"name": "bad.test", "level": "best"}, 7]}');
	$damaged = host(directory => $one_dir,
	    conninfo => 'host=/nonexistent');
	like($damaged->log, qr/2 overrides of the file are left out/,
	    'parts of it');
	is($damaged->tell('override good.test')->{level}, 'encrypt',
	    'the rest counts');
	$damaged->stop;
};

# The daemon itself: what it takes from the database when it starts, and what
# it still knows when it starts without.
subtest 'signet-policy' => sub {
	program_path('signet-policy') or plan skip_all =>
	    'signet-policy has not been built';
	my $place = temp_dir();
	mkdir "$place/$_" for qw(spool state);
	my $ask = sub {
		return Signet::Socketmap->new("unix:$place/policy.sock")
		    ->ask('policy', @_);
	};
	my $from = host();
	$web->policy('daemon.test', mx => ['mx.daemon.test']);
	publish('daemon.test' => 'd1');
	$from->tell('get daemon.test');
	share_well($from, 'another host has a policy');
	is($from->stop, 0, 'and ends');
	$web->stop;
	my $daemon = Signet::Program->new('signet-policy', dir => $place,
	    config => join "\n", '[common]', 'hostname = mx.site.test',
	    'log = stderr', "spool_directory = $place/spool", '[dns]',
	    'forward = ' . $dns->address, 'root_key = none', '[database]',
	    'conninfo = ' . $pg->conninfo(user => 'policy')
	    . ' connect_timeout=5', '[mta_sts]', "directory = $place/state",
	    'ca_file = ' . $web->ca_file, 'port = ' . $web->port,
	    'allowed_networks = 127.0.0.0/8', '[policy]',
	    "listen = unix:$place/policy.sock", 'answers = none',
	    'deadline = 60s', '');
	wait_for(60, sub { (slurp("$place/state/sts-policies") // '')
		=~ /\tdaemon\.test\t/ }, 'the policies of the database');
	wait_for(60, sub { $ask->('a.below.test') =~ /encrypt/ },
	    'the overrides of the database');
	is($ask->('daemon.test'), 'OK secure match=mx.daemon.test '
	    . 'servername=hostname', 'the policy of the other host');
	$pg->stop('immediate');
	is($daemon->stop, 0, 'stopped') or diag $daemon->log;
	$daemon->start;
	like($ask->('a.below.test'), qr/^OK encrypt/,
	    'started without database: the override counts');
	is($ask->('daemon.test'), 'OK secure match=mx.daemon.test '
	    . 'servername=hostname', 'and the policy');
	$daemon->wait_log(qr/are not shared, what is known counts/, 60);
	$daemon->kill;
	$daemon->start;
	like($ask->('daemon.test'), qr/^OK secure/, 'after a kill, too');
	is($daemon->stop, 0, 'the end');
	$web->start;
	$pg->start;
};

is($two->stop, 0, 'no complaint');
done_testing;
