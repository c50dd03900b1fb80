#!/usr/bin/perl
# MTA-STS policies of others: fetched once and kept; every fault of a policy
# host, for a domain that is known and one that is not; the outages of DNS,
# HTTPS and PostgreSQL; restart, kill, full disk and damaged file.
# (docs/security.md items 42 and 43)

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dns;
use Signet::PolicyHost;
use Signet::StsDriver;
use Signet::Util qw(temp_dir slurp spew append_file wait_for skip_or_fail
    free_port);

-x Signet::StsDriver::program() or skip_or_fail('sts_driver is not built');
eval { require Net::SSLeay; 1 }
    or skip_or_fail('not installed: libio-socket-ssl-perl');

my $web = Signet::PolicyHost->new;
my %zone;	# name => lines
my $dns = Signet::Dns->new(ttl => 0);

sub publish {
	$dns->table(join '', map { map { "$_\n" } @{ $zone{$_} } }
	    sort keys %zone);
	return;
}

# The record and the host of a domain.
sub domain {
	my ($domain, $id, @host) = @_;
	@host = ('A 127.0.0.1') unless @host;
	$zone{$domain} = [
		defined $id ? map { qq{_mta-sts.$domain TXT "v=STSv1; id=$_;"} }
		    ref $id ? @$id : $id : (),
		map { "mta-sts.$domain $_" } @host,
	];
	publish();
	return;
}

sub config {
	my (%set) = @_;
	my $conninfo = delete $set{conninfo} // 'host=/nonexistent';
	%set = (directory => temp_dir(), ca_file => $web->ca_file, port =>
	    $web->port, allowed_networks => '127.0.0.0/8', %set);
	return join "\n", '[dns]', 'forward = ' . $dns->address,
	    'root_key = none', 'timeout = 60s', '[database]',
	    "conninfo = $conninfo", '[mta_sts]',
	    (map { "$_ = $set{$_}" } sort grep { defined $set{$_} } keys %set),
	    '';
}

sub driver {
	my (%set) = @_;
	my $blocks = delete $set{blocks};
	return Signet::StsDriver->new(config => config(%set),
	    blocks => $blocks);
}

# The members of an answer that a test speaks of.
sub answer_is {
	my ($got, $want, $name) = @_;
	my %seen = map { $_ => $got->{$_} } grep { $_ ne 'detail' }
	    keys %$want;
	my %rest = %$want;
	my $detail = delete $rest{detail};
	is_deeply(\%seen, \%rest, $name) or diag(explain($got));
	like($got->{detail}, $detail, "$name: the reason") if $detail;
	return;
}

my %no = (failure => 'none', fallback => JSON::PP::false,
    back_off => JSON::PP::false);
my $yes = JSON::PP::true;

subtest 'fetched once, then kept' => sub {
	my $driver = driver();
	$web->policy('good.test', mx => ['mx.good.test', '*.good.test']);
	domain('good.test', 'a1');
	my $file = $web->policy_text(mx => ['mx.good.test', '*.good.test']);
	for my $time (1 .. 3) {
		answer_is($driver->tell('get good.test'), { %no,
			result => 'present', mode => 'enforce', mx => 2,
			id => 'a1', file => $file }, "answer $time");
	}
	is($web->count('mta-sts.good.test'), 1, 'one request');
	my ($request) = $web->_requests('mta-sts.good.test');
	is($request->{path}, '/.well-known/mta-sts.txt', 'its path');
	is($request->{method}, 'GET', 'its method');
	is($request->{fields}{host}, 'mta-sts.good.test:' . $web->port,
	    'its host');
	ok(!grep({ exists $request->{fields}{$_} } qw(cookie authorization
	    referer accept-encoding)), 'nothing that it need not say');
	$web->policy('good.test', mode => 'testing', mx => ['mx2.good.test']);
	answer_is($driver->tell('get good.test'), { %no, mode => 'enforce' },
	    'the file alone changes nothing');
	domain('good.test', 'a2');
	answer_is($driver->tell('get good.test'), { %no, mode => 'testing',
		id => 'a2', mx => 1 }, 'a new id is a new policy');
	is($web->count('mta-sts.good.test'), 2, 'and a second request');
	is($driver->stop, 0, 'no complaint at the end');
};

