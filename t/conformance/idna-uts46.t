#!/usr/bin/perl
# The test file of UTS #46 (vectors/idna-uts46), column toASCII, not
# transitional: a name is right if domain_parse gives the wanted A-labels and
# domain_is_idna holds, or if both are not so where the file wants an error.
#
# Exceptions, each with its reason:
#
#   final dot    The file calls the empty label behind a final dot an error of
#                length. We take one final dot off: mail programs write it.
#   hyphens      ASCII labels that begin or end with a hyphen, or have two in
#                the third place. The DNS has such names and mail uses them.
#   directions   The Bidi rule (RFC 5893 section 2) wants all labels checked
#                as soon as one has right-to-left letters; libidn2 checks only
#                that one. The A-labels are the same, so it is the same name
#                in the DNS, and domain_for_people shows the A-labels of
#                names of mixed direction.
#   symbols      Symbols, punctuation and other numbers, which IDNA2008 does
#                not have (RFC 5892 section 2.1; the head of the file lets
#                such lines be skipped), and letters newer than the Unicode
#                of the library.
#   new mapping  Characters that were disallowed or mapped in another way
#                before UTS #46 15.1, as in the library of Debian 12.

use strict;
use warnings;
use Encode ();
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $file = vectors_dir() . '/idna-uts46/IdnaTestV2.txt';
-e $file or skip_or_fail("$file is not there");

my $new_mapping = qr/[\x{04c0}\x{10a0}-\x{10c5}\x{115f}\x{1160}\x{1e9e}
    \x{2f868}\x{2f874}\x{2f91f}\x{2f95f}\x{2f9bf}]/x;

# \uXXXX and \x{XXXX}; undef if there is a lone surrogate.
sub characters {
	my ($text) = @_;
	return '' if $text eq '""';
	my $lone;
	my $character = sub {
		my $number = hex $_[0];
		$lone = 1 if $number >= 0xd800 && $number <= 0xdfff;
		return $lone ? '?' : chr $number;
	};
	$text =~ s/\\u([0-9A-Fa-f]{4})|\\x\{([0-9A-Fa-f]+)\}/
	    $character->($1 \/\/ $2)/gex;
	return $lone ? undef : $text;
}

# An empty field means the same as the field to its left.
sub case_of {
	my ($line) = @_;
	$line =~ s/#.*//;
	return if $line !~ /;/;
	my ($source, $unicode, $unicode_status, $ascii, $status) =
	    map { s/^[ \t]+|[ \t]+$//gr } split /;/, $line, -1;
	$unicode = $source if $unicode eq '';
	$ascii = $unicode if $ascii eq '';
	$status = $unicode_status if $status eq '';
	$source = characters($source);
	return if !defined $source;
	return { source => $source, unicode => characters($unicode),
		ascii => characters($ascii),
		errors => [$status =~ /[A-Z][0-9_]+/g] };
}

# The name of the exception for one error of the file that we do not see.
sub exception_for_error {
	my ($error, $ascii) = @_;
	return 'final dot' if $error eq 'A4_2' && $ascii =~ /[^.]\.\z/
	    && $ascii !~ /\.\.|^\./;
	return 'hyphens' if $error =~ /^V[23]$/
	    && grep { !/^xn--/ && /^-|-$|^..--/ } split /\./, $ascii;
	return 'directions' if $error =~ /^B[146]$/;
	return;
}

sub exception_for_refusal {
	my ($case) = @_;
	return 'new mapping' if $case->{source} =~ $new_mapping;
	return 'symbols' if $case->{unicode} =~ /[^\p{L}\p{M}\p{Nd}.\-]/;
	return;
}

# The names of all exceptions a line needs; undef where none is allowed.
sub judge {
	my ($case, $got) = @_;
	my $taken = !defined $got->{refused} && $got->{idna};
	my $same = $taken && "$got->{ascii}" eq $case->{ascii} =~ s/\.\z//r;
	my @errors = @{ $case->{errors} };

	return $taken ? [] : undef if $same && !@errors;
	return [] if !$taken && @errors;
	my @names = @errors
	    ? map { exception_for_error($_, $case->{ascii}) // return } @errors
	    : exception_for_refusal($case);
	return if !@names || !defined $names[0];
	return if $taken && !$same && $names[0] ne 'new mapping';
	return \@names;
}

my @cases = map { case_of($_) }
    split /\n/, Encode::decode('UTF-8', slurp($file));
is(scalar @cases, 6389, 'the file has 6389 lines without lone surrogates');

my @answers = Signet::Probe::ask(map {
	['idna', name => Encode::encode('UTF-8', $_->{source})] } @cases);
my ($right, %exceptions, @wrong) = (0);
for my $case (@cases) {
	my $got = shift @answers;
	my $names = judge($case, $got);

	if (!defined $names) {
		push @wrong, Encode::encode('UTF-8',
		    "$case->{source}: wanted $case->{ascii}, errors (" .
		    join(' ', @{ $case->{errors} }) . '), got ' .
		    ($got->{refused} // "$got->{ascii} ($got->{idna})"));
	} elsif (@$names) {
		$exceptions{ join ' and ', @$names }++;
	} else {
		$right++;
	}
}
is_deeply(\@wrong, [], 'each line is right or a listed exception')
    or diag(join "\n", @wrong);
cmp_ok($right, '>=', 6100, "$right lines are right");
note("$_: $exceptions{$_}") for sort keys %exceptions;
done_testing();
