package Signet::Program;

# One of our programs, as a service: written configuration, started, ready,
# watched, signalled, stopped.
#
#   my $milter = Signet::Program->new('signet-milter',
#       config => $text,                   # becomes DIR/signet.conf, -c FILE
#   );
#   $milter->pid; $milter->config_file; $milter->dir;
#   $milter->log;                          # standard error so far
#   $milter->wait_log(qr/.../);
#   $milter->signal('HUP'); $milter->kill; # KILL, at once
#   $milter->configure($text); $milter->restart;
#   $milter->begin; $milter->is_ready;     # start without waiting
#   my $status = $milter->stop;            # TERM; wait status
#
# Other options: arguments (list, after -c FILE), env, user, dir, log_file, start => 0.
# Ready means: READY=1 came on $NOTIFY_SOCKET. That its socket accepts connections
# is not enough: it may not have its mode yet, and such a connection counts.
# With $SIGNET_WRAP the program runs under that command ("valgrind -q").
# A program that a sanitizer or valgrind ended is found in the log by
# `complaints`, and `stop` dies of it.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Signet::Util qw(temp_dir wait_for spew slurp spawn end_process
    program_path run_command whole_lines);

sub new {
	my ($class, $name, %option) = @_;
	my $path = program_path($name) // die "$name has not been built\n";
	my $dir = $option{dir} // temp_dir();
	my $self = bless {
		name => $name, path => $path, dir => $dir,
		option => \%option,
	}, $class;
	$self->configure($option{config}) if defined $option{config};
	$self->own;
	$self->start if $option{start} // 1;
	return $self;
}

sub pid { return $_[0]{pid} }
sub dir { return $_[0]{dir} }
sub path { return $_[0]{path} }
sub config_file {
	my ($self) = @_;
	return $self->{option}{config_file} // "$self->{dir}/signet.conf";
}
sub log_file {
	my ($self) = @_;
	return $self->{option}{log_file} // "$self->{dir}/$self->{name}.log";
}
sub log { return slurp($_[0]->log_file) // '' }

sub configure {
	my ($self, $text) = @_;
	spew($self->config_file, $text, 0644);
	return $self;
}

sub command {
	my ($self, @more) = @_;
	my @wrap = split ' ', $ENV{SIGNET_WRAP} // '';
	my @config = -e $self->config_file ? ('-c', $self->config_file) : ();
	return (@wrap, $self->{path}, @config, @more);
}

# Runs the program once with other arguments; status, output, errors.
sub run {
	my ($self, @arguments) = @_;
	return run_command($self->command(@arguments));
}

sub start {
	my ($self) = @_;
	return $self if $self->{pid};
	$self->begin;
	my $ok = eval {
		wait_for($self->{option}{seconds} // 30, sub {
			$self->running or die "$self->{name} ended at once\n";
			return $self->is_ready;
		}, "$self->{name} to be ready");
	};
	if (!$ok) {
		my $why = $@;
		eval { $self->stop };
		die $why, $self->log;
	}
	return $self;
}

sub begin {
	my ($self) = @_;
	my $option = $self->{option};
	my $notify = "$self->{dir}/notify.$self->{name}";
	unlink $notify;
	$self->{notify} = IO::Socket::UNIX->new(Local => $notify,
		Type => SOCK_DGRAM) or die "$notify: $!\n";
	chmod 0666, $notify;
	$self->{pid} = spawn({
		err => $self->log_file, user => $option->{user},
		out => "$self->{dir}/$self->{name}.out",
		env => { NOTIFY_SOCKET => $notify, %{ $option->{env} // {} } },
	}, $self->command(@{ $option->{arguments} // [] }));
	return $self;
}

# Has it said so? Nobody listens then any more: what it says later would fill
# the socket, and hold it up.
sub is_ready {
	my ($self) = @_;
	my $socket = $self->{notify} // return 1;
	my $ready = '';
	vec($ready, fileno $socket, 1) = 1;
	select $ready, undef, undef, 0 or return 0;
	defined $socket->recv(my $text, 4096) or return 0;
	return 0 unless $text =~ /^READY=1$/m;
	delete $self->{notify};
	return 1;
}

# Is the process alive? Its status is kept when it has ended.
sub running {
	my ($self) = @_;
	return 0 unless $self->{pid};
	return 1 if waitpid($self->{pid}, 1) == 0;
	$self->{status} = $?;
	delete $self->{pid};
	return 0;
}

sub signal {
	my ($self, $signal) = @_;
	return $self->{pid} && kill $signal, $self->{pid};
}

sub kill {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	return $self->{status} = end_process($pid, 'KILL');
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	$self->{status} = end_process($pid, 'TERM', 60);
	if (my @lines = $self->complaints) {
		die "$self->{name}: $lines[0]\n", $self->log;
	}
	return $self->{status};
}

sub restart {
	my ($self) = @_;
	$self->stop;
	return $self->start;
}

# Wait status of the last end, as in $?.
sub status { return $_[0]{status} }

sub complaints {
	my ($self) = @_;
	return grep { /(?:Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer
	    |runtime\ error:|^==\d+==\ (?:Invalid|ERROR)|Assertion\ .*failed/x }
	    split /\n/, $self->log;
}

sub wait_log {
	my ($self, $pattern, $seconds) = @_;
	return wait_for($seconds // 10, sub {
		my ($line) = grep { $_ =~ $pattern } whole_lines($self->log);
		return $line;
	}, sub { "a log line like $pattern in\n" . $self->log });
}

# Processor time that it has used: other load does not change it.
sub processor_seconds {
	my ($self) = @_;
	my ($rest) = slurp("/proc/$self->{pid}/stat") =~ /\) (.*)/s;
	my ($user, $system) = (split ' ', $rest)[11, 12];
	return ($user + $system) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Resident memory in bytes.
sub memory {
	my ($self) = @_;
	my $status = slurp("/proc/$self->{pid}/status") // '';
	return $status =~ /^VmRSS:\s+(\d+) kB/m ? $1 * 1024 : 0;
}

1;
