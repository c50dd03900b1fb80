#!/usr/bin/perl
# Those that send reports fail, and the mail server that takes them:
# docs/operations.md, cells dmarc-report-*, tls-report-*, report-mta-*
# and report-https-*.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use Test::More;
use Signet::Faults;
use Signet::Gate;
use Signet::PolicyHost;
use Signet::Reporter;
use Signet::TlsReporter;
use Signet::Util qw(append_file end_process is_alive slurp spew temp_dir
    wait_for);

Signet::Reporter->need;
Signet::TlsReporter->need;

use constant COUNT => 6;	# reports of a cell

my $dir = temp_dir();
my %kind = (
	'dmarc-report' => {
		faults => Signet::Faults->new('dmarc-report', logs => {
		    'signet-dmarc-report' => sub {
			slurp("$dir/dmarc-report.log") } }),
		reporter => Signet::Reporter->new,
		record => sub { "_dmarc.$_[0] TXT \"v=DMARC1; p=reject; "
		    . "rua=mailto:r\@$_[0]\"\n" },
		facts => sub { $_[0]->evaluate(domain => $_, count => 3)
		    for @_[1 .. $#_] },
	},
	'tls-report' => {
		faults => Signet::Faults->new('tls-report', logs => {
		    'signet-tls-report' => sub {
			slurp("$dir/tls-report.log") } }),
		reporter => Signet::TlsReporter->new,
		record => sub { "_smtp._tls.$_[0] TXT \"v=TLSRPTv1; "
		    . "rua=mailto:r\@$_[0]\"\n" },
		facts => sub { $_[0]->results(map { { domain => $_,
		    fail => 'certificate-expired', count => 2 } }
		    @_[1 .. $#_]) },
	},
);
my ($r, $name, $log, @domains, $records);
my $web;	# takes the reports, in place of the mail server

# The facts of a day for some domains of this cell alone.
sub day {
	my ($cell) = @_;
	@domains = map { "$cell->{cell}$_.example" } 1 .. COUNT;
	$records .= join '', map { $kind{$name}{record}->($_) } @domains;
	$r->zone($records);
	$kind{$name}{facts}->($r, @domains);
	return;
}

sub run {
	my ($status, $said) = $r->run;
	append_file($log, $said);
	return $status;
}

# Starts one; returns its process once so many reports were told of.
sub begin {
	my ($count) = @_;
	my $from = length(slurp($log));
	my $pid = $r->start($log);
	wait_for(60, sub {
		my $told = () = substr(slurp($log), $from) =~ /state=/g;
		return $told >= $count || !is_alive($pid);
	}, sub { "$count reports in\n" . slurp($log) });
	return $pid;
}

# Every domain has its report; the same one, where it came twice.
sub all_sent {
	my ($most) = @_;
	my $runs = 0;
	wait_for(120, sub {
		$r->hurry;
		my $status = run();
		return $status == 0 && ++$runs;
	}, sub { "a run that ends well, in\n" . slurp($log) });
	my %got = $web ? posted() : mailed();
	my @got = map { $got{$_} // [] } @domains;
	is(scalar(grep { @$_ } @got), COUNT, 'every domain has its report');
	is(scalar(grep { @$_ > $most } @got), 0, "$most times at most");
	for my $twice (grep { @$_ > 1 } @got) {
		my %same = map { ($_ => 1) } @$twice;
		is(scalar keys %same, 1, 'the same report each time');
	}
	return;
}

# What came: domain => [what is the same when the report is, ...].
sub mailed {
	my %got;
	push @{ $got{ $_->{to} =~ s/^r@//r } }, "$_->{file_name} "
	    . "$_->{header}{subject} " . sha256_hex($_->{gzip}) for $r->mails;
	return %got;
}

sub posted {
	return map { my $domain = $_; ($domain => [map { sha256_hex($_->{body})
	    } $web->posts("web.$domain")]) } @domains;
}

for my $part (sort keys %kind) {
	$name = $part;
	$r = $kind{$part}{reporter};
	$log = spew("$dir/$part.log", '');
	$records = '';
	my $faults = $kind{$part}{faults};

	# nobody ran it on the day on which the reports were due
	$faults->cell(absent => sub {
		day(@_);
		all_sent(1);
	});

	$faults->cell(lost => sub {
		day(@_);
		my $pid = begin(2);
		ok(is_alive($pid), 'it is at it');
		end_process($pid, 'KILL');
		all_sent(2);
	});

	# one stands still with a report in its hands, another does the rest
	$faults->cell(slow => sub {
		day(@_);
		my $pid = begin(1);
		kill 'STOP', $pid;
		is(run(), 0, 'another run ends well');
		kill 'CONT', $pid;
		wait_for(120, sub { waitpid($pid, 1) == $pid },
		    'the first one to end');
		is($? >> 8, 0, 'the first one, too');
		all_sent(1);
	});

	$faults->cell(wrong => sub {
		day(@_);
		my $before = $r->delivered;
		my $text = slurp($r->config_file);
		spew($r->config_file, "$text\n[reports]\nno_such_option = 1\n");
		is(run(), 78, 'it does not begin');
		spew($r->config_file, $text);
		is($r->delivered, $before, 'nothing was sent');
		all_sent(1);
	});

	$faults->cell(flapping => sub {
		day(@_);
		for (1 .. 4) {
			end_process(begin(1), 'KILL');
			$r->hurry;
		}
		all_sent(5);
	});
	$faults->done;
}

# --- the mail server that takes them ---

$name = 'dmarc-report';
$r = $kind{$name}{reporter};
$log = "$dir/$name.log";
my $gate = Signet::Gate->new(to => "127.0.0.1:$r->{port}", replies => {
	nonsense => sub { $_[0] =~ s/[^\r\n]/\xff/gr },
	endless => sub { "\xff" x length $_[0] } });
$r->configure(reports => { smtp => '127.0.0.1:' . $gate->port });
my $mta = Signet::Faults->new('report-mta', logs => {
	'signet-dmarc-report' => sub { slurp($log) } });

$mta->cell(absent => sub {
	day(@_);
	$r->{mta}->stop;
	is(run(), 75, 'the run ends, to be tried again');
	$r->{mta}->start;
	all_sent(1);
});

$mta->cell(lost => sub {
	day(@_);
	my $pid = begin(2);
	$gate->refuse;
	wait_for(120, sub { waitpid($pid, 1) == $pid }, 'its end');
	$gate->pass;
	all_sent(2);
});

$mta->cell(slow => sub {
	day(@_);
	$gate->slow(0.05);
	all_sent(1);
	$gate->pass;
});

$mta->cell(wrong => lines => 2, sub {
	day(@_);
	# it may come to its senses until then
	$r->configure(reports => { smtp_timeout => '1s' });
	for my $lie (qw(nonsense endless)) {
		$gate->lie($lie);
		is(run(), 75, "$lie: the run ends, to be tried again");
		$r->hurry;
	}
	$r->configure(reports => { smtp_timeout => '2m' });
	$gate->pass;
	all_sent(1);
});

$mta->cell(flapping => lines => 3, sub {
	day(@_);
	for (1 .. 3) {
		my $pid = begin(1);
		$gate->refuse;
		wait_for(120, sub { waitpid($pid, 1) == $pid }, 'its end');
		$gate->pass;
		$r->hurry;
	}
	all_sent(4);
});

$mta->done;
$gate->stop;

# --- web servers that take them ---

$name = 'tls-report';
$r = $kind{$name}{reporter};
$log = "$dir/$name.log";
$web = Signet::PolicyHost->new;
$r->configure(tls_report => { https_ca_file => $web->ca_file,
	https_networks => '127.0.0.0/8', https_timeout => '60s' });
$kind{$name}{record} = sub { "web.$_[0] A 127.0.0.1\n_smtp._tls.$_[0] TXT "
    . '"v=TLSRPTv1; rua=https://' . "web.$_[0]:" . $web->port . "/\"\n" };
my $https = Signet::Faults->new('report-https', logs => {
	'signet-tls-report' => sub { slurp($log) } });

sub serve { $web->site("web.$_", status => 201, @_) for @domains }

$https->cell(absent => lines => COUNT, sub {
	day(@_);
	serve();
	$web->stop;
	is(run(), 75, 'something is left to do');
	$web->start;
	all_sent(1);
});

$https->cell(lost => lines => COUNT, sub {
	day(@_);
	serve();
	my $pid = begin(2);
	$web->stop;
	wait_for(120, sub { waitpid($pid, 1) == $pid }, 'its end');
	$web->start;
	all_sent(2);
});

# It takes the report, and its answer comes too late.
$https->cell(slow => lines => COUNT, sub {
	day(@_);
	serve();
	my $hold = spew("$dir/hold", '');
	$web->site("web.$domains[0]", status => 201, hold => $hold);
	$r->configure(tls_report => { https_timeout => '2s' });
	is(run(), 75, 'one is left to do');
	unlink $hold;
	$r->configure(tls_report => { https_timeout => '60s' });
	all_sent(2);
});

$https->cell(wrong => lines => COUNT, sub {
	day(@_);
	serve(certificate => 'wrong-name');
	is(run(), 75, 'something is left to do');
	is(scalar(map { $web->posts("web.$_") } @domains), 0,
	    'nothing goes to a server that does not prove its name');
	serve(status => 503);
	$r->hurry;
	is(run(), 75, 'refused for now');
	serve();
	all_sent(2);
});

$https->cell(flapping => lines => 1000, sub {
	day(@_);
	serve();
	for (1 .. 3) {
		$web->stop;
		run();
		$web->start;
		$r->hurry;
		end_process(begin(1), 'TERM');
		$r->hurry;
	}
	all_sent(4);
});
$https->done;
$web->stop;
$_->{reporter}->stop for values %kind;
done_testing;