subtest 'one fetch for a thousand that ask' => sub {
	my $driver = driver();
	$driver->tell('start');
	my $hold = temp_dir() . '/hold';
	spew($hold, '');
	$web->policy('many.test', mx => ['mx.many.test'], hold => $hold);
	domain('many.test', 'm1');
	$driver->start_telling('many 300 many.test');
	wait_for(60, sub { $web->count('mta-sts.many.test') },
	    'the request');
	unlink $hold;
	is_deeply($driver->told, { absent => 0, present => 300,
		temperror => 0 }, 'all have the policy');
	is($web->count('mta-sts.many.test'), 1, 'of one request');
	is($driver->stop, 0, 'no complaint');
};

subtest 'absence costs nothing' => sub {
	my $driver = driver();
	my $before = $web->connections;
	$zone{none} = ['none.test TXT "v=spf1 -all"',
	    '_mta-sts.other.test TXT "some other text"',
	    'mta-sts.other.test A 127.0.0.1'];
	publish();
	for my $name (qw(none.test other.test nowhere.invalid)) {
		answer_is($driver->tell("get $name"), { %no,
			result => 'absent', file => '' }, $name);
	}
	is($driver->tell('counts')->{policies}, 0, 'nothing is kept');
	is($web->connections, $before, 'nobody is asked');
};

# What a policy host does wrong, and what it is called.
my $elsewhere = 'https://mta-sts.target.test:' . $web->port
    . '/.well-known/mta-sts.txt';
my @fault = (
	[status404 => { status => 404 }, 'fetch', qr/HTTP status 404/],
	[status500 => { status => 500 }, 'fetch', qr/HTTP status 500/],
	[status206 => { status => 206 }, 'fetch', qr/HTTP status 206/],
	[redirect => { status => 301, location => $elsewhere }, 'fetch',
	    qr/HTTP status 301, a redirection/],
	[media => { type => 'text/html' }, 'invalid',
	    qr{media type "text/html", not text/plain}],
	[nomedia => { type => undef }, 'invalid', qr/media type ""/],
	[huge => { size => 65537 }, 'fetch', qr/more than 65536 bytes/],
	[endless => { raw => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
		. "\r\n" . 'x' x 200_000 }, 'fetch', qr/more than 65536 bytes/],
	[headers => { headers => join '', map { "X-$_: " . 'y' x 1000
		    . "\r\n" } 1 .. 90 }, 'fetch', qr/bytes/],
	[nopolicy => { body => "<html>parked</html>\n" }, 'invalid', qr/./],
	[nomx => { mx => [] }, 'invalid', qr/mx/],
	[name => { certificate => 'wrong-name' }, 'webpki',
	    qr/no alternative certificate subject name matches/],
	[expired => { certificate => 'expired' }, 'webpki', qr/expired/],
	[future => { certificate => 'future' }, 'webpki', qr/not yet valid/],
	[unknown => { certificate => 'unknown-ca' }, 'webpki',
	    qr/certificate/],
	[selfsigned => { certificate => 'self-signed' }, 'webpki',
	    qr/self.signed/],
	[plain => { fault => 'plain' }, 'fetch', qr/./],
	[close => { fault => 'close' }, 'fetch', qr/./],
	[cut => { fault => 'cut' }, 'fetch', qr/./],
	[http09 => { raw => "version: STSv1\nmode: none\nmax_age: 1\n" },
	    'fetch', qr/./],
);
my @slow = (
	[silent => { fault => 'silent' }, 'fetch', qr/timed out|in time|no time/],
	[mute => { fault => 'mute' }, 'fetch', qr/timed out|in time|no time/],
	[drip => { fault => 'drip' }, 'fetch', qr/timed out|in time|no time/],
);
my $known_directory = temp_dir();

