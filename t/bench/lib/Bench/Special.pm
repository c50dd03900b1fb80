package Bench::Special;

# What is measured of signet-milter apart from the table of all peers: caches
# that are cold, unsigned mail, memory after many messages, a name server that is
# dead and a resolver that falls silent.
#
#	my $special = Bench::Special->new(site => ..., peer => CODE that starts a
#	    peer by its name, load => CODE that runs milterload and returns its
#	    figures, directory => ..., milterload => PATH, seconds => ...);
#	my %figures = $special->round;      # in each round
#	my %once = $special->once;

use strict;
use warnings;
use File::Path qw(make_path);
use Signet::Util qw(end_process slurp spawn spew wait_for);

my $ours = 'signet-milter';
my $floor = 'nullmilter -n';
my ($dead, $connections) = (64, 8);
my $rate = 50; # messages a second when the resolver is silent

sub new {
	my ($class, %given) = @_;

	return bless {%given}, $class;
}

sub round {
	my ($self) = @_;

	return (cold => $self->cold, unsigned => $self->unsigned,
		dead => $self->dead_name_server, silent => $self->silent);
}

# A part of the corpus, or a changed one: messages for which `choose` returns
# (manifest line, header) of the message; both are given to it.
sub _corpus {
	my ($self, $name, $choose) = @_;
	my $from = $self->{site}{corpus};
	my $to = "$self->{directory}/$name";
	my $manifest = '';

	return $to if -d $to;
	make_path("$to/messages");
	for my $line (split /^/, slurp("$from/manifest")) {
		my ($file) = split /\t/, $line;
		my ($header, $body) =
		    split /(?<=\r\n)(?=\r\n)/, slurp("$from/messages/$file"), 2;
		($line, $header) = $choose->($line, $header) or next;
		$manifest .= $line;
		spew("$to/messages/$file", $header . $body);
	}
	spew("$to/manifest", $manifest);
	return $to;
}

# Nothing is known yet, neither to the milter nor to the resolver: the corpus
# once, ten messages of each domain.
sub cold {
	my ($self) = @_;

	$self->{site}{dns}->forget;
	my $peer = $self->{peer}->($ours);
	my $figures = $self->{load}->($self->{site}{corpus}, $peer,
		'-c', $connections);

	$peer->stop;
	return $figures->{cpu};
}

# CPU of unsigned mail, and of the milter that does nothing with the same.
sub unsigned {
	my ($self) = @_;
	my $corpus = $self->_corpus('unsigned', sub {
		my ($line, $header) = @_;
		return $header =~ /^DKIM-Signature:/mi ? () : ($line, $header);
	});
	my %cpu;

	for my $name ($floor, $ours) {
		my $peer = $self->{peer}->($name);

		$self->{load}->($corpus, $peer, '-c', $connections, '-n', 500);
		$cpu{$name} = $self->{load}->($corpus, $peer, '-c',
			$connections, '-n', 3000)->{cpu};
		$peer->stop;
	}
	return { %cpu, ratio => $cpu{$ours} / $cpu{$floor} };
}

# Messages of domains for which no answer ever comes, and ordinary ones.
sub dead_name_server {
	my ($self) = @_;
	my $corpus = $self->_corpus('dead', sub {
		my @both = @_;
		s/\b(d\d+)\.bench/$1.dead.bench/g for @both;
		return @both;
	});
	my $peer = $self->{peer}->($ours);
	my @ordinary = ($self->{site}{corpus}, $peer, '-c', $connections, '-n',
		100000, '-t', $self->{seconds});

	$self->{site}{dns}->never_answer('dead.bench');
	$self->{load}->($self->{site}{corpus}, $peer, '-c', $connections);
	my $without = $self->{load}->(@ordinary)->{rate};
	my $loader = spawn({ out => "$self->{directory}/dead.log" },
		$self->{milterload}, '-d', $corpus, $peer->load_options, '-c',
		$dead, '-n', 100000);
	my $with = $self->{load}->(@ordinary)->{rate};
	end_process($loader);
	my $after = $self->{load}->(@ordinary)->{rate};

	$peer->stop;
	# the rate before and after, so that a machine that becomes slower
	# meanwhile tells nothing
	$without = ($without + $after) / 2;
	return { without => $without, with => $with,
		ratio => $with / $without };
}

# Known senders, while the resolver answers and while it is stopped.
sub silent {
	my ($self) = @_;
	my $peer = $self->{peer}->($ours);
	my $unbound = $self->{site}{dns}{unbound}->pid;
	my @paced = ($self->{site}{corpus}, $peer, '-c', $dead, '-r', $rate,
		'-n', 10 * $rate);

	$self->{load}->($self->{site}{corpus}, $peer, '-c', $connections);
	my $normal = $self->{load}->(@paced);
	kill 'STOP', $unbound;
	my $silent = eval { $self->{load}->(@paced) };
	my $why = $@;
	kill 'CONT', $unbound;
	$peer->stop;
	die $why unless $silent;
	return {
		normal => $normal->{message_p99_ms},
		silent => $silent->{message_p99_ms},
		max => $silent->{message_max_ms},
		lost => $silent->{tempfailed} + $silent->{failed},
		ratio => $silent->{message_p99_ms} / $normal->{message_p99_ms},
	};
}

# Resident KiB after so many messages.
sub growth {
	my ($self) = @_;
	my $peer = $self->{peer}->($ours);
	my %kib;
	my $sent = 0;

	for my $upto (map { $_ * 10000 } 1 .. 10) {
		my $figures = $self->{load}->($self->{site}{corpus}, $peer,
			'-c', $connections, '-n', $upto - $sent);

		$kib{$upto} = $figures->{rss_after_kib};
		$sent = $upto;
	}
	$peer->stop;
	return \%kib;
}

1;
