package Signet::Kill;

# Moments to kill a program at, from a seeded generator. A moment is told by
# what the program has done - processor time that it has used, facts that others
# see - and never by a clock, so a slow machine kills at the same places.
#
#   my $kill = Signet::Kill->new('milter');   # a sequence of its own
#   $kill->below(10);                         # 0 to 9
#   $kill->until($pid, 5000);                 # it has used 5 ms more, has come
#                                             # to rest, or ended
#   $kill->until($pid, 0, sub { -s $file });  # a fact, or it has ended
#   $kill->daemon($program, 100, 4000, $work);
#       # begins a Signet::Program and kills it so many times, within 4 ms of
#       # work, or when it gets ready; $work is called when it is ready
#   $kill->count;                             # killed so far, alive until then
#   Signet::Kill::seed()                      # $SIGNET_KILL_SEED, or of now

use strict;
use warnings;
use Digest::SHA ();
use POSIX ();
use Time::HiRes ();
use Signet::Util qw(now slurp is_alive);

use constant PATIENCE => 180;	# seconds that only a failure takes

my $seed = $ENV{SIGNET_KILL_SEED} // int rand 1e9;
sub seed { return $seed }

sub new {
	my ($class, $name) = @_;
	return bless { name => $name, next => 0, count => 0, early => 0 },
	    $class;
}

sub count { return $_[0]{count} }

sub below {
	my ($self, $n) = @_;
	my $bytes = Digest::SHA::sha256("$seed $self->{name} "
	    . $self->{next}++);
	return $n < 1 ? 0 : unpack('L', $bytes) % $n;
}

# Processor time of another process in microseconds, of all its threads
# (clock_getcpuclockid(3)).
sub used {
	my ($pid) = @_;
	return int(1e6 * Time::HiRes::clock_gettime(-8 * ($pid + 1) + 2));
}

# Processor time that stands still over so many looks: it has done all there
# was to do, and the moment is now.
use constant STILL => 40;

sub until {
	my ($self, $pid, $more, $fact) = @_;
	my $now = used($pid);
	my $goal = $now + ($more // 0);
	my $end = now() + PATIENCE;
	my $still = 0;
	for (;;) {
		return 1 if $fact ? $fact->() : $now >= $goal
		    || $still >= STILL;
		return 0 unless is_alive($pid);
		die "$self->{name} $pid: nothing to kill it at\n"
		    if now() > $end;
		select undef, undef, undef, $fact ? 0.002 : 0.0003;
		my $before = $now;
		$now = used($pid);
		$still = $now == $before ? $still + 1 : 0;
	}
	return;
}

# Begun and killed: a fifth of the times while it gets ready.
sub daemon {
	my ($self, $program, @how) = @_;
	return if eval { $self->_daemon($program, @how); 1 };
	my $why = $@;
	$program->kill;
	die $why;
}

sub _daemon {
	my ($self, $program, $times, $within, $work) = @_;
	my $start = 0;	# what it uses until it is ready
	for my $n (1 .. $times) {
		$program->begin;
		my $pid = $program->pid;
		my $before = used($pid);
		if ($start && $self->below(5) == 0) {
			$self->until($pid, $self->below($start));
			$self->{early}++;
		} else {
			$self->until($pid, 0, sub { $program->is_ready })
			    or die "$self->{name} ended at once\n",
				$program->log;
			$start = used($pid) - $before;
			my $fact = $work ? $work->() : undef;
			$self->until($pid, $self->below($within),
			    ref $fact ? $fact : undef);
		}
		is_alive($pid) or die "$self->{name} ended\n", $program->log;
		$program->kill;
		$self->{count}++;
	}
	return;
}

# A program that runs once: started by `begin`, which returns its process id,
# and killed after some of the processor time that it needs; without a number it
# lives. Its status if it ended before, undef if it was killed.
sub once {
	my ($self, $within, $begin, $fact) = @_;
	my $pid = $begin->();
	$self->until($pid, $self->below($within), $fact) if defined $within;
	kill 'KILL', $pid if defined $within;
	waitpid $pid, 0;
	return $? unless $? == POSIX::SIGKILL();
	$self->{count}++;
	return undef;
}

1;