$web->policy('target.test', mx => ['mx.target.test']);
domain('target.test', 't1');

# All of them serve well first, so that there is a policy from before.
subtest 'policies from before the faults' => sub {
	my $driver = driver(directory => $known_directory);
	for my $fault (@fault, @slow) {
		my $domain = "$fault->[0]-known.test";
		$web->policy($domain, mx => ["mx.$domain"]);
		domain($domain, '1');
		answer_is($driver->tell("get $domain"), { %no,
			result => 'present', id => '1' }, $domain);
	}
	is($driver->stop, 0, 'kept on disk');
};

sub check_fault {
	my ($driver, $name, $fault, $failure, $detail) = @_;
	my $known = "$name-known.test";
	my $before = $web->connections;
	for my $domain ("$name.test", $known) {
		$web->policy($domain, mx => ["mx.$domain"], mode => 'testing',
		    %$fault);
		domain($domain, '2');
	}
	answer_is($driver->tell("get $name.test"), { result => 'absent',
		failure => $failure, detail => $detail, fallback =>
		JSON::PP::false, back_off => JSON::PP::false },
	    "$name, a domain that is not known");
	# a host that was given up may not have seen the connection yet
	wait_for(60, sub { $web->connections > $before }, 'the connection');
	my $connections = $web->connections;
	answer_is($driver->tell("get $name.test"), { result => 'absent',
		failure => $failure, detail => $detail, back_off => $yes },
	    "$name, asked again");
	is($web->connections, $connections, "$name: left alone for a while");
	answer_is($driver->tell("get $known"), { result => 'present',
		mode => 'enforce', id => '1', mx => 1, failure => $failure,
		detail => $detail, fallback => $yes },
	    "$name, a domain with a policy from before");
	return;
}

# item 42: redirects, size, media type, certificate
subtest 'item_42_every_fault_of_a_policy_host' => sub {
	my $driver = driver(directory => $known_directory);
	my $target = $web->count('mta-sts.target.test');
	check_fault($driver, @$_) for @fault;
	is($web->count('mta-sts.target.test'), $target,
	    'no redirection was followed');
	$driver->tell('later 301');
	$web->policy('status404.test', mx => ['mx.status404.test']);
	answer_is($driver->tell('get status404.test'), { %no,
		result => 'present' }, 'mended, and tried again');
	is($driver->stop, 0, 'no complaint');
};

# item 42: slow peers; the whole fetch has one deadline
subtest 'item_42_policy_hosts_that_are_slow' => sub {
	my $driver = driver(directory => $known_directory,
	    fetch_timeout => '1s');
	check_fault($driver, @$_) for @slow;
	is($driver->stop, 0, 'no complaint');
};

# item 42: addresses that no host of the Internet has
subtest 'item_42_addresses_where_nobody_is_asked' => sub {
	my $driver = driver(allowed_networks => undef);
	my $before = $web->connections;
	my %address = (loopback => 'A 127.0.0.1', private => 'A 10.0.0.1',
	    metadata => 'A 169.254.169.254', loopback6 => 'AAAA ::1',
	    local6 => 'AAAA fd00::1', mapped => 'AAAA ::ffff:127.0.0.1',
	    zero => 'A 0.0.0.0');
	for my $name (sort keys %address) {
		$web->policy("$name.test", mx => ['mx.test']);
		domain("$name.test", '1', $address{$name});
		answer_is($driver->tell("get $name.test"), {
			result => 'absent', failure => 'fetch',
			detail => qr/has no address in the Internet/ }, $name);
	}
	is($web->connections, $before, 'no connection was made');
	my $only = driver(allowed_networks => '192.0.2.0/24');
	answer_is($only->tell('get loopback.test'), { result => 'absent',
		failure => 'fetch' }, 'another network is allowed');
	is($web->connections, $before, 'still none');
};

