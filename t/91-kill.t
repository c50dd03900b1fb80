#!/usr/bin/perl
# kill -9, a thousand times, of each program that has facts in its hands, at
# random moments of its work: what came in is what the database has, once.
# Reports go out once, or once more the same.
#
# $SIGNET_KILL_SEED repeats the moments of a run, $SIGNET_KILLS is their number.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Digest::SHA ();
use JSON::PP ();
use POSIX ();
use Test::More;
use Signet::Dns;
use Signet::Events qw(put_aside);
use Signet::Kill;
use Signet::Mailbox qw(spam);
use Signet::PolicyHost;
use Signet::Postfix;
use Signet::Program;
use Signet::Reporter;
use Signet::Reports qw(dmarc_xml dmarc_record report_mail);
use Signet::Sign;
use Signet::Site;
use Signet::Socketmap;
use Signet::TlsReporter;
use Signet::Tlsrpt qw(datagram);
use Signet::Util qw(append_file fork_part must_run program_path run_command
    skip_or_fail slurp spawn spew temp_dir wait_for);

# Of a thousand kills; the numbers add up to that.
my %share = ('signet-milter' => 170, 'signet-sign' => 130,
    'signet-load' => 150, 'signet-tls-collect' => 120,
    'signet-policy' => 110, 'signet-dmarc-report' => 70,
    'signet-tls-report' => 70, 'signet-report-intake' => 100,
    'signet-mailbox' => 80);
my $all = $ENV{SIGNET_KILLS} // 1000;
my $LONG = 180;		# seconds that only a failure takes

for my $program (sort keys %share) {
	program_path($program) or skip_or_fail("$program is not built");
}
Signet::Site->need;
Signet::TlsReporter->need;
diag('SIGNET_KILL_SEED=' . Signet::Kill::seed());

my $dir = temp_dir();

sub times_of {
	my ($program) = @_;
	my $times = int($share{$program} * $all / 1000);
	return $times > 3 ? $times : 3;
}

# --- the parts run beside each other, each in a process that reports ---

my %running;	# process id => name
my @checks;	# of this process

