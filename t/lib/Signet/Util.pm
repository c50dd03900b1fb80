package Signet::Util;

# What every part of the test bench needs: temporary directories, free ports,
# polling with a deadline, running commands, and stopping whatever was started
# even when the test dies.
#
#   my $dir = temp_dir();              # mode 0755, removed at the end
#   my $port = free_port();            # of 127.0.0.1, from the kernel
#   wait_for(10, sub { -s $file }, 'the log');   # dies after 10 s
#   my ($status, $out, $err) = run_command('postqueue', '-p');
#   must_run('initdb', ...);           # dies with the command's own words
#   need_programs('nsd', 'postfix');   # skips the test file; fails with CI=true

use strict;
use warnings;
use Exporter 'import';
use Cwd ();
use File::Basename ();
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Scalar::Util ();
use Time::HiRes ();

our @EXPORT_OK = qw(temp_dir free_port wait_for run_command must_run slurp
    spew append_file need_programs skip_or_fail at_end top_dir build_dir
    vectors_dir spawn end_process can_connect find_program program_path now
    run_with_input born is_alive group_is_alive whole_lines fork_part);

use constant PATIENCE => 120;

# Daemons live in sbin, which is not in every user's PATH.
$ENV{PATH} = join ':', $ENV{PATH} // '/usr/bin:/bin',
    '/usr/local/sbin', '/usr/sbin', '/sbin';
$ENV{LC_ALL} = 'C';

my $owner = $$;
my @things;	# objects with a stop method, weak
my @dirs;

sub now { return Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }

# The checkout (or the unpacked distribution) this file belongs to.
sub top_dir {
	my $here = Cwd::realpath(File::Basename::dirname(__FILE__));
	return Cwd::realpath("$here/../../..");
}

# Where the programs were built: $SIGNET_BUILD, the current directory if it
# holds a Makefile of ours, or the checkout.
sub build_dir {
	return Cwd::realpath($ENV{SIGNET_BUILD}) if $ENV{SIGNET_BUILD};
	return Cwd::getcwd() if -e 'config.status';
	return top_dir();
}

sub vectors_dir {
	return $ENV{SIGNET_VECTORS} // top_dir() . '/../shared/vectors';
}

# Path of a program we built, or undef.
sub program_path {
	my ($name) = @_;
	my $build = build_dir();
	for my $dir ('', qw(milter sql admin)) {
		my $path = $dir eq '' ? "$build/$name" : "$build/$dir/$name";
		return $path if -f $path && -x _;
	}
	return undef;
}

# Path of an installed program, or undef.
sub find_program {
	my ($name) = @_;
	return -x $name ? $name : undef if $name =~ m{/};
	for my $dir (split /:/, $ENV{PATH}) {
		return "$dir/$name" if -f "$dir/$name" && -x _;
	}
	return undef;
}

sub skip_or_fail {
	my ($reason) = @_;
	require Test::More;
	if (($ENV{CI} // '') eq 'true') {
		Test::More::BAIL_OUT($reason) if $ENV{SIGNET_BAIL_OUT};
		Test::More::plan(tests => 1);
		Test::More::fail($reason);
		exit 1;
	}
	Test::More::plan(skip_all => $reason);
}

sub need_programs {
	my @missing = grep { !find_program($_) } @_;
	skip_or_fail("not installed: @missing") if @missing;
	return 1;
}

sub temp_dir {
	my $base = $ENV{TMPDIR} || '/tmp';
	my $dir = File::Temp::tempdir('signet-XXXXXXXX', DIR => $base);
	chmod 0755, $dir or die "chmod $dir: $!\n";
	push @dirs, $dir;
	return $dir;
}

# Ports below the range that the kernel hands to outgoing connections: a port
# from that range could be taken again before the server binds it. A name of the
# kernel's keeps it for this test until it ends, though nobody listens there.
my @claims;
sub free_port {
	for (1 .. 200) {
		my $port = 10240 + int rand 20000;
		my $claim = IO::Socket::UNIX->new(Listen => 1,
		    Local => "\0signet-test-port-$port") or next;
		my $tcp = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		    LocalPort => $port, Proto => 'tcp', Listen => 1) or next;
		my $udp = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		    LocalPort => $port, Proto => 'udp') or next;
		push @claims, $claim;
		return $port;
	}
	die "no free port on 127.0.0.1\n";
}

