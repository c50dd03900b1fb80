#!/usr/bin/perl
# signet-report-intake fails in every way, while reports of others and other
# mail come: docs/operations.md, cells report-intake-*.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::FaultSite;
use Signet::Reports qw(dmarc_xml report_mail);
use Signet::Util qw(must_run program_path skip_or_fail slurp spew temp_dir
    wait_for);

Signet::FaultSite->need;
my $program = program_path('signet-report-intake')
    or skip_or_fail('signet-report-intake has not been built');

# What the pipe runs: the program, in the way that the file "how" says.
my $far = temp_dir();
must_run('cp', $program, "$far/real");
chmod 0755, "$far/real";
spew("$far/intake", <<"END_OF_SCRIPT", 0755);
#!/bin/sh
case \$(cat $far/how) in
killed)
	$far/real "\$@" <&0 &
	kill -9 \$!
	wait \$!
	kill -9 \$\$ ;;
slow)
	echo x >>$far/waiting
	until [ "\$(cat $far/how)" != slow ]; do sleep 0.05; done ;;
esac
exec $far/real "\$@"
END_OF_SCRIPT
spew("$far/how", "well\n", 0644);
spew("$far/waiting", '', 0666);

my $world = Signet::FaultSite->new(
	services => "intake unix - n n - - pipe\n  flags= user=nobody"
	    . " null_sender= argv=$far/intake -c $far/intake.conf --sender"
	    . ' ${sender} --recipient ${original_recipient} --queue-id'
	    . " \${queue_id}\n",
	main => {
		intake_destination_recipient_limit => 1,
		transport_maps => 'inline:{{reports@site.example=intake:}}',
		minimal_backoff_time => '1s', queue_run_delay => '1s',
		# a pipe that fails is not given up for long
		transport_retry_time => '1s',
	});
my ($site, $flow) = @$world{qw(site flow)};
my $mta = $site->{mta};
mkdir "$far/keep", 0777 or die "$far/keep: $!\n";
chmod 0777, "$far/keep", $site->spool_dir, glob $site->spool_dir . '/*';
my $config = slurp($site->config_file) =~ s/^\[milter\]\n.*?^\n//msr
    . "\n[report_intake]\ndomains = site.example\ndirectory = $far/keep\n";
spew("$far/intake.conf", $config, 0644);

sub how { spew("$far/how", "$_[0]\n", 0644) }

my %sent;	# report id => queue id
sub send_report {
	my ($id) = @_;
	my $text = $world->{key}->sign(report_mail(from =>
	    'dmarc@good.example', gzip => dmarc_xml(
		id => $id)), d => 'good.example', s => 's1');
	my ($reply, $queue) = $mta->send(client => '192.0.2.1',
	    name => 'mail.good.example', from => 'bounce@good.example',
	    to => 'reports@site.example', data => $text);
	like($reply, qr/^250 /, 'the mail server takes the report')
	    if $reply !~ /^250 /;
	$sent{$id} = $queue;
	return $queue;
}

sub fate {
	my ($queue) = @_;
	return $mta->wait_log(qr/\b$queue: to=.*status=/);
}

# Every report that was sent is in the database once, and no mail came back.
sub counted {
	my $flushed = 0;
	wait_for(120, sub {
		if (time > $flushed + 1) {
			must_run('postqueue', '-c', $mta->config_dir, '-f');
			$flushed = time;
		}
		my %row = map { split /\|/ } split /\n/, $site->{pg}->psql(
		    'select report_id, count(*) from signet.v_report_in '
		    . 'group by 1');
		return !grep { ($row{$_} // 0) != 1 } keys %sent;
	}, sub { 'the reports ' . join(' ', sort keys %sent) . " in\n"
	    . $site->{pg}->psql('select report_id, seen from '
		. "signet.v_report_in; select * from "
		. 'signet.v_report_in_refused') . "\n"
	    . join "\n", grep { /relay=intake/ } split /\n/, $mta->log });
	is($site->{pg}->value('select count(*) from signet.v_report_in'),
	    scalar keys %sent, 'each report is there once');
	is(scalar(grep { /status=bounced/ } split /\n/, $mta->log), 0,
	    'none was sent back');
	return;
}

my $faults = $world->faults('report-intake');

$faults->cell(absent => lines => 1000, sub {
	rename "$far/intake", "$far/away" or die;
	like(fate(send_report('absent1')), qr/status=deferred/, 'it waits');
	$flow->taken(2);
	rename "$far/away", "$far/intake" or die;
	counted();
});

$faults->cell(lost => lines => 1000, sub {
	how('killed');
	like(fate(send_report('lost1')), qr/status=deferred/, 'it waits');
	$flow->taken(2);
	how('well');
	counted();
});

$faults->cell(slow => sub {
	how('slow');
	my $before = length slurp("$far/waiting");
	send_report("slow$_") for 1 .. 2;
	wait_for(60, sub { length slurp("$far/waiting") >= $before + 4 },
	    'two that stand still');
	$flow->taken(4);
	how('well');
	counted();
});

$faults->cell(wrong => lines => 1000, sub {
	spew("$far/intake.conf", "$config\nno_such_option = 1\n", 0644);
	like(fate(send_report('wrong1')), qr/status=deferred/, 'it waits');
	$flow->taken(2);
	spew("$far/intake.conf", $config, 0644);
	counted();
});

$faults->cell(flapping => sub {
	for my $n (1 .. 3) {
		how('killed');
		fate(send_report("flap$n"));
		how('well');
		send_report("flop$n");
	}
	counted();
});

$faults->done;
$world->stop;
done_testing;
