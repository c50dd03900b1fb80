#!/usr/bin/perl
# Policy hosts, signet-policy and signet-tls-collect fail, while mail goes out:
# docs/operations.md, cells https-*, policy-* and tls-collect-*.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Faults;
use Signet::Flow;
use Signet::Gate;
use Signet::Tlsrpt;
use Signet::TlsSite;
use Signet::Util qw(must_run now program_path skip_or_fail slurp spew
    temp_dir wait_for);

for my $program (qw(signet-policy signet-tls-collect)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
Signet::TlsSite->need;

my $sockets = temp_dir();
my $world = Signet::TlsSite->new(
	main => {
		minimal_backoff_time => '1s', maximal_backoff_time => '1s',
		queue_run_delay => '1s', transport_retry_time => '1s',
		smtp_connection_cache_on_demand => 'no',
	},
	settings => { policy => { listen => "unix:$sockets/policy.sock" },
		mta_sts => { fetch_timeout => '3s' } });
my $gate = Signet::Gate->new(listen => 'unix:' . $world->socket('policy'),
    to => "unix:$sockets/policy.sock", replies => {
	nonsense => sub { "\xff" x length $_[0] } });
my ($mta, $policy, $collect, $pg, $web) =
    @$world{qw(mta policy collect pg web)};
my %kind = (sts => 'good.sts.example', dane => 'good.dane.example');

# What is known before anything fails.
my ($well) = $world->replies('policy', $kind{sts});
like($well, qr/^OK secure match=/, 'the policy of the domain');
my $flow = Signet::Flow->new(kinds => [sort keys %kind], clients => 2,
    send => sub {
	my ($kind, $id) = @_;
	return $mta->send(client => '127.0.0.1', from => 'ann@site.example',
	    to => "u\@$kind{$kind}", data => "From: <ann\@site.example>\n"
		. "Message-ID: <$id>\n\nHello.\n");
});
my $since = 0;	# of the mail log

# Attempts to deliver, of all messages of the cell: queue id => [status, ...].
sub outcomes {
	my %told;
	for (split /\n/, substr $mta->log, $since) {
		push @{ $told{$1} }, $2
		    if /\b(\w+): to=<u\@good.*\bstatus=(\w+)/;
	}
	return %told;
}

sub deferred {
	my %told = outcomes();
	return grep { $_ eq 'deferred' } map { @$_ } values %told;
}

# Those of the messages that are still in the queue, or fail, in the end. One
# that qmgr(8) took up again while smtp(8) had it open ("skipped, still being
# delivered") rests for minutes, unless somebody asks for all of the queue.
sub unsent {
	my (@ids) = @_;
	my ($asked, @left) = (now());
	eval { wait_for(120, sub {
		my %told = outcomes();
		@left = grep { ($told{$_} // [''])->[-1] ne 'sent' } @ids;
		return 1 if !@left;
		return 0 if now() < $asked + 1;
		must_run('postqueue', '-c', $mta->config_dir, '-f');
		$asked = now();
		return 0;
	}) };
	return @left;
}

# All are delivered, each once, and none of them without the right TLS.
my $seen = 0;
sub delivered {
	my (@attempts) = @_;
	my @ids = map { $_->{queue} } grep { $_->{code} == 250 } @attempts;
	is_deeply([unsent(@ids)], [], @ids . ' messages are delivered')
	    or diag $mta->log;
	$mta->settle;
	my @sessions = $world->{servers}->sessions;
	my @new = @sessions[$seen .. $#sessions];
	$seen = @sessions;
	is(scalar(grep { $_->{accepted} } @new), scalar @ids, 'each once');
	is_deeply([grep { $_->{accepted} && !$_->{tls} } @new], [],
	    'none of them in the clear');
	return;
}

sub faults {
	my ($part) = @_;
	return Signet::Faults->new($part, flow => $flow, logs => {
		'signet-policy' => sub { $policy->log },
		'signet-tls-collect' => sub { $collect->log },
		postfix => sub { $mta->log },
	}, later => \&deferred, facts => \&delivered, begin => sub {
		$mta->settle;
		$since = length $mta->log;
		$seen = () = $world->{servers}->sessions;
	});
}

sub known { return ($world->replies('policy', $kind{sts}))[0] }
sub wait_known {
	my $reply;
	return wait_for(60, sub { $reply = eval { known() } // '';
		return $reply eq $well }, sub { "the policy again, have "
		. "$reply\n" . $policy->log });
}

# Nothing is kept of answers, and of policies only what is on disk.
sub restart {
	$flow->pause;
	$policy->restart;
	$flow->resume;
	return;
}

# A domain whose policy was never fetched; now it cannot be, and there is none.
sub unknown {
	my ($name) = @_;
	return wait_for(60, sub {
		return ($world->replies('policy', "$name.sts.example"))[0]
		    eq 'NOTFOUND ';
	}, sub { "an answer for $name, in\n" . $policy->log });
}

# --- signet-tls-collect ---

my $results = faults('tls-collect');

# Results: under the policy of the recipient domain, under that of the MX host,
# of the log, and without success.
sub told {
	my %told = map { $_ => 0 } qw(domain host log failed);
	for my $row ($pg->rows('select case when policy_domain = '
	    . "recipient_domain then 'domain' else 'host' end as whose, "
	    . 'source, coalesce(success, false)::text as success, '
	    . 'count(*) as count from signet.v_tls_result group by 1, 2, 3')) {
		$told{ $row->{whose} } += $row->{count};
		$told{log} += $row->{count} if $row->{source} eq 'log';
		$told{failed} += $row->{count} if $row->{success} ne 'true';
	}
	return %told;
}

# Each session has both, once. Where Postfix sends datagrams, one of both comes
# that way, and may be lost with the collector; the log has the other.
sub reported {
	my $tlsrpt = $world->tlsrpt;
	my ($count, %told);
	$flow->pause;
	$mta->settle;
	$count = grep { $_->{accepted} } $world->{servers}->sessions;
	eval { wait_for(60, sub {
		%told = told();
		return !grep { $told{$_} < $count }
		    $tlsrpt ? 'log' : ('domain', 'host');
	}) } or diag $collect->log;
	my $is = $tlsrpt ? '<=' : '==';
	cmp_ok($told{domain}, $is, $count, 'each session once: its domain');
	cmp_ok($told{host}, $is, $count, '... its host');
	cmp_ok($told{log}, '>=', $count, 'none is missing');
	is($told{failed}, 0, 'none is told of as mail in clear');
	$flow->resume;
	return;
}

$results->cell(absent => sub {
	reported();
	$collect->stop;
	$flow->taken(4);
	$collect->start;
	reported();
});

$results->cell(lost => sub {
	$flow->taken(2);
	$collect->kill;
	$flow->taken(2);
	$collect->start;
	reported();
});

$results->cell(slow => sub {
	$collect->signal('STOP');
	$flow->taken(4);
	$collect->signal('CONT');
	reported();
});

$results->cell(wrong => sub {
	my $to = Signet::Tlsrpt->sender($world->socket('tlsrpt'));
	$to->send("nonsense $_") or die $to->error for 1 .. 50;
	$flow->taken(2);
	reported();
});

$results->cell(flapping => sub {
	for (1 .. 3) {
		$collect->kill;
		$flow->taken(2);
		$collect->start;
	}
	reported();
});
$results->done;

# --- HTTPS ---

my $https = faults('https');

$https->cell(absent => sub {
	$web->stop;
	restart();
	unknown('wild');
	wait_known();
	$flow->taken(4);
	$web->start;
});

$https->cell(lost => sub {
	$flow->taken(2);
	$web->stop;
	unknown('second');
	wait_known();
	$flow->taken(2);
	$web->start;
});

$https->cell(slow => sub {
	my $hold = spew("$sockets/hold", '');
	$web->policy('name.sts.example', mx => ['mx'], hold => $hold);
	unknown('name');
	$flow->taken(4);
	unlink $hold;
});

$https->cell(wrong => sub {
	$web->policy('unknown.sts.example', mx => ['mx'],
	    certificate => 'wrong-name');
	unknown('unknown');
	$flow->taken(4);
});

$https->cell(flapping => lines => 3, sub {
	for my $name (qw(expired self plain)) {
		$web->stop;
		unknown($name);
		wait_known();
		$web->start;
		$flow->taken(2);
	}
});
$https->done;

# --- signet-policy ---

my $lookup = faults('policy');

$lookup->cell(absent => lines => 1000, sub {
	$flow->pause;
	$policy->stop;
	$flow->resume;
	wait_for(60, sub { deferred() >= 2 }, 'mail that waits');
	$policy->start;
	wait_known();
});

$lookup->cell(lost => lines => 1000, sub {
	$flow->taken(2);
	$policy->kill;
	wait_for(60, sub { deferred() >= 1 }, 'mail that waits');
	$policy->start;
	wait_known();
});

$lookup->cell(slow => sub {
	$policy->signal('STOP');
	$flow->taken(6);
	$policy->signal('CONT');
	wait_known();
});

$lookup->cell(wrong => lines => 1000, sub {
	$gate->lie('nonsense');
	wait_for(60, sub { deferred() >= 1 }, 'mail that waits');
	$gate->pass;
	my $text = slurp($world->{site}->config_file);
	spew($world->{site}->config_file, "$text\n[dns]\ntimeout = soon\n");
	$policy->signal('HUP');
	$lookup->line(1);
	spew($world->{site}->config_file, $text);
	wait_known();
});

$lookup->cell(flapping => lines => 1000, sub {
	for (1 .. 3) {
		my $before = deferred();
		$policy->kill;
		wait_for(60, sub { deferred() > $before }, 'mail that waits');
		$policy->start;
		wait_known();
	}
});
$lookup->done;

$world->stop;
$gate->stop;
done_testing;
