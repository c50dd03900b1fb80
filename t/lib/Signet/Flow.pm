package Signet::Flow;

# Mail that flows while a test breaks things: some clients send one message
# after the other, and each again when it is told "later", as a mail server
# does. Every attempt has a Message-ID of its own and is written down.
#
#   my $flow = Signet::Flow->new(clients => 2, kinds => ['good', 'forged'],
#       send => sub { my ($kind, $id) = @_; ...; return ($reply, $queue_id) });
#   $flow->mark;                     # what comes from here on is looked at
#   $flow->more(10);                 # waits for ten more attempts
#   $flow->taken(10);                # ... for ten more that were accepted
#   my @attempts = $flow->attempts;  # since the mark: { kind, id, code, queue }
#   $flow->pause;                    # returns when nothing is on its way
#   $flow->resume;
#   $flow->stop;
#
# `code` is the SMTP reply's number, 0 when there was none.

use strict;
use warnings;
use parent 'Signet::Service';
use POSIX ();
use Signet::Util qw(temp_dir append_file slurp spew wait_for end_process
    whole_lines is_alive);

sub new {
	my ($class, %option) = @_;
	my $self = bless { dir => temp_dir(), clients => 2, gap => 0.03,
		kinds => ['good'], from => 0, %option }, $class;
	$self->own;
	spew($self->_file, '');
	for my $number (1 .. $self->{clients}) {
		my $pid = fork // die "fork: $!\n";
		if ($pid == 0) {
			$SIG{TERM} = sub { POSIX::_exit(0) };
			eval { $self->_client($number); 1 }
			    or append_file("$self->{dir}/why", $@);
			POSIX::_exit(0);
		}
		push @{ $self->{pids} }, $pid;
	}
	return $self;
}

sub _file { return "$_[0]{dir}/attempts" }

sub _client {
	my ($self, $number) = @_;
	my $count = 0;
	for (;;) {
		for my $kind (@{ $self->{kinds} }) {
			$self->_until_taken($kind, "$number." . ++$count);
		}
	}
	return;
}

sub _until_taken {
	my ($self, $kind, $name) = @_;
	my $attempt = 0;
	for (;;) {
		my $busy = "$self->{dir}/busy.$$";
		# first it says that it is busy, then it looks: whoever asks for
		# a pause and then looks finds it busy, or it finds the pause
		for (;;) {
			spew($busy, '');
			last unless -e "$self->{dir}/pause";
			unlink $busy;
			select undef, undef, undef, 0.02;
		}
		my $id = "$name." . ++$attempt . ".$$\@flow.example";
		my ($reply, $queue) = eval { $self->{send}->($kind, $id) };
		$reply = $@ unless defined $reply;
		my $code = $reply =~ /^(\d\d\d)/ ? $1 : 0;
		$queue //= '-';
		$reply =~ s/\s+/ /g;
		append_file($self->_file, "$kind $id $code $queue $reply\n");
		unlink $busy;
		select undef, undef, undef, $self->{gap};
		return if $code =~ /^[25]/;
	}
}

sub _lines {
	my ($self) = @_;
	my $why = slurp("$self->{dir}/why");
	die "a client of the flow ended: $why\n" if defined $why;
	return whole_lines(slurp($self->_file));
}

sub mark {
	my ($self) = @_;
	$self->{from} = scalar(() = $self->_lines);
	return $self;
}

sub attempts {
	my ($self) = @_;
	my @lines = $self->_lines;
	splice @lines, 0, $self->{from};
	return map {
		my ($kind, $id, $code, $queue, $reply) = split / /, $_, 5;
		{ kind => $kind, id => "<$id>", code => $code,
		    queue => $queue eq '-' ? undef : $queue,
		    reply => $reply };
	} @lines;
}

sub _await {
	my ($self, $count, $what, $wanted) = @_;
	my $before = grep { $wanted->($_) } $self->attempts;
	wait_for(120, sub {
		return grep({ $wanted->($_) } $self->attempts)
		    >= $before + $count;
	}, sub {
		my @last = $self->attempts;
		splice @last, 0, @last - 5 if @last > 5;
		return "$count $what; the last ones:\n" . join '',
		    map { "$_->{kind} $_->{id} $_->{reply}\n" } @last;
	});
	return $self;
}

sub more {
	my ($self, $count) = @_;
	return $self->_await($count, 'messages', sub { 1 });
}

sub taken {
	my ($self, $count) = @_;
	return $self->_await($count, 'accepted messages',
	    sub { $_[0]{code} == 250 });
}

sub later {
	my ($self, $count) = @_;
	return $self->_await($count, 'messages that wait',
	    sub { $_[0]{code} !~ /^[25]/ });
}

sub pause {
	my ($self) = @_;
	spew("$self->{dir}/pause", '');
	wait_for(120, sub { my @busy = glob "$self->{dir}/busy.*"; !@busy },
	    'the clients of the flow to rest');
	return $self;
}

sub resume {
	my ($self) = @_;
	unlink "$self->{dir}/pause";
	return $self;
}

sub stop {
	my ($self) = @_;
	my @pids = splice @{ $self->{pids} // [] };
	return unless @pids;
	eval { $self->pause };
	end_process($_) for @pids;
	return;
}

1;
