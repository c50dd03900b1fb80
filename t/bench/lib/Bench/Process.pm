package Bench::Process;

# Programs that run beside the benchmark: started with their output in a
# file, awaited until they are ready, ended by signal and awaited again.
# What is still running when the benchmark ends, is ended too.

use strict;
use warnings;
use Socket;
use Time::HiRes qw(time sleep);

my %running;

# start(log => FILE, command => [...]): the program, not a shell around it.
sub start {
	my ($class, %given) = @_;
	my $self = bless { %given, owner => $$ }, $class;

	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid} == 0) {
		open STDIN, '<', '/dev/null' or die;
		open STDOUT, '>>', $given{log} or die "$given{log}: $!\n";
		open STDERR, '>&', \*STDOUT or die;
		exec { $given{command}[0] } @{ $given{command} }
		    or die "$given{command}[0]: $!\n";
	}
	$running{ $self->{pid} } = $self;
	return $self;
}

sub pid { return $_[0]{pid} }

sub alive {
	my ($self) = @_;

	return 1 if waitpid($self->{pid}, 1) == 0;
	delete $running{ $self->{pid} };
	return 0;
}

# Calls `fact` until it is true; dies with the log when that takes too long
# or the program ends.
sub wait_for {
	my ($self, $what, $fact, $seconds) = @_;
	my $deadline = time + ($seconds // 20);

	until ($fact->()) {
		die "$self->{command}[0] ended:\n" . $self->log_tail
		    unless $self->alive;
		die "$self->{command}[0]: no $what:\n" . $self->log_tail
		    if time > $deadline;
		sleep 0.002;
	}
	return $self;
}

sub log_tail {
	my ($self) = @_;

	open my $in, '<', $self->{log} or return '';
	my @lines = <$in>;
	splice @lines, 0, -20 if @lines > 20;
	return join '', @lines;
}

sub stop {
	my ($self) = @_;

	return unless $self->alive;
	kill TERM => $self->{pid};
	my $deadline = time + 10;
	while ($self->alive) {
		kill KILL => $self->{pid} if time > $deadline;
		sleep 0.005;
	}
	return;
}

# Does someone accept connections on this unix socket?
sub accepts {
	my ($path) = @_;

	return 0 unless -S $path;
	socket my $socket, PF_UNIX, SOCK_STREAM, 0 or die "socket: $!\n";
	return connect $socket, pack_sockaddr_un($path);
}

END {
	my $status = $?;
	for my $process (values %running) {
		$process->stop if $process->{owner} == $$;
	}
	$? = $status;
}

1;
