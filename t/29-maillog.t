#!/usr/bin/perl
# The log of a real Postfix, joined with what signet-policy answered it: each
# session with another server has two results, one under the policy of the
# domain and one under that of the MX host, each once, whether the log tells
# it or a datagram. Then what nobody but our own look can tell, rotation and
# restarts in the middle, the journal, and the STARTTLS of others.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::Postfix;
use Signet::TlsCases;
use Signet::TlsSite;
use Signet::Util qw(program_path wait_for skip_or_fail slurp spew);

for my $program (qw(signet-policy signet-tls-collect)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::TlsSite->need;
my $LONG = 120;
my @cases = Signet::TlsCases::all();
my $tlsrpt = Signet::TlsSite->tlsrpt;
note 'Postfix ', Signet::Postfix->version;
my $world = Signet::TlsSite->new;
my $pg = $world->{pg};

# "sts good.sts.example success", those of each recipient domain
sub rows {
	my ($where) = @_;
	my %row;
	for my $row ($pg->rows('select recipient_domain, policy_type, '
	    . "policy_domain, coalesce(success::text, 'told') as success "
	    . "from signet.v_tls_result where $where")) {
		push @{ $row{ $row->{recipient_domain} } },
		    "$row->{policy_type} $row->{policy_domain} "
		    . { true => 'success', false => 'failure',
			told => 'told' }->{ $row->{success} };
	}
	@$_ = sort @$_ for values %row;
	return \%row;
}

# What a row of the table of cases is to become. Each of its results is of a
# session: under TLSA with the MX host's policy, else with the domain's.
sub wanted {
	my ($case) = @_;
	my $domain = $case->{domain};
	my @results = @{ $case->{results} };
	my $sts = ($case->{sts} // '') =~ /^(?:enforce|wild|stranger|testing)$/;
	# a datagram names what Postfix was told, which is what it enforces
	$sts = 0 if $tlsrpt && ($case->{sts} // '') eq 'testing' && @results;
	return ["tlsa mx.$domain failure"]
	    if ($case->{problem} // '') eq 'dnssec-invalid';
	my @wanted;
	my @servers = grep { $_->{face} ne 'nobody' } @{ $case->{servers} };
	@results = ('no-policy-found told') if !@results
	    && $case->{sent} eq 'sent';
	for my $i (0 .. $#results) {
		my ($type, $result) = split / /, $results[$i];
		my $host = $servers[$i]{host};
		my $outcome = $result =~ /^(?:success|told)$/ ? $result
		    : 'failure';
		my $of_host = $type eq 'tlsa' ? 'tlsa' : 'no-policy-found';
		push @wanted, "$of_host $host $outcome";
		push @wanted, ($sts ? 'sts' : 'no-policy-found')
		    . " $domain $outcome" if $host ne $domain;
	}
	# nor can a datagram tell what was wrong before
	push @wanted, "no-policy-found $domain told" if $tlsrpt
	    && ($case->{problem} // '') =~ /^sts-/ && $case->{level} eq 'none';
	return [sort @wanted];
}

my $sources = "source in ('log', 'datagram')";

sub wait_rows {
	my ($where, %wanted) = @_;
	my $rows;
	eval { wait_for($LONG, sub {
		$rows = rows($where);
		return !grep { @{ $rows->{$_} // [] } < @{ $wanted{$_} } }
		    keys %wanted;
	}, 'all rows') } or diag $world->{collect}->log;
	return $rows;
}

# A log without a handshake may be one that is kept without them: until the
# first, nothing is said of mail in clear.
my ($first) = grep { $_->{name} eq 'dane good' } @cases;
my $id = $world->send("u\@$first->{domain}");
$world->wait_outcomes($id, 1);
wait_rows($sources, $first->{domain} => wanted($first));
my @others = grep { $_ != $first } @cases;

subtest 'every fault' => sub {
	my $id = $world->send(map { "u\@$_->{domain}" } @others);
	$world->wait_outcomes($id, scalar @others);
	# Postfix may do DANE there by itself, and asks nobody
	my @known = grep { $_->{name} ne 'sts signedhost' } @cases;
	my %wanted = map { ($_->{domain} => wanted($_)) } @known;
	my $rows = wait_rows($sources, %wanted);
	for my $case (@known) {
		my $found = $rows->{ $case->{domain} } // [];
		my $wanted = $wanted{ $case->{domain} };
		# where DANE holds, MTA-STS is not waited for
		if ($case->{tlsa} && $case->{sts}) {
			s/^sts /no-policy-found / for @$found, @$wanted;
		}
		is_deeply($found, $wanted, $case->{name});
	}
};

sub failures {
	my ($where) = @_;
	return [split /\n/, $pg->psql('select policy_type, policy_domain, '
	    . "coalesce(success::text, 'told'), failure, reason "
	    . "from signet.v_tls_failure where $where order by 1, 2, 4")];
}

subtest 'what Postfix never tells' => sub {
	my $row = sub { failures("source = 'probe' and policy_domain = '$_[0]'") };
	wait_for($LONG, sub { @{ $row->('testingname.sts.example') }
	    && @{ $row->('bogus.dane.example') } }, sub {
	    'a look of our own; ' . $world->{collect}->log });
	is_deeply($row->('testingname.sts.example'),
	    ['sts|testingname.sts.example|told|certificate-host-mismatch|'],
	    'MTA-STS in mode testing, and a certificate of another name');
	is_deeply($row->('bogus.dane.example'), ['no-policy-found|'
	    . 'bogus.dane.example|false|validation-failure|dnssec-bogus-mx'],
	    'MX records that DNSSEC refuses');
	is_deeply($row->('testing.sts.example'), [],
	    'mode testing, and nothing wrong');
	my $told = failures("source = 'log' and recipient_domain = "
	    . "'wrongcert.sts.example'");
	is_deeply($told, ['no-policy-found|wrongcert.sts.example|'
	    . ($tlsrpt ? 'told' : 'true') . '|sts-webpki-invalid|'
	    . ($told->[0] =~ /([^|]*)\z/)[0]],
	    'a policy that could not be fetched, though the mail went');
};

subtest 'a restart, and a rotation that nobody saw' => sub {
	my ($case) = grep { $_->{name} eq 'sts good' } @cases;
	my $domain = $case->{domain};
	my $count = sub { $pg->value('select count(*) from signet.tls_result '
	    . "where source = 'log' and recipient_domain = '$domain'") };
	my $each = $tlsrpt ? 1 : 2;
	# while nobody takes datagrams the log tells all of a session
	my $alone = 2;
	my $log = $world->{mta}->log_file;
	my @ids;

	is($count->(), $each, 'one session so far');
	$world->{collect}->stop;
	push @ids, $world->send("u\@$domain");
	$world->wait_outcomes($ids[-1], 1);
	# as logrotate with copytruncate does
	spew("$log.1", slurp($log));
	truncate $log, 0 or die "$log: $!\n";
	push @ids, $world->send("u\@$domain");
	$world->wait_outcomes($ids[-1], 1);
	$world->{collect}->start;
	my $both = $each + 2 * $alone;
	wait_for($LONG, sub { $count->() >= $both }, sub {
	    'both sessions; ' . $world->{collect}->log });
	$world->{collect}->restart;
	$world->wait_heard($domain);
	push @ids, $world->send("u\@$domain");
	$world->wait_outcomes($ids[-1], 1);
	wait_for($LONG, sub { $count->() >= $both + $each }, sub {
	    'one more; ' . $world->{collect}->log . slurp($log) });
	is($count->(), $both + $each, 'each once');
};

done_testing();
