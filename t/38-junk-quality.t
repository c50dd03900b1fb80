#!/usr/bin/perl
# The junk filter tells junk from mail: after 100 messages of each kind, on the
# made-up mail of two users. t/bench/junk-quality measures more of it, beside
# others.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/bench/lib";
use Test::More;
use Bench::JunkCorpus;
use Bench::JunkPeers;
use Signet::Util qw(build_dir spew skip_or_fail temp_dir);

-x build_dir() . '/t/bench/junkscore' or skip_or_fail('not built');
my $dir = temp_dir();

is(join('', map { $_->ham->{text} . $_->spam->{text} }
    Bench::JunkCorpus->new(7)), join('', map { $_->ham->{text}
    . $_->spam->{text} } Bench::JunkCorpus->new(7)),
    'the same seed makes the same mail');
isnt(Bench::JunkCorpus->new(8)->ham->{text},
    Bench::JunkCorpus->new(7)->ham->{text}, 'another one does not');

my $filter = Bench::JunkPeers::Signet->new(build_dir(), $dir);
my %count;
for my $seed (1, 2) {
	my $corpus = Bench::JunkCorpus->new($seed);
	my $n = 0;
	my $some = sub {
		my ($count, $class) = @_;
		return map {
			my $mail = $corpus->$class;
			my $path = "$dir/" . ++$n;
			spew($path, $mail->{text});
			[$class, $mail->{kind}, $path];
		} 1 .. $count;
	};
	my @learned = map { $some->(1, 'ham'), $some->(1, 'spam') } 1 .. 100;
	my @wanted = ($some->(500, 'ham'), $some->(250, 'spam'));
	for my $mail ($filter->judge(\@learned, \@wanted)) {
		$count{ $mail->[0] }++;
		$count{"$mail->[0] filed"}++ if $mail->[3] > 0.95;
	}
	is(scalar(grep { $_->[3] > 0.95 } $filter->judge([@learned[0 .. 90]],
	    \@wanted)), 0, 'too little learned: nothing is filed');
}
cmp_ok($count{'ham filed'} // 0, '<=', $count{ham} / 1000,
    "of $count{ham} of ham at most one in a thousand is filed");
cmp_ok($count{'spam filed'}, '>=', 0.95 * $count{spam},
    "of $count{spam} of junk 95 % are");
done_testing();
