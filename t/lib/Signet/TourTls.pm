package Signet::TourTls;

# The last part of ./try: mail to a domain with DANE, to one with MTA-STS, to
# one whose server is an impostor, and to one that says nothing. It plays in a
# network of its own, where ports 25, 53 and 443 are free, and ends with it;
# the spool and the database are those of the site.
#
#   Signet::Net->enter;
#   my $story = Signet::TourTls::play($dir);      # directory of the site
#
# The story: outcomes (domain, what it is, status, words), pages (of `signet
# tls`), report (JSON), and the name of the mail log.

use strict;
use warnings;
use Signet::Ca;
use Signet::PolicyHost;
use Signet::Postfix;
use Signet::Program;
use Signet::Resolver;
use Signet::TlsServer;
use Signet::TlsSite;
use Signet::Util qw(must_run program_path run_command slurp spew wait_for);
use Signet::Zone;

my @domains = (
	['dane.example', 'DANE'],
	['sts.example', 'MTA-STS'],
	['impostor.example', 'MTA-STS, and the server is an impostor'],
	['open.example', 'nothing published'],
);

sub zones {
	my ($servers) = @_;
	my $report = "_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls\@";
	my $sts = "_mta-sts TXT \"v=STSv1; id=1;\"\nmta-sts A 198.51.100.1\n";
	return (
		'dane.example' => "\@ MX 10 mx\nmx A 203.0.113.1\n"
		    . '_25._tcp.mx TLSA ' . Signet::Ca::tlsa(
			$servers->certificate('good')->{file})
		    . "\n${report}dane.example\"\n",
		'sts.example' => { unsigned => 1, text => "\@ MX 10 mx\n"
		    . "mx A 203.0.113.1\n$sts${report}sts.example\"\n" },
		'impostor.example' => { unsigned => 1, text => "\@ MX 10 mx\n"
		    . "mx A 203.0.113.2\n$sts${report}impostor.example\"\n" },
		'open.example' => { unsigned => 1, text => "\@ MX 10 mx\n"
		    . "mx A 203.0.113.1\n${report}open.example\"\n" },
	);
}

sub _configure {
	my ($dir, $tls, $dns, $web, $ca) = @_;
	my ($database) = slurp("$dir/signet.conf") =~ /^(conninfo = .*)$/m;
	return spew("$tls/signet.conf", <<"END");
[common]
hostname = mx.site.example
log = stderr
spool_directory = $dir/spool
[dns]
forward = @{[ $dns->address ]}
root_key = @{[ $dns->anchor_file ]}
timeout = 30s
[database]
$database
[policy]
listen = unix:$tls/run/policy.sock
socket_mode = 666
answers = $tls/run/answers.sock
deadline = 60s
[mta_sts]
directory = $tls
ca_file = @{[ $web->ca_file ]}
allowed_networks = 198.51.100.0/24
[tls_collect]
listen = unix:$tls/run/tlsrpt.sock
answers = unix:$tls/run/answers.sock
socket_mode = 666
log_file = $tls/postfix/log/mail.log
log_position = $tls/log.position
probe_ca_file = @{[ $ca->file ]}
[reports]
from = reports\@site.example
END
}

sub play {
	my ($dir) = @_;
	my $tls = "$dir/tls";
	for my $name ('', '/run', '/postfix') {
		mkdir "$tls$name", 0755 or die "$tls$name: $!\n";
	}
	my $ca = Signet::Ca->new;
	my @names = map { "mx.$_->[0]" } @domains;
	my $servers = Signet::TlsServer->new(ca => $ca, names => \@names,
	    faces => { '203.0.113.1' => 'good', '203.0.113.2' => 'unknown' });
	my $web = Signet::PolicyHost->new(address => '198.51.100.1',
	    port => 443);
	$web->policy($_, mode => 'enforce', mx => ["mx.$_"])
	    for qw(sts.example impostor.example);
	my $dns = Signet::Zone->new(zones($servers));
	my $resolver = Signet::Resolver->new(dns => $dns);
	my $config = _configure($dir, $tls, $dns, $web, $ca);
	my $mta = Signet::Postfix->new(dir => "$tls/postfix",
	    host => 'mx.site.example', domains => ['site.example'], main => {
		Signet::TlsSite->main_of_examples("$tls/run"),
		default_transport => 'smtp:',
		smtp_bind_address => '192.0.2.25',
		smtp_tls_CAfile => $ca->file });
	my @program = map { Signet::Program->new($_, dir => "$tls/run",
	    config_file => $config, log_file => "$tls/run/$_.log") }
	    qw(signet-tls-collect signet-policy);
	return _story($mta, $config);
}

sub _story {
	my ($mta, $config) = @_;
	my (undef, $id) = $mta->send(client => '127.0.0.1', from =>
	    'ann@site.example', to => [map { "u\@$_->[0]" } @domains],
	    data => "From: <ann\@site.example>\nSubject: hello\n\nHello.\n");
	my $told = wait_for(60, sub {
		my %told = Signet::TlsSite::outcomes_of($mta, $id);
		return keys %told == @domains ? \%told : undef;
	}, sub { "the mail to go\n" . $mta->log });
	my ($conninfo) = slurp($config) =~ /^conninfo = (.*)$/m;
	my $known = join ',', map { "'$_->[0]'" } @domains;
	wait_for(60, sub {
		(run_command('psql', '-Atqd', $conninfo, '-c', 'select '
		    . 'count(distinct recipient_domain) from '
		    . 'signet.v_tls_result where recipient_domain in '
		    . "($known)"))[1] == @domains;
	}, 'the results');
	my @pages = map { (run_command(program_path('signet'), 'tls', $_,
	    '-c', $config))[1] } qw(dane.example impostor.example);
	my @at = gmtime;
	my $report = must_run(program_path('signet-tls-report'), '-c',
	    $config, '--dry-run', '--domain', 'impostor.example', '--date',
	    sprintf '%04d-%02d-%02d', 1900 + $at[5], 1 + $at[4], $at[3]);
	return {
		outcomes => [map { [@$_, @{ $told->{"u\@$_->[0]"} }
		    {qw(status words)}] } @domains],
		pages => \@pages, report => $report, log => $mta->log_file,
	};
}

1;