# Calls `fact` until it returns something true, and returns that. Dies after
# `seconds`, or PATIENCE if that is longer: only a test that fails takes longer
# for it, while a busy machine makes none fail. `what` names what was waited for
# (string or code returning one).
sub wait_for {
	my ($seconds, $fact, $what) = @_;
	$seconds = PATIENCE if $seconds < PATIENCE;
	my $end = now() + $seconds;
	my $pause = 0.002;
	for (;;) {
		my $value = $fact->();
		return $value if $value;
		last if now() > $end;
		select undef, undef, undef, $pause;
		$pause *= 1.5 if $pause < 0.05;
	}
	$what = $what->() if ref $what eq 'CODE';
	$what //= 'the expected fact';
	die "waited $seconds s in vain for $what\n";
}

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or return undef;
	local $/;
	my $all = <$in>;
	return $all // '';
}

sub spew {
	my ($path, $content, $mode) = @_;
	open my $out, '>:raw', $path or die "$path: $!\n";
	print {$out} $content or die "$path: $!\n";
	close $out or die "$path: $!\n";
	chmod $mode, $path or die "$path: $!\n" if defined $mode;
	return $path;
}

sub append_file {
	my ($path, $content) = @_;
	open my $out, '>>:raw', $path or die "$path: $!\n";
	print {$out} $content or die "$path: $!\n";
	close $out or die "$path: $!\n";
	return;
}

# Runs a command without a shell. Returns exit status (128 + signal when it
# was killed, 127 when it is missing), standard output, standard error.
sub run_command {
	return run_with_input('', @_);
}

sub run_with_input {
	my ($input, @command) = @_;
	my $in = File::Temp::tempfile();
	my $out = File::Temp::tempfile();
	my $err = File::Temp::tempfile();
	binmode $_ for $in, $out, $err;
	print {$in} $input;
	$in->flush;
	seek $in, 0, 0;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		open STDIN, '<&', $in;
		open STDOUT, '>&', $out;
		open STDERR, '>&', $err;
		{ no warnings; exec { $command[0] } @command; }
		print STDERR "$command[0]: $!\n";
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	my @text;
	for my $file ($out, $err) {
		seek $file, 0, 0;
		local $/;
		my $all = <$file>;
		push @text, $all // '';
	}
	return ($status, @text);
}

sub must_run {
	my ($status, $out, $err) = run_command(@_);
	die "'@_' ended with status $status: $err$out\n" if $status != 0;
	return $out;
}

# Starts a command in the background; `out` and `err` are files appended to.
# Options: env => {NAME => value or undef}, dir, user (name), limit_files.
# Returns the process id; the process leads its own session.
sub spawn {
	my ($option, @command) = @_;
	my @user = $option->{user} ? getpwnam $option->{user} : ();
	die "no user $option->{user}\n" if $option->{user} && !@user;
	my $pid = fork // die "fork: $!\n";
	return $pid if $pid;
	POSIX::setsid();
	$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
	open STDIN, '<', '/dev/null';
	open STDOUT, '>>', $option->{out} // '/dev/null';
	open STDERR, '>>', $option->{err} // $option->{out} // '/dev/null';
	for my $name (keys %{ $option->{env} // {} }) {
		my $value = $option->{env}{$name};
		if (defined $value) {
			$ENV{$name} = $value;
		} else {
			delete $ENV{$name};
		}
	}
	if ($option->{dir} && !chdir $option->{dir}) {
		print STDERR "$option->{dir}: $!\n";
		POSIX::_exit(126);
	}
	if (@user) {
		$) = "$user[3] $user[3]";
		POSIX::setgid($user[3]);
		POSIX::setuid($user[2]);
	}
	{ no warnings; exec { $command[0] } @command; }
	print STDERR "$command[0]: $!\n";
	POSIX::_exit(127);
}

