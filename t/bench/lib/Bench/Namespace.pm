package Bench::Namespace;

# A network of our own, in which 127.0.0.1:53 is free: the program starts once
# more inside it.
#
#	Bench::Namespace::enter(@ARGV);

use strict;
use warnings;
use Signet::Util qw(spew temp_dir);

sub enter {
	my (@arguments) = @_;
	return if $ENV{SIGNET_BENCH_INSIDE};
	my $resolver = spew(temp_dir() . '/resolv.conf',
		"nameserver 127.0.0.1\n");
	my @unshare = ('unshare', '--net', '--mount',
		$> == 0 ? () : '--map-root-user');

	$ENV{SIGNET_BENCH_INSIDE} = 1;
	my $status = system(@unshare, 'sh', '-c', <<'SH', 'sh', $resolver, $^X,
		set -e
		ip link set lo up
		mount --bind "$1" /etc/resolv.conf
		ulimit -n "$(ulimit -H -n)"
		shift
		exec "$@"
SH
	    $0, @arguments);
	exit($status == 0 ? 0 : $status >> 8 || 1);
}

1;
