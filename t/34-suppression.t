#!/usr/bin/perl
# Report addresses that get nothing for a time: bounces of each kind and what
# they do, the end date that doubles, and what administrators do by hand.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event_id iso json);
use Signet::Postgres;
use Signet::Util qw(run_command spew temp_dir program_path top_dir
    skip_or_fail);

Signet::Postgres->need;
my %path = map { $_ => program_path($_) // skip_or_fail('not built') }
    qw(signet signet-load);
my $pg = Signet::Postgres->new;
my $dir = temp_dir();
my $spool = Signet::Events->spool("$dir/spool");

sub configure {
	my ($user) = @_;
	spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = @{[$pg->conninfo($user ? (user => $user) : ())]}
END
	return;
}

configure();
{
	my ($status, $out, $error) = run_command($path{'signet-load'}, '-c',
	    "$dir/signet.conf", '--migrate', '--sql-dir', top_dir() . '/sql');
	is($status, 0, 'migrated') or BAIL_OUT("$out$error");
}
$pg->login($_->[0], $_->[1]) for ['loader', 'signet_load'],
    ['admin', 'signet_admin'], ['reporter', 'signet_report'];

# A report that went to an address; its number at that destination.
my $reports = 0;
sub report_to {
	my ($address) = @_;
	my $n = ++$reports;
	return $pg->value(<<"END");
with o as (insert into signet.dmarc_report_out (policy_domain, begin_at,
	end_at, policy, report_id, submitter, format, state, rows_seen)
	values ('example.com', now() - interval '$n days', now(), '{}', 'r$n',
	'example.org', 'rfc9990', 'sent', 1) returning id)
insert into signet.dmarc_report_destination (report, uri, address, state)
select id, 'mailto:$address', '$address', 'sent' from o returning id
END
}

sub bounce {
	my ($report, %change) = @_;
	return { v => 1, type => 'report_bounce', id => event_id(), at => iso(),
		host => 'mx1.example.org', program => 'signet-report-intake',
		kind => 'dmarc', report_id => $report + 0,
		recipient => 'inner@example.com', action => 'failed',
		status => '5.1.1', smtp_code => 550,
		diagnostic => '550 5.1.1 User unknown', %change };
}

sub load {
	$spool->put(map { json($_) } @_);
	configure('loader');
	my ($status, $out, $error) = run_command($path{'signet-load'}, '-c',
	    "$dir/signet.conf", '--once');
	is($status, 0, 'loaded') or diag("$out$error");
	is_deeply([$spool->files('bad')], [], 'nothing put aside');
	return "$out$error";
}

sub effect {
	my ($event) = @_;
	return $pg->value("select effect from signet.v_report_bounce where "
	    . "id = '$event->{id}'");
}

# Days until the end, as the sending programs are told; '' when not suppressed.
sub days_left {
	my ($address, $kind) = @_;
	$kind //= 'dmarc';
	return $pg->value({ user => 'reporter' }, 'select round(extract(epoch '
	    . "from signet.report_suppressed('$kind', '$address') - now()) "
	    . '/ 86400)');
}

# Moves what is known of an address into the past.
sub days_later {
	my ($days) = @_;
	$pg->psql(<<"END");
update signet.report_suppression set until = until - interval '$days days'
	where until <> 'infinity';
update signet.report_bounce set at = at - interval '$days days';
END
	return;
}

subtest 'a permanent failure' => sub {
	my $report = report_to('DMARC@example.com');
	my $event = bounce($report);
	like(load($event), qr/ report_bounce=1$/m, 'counted in the log');
	is(effect($event), 'suppressed', 'suppresses at once');
	is(days_left('dmarc@example.com'), 30, 'for 30 days');
	is(days_left('Dmarc@Example.COM'), 30, 'whatever the case');
	is(days_left('dmarc@example.com', 'tls'), '', 'this kind alone');
	is(days_left('inner@example.com'), '', 'the address that we wrote to');
	is($pg->value({ user => 'admin' }, 'select origin || bounces || comment '
		. 'from signet.v_report_suppression'),
	    'bounce15.1.1 550 5.1.1 User unknown', 'and why');

	load($event);
	is($pg->value('select count(*) from signet.report_bounce'), 1,
	    'the same notification again is nothing');
	my $second = bounce(report_to('dmarc@example.com'));
	load($second);
	is(effect($second), 'known', 'one more while it lasts');
	is(days_left('dmarc@example.com'), 30, 'changes nothing');
};

subtest 'the time doubles' => sub {
	my $report = report_to('again@example.com');
	my @got;
	for (1 .. 6) {
		load(bounce($report));
		push @got, days_left('again@example.com');
		days_later($got[-1] + 1);
		is(days_left('again@example.com'), '', 'over');
	}
	is_deeply(\@got, [30, 60, 120, 240, 365, 365], 'up to a year');
	days_later(200);
	load(bounce($report));
	is(days_left('again@example.com'), 30,
	    'anew after half a year without');
};

subtest 'what does not suppress' => sub {
	my $report = report_to('good@example.com');
	my @none = ({ action => 'delayed', status => '4.4.1' },
	    { action => 'failed', status => '4.4.1' },
	    { action => 'delivered', status => '2.0.0' },
	    { action => 'relayed', status => '5.1.1' },
	    { action => undef }, { status => undef, smtp_code => undef },
	    { status => undef, smtp_code => 450 });
	my @events = map { bounce($report, %$_) } @none;
	load(@events);
	is(effect($_), 'none', ($_->{action} // '-') . ' '
	    . ($_->{status} // '-')) for @events;
	is(days_left('good@example.com'), '', 'it gets its reports');
};

subtest 'refused for what it is' => sub {
	my @report = map { report_to('strict@example.com') } 1 .. 4;
	my @status = ('5.7.1', '5.2.2', '5.6.0', '5.7.26');
	my @events = map { bounce($report[$_], status => $status[$_]) } 0 .. 3;
	load($events[0], bounce($report[0], status => '5.7.1'));
	is(effect($events[0]), 'counted', 'once');
	load($events[1]);
	is(effect($events[1]), 'counted', 'two reports');
	is(days_left('strict@example.com'), '', 'it gets its reports');
	days_later(15);
	load($events[2]);
	is(effect($events[2]), 'counted', 'long ago does not count');
	load(bounce($report[1], status => '5.3.4'));
	$events[3]{at} = iso();
	load($events[3]);
	is(effect($events[3]), 'suppressed', 'the third time');
	is(days_left('strict@example.com'), 30, '30 days');
};

subtest 'of nobody' => sub {
	my @events = (bounce(999_999_999), bounce(1, kind => 'tls'),
	    bounce(1, kind => 'nonsense'), bounce(-1, report_id => undef));
	my $before = $pg->value('select count(*) from '
	    . 'signet.report_suppression');
	load(@events);
	is(effect($_), 'unknown', "$_->{kind} "
	    . ($_->{report_id} // 'no number')) for @events;
	is($pg->value('select count(*) from signet.report_suppression'),
	    $before, 'counted and ignored');
};

sub suppress {
	my @arguments = @_;
	configure('admin');
	my ($status, $out, $error) = run_command($path{signet}, 'suppress',
	    '-c', "$dir/signet.conf", @arguments);
	return ($status, $out . $error);
}

subtest 'by hand' => sub {
	my ($status, $text) = suppress('add', 'Noise@example.net');
	is($status, 0, 'add') or diag $text;
	is($text, "Noise\@example.net: no dmarc reports for ever\n", 'told');
	is($pg->value("select signet.report_suppressed('dmarc', "
		. "'noise\@example.net')"), 'infinity', 'done');
	($status, $text) = suppress(qw(-k tls -u 10d -m), 'asked by mail',
	    'add', 'tls@example.net');
	is(days_left('tls@example.net', 'tls'), 10, 'until a time');
	like($text, qr/^tls\@example\.net: no tls reports until 20\d\d-/,
	    'told');
	($status, $text) = suppress(qw(-u 2099-01-31 add far@example.net));
	like($text, qr/ until 2099-01-31 00:00$/, 'a date');
	($status, $text) = suppress(qw(-k tls extend tls@example.net 2w));
	is(days_left('tls@example.net', 'tls'), 24, 'extend') or diag $text;
	($status, $text) = suppress('list');
	is($status, 0, 'list');
	like($text, qr/^tls {5}tls\@example\.net .* manual .* asked by mail$/m,
	    'with the comment');
	like($text, qr/^dmarc {3}noise\@example\.net .* for ever /m, 'all');
	unlike($text, qr/again\@example\.com.*\n.*again/, 'once');

	my $report = report_to('noise@example.net');
	load(bounce($report));
	is($pg->value("select origin from signet.report_suppression where "
		. "address = 'noise\@example.net'"), 'manual',
	    'a bounce leaves it alone');
	days_later(400);
	($status, $text) = suppress('list');
	unlike($text, qr/strict\@example/, 'what is over is not listed');
	($status, $text) = suppress('-a', 'list');
	like($text, qr/strict\@example/, 'except on request');
	is((suppress('remove', 'noise@example.net'))[0], 0, 'remove');
	is(days_left('noise@example.net'), '', 'done');
	($status, $text) = suppress('remove', 'noise@example.net');
	is($status, 1, 'again');
	like($text, qr/is not in the list of dmarc reports/, 'told');
	is((suppress(qw(extend nobody@example.net 3d)))[0], 1, 'of nobody');
};

subtest 'what is refused' => sub {
	for my $arguments (['add'], ['list', 'x'], ['delete', 'a@b.example'],
	    ['-k', 'spam', 'list'], [], ['extend', 'a@b.example'], ['-x'],
	    ['add', 'nobody'], ['-u', 'someday', 'add', 'a@b.example'],
	    ['extend', 'again@example.com', 'long']) {
		my ($status, $text) = suppress(@$arguments);
		is($status, 2, "@$arguments");
		isnt($text, '', 'told');
	}
};

subtest 'a diagnostic is foreign text' => sub {
	my $report = report_to('hostile@example.com');
	load(bounce($report, diagnostic => "550 \e[2J\x{202e}evil '; drop"));
	my ($status, $text) = suppress('list');
	like($text, qr/hostile\@example\.com .* 550 \?\[2J\?evil '; drop/,
	    'made fit for a terminal');
};

done_testing;
