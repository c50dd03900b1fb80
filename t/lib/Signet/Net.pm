package Signet::Net;

# A network for one test: no interface but loopback, where ports 25, 53 and
# 443 are free and the addresses of documentation (RFC 5737) are this host's.
#
#   use Signet::Net;
#   Signet::Net->enter;                # before anything is started
#   Signet::Net->resolver('127.0.0.1');    # what /etc/resolv.conf names
#
# `enter` runs the test file anew in a network and mount namespace of its own;
# two runs never see each other. /etc is a copy that belongs to the test. Needs
# root and skips the test file without.
#
# 203.0.113.0/24  mail servers
# 198.51.100.0/24 policy hosts
# 192.0.2.0/24    the sending host
# 10.99.0.0/16    private addresses
# An address where nobody listens refuses connections.

use strict;
use warnings;
use Signet::Util qw(temp_dir must_run need_programs skip_or_fail spew);

my @networks = qw(203.0.113.0/24 198.51.100.0/24 192.0.2.0/24 10.99.0.0/16);

sub enter {
	my ($class) = @_;
	if (!$ENV{SIGNET_NET}) {
		need_programs(qw(unshare ip mount));
		skip_or_fail('a network namespace needs root') if $> != 0;
		local $ENV{SIGNET_NET} = 1;
		exec 'unshare', '--net', '--mount', $^X,
		    (map { "-I$_" } grep { !ref } @INC), $0, @ARGV;
		die "unshare: $!\n";
	}
	delete $ENV{SIGNET_NET};
	must_run(qw(ip link set lo up));
	must_run(qw(ip route add local), $_, qw(dev lo)) for @networks;
	my $etc = temp_dir() . '/etc';
	must_run('cp', '-a', '/etc', $etc);
	unlink "$etc/resolv.conf";
	spew("$etc/resolv.conf", "nameserver 127.0.0.1\n", 0644);
	must_run('mount', '--bind', $etc, '/etc');
	return;
}

sub resolver {
	my ($class, $address) = @_;
	spew('/etc/resolv.conf', "nameserver $address\n", 0644);
	return;
}

1;
