#!/usr/bin/perl
# The example messages of RFC 2822 appendix A and one of RFC 6532
# (vectors/messages-rfc): the author and the addresses of every field that has
# addresses, as the text of the RFC tells them.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/messages-rfc';
-e $dir or skip_or_fail("$dir is not there");

my $john = { From => 'jdoe@machine.example', To => 'mary@example.net' };
my $reply = { From => 'mary@example.net', To => 'jdoe@machine.example',
    'Reply-To' => 'smith@home.example' };

my %want = (
	'rfc2822-example01' => $john,
	'rfc2822-example02' => { %$john, Sender => 'mjones@machine.example' },
	'rfc2822-example03' => {
		From => 'john.q.public@example.com',
		To => 'mary@x.test jdoe@example.org one@y.test',
		Cc => 'boss@nil.test sysservices@example.net',
	},
	'rfc2822-example04' => {
		From => 'pete@silly.example',
		To => 'c@a.test joe@where.test jdoe@one.test',
		Cc => '',
	},
	'rfc2822-example05' => $john,
	'rfc2822-example06' => $reply,
	'rfc2822-example07' => { From => 'jdoe@machine.example',
	    To => 'smith@home.example' },
	'rfc2822-example08' => { %$john,
		'Resent-From' => 'mary@example.net',
		'Resent-To' => 'j-brown@other.example' },
	'rfc2822-example09' => $john,
	'rfc2822-example10' => {
		From => 'pete@silly.test',
		To => 'c@public.example joe@example.org jdoe@one.test',
		Cc => '',
	},
	'rfc2822-example11' => {
		From => 'john.q.public@example.com',
		To => 'mary@example.net jdoe@test.example',
	},
	'rfc2822-example12' => $john,
	# The copy at hand has "__" where the RFC has a line of two spaces,
	# and with it the header section ends, before the address of To.
	'rfc2822-example13' => { From => 'jdoe@machine.example', To => '' },
	'rfc2822-example14' => { From => 'atsushi@example.com',
	    'Reply-To' => 'rudeboyjet@gmail.com',
	    To => 'rudeboyjet@gmail.com' },
	'rfc6532-utf8_headers' => {
		From => "jd\xc3\xb6e\@xn--mchine-bua.example",
		To => "m\xc3\xa4ry\@xn--exmple-cua.net",
	},
);

# What the grammar allows and readers see two ways is no author for DMARC.
my %ambiguous = (
	'rfc2822-example13' => 'space before the colon of From',
);

my @names = map { m{([^/]+)[.]eml\z} } glob "$dir/*.eml";
is("@names", join(' ', sort keys %want), 'the messages are as expected');

my $is_address = qr/\A(?:Resent-)?(?:From|Sender|Reply-To|To|Cc)\z/;
for my $name (@names) {
	my ($got) = Signet::Probe::ask(
	    ['header', text => slurp("$dir/$name.eml")]);
	my @fields = grep { $_->[0] =~ $is_address }
	    map { [split /:\s*/, $_, 2] } split /\n/, $got->{fields};
	is_deeply([sort map { $_->[0] } @fields],
	    [sort keys %{ $want{$name} }], "$name: its fields");
	my @lists = Signet::Probe::ask(
	    map { ['address-list', text => "To: $_->[1]\r\n"] } @fields);
	for my $field (@fields) {
		my $list = shift @lists;
		is($list->{good}, 1, "$name: $field->[0] is read") or
		    diag $list->{reason};
		is(join(' ', split /\n/, $list->{addresses} // ''),
		    $want{$name}{ $field->[0] }, '... its addresses');
	}
	if ($ambiguous{$name}) {
		is("$got->{status}: $got->{reason}",
		    "ambiguous: $ambiguous{$name}", "$name: its author");
		next;
	}
	is($got->{status}, 'one', "$name: its author") or
	    diag $got->{reason};
	is($got->{addresses}, "$want{$name}{From}\n", '... by address');
}
done_testing;
