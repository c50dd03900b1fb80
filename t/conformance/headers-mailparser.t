#!/usr/bin/perl
# The address fields of vectors/headers-mailparser/address.json. The answers
# there are those of a lenient reader. Where RFC 5322 or careful readers say
# otherwise, the lists below say what is right; all other cases must agree.
# Of unstructured.json, what splitting and unfolding are to make of it. (The
# further files there hold fields that this project does not read.)

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/headers-mailparser';
-e $dir or skip_or_fail("$dir is not there");

my %refused;
sub refuse {
	my ($why, @cases) = @_;
	$refused{$_} = $why for @cases;
	return;
}
refuse('a line break between a backslash and what it quotes', 9);
refuse('groups without a comma between them (RFC 5322 section 3.4)', 34 .. 36);
refuse('the URIs of list fields are no addresses (RFC 2369)', 37 .. 41,
    43 .. 47);
refuse('text behind an angle address: readers differ', 55);

# Read, with other addresses.
my %otherwise = (
	13 => [ 'a route is not part of the address (section 4.4)',
	    'mary@example.net', 'jdoe@test.example' ],
	14 => [ 'space is not part of a domain', 'jdoe@machine.example' ],
	23 => [ 'domains are lower case here', 'gvaudre@nri.reston.va.us',
	    'ned@innosoft.com', 'moore@cs.utk.edu' ],
	42 => [ 'a word without an address is none' ],
);

# Read, but not two readers need see the same.
my %doubt = (
	10 => 'comment or space inside a domain',
	13 => 'source route',
	14 => 'comment or space inside a domain',
);

sub addresses_of {
	my ($expected) = @_;
	my @list = $expected->{List} ? @{ $expected->{List} }
	    : map { @{ $_->{addresses} } } @{ $expected->{Group} };
	return grep { defined } map { $_->{address} } @list;
}

my $cases = JSON::PP->new->utf8->decode(slurp("$dir/address.json"));
is(scalar @$cases, 60, 'the file has 60 fields');

my @requests = map {
	my $text = "To:$_->{header}";
	utf8::encode($text);
	['address-list', text => $text];
} @$cases;
my @answers = Signet::Probe::ask(@requests);
for my $number (0 .. $#$cases) {
	my $got = $answers[$number];
	if ($refused{$number}) {
		is($got->{good}, 0, "case $number: $refused{$number}");
		next;
	}
	my ($why, @want) = $otherwise{$number} ? @{ $otherwise{$number} }
	    : ('as expected', addresses_of($cases->[$number]{expected}));
	is($got->{good}, 1, "case $number is read") or diag $got->{reason};
	is($got->{addresses}, join('', map { "$_\n" } @want), "... $why");
	is($got->{doubt}, $doubt{$number} // '', '... with what doubt');
}

# White space where lines were folded is kept here and dropped there; encoded
# words are not decoded here.
sub squeezed {
	my ($text) = @_;
	$text =~ s/\s+/ /g;
	$text =~ s/\A | \z//g;
	return $text;
}

my $texts = JSON::PP->new->utf8->decode(slurp("$dir/unstructured.json"));
my @plain = grep { $_->{header} !~ /=[?]/ } @$texts;
is(scalar @plain, 7, 'unstructured.json has 7 fields without encoded words');
for my $case (@plain) {
	my ($header, $want) = @$case{qw(header expected)};
	utf8::encode($header);
	utf8::encode($want);
	my ($got) = Signet::Probe::ask(['header', text => "X:$header"]);
	my ($first) = split /\n/, $got->{fields};
	is(squeezed($first), squeezed("X: $want"), "unfolded: $want");
}
done_testing;
