package Signet::Ca;

# A certificate authority made on the spot, and certificates of it.
#
#   my $ca = Signet::Ca->new(name => 'Test CA');
#   $ca->file;                              # its own certificate, PEM
#   my $good = $ca->certificate('mx.site.test', 'mx2.site.test');
#   my $old = $ca->certificate({ days => -3 }, 'mx.site.test');
#   my $self = $ca->certificate({ self => 1 }, 'mx.site.test');
#   $good->{file}, {key}, {chain};          # PEM: leaf, key, leaf and CA
#   Signet::Ca::tlsa($good->{file});        # "3 1 1 ...", digest of the key
#   Signet::Ca::tlsa($ca->file, 2, 0);      # "2 0 1 ...", of the certificate
#
# Keys are EC P-256. `days` counts from today and may be past; `self` is a
# certificate that is signed with its own key.

use strict;
use warnings;
use Digest::SHA ();
use Signet::Util qw(temp_dir must_run spew slurp);

sub new {
	my ($class, %option) = @_;
	my $self = bless { dir => temp_dir(), number => 0 }, $class;
	my $dir = $self->{dir};
	$self->{file} = "$dir/ca.pem";
	spew("$dir/index", '');
	spew("$dir/serial", "1000\n");
	_key("$dir/ca.key");
	spew("$dir/req.conf", "[req]\ndistinguished_name = none\n[none]\n"
	    . "[ca]\nbasicConstraints = critical,CA:TRUE\n"
	    . "keyUsage = critical,keyCertSign,cRLSign\n"
	    . "subjectKeyIdentifier = hash\n");
	must_run('openssl', 'req', '-x509', '-new', '-config',
	    "$dir/req.conf", '-extensions', 'ca', '-key', "$dir/ca.key",
	    '-subj', '/CN=' . ($option{name} // 'Test CA'), '-days', 3650,
	    '-out', $self->{file});
	return $self;
}

sub file { return $_[0]{file} }

sub _key {
	my ($file) = @_;
	must_run('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt',
	    'ec_paramgen_curve:P-256', '-out', $file);
	chmod 0644, $file or die "$file: $!\n";
	return;
}

sub _day {
	my @at = gmtime(time + 86400 * $_[0]);
	return sprintf '%04d%02d%02d000000Z', 1900 + $at[5], 1 + $at[4],
	    $at[3];
}

sub certificate {
	my ($self, @names) = @_;
	my %option = ref $names[0] ? %{ shift @names } : ();
	my $base = "$self->{dir}/" . ++$self->{number};
	my $days = $option{days} // 90;
	_key("$base.key");
	$self->_write_conf("$base.conf", @names);
	must_run('openssl', 'req', '-new', '-config', "$base.conf", '-key',
	    "$base.key", '-subj', '/CN=' . substr($names[0], 0, 64), '-out',
	    "$base.csr");
	must_run('openssl', 'ca', '-batch', '-notext', '-config',
	    "$base.conf", '-in', "$base.csr", '-startdate', _day(-100),
	    '-enddate', _day($days), '-out', "$base.pem", $option{self}
	    ? ('-selfsign', '-keyfile', "$base.key")
	    : ('-cert', $self->{file}, '-keyfile', "$self->{dir}/ca.key"));
	spew("$base.chain", slurp("$base.pem")
	    . ($option{self} ? '' : slurp($self->{file})), 0644);
	return { file => "$base.pem", key => "$base.key",
	    chain => "$base.chain" };
}

sub _write_conf {
	my ($self, $file, @names) = @_;
	my $dir = $self->{dir};
	my $names = join ',', map { "DNS:$_" } @names;
	return spew($file, <<"END");
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
basicConstraints = critical,CA:FALSE
subjectAltName = $names
extendedKeyUsage = serverAuth
[req]
distinguished_name = none
[none]
END
}

# TLSA data of a certificate: SHA-256 of its key (selector 1) or of all (0).
sub tlsa {
	my ($file, $usage, $selector) = @_;
	$usage //= 3;
	$selector //= 1;
	my $der = $selector == 0
	    ? must_run('openssl', 'x509', '-in', $file, '-outform', 'DER')
	    : must_run('sh', '-c', 'openssl x509 -in "$1" -noout -pubkey |
		openssl pkey -pubin -outform DER', 'sh', $file);
	return "$usage $selector 1 " . Digest::SHA::sha256_hex($der);
}

1;
