package Bench::Policy;

# signet-policy beside a socketmap server that answers at once, and beside
# postfix-mta-sts-resolver with both its caches. Meant for a network namespace
# of its own, where ports 53 and 443 of 127.0.0.1 are free.
#
#   my $result = Bench::Policy::measure($build, $rounds, $seconds);
#   Bench::Policy::report($result);
#   my @goals = Bench::Policy::goals($result);

use strict;
use warnings;
use POSIX ();
use Bench::Dns;
use Bench::Process;
use Bench::Table;
use Signet::PolicyHost;
use Signet::Util qw(find_program must_run run_command slurp spew temp_dir
    wait_for);

my @connections = (8, 64);
my ($with, $without, $fresh, $many, $turns) = (50, 150, 200, 10_000, 4);
my @peers = ('at once', 'signet-policy', 'mta-sts-resolver, memory',
    'mta-sts-resolver, sqlite');
my $ticks = POSIX::sysconf(POSIX::_SC_CLK_TCK());

sub domains { my ($name, $count) = @_; return map { "$name$_.example" } 1 .. $count }

# The names of all rounds, in an unsigned zone, as most are.
sub zone {
	my ($rounds) = @_;
	my $policy = sub {
		my ($domain) = @_;
		return "$domain. MX 10 mx.$domain.\n"
		    . "mx.$domain. A 192.0.2.1\n"
		    . "_mta-sts.$domain. TXT \"v=STSv1; id=1\"\n"
		    . "mta-sts.$domain. A 127.0.0.1\n";
	};
	return join '', map({ $policy->($_) } domains('with', $with),
		map { domains("fresh$_-", $fresh) } 1 .. $rounds),
	    map({ "$_. MX 10 mx.plain.example.\n" } domains('without', $without)),
	    map({ "$_. MX 10 mx.plain.example.\n"
		. "_mta-sts.$_. TXT \"v=STSv1; id=1\"\n" }
		domains('many', $many)),
	    "mx.plain.example. A 192.0.2.2\n";
}

