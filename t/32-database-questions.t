#!/usr/bin/perl
# The ten questions of docs/database.md: each runs as it stands there, as a
# member of signet_admin, and gives the right answer.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event event_data json iso);
use Signet::Postgres;
use Signet::Util qw(run_command spew temp_dir program_path top_dir slurp
    skip_or_fail wait_for);

Signet::Postgres->need;
my $load = program_path('signet-load') or skip_or_fail('not built');
my $text = slurp(top_dir() . '/docs/database.md') // die "no database.md\n";

my (%sql, %question);
while ($text =~ /^### (\d+)\. (.*?)\n(.*?)^```sql\n(.*?)^```$/gms) {
	$question{$1} = $2;
	$sql{$1} = $4;
}
is(join(' ', sort { $a <=> $b } keys %sql), '1 2 3 4 5 6 7 8 9 10',
    'ten questions') or BAIL_OUT('cannot read docs/database.md');

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
my $spool = Signet::Events->spool("$dir/spool");
spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = @{[$pg->conninfo]}
END

sub load {
	my ($status, $out, $error) = run_command($load, '-c',
	    "$dir/signet.conf", @_);
	return $status == 0 ? 1 : die "signet-load @_: $out$error";
}

my $true = JSON::PP::true;
my $false = JSON::PP::false;

sub failing {
	my (%change) = @_;
	return event(queue_id => '4Xfail', client_ip => '203.0.113.9',
	    client_name => undef,
	    'spf.mailfrom.result' => 'softfail', dkim => [],
	    'dmarc.result' => 'fail', 'dmarc.disposition' => 'reject',
	    'dmarc.aligned_spf' => $false, 'dmarc.aligned_dkim' => $false,
	    action => 'reject', action_reason => 'DMARC reject',
	    reply => '550 5.7.26 no', 'evaluation.disposition' => 'reject',
	    %change);
}

load('--migrate', '--sql-dir', top_dir() . '/sql');
# All in one UTC day, up to the last query.
wait_for(90, sub { time % 86400 < 86400 - 60 }, 'the new day');
my $yesterday = iso(time - 86400 - 7200);
$spool->put(
	event(queue_id => '4XyZ1234', 'timings.total_ms' => 10,
	    'timings.dns_wait_ms' => 5),
	event(queue_id => '4Xother', rcpt => [
	    Signet::Events::rcpt('a@site.test'),
	    Signet::Events::rcpt('b@site.test'),
	    Signet::Events::rcpt('reports@site.test', 1)],
	    'timings.total_ms' => 10, 'timings.dns_wait_ms' => 5),
	failing(queue_id => '4Xfail1'), failing(queue_id => '4Xfail2'),
	failing(queue_id => '4Xfail3', client_ip => '2001:db8::9'),
	failing(queue_id => '4Xold', at => $yesterday),
	failing(from_domain => 'other.test', queue_id => '4Xheld',
	    action => 'quarantine', action_reason => 'DMARC quarantine',
	    'dmarc.policy_domain' => 'other.test'),
	event(from_domain => 'other.test', queue_id => '4Xpass',
	    'dmarc.policy_domain' => 'other.test'),
	failing(from_domain => 'tried.test', test_mode => $true,
	    listener => 'trial', 'dmarc.policy_domain' => 'tried.test'),
	failing(from_domain => 'list.test', action => 'accept',
	    action_reason => 'trusted list', 'dmarc.policy_domain' =>
	    'list.test', 'dmarc.overrides' => [{ type => 'mailing_list',
	    comment => 'lists.example' }]),
	'{"v":9}');
load('--once');
$pg->login('admin', 'signet_admin');

my %rows;
for my $n (sort { $a <=> $b } keys %sql) {
	my @rows = eval { $pg->rows({ user => 'admin' }, $sql{$n}) };
	is($@, '', "$n. $question{$n}");
	ok(@rows > 0, 'has an answer');
	$rows{$n} = \@rows;
}

# The named columns of each row of an answer.
sub columns {
	my ($n, @names) = @_;
	return [map { my $row = $_; [map { $row->{$_} } @names] }
	    @{ $rows{$n} }];
}

my ($today) = split /T/, iso();

is_deeply(columns(1, qw(client mail_from header_from spf dkim dmarc action
    why)), [['192.0.2.1 (mail.example.net)', '<a@example.com>',
    'a@example.com', 'pass example.com', 'pass example.com',
    'pass example.com p=reject', 'accept', 'DMARC passed']], '1: one row');
is($rows{2}[0]{day}, $today, '2: today first');
is_deeply([@{ $rows{2}[0] }{qw(messages accepted quarantined rejected)}],
    [9, 4, 1, 4], '2: counts');
is_deeply(columns(3, qw(why action messages)),
    [['DMARC reject', 'reject', 4], ['DMARC quarantine', 'quarantine', 1]],
    '3: reasons');
is_deeply(columns(4, qw(client_ip messages spf)),
    [['203.0.113.9', 3, 'softfail'], ['2001:db8::9', 1, 'softfail']],
    '4: sources');
is_deeply([sort { $a->[0] cmp $b->[0] }
    @{ columns(5, qw(from_domain failed passed rejected)) }],
    [['example.com', 4, 2, 4], ['list.test', 1, 0, 0],
    ['other.test', 1, 1, 0], ['tried.test', 1, 0, 1]], '5: domains');
is($rows{5}[0]{from_domain}, 'example.com', '5: the worst first');
is_deeply(columns(6, qw(listener action from_domain messages)),
    [['trial', 'reject', 'tried.test', 1]], '6: test mode');
is_deeply(columns(7, qw(rule comment from_domain messages)),
    [['mailing_list', 'lists.example', 'list.test', 1]], '7: overrides');
my ($sum) = map { my $n = 0; $n += $_->{messages} for @$_; $n } $rows{8};
is($sum, 9, '8: every message of a day');
cmp_ok($rows{8}[0]{percent_dns}, '>', 30, '8: share of DNS');
cmp_ok($rows{8}[0]{percent_dns}, '<', 50, '8: share of DNS');
is_deeply(columns(9, qw(source_ip disposition dkim_aligned spf_aligned
    envelope_to messages)),
    [['192.0.2.1', 'pass', $true, $true, 'site.test', 3],
    ['203.0.113.9', 'reject', $false, $false, 'site.test', 2],
    ['2001:db8::9', 'reject', $false, $false, 'site.test', 1]],
    '9: without optional rows');
is_deeply(columns(10, qw(name lines refused dropped)),
    [['mx1.example.org', 10, 1, 0]], '10: the loader');
like($rows{10}[0]{largest_day}, qr/^\d+ kB$/, '10: size');

# What the text says besides.
my %view = map { $_ => 1 } $text =~ /^\| `(v_\w+)` \|/gm;
is_deeply([sort keys %view], [sort split /\n/, $pg->psql('select relname '
    . "from pg_class where relnamespace = 'signet'::regnamespace and "
    . "relkind = 'v'")], 'every view is listed');
my %role = map { $_ => 1 } $text =~ /^\| `(signet_\w+)` \|/gm;
is_deeply([sort keys %role], [sort split /\n/, $pg->psql('select rolname '
    . "from pg_roles where rolname like 'signet\\_%'")],
    'every role is listed');
is($pg->psql({ user => 'admin' }, 'select * from signet.v_message') =~
    tr/\n//, 9, 'v_message reads well: one line for each message');

done_testing;
