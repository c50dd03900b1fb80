#!/usr/bin/perl
# Sendmail with FEATURE(`sts') asks signet-policy: mail for protected domains
# goes to the servers of their MTA-STS policies and to no impostor; with DANE,
# Sendmail does that by itself.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Sendmail;
use Signet::TlsSite;
use Signet::Util qw(program_path skip_or_fail wait_for);

program_path('signet-policy')
    or skip_or_fail('signet-policy has not been built');
Signet::Sendmail->need;
Signet::TlsSite->need;
my $world = Signet::TlsSite->new(without => [qw(postgres postfix collect)]);

# Domain, and why the mail stays: a pattern, or undef when it goes.
my @sts = (
	[good => undef],
	[wild => undef],
	[name => qr/Deferred/],
	[unknown => qr/403 4\.7\.0 authentication failed/],
	[expired => qr/403 4\.7\.0 authentication failed/],
	[self => qr/403 4\.7\.0 authentication failed/],
	[plain => qr/403 4\.7\.0 other side does not support STARTTLS/],
	[refused => qr/Deferred/],
	[stranger => qr/Deferred/],
	[testingname => undef],
	[none => undef],
	[redirect => undef],
	[open => undef],
	[clear => undef],
);

my $number = 0;
my %accepted;	# by recipient: is it to arrive?

# Gives a message to Sendmail; returns the recipient.
sub delivers {
	my ($mta, $domain, $why) = @_;
	my $to = 'u' . ++$number . "\@$domain";
	my ($sent, $said) = $mta->submit('ann@site.example', $to);
	is($sent, defined $why ? 0 : 1, "$domain: "
	    . (defined $why ? 'waits' : 'sent')) or diag $said;
	like($said, $why, '... with the reason') if defined $why;
	$accepted{$to} = 1 unless defined $why;
	return $to;
}

# The session in which the recipient's message arrived.
sub session {
	my ($to) = @_;
	return wait_for(60, sub {
		my ($found) = grep { $_->{accepted} && grep { $_ eq $to }
		    @{ $_->{rcpt} } } $world->{servers}->sessions;
		return $found;
	}, "mail to $to");
}

for my $suite (qw(sendmail sendmail-bookworm)) {
	subtest "MTA-STS: $suite" => sub { mta_sts($suite) };
}

sub mta_sts {
	my ($suite) = @_;
	my $mta = Signet::Sendmail->new(ca_file => $world->{ca}->file,
	    suite => $suite);
	for my $case (@sts) {
		my ($name, $why) = @$case;
		delivers($mta, "$name.sts.example", $why);
	}
	my $session = session(delivers($mta, 'good.sts.example'));
	isnt($session->{tls}, '', 'in TLS');
	is($session->{sni}, 'mx.good.sts.example', 'the server was named');
	delivers($mta, 'bogustlsa.dane.example',
	    qr/450 4\.7\.0 .*STS lookup temp fail/);
	return;
}

subtest 'DANE' => sub {
	my $mta = Signet::Sendmail->new(ca_file => $world->{ca}->file,
	    dane => 1);
	delivers($mta, 'good.dane.example');
	delivers($mta, 'selfsigned.dane.example');
	delivers($mta, 'mismatch.dane.example', qr/Deferred/);
	delivers($mta, 'plain.dane.example', qr/Deferred/);
	delivers($mta, 'name.sts.example', qr/Deferred/);
};

subtest 'nobody answers' => sub {
	my $mta = Signet::Sendmail->new(ca_file => $world->{ca}->file);
	$world->{policy}->stop;
	delivers($mta, 'good.sts.example',
	    qr/450 4\.7\.0 .*STS lookup temp fail/);
	delivers($mta, 'open.sts.example',
	    qr/450 4\.7\.0 .*STS lookup temp fail/);
};

session($_) for sort keys %accepted;
is_deeply([sort map { @{ $_->{rcpt} } } grep { $_->{accepted} }
    $world->{servers}->sessions], [sort keys %accepted],
    'what arrived is what was said to be sent');

done_testing;
