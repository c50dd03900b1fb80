package Bench::Verdict;

# Compares what a peer wrote into its Authentication-Results fields with what
# the corpus' manifest says, so that peers are measured doing equal work.

use strict;
use warnings;

my @fields = qw(file ip name helo mail_from rcpt spf dkim dmarc policy);

sub manifest {
	my ($corpus) = @_;
	my %expected;

	open my $in, '<', "$corpus/manifest" or die "$corpus/manifest: $!\n";
	while (my $line = <$in>) {
		chomp $line;
		my %message;
		@message{@fields} = split /\t/, $line, -1;
		$expected{ $message{file} } = \%message;
	}
	return \%expected;
}

# Results of one Authentication-Results value: method => [[result, {ptype
# property => value}], ...]. RFC 8601's grammar, without comments and quotes.
sub results {
	my ($value) = @_;
	my %results;

	1 while $value =~ s/\([^()]*\)//;
	my (undef, @parts) = split /;/, $value;
	for my $part (@parts) {
		my ($method, $result, $rest) =
		    $part =~ /^\s*([\w-]+)\s*=\s*(\w+)(.*)/s or next;
		my %property =
		    map { /^([\w.-]+)=(.*)/ ? (lc $1 => $2) : () }
		    split ' ', $rest;
		s/^"(.*)"$/$1/ for values %property;
		push @{ $results{ lc $method } }, [lc $result, \%property];
	}
	return \%results;
}

# One word each for spf, dkim and dmarc out of all fields of a message.
sub found {
	my (@changes) = @_;
	my %found = (spf => 'none', dkim => 'none', dmarc => 'none');
	my (@signatures, @domains);

	for my $change (@changes) {
		$change =~ /^\+Authentication-Results:(.*)/is or next;
		my $results = results($1);
		for my $spf (@{ $results->{spf} // [] }) {
			$found{spf} = $spf->[0]
			    if exists $spf->[1]{'smtp.mailfrom'};
		}
		$found{dmarc} = $_->[0] for @{ $results->{dmarc} // [] };
		for my $dkim (@{ $results->{dkim} // [] }) {
			my $p = $dkim->[1];
			my $domain = $p->{'header.d'} // '';
			my $result = $dkim->[0] eq 'pass' ? 'pass' : 'fail';

			push @domains, "$domain=$result" if $domain ne '';
			next unless defined $p->{'header.s'};
			push @signatures, "$domain/$p->{'header.s'}=$result";
		}
	}
	$found{dkim} = join ',', sort @signatures if @signatures;
	$found{dkim_domain} = @domains ? join ',', sort @domains : 'none';
	return \%found;
}

# Method "spf_pass" asks only whether SPF passes: opendmarc writes "fail" for
# softfail and neutral; "dkim_domain" asks for no selectors: dkimpy-milter
# writes none.
sub same {
	my ($method, $expected, $found) = @_;

	if ($method eq 'spf_pass') {
		return ($expected->{spf} eq 'pass') == ($found->{spf} eq 'pass');
	}
	my $want = $expected->{ $method =~ s/_.*//r };
	$want =~ s{/[^=,]*}{}g if $method eq 'dkim_domain';
	$want = join ',', sort split /,/, $want if $method =~ /^dkim/;
	return $want eq $found->{$method};
}

# compare(\%manifest, file of milterload -o, methods): a hash with counts of
# messages, of `different` ones, of each outcome, and the first differences.
sub compare {
	my ($manifest, $dump, @methods) = @_;
	my %sum = (messages => 0, different => 0, examples => []);

	open my $in, '<', $dump or die "$dump: $!\n";
	while (my $line = <$in>) {
		chomp $line;
		my ($file, $outcome, @changes) = split /\t/, $line;
		my $expected = $manifest->{$file} or die "$file?\n";
		my $found = found(@changes);
		my @wrong = grep {
			!same($_, $expected, $found)
		} @methods;

		$sum{messages}++;
		$sum{outcome}{$outcome}++;
		next unless @wrong;
		$sum{different}++;
		push @{ $sum{examples} }, join ' ', $file, $outcome, map {
			my $method = s/_.*//r;
			"$method: $found->{$method}, expected "
			    . "$expected->{$method};"
		} @wrong if @{ $sum{examples} } < 5;
	}
	return \%sum;
}

1;
