#!/usr/bin/perl
# All cases of the openspf test suite for RFC 7208
# (vectors/spf-rfc7208/rfc7208-tests.yml).

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $file = vectors_dir() . '/spf-rfc7208/rfc7208-tests.yml';
-e $file or skip_or_fail("$file is not there");
eval { require YAML::XS; 1 } or skip_or_fail('libyaml-libyaml-perl is not installed');

# Characters above 127 stand for octets.
sub octets {
	my ($text) = @_;
	utf8::downgrade($text);
	return $text;
}

sub data_of {
	my ($type, $value) = @_;
	return Signet::Probe::zone_strings(octets(
	    join '', ref $value ? @$value : $value)) if $type eq 'TXT';
	return "$value->[0] " . Signet::Probe::zone_name(octets($value->[1]))
	    if $type eq 'MX';
	return Signet::Probe::zone_name($value)
	    if $type eq 'PTR' || $type eq 'CNAME';
	return $value;
}

# The rules of vectors/spf-rfc7208/SOURCE.txt.
sub records_of {
	my ($name, $entries) = @_;
	my $owner = Signet::Probe::zone_name(octets($name));
	my $has_txt = grep { ref && exists $_->{TXT} } @$entries;
	my @lines;
	for my $entry (@$entries) {
		if (!ref $entry) {
			push @lines, "$owner ANY !TIMEOUT";
			next;
		}
		my ($type, $value) = %$entry;
		next if $type eq 'SPF' && $has_txt;
		$type = 'TXT' if $type eq 'SPF';
		next if $type eq 'TXT' && !ref $value && $value eq 'NONE';
		push @lines, "$owner $type " .
		    (!ref $value && $value eq 'TIMEOUT' ? '!TIMEOUT'
		    : data_of($type, $value));
	}
	return @lines;
}

sub requests_of {
	my ($scenario) = @_;
	my $zone = $scenario->{zonedata};
	my $text = join '', map { "$_\n" }
	    map { records_of($_, $zone->{$_}) } sort keys %$zone;
	my $tests = $scenario->{tests};
	return map { {
		name => $_, want => $tests->{$_}, request => ['spf',
		    zone => $text, client => $tests->{$_}{host},
		    helo => octets($tests->{$_}{helo} // ''),
		    sender => octets($tests->{$_}{mailfrom} // ''),
		    receiver => 'receiver.example', now => 1700000000],
	} } sort keys %$tests;
}

my @cases = map { requests_of($_) } YAML::XS::Load(slurp($file));
is(scalar @cases, 203, 'the suite has 203 cases');

my @answers = Signet::Probe::ask(map { $_->{request} } @cases);
for my $case (@cases) {
	my ($name, $want) = @$case{qw(name want)};
	my $got = shift @answers;
	my @right = ref $want->{result} ? @{ $want->{result} }
	    : $want->{result};
	ok((grep { $got->{result} eq $_ } @right), $name) or
	    diag "got $got->{result} ($got->{reason}), want @right: ",
	    $want->{description} // '';
	next if !defined $want->{explanation};
	my $text = $want->{explanation};
	$text = '' if $text eq 'DEFAULT';	# the default is not ours to give
	is($got->{explanation}, $text, "$name: explanation");
}
done_testing;
