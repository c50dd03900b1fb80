#!/usr/bin/perl
# Real Postfix, with the lines of main.cf that the documents give, against
# mail servers, zones and policy hosts with every fault: what signet-policy
# answers in each dialect, what becomes of the mail, what the database knows
# of it afterwards, and what the TLS report of the day says. Then DNS, policy
# hosts and PostgreSQL go away, and nothing becomes weaker.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::Postfix;
use Signet::TlsCases;
use Signet::TlsSite;
use Signet::Util qw(program_path run_command wait_for skip_or_fail);

for my $program (qw(signet-policy signet-tls-collect)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::TlsSite->need;
my $tlsrpt = Signet::TlsSite->tlsrpt;
my $own = Signet::TlsSite->dialect;
my @cases = Signet::TlsCases::all();
note 'Postfix ', Signet::Postfix->version;
my $world = Signet::TlsSite->new;
my $pg = $world->{pg};

# --- delivery ---

sub is_outcome {
	my ($got, $want, $name) = @_;
	if ($want eq 'sent') {
		return is($got->{status}, 'sent', "$name: sent")
		    || diag explain $got;
	}
	(my $short = $want) =~ s/ .*//;
	return like("$got->{dsn} $got->{words}", qr/^$want/, "$name: $short");
}

my $id = $world->send(map { "u\@$_->{domain}" } @cases);
my $told = $world->wait_outcomes($id, scalar @cases);
is_outcome($told->{"u\@$_->{domain}"}, $_->{sent}, $_->{name}) for @cases;

subtest 'what the mail servers saw' => sub {
	my %seen;
	for my $session ($world->{servers}->sessions) {
		$seen{$_} = $session for @{ $session->{rcpt} };
	}
	for my $case (@cases) {
		my $to = "u\@$case->{domain}";
		my $sent = $case->{sent} eq 'sent';
		is($seen{$to} ? 1 : 0, $sent ? 1 : 0, $case->{name});
		next unless $sent;
		my $clear = $case->{servers}[-1]{face} eq 'plain';
		is($seen{$to}{tls} ne '', !$clear, '... TLS');
		# a mail server with many names must know which is meant
		is($seen{$to}{sni}, $case->{servers}[-1]{host}, '... SNI')
		    if $case->{level} eq 'secure';
	}
	is(scalar(grep { $_ !~ /^u@/ } keys %seen), 0, 'and nobody else');
};

# --- answers ---

# "OK dane-only" and so on, with a sentence after TEMP and PERM.
sub is_reply {
	my ($got, $want, $name) = @_;
	return $want =~ /^(?:TEMP|PERM)$/ ? like($got, qr/^$want \S/, $name)
	    : is($got, $want, $name);
}

my @domains = map { $_->{domain} } @cases;
for my $dialect (qw(policy policy-tlsrpt requiretls sts)) {
	subtest "answers: $dialect" => sub {
		my @reply = $world->replies($dialect, @domains);
		is_reply(shift @reply, Signet::TlsCases::answer($_, $dialect),
		    $_->{name}) for @cases;
	};
}

subtest 'keys as Postfix writes them' => sub {
	my ($good) = $world->replies($own, 'good.sts.example');
	my @same = qw(GOOD.sts.Example good.sts.example:25 good.sts.example:smtp
	    GOOD.STS.EXAMPLE:25);
	my @reply = $world->replies($own, @same);
	is(shift @reply, $good, $_) for @same;
	my @none = qw(.sts.example .example [mx.good.sts.example]
	    [mx.good.sts.example]:25 [203.0.113.1] [203.0.113.1]:25);
	is_deeply([$world->replies($own, @none)], [('NOTFOUND ') x @none],
	    'parents, hosts and addresses are not looked up');
};

subtest 'postmap and posttls-finger agree' => sub {
	for my $case (@cases) {
		my $answer = Signet::TlsCases::answer($case, $own);
		my ($got, $trouble) = $world->ask($own, $case->{domain});
		is($got, $answer =~ s/^OK //r, "$case->{name}: postmap"),
		    next if $answer =~ /^OK /;
		is($got, undef, "$case->{name}: postmap has no answer");
		is($trouble ne '' ? 1 : 0, $answer eq 'TEMP' ? 1 : 0,
		    $answer eq 'TEMP' ? '... and fails' : '... nor trouble');
	}
	for my $case (@cases) {
		my $answer = Signet::TlsCases::answer($case, 'policy');
		my ($level) = $answer =~ /^OK (\S+)/;
		my ($match) = $answer =~ /match=(\S+)/;
		my $word = $world->finger($case->{domain}, $level // 'dane',
		    split /:/, $match // '');
		my $first = $case->{results}[0] // '';
		is($level ? $word eq 'Verified' : $word ne '',
		    $level ? $first =~ /^(?:tlsa|sts) success/ : $first ne '',
		    "$case->{name}: posttls-finger") or diag $word;
	}
};

my $config = $world->{site}->config_file;

sub explained {
	my ($domain) = @_;
	my ($status, $out, $err) = run_command(program_path('signet-policy'),
	    '--explain', $domain, '-c', $config, '--json');
	return $out ne '' ? JSON::PP::decode_json($out)
	    : { error => $err };
}

subtest 'signet-policy --explain agrees, and tells what is wrong' => sub {
	for my $case (@cases) {
		my $told = explained($case->{domain});
		is_reply($told->{replies}{$own},
		    Signet::TlsCases::answer($case, $own), $case->{name});
		my @types = map { $_->{type} } @{ $told->{policy}{problems} };
		is_deeply(\@types, [$case->{problem} // ()], '... problems')
		    or diag explain $told->{policy};
	}
};

# --- results ---

sub results {
	my ($where) = @_;
	my %result;
	for my $row ($pg->rows('select recipient_domain, policy_type, '
	    . "coalesce(failure, 'success') as result from "
	    . "signet.v_tls_result where $where")) {
		push @{ $result{ $row->{recipient_domain} } },
		    "$row->{policy_type} $row->{result}";
	}
	return \%result;
}

if ($tlsrpt) {
my $all = grep { @{ $_->{results} } } @cases;
my $source = $tlsrpt ? 'datagram' : 'log';
my $rows = eval { wait_for(60, sub {
	my $found = results("source = '$source'");
	return keys %$found == $all ? $found : undef;
}, "results of $all domains") } // results("source = '$source'");
for my $case (@cases) {
	is_deeply([sort @{ $rows->{ $case->{domain} } // [] }],
	    [sort @{ $case->{results} }], "$case->{name}: the row")
	    or diag explain $rows->{ $case->{domain} };
}

}

# --- outages: never a weaker answer ---

my @protected = grep { $_->{level} =~ /^(?:dane-only|secure)$/ } @cases;
my @known = map { $_->{domain} } @protected;

sub answers_are_the_same {
	my ($when) = @_;
	my @reply = $world->replies($own, @known);
	is_deeply(\@reply, [map { Signet::TlsCases::answer($_, $own) }
	    @protected], "$when: the answers are the same");
	return;
}

subtest 'without PostgreSQL' => sub {
	$pg->stop('immediate');
	answers_are_the_same('it went away');
	$world->{policy}->restart;
	answers_are_the_same('signet-policy starts without it');
	$pg->start;
};

subtest 'without policy hosts' => sub {
	$world->{web}->stop;
	answers_are_the_same('they went away');
	$world->{policy}->restart;
	answers_are_the_same('signet-policy starts without them');
	$world->new_policy_ids;
	$world->{policy}->restart;
	answers_are_the_same('the records tell of policies that cannot be had');
	my $told = explained('good.sts.example');
	is($told->{policy}{problems}[0]{type}, 'sts-policy-fetch-error',
	    'which is a problem to report');
	$world->{web}->start;
};

subtest 'without DNS' => sub {
	$world->{resolver}->stop;
	$world->{dns}->stop;
	$world->{site}->configure(policy => { deadline => '3s' },
	    dns => { timeout => '3s' });
	$world->{policy}->restart;
	my @some = qw(good.dane.example good.sts.example open.sts.example
	    signed.dane.example none.sts.example);
	like($_, qr/^TEMP \S/, 'an answer to wait for')
	    for $world->replies($own, @some);
	my $id = $world->send('v@good.sts.example', 'v@open.sts.example');
	my $told = $world->wait_outcomes($id, 2);
	like($told->{$_}{dsn}, qr/^4\./, "$_ waits") for sort keys %$told;
};

done_testing;
