package Bench::Process;

# A program that runs beside the benchmark: started with its output in a
# file, awaited until it is ready, stopped when nobody holds it any more, and at
# the latest with the benchmark, however that ends. Or one that measures and
# ends: what it said.
#
#   my $milter = Bench::Process->start("$dir/log", $program, @arguments);
#   my $figure = Bench::Process::figures($program, @arguments)->{rate};

use strict;
use warnings;
use parent 'Signet::Service';
use Signet::Util qw(can_connect end_process is_alive must_run slurp spawn
    wait_for);

# start(FILE of its output, command...)
sub start {
	my ($class, $log, @command) = @_;
	my $self = bless { log => $log, command => \@command }, $class;

	$self->own;
	$self->{pid} = spawn({ out => $log }, @command);
	return $self;
}

sub pid { return $_[0]{pid} }

# Returns when somebody listens at the address; dies with the program's words
# if that takes too long or the program ends.
sub await {
	my ($self, $address) = @_;

	return $self if eval {
		wait_for(20, sub {
			die "ended\n" unless is_alive($self->{pid});
			return can_connect($address);
		}, $address);
	};
	die "@{ $self->{command} }: $@", slurp($self->{log});
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;

	return end_process($pid);
}

# Lines "name value" of a program's output.
sub figures {
	my (@command) = @_;
	my %figure;

	for my $line (split /\n/, must_run(@command)) {
		$figure{$1} = $2 if $line =~ /^(\S+) (.*)/;
	}
	return \%figure;
}

1;
