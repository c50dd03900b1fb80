#!/usr/bin/perl
# Mail that must not travel in clear, as docs/requiretls.md has it: the real
# Postfix with signet-policy and signet-sign, towards servers that keep
# REQUIRETLS and servers that do not.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Ca;
use Signet::Net;
use Signet::PolicyHost;
use Signet::Postfix;
use Signet::Program;
use Signet::Resolver;
use Signet::Sign;
use Signet::Smtp;
use Signet::TlsServer;
use Signet::Util qw(need_programs program_path run_command skip_or_fail spew
    temp_dir top_dir wait_for);
use Signet::Zone;

need_programs(qw(nsd ldns-signzone postfix openssl unbound));
for my $program (qw(signet-policy signet-sign signet)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::Net->enter;

my ($minor) = Signet::Postfix->version =~ /^3\.(\d+)/;
my @names = qw(keeps lacks sts impostor plain);

my $ca = Signet::Ca->new;
my $servers = Signet::TlsServer->new(ca => $ca,
    names => [map { "mx.$_.example" } @names], faces => {
	'203.0.113.1' => 'requiretls', '203.0.113.2' => 'good',
	'203.0.113.3' => 'name', '203.0.113.4' => 'plain' });
my $tlsa = Signet::Ca::tlsa($servers->certificate('good')->{file});
my $web = Signet::PolicyHost->new;
my $dns = Signet::Zone->new(
	'keeps.example' => "\@ MX 10 mx\nmx A 203.0.113.1\n"
	    . "_25._tcp.mx TLSA $tlsa\n",
	'lacks.example' => "\@ MX 10 mx\nmx A 203.0.113.2\n"
	    . "_25._tcp.mx TLSA $tlsa\n",
	'sts.example' => sts_zone('203.0.113.1'),
	'impostor.example' => sts_zone('203.0.113.3'),
	'plain.example' => { unsigned => 1,
	    text => "\@ MX 10 mx\nmx A 203.0.113.4\n" },
);
$web->policy("$_.example", mode => 'enforce', mx => ["mx.$_.example"],
    max_age => 86400) for qw(sts impostor);
my $resolver = Signet::Resolver->new(dns => $dns);

sub sts_zone {
	my ($address) = @_;
	return { unsigned => 1, text => "\@ MX 10 mx\nmx A $address\n"
	    . "mta-sts A 127.0.0.1\n_mta-sts TXT \"v=STSv1; id=1;\"\n" };
}

# --- our programs ---

my $dir = temp_dir();
chmod 0755, $dir;
mkdir "$dir/$_" for qw(keys spool sts);
my $socket = "$dir/policy.sock";

sub conf {
	my (%sign) = @_;
	return join "\n", '[common]', 'hostname = out.site.example',
	    'log = stderr', "spool_directory = $dir/spool", '[dns]',
	    'forward = ' . $dns->address, 'root_key = ' . $dns->anchor_file,
	    '[keys]', "directory = $dir/keys",
	    '[policy]', "listen = unix:$socket", 'socket_mode = 0666',
	    'answers = none', '[mta_sts]', "directory = $dir/sts",
	    'ca_file = ' . $web->ca_file, 'port = ' . $web->port,
	    'allowed_networks = 127.0.0.0/8',
	    '[sign]', "listen = unix:$dir/sign.sock", 'socket_mode = 0666',
	    'check_dns = no', (map { "$_ = $sign{$_}" } sort keys %sign), '';
}

my %sign = (tls_field => 'yes');
my $policy = Signet::Program->new('signet-policy', dir => $dir,
    config => conf(%sign));
my $sign = Signet::Program->new('signet-sign', dir => $dir);

# --- Postfix, with the lines of the page ---

# The lines of the page that stand below a heading and name these words.
sub page {
	my ($heading, $word) = @_;
	my $text = Signet::Util::slurp(top_dir() . '/docs/requiretls.md');
	my ($part) = $text =~ /^\#+ \Q$heading\E\n(.*?)(?=^\#|\z)/ms
	    or die "no '$heading' in the page\n";
	my ($block) = grep { index($_, $word) >= 0 }
	    $part =~ /^```\n(.*?)^```\n/msg;
	die "no '$word' below '$heading'\n" unless $block;
	$block =~ s{unix:signet-policy/policy\.sock}{unix:$socket}g;
	$block =~ s{/etc/postfix/}{$dir/}g;
	return $block;
}

my %main = (
	default_transport => 'smtp:',
	smtp_bind_address => '192.0.2.25',
	smtp_host_lookup => 'dns',
	smtp_tls_CAfile => $ca->file,
	smtp_tls_loglevel => 1,
	smtp_tls_security_level => 'dane',
	smtp_dns_support_level => 'dnssec',
	smtp_tls_policy_maps => "socketmap:unix:$socket:policy",
	smtpd_milters => "unix:$dir/sign.sock",
	non_smtpd_milters => "unix:$dir/sign.sock",
);
my $services = '';
if ($minor >= 11) {
	my $lines = page('Postfix 3.11', 'smtp_requiretls_policy');
	$main{$1} = $2 while $lines =~ /^(\w+) = (.*)$/mg;
	$services = page('The field of strangers', 'cleanup-border')
	    =~ s/^smtp .*?(?=^\S)//msr;
} else {
	my $old = 'Postfix 3.7 to 3.10';
	my $lines = page($old, 'milter_header_checks');
	$main{$1} = $2 while $lines =~ /^(\w+) = (.*)$/mg;
	my $checks = page($old, 'X-Signet-TLS: +require');
	$checks =~ s/^.*optional.*\n//m if $minor >= 10;
	spew("$dir/tls_checks", $checks, 0644);
	spew("$dir/reqtls_status", page($old, '5.7.30 REQUIRETLS'), 0644);
	$services = page($old, 'reqtls    unix');
	$services =~ s/^.*tls_required_enable.*\n//m if $minor < 10;
}
my $mta = Signet::Postfix->new(host => 'out.site.example', main => \%main,
    services => $services);

# One message to all of the names; what became of each: "sent", or the DSN
# status with its words.
sub outcomes {
	my ($fields, @to) = @_;
	@to = @names unless @to;
	$servers->forget;
	my ($reply, $id) = $mta->send(client => '127.0.0.1',
	    from => 'ann@site.example', to => [map { "u\@$_.example" } @to],
	    data => $fields . "From: ann\@site.example\nSubject: x\n\nx\n");
	die "not accepted: $reply\n" unless $id;
	return told($id, @to);
}

sub told {
	my ($id, @to) = @_;
	return wait_for(60, sub {
		my ($log, %told) = $mta->log;
		$told{$1} //= $3 eq 'sent' ? 'sent' : "$2 $4"
		    while $log =~ /\b\Q$id\E:\ to=<u\@(\w+)\.example>,.*
		    dsn=([\d.]+),\ status=(\w+)\ \((.*)\)/xg;
		return keys %told == @to ? \%told : undef;
	}, sub { "outcomes of $id in\n" . $mta->log });
}

# MAIL as the server saw it.
sub mail_at {
	my ($address) = @_;
	my ($one) = grep { $_->{address} eq $address && $_->{mail} }
	    $servers->sessions;
	return $one ? $one->{mail} : '';
}

my $wish = "Require-TLS-ESMTP: yes\n";

subtest 'no wish' => sub {
	my $told = outcomes('');
	is($told->{$_}, 'sent', $_) for qw(keeps lacks sts plain);
	like($told->{impostor}, qr/^4\.7\.5 /, 'impostor: waits');
	is(mail_at('203.0.113.1'), '<ann@site.example>', 'an ordinary MAIL');
};

subtest 'REQUIRETLS' => sub {
	my $told = outcomes($wish);
	is($told->{$_}, 'sent', $_) for qw(keeps sts);
	if ($minor >= 11) {
		like(mail_at('203.0.113.1'), qr/ REQUIRETLS$/,
		    'the next server is asked to keep it');
		like($told->{lacks}, qr/^5\.7\.30 /, 'not offered: bounced');
		like($told->{impostor}, qr/^5\.7\.10 /, 'impostor: bounced');
		like($told->{plain}, qr/^5\.7\.10 /, 'no policy: bounced');
	} else {
		is($told->{lacks}, 'sent', 'to a verified server');
		like($told->{impostor}, qr/^5\.7\.30 REQUIRETLS: /,
		    'impostor: bounced');
		like($told->{plain}, qr/^4\.7\.5 /, 'no policy: waits');
	}
	is(mail_at('203.0.113.4'), '', 'never in clear');
};

subtest 'TLS-Required: no' => sub {
	my $told = outcomes("TLS-Required: no\n");
	is($told->{$_}, 'sent', $_) for @names;
	$told = outcomes("TLS-Required: no\n", 'plain');
	is($told->{plain}, 'sent', 'without TLS at all');
};

subtest 'both wishes: protection' => sub {
	for my $both ("${wish}TLS-Required: no\n", "TLS-Required: no\n$wish") {
		my $told = outcomes($both, qw(keeps impostor));
		is($told->{keeps}, 'sent', 'a protected domain');
		like($told->{impostor}, qr/^5\.7\.(?:10|30) /, 'an impostor');
	}
};

subtest 'signet-policy away' => sub {
	$policy->stop;
	my $told = outcomes($wish, qw(sts plain));
	like($told->{sts}, qr/^4\.7\.5 /, 'a protected domain waits');
	is(mail_at('203.0.113.4'), '', 'never in clear');
	isnt($told->{plain}, 'sent', 'and so does one without');
	$policy->start;
};

subtest 'strangers' => sub {
	if ($minor >= 11) {
		for my $border (0, 1) {
			$mta->set(smtpd_milters => '', cleanup_service_name =>
			    $border ? 'cleanup-border' : 'cleanup',
			    mynetworks => '192.0.2.0/24', relay_domains =>
			    'plain.example', relay_transport => 'smtp:');
			my $told = outcomes($wish, 'plain');
			is($told->{plain} eq 'sent' ? 1 : 0, $border,
			    $border ? 'the field means nothing at the border'
			    : 'without it, anybody can have mail bounced');
		}
		$mta->set(%main, cleanup_service_name => 'cleanup',
		    mynetworks => '127.0.0.0/8', relay_domains => '',
		    relay_transport => 'sink:');
	} else {
		$mta->set(relay_domains => 'keeps.example',
		    relay_transport => 'smtp:');
		my ($reply, $id) = $mta->send(client => '198.51.100.7',
		    from => 'eve@evil.example', to => ['u@keeps.example'],
		    data => "${wish}X-Signet-TLS: require\n"
			. "From: eve\@evil.example\n\nx\n");
		is(told($id, 'keeps')->{keeps}, 'sent', 'sent');
		unlike($mta->log, qr/\Q$id\E: milter-header-filter/,
		    'no field of a stranger chooses a transport');
		$mta->set(%main, relay_domains => '',
		    relay_transport => 'sink:');
	}
};

subtest 'told early' => sub {
	$sign->configure(conf(%sign, requiretls_check => "unix:$socket",
	    requiretls_exempt => '.our.example our.example'));
	$sign->restart;
	my $try = sub {
		my ($fields, @to) = @_;
		my ($reply) = $mta->send(client => '127.0.0.1',
		    from => 'ann@site.example', to => [map {
		    "u\@$_.example" } @to],
		    data => "${fields}From: ann\@site.example\n\nx\n");
		return $reply;
	};
	like($try->($wish, qw(keeps plain)),
	    qr/^550 5\.7\.30 REQUIRETLS cannot be kept for plain\.example:/,
	    'no policy: refused');
	like($try->($wish, qw(keeps sts)), qr/^250 /, 'protected: accepted');
	like($try->('', 'plain'), qr/^250 /, 'no wish: accepted');
	like($try->($wish, qw(our mx.our)), qr/^250 /, 'exempt: accepted');
	$policy->stop;
	like($try->($wish, 'keeps'), qr/^250 /, 'nobody to ask: accepted');
	$sign->wait_log(qr/detail="?REQUIRETLS for all domains/);
	$policy->start;
	like($sign->log, qr/action=rejected why=requiretls domain=plain/,
	    'the log says which domain');
	$sign->configure(conf(%sign));
	$sign->restart;
};

# --- mail that waits ---

sub waiting {
	my ($fields, @to) = @_;
	my ($reply, $id) = $mta->send(client => '127.0.0.1',
	    from => 'ann@site.example', to => \@to,
	    data => "${fields}From: ann\@site.example\nSubject: w\n\n.\nx\n");
	die "not accepted: $reply\n" unless $id;
	wait_for(60, sub { my $q = $mta->queue_of($id);
	    $q && $q eq 'deferred' }, 'a deferred message');
	return $id;
}

sub queue_command {
	my ($id, $wish, @option) = @_;
	return run_command(program_path('signet'), 'queue', @option, '-c',
	    $mta->config_dir, 'retls', $id, $wish);
}

# What is under way has to end first: it may bring forth a bounce, and postsuper
# misses what the queue manager moves at that moment, as it does at its start.
sub empty_queue {
	$mta->rest;
	run_command('postsuper', '-c', $mta->config_dir, '-d', 'ALL');
	return;
}

sub queue_text {
	return join '', map { "$_->{queue_id} $_->{queue_name} to "
	    . join(' ', map { $_->{address} } @{$_->{recipients}}) . "\n" }
	    $mta->queue;
}

subtest 'signet queue retls' => sub {
	$mta->set(defer_transports => 'smtp reqtls anytls');
	empty_queue();
	for my $case (['no', 'TLS-Required: no'],
	    ['yes', 'Require-TLS-ESMTP: yes'], ['default', undef]) {
		my ($word, $field) = @$case;
		my $id = waiting($word eq 'default' ? $wish : '',
		    'u@keeps.example', 'u@sts.example');
		my ($status, $out, $err) = queue_command($id, $word);
		is($status, 0, "$word: done") or diag $err;
		like($out, qr/^\Q$id\E: sent again to 2 recipients$/, 'told');
		my ($new) = wait_for(60, sub { my @q = $mta->queue;
		    @q == 1 && $q[0]{queue_name} eq 'deferred'
		    && $q[0]{queue_id} },
		    sub { "one message, with a new ID\n" . queue_text()
			    . $mta->log });
		isnt($new, $id, 'another one');
		my ($head, $body) = split /\n\n/, $mta->queued_message($new),
		    2;
		my ($got) = $head =~ /^((?:TLS-Req|Require-TLS).*)$/m;
		is($got, $field, 'the field');
		is($body, ".\nx\n", 'the body');
		empty_queue();
	}
};

subtest 'signet queue: what it leaves alone' => sub {
	my $id = waiting('', 'u@keeps.example');
	run_command('postsuper', '-c', $mta->config_dir, '-h', $id);
	my ($status, undef, $err) = queue_command($id, 'yes');
	is($status, 1, 'on hold: refused');
	like($err, qr/on hold, and would be sent at once/, 'and said why');
	is($mta->queue_of($id), 'hold', 'it is there');
	($status) = queue_command($id, 'yes', '-f');
	is($status, 0, '-f: done');
	is($mta->queue_of($id), undef, 'the old one is gone');
	empty_queue();
	($status, undef, $err) = queue_command('4XyZ12345', 'no');
	is($status, 1, 'not in the queue');
	like($err, qr/^signet queue: 4XyZ12345: not changed: /, 'one line');
	for my $wrong ('../etc', 'ALL', '-', 'a b') {
		($status) = queue_command($wrong, 'no');
		is($status, 2, "\"$wrong\" is no queue ID");
	}
};

subtest 'signet queue: the copy cannot be had' => sub {
	my $id = waiting('', 'u@keeps.example');
	$mta->set(message_size_limit => 10, mailbox_size_limit => 10,
	    virtual_mailbox_limit => 10);
	my ($status, undef, $err) = queue_command($id, 'no');
	is($status, 1, 'told');
	like($err, qr/not changed: .*sendmail/, 'and said why');
	isnt($mta->queue_of($id) // 'gone', 'gone', 'it still waits');
	isnt($mta->queue_of($id), 'hold', 'as before');
};

$_->stop for $mta, $sign, $policy;
done_testing;