# The answer while the fetch runs: with a deadline that is after the record
# came, however slow the machine is.
sub late_answer {
	my ($driver, $domain) = @_;
	my $ms = 25;
	return wait_for(60, sub {
		my $answer = $driver->tell("get $domain " . ($ms *= 2));
		return $answer->{detail} =~ /still being fetched/
		    ? $answer : undef;
	}, "the fetch for $domain");
}

subtest 'what is slow: later, and no second fetch' => sub {
	my $driver = driver();
	my $hold = temp_dir() . '/hold';
	spew($hold, '');
	$web->policy('slow.test', mx => ['mx.slow.test'], hold => $hold);
	domain('slow.test', '1');
	answer_is(late_answer($driver, 'slow.test'), {
		result => 'temperror', ttl => 0 },
	    "not there in time is not 'there is none'");
	answer_is(late_answer($driver, 'slow.test'), {
		result => 'temperror' }, 'and again');
	unlink $hold;
	$driver->tell('idle');
	answer_is($driver->tell('get slow.test'), { %no,
		result => 'present' }, 'there afterwards');
	is($web->count('mta-sts.slow.test'), 1, 'one request');
	spew($hold, '');
	domain('slow.test', '2');
	answer_is(late_answer($driver, 'slow.test'), { result => 'present',
		id => '1', fallback => $yes },
	    'with a policy from before, that counts meanwhile');
	unlink $hold;
	$driver->tell('idle');
	answer_is($driver->tell('get slow.test'), { %no, id => '2' },
	    'until the new one is there');
	spew($hold, '');
	$web->policy('stopped.test', mx => ['mx.test'], hold => $hold);
	domain('stopped.test', '1');
	late_answer($driver, 'stopped.test');
	is($driver->stop, 0, 'a fetch does not hold up the end');
	unlink $hold;
};

subtest 'DNS outage' => sub {
	my $directory = temp_dir();
	my $driver = driver(directory => $directory);
	for my $name (qw(dnsa dnsb dnsc dnsd dnse)) {
		$web->policy("$name.test", mx => ["mx.$name.test"]);
		domain("$name.test", '1');
		$driver->tell("get $name.test");
	}
	my $asked = $web->connections;
	my %fate = (
		dnsa => [['_mta-sts.dnsa.test TXT @servfail'], 'dns', 30],
		dnsb => [[], 'gone', undef],
		dnsc => [['_mta-sts.dnsc.test TXT "v=STSv1; id=1;"',
			'_mta-sts.dnsc.test TXT "v=STSv1; id=2;"'], 'record'],
		dnsd => [['_mta-sts.dnsd.test TXT "v=STSv1; id=no id;"'],
		    'record'],
	);
	for my $name (sort keys %fate) {
		my ($lines, $failure) = @{ $fate{$name} };
		$zone{"$name.test"} = [@$lines,
		    "mta-sts.$name.test A 127.0.0.1"];
	}
	$zone{"cold$_.test"} = ["_mta-sts.cold$_.test TXT \@$_",
	    "mta-sts.cold$_.test A 127.0.0.1"] for qw(servfail refused);
	publish();
	for my $name (sort keys %fate) {
		answer_is($driver->tell("get $name.test"), {
			result => 'present', mode => 'enforce', id => '1',
			failure => $fate{$name}[1], fallback => $yes },
		    "known, $fate{$name}[1]");
	}
	for my $name (qw(servfail refused)) {
		answer_is($driver->tell("get cold$name.test"), {
			result => 'temperror', failure => 'dns', ttl => 0,
			detail => qr/could not be asked/ },
		    "not known, $name: no answer but later");
	}
	$zone{"wrong$_"} = [map { "_mta-sts.wrong$_.test TXT $_" }
		'"v=STSv1; id=1;"', '"v=STSv1; id=2;"'] for 1;
	$zone{wrong1} = ['_mta-sts.wrong1.test TXT "v=STSv1; id=1;"',
	    '_mta-sts.wrong1.test TXT "v=STSv1; id=2;"'];
	$zone{wrong2} = ['_mta-sts.wrong2.test TXT "v=STSv1;"'];
	$zone{wrong3} = ['_mta-sts.wrong3.test TXT "v=STSv2; id=1;"'];
	publish();
	answer_is($driver->tell('get wrong1.test'), { result => 'absent',
		failure => 'record', detail => qr/several records/ },
	    'several records are none');
	answer_is($driver->tell('get wrong2.test'), { result => 'absent',
		failure => 'record' }, 'a broken record is none');
	answer_is($driver->tell('get wrong3.test'), { result => 'absent' },
	    "somebody else's record is none");
	is($web->connections, $asked, 'nobody was asked for a policy');

	# the policy host's addresses cannot be had
	domain('noaddress.test', '1', 'TXT "no address"');
	answer_is($driver->tell('get noaddress.test'), { result => 'absent',
		failure => 'fetch', detail => qr/has no address/ },
	    'a policy host without address');
	domain('badaddress.test', '1', '* @servfail');
	answer_is($driver->tell('get badaddress.test'), {
		result => 'absent', failure => 'fetch' },
	    'a policy host whose address cannot be asked');
	is($driver->stop, 0, 'no complaint');
};

