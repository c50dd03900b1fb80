#!/usr/bin/perl
# The Authentication-Results fields of vectors/authres-lieser: what is read
# from them, whether they keep to RFC 8601, and whose they are.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/authres-lieser';
-e "$dir/expected.json" or skip_or_fail("$dir is not there");

my $cases = JSON::PP->new->utf8->decode(slurp("$dir/expected.json"));
is(scalar @$cases, 37, 'there are 37 fields');

# As the probe tells it.
sub told {
	my ($results) = @_;
	my $text = '';
	for my $result (@$results) {
		$text .= "method $result->{method} $result->{result}\n";
		$text .= "reason $result->{reason}\n"
		    if defined $result->{reason};
		$text .= "property @$_\n" for @{ $result->{props} };
	}
	return $text;
}

my @answers = Signet::Probe::ask(map { ['auth-results',
    text => slurp("$dir/$_->{file}"), number => $_->{index},
    id => 'example.net'] } @$cases);
for my $case (@$cases) {
	my $got = shift @answers;
	my $name = "$case->{file} $case->{index}";
	my $parse = $case->{parse};
	my $id = $parse && $parse->{authserv_id};
	is($got->{good}, $parse ? 1 : 0, "$name is read") or
	    diag $got->{reason};
	is($got->{good} && !$got->{lax} ? 1 : 0, $case->{valid_rfc8601} ? 1 : 0,
	    '... and keeps to the grammar');
	# without an id, and with an id that begins with ours, it is ours
	is($got->{claims}, !$id || $id =~ m{\Aexample[.]net(?![\w.-])}
	    ? 1 : 0, '... whose it is');
	next if !$parse;
	is($got->{authserv_id}, $id, '... its id');
	is($got->{results}, told($parse->{results}), '... its results');
}
done_testing;