sub check {
	my ($ok, $name, $detail) = @_;
	push @checks, [$ok ? 1 : 0, $name, $detail // ''];
	return $ok;
}

sub same {
	my ($got, $wanted, $name) = @_;
	my $json = JSON::PP->new->canonical->allow_nonref;
	($got, $wanted) = map { $json->encode($_) } $got, $wanted;
	return check($got eq $wanted, $name, "got $got, not $wanted");
}

sub begin_part {
	my ($name, $code) = @_;
	my $pid = fork_part(sub {
		my $ok = eval { $code->(); 1 };
		check(0, $name, $@) unless $ok;
		spew("$dir/$name.json", JSON::PP->new->utf8->encode(\@checks));
	});
	$running{$pid} = $name;
	return $pid;
}

# Kills of a program; the part tells how many it made.
sub begin_kills {
	my ($name, $code) = @_;
	return begin_part($name, sub {
		my $kill = Signet::Kill->new($name);
		$code->($kill, times_of($name));
		spew("$dir/$name.count", $kill->count);
		same($kill->count, times_of($name), "$name: kills");
	});
}

sub end_parts {
	my (@pids) = @_;
	for my $pid (@pids) {
		my $name = delete $running{$pid};
		waitpid $pid, 0;
		my $text = slurp("$dir/$name.json");
		if (!defined $text) {
			fail("$name told nothing");
			next;
		}
		for my $check (@{ JSON::PP->new->utf8->decode($text) }) {
			ok($check->[0], $check->[1]) or diag $check->[2];
		}
	}
	return;
}

sub count_in {
	my ($text, $pattern) = @_;
	return scalar(() = ($text // '') =~ /$pattern/g);
}

# --- mail: milter, signer and loader, each killed by a process of its own ---

my $key = Signet::Sign->key('rsa', 1024);
mkdir "$dir/site", 0755 or die "$dir/site: $!\n";
my $site = Signet::Site->new(
	dir => "$dir/site", without => ['milter', 'load', 'postfix'],
	trust => { skip_local => 'no' },
	own_zone => $key->zone_line('s1._domainkey') . "\@ MX 10 mx\n"
	    . "mx A 127.0.0.1\n\@ TXT \"v=spf1 ip4:127.0.0.1 -all\"\n",
	zones => { 'shop.example' => "\@ TXT \"v=spf1 ip4:192.0.2.20 -all\"\n"
	    . "_dmarc TXT \"v=DMARC1; p=none\"\n" },
);
chmod 0755, $dir;
mkdir "$dir/site/$_", 0700 for 'keys', 'keys/site.example';
spew("$dir/site/keys/site.example/s1.pem", slurp($key->file), 0600);
$site->configure(
	keys => { directory => "$dir/site/keys" },
	sign => { listen => "unix:$dir/site/run/sign.sock", socket_mode => 666,
	    check_dns => 'no' },
);
$site->{mta} = Signet::Postfix->new(dir => "$dir/site/postfix",
    host => 'mx.site.example', domains => ['site.example'],
    milters => $site->socket . " unix:$dir/site/run/sign.sock",
    # short ones come again
    main => { enable_long_queue_ids => 'yes' });
my $pg = $site->{pg};

sub service { return $site->program($_[0], start => 0) }

# Sends messages, each until it is accepted, and writes their queue ids down.
sub client {
	my ($number) = @_;
	for (my $n = 0; !-e "$dir/enough"; $n++) {
		my ($from, @client) = $n % 2 ? 'a@site.example'
		    : ('a@shop.example', client => '192.0.2.20');
		my ($reply, $id) = ('');
		until ($reply =~ /^250 /) {
			($reply, $id) = eval { $site->send(from => $from,
			    @client, data => "From: $from\nSubject: "
			    . "$number.$n\n\nHello\n") };
			$reply //= '';
		}
		append_file("$dir/accepted", "$id $from\n");
	}
	return;
}

sub accepted { return -s "$dir/accepted" // 0 }

my @mail_programs = qw(signet-milter signet-sign signet-load);

# Some of the kills come right after one of the next messages was accepted.
sub at_mail {
	my ($kill) = @_;
	return undef if $kill->below(3);
	my $goal = accepted() + 1;
	return sub { accepted() >= $goal };
}

sub mail_kills {
	my ($name, $within) = @_;
	return begin_kills($name, sub {
		my ($kill, $times) = @_;
		my $program = service($name);
		$kill->daemon($program, $times, $within,
		    sub { at_mail($kill) });
		# the others need it until they have been killed as often
		$program->start;
		spew("$dir/$name.through", '');
		eval { wait_for(900, sub {
			!grep { !-e "$dir/$_.through" } @mail_programs;
		}, 'the others') };
		$program->kill;
		die $@ if $@;
	});
}

sub check_mail {
	my ($milter, $sign, $load) = map { service($_)->start }
	    @mail_programs;
	spew("$dir/enough", '');
	end_parts(grep { $running{$_} =~ /^client/ } sort keys %running);
	my %from = map { split / / } split /\n/, slurp("$dir/accepted");
	my @ids = sort keys %from;
	my $rows = sub {
		my ($table) = @_;
		return { map { split /\|/ } split /\n/, $pg->psql("select "
		    . "queue_id, count(*) from signet.$table group by 1") };
	};
	my %wanted = ('message' => [@ids], 'v_signed_message' =>
	    [grep { $from{$_} =~ /site/ } @ids]);
	for my $table (sort keys %wanted) {
		my ($found, @want) = ({}, @{ $wanted{$table} });
		eval { wait_for($LONG, sub {
			$found = $rows->($table);
			return !grep { !$found->{$_} } @want;
		}, 'rows') };
		my @bad = grep { ($found->{$_} // 0) != 1 } @want;
		is_deeply(\@bad, [], "$table: each of " . @want . ' once')
		    or diag map { "$_: " . ($found->{$_} // 0) . " rows\n" }
			@bad, join "\n", grep { /\Q$bad[0]\E/ } map {
			    split /\n/ } map { $_->log } $milter, $sign,
			    $load, $site->{mta};
	}
	is($pg->value('select count(*) from signet.v_signed_message where '
		. "action is distinct from 'signed' and queue_id in ('"
		. join("','", @ids) . "')"), 0, 'and all were signed');
	is_deeply([put_aside($site->spool_dir, @ids)], [], 'nothing aside');
	my @mails = map { slurp($site->{mta}->dir . "/mail/new/$_") }
	    $site->{mta}->settle->mailbox;
	is(scalar @mails, @ids, 'and delivered once');
	is(count_in(join('', @mails), qr/^Authentication-Results: /m), @ids,
	    'with its results');
	$_->stop for $milter, $sign;
	is_deeply([glob $site->spool_dir . '/open/*'], [], 'nothing is open');
	$load->stop;
	return;
}

# --- the mail log and datagrams ---

sub session {
	my ($n) = @_;
	my $at = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime) . ' mx1';
	return "$at postfix/smtp[77]: Trusted TLS connection established to "
	    . "mx.log$n.test[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 "
	    . 'bits) key-exchange X25519 server-signature ECDSA (prime256v1) '
	    . "server-digest SHA256\n$at postfix/smtp[77]: "
	    . sprintf('%06X', $n) . ": to=<u\@log$n.test>, relay=mx.log$n.test"
	    . '[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, '
	    . "status=sent (250 2.0.0 Ok)\n";
}

sub kill_collect {
	my ($kill, $times) = @_;
	my $home = "$dir/collect";
	mkdir $_, 0755 for $home, "$home/spool";
	spew("$home/mail.log", '');
	my $collect = Signet::Program->new('signet-tls-collect', dir => $home,
	    start => 0, config => <<"END");
[common]
hostname = mx1.example.org
spool_directory = $home/spool
[database]
conninfo = @{[$pg->conninfo]}
[tls_collect]
listen = unix:$home/tlsrpt.sock
answers = unix:$home/answers.sock
log_position = $home/position
log_file = $home/mail.log
probe = no
END
	# what stood in the log before the first start is not looked at
	$collect->start;
	wait_for($LONG, sub { -s "$home/position" }, 'a position');
	$collect->stop;
	my ($lines, @sent) = (0);	# sent: a list for each kill
	my $write = sub {
		append_file("$home/mail.log", join '', map { session(++$lines) }
		    0 .. $kill->below(4));
		my $to = Signet::Tlsrpt->sender("$home/tlsrpt.sock");
		push @sent, [];
		for my $n (0 .. $kill->below(3)) {
			my $name = 'datagram' . @sent . "-$n.test";
			$to->send(datagram(d => $name)) or last;
			push @{ $sent[-1] }, $name;
		}
		return undef;
	};
	$kill->daemon($collect, $times, 4000, $write);
	$collect->start;
	$write->();
	my $load = sub {
		must_run(program_path('signet-load'), '-c',
		    "$home/signet.conf", '--once');
		return split /\n/, $pg->psql('select count(distinct id), '
			. 'recipient_domain from signet.tls_result where '
			. "recipient_domain like '%.test' group by 2");
	};
	my @rows;
	wait_for($LONG, sub {
		@rows = $load->();
		return $lines == grep { /\|log/ } @rows;
	}, sub { "$lines sessions, there are " . @rows . $collect->log });
	$collect->stop;
	@rows = $load->();
	same([grep { !/^1\|/ } @rows], [], 'signet-tls-collect: none twice');
	same(scalar(grep { /\|log/ } @rows), $lines,
	    'each session of the log is there');
	# what it had not kept yet dies with it, and that is the last of them
	my %told = map { /\|(datagram.*)/ ? ($1 => 1) : () } @rows;
	my @gap = grep { join('', map { $told{$_} ? 1 : 0 } @$_) =~ /01/ }
	    @sent;
	same(\@gap, [], 'of datagrams the last before a kill are lost');
	same([grep { !$told{$_} } @{ $sent[-1] }], [],
	    'and none without one');
	my %sent = map { $_ => 1 } map { @$_ } @sent;
	same([grep { !$sent{$_} } keys %told], [], 'each was sent');
	check(%told > 0, keys(%told) . ' of ' . keys(%sent)
	    . ' datagrams were in time');
	return;
}

# --- signet-policy ---

sub kill_policy {
	my ($kill, $times) = @_;
	my $home = "$dir/policy";
	mkdir $_, 0755 for $home, "$home/spool", "$home/state";
	my @domains = map { "d$_.test" } 1 .. 20;
	my $web = Signet::PolicyHost->new;
	$web->policy($_, mx => ["mx.$_"]) for @domains;
	my $dns = Signet::Dns->new(ttl => 300, table => join '', map { <<"END" }
$_ MX 10 mx.$_
mx.$_ A 192.0.2.1
_mta-sts.$_ TXT "v=STSv1; id=1"
mta-sts.$_ A 127.0.0.1
END
	    @domains);
	my $policy = Signet::Program->new('signet-policy', dir => $home,
	    start => 0, config => <<"END");
[common]
hostname = mx.site.example
log = stderr
spool_directory = $home/spool
[dns]
forward = @{[$dns->address]}
root_key = none
timeout = 10s
[database]
conninfo = host=$home/nowhere
[mta_sts]
directory = $home/state
ca_file = @{[$web->ca_file]}
allowed_networks = 127.0.0.0/8
port = @{[$web->port]}
fetch_timeout = 60s
[policy]
listen = unix:$home/policy.sock
deadline = 60s
answers = none
END
	my @wrong;
	my $ask = sub {
		my ($map, $domain) = @_;
		my $reply = $map->ask('policy', $domain);
		push @wrong, "$domain: $reply" if $reply ne
		    "OK secure match=mx.$domain servername=hostname";
	};
	$kill->daemon($policy, $times, 8000, sub {
		my $map = Signet::Socketmap->new("unix:$home/policy.sock");
		$ask->($map, $domains[$kill->below(20)])
		    for 1 .. $kill->below(4);
		# whose answer it does not live to give, perhaps
		$map->send(Signet::Socketmap::frame('policy '
			. $domains[$kill->below(20)]));
		return undef;
	});
	$policy->start;
	my $map = Signet::Socketmap->new("unix:$home/policy.sock");
	$ask->($map, $_) for @domains;
	same(\@wrong, [], 'signet-policy: every answer was right');
	$policy->stop;
	check($policy->log !~ /damaged|left out, the first/,
	    'its file of policies was never damaged', $policy->log);
	$web->forget;
	$policy->start;
	$map = Signet::Socketmap->new("unix:$home/policy.sock");
	$ask->($map, $_) for @domains;
	same([@wrong, grep { $web->count("mta-sts.$_") } @domains], [],
	    'and what it knew it has kept');
	$policy->stop;
	return;
}

# --- reports to others ---

# New domains that are due, as many as the last time.
sub more_domains {
	my ($r, $known, $record, $facts) = @_;
	my @new = map { sprintf 'k%03d.example', @$known + $_ } 1 .. 20;
	push @$known, @new;
	$r->zone(join '', map { $record->($_) } @$known);
	$facts->(@new);
	return;
}

sub kill_reporter {
	my ($r, $record, $facts, $kill, $times) = @_;
	my @known;
	my $log = "$r->{dir}/kills.log";
	my $sent = sub { count_in(slurp($log), qr/state=/) };
	my $taken = sub { count_in($r->{mta}->log, qr{cleanup\[\d+\]: \w+: m}) };
	more_domains($r, \@known, $record, $facts);
	while ($kill->count < $times) {
		my $fact = (undef, $sent, $taken)[$kill->below(3)];
		my $goal = $fact ? $fact->() + 1 + $kill->below(2) : 0;
		my $status = $kill->once(100_000, sub { $r->start($log) },
		    $fact ? sub { $fact->() >= $goal } : undef);
		# the claim of the dead one would end in twenty minutes
		$r->hurry;
		more_domains($r, \@known, $record, $facts)
		    if defined $status && $status == 0;
	}
	my ($status, $text) = $r->run;
	same($status, 0, "$kill->{name}: the last one ends") or return;
	same(scalar(grep { $_->{state} eq 'sent' } $r->reports), @known + 0,
	    'every report was sent');
	my %mails;
	push @{ $mails{$_->{to}} }, $_ for $r->mails;
	same(scalar keys %mails, @known + 0, 'and arrived');
	my @other = grep { my %kind = map { (join(' ', $_->{file_name},
		    $_->{header}{subject}, Digest::SHA::sha256_hex($_->{gzip}))
			=> 1) } @{ $mails{$_} }; keys %kind != 1 } keys %mails;
	same(\@other, [], 'twice only as the same report: '
		. (grep { @$_ > 1 } values %mails) . ' of them');
	return;
}

my $dmarc = Signet::Reporter->new;
my $tls = Signet::TlsReporter->new;

sub kill_dmarc {
	return kill_reporter($dmarc, sub {
		return "_dmarc.$_[0] TXT \"v=DMARC1; p=none; "
		    . "rua=mailto:d\@$_[0]\"\n";
	}, sub {
		$dmarc->evaluate(domain => $_, count => 2) for @_;
	}, @_);
}

sub kill_tls {
	return kill_reporter($tls, sub {
		return "_smtp._tls.$_[0] TXT \"v=TLSRPTv1; "
		    . "rua=mailto:t\@$_[0]\"\n";
	}, sub {
		$tls->results(map { { domain => $_, fail =>
		    'validation-failure' } } @_);
	}, @_);
}

# --- reports of others: the mail server gives one again until it is taken ---

sub kill_intake {
	my ($kill, $times) = @_;
	my $home = "$dir/intake";
	mkdir $_, 0755 for $home, "$home/spool";
	spew("$home/signet.conf", <<"END");
[common]
hostname = mx.site.example
log = stderr
spool_directory = $home/spool
[database]
conninfo = @{[$pg->conninfo]}
[report_intake]
domains = site.example
directory = $home/keep
END
	my $proof = "Authentication-Results: mx.site.example;\n\tdmarc=pass "
	    . "header.from=reporter.example;\n\tdkim=pass "
	    . "header.d=reporter.example header.s=s1 header.b=abcd\n"
	    . "Received: from x by mx.site.example\n"
	    . "DKIM-Signature: v=1; d=reporter.example; s=s1; b=abcdefgh\n";
	my %rows;
	my $queue = 0;
	my $read = sub {
		my $pid = fork // die "fork: $!\n";
		return $pid if $pid;
		open STDIN, '<', "$home/report" or POSIX::_exit(1);
		open STDERR, '>>', "$home/log";
		{ no warnings; exec program_path('signet-report-intake'), '-c',
		    "$home/signet.conf", '--queue-id', "Q$queue"; }
		POSIX::_exit(127);
	};
	while ($kill->count < $times) {
		my $id = 'report' . ++$queue;
		$rows{$id} = 1 + $kill->below(3000);
		spew("$home/report", $proof . report_mail(gzip => dmarc_xml(
		    id => $id, records => join '', map { dmarc_record(
			ip => '192.0.2.1', count => $_) } 1 .. $rows{$id})));
		for (;;) {
			my $often = $kill->below(4) && $kill->count < $times;
			my $status = $kill->once($often ? 60_000 : undef,
			    $read) // next;
			last if $status == 0;
			die "intake: status $status\n", slurp("$home/log");
		}
	}
	must_run(program_path('signet-load'), '-c', "$home/signet.conf",
	    '--once');
	my %got = map { split /\|/ } split /\n/, $pg->psql(
	    'select i.report_id, count(r.*) || \' \' || count(distinct i.id) '
	    . 'from signet.report_in i join signet.report_in_record r '
	    . 'on r.report = i.id group by 1');
	same(\%got, { map { ($_ => "$rows{$_} 1") } keys %rows },
	    'signet-report-intake: each report once, with all its rows');
	return;
}

# --- what users teach ---

sub kill_mailbox {
	my ($kill, $times) = @_;
	my $mailbox = Signet::Mailbox->new(pg => $pg, start => 0,
	    dir => "$dir/mailbox");
	my @done = map { my $n = $_; map {
		[$_, ($n * 7 + length $_) % 3 != 0, ($n * 5) % 17]
	    } qw(a bb ccc) } 1 .. 100;
	my $act = sub {
		for my $event (@_) {
			my ($user, $junk, $n) = @$event;
			my $move = $junk ? 'move_junk' : 'move_back';
			$mailbox->$move($user, spam($n));
		}
	};
	my $learned = sub {
		return join "\n--\n", map { $pg->psql($_) }
		    'select account, word, spam, ham, shared_spam, '
		    . 'shared_ham, accounts from signet.junk_word '
		    . 'order by 1, 2',
		    'select account, spam, ham, shared_spam, shared_ham, '
		    . 'words from signet.junk_total order by 1',
		    'select account, message, state, shared from '
		    . 'signet.junk_training order by 1, 2',
		    'select count(*) from signet.mailbox_event';
	};
	$act->(@done);
	$mailbox->start->rest;
	$mailbox->stop;
	my $expected = $learned->();
	check($expected =~ /\|spam\|/, 'signet-mailbox: some were learned');
	$pg->psql('truncate signet.junk_word, signet.junk_total, '
	    . 'signet.junk_training, signet.junk_day, '
	    . 'signet.mailbox_event, signet.mailbox_account');
	my $each = int(@done / $times) + 1;
	$act->(splice @done, 0, $each);
	$kill->daemon($mailbox, $times, 6000, sub {
		$act->(splice @done, 0, $each);
		my $left = $mailbox->waiting;
		return undef if $kill->below(2) || !$left;
		my $goal = $kill->below($left);
		return sub { $mailbox->waiting <= $goal };
	});
	$act->(@done);
	$mailbox->start->rest;
	same($learned->(), $expected, 'events in, rows out, learned once');
	same($mailbox->stop, 0, 'it ends well');
	return;
}

# --- all of it at once ---

$pg->login('mailbox', 'signet_mailbox');
mkdir "$dir/mailbox", 0755;
my @mail = (mail_kills('signet-milter', 6000), mail_kills('signet-sign', 6000),
    mail_kills('signet-load', 3000));
begin_part("client$_", do { my $n = $_; sub { client($n) } }) for 1 .. 2;
my @others = (begin_kills('signet-tls-collect', \&kill_collect),
    begin_kills('signet-policy', \&kill_policy),
    begin_kills('signet-dmarc-report', \&kill_dmarc),
    begin_kills('signet-tls-report', \&kill_tls),
    begin_kills('signet-report-intake', \&kill_intake),
    begin_kills('signet-mailbox', \&kill_mailbox));
end_parts(@mail);
check_mail();
end_parts(@others);
my $sum = 0;
$sum += slurp("$dir/$_.count") // 0 for keys %share;
my $wanted = 0;
$wanted += times_of($_) for keys %share;
is($sum, $wanted, "$sum kills");
diag("$sum kills");

done_testing;
