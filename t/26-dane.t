#!/usr/bin/perl
# Where Postfix finds TLSA records and where signet-policy finds them is the
# same: aliases, domains without MX, aliases of TLSA names, unsigned parts.
# posttls-finger looks as smtp(8) does.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP ();
use Signet::Ca;
use Signet::Net;
use Signet::Resolver;
use Signet::TlsServer;
use Signet::Util qw(run_command spew temp_dir program_path skip_or_fail
    need_programs);
use Signet::Zone;

need_programs(qw(nsd ldns-signzone ldns-keygen posttls-finger));
Signet::Resolver->need;
my $program = program_path('signet-policy') // skip_or_fail('not built');
Signet::Net->enter;

my $ca = Signet::Ca->new;
my $servers = Signet::TlsServer->new(ca => $ca, names => ['mx.good.test'],
    faces => { '203.0.113.1' => 'good' });
my $good = Signet::Ca::tlsa($servers->certificate('good')->{file});
my $bad = '1 1 1 ' . 'ab' x 32;
my $here = 'A 203.0.113.1';

# what signet-policy says of each, and whether Postfix verifies by DANE
my %want = (
	'good.test' => 'dane-only',
	'alias.test' => 'dane-only',	  # TLSA where the alias ends
	'first.test' => 'dane-only',	  # TLSA at the name of the MX
	'between.test' => '',		  # TLSA on the way
	'both.test' => 'dane-only',	  # good where it ends, else nonsense
	'outside.test' => 'dane-only',	  # signed alias of an unsigned host
	'outside2.test' => '',		  # ... that has TLSA there alone
	'unsigned-alias.test' => '',
	'host.test' => 'dane-only',	  # no MX
	'host-alias.test' => 'dane-only',
	'host-outside.test' => 'dane-only',
	'tlsa-alias.test' => 'dane-only',
	'tlsa-outside.test' => '',
	'domain-alias.test' => 'dane-only',
	'none.test' => '',
	'unusable.test' => 'dane',
	'two.test' => 'dane-only',
);

my $dns = Signet::Zone->new(
	'good.test' => { text => "\@ MX 10 mx\nmx $here\n_25._tcp.mx TLSA $good\n"
	    . "deep $here\n_25._tcp.deep TLSA $good\nbare $here\n"
	    . "chain CNAME deep\nway CNAME bare\n_25._tcp.way TLSA $good\n"
	    . "records TLSA $good\n" },
	'alias.test' => { text => "\@ MX 10 mx\nmx CNAME chain.good.test.\n" },
	'first.test' => { text => "\@ MX 10 mx\nmx CNAME bare.good.test.\n"
	    . "_25._tcp.mx TLSA $good\n" },
	'between.test' => { text => "\@ MX 10 mx\nmx CNAME way.good.test.\n" },
	'both.test' => { text => "\@ MX 10 mx\nmx CNAME deep.good.test.\n"
	    . "_25._tcp.mx TLSA 3 1 1 " . 'ab' x 32 . "\n" },
	'open.test' => { unsigned => 1, text => "host $here\n"
	    . "_25._tcp.host TLSA $good\nrecords TLSA $good\n"
	    . "alias CNAME deep.good.test.\n" },
	'outside.test' => { text => "\@ MX 10 mx\nmx CNAME host.open.test.\n"
	    . "_25._tcp.mx TLSA $good\n" },
	'outside2.test' => { text => "\@ MX 10 mx\nmx CNAME host.open.test.\n" },
	'unsigned-alias.test' => { text => "\@ MX 10 alias.open.test.\n" },
	'host.test' => { text => "\@ $here\n_25._tcp TLSA $good\n" },
	'tlsa-alias.test' => { text => "\@ MX 10 mx\nmx $here\n"
	    . "_25._tcp.mx CNAME records.good.test.\n" },
	'tlsa-outside.test' => { text => "\@ MX 10 mx\nmx $here\n"
	    . "_25._tcp.mx CNAME records.open.test.\n" },
	'none.test' => { text => "\@ MX 10 mx\nmx $here\n" },
	'unusable.test' => { text => "\@ MX 10 mx\nmx $here\n"
	    . "_25._tcp.mx TLSA $bad\n" },
	'two.test' => { text => "\@ MX 10 mx\nmx $here\n"
	    . "_25._tcp.mx TLSA $bad\n_25._tcp.mx TLSA $good\n" },
	# names below an apex may be aliases
	'd.test' => { text => "domain-alias CNAME good.test.\n"
	    . "host-alias CNAME deep.good.test.\n"
	    . "host-outside CNAME host.open.test.\n"
	    . "_25._tcp.host-outside TLSA $good\n" },
);
my %name = map { $_ => /\A(?:domain-alias|host-alias|host-outside)/
	? s/[.]test\z/.d.test/r : $_ } keys %want;
my $resolver = Signet::Resolver->new(dns => $dns);
my $dir = temp_dir();
spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = $dir
[dns]
forward = @{[$dns->address]}
root_key = @{[$dns->anchor_file]}
[mta_sts]
directory = none
END

# not the Postfix of this machine
spew("$dir/main.cf", "compatibility_level = 2\nmyhostname = mx1.example.org\n"
    . "smtp_dns_support_level = dnssec\nsmtp_bind_address = 192.0.2.25\n");
$ENV{MAIL_CONFIG} = $dir;

sub finger {
	my ($level, $domain) = @_;
	my (undef, $out, $error) = run_command('posttls-finger', '-c', '-l',
	    $level, $domain);
	return $out . $error;
}

for my $key (sort keys %want) {
	my (undef, $out, $error) = run_command($program, '--explain', '-c',
	    "$dir/signet.conf", '--no-database', '--json', $name{$key});
	my $it = eval { JSON::PP->new->utf8->decode($out) } // {};
	is($it->{policy}{level} // '', $want{$key}, "$key: what is told")
	    or diag($out, $error);
	my $told = finger('dane', $name{$key});
	like($told, qr/TLS connection established/, "$key: Postfix gets there");
	my $verified = $told =~ /Verified TLS connection established/ ? 1 : 0;
	is($verified, $want{$key} eq 'dane-only' ? 1 : 0,
	    "$key: Postfix verifies or not") or diag($told);
	$told = finger('dane-only', $name{$key});
	is($told =~ /Verified TLS connection established/ ? 1 : 0, $verified,
	    "$key: with dane-only as well") or diag($told);
}

# no other file is where the authorities of the web are looked for
my @explain = ($program, '--explain', '-c', "$dir/signet.conf",
    '--no-database', $name{'good.test'});
unlink '/etc/ssl/certs/ca-certificates.crt';
spew("$dir/signet.conf", Signet::Util::slurp("$dir/signet.conf")
    =~ s/^directory = none$/directory = $dir/mr);
my (undef, undef, $error) = run_command(@explain);
is(() = $error =~ /mta-sts: no policy can be fetched: .*install ca-cert/g, 1,
    'a host without CA certificates: one line, which says what to install')
    or diag($error);
spew('/etc/ssl/certs/ca-certificates.crt', Signet::Util::slurp($ca->file));
(undef, undef, $error) = run_command(@explain);
unlike($error, qr/can be fetched/, 'with them: none') or diag($error);
done_testing;
