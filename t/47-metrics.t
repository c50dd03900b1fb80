#!/usr/bin/perl
# docs/metrics.md tells every metric of the running program, with its type
# and labels; all series begin at zero, and none has a label from outside.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Signet::Inbound;
use Signet::Util qw(slurp top_dir wait_for now);

Signet::Inbound->need;
my $in = Signet::Inbound->new(dns => Signet::Inbound::good_zone()
	. "hard.example TXT \"v=spf1 -all\"\n"
	. "_dmarc.hard.example TXT \"v=DMARC1; p=reject\"\n"
	. "dead.example * \@servfail\n*.dead.example * \@servfail\n");

sub scrape {
	my ($request) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $in->metrics)
	    or die "metrics: $!\n";
	syswrite $socket, $request // "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	my ($all, $end) = ('', now() + 10);
	while (now() < $end) {
		my $ready = '';
		vec($ready, fileno $socket, 1) = 1;
		select $ready, undef, undef, 1 or next;
		sysread $socket, $all, 65536, length $all or last;
	}
	return $all;
}

# Series by name and labels; type and help by name.
sub parse {
	my ($text) = @_;
	my ($head, $body) = split /\r\n\r\n/, $text, 2;
	like($head, qr{^HTTP/1\.[01] 200 .*^Content-Type: text/plain; version=0\.0\.4}msi,
	    'the text format');
	my (%series, %type, %help, @bad);
	for my $line (split /\n/, $body) {
		if ($line =~ /^# TYPE (\S+) (\S+)$/) {
			$type{$1} = $2;
		} elsif ($line =~ /^# HELP (\S+) (.+)$/) {
			$help{$1} = $2;
		} elsif ($line =~ /^([a-z_]+(?:\{[^}]*\})?) ([-+\d.e]+)$/) {
			push @bad, $line if exists $series{$1};
			$series{$1} = $2;
		} else {
			push @bad, $line;
		}
	}
	is("@bad", '', 'every line reads well');
	return (\%series, \%type, \%help);
}

# Name => [type, {label => [words]}] as the page says.
my %page;
for (split /\n/, slurp(top_dir() . '/docs/metrics.md')) {
	my ($name, $type, $labels) = /^\| `(signet_milter_\w+)` \| (\w+) \|(.*?)\| .* \|$/
	    or next;
	my %label;
	for my $one (split /; */, $labels) {
		my ($word, $values) = $one =~ /`(\w+)`: (.+?) *$/ or next;
		$label{$word} = [split /, /, $values];
	}
	$page{$name} = [$type, \%label];
}
cmp_ok(scalar keys %page, '>', 5, 'the page was read');

my ($first, $type, $help) = parse(scrape());
is_deeply({ map { $_ => $page{$_}[0] } keys %page }, $type,
    'page and program have the same metrics and types');
is_deeply([sort keys %$help], [sort keys %$type], 'each has its help');
is_deeply([grep { $first->{$_} != 0 } sort keys %$first], [],
    'everything begins at zero')
    or diag explain { map { $_ => $first->{$_} } grep { $first->{$_} } keys %$first };
my %seen;
for my $series (keys %$first) {
	my ($name, $labels) = $series =~ /^(\w+)(?:\{(.*)\})?$/;
	$name =~ s/_(?:bucket|sum|count)$// unless $page{$name};
	while (($labels // '') =~ /(\w+)="([^"]*)"/g) {
		$seen{$name}{$1}{$2} = 1 unless $1 eq 'le';
	}
}
for my $name (sort keys %page) {
	my %want = map { $_ => { map { $_ => 1 } @{ $page{$name}[1]{$_} } } }
	    keys %{ $page{$name}[1] };
	is_deeply($seen{$name} // {}, \%want, "$name: labels and words");
}

# --- they count ---

sub value {
	my ($name) = @_;
	my ($series) = parse(scrape());
	die "no series $name\n" unless exists $series->{$name};
	return $series->{$name};
}
my $m = 'signet_milter';
is($in->good, '', 'a good message');
$in->send(client => '192.0.2.66', helo => 'evil"}\\n{x="y', from =>
	'x@hard.example', data => "From: x\@hard.example\n\nx\n");
$in->send(client => '127.0.0.1', data => "From: x\@hard.example\n\nx\n");
$in->send(from => 'x@dead.example', data => "From: x\@dead.example\n\nx\n");
my ($after) = parse(scrape());
my %want = (
	"${m}_connections_total" => 4,
	"${m}_messages_total{action=\"accept\"}" => 3,
	"${m}_messages_total{action=\"reject\"}" => 1,
	"${m}_skipped_total{reason=\"local\"}" => 1,
	"${m}_results_total{check=\"dmarc\",result=\"pass\"}" => 1,
	"${m}_results_total{check=\"dmarc\",result=\"fail\"}" => 1,
	"${m}_results_total{check=\"dmarc\",result=\"temperror\"}" => 1,
	"${m}_results_total{check=\"spf\",result=\"temperror\"}" => 1,
	"${m}_results_total{check=\"dkim\",result=\"pass\"}" => 1,
	"${m}_message_seconds_count" => 4,
	"${m}_facts_lost_total" => 0,
);
is($after->{$_}, $want{$_}, $_) for sort keys %want;
cmp_ok($after->{"${m}_dns_total{answer=\"asked\"}"}, '>', 5, 'DNS: asked');
cmp_ok($after->{"${m}_dns_total{answer=\"failed\"}"}, '>', 0, 'DNS: failed');
is_deeply([sort keys %$after], [sort keys %$first],
    'mail has made no series');
$in->reconfigure(milter => { mode => 'test' });
is(value("${m}_reloads_total{outcome=\"taken\"}"), 1, 'a reload');
$in->configure(milter => { mode => 'nonsense' });
$in->milter->signal('HUP');
$in->milter->wait_log(qr/not taken over/);
is(value("${m}_reloads_total{outcome=\"refused\"}"), 1, 'one refused');

$in->reconfigure(milter => { mode => undef });

# --- whoever comes to the socket ---

like(scrape("GET /other HTTP/1.0\r\n\r\n"), qr{^HTTP/1\.[01] 404 }, 'no such page');
scrape($_) for "\0" x 10_000, 'GET ' . 'x' x 100_000, "\r\n\r\n", "POST / x\r\n\r\n";
is($in->good, '', 'hostile scrapes disturb no mail');
like(scrape(), qr{^HTTP/1\.[01] 200 }, '... and no scrape');
is($in->milter->stop, 0, 'ends cleanly');
done_testing;
