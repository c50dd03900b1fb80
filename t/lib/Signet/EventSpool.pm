package Signet::EventSpool;

# The directory into which the Dovecot plugin writes its events, as
# tmpfiles.d makes it, and what lies there.
#
#   my $spool = Signet::EventSpool->new;       # belongs to a number, not a user
#   $spool->dir;
#   my @events = $spool->take;                 # in order; they are gone then
#   my $event = $spool->await(sub { $_[0]{kind} eq 'quota' });
#                                              # the first such that comes
#   $spool->names;                             # what lies there, temporary or not
#   $spool->lock; $spool->unlock;              # nobody can write; again
#
# An event is a hash of its lines, decoded, and of: file (its name), message
# (bytes after the empty line), mode, owner, group (of the file).

use strict;
use warnings;
use Signet::Util qw(temp_dir slurp wait_for);

use constant OWNER => 5990;

sub new {
	my ($class) = @_;
	my $self = bless { dir => temp_dir() . '/dovecot' }, $class;
	mkdir $self->{dir} or die "$self->{dir}: $!\n";
	$self->unlock;
	return $self;
}

sub dir { return $_[0]{dir} }

sub unlock {
	my ($self) = @_;
	chown OWNER, OWNER, $self->{dir} or die "$self->{dir}: $!\n";
	chmod 03733, $self->{dir} or die "$self->{dir}: $!\n";
	return;
}

sub lock {
	my ($self) = @_;
	chmod 03700, $self->{dir} or die "$self->{dir}: $!\n";
	return;
}

sub names {
	my ($self) = @_;
	opendir my $dir, $self->{dir} or die "$self->{dir}: $!\n";
	return sort grep { !/^\.\.?$/ } readdir $dir;
}

sub read_event {
	my ($self, $name) = @_;
	my $text = slurp("$self->{dir}/$name");
	my @stat = stat "$self->{dir}/$name";
	my %event = (file => $name, mode => $stat[2] & 07777,
	    owner => $stat[4], group => $stat[5]);
	my ($head, $message) = split /\n\n/, $text, 2;
	my ($first, @lines) = split /\n/, $head;
	die "$name: $first\n" if $first ne 'signet-event 1';
	for (@lines) {
		my ($key, $value) = /^([a-z_]+)=([^\x00-\x20\x7f]+)\z/
		    or die "$name: line '$_'\n";
		die "$name: $key twice\n" if exists $event{$key};
		$value =~ s/%([0-9A-F]{2})/chr hex $1/ge;
		$event{$key} = $value;
	}
	$event{message} = $message;
	return \%event;
}

sub take {
	my ($self) = @_;
	my @events;
	for my $name (grep { /^T-/ } $self->names) {
		push @events, $self->read_event($name);
		unlink "$self->{dir}/$name" or die "$name: $!\n";
	}
	return @events;
}

# Other events that come before it are gone as well.
sub await {
	my ($self, $wanted, $what) = @_;
	my $found;
	wait_for(60, sub {
		($found) = grep { $wanted->($_) } $self->take;
		return $found;
	}, $what // 'an event');
	return $found;
}

1;
