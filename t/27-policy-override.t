#!/usr/bin/perl
# What the operator lays down in the database counts in signet-policy: soon,
# before all that the DNS says, while the database is away, and after a kill.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dns;
use Signet::Postgres;
use Signet::Program;
use Signet::Socketmap;
use Signet::Util qw(must_run program_path skip_or_fail spew temp_dir top_dir
    wait_for);

for my $program (qw(signet-policy signet-load)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::Postgres->need;

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
mkdir "$dir/$_" for qw(spool state);
spew("$dir/load.conf", "[database]\nconninfo = " . $pg->conninfo . "\n");
must_run(program_path('signet-load'), '-c', "$dir/load.conf", '--migrate',
    '--sql', top_dir() . '/sql');
$pg->login('policy', 'signet_policy');

my $dns = Signet::Dns->new(ttl => 3600, table => "*.test  MX  10 mx.test\n"
    . "mx.test  A  192.0.2.1\n");
my $conninfo = $pg->conninfo(user => 'policy');
my $program = Signet::Program->new('signet-policy', dir => $dir,
    config => <<"END");
[common]
hostname = mx.site.example
log = stderr
spool_directory = $dir/spool
[dns]
forward = @{[ $dns->address ]}
root_key = none
timeout = 60s
[database]
conninfo = $conninfo connect_timeout=5
[mta_sts]
directory = $dir/state
[policy]
listen = unix:$dir/policy.sock
answers = none
deadline = 60s
END

sub ask {
	return Signet::Socketmap->new("unix:$dir/policy.sock")->ask(@_);
}

sub wait_answer {
	my ($key, $answer, $name) = @_;
	my $last = '';
	ok(eval { wait_for(120, sub {
		$last = ask('policy', $key);
		return $last =~ $answer;
	}, "$key") }, $name) or diag($last, $program->log);
	return;
}

is(ask('policy', "$_.test"), 'NOTFOUND ', "$_.test: nothing published")
    for qw(partner other);
$pg->psql("select signet.tls_override_set('partner.test', 'secure', "
    . "'mail.partner.test', 'contract', 'infinity')");
wait_answer('partner.test', qr/^OK secure match=mail\.partner\.test\b/,
    'an override counts without a restart, though an answer was known');
is(ask('policy', 'Partner.Test.'), ask('policy', 'partner.test'),
    'however it is asked');
like(ask('policy', '[partner.test]'), qr/^OK secure/, 'in brackets, too');
is(ask('policy', 'other.test'), 'NOTFOUND ', 'others as before');

$pg->stop;
$program->kill;
$program->start;
like(ask('policy', 'partner.test'), qr/^OK secure/,
    'it holds over a kill and without the database');
$pg->start;
$pg->psql("select signet.tls_override_remove('partner.test')");
wait_answer('partner.test', qr/^NOTFOUND /, 'and is gone once it is removed');
is($program->stop, 0, 'a good end');
done_testing;
