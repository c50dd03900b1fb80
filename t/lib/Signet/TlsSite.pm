package Signet::TlsSite;

# A site that sends mail, and the mail servers, DNS and policy hosts of the
# domains of Signet::TlsCases, in a network of the test's own.
#
#   Signet::TlsSite->need;                   # and enters that network
#   my $world = Signet::TlsSite->new(
#       main => { ... },                     # of Postfix, main.cf
#       settings => { policy => { ... } },   # of signet.conf
#       without => ['collect', ...],         # and what Signet::Site knows
#   );
#   $world->{policy}, {collect}: our programs (Signet::Program)
#   $world->{ca}, {servers}, {resolver}, {site}, and the site's {mta}, {pg}
#   my $id = $world->send(@recipients);      # one message to all
#   my %told = $world->outcomes($id);        # recipient => { dsn, status,
#                                            #   words, relay }
#   Signet::TlsSite->tlsrpt;                 # can this Postfix report?

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Socket::UNIX;
use Signet::Ca;
use Signet::Net;
use Signet::PolicyHost;
use Signet::Resolver;
use Signet::Site;
use Signet::TlsCases;
use Signet::TlsServer;
use Signet::Util qw(run_command slurp temp_dir top_dir wait_for);

sub need {
	my ($class) = @_;
	Signet::Site->need;
	Signet::Resolver->need;
	Signet::Net->enter;
	return 1;
}

# Does this Postfix make TLS reports (3.10 and later, with libtlsrpt)?
sub tlsrpt {
	my (undef, $out) = run_command('postconf', '-dh', 'smtp_tlsrpt_enable');
	return $out =~ /\S/ ? 1 : 0;
}

sub dialect { return tlsrpt() ? 'policy-tlsrpt' : 'policy' }

