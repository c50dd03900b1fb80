package Signet::PolicyHost;

# A web server for MTA-STS policies and for TLS reports, with HTTPS on a free
# port of 127.0.0.1 and an authority of its own.
#
#   my $web = Signet::PolicyHost->new;
#   $web->port; $web->ca_file;
#   $web->policy('good.test', mode => 'enforce', mx => ['mx.good.test'],
#       max_age => 604800);             # mta-sts.good.test serves this policy
#   $web->site('mta-sts.bad.test', body => "...", %faults);
#   $web->count('mta-sts.good.test');   # requests that came in whole
#   $web->posts('report.test');         # ({ path, type, body }, ...)
#   $web->forget;                       # of what came
#
# `policy` and `site` may be called again and while the server runs; a name
# that is not here gets a certificate of another name and 404. Faults:
#
#   status => 404, type => 'text/html' (undef: none), location => URL,
#   size => bytes of the body (filled up with a field), headers => "X: y\r\n",
#   raw => "bytes in place of a reply",
#   certificate => 'wrong-name' | 'expired' | 'future' | 'unknown-ca' |
#       'self-signed',
#   fault => 'silent' (no handshake), 'mute' (no reply), 'drip' (a byte of
#       the reply at a time, for ever), 'close' (before the handshake),
#       'cut' (in the middle of the reply), 'plain' (no TLS),
#   hold => file: the reply waits until the file is gone

use strict;
use warnings;
use parent 'Signet::Service';
use Errno ();
use Fcntl qw(LOCK_EX);
use IO::Socket::INET;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use JSON::PP ();
use POSIX ();
use Socket qw(MSG_PEEK);
use Signet::Util qw(temp_dir slurp spew end_process wait_for whole_lines);

my $day = 86400;

sub new {
	my ($class, %option) = @_;
	my $self = bless { sites => {}, address => '127.0.0.1', %option },
	    $class;
	$self->{dir} = temp_dir();
	$self->own;
	$self->{key} = KEY_create_ec('prime256v1');
	spew("$self->{dir}/key.pem", PEM_key2string($self->{key}));
	$self->{ca} = $self->_authority('Test authority');
	$self->{stranger} = $self->_authority('Other authority');
	spew($self->ca_file, PEM_cert2string($self->{ca}));
	$self->site('elsewhere.invalid', status => 404, body => "none\n");
	$self->start;
	return $self;
}

sub port { return $_[0]{port} }
sub address { return $_[0]{address} }
sub ca_file { return "$_[0]{dir}/ca.pem" }
sub key_file { return "$_[0]{dir}/key.pem" }

# On the same port as before when it was stopped.
sub start {
	my ($self) = @_;
	my $listen = IO::Socket::INET->new(LocalAddr => $self->{address},
	    LocalPort => $self->{port} // Signet::Util::free_port(),
	    Proto => 'tcp', Listen => 128, ReuseAddr => 1)
	    or die "listen: $!\n";
	$self->{port} = $listen->sockport;
	$self->{pid} = fork // die "fork: $!\n";
	return $self if $self->{pid};
	POSIX::setpgid(0, 0);
	$SIG{TERM} = $SIG{INT} = 'DEFAULT';
	$SIG{CHLD} = 'IGNORE';
	for (;;) {
		my $peer = $listen->accept or next;
		my $pid = fork // next;
		next if $pid;
		close $listen;
		eval { $self->_serve($peer) };
		POSIX::_exit(0);
	}
}

# Those that are being served are cut off, too.
sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	end_process($pid);
	kill 'KILL', -$pid;
	return;
}

