package Signet::Service;

# Something that was started and must be stopped: when it goes out of scope,
# or when the test ends, however it ends. A class inherits from this, has a
# `stop` that may be called twice, and calls `$self->own` before it starts
# anything. Processes forked from the test leave the thing alone.

use strict;
use warnings;
use Signet::Util ();

sub own {
	my ($self) = @_;
	$self->{owner} = $$;
	Signet::Util::at_end($self);
	return $self;
}

# Lets it run on after the end of the test.
sub disown {
	my ($self) = @_;
	$self->{owner} = 0;
	return $self;
}

sub DESTROY {
	my ($self) = @_;
	return if ($self->{owner} // 0) != $$;
	local ($?, $@, $!);
	eval { $self->stop; 1 } or print STDERR "# ", ref $self, ": $@";
	return;
}

1;
