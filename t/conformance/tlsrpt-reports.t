#!/usr/bin/perl
# TLS reports of real senders, as signet-report-intake --read understands them.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use JSON::PP ();
use Signet::Util qw(vectors_dir program_path run_command slurp spew temp_dir
    skip_or_fail);

my $program = program_path('signet-report-intake')
    or skip_or_fail('signet-report-intake has not been built');
my $vectors = vectors_dir() . '/tlsrpt-reports';
-d $vectors or skip_or_fail("$vectors is not there");

# organization, id, begin, end, defects, then for each policy its type, domain,
# sessions, failures and values in its lists
my %want = (
	'google.json' => ['Google Inc.', '2025-05-22T00:00:00Z_foo-bar.io',
	    '2025-05-22T00:00:00.000Z', '2025-05-22T23:59:59.000Z', [],
	    ['sts', 'foo-bar.io', 1, 0, 0, 4, 1]],
	'microsoft.json' => ['Microsoft Corporation',
	    '133925885310113267+random.net', '2025-05-23T00:00:00.000Z',
	    '2025-05-23T23:59:59.000Z', [],
	    ['sts', 'random.net', 2, 0, 0, 4, 0],
	    ['tlsa', 'random.net', 2, 0, 0, 1, 0]],
	'no-contact.json' => ['server.com', '123_456',
	    '2026-01-11T00:00:00.000Z', '2026-01-12T00:00:00.000Z',
	    ['"contact-info" is missing',
		'"mx-host" has a name before its value'],
	    ['sts', 'server.com', 1, 0, 0, 4, 1]],
	'no-policy.json' => ['Google Inc.', '2025-03-27T00:00:00Z_foo-bar.io',
	    '2025-03-27T00:00:00.000Z', '2025-03-27T23:59:59.000Z', [],
	    ['no-policy-found', 'foo-bar.io', 1, 0, 0, 0, 0]],
	'no_ip_and_mx.json' => ['Microsoft Corporation', '1234567890+',
	    '2025-06-14T00:00:00.000Z', '2025-06-14T23:59:59.000Z', [],
	    ['sts', 'xxxxxxxx.xx', 0, 3, 1, 0, 0]],
	'rfc-example.json' => ['Company-X',
	    '5065427c-23d3-47ca-b6e0-946ea0e8c4be',
	    '2016-04-01T00:00:00.000Z', '2016-04-01T23:59:59.000Z', [],
	    ['sts', 'company-y.example', 5326, 303, 3, 4, 1]],
);

sub read_file {
	my ($file) = @_;
	my ($status, $out, $err) = run_command($program, '--read', $file,
	    '--json');
	is($status, 0, "$file is read") or diag $err;
	return JSON::PP::decode_json($out);
}

sub summary {
	my ($json) = @_;
	my (@policies, %failures);
	for my $row (@{ $json->{records} }) {
		if (defined $row->{failure}) {
			$failures{ $row->{n} }++;
			next;
		}
		push @policies, $row;
	}
	return [@$json{qw(organization report_id begin end)},
	    [map { $_->{text} } @{ $json->{defects} }],
	    map { [@$_{qw(policy_type policy_domain successful failed)},
		$failures{ $_->{n} } // 0, scalar @{ $_->{policy_strings} },
		scalar @{ $_->{mx_hosts} }] } @policies];
}

my @files = map { m{([^/]+)\z} } glob "$vectors/*.json";
is_deeply([sort @files], [sort keys %want], 'the reports that are known');
for my $name (sort keys %want) {
	my $json = read_file("$vectors/$name");
	is_deeply(summary($json), $want{$name}, $name)
	    or diag explain summary($json);
	is($json->{kind}, 'tls', '... a TLS report');
}

# The rows of the RFC's example, with all that they tell.
my $json = read_file("$vectors/rfc-example.json");
my @rows = grep { defined $_->{failure} } @{ $json->{records} };
is_deeply([map { $_->{sessions} } @rows], [100, 200, 3], 'sessions');
is_deeply($rows[1], { n => 1, failure => 2,
    result_type => 'starttls-not-supported',
    sending_ip => '2001:db8:abcd:13::1', receiving_ip => '203.0.113.56',
    receiving_mx => 'mx2.mail.company-y.example', sessions => 200,
    information => 'https://reports.company-x.example/report_info?'
	. 'id=5065427c-23d3#StarttlsNotSupported' }, 'a failure')
    or diag explain $rows[1];

# What others do to it: the text of the RFC has an array, its example a string.
my $dir = temp_dir();
my $text = slurp("$vectors/rfc-example.json");
my %change = (
	'mx-host as a string' => [
	    sub { s/"mx-host": \[\s*("[^"]*")\s*\]/"mx-host": $1/r },
	    '"mx-host" is one value, not a list'],
	'times without a zone' => [sub { s/(00:00:00|23:59:59)Z/$1/gr },
	    '"start-datetime" has no time zone: read as UTC'],
	'counts as strings' => [sub { s/-count": (\d+)/-count": "$1"/gr },
	    '"total-successful-session-count" is a number in quotes'],
);
for my $name (sort keys %change) {
	my ($edit, $defect) = @{ $change{$name} };
	my $changed = $edit->(local $_ = $text);
	isnt($changed, $text, "$name: is another text");
	spew("$dir/report.json", $changed);
	my $other = read_file("$dir/report.json");
	is_deeply($other->{records}, $json->{records}, '... says the same');
	ok((grep { $_->{text} eq $defect } @{ $other->{defects} }),
	    '... with a defect') or diag explain $other->{defects};
}
done_testing();
