package Signet::StsDriver;

# The cache of MTA-STS policies, driven from a test (t/unit/sts_driver.c tells
# the commands).
#
#   my $driver = Signet::StsDriver->new(config => $text, directory => $dir);
#   my $answer = $driver->tell('get example.com');    # a hash
#   $driver->log; $driver->kill; $driver->stop;       # its exit status
#
# `blocks` bounds the size of each file that it writes, in units of 512 bytes.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Handle;
use JSON::PP ();
use POSIX ();
use Signet::Util qw(temp_dir spew slurp build_dir wait_for end_process);

sub program { return build_dir() . '/t/unit/sts_driver' }

sub new {
	my ($class, %option) = @_;
	my $self = bless { dir => temp_dir(), %option }, $class;
	$self->own;
	spew("$self->{dir}/signet.conf", $option{config});
	pipe my $from, my $out or die "pipe: $!\n";
	pipe my $in, my $to or die "pipe: $!\n";
	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid} == 0) {
		open STDIN, '<&', $in;
		open STDOUT, '>&', $out;
		open STDERR, '>>', "$self->{dir}/log";
		$SIG{XFSZ} = 'IGNORE';
		my @command = (program(), "$self->{dir}/signet.conf");
		unshift @command, 'sh', '-c', "ulimit -f $option{blocks}; "
		    . 'exec "$0" "$@"' if $option{blocks};
		{ no warnings; exec { $command[0] } @command; }
		POSIX::_exit(127);
	}
	close $in;
	close $out;
	$to->autoflush(1);
	@$self{qw(to from)} = ($to, $from);
	$self->_read;
	return $self;
}

sub pid { return $_[0]{pid} }
sub log { return slurp("$_[0]{dir}/log") // '' }

sub _read {
	my ($self) = @_;
	local $SIG{ALRM} = sub { die "the driver does not answer\n" };
	alarm 240;
	my $line = readline $self->{from};
	alarm 0;
	die 'the driver ended: ' . $self->log unless defined $line;
	return JSON::PP::decode_json($line);
}

sub tell {
	my ($self, $command) = @_;
	local $SIG{PIPE} = 'IGNORE';
	print { $self->{to} } "$command\n";
	return $self->_read;
}

# A command without waiting for what comes of it, and what came.
sub start_telling {
	my ($self, $command) = @_;
	print { $self->{to} } "$command\n";
	return;
}
sub told { return $_[0]->_read }

sub kill {
	my ($self) = @_;
	my $pid = delete $self->{pid};
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return;
}

sub stop {
	my ($self) = @_;
	local $SIG{PIPE} = 'IGNORE';
	my $pid = delete $self->{pid} or return 0;
	print { $self->{to} } "quit\n";
	my $status;
	wait_for(60, sub {
		my $got = waitpid $pid, POSIX::WNOHANG();
		$status = $? if $got == $pid;
		return $got == $pid;
	}, 'the end of the driver');
	return $status;
}

1;