subtest 'HTTPS outage' => sub {
	my $directory = temp_dir();
	my $driver = driver(directory => $directory);
	$web->policy('away.test', mx => ['mx.away.test'], max_age => 86400);
	domain('away.test', '1');
	$driver->tell('get away.test');
	$web->stop;
	domain('away.test', '2');
	domain('awaycold.test', '1');
	answer_is($driver->tell('get away.test'), { result => 'present',
		id => '1', fallback => $yes, failure => 'fetch' }, 'known');
	answer_is($driver->tell('get awaycold.test'), { result => 'absent',
		failure => 'fetch' }, 'not known');
	$driver->tell('later 54001');
	$driver->tell('round');
	answer_is($driver->tell('get away.test'), { result => 'present',
		fallback => $yes }, 'a refresh that fails keeps the policy');
	like($driver->log, qr/=away\.test refresh failed, the policy from before/,
	    'and is logged');
	$driver->tell('later 33000');
	answer_is($driver->tell('get away.test'), { result => 'absent',
		failure => 'fetch' }, 'until its max_age is over');
	$web->start;
	$driver->tell('later 301');
	answer_is($driver->tell('get away.test'), { %no, result => 'present',
		id => '2' }, 'back again');
	is($driver->stop, 0, 'no complaint');
};

subtest 'refreshed before the end' => sub {
	my $driver = driver();
	my $round = sub { $driver->tell("later $_[0]"); $driver->tell('round') };
	$web->policy('fresh.test', mx => ['mx.fresh.test'], max_age => 604800);
	domain('fresh.test', '1');
	$driver->tell('get fresh.test');
	is($round->(3600)->{refreshes}, 0, 'not after an hour');
	is($round->(86400)->{refreshes}, 1, 'within a day');
	is($web->count('mta-sts.fresh.test'), 1, 'the same id: no request');
	my $left = $driver->tell('get fresh.test')->{left};
	cmp_ok($left, '>', 604800 - 600, 'its time has begun again');
	domain('fresh.test', '2');
	$round->(86400);
	is($web->count('mta-sts.fresh.test'), 2, 'a new id is fetched');
	$round->(86400) for 1 .. 8;
	is($web->count('mta-sts.fresh.test'), 3,
	    'after a week, the same id does not keep from looking');
	answer_is($driver->tell('get fresh.test'), { %no,
		result => 'present' }, 'never asked for, always there');

	# disappeared
	domain('fresh.test', undef);
	$round->(86400);
	like($driver->log, qr/=fresh\.test has a policy from before, but no record/,
	    'a record that has gone is told');
	answer_is($driver->tell('get fresh.test'), { result => 'present',
		failure => 'gone' }, 'and the policy counts');
	$web->policy('fresh.test', mode => 'none', max_age => 604800);
	$round->(86400);
	answer_is($driver->tell('get fresh.test'), { result => 'present',
		mode => 'none' }, 'mode none is taken without record, too');
	$round->(86400);
	answer_is($driver->tell('get fresh.test'), { %no,
		result => 'absent' }, 'then nothing is left');

	# mode none, and the record cannot be asked
	$web->policy('leaves.test', mode => 'none', max_age => 604800);
	domain('leaves.test', '1');
	$driver->tell('get leaves.test');
	$zone{'leaves.test'}[0] = '_mta-sts.leaves.test TXT @servfail';
	publish();
	is($round->(86400)->{policies}, 1, 'it stays');
	unlike($driver->log, qr/leaves\.test/, 'silently');

	# unused
	my $unused = driver(unused => '2d');
	$web->policy('unused.test', mx => ['mx.unused.test']);
	domain('unused.test', '1');
	$unused->tell('get unused.test');
	$unused->tell('later 86400');
	is($unused->tell('round')->{policies}, 1, 'one day unused');
	$unused->tell('later 90000');
	my $counts = $unused->tell('round');
	is($counts->{policies}, 0, 'two days unused: forgotten');
	is($counts->{forgotten}, 1, 'and counted');
};