# Ends a child: TERM (or `signal`), and KILL when it has not gone in time.
# Returns its wait status.
sub end_process {
	my ($pid, $signal, $seconds) = @_;
	$signal //= 'TERM';
	kill $signal, $pid;
	my $status;
	my $gone = sub {
		my $got = waitpid $pid, POSIX::WNOHANG();
		$status = $got == $pid ? $? : 0 if $got;
		return $got != 0;
	};
	eval { wait_for($seconds // 10, $gone); 1 } or do {
		kill 'KILL', $pid;
		waitpid $pid, 0;
		$status = $?;
	};
	return $status;
}

# A child of the test that ends with the code: what is started there ends there.
sub fork_part {
	my ($code) = @_;
	my $pid = fork // die "fork: $!\n";
	return $pid if $pid;
	$owner = $$;
	@things = @dirs = ();
	my $ok = eval { $code->(); 1 };
	print STDERR "# $@" unless $ok;
	exit($ok ? 0 : 1);
}

# When a process began, in clock ticks: a number is soon another process's.
sub born {
	my ($pid) = @_;
	my $stat = slurp("/proc/$pid/stat") // return '';
	$stat =~ s/.*\) //s;
	return (split ' ', $stat)[19];
}

# Does the process run (the one that was born then)? One that has ended and
# waits for its parent does not.
sub is_alive {
	my ($pid, $born) = @_;
	my $stat = slurp("/proc/$pid/stat") // return 0;
	return 0 if defined $born && born($pid) ne $born;
	return $stat !~ /\) [ZX] /;
}

# Is any process of the group alive, its leader or another?
sub group_is_alive {
	my ($group) = @_;
	for my $file (glob '/proc/[0-9]*/stat') {
		my ($state, $its) = (slurp($file) // '')
		    =~ /\) (\S) \d+ (\d+) / or next;
		return 1 if $its == $group && $state !~ /[ZX]/;
	}
	return 0;
}

# Lines of a file that is being written: the last one may be there in part.
sub whole_lines {
	my ($text) = @_;
	return map { substr $_, 0, -1 } grep { /\n\z/ } split /(?<=\n)/, $text;
}

# Is somebody listening at "unix:PATH", "inet:PORT@HOST", "HOST:PORT" or a
# path?
sub can_connect {
	my ($address) = @_;
	$address =~ s/^(?:unix|local)://;
	if ($address =~ m{^/}) {
		return defined IO::Socket::UNIX->new(Peer => $address);
	}
	my ($host, $port) = $address =~ /^inet:(\d+)\@(.+)$/ ? ($2, $1)
	    : $address =~ /^(?:inet:)?([^:]+):(\d+)$/ ? ($1, $2)
	    : die "address '$address'\n";
	return defined IO::Socket::INET->new(PeerAddr => $host,
	    PeerPort => $port, Proto => 'tcp', Timeout => 2);
}

# Has `object`->stop called when the test ends, however it ends.
sub at_end {
	my ($object) = @_;
	push @things, $object;
	Scalar::Util::weaken($things[-1]);
	return $object;
}

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);
$SIG{PIPE} = 'IGNORE';

END {
	if ($$ == $owner) {
		my $status = $?;
		for my $thing (reverse @things) {
			next unless $thing && $thing->{owner};
			eval { $thing->stop; 1 }
			    or print STDERR "# at the end: $@";
		}
		if ($ENV{SIGNET_KEEP}) {
			print STDERR "# kept: @dirs\n" if @dirs;
		} else {
			File::Path::remove_tree(@dirs, { error => \my $e });
		}
		$? = $status;
	}
}

1;
