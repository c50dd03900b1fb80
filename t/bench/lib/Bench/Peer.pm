package Bench::Peer;

# The milters that are compared. Each is started fresh in its own directory,
# with the same resolver and the same name for Authentication-Results.

use strict;
use warnings;
use Bench::Process;
use Signet::Util qw(can_connect now slurp spew);

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
	'pyspf-milter' => { milters => ['pyspf-milter'], does => ['spf'] },
	'dkimpy-milter' => { milters => ['dkimpy-milter'],
		does => ['dkim_domain'] },
	'rspamd' => { milters => ['rspamd'], does => [qw(spf dkim dmarc)] },
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
	'pyspf-milter' => \&pyspf_milter,
	'dkimpy-milter' => \&dkimpy_milter,
	'rspamd' => \&rspamd,
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
	$self->look_often($began);
	$self->{ready_ms} = (now() - $began) * 1000;
	for my $n (0 .. $#{ $self->{processes} }) {
		$self->{processes}[$n]->await($self->{sockets}[$n]);
	}
	$self->{ready_ms} = (now() - $began) * 1000 if now() - $began > 1;
	return $self;
}

# Each half of a millisecond, for a second at most: who is ready sooner than
# that shall not be seen late.
sub look_often {
	my ($self, $began) = @_;
	my @waited = @{ $self->{sockets} };

	while (@waited && now() - $began < 1) {
		@waited = grep { !can_connect($_) } @waited;
		select undef, undef, undef, 0.0005 if @waited;
	}
	return;
}

# The options by which milterload reaches and watches this peer.
sub load_options {
	my ($self) = @_;

	return ((map { ('-m', $_) } @{ $self->{sockets} }),
		(map { ('-p', $_) } $self->pids));
}

# With the children of those that have some.
sub pids {
	my ($self) = @_;

	return map {
		my $pid = $_->pid;
		($pid, split ' ', slurp("/proc/$pid/task/$pid/children") // '')
	} @{ $self->{processes} };
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

# It wants one address that it does not look at.
sub pyspf_milter {
	my ($self, $socket) = @_;
	my $conf = "$self->{directory}/pyspf.conf";

	spew($conf, <<"CONF");
debugLevel = 0
HELO_reject = False
Mail_From_reject = False
PermError_reject = False
TempError_Defer = False
skip_addresses = 192.0.2.255/32
InternalHosts = 127.0.0.1
Authserv_Id = $host
Socket = local:$socket
PidFile = $self->{directory}/pyspf.pid
UserID = ${\ scalar getpwuid $>}
CONF
	return ('pyspf-milter', $conf);
}

sub dkimpy_milter {
	my ($self, $socket) = @_;
	my $conf = "$self->{directory}/dkimpy.conf";

	spew($conf, <<"CONF");
Syslog no
Mode v
AuthservID $host
Socket local:$socket
PidFile $self->{directory}/dkimpy.pid
UserID ${\ scalar getpwuid $>}
CONF
	return ('dkimpy-milter', $conf);
}

# One process that speaks milter and scans; of its modules only those that
# authenticate. It makes an automaton of its suffixes when it starts, so it gets
# few of them.
sub rspamd {
	my ($self, $socket) = @_;
	my $dir = $self->{directory};
	my $plugins = '/usr/share/rspamd/plugins';
	my $list = spew("$dir/suffixes", "bench\ncom\nnet\norg\n");

	spew("$dir/rspamd.conf", <<"CONF");
options {
	filters = "dkim";
	dns { nameserver = ["127.0.0.1:53"]; timeout = 5s; }
	pidfile = "$dir/rspamd.pid";
	control_socket = "$dir/control.sock mode=0600";
	max_lua_urls = 0;
	local_addrs = [];
	neighbours = {};
	check_all_filters = true;
	task_timeout = 60s;
	tempdir = "$dir";
	hs_cache_dir = "$dir";
	url_tld = "$list";
}
logging { type = "file"; filename = "$dir/rspamd.own.log"; level = "error"; }
worker "rspamd_proxy" {
	bind_socket = "$socket mode=0600";
	milter = true;
	count = 1;
	upstream "local" { self_scan = yes; }
}
modules {
	path = "$plugins/spf.lua";
	path = "$plugins/dmarc.lua";
	path = "$plugins/arc.lua";
	path = "$plugins/milter_headers.lua";
}
spf { enabled = true; }
dkim { enabled = true; }
dmarc { enabled = true; }
arc { enabled = true; }
milter_headers {
	use = ["authentication-results"];
	skip_local = false;
	skip_authenticated = false;
	authenticated_headers = ["authentication-results"];
}
metric {
	name = "default";
	actions { reject = 1000; }
}
CONF
	return ('rspamd', '-f', '-i', '-c', "$dir/rspamd.conf");
}

1;