subtest 'many domains' => sub {
	my $driver = driver(policies => 100);
	my $bytes = $driver->tell('fill 10000')->{bytes};
	cmp_ok($bytes, '<', 100 * 400, 'no more than was said');
	is($driver->tell('counts')->{policies}, 100, 'the number is bounded');
	my $whole = driver();
	$bytes = $whole->tell('fill 10000')->{bytes};
	cmp_ok($bytes, '<', 3 << 20, '10,000 policies take less than 3 MiB');
	note("$bytes bytes");
	is($whole->stop, 0, 'written');
};

subtest 'restart' => sub {
	my $directory = temp_dir();
	my $driver = driver(directory => $directory);
	$web->policy('stay.test', mx => ['mx.stay.test']);
	domain('stay.test', '1');
	my $first = $driver->tell('get stay.test');
	is($driver->stop, 0, 'stopped');
	$web->forget;
	$driver = driver(directory => $directory);
	$driver->tell('start');
	like($driver->log, qr/1 policies from before/, 'read again');
	my $second = $driver->tell('get stay.test');
	is_deeply({ %$second, left => 0 }, { %$first, left => 0 },
	    'the same answer');
	is($web->count('mta-sts.stay.test'), 0, 'without a request');
	my $other = driver(directory => $directory);
	like($other->log, qr/another process has it/,
	    'a second process keeps away from the file');
	answer_is($other->tell('get stay.test'), { result => 'present' },
	    'and works in memory');
};

