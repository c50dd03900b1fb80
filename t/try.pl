#!/usr/bin/perl
# try.pl VERB DIRECTORY [ARGUMENT...] : what ./try does after the build; verbs
# are start, stop, show, explain, psql, status. The state of the site is in
# DIRECTORY/state (JSON).

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use List::Util qw(max);
use Signet::Net;
use Signet::Site;
use Signet::Smtp;
use Signet::Dovecot;
use Signet::Tour;
use Signet::TourFaults;
use Signet::TourJunk;
use Signet::TourReports;
use Signet::TourTls;
use Signet::Util qw(spew slurp run_command must_run program_path born is_alive
    wait_for now);

my ($verb, $dir, @arguments) = @ARGV;
my $json = JSON::PP->new->canonical->pretty;
binmode STDOUT, ':utf8';
$| = 1;

my %verb = (start => \&start, stop => \&stop, show => \&show,
    explain => \&explain, psql => \&psql, status => \&status,
    tls => \&tls);
$verb{$verb}->(@arguments);
exit 0;

sub state { return $json->decode(slurp("$dir/state")) }

# --- start ---

sub start {
	my $begin = now();
	print "starting DNS, PostgreSQL, Postfix, Dovecot, signet-milter, "
	    . "signet-load\n";
	my $reports = Signet::TourReports->new(dir => $dir);
	my $junk = Signet::TourJunk->new(dir => $dir);
	my $site = Signet::Site->new(dir => $dir, zones => Signet::Tour::zones(),
	    $junk->settings($reports->settings(Signet::Tour::settings())),
	    postgres => { timezone => "'UTC'" });
	my @cases = Signet::Tour::cases();
	printf "ready after %.1f s; sending %d messages over SMTP to port %d\n\n",
	    now() - $begin, scalar @cases, $site->{mta}->port;
	mkdir "$dir/messages", 0755 or die "$dir/messages: $!\n";
	my $n = 0;
	for my $case (@cases) {
		$case->{number} = ++$n;
		send_case($site, $case);
	}
	$site->ledger($_->{message_id}) for @cases;
	print "signing, sending reports, reading one\n\n";
	$reports->play($site);
	print "a user of Dovecot teaches the junk filter\n\n";
	$junk->play($site);
	print "stopping PostgreSQL while mail comes, and starting it again\n\n";
	my $outage = Signet::TourFaults::play($site);
	remember($site, $reports, $junk, $outage, @cases);
	print "sending mail to protected domains, in a network of its own\n\n";
	my ($failed, undef, $why) = run_command($^X, '-It/lib', $0, 'tls', $dir);
	print "This was not possible here: $why\n" if $failed;
	$_->disown for $site, $reports->parts, $junk->parts;
	present(1, 8, 10, 11);
	return;
}

# In a process of its own, which changes into another network.
sub tls {
	Signet::Net->enter;
	spew("$dir/tls.story", $json->encode(Signet::TourTls::play($dir)));
	return;
}

sub send_case {
	my ($site, $case) = @_;
	$case->{file} = sprintf '%s/messages/%02d.eml', $dir, $case->{number};
	spew($case->{file}, Signet::Smtp::crlf($case->{data}));
	my ($reply, $id) = $site->send(client => $case->{client},
	    name => $case->{ptr}, helo => $case->{helo},
	    from => $case->{from}, data => $case->{data});
	$case->{reply} = $reply;
	$case->{queue_id} = $id;
	return;
}