sub new {
	my ($class, %option) = @_;
	my $self = bless { dir => temp_dir(), option => \%option }, $class;
	$self->own;
	my $ca = $self->{ca} = Signet::Ca->new;
	my $servers = $self->{servers} = Signet::TlsServer->new(ca => $ca,
	    names => [Signet::TlsCases::mx_names()],
	    faces => { Signet::TlsCases::faces() });
	$self->{web} = Signet::PolicyHost->new(address => '198.51.100.1',
	    port => 443);
	# where no policy host may be; its authority is another one
	$self->{inside} = Signet::PolicyHost->new(address => '10.99.0.1',
	    port => 443);
	Signet::TlsCases::serve($self->{web}, $self->{inside});
	$self->{site} = Signet::Site->new(
		dir => $self->{dir},
		zones => { Signet::TlsCases::zones($servers, $ca),
		    %{ $option{zones} // {} } },
		without => ['milter', @{ $option{without} // [] }],
		milters => '',
		main => { $self->main, %{ $option{main} // {} } },
	);
	@$self{qw(mta pg dns)} = @{ $self->{site} }{qw(mta pg dns)};
	$self->{resolver} = Signet::Resolver->new(dns => $self->{dns});
	$self->_start_programs;
	return $self;
}

sub socket { return "$_[0]{dir}/run/$_[1].sock" }

# The lines of main.cf that our documents give, with sockets in a folder.
sub main_of_examples {
	my ($class, $folder) = @_;
	my $file = top_dir() . '/docs/examples/main-tls'
	    . ($class->tlsrpt ? '-3.10.cf' : '.cf');
	my %main = slurp($file) =~ /^(\w+) = (.*)$/mg;
	s{(^|unix:)signet[a-z-]*/}{$1$folder/} for values %main;
	return %main;
}

sub main {
	my ($self) = @_;
	return ($self->main_of_examples("$self->{dir}/run"),
		default_transport => 'smtp:',
		smtp_bind_address => '192.0.2.25',
		smtp_tls_CAfile => $self->{ca}->file,
		minimal_backoff_time => '3600s',
		maximal_backoff_time => '7200s',
	);
}

sub _settings {
	my ($self) = @_;
	return (
		policy => {
			listen => 'unix:' . $self->socket('policy')
			    . ' inet:5461@127.0.0.1',
			socket_mode => 666,
			answers => $self->socket('answers'),
			metrics => 'unix:' . $self->socket('figures'),
			# a busy machine is no reason for another answer
			deadline => '60s',
		},
		dns => { timeout => '30s' },
		reports => { from => 'reports@site.example',
		    organization => 'Site' },
		mta_sts => {
			ca_file => $self->{web}->ca_file,
			allowed_networks => '198.51.100.0/24 203.0.113.0/24',
			directory => "$self->{dir}/sts",
		},
		tls_collect => {
			listen => 'unix:' . $self->socket('tlsrpt'),
			socket_mode => 666,
			answers => 'unix:' . $self->socket('answers'),
			$self->{mta} ? (log_file => $self->{mta}->log_file)
			    : (),
			log_position => "$self->{dir}/log.position",
			probe_ca_file => $self->{ca}->file,
		},
	);
}

sub _start_programs {
	my ($self) = @_;
	my $site = $self->{site};
	my %without = map { $_ => 1 } @{ $self->{option}{without} // [] };
	mkdir "$self->{dir}/sts", 0700 or die "$self->{dir}/sts: $!\n";
	my %settings = $self->_settings;
	my $more = $self->{option}{settings} // {};
	$settings{$_} = { %{ $settings{$_} // {} }, %{ $more->{$_} } }
	    for keys %$more;
	delete @settings{qw(policy mta_sts)} if $without{policy};
	$site->configure(%settings);
	$self->{collect} = $site->program('signet-tls-collect')
	    unless $without{collect};
	$self->{policy} = $site->program('signet-policy')
	    unless $without{policy};
	return;
}

# Answers that signet-policy has told the collector.
sub told {
	my ($self) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $self->socket('figures'))
	    or die "figures.sock: $!\n";
	syswrite $socket, "GET /metrics HTTP/1.0\r\n\r\n";
	local $/;
	my ($count) = <$socket> =~
	    /^signet_policy_datagrams_total\{outcome="sent"\} (\d+)$/m;
	return $count // 0;
}

# After a collector that was away has come back: signet-policy looks for it
# once a second, and only when it has something to tell of `domain`.
sub wait_heard {
	my ($self, $domain) = @_;
	my $before = $self->told;
	return wait_for(60, sub {
		$self->replies(dialect(), $domain);
		return $self->told > $before;
	}, 'signet-policy to find the collector');
}

# Every MTA-STS record tells of a newer policy.
sub new_policy_ids {
	my ($self) = @_;
	my %zones = Signet::TlsCases::zones(@$self{qw(servers ca)});
	s/id=1;/id=2;/g for map { $_->{text} } grep { ref } values %zones;
	$self->{dns}->change(map { $_ => $zones{$_} }
	    qw(dane.example sts.example));
	return;
}

# What signet-policy answers for a key, as postmap(1) sees it: the text, or
# undef with what it complains of.
sub ask {
	my ($self, $dialect, $key) = @_;
	my ($status, $out, $err) = run_command('postmap', '-c',
	    $self->{mta}->config_dir, '-q', $key, 'socketmap:unix:'
	    . $self->socket('policy') . ":$dialect");
	chomp $out;
	return ($status == 0 ? $out : undef, $err);
}

# The same, as it comes: "OK ...", "NOTFOUND ", "TEMP ...". Several questions
# on one connection.
sub replies {
	my ($self, $dialect, @keys) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $self->socket('policy'))
	    or die "policy.sock: $!\n";
	my @reply;
	for my $key (@keys) {
		my $question = "$dialect $key";
		print {$socket} length $question, ":$question,";
		$socket->flush;
		local $/ = ':';
		my $length = readline $socket;
		defined $length && $length =~ /^(\d+):$/
		    or die "no netstring for '$question'\n";
		read $socket, my $text, $1 + 1;
		$text =~ s/,\z// or die "no netstring: $text\n";
		push @reply, $text;
	}
	return @reply;
}

# How posttls-finger(1) ends up with a domain at a level: "Verified",
# "Trusted", "Untrusted", "Anonymous", or "" without TLS.
sub finger {
	my ($self, $domain, $level, @match) = @_;
	local $ENV{MAIL_CONFIG} = $self->{mta}->config_dir;
	my (undef, $out, $err) = run_command('posttls-finger', '-c', '-l',
	    $level, '-F', $self->{ca}->file, '-t', 60, '-T', 60, $domain,
	    @match);
	return "$out$err" =~ /(\w+) TLS connection established/ ? $1 : '';
}

sub send {
	my ($self, @recipients) = @_;
	my ($reply, $id) = $self->{mta}->send(client => '127.0.0.1',
	    from => 'ann@site.example', to => \@recipients,
	    data => "From: <ann\@site.example>\nSubject: hello\n\nHello.\n");
	die "not accepted: $reply\n" unless $id;
	return $id;
}

# What the log says of each recipient of a message: the first attempt.
sub outcomes {
	my ($self, $id) = @_;
	return outcomes_of($self->{mta}, $id);
}

sub outcomes_of {
	my ($mta, $id) = @_;
	my %told;
	for (split /\n/, $mta->log) {
		my ($to, $relay, $dsn, $status, $words) = /\b\Q$id\E:\ to=<(.*?)>,
		    .*\ relay=(\S+),\ .*\ dsn=([\d.]+),\ status=(\w+)\ \((.*)\)
		    /x or next;
		$told{$to} //= { relay => $relay, dsn => $dsn,
		    status => $status, words => $words };
	}
	return %told;
}

sub wait_outcomes {
	my ($self, $id, $count) = @_;
	return wait_for(120, sub {
		my %told = $self->outcomes($id);
		return keys %told == $count ? \%told : undef;
	}, sub { "$count outcomes in\n" . $self->{mta}->log });
}

sub stop {
	my ($self) = @_;
	for my $part (qw(policy collect site resolver servers web inside)) {
		$self->{$part}->stop if $self->{$part};
	}
	return;
}

1;