sub site {
	my ($build, $rounds) = @_;
	my $dir = temp_dir();
	my %site = (dir => $dir, build => $build, number => 0);

	mkdir "$dir/zone" or die "$!\n";
	spew("$dir/zone/zone", '');
	spew("$dir/zone/plain", zone($rounds));
	$site{dns} = Bench::Dns->start(directory => "$dir/dns",
		corpus => "$dir/zone", plain => 'example');
	# it makes the certificates; what serves them is to be no part of what
	# is measured
	my $web = Signet::PolicyHost->new;
	$web->policy($_) for domains('with', $with),
	    map { domains("fresh$_-", $fresh) } 1 .. $rounds;
	$web->stop;
	$site{web} = Bench::Process->start("$dir/web.log",
		"$build/t/bench/policyweb", 443, $web->{dir})
	    ->await('127.0.0.1:443');
	$site{authorities} = spew("$dir/authorities", join '', map {
		slurp($_) // '' } '/etc/ssl/certs/ca-certificates.crt',
		$web->ca_file);
	$site{keys}{policy} = keys_file(\%site, 'policy',
		domains('with', $with));
	$site{keys}{absent} = keys_file(\%site, 'absent',
		domains('without', $without));
	$site{keys}{many} = keys_file(\%site, 'many', domains('many', $many));
	return \%site;
}

sub keys_file {
	my ($site, $name, @keys) = @_;

	return spew("$site->{dir}/$name.keys", join '', map { "$_\n" } @keys);
}

# --- who answers ---

sub start {
	my ($site, $name, $state) = @_;
	my $dir = $state // "$site->{dir}/peer" . ++$site->{number};
	my $socket = "$dir/socket";
	my ($cache) = $name =~ /^mta-sts-resolver, (\w+)/;

	-d $dir or mkdir $dir or die "$dir: $!\n";
	unlink $socket;
	my @command = $name eq 'at once'
	    ? ("$site->{build}/t/bench/nullmap", "unix:$socket",
		'OK secure match=mx.with10.example servername=hostname')
	    : $name eq 'signet-policy' ? signet($site, $dir, $socket)
	    : resolver($site, $dir, $socket, $cache);
	my $process = Bench::Process->start("$dir/log", @command);
	$process->await("unix:$socket");
	return { name => $name, dir => $dir, socket => $socket,
		process => $process, pid => $process->pid };
}

sub signet {
	my ($site, $dir, $socket) = @_;

	mkdir "$dir/spool";
	spew("$dir/signet.conf", <<"END");
[common]
hostname = mx.site.bench
log = stderr
spool_directory = $dir/spool
[dns]
forward = 127.0.0.1
root_key = ${\ $site->{dns}->root_key}
[database]
conninfo = host=$dir/nowhere
[mta_sts]
directory = $dir
ca_file = $site->{authorities}
allowed_networks = 127.0.0.0/8
[policy]
listen = unix:$socket
answers = none
END
	return ("$site->{build}/signet-policy", '-c', "$dir/signet.conf");
}

# As Debian has it, but for the socket, and no words about each query.
sub resolver {
	my ($site, $dir, $socket, $cache) = @_;
	my $options = $cache eq 'memory'
	    ? "  type: internal\n  options:\n    cache_size: 20000\n"
	    : "  type: sqlite\n  options:\n    filename: \"$dir/cache.db\"\n";

	spew("$dir/config.yml", "path: $socket\nmode: 0666\ncache:\n$options"
	    . "default_zone:\n  strict_testing: false\n  timeout: 4\n");
	return ('env', "SSL_CERT_FILE=$site->{authorities}",
	    'mta-sts-daemon', '-v', 'warn', '-c', "$dir/config.yml");
}

# --- figures ---

# CPU seconds so far; the process that `env` became has the same number.
sub cpu_of {
	my ($pid) = @_;
	my @field = split / /, slurp("/proc/$pid/stat") =~ s/^.*\) //sr;

	return ($field[11] + $field[12]) / $ticks;
}

sub memory_of {
	my ($pid) = @_;
	my $status = slurp("/proc/$pid/status");
	my ($all) = $status =~ /^VmRSS:\s+(\d+)/m;
	my ($own) = $status =~ /^RssAnon:\s+(\d+)/m;

	return (rss_mib => $all / 1024, own_mib => $own / 1024);
}

sub load {
	my ($site, $peer, $connections, $seconds, $keys) = @_;
	my $before = cpu_of($peer->{pid});
	my $out = must_run("$site->{build}/t/bench/mapload",
		"unix:$peer->{socket}", $connections, $seconds, 'policy', $keys);
	my %figure = $out =~ /^(\S+) (.*)$/mg;

	die "$peer->{name}: $figure{temp} TEMP\n" if $figure{temp};
	$figure{cpu_us} = (cpu_of($peer->{pid}) - $before) * 1e6
	    / $figure{queries};
	return \%figure;
}

# Warm caches: each key was asked before the clock starts. The peers take turns
# in short pieces, so that a busy moment of the machine falls on all of them.
sub measure_cached {
	my ($site, $result, $seconds) = @_;
	my @peers = map { start($site, $_) } @{ $result->{peers} };
	my %memory = map { $_->{name} => { start => {
		memory_of($_->{pid}) } } } @peers;

	for my $kind (qw(policy absent)) {
		load($site, $_, 8, 0, $site->{keys}{$kind}) for @peers;
		measure_turns($site, $result, \@peers, $kind, $seconds);
	}
	for my $peer (@peers) {
		my $name = $peer->{name};
		push @{ $result->{cached}{$name} }, { %{ $memory{$name} },
			end => { memory_of($peer->{pid}) } };
	}
	my ($floor, $ours) = @peers;
	$ours->{process}->stop;
	$peers[1] = start($site, $ours->{name}, $ours->{dir});
	measure_turns($site, $result, [@peers[0, 1]], 'restart', $seconds);
	$_->{process}->stop for @peers;
	return;
}

