package Signet::Verify;

# What others say of our signatures: dkimpy, and opendkim where it is
# installed.
#
#   my $others = Signet::Verify->new({ 's1._domainkey.example.com' => $txt });
#   my @results = $others->dkimpy($message, ...);   # [ [1, 0], ... ]
#   my @results = $others->opendkim($message, ...); # how many RSA signatures
#                                                   # it verified of each
# Messages may have LF line ends, as a queue has them.

use strict;
use warnings;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Signet::Util qw(find_program run_command run_with_input skip_or_fail spew
    temp_dir);

my $python = <<'END';
import base64, json, sys
try:
    import dkim
    import nacl
except ImportError as error:
    sys.exit(str(error))
asked = json.load(sys.stdin)
def txt(name, timeout=5):
    return asked["txt"].get(name.decode().rstrip("."), "").encode()
def results(message):
    signed = dkim.DKIM(message)
    count = sum(1 for name, _ in signed.headers
                if name.lower() == b"dkim-signature")
    return [bool(signed.verify(i, dnsfunc=txt)) for i in range(count)]
out = []
for m in asked["messages"]:
    try:
        out.append(results(base64.b64decode(m)))
    except Exception as error:
        out.append([type(error).__name__ + ": " + str(error)])
json.dump(out, sys.stdout)
END

sub new {
	my ($class, $txt) = @_;
	my $self = bless { txt => $txt }, $class;
	my ($status, $out, $err) = $self->_run;
	skip_or_fail("python3-dkim, python3-nacl: $err") if $status != 0;
	return $self;
}

sub _crlf {
	my ($text) = @_;
	$text =~ s/(?<!\r)\n/\r\n/g;
	return $text;
}

sub _run {
	my ($self, @messages) = @_;
	return run_with_input(JSON::PP::encode_json({ txt => $self->{txt},
		messages => [map { encode_base64(_crlf($_), '') } @messages] }),
	    '/usr/bin/python3', '-c', $python);
}

sub dkimpy {
	my ($self, @messages) = @_;
	my ($status, $out, $err) = $self->_run(@messages);
	die "dkimpy: $err\n" if $status != 0;
	return @{ JSON::PP::decode_json($out) };
}

# Nothing if it is not installed.
sub opendkim {
	my ($self, @messages) = @_;
	my $opendkim = find_program('opendkim') or return;
	my $dir = temp_dir();
	my $config = spew("$dir/opendkim.conf", "Mode v\nTestDNSData "
		. "file:$dir/txt\nSyslog no\nInternalHosts 192.0.2.1\n");
	spew("$dir/txt", join '', map { "$_ $self->{txt}{$_}\n" }
	    sort keys %{ $self->{txt} });
	return map {
		my $file = spew("$dir/m", _crlf($_));
		my (undef, $out, $err) = run_command($opendkim, '-x', $config,
		    '-t', $file);
		my $passed = () = "$out$err"
		    =~ /verification \(.*\) succeeded/g;
		$passed;
	} @messages;
}

1;
