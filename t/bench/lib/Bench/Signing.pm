package Bench::Signing;

# DKIM signatures: what making them costs beside the bare operations.
#
#   push @rounds, Bench::Signing::round($build, $corpus);
#   Bench::Signing::report(@rounds);
#   my @goals = Bench::Signing::goals(@rounds);
#   Bench::Signing::openssl(@rounds);          # its version

use strict;
use warnings;
use Bench::Process;
use Bench::Table;

sub round {
	my ($build, $corpus) = @_;

	return Bench::Process::figures("$build/t/bench/signcost", $corpus, 1);
}

sub openssl { return $_[0]{openssl} }

sub median {
	my ($figure, @rounds) = @_;

	return Bench::Table::median(map { $_->{$figure} } @rounds);
}

sub report {
	my (@rounds) = @_;
	my $of = sub { Bench::Table::figure(median($_[0], @rounds)) };
	my @bare = map { $of->($_) } qw(hash rsa ed25519);

	Bench::Table::print_table(
		['signing, CPU s/1000', 'hash', 'bare operation', 'signet',
			'signet / both'],
		['RSA-2048', $bare[0], $bare[1], map { $of->($_) }
			qw(sign_rsa ratio_rsa)],
		['Ed25519', $bare[0], $bare[2], map { $of->($_) }
			qw(sign_ed25519 ratio_ed25519)],
		['RSA-2048 and Ed25519', $bare[0], Bench::Table::figure(
			median('rsa', @rounds) + median('ed25519', @rounds)),
			map { $of->($_) } qw(sign_both ratio_both)]);
	return;
}

sub goals {
	my (@rounds) = @_;

	return ['signing with RSA-2048 / bare operation and hash',
		median('ratio_rsa', @rounds), '<=', 1.1];
}

1;
