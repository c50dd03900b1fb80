#!/usr/bin/perl
# Cases made from the text and the examples of RFC 9989, and record strings
# (vectors/dmarc-rfc9989). Where the RFC can be read in two ways, our reading
# stands beside the records below.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/dmarc-rfc9989';
-e "$dir/policy.json" or skip_or_fail("$dir is not there");

sub cases { return @{ JSON::PP::decode_json(slurp("$dir/$_[0]")) } }

# Names that exist have an address; all others are NXDOMAIN or above one.
sub zone_of {
	my ($case) = @_;
	my $zone = $case->{zone};
	my @lines = map { Signet::Probe::zone_name($_) . " A 192.0.2.1" }
	    @{ $case->{exists} };
	for my $name (sort keys %$zone) {
		push @lines, map { Signet::Probe::zone_name($name) . ' TXT '
		    . Signet::Probe::zone_strings($_) } @{ $zone->{$name} };
	}
	return join '', map { "$_\n" } @lines;
}

my %answer_of = (dmarc => 'result', policy => 'published',
	applied => 'disposition', org => 'organizational',
	policy_domain => 'policy_domain', queries => 'walk');

my @policies = cases('policy.json');
is(scalar @policies, 36, 'policy.json has 36 cases');
my @answers = Signet::Probe::ask(map { ['dmarc', zone => zone_of($_),
	from => $_->{from}, spf_pass => $_->{spf_pass} // '',
	dkim_pass => join(',', @{ $_->{dkim_pass} })] } @policies);
for my $case (@policies) {
	my $want = $case->{want};
	my $got = shift @answers;

	for my $key (sort keys %$want) {
		my $value = $want->{$key};
		$value = join ',', @$value if ref $value;
		is($got->{ $answer_of{$key} } // die("no $key"), $value // '',
		    "$case->{id}: $key ($case->{ref})");
	}
}

# v=DMARC1; pct=100;: section 4.7 alone reads as p=none, section 4.10.1 says
# no DMARC processing without rua. The later, more special text is followed.
# P=Reject; ADKIM=S: the ABNF of section 4.8 writes names as literals, which
# RFC 5234 section 2.3 makes case-insensitive. Capitals are read.
# Both are what the file wants.
my @records = cases('records.json');
is(scalar @records, 28, 'records.json has 28 cases');
@answers = Signet::Probe::ask(map { ['dmarc_record', txt => $_->{txt}] }
	@records);
for my $case (@records) {
	my $want = $case->{want};
	my $got = shift @answers;

	for my $key (sort keys %$want) {
		my $value = $want->{$key};
		my $have = $got->{$key};
		if ($key eq 'rua_usable') {
			$have = join ',', grep { /^mailto:/ } split /,/,
			    $got->{rua};
		}
		$value = join ',', @$value if ref $value eq 'ARRAY';
		$value = $value ? 1 : 0 if JSON::PP::is_bool($value);
		is($have // die("no $key"), $value // '',
		    "\"$case->{txt}\": $key ($case->{ref})");
	}
}
done_testing();