sub remember {
	my ($site, $reports, $junk, $outage, @cases) = @_;
	my %pid = (
		$junk->pids,
		nsd => $site->{dns}->pid,
		'signet-milter' => $site->{milter}->pid,
		'signet-load' => $site->{load}->pid,
		'signet-sign' => $reports->{sign}->pid,
		'other postfix' =>
		    slurp("$dir/other/queue/pid/master.pid") + 0,
		postfix => slurp("$dir/postfix/queue/pid/master.pid") + 0,
		postgres => (split /\n/, slurp("$dir/pg/data/postmaster.pid"))[0],
	);
	delete $_->{data} for @cases;
	spew("$dir/state", $json->encode({
		processes => { map { $_ => [$pid{$_}, born($pid{$_})] }
		    keys %pid },
		cases => \@cases, reports => $reports->story,
		junk => $junk->story, outage => $outage,
		conninfo => $site->{pg}->conninfo,
		psql => "$site->{pg}{bin}/psql", config => $site->config_file,
		smtp_port => $site->{mta}->port,
		dns => $site->{dns}->address,
		anchor => $site->{dns}->anchor_file,
	}));
	return;
}

# --- stop ---

sub stop {
	my $processes = state()->{processes};
	for my $name ('postfix', 'other postfix', qw(dovecot signet-mailbox
	    signet-milter signet-sign signet-load postgres nsd)) {
		my ($pid, $born) = @{ $processes->{$name} };
		next unless is_alive($pid, $born);
		# with the processes of its group
		Signet::Dovecot->end($pid) if $name eq 'dovecot';
		# PostgreSQL: the fast shutdown, which does not wait for clients
		kill $name eq 'postgres' ? 'INT' : 'TERM', $pid;
		wait_for(30, sub { !is_alive($pid, $born) },
		    "the end of $name");
	}
	return;
}

# --- show ---

sub query {
	my ($state, @arguments) = @_;
	return must_run($state->{psql}, '-X', '-P', 'pager=off', '-d',
	    $state->{conninfo}, @arguments);
}

sub show { return present() }

# The fields of the messages with these numbers, or of all.
sub present {
	my (@numbers) = @_;
	my $state = state();
	my %row = map { $_->{message_id} => $_ } @{ $json->decode(
	    query($state, '-Atqc', 'select json_agg(m) from '
	    . 'signet.v_message_detail m')) };
	$_->{row} = $row{ $_->{message_id} } for @{ $state->{cases} };
	table(@{ $state->{cases} });
	my %wanted = map { $_ => 1 } @numbers;
	fields(grep { !%wanted || $wanted{ $_->{number} } }
	    @{ $state->{cases} });
	print "... and of the others: ./try show\n" if %wanted;
	heading('The ledger: select * from signet.v_message');
	print query($state, '-x', '-c', 'select * from signet.v_message '
	    . "where queue_id in ('$state->{cases}[0]{queue_id}', "
	    . "'$state->{cases}[7]{row}{queue_id}') order by at");
	print "... and all of them, some columns:\n\n";
	print query($state, '-c', 'select queue_id, client, spf, dkim, dmarc, '
	    . 'action, why from signet.v_message order by at');
	outage($state);
	reports($state);
	junk_story($state);
	tls_story(slurp("$dir/tls.story"));
	heading('signet status');
	status();
	confined($state);
	where_next($state);
	return;
}

sub heading {
	my ($text) = @_;
	print "\n$text\n", '-' x length $text, "\n";
	return;
}

