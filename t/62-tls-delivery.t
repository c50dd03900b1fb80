#!/usr/bin/perl
# Real Postfix against mail servers with every TLS fault.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::TlsCases;
use Signet::TlsSite;
use Signet::Util qw(spew temp_dir);

Signet::TlsSite->need;
my $map = temp_dir() . '/policy';
my $dialect = Signet::TlsSite->dialect;
spew($map, join '', map { my $a = Signet::TlsCases::answer($_, $dialect);
    $a =~ s/^OK // ? "$_->{domain}  $a\n" : () } Signet::TlsCases::all());
my $world = Signet::TlsSite->new(main => {
	smtp_tls_policy_maps => "texthash:$map" });
my @cases = Signet::TlsCases::all();
my $id = $world->send(map { "u\@$_->{domain}" } @cases);
my $told = $world->wait_outcomes($id, scalar @cases);
for my $case (@cases) {
	my $got = $told->{"u\@$case->{domain}"};
	if ($case->{sent} eq 'sent') {
		is($got->{status}, 'sent', $case->{name}) or diag explain $got;
	} else {
		like("$got->{dsn} $got->{words}", qr/^$case->{sent}/, $case->{name});
	}
}
done_testing;
