package Bench::Peer;

# The milters that are compared. Each is started fresh in its own directory,
# with the same resolver and the same name for Authentication-Results.

use strict;
use warnings;
use Bench::Process;
use Signet::Util qw(now slurp spew);

my $host = 'mx.site.bench';
my $suffixes = '/usr/share/publicsuffix/public_suffix_list.dat';

# What each peer does of the work: its verdicts are compared for these. A
# chain's milters get each message one after the other.
my %peers = (
	'nullmilter' => { milters => ['nullmilter'], does => [] },
	'nullmilter -n' => { milters => ['nullmilter -n'], does => [] },
	'signet-milter' => { milters => ['signet-milter'],
		does => [qw(spf dkim dmarc)] },
	'opendkim' => { milters => ['opendkim'], does => ['dkim'] },
	'opendmarc' => { milters => ['opendmarc'], does => ['spf_pass'] },
	'opendkim+opendmarc' => { milters => ['opendkim', 'opendmarc'],
		does => [qw(spf_pass dkim dmarc)] },
);

my %command = (
	'nullmilter' => sub {
		my ($self, $socket) = @_;
		return ("$self->{build}/t/bench/nullmilter", "unix:$socket");
	},
	'nullmilter -n' => sub {
		my ($self, $socket) = @_;
		return ("$self->{build}/t/bench/nullmilter", '-n',
			"unix:$socket");
	},
	'signet-milter' => \&signet_milter,
	'opendkim' => \&opendkim,
	'opendmarc' => \&opendmarc,
);

sub names { return sort keys %peers }

# new(name => ..., directory => ..., build => ..., root_key => FILE)
sub new {
	my ($class, %given) = @_;

	die "no peer is called $given{name}\n" unless $peers{ $given{name} };
	return bless { %given, %{ $peers{ $given{name} } } }, $class;
}

sub does { return @{ $_[0]{does} } }

sub start {
	my ($self) = @_;
	my $began = now();

	mkdir $self->{directory} or die "$self->{directory}: $!\n";
	$self->{processes} = [];
	$self->{sockets} = [];
	for my $milter (@{ $self->{milters} }) {
		my ($word) = $milter =~ /^(\S+)/;
		my $socket = "$self->{directory}/$word.sock";
		my @command = $command{$milter}->($self, $socket);
		push @{ $self->{processes} }, Bench::Process->start(
			"$self->{directory}/$word.log", @command);
		push @{ $self->{sockets} }, "unix:$socket";
	}
	for my $n (0 .. $#{ $self->{processes} }) {
		$self->{processes}[$n]->await($self->{sockets}[$n]);
	}
	$self->{ready_ms} = (now() - $began) * 1000;
	return $self;
}

# The options by which milterload reaches and watches this peer.
sub load_options {
	my ($self) = @_;

	return ((map { ('-m', $_) } @{ $self->{sockets} }),
		(map { ('-p', $_->pid) } @{ $self->{processes} }));
}

sub stop {
	my ($self) = @_;

	$_->stop for @{ $self->{processes} };
	return;
}

# A refused message would carry no Authentication-Results to compare.
sub signet_milter {
	my ($self, $socket) = @_;
	my $conf = "$self->{directory}/signet.conf";
	my $spool = "$self->{directory}/spool";

	mkdir $spool or die "$spool: $!\n";
	spew($conf, <<"CONF");
[common]
hostname = $host
log = stderr
spool_directory = $spool
[dns]
forward = 127.0.0.1\@53
root_key = $self->{root_key}
[milter]
listen = unix:$socket
dmarc_reject = tag
CONF
	return ("$self->{build}/signet-milter", '-c', $conf);
}

sub opendkim {
	my ($self, $socket) = @_;
	my $conf = "$self->{directory}/opendkim.conf";

	spew($conf, <<"CONF");
Mode v
Socket local:$socket
AuthservID $host
Syslog no
Background no
UserID $>
Nameservers 127.0.0.1
TrustAnchorFile $self->{root_key}
CONF
	return ('opendkim', '-f', '-x', $conf);
}

# opendmarc takes no name below an unlisted top-level domain for an
# organizational domain, so .bench is added to the list of Debian.
sub suffix_list {
	my ($self) = @_;
	my $list = "$self->{directory}/suffixes";

	spew($list, slurp($suffixes) . "bench\n");
	return $list;
}

# HistoryFile is where opendmarc notes what its reports need, as signet does
# in the spool.
sub opendmarc {
	my ($self, $socket) = @_;
	my $conf = "$self->{directory}/opendmarc.conf";

	spew($conf, <<"CONF");
Socket local:$socket
AuthservID $host
TrustedAuthservIDs $host
HistoryFile $self->{directory}/opendmarc.history
PublicSuffixList ${\ $self->suffix_list}
RejectFailures false
SPFIgnoreResults true
SPFSelfValidate true
Syslog false
Background false
CONF
	return ('opendmarc', '-f', '-c', $conf);
}

1;
