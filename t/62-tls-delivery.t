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
use Signet::Util qw(spew temp_dir program_path run_command wait_for
    skip_or_fail);

for my $program (qw(signet-policy signet-tls-collect)) {
	next if $ENV{STATIC};
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::TlsSite->need;
my $tlsrpt = Signet::TlsSite->tlsrpt;
my $own = Signet::TlsSite->dialect;
my @cases = Signet::TlsCases::all();
note 'Postfix ', Signet::Postfix->version;
my @static;
if ($ENV{STATIC}) {
	my $map = temp_dir() . '/policy';
	spew($map, join '', map { my $a = Signet::TlsCases::answer($_, $own);
	    $a =~ s/^OK // ? "$_->{domain}  $a\n" : () } @cases);
	@static = (main => { smtp_tls_policy_maps => "texthash:$map" },
	    without => ['policy']);
}
my $world = Signet::TlsSite->new(@static);
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

done_testing;
