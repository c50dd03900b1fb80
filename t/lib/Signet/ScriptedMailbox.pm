package Signet::ScriptedMailbox;

# A signet-mailbox that does what the test says: it listens where a delivery
# asks, keeps every question, and answers or fails as it is told.
#
#   my $script = Signet::ScriptedMailbox->new(dir => $dir);   # $dir/mailbox.sock
#   $script->answer(mailbox => 'Junk', keyword => '$Junk', ...);
#   $script->behave('hang');     # takes the question and says nothing
#       'close'                # closes without reading
#       'cut'                  # closes within its answer
#       'early'                # answers what it was told, reads nothing more
#       'garbage'              # says something else
#       'slow'                 # byte by byte, for ever
#       'oversize'             # a line without an end
#       'raw', $bytes          # says just that
#   my @questions = $script->questions;    # { user, from, ..., message }
#   $script->forget; $script->stop; $script->start;
#
# A question counts once it was read to its end.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Socket::UNIX;
use POSIX ();
use IO::Poll ();
use Time::HiRes ();
use Signet::Util qw(temp_dir slurp spew wait_for end_process);

sub new {
	my ($class, %option) = @_;
	my $self = bless { dir => $option{dir} // temp_dir() }, $class;
	$self->own;
	mkdir "$self->{dir}/questions";
	$self->answer;
	return $self->start;
}

sub socket_path { return "$_[0]{dir}/mailbox.sock" }
sub pid { return $_[0]{pid} }

sub encode {
	my ($value) = @_;
	$value =~ s/([\x00-\x20\x7f%])/sprintf '%%%02X', ord $1/ge;
	return $value;
}

# Pairs, since names repeat.
sub answer {
	my ($self, @pairs) = @_;
	my $text = "signet-answer 1\n";
	while (my ($name, $value) = splice @pairs, 0, 2) {
		$text .= "$name=" . encode($value) . "\n";
	}
	return $self->behave('answer', "$text\n");
}

# Read anew for each connection.
sub behave {
	my ($self, $how, $text) = @_;
	spew("$self->{dir}/answer", $text) if defined $text;
	spew("$self->{dir}/how.new", $how);
	rename "$self->{dir}/how.new", "$self->{dir}/how" or die "rename: $!\n";
	return $self;
}

sub start {
	my ($self) = @_;
	unlink $self->socket_path;
	my $listener = IO::Socket::UNIX->new(Local => $self->socket_path,
	    Listen => 64) or die $self->socket_path . ": $!\n";
	chmod 0666, $self->socket_path;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		$SIG{TERM} = 'DEFAULT';
		$SIG{CHLD} = 'IGNORE';
		$SIG{PIPE} = 'IGNORE';
		eval { $self->_serve($listener) };
		POSIX::_exit(1);
	}
	close $listener;
	$self->{pid} = $pid;
	return $self;
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	end_process($pid, 'TERM', 60);
	unlink $self->socket_path;
	return;
}

sub _serve {
	my ($self, $listener) = @_;
	while (1) {
		my $peer = $listener->accept or next;
		my $pid = fork // next;
		if ($pid == 0) {
			close $listener;
			eval { $self->_talk($peer) };
			POSIX::_exit(0);
		}
		close $peer;
	}
	return;
}

sub _talk {
	my ($self, $peer) = @_;
	my $how = slurp("$self->{dir}/how");
	return if $how eq 'close';
	if ($how eq 'early') {
		syswrite $peer, slurp("$self->{dir}/answer");
		return _wait_end($peer);
	}
	my $question = '';
	1 while sysread $peer, $question, 65536, length $question;
	$self->_keep($question);
	return _wait_end($peer) if $how eq 'hang';
	return _say_slowly($peer) if $how eq 'slow';
	syswrite $peer, $how eq 'garbage' ? "\0\1\xff 250 fine\n\n"
	    : $how eq 'cut' ? "signet-answer 1\nmailbox=Ju"
	    : $how eq 'oversize' ? 'x' x 200_000
	    : slurp("$self->{dir}/answer");
	return;
}

# The peer writes no more, so what ends this is that it is gone.
sub _wait_end {
	my ($peer) = @_;
	my $poll = IO::Poll->new;
	$poll->mask($peer => IO::Poll::POLLHUP() | IO::Poll::POLLERR());
	$poll->poll while !$poll->events($peer);
	return;
}

sub _say_slowly {
	my ($peer) = @_;
	syswrite $peer, "signet-answer 1\nmailbox=Junk\nverdict=";
	while (defined syswrite $peer, 'x') {
		Time::HiRes::sleep(0.02);
	}
	return;
}

sub _keep {
	my ($self, $question) = @_;
	my $name = sprintf '%.6f-%d', Time::HiRes::time(), $$;
	spew("$self->{dir}/questions/.$name", $question);
	rename "$self->{dir}/questions/.$name",
	    "$self->{dir}/questions/$name" or die "rename: $!\n";
	return;
}

sub questions {
	my ($self) = @_;
	my @all;
	for my $file (sort glob "$self->{dir}/questions/*") {
		my ($head, $message) = split /\n\n/, slurp($file), 2;
		my ($first, @lines) = split /\n/, $head;
		my %question = (first => $first, message => $message);
		for (@lines) {
			my ($name, $value) = split /=/, $_, 2;
			$value =~ s/%([0-9A-F]{2})/chr hex $1/ge;
			$question{$name} = $value;
		}
		push @all, \%question;
	}
	return @all;
}

sub forget {
	my ($self) = @_;
	unlink glob "$self->{dir}/questions/*";
	return;
}

1;
