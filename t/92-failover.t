#!/usr/bin/perl
# Fail-over: two PostgreSQL clusters with synchronous streaming replication,
# the primary killed with -9 while facts are loaded, users teach, reports come
# in and go out and mailboxes are asked about; the standby promoted. No fact is
# lost, none is there twice, no report goes out twice but as the same one, every
# question has an answer, and no program is started again. All of it with both
# hosts in conninfo, and again through PgBouncer in transaction mode.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Digest::SHA ();
use Test::More;
use Signet::Delegate;
use Signet::Dns;
use Signet::Events qw(event_data json);
use Signet::Gate;
use Signet::Mailbox qw(spam);
use Signet::Postfix;
use Signet::Postgres;
use Signet::Program;
use Signet::Reporter;
use Signet::Reports qw(dmarc_xml dmarc_record report_mail);
use Signet::Socketmap;
use Signet::Standby;
use Signet::TlsReporter;
use Signet::Tlsrpt qw(datagram);
use Signet::Util qw(append_file can_connect end_process fork_part is_alive
    must_run need_programs program_path run_with_input skip_or_fail slurp
    spawn spew temp_dir top_dir wait_for);

Signet::Reporter->need;
Signet::TlsReporter->need;
need_programs('pgbouncer');
for my $program (qw(signet-mailbox signet-policy signet-tls-collect
    signet-report-intake)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
my $LONG = 180;		# seconds that only a failure takes
my $mta = Signet::Postfix->new(host => Signet::Reporter::HOST);

# --- a site: two clusters, a spool, and where its programs find them ---

sub site {
	my ($tag) = @_;
	my $pg = Signet::Postgres->new(settings => Signet::Standby::settings());
	my $dir = temp_dir();
	spew("$dir/signet.conf", "[database]\nconninfo = " . $pg->conninfo
	    . "\n");
	must_run(program_path('signet-load'), '-c', "$dir/signet.conf",
	    '--migrate', '--sql-dir', top_dir() . '/sql');
	$pg->login($_, "signet_$_") for qw(load mailbox policy);
	return { tag => $tag, pg => $pg, spool => Signet::Events->spool,
	    standby => Signet::Standby->new($pg) };
}

sub configuration {
	my ($site, $user, $sections) = @_;
	return <<"END" . $sections;
[common]
hostname = mx.site.example
log = stderr
spool_directory = @{[$site->{spool}->dir]}
[database]
conninfo = @{[$site->{conninfo}->($user)]}
END
}

sub program {
	my ($site, $name, $user, $dir, $sections) = @_;
	my $program = Signet::Program->new($name, dir => $dir,
	    config => configuration($site, $user, $sections));
	$program->{first} = $program->pid;
	return $program;
}

sub lived {
	my ($program) = @_;
	ok($program->running && $program->pid == $program->{first},
	    "$program->{name} lived through it") or diag $program->log;
	return is($program->stop, 0, 'and ends well');
}

# --- its parts: what each does before the primary dies, while there is none,
# and when the standby is the primary; how it ends; what must be so then ---

# Facts keep coming, at most twenty files ahead of the loader.
sub write_facts {
	my ($spool, $dir, $parent) = @_;
	until (-e "$dir/enough" || getppid != $parent) {
		if ($spool->files > 20) {
			select undef, undef, undef, 0.005;
			next;
		}
		my @some = map { event_data() } 1 .. 25;
		append_file("$dir/ids", join '', map { "$_->{id}\n" } @some);
		$spool->put(map { json($_) } @some);
	}
	return;
}

sub facts {
	my ($site) = @_;
	my ($spool, $dir, $parent) = ($site->{spool}, temp_dir(), $$);
	my $load = program($site, 'signet-load', 'load', $dir,
	    "[load]\nretry = 1s\n");
	my $writer;
	my $more_of = sub {
		my ($pg) = @_;
		my $rows = sub { $pg->value('select count(*) '
			. 'from signet.message') };
		my $goal = $rows->() + 100;
		return wait_for($LONG, sub { $rows->() > $goal },
		    sub { 'more facts' . $load->log });
	};
	return {
		before => sub {
			$writer = fork_part(sub {
				write_facts($spool, $dir, $parent);
			});
			$more_of->($site->{pg});
		},
		middle => sub {
			$load->wait_log(qr/database away/, $LONG);
		},
		after => sub { $more_of->($site->{standby}) },
		end => sub {
			spew("$dir/enough", '');
			waitpid $writer, 0;
			is($?, 0, 'the writer ends');
		},
		check => sub {
			wait_for($LONG, sub { !$spool->files },
			    sub { $load->log });
			my @ids = split /\n/, slurp("$dir/ids");
			my $ids = join ',', map { "('$_'::uuid)" } @ids;
			is($site->{standby}->value("with e (id) as (values "
				. "$ids) select count(*), count(distinct id) "
				. 'from signet.message join e using (id)'),
			    join('|', (scalar @ids) x 2),
			    'each fact is there, once');
			is_deeply([$spool->files('bad')], [],
			    'none was put aside');
			lived($load);
		},
	};
}

sub tls_results {
	my ($site) = @_;
	my $dir = temp_dir();
	my $collect = program($site, 'signet-tls-collect', 'load', $dir,
	    "[tls_collect]\nlisten = unix:$dir/tlsrpt.sock\n");
	my $to = Signet::Tlsrpt->sender("$dir/tlsrpt.sock");
	my $count = 0;
	my $send = sub {
		for (1 .. 20) {
			$to->send(datagram(d => 't' . ++$count . '.test'))
			    or die 'send: ', $to->error;
		}
	};
	return {
		before => $send, middle => $send, after => $send,
		# what it has taken is in the spool then
		end => sub { lived($collect) },
		check => sub {
			is($site->{standby}->value('select count(*), '
				. 'count(distinct id), count(distinct '
				. 'recipient_domain) from signet.tls_result '
				. "where recipient_domain ~ '^t[0-9]+[.]test'"),
			    join('|', ($count) x 3),
			    'each TLS session is there, once');
		},
	};
}

my $proof = "Authentication-Results: mx.site.example;\n\tdmarc=pass "
    . "header.from=reporter.example;\n\tdkim=pass header.d=reporter.example "
    . "header.s=s1 header.b=abcd\nReceived: from x by mx.site.example\n"
    . "DKIM-Signature: v=1; d=reporter.example; s=s1; b=abcdefgh\n";

sub reports_of_others {
	my ($site) = @_;
	my $dir = temp_dir();
	spew("$dir/signet.conf", configuration($site, 'load', <<"END"));
[report_intake]
domains = site.example
directory = $dir/keep
END
	my %rows;
	my $take = sub {
		for (1 .. 3) {
			my $n = keys(%rows) + 1;
			$rows{"report$n"} = 20 * $n . ' 1';
			my $xml = dmarc_xml(id => "report$n", records =>
			    join '', map { dmarc_record(ip => '192.0.2.1',
				count => $_) } 1 .. 20 * $n);
			my ($status, undef, $error) = run_with_input($proof
			    . report_mail(gzip => $xml),
			    program_path('signet-report-intake'), '-c',
			    "$dir/signet.conf", '--queue-id', "Q$n");
			is($status, 0, "report $n is taken") or diag $error;
		}
	};
	return {
		before => $take, middle => $take, after => $take,
		end => sub { },
		check => sub {
			my %got = map { split /\|/ } split /\n/,
			    $site->{standby}->psql(<<'END');
select i.report_id, count(r.*) || ' ' || count(distinct i.id)
from signet.report_in i join signet.report_in_record r on r.report = i.id
group by 1
END
			is_deeply(\%got, \%rows, 'reports of others are there, '
			    . 'once, with all their rows');
		},
	};
}

sub what_users_teach {
	my ($site) = @_;
	my $mailbox = Signet::Mailbox->new(conninfo =>
	    $site->{conninfo}->('mailbox'));
	$mailbox->{first} = $mailbox->pid;
	my $count = 0;
	my $teach = sub {
		$mailbox->move_junk('a', spam(++$count)) for 1 .. 30;
	};
	return {
		before => $teach, middle => $teach, after => $teach,
		end => sub { $mailbox->rest },
		check => sub {
			is($site->{standby}->value('select count(*) from '
				. 'signet.mailbox_event'), $count,
			    'each event of users is there, once');
			lived($mailbox);
		},
	};
}

use constant FULL => '452 4.2.2 Mailbox is full';

# half@a.test has 500 bytes of 1000, full@a.test has all.
sub fill_mailboxes {
	my ($pg) = @_;
	$pg->psql({ user => 'mailbox' }, <<'END');
select signet.quota_report(array['full@a.test', 'half@a.test'],
	array['User quota', 'User quota'], array[1000, 500]::bigint[],
	array[1000, 1000]::bigint[], array[5, 5]::bigint[],
	array[0, 0]::bigint[], array[now(), now()], 'imap.site.example')
END
	$pg->psql("select signet.tls_override_set('partner.test', 'secure', "
	    . "'mail.partner.test', 'contract', 'infinity')");
	return;
}

# Mailboxes, and destinations of mail.
sub questions {
	my ($site) = @_;
	my $dir = temp_dir();
	mkdir "$dir/state";
	fill_mailboxes($site->{pg});
	my $dns = Signet::Dns->new(ttl => 3600, table => "*.test MX 10 mx.test\n"
	    . "mx.test A 192.0.2.1\n");
	my $policy = program($site, 'signet-policy', 'policy', $dir, <<"END");
[dns]
forward = @{[$dns->address]}
root_key = none
timeout = 60s
[mta_sts]
directory = $dir/state
[policy]
listen = unix:$dir/policy.sock
delegate = unix:$dir/delegate.sock
answers = none
deadline = 60s
END
	$policy->{dns} = $dns;	# as long as it lives
	my %said;
	my $rcpt = sub {
		my $client = Signet::Delegate->new("unix:$dir/delegate.sock");
		my $answer = $client->rcpt(@_) // 'nothing';
		$said{ $answer =~ s/ has no room .*//r }++;
		return $answer;
	};
	my $until = sub {
		my ($pattern, @about) = @_;
		ok(eval { wait_for($LONG, sub {
			$rcpt->(@about) =~ $pattern;
		}, 'an answer') }, "$about[0]: $pattern") or diag $policy->log;
	};
	my $set_aside = sub {
		my ($pg) = @_;
		return $pg->value('select sum(bytes) from '
		    . "signet.v_quota_reservation where account = 'half\@a.test'");
	};
	my $destinations = sub {
		my $map = Signet::Socketmap->new("unix:$dir/policy.sock");
		like($map->ask('policy', 'partner.test'),
		    qr/^OK secure match=mail\.partner\.test\b/,
		    'what the database says of a destination counts');
		is($map->ask('policy', 'other.test'), 'NOTFOUND ',
		    'and others have their answer');
	};
	return {
		before => sub {
			$until->(qr/^\Q${\FULL}\E$/, 'full@a.test');
			$rcpt->('half@a.test', 300, 'm1');
			wait_for($LONG, sub {
				$set_aside->($site->{pg});
			}, 'room that is set aside');
			$destinations->();
		},
		middle => sub {
			is($rcpt->('full@a.test'), 'DUNNO',
			    'nobody knows: mail is taken') for 1 .. 2;
			$destinations->();
		},
		after => sub {
			$until->(qr/^\Q${\FULL}\E$/, 'full@a.test');
			$rcpt->('half@a.test', 300, 'm1');
			$until->(qr/^452 4\.2\.2 .* of this size$/,
			    'half@a.test', 300, 'm2');
			$destinations->();
		},
		end => sub { },
		check => sub {
			is($set_aside->($site->{standby}), 300,
			    'room was set aside once, and not forgotten');
			is_deeply([sort keys %said], [FULL =~ s/ is full//r,
			    FULL, 'DUNNO'], 'no question had another answer');
			lived($policy);
		},
	};
}

# --- reports to others ---

use constant { REPORTS => 20, HELD => 5 };

# The mail server, whose word that it has taken report HELD comes when
# DIR/go is there.
sub holding_gate {
	my ($dir) = @_;
	my $taken = 0;
	return Signet::Gate->new(to => '127.0.0.1:' . $mta->port, replies => {
		hold => sub {
			return $_[0] unless $_[0] =~ /queued as/
			    && ++$taken == HELD;
			spew("$dir/held", '');
			wait_for($LONG, sub { -e "$dir/go" }, 'leave');
			return $_[0];
		},
	})->lie('hold');
}

my %kind = (
	dmarc => { class => 'Signet::Reporter', record => sub {
		return "_dmarc.$_[0] TXT \"v=DMARC1; p=none; "
		    . "rua=mailto:d\@$_[0]\"\n";
	}, facts => sub {
		my ($r, @domains) = @_;
		$r->evaluate(domain => \@domains, count => 2);
	} },
	tls => { class => 'Signet::TlsReporter', record => sub {
		return "_smtp._tls.$_[0] TXT \"v=TLSRPTv1; "
		    . "rua=mailto:t\@$_[0]\"\n";
	}, facts => sub {
		my ($r, @domains) = @_;
		$r->results(map { { domain => $_, fail =>
		    'validation-failure' } } @domains);
	} },
);

sub check_reports {
	my ($r, @domains) = @_;
	is(scalar(grep { $_->{state} eq 'sent' } $r->reports), @domains,
	    'all are sent');
	my %ours = map { $_ => 1 } @domains;
	my %mails;
	push @{ $mails{$_->{to}} }, $_
	    for grep { $ours{ $_->{to} =~ s/.*@//r } } $r->mails($mta);
	is(scalar keys %mails, @domains, 'and arrived');
	my @twice = grep { @$_ > 1 } values %mails;
	cmp_ok(scalar @twice, '<=', 1, 'but for the one that was on its way, '
	    . 'none goes out again');
	is_deeply([grep { my %kind = map { (join(' ', $_->{file_name},
		Digest::SHA::sha256_hex($_->{gzip})) => 1) } @$_;
	    keys %kind != 1 } @twice], [], 'and that one is the same');
	return;
}

# A run that has had its report taken, and does not know it yet, when the
# database goes.
sub reports_of {
	my ($name, $site) = @_;
	my ($kind, $dir) = ($kind{$name}, temp_dir());
	my $gate = holding_gate($dir);
	my $r = $kind->{class}->new(pg => $site->{pg}, without => ['mta'],
	    reports => { smtp => '127.0.0.1:' . $gate->port });
	$r->configure(database => {
	    conninfo => $site->{conninfo}->('postgres') });
	my @domains = map { "$name$_.$site->{tag}.example" } 1 .. REPORTS;
	$r->zone(join '', map { $kind->{record}->($_) } @domains);
	$kind->{facts}->($r, @domains);
	my ($pid, $status);
	my $log = sub { slurp("$dir/log") // '' };
	my $ended = sub {
		return if defined $status;
		wait_for($LONG, sub { waitpid($pid, 1) == $pid }, $log);
		$status = $? >> 8;
	};
	return {
		before => sub {
			$pid = $r->start("$dir/log");
			wait_for($LONG, sub {
				-e "$dir/held" || !is_alive($pid);
			}, $log);
			ok(-e "$dir/held", "$name: reports go out")
			    or diag $log->();
		},
		middle => sub {
			spew("$dir/go", '');
			# who asks a pooler may wait until there is a server
			return if $site->{pooler};
			$ended->();
			is($status, 75, "$name: the run ends: again later")
			    or diag $log->();
		},
		after => sub {
			$ended->();
			like($status, qr/\A(?:0|75)\z/, "$name: the run ends")
			    or diag $log->();
			$r->{pg} = $site->{standby};
			# the claim of that run would end in twenty minutes
			$r->hurry;
			my ($again, $text) = $r->run;
			is($again, 0, 'the next one goes on where it was')
			    or diag $text;
		},
		end => sub { $gate->stop },
		check => sub { check_reports($r, @domains) },
	};
}

# --- what all of them go through ---

sub go_through {
	my ($site, $fail_over) = @_;
	my @parts = map { $_->($site) } sub { reports_of('dmarc', @_) },
	    sub { reports_of('tls', @_) }, \&questions, \&tls_results,
	    \&reports_of_others, \&what_users_teach, \&facts;
	$_->{before}->() for @parts;
	Signet::Standby::kill_server($site->{pg});
	$_->{middle}->() for @parts;
	$fail_over->();
	for my $step (qw(after end)) {
		$_->{$step}->() for @parts;
	}
	# the spool is empty when the last of them is content
	$_->{check}->() for reverse @parts;
	return;
}

subtest 'two hosts in conninfo' => sub {
	my $site = site('hosts');
	$site->{conninfo} = sub {
		return $site->{standby}->conninfo_of_both(user => $_[0])
		    . ' connect_timeout=5';
	};
	go_through($site, sub { $site->{standby}->promote });
};

my ($pooler, $owner) = (undef, $$);	# a child of the test ends nothing
END {
	my $s = $?;
	end_process($pooler, 'INT') if $pooler && $$ == $owner;
	$? = $s;
}

sub point_to {
	my ($home, $pg) = @_;
	spew("$home/users.txt", join('', map { qq("$_" ""\n) }
	    qw(postgres load mailbox policy)), 0644);
	spew("$home/pgbouncer.ini", <<"END", 0644);
[databases]
signet = host=@{[$pg->dir]} dbname=signet
[pgbouncer]
listen_addr =
unix_socket_dir = $home
listen_port = 6432
auth_type = trust
auth_file = $home/users.txt
pool_mode = transaction
default_pool_size = 3
server_round_robin = 1
server_login_retry = 1
logfile = $home/log
END
	return;
}

subtest 'through PgBouncer' => sub {
	my $site = site('pooler');
	my $home = temp_dir();
	chmod 0777, $home;
	point_to($home, $site->{pg});
	$pooler = spawn({ out => "$home/out", user => $> == 0 ? 'postgres'
	    : undef }, 'pgbouncer', "$home/pgbouncer.ini");
	wait_for($LONG, sub { can_connect("unix:$home/.s.PGSQL.6432") },
	    sub { slurp("$home/out") });
	$site->{pooler} = 1;
	$site->{conninfo} = sub {
		return "host=$home port=6432 dbname=signet user=$_[0]";
	};
	go_through($site, sub {
		$site->{standby}->promote;
		point_to($home, $site->{standby});
		kill 'HUP', $pooler;
	});
};

done_testing;
