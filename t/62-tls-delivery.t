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

for my $program (qw(signet-policy signet-tls-collect signet-tls-report)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::TlsSite->need;
my $tlsrpt = Signet::TlsSite->tlsrpt;
my $own = Signet::TlsSite->dialect;
my @cases = Signet::TlsCases::all();
note 'Postfix ', Signet::Postfix->version;
my $today = day();
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

subtest 'signet tls tells what signet-policy says' => sub {
	for my $case (@cases) {
		my (undef, $out) = run_command(program_path('signet'), 'tls',
		    $case->{domain}, '-c', $config);
		my ($reply) = $out =~ /^ +\Q$own\E +(\S.*)$/m;
		my $want = Signet::TlsCases::answer($case, $own) =~ s/ $//r;
		is_reply($reply, $want, $case->{name}) or diag $out;
		like($out, qr/^told +by signet-policy at /m, '... asked');
	}
};

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

# Rows of a source by recipient domain: [type, policy domain, result].
sub results {
	my (@sources) = @_;
	my $sources = join ',', map { "'$_'" } @sources;
	my %result;
	for my $row ($pg->rows('select recipient_domain, policy_type, '
	    . "policy_domain, coalesce(failure, 'success') as result from "
	    . "signet.v_tls_result where source in ($sources)")) {
		push @{ $result{ $row->{recipient_domain} } },
		    [@$row{qw(policy_type policy_domain result)}];
	}
	return \%result;
}

# Those of the kinds that a case tells of. Of hosts, TLSA alone.
sub of_case {
	my ($case, $want, $rows) = @_;
	my %kind = map { (split / /)[0] => 1 } @$want;
	return [sort map { "$_->[0] $_->[2]" } grep {
		$kind{ $_->[0] } && ($_->[0] eq 'tlsa'
		    || $_->[1] eq $case->{domain}) }
	    @{ $rows->{ $case->{domain} } // [] }];
}

sub is_result {
	my ($kind, @sources) = @_;
	my $rows;
	my $missing = sub {
		$rows = results(@sources);
		return grep { @{ of_case($_, $_->{$kind}, $rows) }
		    < @{ $_->{$kind} } } @cases;
	};
	eval { wait_for(120, sub { !$missing->() }, 'the rows'); 1 };
	for my $case (@cases) {
		my $got = of_case($case, $case->{$kind}, $rows);
		is_deeply($got, [sort @{ $case->{$kind} }],
		    "$case->{name}: told by @sources")
		    or diag explain $rows->{ $case->{domain} };
	}
	return;
}

if ($tlsrpt) {
	is_result('results', 'datagram');
	is($pg->value(<<'END'), '', 'nothing is counted twice');
select string_agg(recipient_domain, ' ') from signet.v_tls_result a
where source = 'datagram' and exists (select from signet.v_tls_result b
	where b.source = 'log' and b.success is not null and
	b.recipient_domain = a.recipient_domain and
	b.policy_domain = a.policy_domain and
	b.policy_type = a.policy_type)
END
} else {
	is_result('log', 'log', 'probe');
}

# --- the report of the day ---

sub day {
	my @at = gmtime;
	return sprintf '%04d-%02d-%02d', 1900 + $at[5], 1 + $at[4], $at[3];
}

# The report to a domain: what it says of the case's kinds, as the rows do.
sub report_says {
	my ($case, $report) = @_;
	my @said;
	for my $policy (@{ $report->{policies} // [] }) {
		my $type = $policy->{policy}{'policy-type'};
		next unless $type eq 'tlsa'
		    || $policy->{policy}{'policy-domain'} eq $case->{domain};
		push @said, map { "$type $_->{'result-type'}" }
		    @{ $policy->{'failure-details'} // [] };
		push @said, "$type success"
		    if $policy->{summary}{'total-successful-session-count'};
	}
	return \@said;
}

my $kind = $tlsrpt ? 'results' : 'log';
my @failed = grep { $_->{domain} ne 'bogus.dane.example' && grep {
    !/ success$/ } @{ $_->{$kind} } } @cases;

subtest 'the TLS report of the day' => sub {
	cmp_ok(scalar @failed, '>=', 15, 'domains are to be told');
	# midnight may have passed since the mail went
	my %report;
	for my $day ($today, day()) {
		my ($status, $out, $err) = run_command(
		    program_path('signet-tls-report'), '-c', $config,
		    '--dry-run', '--date', $day);
		is($status, 0, "the reports of $day") or diag $err;
		for my $report (JSON::PP->new->incr_parse($out)) {
			for my $policy (@{ $report->{policies} }) {
				my $of = $policy->{policy}{'policy-domain'};
				$report{$of} //= $report;
			}
		}
	}
	for my $case (@failed) {
		my ($of) = grep { $report{$_} } $case->{domain},
		    map { $_->{host} } @{ $case->{servers} };
		my $said = report_says($case, $of ? $report{$of} : {});
		for my $want (@{ $case->{$kind} }) {
			ok(scalar(grep { $_ eq $want } @$said),
			    "$case->{name}: $want") or diag explain $said;
		}
	}
	my $good = grep { $report{$_} } map { $_->{domain} }
	    grep { $_->{name} =~ /good$/ } @cases;
	is($good, 0, 'nothing is said where nothing failed');
};

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
