package Signet::Starttls;

# A mail server that knows EHLO, STARTTLS and QUIT, with a certificate made
# here, on a free port of 127.0.0.1.
#
#   my $server = Signet::Starttls->new(name => 'mx.site.test');
#   $server->address;          # "127.0.0.1:PORT"
#   $server->certificate;      # file, PEM; ->key its key
#   my @more = (starttls => 0, days => -1, version => 'TLSv1_1',
#       reply => "454 not now\r\n", inject => "250 early\r\n");
#
# `days` of the certificate counts from today. `reply` is said in place of
# "220" after STARTTLS, `inject` behind it in clear; `silent` accepts and says
# nothing.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Socket::INET;
use Signet::Util qw(temp_dir free_port must_run spew end_process);

sub new {
	my ($class, %option) = @_;
	my $self = bless { starttls => 1, days => 90, %option }, $class;
	$self->{dir} = temp_dir();
	$self->own;
	$self->{certificate} //= $self->make_certificate($self->{name},
	    $self->{days});
	$self->{listen} = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    LocalPort => free_port(), Proto => 'tcp', Listen => 10)
	    or die "listen: $!\n";
	$self->{port} = $self->{listen}->sockport;
	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid} == 0) {
		$SIG{TERM} = 'DEFAULT';
		$self->_serve while 1;
	}
	close delete $self->{listen};
	return $self;
}

sub address { return "127.0.0.1:$_[0]{port}" }
sub certificate { return $_[0]{certificate} }

sub stop {
	my ($self) = @_;
	end_process(delete $self->{pid}) if $self->{pid};
	return;
}

# A certificate of its own authority; the key stays the same. An end in the
# past wants a beginning before it, which a request cannot say: an authority
# of one signs it.
sub make_certificate {
	my ($self, $name, $days) = @_;
	my $dir = $self->{dir};
	my $day = sub {
		my @at = gmtime(time + 86400 * $_[0]);
		return sprintf '%04d%02d%02d000000Z', 1900 + $at[5],
		    1 + $at[4], $at[3];
	};
	must_run('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt',
	    'ec_paramgen_curve:P-256', '-out', "$dir/key.pem")
	    unless -e "$dir/key.pem";
	spew("$dir/ca.conf", <<"END");
[ca]
default_ca = this
[this]
database = $dir/index
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
policy = any
x509_extensions = names
unique_subject = no
[any]
commonName = supplied
[names]
subjectAltName = DNS:$name
[req]
distinguished_name = none
[none]
END
	spew("$dir/index", '');
	spew("$dir/serial", sprintf("%08X\n", 1 + int rand 0x7fffffff));
	must_run('openssl', 'req', '-new', '-config', "$dir/ca.conf", '-key',
	    "$dir/key.pem", '-subj', "/CN=$name", '-out', "$dir/$name.csr");
	my $file = "$dir/$name.pem";
	must_run('openssl', 'ca', '-batch', '-notext', '-config',
	    "$dir/ca.conf", '-selfsign', '-keyfile', "$dir/key.pem", '-in',
	    "$dir/$name.csr", '-startdate', $day->(-100), '-enddate',
	    $day->($days), '-out', $file);
	return $file;
}

sub _serve {
	my ($self) = @_;
	my $peer = $self->{listen}->accept or return;
	local $SIG{PIPE} = 'IGNORE';
	if ($self->{silent}) {
		push @{ $self->{held} }, $peer;
		return;
	}
	print {$peer} "220 mx ESMTP\r\n";
	while (defined(my $line = readline $peer)) {
		if ($line =~ /^EHLO/i) {
			print {$peer} "250-mx\r\n", $self->{starttls}
			    && !$self->{inside} ? "250-STARTTLS\r\n" : '',
			    "250 SMTPUTF8\r\n";
		} elsif ($line =~ /^STARTTLS/i) {
			print {$peer} $self->{reply} // "220 go\r\n",
			    $self->{inject} // '';
			next if $self->{reply};
			return $self->_inside($peer);
		} else {
			print {$peer} "221 bye\r\n";
			last;
		}
	}
	close $peer;
	return;
}

sub _inside {
	my ($self, $peer) = @_;
	require IO::Socket::SSL;
	my $tls = IO::Socket::SSL->start_SSL($peer, SSL_server => 1,
	    SSL_cert_file => $self->{certificate},
	    SSL_key_file => "$self->{dir}/key.pem",
	    $self->{version} ? (SSL_version => $self->{version},
		SSL_cipher_list => 'ALL:@SECLEVEL=0') : ()) or return;
	while (defined(my $line = readline $tls)) {
		print {$tls} $line =~ /^EHLO/i
		    ? "250-mx\r\n250 REQUIRETLS\r\n" : "221 bye\r\n";
		last if $line !~ /^EHLO/i;
	}
	close $tls;
	return;
}

1;