sub table {
	my @rows = (['', 'message', 'decision', 'SPF', 'DKIM', 'DMARC',
	    'SMTP reply']);
	for my $case (@_) {
		my $row = $case->{row};
		my $decision = $row->{action};
		my @over = map { $_->{type} } @{ $row->{dmarc_overrides} // [] };
		$decision .= " ($over[0])" if @over;
		push @rows, [$case->{number}, $case->{name}, $decision,
		    $row->{spf_result}, $row->{dkim_result} // 'none',
		    $row->{dmarc_result}, short($case->{reply})];
	}
	my @width = map { my $column = $_;
	    max(map { length($_->[$column] // '') } @rows) } 0 .. 5;
	for my $row (@rows) {
		printf "%*s  %-*s  %-*s  %-*s  %-*s  %-*s  %s\n",
		    map({ ($width[$_], $row->[$_] // '') } 0 .. 5), $row->[6];
	}
	return;
}

sub short {
	my ($reply) = @_;
	return length $reply > 48 ? substr($reply, 0, 45) . '...' : $reply;
}

sub fields {
	heading('Authentication-Results as inserted');
	for my $case (@_) {
		my $value = $case->{row}{authentication_results} // '';
		$value =~ s/\r?\n\s+/\n      /g;
		printf "%2d  %s\n", $case->{number}, $value;
		my $reply = $case->{reply};
		print "    refused: $reply\n" if $reply !~ /^2/;
		print "    forged fields removed: $case->{row}{forged_removed}\n"
		    if $case->{row}{forged_removed};
	}
	return;
}

# Mail that came while there was no database.
sub outage {
	my ($state) = @_;
	my $story = $state->{outage};
	heading('PostgreSQL was killed, and mail went on');
	printf "%-34s %s\n", $_->[0], $_->[1] for @{ $story->{mails} };
	print "\nsignet status said:\n\n", map({ "  $_\n" } @{ $story->{status} }),
	    "\n... signet-load said, then and later:\n\n",
	    map({ "  $_\n" } @{ $story->{log} }),
	    "\n... and the rows are there, each once:\n\n";
	my $ids = join ', ', map { "'$_->[2]'" } @{ $story->{mails} };
	print query($state, '-c', 'select client, header_from, spf, dmarc, '
	    . "action from signet.v_message where id in ($ids) order by at");
	return;
}

# The other site's mail, and what the database knows of reports.
sub reports {
	my ($state) = @_;
	my $told = $state->{reports};
	heading('Mail of a user, signed by signet-sign');
	my ($signature) = slurp($told->{user}) =~
	    /^(DKIM-Signature:.*?\n)(?=\S)/ms;
	print $signature // "no signature\n";
	heading('DMARC reports that went out: select * from '
	    . 'signet.v_report_destination');
	print "The messages above, as if they had come two days ago.\n\n";
	print query($state, '-c', 'select policy_domain, begin_at::date as '
	    . 'day, uri, state, reason, reply from '
	    . 'signet.v_report_destination order by policy_domain');
	print "... and what one of them says:\n\n";
	read_report($told->{reports}[0]);
	heading("signet dns check $told->{domain}");
	my (undef, $found, $error) = run_command(program_path('signet'), 'dns',
	    'check', $told->{domain}, '--no-connect', '-c', $state->{config});
	print $found, $error;
	heading('A DMARC report of the bank about us: select * from '
	    . 'signet.v_report_in_ours');
	print query($state, '-c', 'select organization, header_from, '
	    . 'source_ip, messages, failed, whose from '
	    . 'signet.v_report_in_ours order by source_ip');
	return;
}

# A new account, taught by a few messages.
sub junk_story {
	my ($state) = @_;
	my $story = $state->{junk};
	my ($user, $count) = @$story{qw(user taught)};
	heading('Junk: signet-mailbox learns from what users of Dovecot move');
	print "$user moved $count messages to Junk and said of $count others "
	    . "that they\nare none. Then two came by SMTP, alike to those "
	    . "(least_ham = $count here, so\nthat so few count):\n\n";
	for my $mail (@{ $story->{arrivals} }) {
		printf "%-44s filed in %s\n%s\n", $mail->{subject},
		    $mail->{mailbox}, $mail->{field};
	}
	print "What it knows: select * from signet.junk_total\n\n";
	print query($state, '-c', 'select account, spam, ham, words from '
	    . "signet.junk_total where account = '$user'");
	print "... and of some words: select * from signet.junk_word\n\n";
	my $words = join ', ', map { "('$_')" } qw(casino prize offer claim
	    meeting budget agenda please);
	print query($state, '-c', 'select t.word, w.spam, w.ham from (values '
	    . "$words) t (word) join signet.junk_word w on w.account = "
	    . "'$user' and w.word = signet.junk_word_id(t.word) "
	    . 'order by w.spam desc, t.word');
	return;
}

# Mail that went to other domains, and what is known of that.
sub tls_story {
	my ($text) = @_;
	return unless defined $text;
	my $story = $json->decode($text);
	heading('Mail to other domains: signet-policy says how to Postfix');
	for my $outcome (@{ $story->{outcomes} }) {
		my ($domain, $what, $status, $words) = @$outcome;
		printf "%-17s %-39s %-9s %s\n", $domain, $what, $status,
		    $words;
	}
	for my $page (@{ $story->{pages} }) {
		my ($domain) = $page =~ /^(\S+):/;
		heading("signet tls $domain");
		print $page;
	}
	heading('The results: select * from signet.v_tls_result');
	print query(state(), '-c', 'select recipient_domain, policy_type, '
	    . 'policy_domain, success, failure, source from '
	    . 'signet.v_tls_result order by recipient_domain, policy_type '
	    . 'desc');
	heading('The TLS report to impostor.example');
	print $story->{report};
	return;
}

sub read_report {
	my ($file) = @_;
	my ($status, $out, $error) = run_command(
	    program_path('signet-report-intake'), '--read', $file);
	print $out, $error;
	return $status;
}

# What the system says of our own programs.
sub confined {
	my ($state) = @_;
	my $processes = $state->{processes};
	heading('Our programs: memory, and how they confined themselves');
	for my $name (sort grep { /^signet-/ } keys %$processes) {
		my $status = slurp("/proc/$processes->{$name}[0]/status") // next;
		my ($memory) = $status =~ /^VmRSS:\s+(\d+)/m;
		my ($filter) = $status =~ /^Seccomp:\s+(\d)/m;
		my ($fixed) = $status =~ /^NoNewPrivs:\s+(\d)/m;
		printf "%-15s %5.1f MiB  %s, %s\n", $name, ($memory // 0) / 1024,
		    ($filter // 0) == 2 ? 'system calls filtered'
		    : 'system calls not filtered', $fixed
		    ? 'can gain no privilege' : 'may gain privileges';
	}
	return;
}

sub where_next {
	my ($state) = @_;
	heading('Where to look next');
	print <<"END";
  this again            ./try show
  why was message 8 ... ./try explain 8        (--json for programs)
  SQL                   ./try psql             select * from signet.v_message;
                        psql '$state->{conninfo}'
  messages sent         $dir/messages/NN.eml
  delivered             $dir/postfix/mail/new/QUEUEID.RECIPIENT
  on hold               postqueue -c $dir/postfix/etc -p
  mail log              $dir/postfix/log/mail.log
  mail at the bank      $dir/other/mail/new/
  log of the milter     $dir/log/signet-milter.log
  configuration         $state->{config}
  metrics               curl --unix-socket $dir/run/metrics.sock http://x/metrics
  mail of $state->{junk}{user}  IMAP on 127.0.0.1 port $state->{junk}{imap_port}, password pass
  log of Dovecot        $state->{junk}{log}
  send one yourself     SMTP on 127.0.0.1 port $state->{smtp_port}, to anybody\@site.example
  stop and remove       ./try stop
END
	return;
}

# --- the rest ---

sub status {
	my $state = state();
	my ($status, $out, $error) = run_command(program_path('signet'),
	    'status', '-c', $state->{config});
	print $out, $error;
	return $status;
}

sub explain {
	my ($number, @more) = @_;
	my $state = state();
	my ($case) = grep { $_->{number} eq ($number // '') }
	    @{ $state->{cases} };
	if (!$case) {
		print "$_->{number}  $_->{name}\n" for @{ $state->{cases} };
		exit 2;
	}
	my @command = (program_path('signet'), 'explain', $case->{file},
	    '--client', $case->{client}, '--helo', $case->{helo},
	    '--from', $case->{from}, '--rcpt', 'user@site.example',
	    '--config', $state->{config}, @more);
	print STDERR join(' ', map { /[^\w\/.\@:=-]|^$/ ? "'$_'" : $_ } @command),
	    "\n\n" if -t STDERR;
	exec @command;
	die "$command[0]: $!\n";
}

sub psql {
	my $state = state();
	exec $state->{psql}, '-d', $state->{conninfo}, @_;
	die "$state->{psql}: $!\n";
}
