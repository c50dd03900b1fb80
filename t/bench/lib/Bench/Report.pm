package Bench::Report;

# What t/bench/run prints of milters that stand beside each other: a table for
# each thing that was measured, and the goals.
#
#   Bench::Report->new(\%option, \%result)->tables;   # printed
#   Bench::Report::print_goals(@goals);
#
# Of the options it reads connections, memory, large, special and compare. The
# result: peers => [NAME, ...], verdicts => { NAME => {...} }, floor and signing
# => [figures of a round, ...], load => { NAME => { CONNECTIONS => [figures of a
# round, ...] } }, memory and large => { NAME => figures }, special => [round,
# ...], growth => { messages => KiB }.

use strict;
use warnings;
use Bench::Goals;
use Bench::Peer;
use Bench::Signing;
use Bench::Table;
use Signet::Util qw(slurp);

sub new {
	my ($class, $option, $result) = @_;

	return bless { option => $option, result => $result }, $class;
}

sub tables {
	my ($self) = @_;
	my $option = $self->{option};

	$self->_verdicts;
	$self->_floor;
	Bench::Signing::report(@{ $self->{result}{signing} });
	$self->_load($_) for split /,/, $option->{connections};
	$self->_memory if $option->{memory};
	$self->_large if $option->{large};
	$self->_special if $option->{special};
	$self->_goals;
	return;
}