sub policy_text {
	my ($self, %policy) = @_;
	return join "\r\n", 'version: STSv1', 'mode: '
	    . ($policy{mode} // 'enforce'), (map { "mx: $_" }
	    @{ $policy{mx} // [] }), 'max_age: '
	    . ($policy{max_age} // 604800), '';
}

sub policy {
	my ($self, $domain, %policy) = @_;
	my %site = map { $_ => delete $policy{$_} }
	    grep { !/^(?:mode|mx|max_age)$/ } keys %policy;
	return $self->site("mta-sts.$domain",
	    body => $self->policy_text(%policy), %site);
}

sub site {
	my ($self, $host, %site) = @_;
	my $kind = $site{certificate} //= 'good';
	my $file = "$self->{dir}/$host.$kind.pem";
	$self->_certificate($host, $kind, $file) unless -e $file;
	$site{certificate} = $file;
	$self->{sites}{$host} = \%site;
	spew("$self->{dir}/sites.new",
	    JSON::PP->new->canonical->encode($self->{sites}));
	rename "$self->{dir}/sites.new", "$self->{dir}/sites"
	    or die "rename: $!\n";
	return $self;
}

sub remove {
	my ($self, $host) = @_;
	delete $self->{sites}{$host};
	return $self->site('elsewhere.invalid', status => 404);
}

sub _requests {
	my ($self, $host) = @_;
	my @all = map { JSON::PP::decode_json($_) }
	    whole_lines(slurp("$self->{dir}/requests") // '');
	return defined $host ? grep { $_->{host} eq $host } @all : @all;
}

sub count { return scalar $_[0]->_requests($_[1]) }

sub posts {
	my ($self, $host) = @_;
	return grep { $_->{method} eq 'POST' } $self->_requests($host);
}

sub forget { unlink "$_[0]{dir}/requests"; return $_[0] }

# Connections that were accepted, whatever became of them.
sub connections { return length(slurp("$_[0]{dir}/connections") // '') }

sub _authority {
	my ($self, $name) = @_;
	my ($certificate) = CERT_create(CA => 1, key => $self->{key},
	    subject => { commonName => $name }, not_before => time - 9 * $day,
	    not_after => time + 900 * $day);
	return $certificate;
}

sub _certificate {
	my ($self, $host, $kind, $file) = @_;
	my $name = $kind eq 'wrong-name' ? 'other.invalid' : $host;
	my @days = $kind eq 'expired' ? (-8, -1) : $kind eq 'future'
	    ? (2, 90) : (-2, 90);
	my @issuer = $kind eq 'self-signed' ? () : (issuer_key => $self->{key},
	    issuer_cert => $kind eq 'unknown-ca' ? $self->{stranger}
		: $self->{ca});
	my ($certificate) = CERT_create(key => $self->{key}, @issuer,
	    subject => { commonName => 'policy host' },
	    subjectAltNames => [['DNS', $name]], purpose => 'server',
	    not_before => time + $days[0] * $day,
	    not_after => time + $days[1] * $day);
	spew($file, PEM_cert2string($certificate));
	CERT_free($certificate);
	return;
}

# --- in the processes that serve ---

sub _note {
	my ($self, $file, $what) = @_;
	open my $to, '>>', "$self->{dir}/$file" or return;
	flock $to, LOCK_EX;
	syswrite $to, $what;
	close $to;
	return;
}

# The name that the client asks for lies in its first bytes, which stay there
# for the handshake.
sub _name_asked {
	my ($self, $peer, $sites) = @_;
	my ($seen, $want) = ('', 5);
	while (length $seen < $want) {
		my $before = length $seen;
		defined recv $peer, $seen, 16384, MSG_PEEK or return;
		return if $seen eq '';
		$want = 5 + unpack 'x3n', $seen if length $seen >= 5;
		select undef, undef, undef, 0.002
		    if length $seen == $before;
	}
	for my $host (sort keys %$sites) {
		return $host if index($seen, pack 'n/a*', $host) >= 0;
	}
	return;
}

sub _serve {
	my ($self, $peer) = @_;
	$self->_note('connections', '.');
	my $sites = JSON::PP::decode_json(slurp("$self->{dir}/sites"));
	my $host = $self->_name_asked($peer, $sites) // 'elsewhere.invalid';
	my $site = $sites->{$host};
	my $fault = $site->{fault} // '';
	return if $fault eq 'close';
	return _until_gone($peer) if $fault eq 'silent';
	if ($fault eq 'plain') {
		print {$peer} "HTTP/1.1 200 OK\r\n\r\n";
		return;
	}
	my $tls = IO::Socket::SSL->start_SSL($peer, SSL_server => 1,
	    SSL_cert_file => $site->{certificate},
	    SSL_key_file => $self->key_file) or return;
	my $request = _read_request($tls) or return;
	$request->{host} = $host;
	# bytes of a body stay what they are
	$self->_note('requests', JSON::PP->new->ascii->canonical
	    ->encode($request)
	    . "\n");
	return _until_gone($peer) if $fault eq 'mute';
	if ($site->{hold}) {
		select undef, undef, undef, 0.005 while -e $site->{hold};
	}
	_reply($tls, $site, $fault);
	$tls->close unless $fault eq 'cut';
	return;
}

sub _until_gone {
	my ($peer) = @_;
	my $bytes;
	1 while sysread $peer, $bytes, 4096;
	return;
}

sub _read_request {
	my ($tls) = @_;
	my $first = readline($tls) // return;
	my ($method, $path) = $first =~ m{^(\S+) (\S+) HTTP/1\.1\r\n$}
	    or return;
	my %field;
	while (defined(my $line = readline $tls)) {
		last if $line eq "\r\n";
		$field{ lc $1 } = $2 if $line =~ /^([^:]+): *(.*?)\r\n$/;
	}
	print {$tls} "HTTP/1.1 100 Continue\r\n\r\n"
	    if lc($field{expect} // '') eq '100-continue';
	my $body = '';
	my $length = $field{'content-length'} // 0;
	while (length $body < $length) {
		read($tls, $body, $length - length $body, length $body)
		    or return;
	}
	return { method => $method, path => $path, fields => \%field,
	    type => $field{'content-type'}, body => $body };
}

my %reason = (200 => 'OK', 301 => 'Moved Permanently', 404 => 'Not Found');

sub _reply {
	my ($tls, $site, $fault) = @_;
	my $body = $site->{body} // '';
	my $missing = ($site->{size} // 0) - length $body;
	$body .= 'pad: ' . 'x' x ($missing - 7) . "\r\n" if $missing > 7;
	my $status = $site->{status} // 200;
	my $type = exists $site->{type} ? $site->{type} : 'text/plain';
	my $reply = $site->{raw} // join '', "HTTP/1.1 $status ",
	    $reason{$status} // 'Other', "\r\n",
	    defined $type ? "Content-Type: $type\r\n" : '',
	    $site->{location} ? "Location: $site->{location}\r\n" : '',
	    $site->{headers} // '', 'Content-Length: ', length $body,
	    "\r\nConnection: close\r\n\r\n", $body;
	if ($fault eq 'drip') {
		local $SIG{PIPE} = 'DEFAULT';
		$tls->blocking(1);
		for my $byte (split //, $reply . 'x' x 1_000_000) {
			syswrite $tls, $byte or last;
			select undef, undef, undef, 0.02;
		}
		return;
	}
	$reply = substr $reply, 0, length($reply) - 10 if $fault eq 'cut';
	print {$tls} $reply;
	return;
}

1;