# Killed at some moment or other: what is there is whole.
subtest 'killed' => sub {
	my $directory = temp_dir();
	my $known = 0;
	for my $round (1 .. 5) {
		my $driver = driver(directory => $directory);
		$driver->tell('start');
		$driver->start_telling('fill ' . 3000 * $round);
		my $size = -s "$directory/sts-policies" // 0;
		wait_for(60, sub {
			(-s "$directory/sts-policies" // 0) != $size
			    || -e "$directory/sts-policies.new";
		}, 'a change of the file');
		$driver->kill;
		my $next = driver(directory => $directory);
		unlike($next->log, qr/damaged|left out, the first/,
		    "kill $round: no line is damaged");
		my $found = $next->tell('counts')->{policies};
		cmp_ok($found, '>=', $known, "kill $round: $found policies");
		$known = $found;
		is($next->stop, 0, "kill $round: stopped well");
	}
	ok($known > 0, 'some were there');
};

subtest 'damaged file' => sub {
	my $directory = temp_dir();
	my $driver = driver(directory => $directory);
	$driver->tell('fill 50');
	$driver->stop;
	my $file = "$directory/sts-policies";
	my @lines = split /(?<=\n)/, slurp($file);
	$lines[9] =~ tr/m/n/;
	$lines[19] = "\0\xff nonsense\n";
	$lines[29] =~ s/enforce/testing/;
	spew($file, join('', @lines) . substr $lines[0], 0, 40);
	$driver = driver(directory => $directory);
	is($driver->tell('counts')->{policies}, 47,
	    'each damage costs its line');
	my @told = $driver->log =~ /^(.*sts-policies.*)$/mg;
	is(@told, 2, 'two lines in the log') or diag($driver->log);
	like($told[0], qr/3 damaged lines .* line 10: the sum is wrong/,
	    'what, and where');
	like($told[1], qr/ended within a line/, 'and the end');
	ok(-s "$file.damaged", 'the damaged file is kept');
	$driver->stop;
	$driver = driver(directory => $directory);
	unlike($driver->log, qr/damaged/, 'the new one is whole');
	is($driver->tell('counts')->{policies}, 47, 'with all the rest');
	$driver->stop;
	unlink $file;
	mkdir $file or die;
	$driver = driver(directory => $directory);
	like($driver->log, qr/policies were not read: .*directory/i,
	    'what cannot be read is told');
	answer_is($driver->tell('get good.test'), { result => 'present' },
	    'and hinders nothing');
	$driver->stop;
	my $none = driver(directory => '/nonexistent/directory');
	like($none->log, qr{memory only: /nonexistent/directory: No such},
	    'no directory: in memory');
	answer_is($none->tell('get good.test'), { result => 'present' },
	    'and it works');
};

# A process that may write files up to 64 KiB stands for a disk of that size.
subtest 'full disk' => sub {
	my $directory = temp_dir();
	my $driver = driver(directory => $directory, blocks => 128);
	my $counts = $driver->tell('fill 1000');
	is($counts->{policies}, 1000, 'memory holds all');
	ok($counts->{file_errors} > 0, 'the failure is counted');
	my @told = $driver->log =~ /^(.*not on disk.*)$/mg;
	is(@told, 1, 'and logged once');
	like($told[0], qr/File too large/, 'with the reason');
	answer_is($driver->tell('get good.test'), { result => 'present' },
	    'answers go on');
	$driver->tell('fill 1000');
	@told = $driver->log =~ /not on disk/g;
	is(@told, 1, 'once');
	$driver->stop;
	my $next = driver(directory => $directory);
	unlike($next->log, qr/damaged|within a line/, 'no half line is left');
	$next->stop;
};

# item 43: reports go by the same client
subtest 'item_43_posting_where_others_say' => sub {
	my $driver = driver();
	my $port = $web->port;
	$web->site('report.test', status => 201, body => 'thanks');
	$web->site('moved.test', status => 307,
	    location => "https://report.test:$port/x");
	$web->site('late.test', certificate => 'expired');
	$zone{posts} = [(map { "$_.test A 127.0.0.1" } qw(report moved late)),
	    'inside.test A 10.0.0.1'];
	publish();
	my $reply = $driver->tell("post https://report.test:$port/v1/tls?a=b");
	is_deeply([@$reply{qw(result status body)}], ['replied', 201,
		'thanks'], 'accepted');
	my ($post) = $web->posts('report.test');
	is($post->{path}, '/v1/tls?a=b', 'path and query');
	is($post->{type}, 'application/tlsrpt+gzip', 'media type');
	is($post->{body}, "the \0 body", 'body');
	$reply = $driver->tell("post https://moved.test:$port/");
	is_deeply([@$reply{qw(result status)}], ['replied', 307],
	    'a redirection is a reply');
	is(scalar $web->posts('report.test'), 1, 'and is not followed');
	my $connections = $web->connections;
	for my $url ("http://report.test:$port/", 'https://127.0.0.1/x',
	    'https://inside.test/', "https://x\@report.test:$port/",
	    'file:///etc/passwd') {
		is($driver->tell("post $url")->{result}, 'forbidden', $url);
	}
	is($web->connections, $connections, 'nothing was sent');
	is($driver->tell("post https://late.test:$port/")->{result},
	    'not trusted', 'certificate');
	is(scalar $web->posts('late.test'), 0, 'no byte of the report');
};

done_testing;