# The median over all rounds of one figure.
sub _median {
	my ($self, $name, $connections, $figure) = @_;

	return Bench::Table::median(map { $_->{$figure} }
		@{ $self->{result}{load}{$name}{$connections} // [] });
}

sub _floor_of {
	my ($self, $figure) = @_;

	return Bench::Table::median(
		map { $_->{$figure} } @{ $self->{result}{floor} });
}

# L, the floor: a milter that does nothing and the bare cryptography.
sub _floor_cpu {
	my ($self, $connections) = @_;
	my $null = $self->_median('nullmilter -n', $connections, 'cpu');

	return undef unless defined $null;
	return $null + $self->_floor_of('cpu');
}

sub _verdicts {
	my ($self) = @_;
	my @rows = ['equal work', 'compared', 'messages', 'different',
		'outcomes'];

	for my $name (@{ $self->{result}{peers} }) {
		my $verdict = $self->{result}{verdicts}{$name};
		my $outcome = $verdict->{outcome};
		my @does = Bench::Peer->new(name => $name)->does or next;

		push @rows, [$name, join(' ', @does), $verdict->{messages},
			$verdict->{different}, join(', ', map {
				"$_: $outcome->{$_}"
			} sort keys %$outcome)];
		print "$name: $_\n" for @{ $verdict->{examples} };
	}
	Bench::Table::print_table(@rows);
	return;
}

sub _floor {
	my ($self) = @_;
	my @names = qw(hash verify canonicalise fromdata cpu);

	Bench::Table::print_table(
		['CPU s/1000 messages', @names[0 .. 3], 'together'],
		['cryptography', map {
			Bench::Table::figure($self->_floor_of($_))
		} @names]);
	return;
}

sub ratio {
	my ($a, $b) = @_;

	return undef unless defined $a && $b;
	return $a / $b;
}

sub _load {
	my ($self, $c) = @_;
	my $floor = $self->_floor_cpu($c);
	my $chain = $self->_median('opendkim+opendmarc', $c, 'cpu');
	my @columns = qw(cpu user rate message_p50_ms message_p99_ms
	    eom_p50_ms eom_p99_ms questions);
	my @rows = ["$c connections", 'CPU s/1000', 'user', 'msg/s', 'p50 ms',
		'p99', 'EOM p50', 'EOM p99', 'DNS/msg', 'x L', 'x chain',
		'client CPU', 'failed'];

	for my $name (@{ $self->{result}{peers} }) {
		my $cpu = $self->_median($name, $c, 'cpu');

		push @rows, [$name, map { Bench::Table::figure($_) } (
			map { $self->_median($name, $c, $_) } @columns),
			ratio($cpu, $floor), ratio($cpu, $chain),
			$self->_median($name, $c, 'client_cpu'),
			$self->_median($name, $c, 'failed')];
	}
	Bench::Table::print_table(@rows);
	return;
}

sub _memory {
	my ($self) = @_;
	my ($c) = split /,/, $self->{option}{connections};
	my @rows = ['memory', 'start MiB', 'ready ms', 'after the run MiB',
		map { "at $_ KiB/connection" } qw(connect rcpt body)];

	for my $name (@{ $self->{result}{peers} }) {
		my $memory = $self->{result}{memory}{$name};

		push @rows, [$name, map { Bench::Table::figure($_) } (
			ratio($self->_median($name, $c, 'rss_start_kib'), 1024),
			$self->_median($name, $c, 'ready_ms'),
			ratio($self->_median($name, $c, 'rss_after_kib'), 1024),
			@$memory{qw(connect rcpt body)})];
	}
	Bench::Table::print_table(@rows);
	return;
}

sub _large {
	my ($self) = @_;
	my @rows = ['25 MiB messages', 'MB/s', 'CPU ms each', 'MB/CPU s',
		'growth KiB'];

	for my $name (@{ $self->{result}{peers} }) {
		my $figures = $self->{result}{large}{$name};
		my $mb = 25 * 1.048576;

		push @rows, [$name, map { Bench::Table::figure($_) } (
			ratio($figures->{rate}, 1 / $mb), $figures->{cpu},
			ratio($mb * 1000, $figures->{cpu}),
			$figures->{growth_kib})];
	}
	Bench::Table::print_table(@rows);
	return;
}

sub _special {
	my ($self) = @_;
	my @rounds = @{ $self->{result}{special} };
	my $of = sub {
		my ($what, $figure) = @_;
		return Bench::Table::figure(Bench::Table::median(map {
			ref $_->{$what} ? $_->{$what}{$figure} : $_->{$what}
		} @rounds));
	};
	my $kib = $self->{result}{growth};

	Bench::Table::print_table(
		['signet-milter', 'normal', 'then'],
		['CPU s/1000: warm, with cold caches', Bench::Table::figure(
			$self->_median('signet-milter', 8, 'cpu')),
			$of->('cold')],
		['CPU s/1000 of unsigned mail: nullmilter -n, signet-milter',
			map { $of->('unsigned', $_) } 'nullmilter -n',
			'signet-milter'],
		['messages/s: alone, beside 64 on a dead name server',
			map { $of->('dead', $_) } qw(without with)],
		['p99 ms at 50/s: resolver answers, is silent for 10 s',
			map { $of->('silent', $_) } qw(normal silent)],
		['messages tempfailed or lost meanwhile', '-',
			$of->('silent', 'lost')]);
	Bench::Table::print_table(
		['messages', map { $_ / 1000 . ',000' } sort { $a <=> $b }
			keys %$kib],
		['resident KiB', map { $kib->{$_} } sort { $a <=> $b }
			keys %$kib]);
	return;
}

sub _goals {
	my ($self) = @_;
	my $result = $self->{result};
	my @goals = (Bench::Goals::list(sub { $self->_median(@_) },
		sub { $self->_floor_of(@_) },
		sub { $self->_floor_cpu(@_) }, $result),
		Bench::Signing::goals(@{ $result->{signing} }));

	print_goals(@goals);
	$self->_compare(@goals) if $self->{option}{compare};
	return;
}

# Figures of one machine that are 25 % apart are the same to us.
sub _compare {
	my ($self, @goals) = @_;
	my $old = Bench::Goals::read_table(slurp($self->{option}{compare}));
	my %new = map { $_->[0] => [@$_[1, 3]] } Bench::Goals::rows(@goals);
	my @rows = Bench::Goals::compare($old, \%new, 0.25);

	Bench::Table::print_table(['goal', 'earlier run', 'this run',
		'change', ''], @rows) if @rows;
	return;
}

sub print_goals {
	my (@goals) = @_;
	my @rows = Bench::Goals::rows(@goals);

	Bench::Table::print_table(['goal', 'measured', 'wanted', ''], @rows)
	    if @rows;
	return;
}

1;
