package Bench::Goals;

# What signet-milter is to reach, each beside something that was measured in the
# same run. A goal is [what, value, '<=' or '>=', limit].

use strict;
use warnings;
use Bench::Table;

my ($ours, $chain) = ('signet-milter', 'opendkim+opendmarc');

sub ratio {
	my ($a, $b) = @_;

	return undef unless defined $a && $b;
	return $a / $b;
}

# Medians: of(name, connections, figure) of the load, floor(figure) of the bare
# cryptography, L(connections); memory, large and special as they were measured.
sub list {
	my ($of, $floor, $L, $result) = @_;
	my $cpu = $of->($ours, 8, 'cpu');
	my $memory = $result->{memory}{$ours} // {};
	my $large = $result->{large} // {};
	my @special = @{ $result->{special} // [] };
	my $median = sub {
		my ($what, $figure) = @_;
		return Bench::Table::median(map {
			ref $_->{$what} ? $_->{$what}{$figure} : $_->{$what}
		} @special);
	};
	my $kib = $result->{growth};
	my $crypto = ($floor->('hash') // 0) + ($floor->('verify') // 0);
	my $start = $of->($ours, 8, 'rss_start_kib');

	return (
		['CPU / L, 8 connections', ratio($cpu, $L->(8)), '<=', 1.5],
		['CPU / L, 8 connections, the aim', ratio($cpu, $L->(8)), '<=',
			1.15],
		['CPU / chain, 8', ratio($cpu, $of->($chain, 8, 'cpu')), '<=',
			0.25],
		['CPU / rspamd, 8', ratio($cpu, $of->('rspamd', 8, 'cpu')),
			'<=', 0.222],
		['CPU with cold caches / L, 8', ratio($median->('cold'),
			$L->(8)), '<=', 2],
		['user CPU / hashing and verification, 8', ratio(
			$of->($ours, 8, 'user'), $crypto), '<=', 2.5],
		['CPU of unsigned mail / nullmilter -n, 8',
			$median->('unsigned', 'ratio'), '<=', 1.5],
		['messages a second / chain, 8', ratio($of->($ours, 8, 'rate'),
			$of->($chain, 8, 'rate')), '>=', 4],
		['messages a second, 64 / 8', ratio($of->($ours, 64, 'rate'),
			$of->($ours, 8, 'rate')), '>=', 1],
		['p50 / chain, 1 connection', ratio(
			$of->($ours, 1, 'message_p50_ms'),
			$of->($chain, 1, 'message_p50_ms')), '<=', 0.25],
		['p99 / chain, 1 connection', ratio(
			$of->($ours, 1, 'message_p99_ms'),
			$of->($chain, 1, 'message_p99_ms')), '<=', 0.333],
		['DNS questions per message, 8', $of->($ours, 8, 'questions'),
			'<=', 0.05],
		['MiB at the start', defined $start ? $start / 1024 : undef,
			'<=', 8],
		['KiB a connection after RCPT', $memory->{rcpt}, '<=', 6],
		['KiB a connection in the body', $memory->{body}, '<=', 24],
		['KiB grown from message 10000 to 100000',
			$kib ? $kib->{100000} - $kib->{10000} : undef, '<=',
			512],
		['KiB grown by messages of 25 MiB',
			$large->{$ours}{growth_kib}, '<=', 256],
		['MB a CPU second, 25 MiB / opendkim', ratio(
			$large->{opendkim}{cpu}, $large->{$ours}{cpu}), '>=',
			2.5],
		['rate beside 64 messages on a dead name server / without',
			$median->('dead', 'ratio'), '>=', 0.95],
		['p99 with a silent resolver, known senders / normal',
			$median->('silent', 'ratio'), '<=', 2],
		['ready, ms', $of->($ours, 8, 'ready_ms'), '<=', 20],
	);
}

sub is_met {
	my (undef, $value, $sign, $limit) = @{ $_[0] };

	return $sign eq '<=' ? $value <= $limit : $value >= $limit;
}

# Rows of the table, of those goals that were measured.
sub rows {
	my (@goals) = @_;

	return map {
		[$_->[0], Bench::Table::figure($_->[1]), "$_->[2] $_->[3]",
			is_met($_) ? 'met' : 'missed']
	} grep { defined $_->[1] } @goals;
}

# The goals of an earlier run, out of the Markdown that it printed:
# what => [measured, met or missed].
sub read_table {
	my ($text) = @_;
	my %goals;

	while ($text =~ /^\| ([^|]+?) +\| +([\d.]+) \| +[<>]= [\d.]+ \| +(met|missed) \|$/mg) {
		$goals{$1} = [$2, $3];
	}
	return \%goals;
}

# Rows that set an earlier run beside this one. They agree when a goal was met
# in both or in neither, or the two figures are no further apart than `apart`.
sub compare {
	my ($old, $new, $apart) = @_;
	my @rows;

	for my $what (sort keys %$new) {
		my ($then, $was) = @{ $old->{$what} // next };
		my ($now, $is) = @{ $new->{$what} };
		my $far = $then > 0 ? abs($now / $then - 1)
		    : $now > 0 ? 1 : 0;

		push @rows, [$what, $then, $now,
			sprintf('%+.0f %%', $then > 0 ? 100 * ($now / $then - 1)
				: 100 * $far),
			$was eq $is ? "agree: $is" : $far <= $apart
			    ? "near: $was, $is" : "differ: $was, $is"];
	}
	return @rows;
}

1;