sub measure_turns {
	my ($site, $result, $peers, $kind, $seconds) = @_;
	my $keys = $site->{keys}{ $kind eq 'absent' ? $kind : 'policy' };

	for my $c (@connections) {
		for my $turn (1 .. $turns) {
			for my $peer (@$peers) {
				my $figure = load($site, $peer, $c,
					$seconds / $turns, $keys);
				check_answers($peer, $kind, $figure);
				push @{ $result->{cached}{ $peer->{name} } },
				    { "$kind $c" => $figure };
			}
		}
	}
	return;
}

sub check_answers {
	my ($peer, $kind, $figure) = @_;
	my $right = $figure->{ $kind eq 'absent' ? 'notfound' : 'ok' };

	die "$peer->{name}: $kind: not the answer\n"
	    if $peer->{name} ne 'at once' && $right != $figure->{queries};
	return;
}

# Domains that it never saw: DNS, a connection, a handshake, the policy.
sub measure_fresh {
	my ($site, $name, $round) = @_;
	my $peer = start($site, $name);
	my $keys = keys_file($site, 'fresh', domains("fresh$round-", $fresh));
	my $figure = load($site, $peer, 4, 0, $keys);

	die "$name: $figure->{ok} of $fresh policies\n"
	    if $figure->{ok} != $fresh;
	$peer->{process}->stop;
	return $figure;
}

# A file of policies as an earlier run left it, all of them asked for.
sub measure_many {
	my ($site) = @_;
	my $dir = "$site->{dir}/peer" . ++$site->{number};
	my $now = time;

	mkdir $dir or die "$dir: $!\n";
	spew("$dir/sts-policies", join '', map {
		my $values = "+\t$_\t1\t$now\t$now\t$now\tversion:%20STSv1%0D"
		    . "%0Amode:%20enforce%0D%0Amx:%20mx.plain.example%0D%0A"
		    . "mx:%20*.plain.example%0D%0Amax_age:%20604800%0D%0A";
		fnv($values) . "\t$values\n";
	} domains('many', $many));
	my $peer = start($site, 'signet-policy', $dir);
	my %result = (loaded => { memory_of($peer->{pid}) });
	my $figure = load($site, $peer, 64, 0, $site->{keys}{many});

	die "$figure->{ok} of $many policies\n" if $figure->{ok} != $many;
	$result{asked} = { memory_of($peer->{pid}) };
	# threads that the burst needed end after ten idle seconds
	wait_for(60, sub {
		my ($threads) = slurp("/proc/$peer->{pid}/status")
		    =~ /^Threads:\s+(\d+)/m;
		return $threads < 20;
	}, 'threads to end');
	$result{idle} = { memory_of($peer->{pid}) };
	$peer->{process}->stop;
	return \%result;
}

sub fnv {
	my ($bytes) = @_;
	my $sum = 14695981039346656037;

	use integer;
	$sum = ($sum ^ ord) * 1099511628211 for split //, $bytes;
	return sprintf '%016x', $sum;
}

sub measure {
	my ($build, $rounds, $seconds) = @_;
	my @names = grep { !/^mta/ || find_program('mta-sts-daemon') } @peers;
	my $site = site($build, $rounds);
	my %result = (peers => \@names);

	for my $round (1 .. $rounds) {
		print STDERR "round $round of $rounds\n";
		measure_cached($site, \%result, $seconds);
		push @{ $result{fresh}{$_} }, measure_fresh($site, $_, $round)
		    for grep { $_ ne 'at once' } @names;
		push @{ $result{many} }, measure_many($site);
	}
	$_->stop for @{$site}{qw(web dns)};
	return \%result;
}

# --- tables ---

sub cached {
	my ($result, $name, $kind, $figure) = @_;

	return Bench::Table::median(
		map { $_->{$kind}{$figure} } @{ $result->{cached}{$name} });
}

sub fresh {
	my ($result, $name, $figure) = @_;

	return Bench::Table::median(
		map { $_->{$figure} } @{ $result->{fresh}{$name} });
}

