#!/usr/bin/perl
# The validation cases of ValiMail's ARC suite (vectors/arc-valimail). The
# file is read as a stream of events, since four names stand twice in one
# mapping.
#
# Three cases have no answer; RFC 8617 section 5.2 makes them fail.
# ams_fields_h_empty: the suite says pass, the grammar of h= (RFC 6376 section
# 3.5) has no empty list. We hold with the grammar.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $file = vectors_dir() . '/arc-valimail/arc-draft-validation-tests.yml';
-e $file or skip_or_fail("$file is not there");
eval { require YAML::PP::Parser; 1 } or
    skip_or_fail('libyaml-pp-perl is not installed');

my %contested = (ams_fields_h_empty => 'fail');

# Nodes: a scalar is its text, a mapping a list of [name, node] in order.
sub documents {
	my ($text) = @_;
	my (@documents, @open);
	my $put = sub {
		my ($node) = @_;
		if (!@open) {
			push @documents, $node;
		} elsif ($open[-1]{key} ne "\0") {
			push @{ $open[-1]{node} }, [$open[-1]{key}, $node];
			$open[-1]{key} = "\0";
		} else {
			$open[-1]{key} = $node;
		}
	};
	YAML::PP::Parser->new(receiver => sub {
		my ($parser, $event, $info) = @_;
		if ($event eq 'mapping_start_event') {
			push @open, { key => "\0", node => [] };
		} elsif ($event eq 'mapping_end_event') {
			my $done = pop @open;
			$put->($done->{node});
		} elsif ($event eq 'scalar_event') {
			$put->($info->{value});
		} elsif ($event =~ /^(?:sequence|alias)/) {
			die "the suite has a $event\n";
		}
	})->parse_string($text);
	return @documents;
}

sub member {
	my ($mapping, $name) = @_;
	my ($found) = grep { $_->[0] eq $name } @$mapping;
	return $found ? $found->[1] : undef;
}

sub zone_of {
	my ($records) = @_;
	my $zone = '';
	for my $record (@$records) {
		my ($name, $data) = @$record;
		next if !defined $data || $data eq '';
		$zone .= Signet::Probe::zone_name($name) . ' TXT '
		    . Signet::Probe::zone_strings($data) . "\n";
	}
	return $zone;
}

my (@requests, @names, @wanted);
for my $document (documents(slurp($file))) {
	my $zone = zone_of(member($document, 'txt-records') || []);
	for my $test (@{ member($document, 'tests') }) {
		my ($name, $case) = @$test;
		(my $message = member($case, 'message')) =~ s/\r?\n/\r\n/g;
		push @requests, ['arc', zone => $zone, message => $message,
		    now => 1700000000];
		push @names, $name;
		push @wanted, $contested{$name} //
		    (lc(member($case, 'cv') // '') || 'fail');
	}
}
is(scalar @names, 175, 'the suite has 175 cases');

my @answers = Signet::Probe::ask(@requests);
for my $i (0 .. $#names) {
	is($answers[$i]{result}, $wanted[$i], $names[$i]) or
	    diag $answers[$i]{reason};
}
done_testing;
