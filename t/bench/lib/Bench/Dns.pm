package Bench::Dns;

# nsd with the corpus' records in a signed root zone, and unbound in front of
# it as the validating resolver on 127.0.0.1:53. Meant for a network namespace
# of its own, in which these ports are free.

use strict;
use warnings;
use Bench::Process;
use Signet::Util qw(append_file must_run slurp spew);

my $zone_port = 5300;

sub start {
	# directory; corpus; plain: name of an unsigned zone, whose records are
	# in the file `plain` of the corpus
	my ($class, %given) = @_;
	my $self = bless {%given}, $class;

	mkdir $self->{directory} or die "$self->{directory}: $!\n";
	$self->sign;
	$self->start_nsd;
	$self->start_unbound;
	return $self;
}

sub path { return "$_[0]{directory}/$_[1]" }
sub root_key { return $_[0]->path('root.key') }

# The tools name their files after the key and put them where they run.
sub sign {
	my ($self) = @_;

	spew($self->path('zone'), <<'ZONE' . slurp("$self->{corpus}/zone"));
$TTL 3600
. SOA ns.bench. hostmaster.bench. 1 3600 900 604800 300
. NS ns.bench.
ns.bench. A 127.0.0.1
ZONE
	append_file($self->path('zone'), "$self->{plain}. NS ns.bench.\n")
	    if defined $self->{plain};
	must_run('sh', '-c', <<'SH', 'sh', $self->{directory});
		set -e
		cd "$1"
		key=$(ldns-keygen -a ECDSAP256SHA256 -k .)
		ldns-signzone -o . -f zone.signed zone "$key"
		mv "$key.key" root.key
SH
	return;
}

sub start_nsd {
	my ($self) = @_;

	spew($self->path('nsd.conf'), <<"CONF");
server:
	ip-address: 127.0.0.1\@$zone_port
	username: ""
	chroot: ""
	zonesdir: "$self->{directory}"
	database: ""
	pidfile: ""
	xfrdfile: ""
	zonelistfile: "$self->{directory}/nsd.zones"
	server-count: 1
	hide-version: yes
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: "zone.signed"
CONF
	$self->add_plain if defined $self->{plain};
	$self->{nsd} = Bench::Process->start($self->path('nsd.log'),
		'nsd', '-d', '-c', $self->path('nsd.conf'));
	return;
}

sub add_plain {
	my ($self) = @_;

	spew($self->path('plain'), <<"ZONE" . slurp("$self->{corpus}/plain"));
\$TTL 3600
$self->{plain}. SOA ns.bench. hostmaster.bench. 1 3600 900 604800 300
$self->{plain}. NS ns.bench.
ZONE
	append_file($self->path('nsd.conf'), <<"CONF");
zone:
	name: "$self->{plain}"
	zonefile: "plain"
CONF
	return;
}

sub start_unbound {
	my ($self) = @_;

	spew($self->path('unbound.conf'), <<"CONF");
server:
	interface: 127.0.0.1
	port: 53
	username: ""
	chroot: ""
	directory: "$self->{directory}"
	pidfile: ""
	use-syslog: no
	num-threads: 1
	so-reuseport: no
	do-not-query-localhost: no
	do-ip6: no
	module-config: "validator iterator"
	trust-anchor-file: "${\ $self->root_key}"
	msg-cache-size: 32m
	rrset-cache-size: 64m
remote-control:
	control-enable: yes
	control-interface: "${\ $self->path('control')}"
	control-use-cert: no
stub-zone:
	name: "."
	stub-addr: 127.0.0.1\@$zone_port
	stub-prime: no
CONF
	append_file($self->path('unbound.conf'), <<"CONF")
stub-zone:
	name: "$self->{plain}"
	stub-addr: 127.0.0.1\@$zone_port
	stub-prime: no
CONF
	    if defined $self->{plain};
	$self->{unbound} = Bench::Process->start($self->path('unbound.log'),
		'unbound', '-d', '-c', $self->path('unbound.conf'));
	$self->{unbound}->await($self->path('control'));
	return;
}

sub control {
	my ($self, @command) = @_;

	return must_run('unbound-control', '-c', $self->path('unbound.conf'),
		@command);
}

# The resolver knows nothing any more.
sub forget {
	my ($self) = @_;

	return $self->control('flush_zone', '.');
}

# Drops questions for all below a name, as if its name servers were dead.
sub never_answer {
	my ($self, $name) = @_;

	return $self->control('local_zone', $name, 'deny');
}

# How many questions the resolver was asked so far.
sub questions {
	my ($self) = @_;
	my $all = $self->control('stats_noreset');

	return $1 if $all =~ /^total\.num\.queries=(\d+)/m;
	die "unbound-control tells no total\n";
}

sub stop {
	my ($self) = @_;

	$_->stop for @{$self}{qw(unbound nsd)};
	return;
}

1;