sub many {
	my ($result, $when, $figure) = @_;

	return Bench::Table::median(
		map { $_->{$when}{$figure} } @{ $result->{many} });
}

my %title = (policy => 'known policy', absent => 'known to have none',
    restart => 'known policy, after a restart');

sub report {
	my ($result) = @_;
	my $figure = \&Bench::Table::figure;

	for my $kind (qw(policy absent restart)) {
		for my $c (@connections) {
			my @rows = ["$title{$kind}, $c connections",
				'answers/s', 'p50 us', 'p99 us', 'CPU us'];
			push @rows, map { my $name = $_; [$name, map {
				$figure->(cached($result, $name, "$kind $c",
					$_)) } qw(rate p50_us p99_us cpu_us)]
			    } grep { defined cached($result, $_, "$kind $c",
				'rate') } @{ $result->{peers} };
			Bench::Table::print_table(@rows);
		}
	}
	Bench::Table::print_table(['first fetch, 4 connections', 'p50 ms',
		'p99 ms', 'CPU ms'], map { my $name = $_; [$name,
		$figure->(fresh($result, $name, 'p50_us') / 1000),
		$figure->(fresh($result, $name, 'p99_us') / 1000),
		$figure->(fresh($result, $name, 'cpu_us') / 1000)]
	    } grep { $_ ne 'at once' } @{ $result->{peers} });
	Bench::Table::print_table(['memory', 'own MiB', 'with libraries MiB'],
		map({ my $name = $_; map { ["$name, $_->[1]",
			$figure->(cached($result, $name, $_->[0], 'own_mib')),
			$figure->(cached($result, $name, $_->[0], 'rss_mib'))]
			} ['start', 'at the start'], ['end', 'after the run']
		    } @{ $result->{peers} }),
		map { ["signet-policy, $many policies, $_->[1]",
			$figure->(many($result, $_->[0], 'own_mib')),
			$figure->(many($result, $_->[0], 'rss_mib'))]
		    } ['loaded', 'loaded'], ['asked', 'all asked for'],
		    ['idle', 'ten seconds later']);
	return;
}

sub goals {
	my ($result) = @_;
	my $ours = 'signet-policy';
	my $ratio = sub {
		my ($kind, $figure, $other) = @_;
		my ($a, $b) = map { cached($result, $_, $kind, $figure) }
		    $ours, $other;
		return defined $a && $b ? $a / $b : undef;
	};
	my $first = sub {
		my ($figure) = @_;
		my $other = fresh($result, $peers[2], $figure);
		return $other ? fresh($result, $ours, $figure) / $other : undef;
	};
	my @goals;

	for my $c (@connections) {
		for my $kind (qw(policy absent)) {
			my $what = "$title{$kind}, $c connections";
			push @goals,
			    ["$what: rate / at once",
				$ratio->("$kind $c", 'rate', $peers[0]), '>=', 0.75],
			    ["$what: CPU / at once",
				$ratio->("$kind $c", 'cpu_us', $peers[0]), '<=', 1.5],
			    ["$what: rate / mta-sts-resolver, memory",
				$ratio->("$kind $c", 'rate', $peers[2]), '>=', 2],
			    ["$what: rate / mta-sts-resolver, sqlite",
				$ratio->("$kind $c", 'rate', $peers[3]), '>=', 15];
		}
		my $restarted = cached($result, $ours, "restart $c", 'rate');
		push @goals, ["after a restart, $c connections: rate / at once",
			$restarted / cached($result, $peers[0], "restart $c",
				'rate'), '>=', 0.75];
	}
	return @goals,
	    ['first fetch: CPU / mta-sts-resolver, memory', $first->('cpu_us'),
		'<=', 0.333],
	    ['first fetch: p50 / mta-sts-resolver, memory', $first->('p50_us'),
		'<=', 0.5],
	    ["own MiB with $many policies, all asked for",
		many($result, 'idle', 'own_mib'), '<=', 8];
}

1;
