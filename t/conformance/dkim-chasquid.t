#!/usr/bin/perl
# The verification cases of chasquid (vectors/dkim-chasquid).
#
# Where that program's own policy speaks we differ, each time for a reason:
#   02  it looks at five signatures, we at LIMIT_DKIM_SIGNATURES: all seven
#       pass here
#   03  it refuses the message; here it is one without signatures
#   09  its first signature has l=: "policy" here, and a pass only with the
#       switch for tests

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/dkim-chasquid';
-d $dir or skip_or_fail("$dir is not there");

my %failures = (TEMPERROR => '!SERVFAIL', PERMERROR => '!NXDOMAIN');
my %states = (SUCCESS => qr/\Apass\z/, TEMPFAIL => qr/\Atemperror\z/,
    PERMFAIL => qr/\A(?:fail|permerror)\z/);

sub zone {
	my ($file) = @_;
	return '' if !-e $file;
	my $text = slurp($file);
	$text =~ s/\\\n\s*//g;
	my $zone = '';
	while ($text =~ /^(\S+):\s*(.*?)\s*$/mg) {
		$zone .= Signet::Probe::zone_name($1) . ' TXT '
		    . ($failures{$2} // Signet::Probe::zone_strings($2))
		    . "\n";
	}
	return $zone;
}

sub wanted {
	my ($case) = @_;
	return () if !-e "$dir/$case.result";
	my $result = JSON::PP::decode_json(slurp("$dir/$case.result"));
	my @states = map { $states{ $_->{State} } } @{ $result->{Results} };
	@states = ($states{SUCCESS}) x 7 if $case =~ /^02/;
	return @states;
}

my @cases = map { m{([^/]+)\.msg\z} } glob "$dir/*.msg";
is(scalar @cases, 11, 'there are 11 messages');
my @requests;
for my $case (@cases) {
	(my $message = slurp("$dir/$case.msg")) =~ s/\r?\n/\r\n/g;
	my @request = ('dkim', zone => zone("$dir/$case.dns"),
	    message => $message, now => 1720000000);
	push @requests, [@request, weak => 1], [@request];
}
my @answers = Signet::Probe::ask(@requests);
for my $case (@cases) {
	for my $mode ('weak', 'product') {
		my $answer = shift @answers;
		my @want = wanted($case);
		$want[0] = qr/\Apolicy\z/ if $case =~ /^09/ && $mode eq 'product';
		is($answer->{count}, scalar @want, "$case, $mode: signatures");
		like($answer->{"result$_"}, $want[$_], "$case, $mode: $_") or
		    diag $answer->{"reason$_"} for 0 .. $#want;
	}
}
done_testing;
