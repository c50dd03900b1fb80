#!/usr/bin/perl
# ./try on a directory of its own: every message ends as the tour says, the
# ledger and `signet explain` tell the same story, a second run replaces the
# first, and stop leaves nothing behind.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::JunkSite;
use Signet::Tour;
use Signet::Util qw(temp_dir top_dir run_command slurp is_alive build_dir
    skip_or_fail must_run);

Signet::JunkSite->need;
skip_or_fail('./try needs root') if $> != 0;

my $dir = temp_dir() . '/site';
$ENV{SIGNET_TRY} = $dir;
$ENV{SIGNET_BUILD} = build_dir();
my $try = top_dir() . '/try';

sub state { return JSON::PP::decode_json(slurp("$dir/state")) }

# Each one's number, and when it began.
sub processes {
	my ($state) = @_;
	return values %{ $state->{processes} };
}

# The field without folding, and without the words of libunbound, which change
# with what it remembers.
sub story {
	my ($facts) = @_;
	my $field = $facts->{authentication_results} =~ s/\s+/ /gr;
	return $field =~ s/reason="validation [^"]*"/reason/gr;
}

END { run_command($try, 'stop') if $try }

my ($status, $out, $error) = run_command($try);
is($status, 0, './try') or BAIL_OUT("$out$error");
my $state = state();
my @cases = @{ $state->{cases} };
cmp_ok(scalar @cases, '>=', 14, 'enough messages');
like($out, qr/^ 1  a signed message +accept +pass +pass +pass +250 /m,
    'the table');
like($out, qr/^    refused: 550 5\.7\.26 /m, 'a reply in full');
like($out, qr/^dmarc +\| pass bank\.example p=reject$/m, 'rows of v_message');
like($out, qr/^DKIM-Signature: v=1; a=rsa-sha256; .*d=site\.example; s=s1;/m,
    'mail of a user is signed');
like($out, qr/^ bank\.example +\|.*\| sent +\|/m, 'a report went out');
like($out, qr/^policy +p=reject sp=reject np=reject$/m, '... and can be read');
like($out, qr/^ Bank +\| site\.example +\| 127\.0\.0\.1 .*\| ours *$/m,
    'a report came in');
like($out, qr/^\S.* filed in Junk\nX-Signet-Junk: .*\S/m,
    'what is like junk is filed by itself, with the words');
like($out, qr/^\S.* filed in INBOX$/m, '... and other mail is not');
like($out, qr/^ nina\@site\.example \| +6 \| +6 \| +[1-9]/m,
    '... with what was learned in the database');
like($out, qr/^dane\.example +DANE +sent +250 /m, 'mail with DANE went');
like($out, qr/^sts\.example +MTA-STS +sent +250 /m, '... with MTA-STS too');
like($out, qr/^impostor\.example .*deferred +Server certificate not verified/m,
    '... and none to an impostor');
like($out, qr/^dane\.example: .*DANE only$/m, 'signet tls');
like($out, qr/^ impostor\.example +\| sts .*\| f +\|/m, 'the row of the result');
like($out, qr/"policy-type":"sts".*"total-failure-session-count":1/,
    'the TLS report');
like($out, qr/^resolver +answers in \d+ ms, secure$/m, 'signet status');
like($out, qr/^sender passes SPF +250 .*\nforged, .* 550 5[.]7[.]26 /m,
    'mail is judged without a database');
like($out, qr/^  database +!! .*^  signet-load: .*database is back/ms,
    '... which the status and the log tell');
like($out, qr/^ 192[.]0[.]2[.]20.*\| accept *\n 198[.]51[.]100[.]66.*\| reject *\n\(2 rows\)/m,
    '... and has its rows afterwards');
like($out, qr/^$_ +\d+[.]\d MiB  system calls /m, "$_ is told of")
    for qw(signet-load signet-mailbox signet-milter signet-sign);
like($out, qr/^Where to look next$/m, 'where to look next');

subtest 'every message ends as it should' => sub {
	my %row = map { $_->{message_id} => $_ } @{ JSON::PP::decode_json(
	    must_run($state->{psql}, '-Atqc', 'select json_agg(m) from '
	    . 'signet.v_message_detail m', $state->{conninfo})) };
	my %tour = map { $_->{name} => $_ } Signet::Tour::cases();
	is(scalar(grep { $row{ $_->{message_id} } } @cases), scalar @cases,
	    'a row each');
	for my $case (@cases) {
		my ($name, $want) = @$case{qw(name want)};
		my $row = $row{ $case->{message_id} };
		is("$row->{action} spf=$row->{spf_result} dkim="
		    . "$row->{dkim_result} dmarc=$row->{dmarc_result}",
		    "$want->{action} spf=$want->{spf} dkim=$want->{dkim} "
		    . "dmarc=$want->{dmarc}", $name);
		my @types = map { $_->{type} } @{ $row->{dmarc_overrides} };
		is($types[0], $case->{override}, "$name: override")
		    if $case->{override};
		is($row->{forged_removed}, $case->{forged}, "$name: forged")
		    if $case->{forged};
		my $reply = $case->{reply} =~ /^(\d)/ ? $1 : '';
		is($reply, $row->{action} eq 'reject' ? 5 : 2,
		    "$name: reply");
		my ($code, $json, $why) = run_command($try, 'explain',
		    $case->{number}, '--json');
		is($code, 0, "$name: explain") or diag $why;
		my $told = JSON::PP::decode_json($json);
		is(story($told), story($row),
		    "$name: explain tells the same story");
		is($told->{action}, $row->{action}, "$name: and action");
	}
};

my @first = processes($state);
is(scalar(grep { is_alive(@$_) } @first), 9, 'nine servers run');
($status, $out, $error) = run_command($try);
is($status, 0, 'a second ./try') or diag "$out$error";
is(scalar(grep { is_alive(@$_) } @first), 0, 'replaces the first');
my @second = processes(state());
is(scalar(grep { is_alive(@$_) } @second), 9, 'nine servers run');
($status, $out, $error) = run_command($try, 'stop');
is($status, 0, './try stop') or diag "$out$error";
is(scalar(grep { is_alive(@$_) } @second), 0, 'nothing runs');
ok(!-e $dir, 'nothing is left');

done_testing;
