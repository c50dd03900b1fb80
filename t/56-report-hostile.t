#!/usr/bin/perl
# signet-report-intake against what nobody should send: every message ends in
# the spool or in a bin, within the memory and time that are told here. And
# catching up: Maildir, mbox, --read, kill -9.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use POSIX qw(WNOHANG);
use Signet::Reports qw(dmarc_xml dmarc_record tls_json report_mail gzip zip);
use Signet::Util qw(temp_dir slurp spew run_command run_with_input
    program_path skip_or_fail now);

my $program = program_path('signet-report-intake')
    or skip_or_fail('signet-report-intake has not been built');
# what the sanitizers cost comes on top of 512 MiB, which is what a reader gets
my $most_kib = 700 << 10;
my $most_ms = 40_000; # of processor time, whatever else the machine does

my $dir = temp_dir();
mkdir "$dir/spool" or die;
spew("$dir/signet.conf", <<"END");
[common]
hostname = mx.site.example
log = stderr
debug = yes
spool_directory = $dir/spool
[report_intake]
domains = site.example
directory = $dir/keep
END

my $proof = "Authentication-Results: mx.site.example;\n\tdmarc=pass "
    . "header.from=reporter.example;\n\tdkim=pass header.d=reporter.example "
    . "header.s=s1 header.b=abcd\nReceived: from x by mx.site.example\n"
    . "DKIM-Signature: v=1; d=reporter.example; s=s1; b=abcdefgh\n";
my $queue = 0;

# Of all children that have ended, and theirs.
sub processor_ms {
	my (undef, undef, $user, $system) = times;
	return ($user + $system) * 1000;
}

# One message; returns what the log says became of it.
sub intake {
	my ($text) = @_;
	my $before = processor_ms();
	my ($status, $out, $err) = run_with_input($text, $program, '-c',
	    "$dir/signet.conf", '--queue-id', 'Q' . ++$queue);
	is($status, 0, '... exit status 0');
	cmp_ok(processor_ms() - $before, '<', $most_ms, '... in time');
	unlike($err, qr/reading took longer/, '... never waiting');
	if ($err =~ /reading took (\d+) ms and (\d+) KiB/) {
		cmp_ok($2, '<', $most_kib, '... in bounded memory');
	}
	my ($line) = $err =~ /(Q$queue: .*)/ or diag $err;
	return $line // '';
}

# All lines that are in the spool now.
sub spooled {
	my @lines = map { split /\n/, slurp($_) } glob("$dir/spool/new/*"),
	    glob("$dir/spool/open/*");
	return map { JSON::PP::decode_json($_) } @lines;
}

sub empty_spool {
	unlink glob("$dir/spool/new/*"), glob("$dir/spool/open/*");
	return;
}

subtest 'item_37_hostile_reports' => sub {
	my $blank = '<feedback>' . ' ' x (30 << 20);
	my $xml = dmarc_xml();
	my $nested = zip('a.xml' => $xml);
	my $laughs = '<!DOCTYPE feedback [<!ENTITY a "ha">' . join('', map {
		my $b = chr(ord('a') + $_ + 1);
		my $a = chr(ord('a') + $_);
		"<!ENTITY $b \"" . "&$a;" x 10 . '">' } 0 .. 9) . "]>\n";
	my $external = '<!DOCTYPE feedback [<!ENTITY x SYSTEM '
	    . "\"file://$dir/secret\">]>\n";
	spew("$dir/secret", "the-secret-text\n");
	my %case = (
		'a gzip bomb' => [report_mail(bytes => gzip($blank)),
		    qr/aside .*times its size/],
		'a zip bomb' => [report_mail(zip => $blank),
		    qr/aside .*times its size/],
		'a zip in a zip' => [report_mail(bytes => zip('a.zip' =>
		    $nested)), qr/aside .*archive within/],
		'sixteen zips in a zip' => [report_mail(bytes => zip(map {
		    ("lib $_.zip", $nested) } 1 .. 16)), qr/aside .*archive/],
		'two reports in a zip' => [report_mail(bytes => zip('a.xml' =>
		    $xml, 'b.xml' => $xml)), qr/aside .*more than one file/],
		'gzip cut short' => [report_mail(bytes => substr(gzip($xml), 0,
		    -30)), qr/aside /],
		'a billion laughs' => [report_mail(xml => dmarc_xml(
		    doctype => $laughs, org => '&k;')), qr/aside /],
		'an external entity' => [report_mail(xml => dmarc_xml(
		    doctype => $external, org => '&x;')), qr/aside /],
		'a million records' => [report_mail(xml => dmarc_xml(
		    records => '<record/>' x 1_000_000)), qr/aside /],
		'an attribute of 14 MB' => [report_mail(xml => dmarc_xml(
		    records => '<record a="' . 'x' x 14_000_000 . '"/>')),
		    qr/aside |counted /],
		'a value of 14 MB' => [report_mail(xml => dmarc_xml(
		    org => 'x' x 14_000_000)), qr/aside |counted /],
		'elements nested a million deep' => [report_mail(
		    xml => dmarc_xml(records => '<a>' x 1_000_000)),
		    qr/aside /],
		'parts nested 5000 deep' => [$proof =~ s/^DKIM.*\n//mr
		    . "From: x\@reporter.example\nMIME-Version: 1.0\n"
		    . join('', map { "Content-Type: multipart/mixed; "
		    . "boundary=b$_\n\n--b$_\n" } 1 .. 5000),
		    qr/refused .*nested too deep/],
		'a hundred thousand parts' => [$proof
		    . "From: x\@reporter.example\nContent-Type: "
		    . "multipart/mixed; boundary=b\n\n"
		    . "--b\n\nx\n" x 100_000, qr/aside .*boundaries/],
		'a charset that nobody knows' => [report_mail(xml =>
		    dmarc_xml() =~ s/UTF-8/x-klingon/r), qr/aside |counted /],
		'a charset that it is not in' => [report_mail(xml =>
		    dmarc_xml(org => "M\xfcller")), qr/counted .*defects=[1-9]/],
		'counts beyond belief' => [report_mail(xml => dmarc_xml(
		    records => dmarc_record(ip => '192.0.2.1', count =>
		    '9' x 40))), qr/aside |counted .*defects=[1-9]/],
		'JSON nested deep' => [report_mail(json => '{"policies":'
		    . '[' x 1_000_000), qr/aside .*nested deeper/],
		'JSON of a million values' => [report_mail(json =>
		    '{"policies":[' . '0,' x 1_000_000 . '0]}'),
		    qr/aside .*values/],
		'JSON with counts beyond belief' => [report_mail(json =>
		    tls_json(failed => '9' x 40)), qr/counted .*defects=[1-9]/],
		'nothing' => ["\n", qr/refused /],
	);
	for my $name (sort keys %case) {
		my ($text, $want) = @{ $case{$name} };
		$text = $proof . $text unless $text =~ /^Authentication/
		    || $name eq 'nothing';
		note $name;
		like(intake($text), $want, $name);
	}
	my $all = join '', map { slurp($_) } glob("$dir/spool/*/*");
	unlike($all, qr/the-secret-text/, 'no file of the host was read');
};

subtest 'item_45_no_control_characters' => sub {
	my $line = intake($proof . report_mail(xml => dmarc_xml(
	    id => "x&#10;Q1: counted&#27;[31m",
	    org => "a'); drop table signet.report_in; --")));
	like($line, qr/^Q\d+: counted /, 'counted');
	unlike($line, qr/\x1b/, 'no escape sequence in the log');
	my $all = join '', map { slurp($_) } glob("$dir/spool/{new,open,bad}/*");
	unlike($all, qr/\x1b|\x00/, 'none in the spool');
	# numbers, and the words of people
	for my $file (glob "$dir/spool/work/*") {
		unlike(slurp($file), qr/\x1b\[31m|drop table/, 'nor there');
	}
	my ($event) = grep { ($_->{organization} // '') =~ /drop table/ }
	    spooled();
	ok(defined $event, 'other text stays what it is');
};

subtest 'a message that is too long' => sub {
	my $line = 'x' x 70 . "\n";
	my $text = $proof . report_mail(text => $line x 320_000);
	like(intake($text), qr/aside .*longer than is read/, 'aside');
	my ($file) = reverse sort { -s $a <=> -s $b } glob "$dir/keep/aside/*";
	($file) = sort { -s $b <=> -s $a } glob "$dir/keep/aside/*";
	is(-s $file, length $text, 'all of it is kept');
};

subtest 'item_36_a_thousand_mutations' => sub {
	srand 36;
	my @mails = map { $proof . $_ } report_mail(xml => dmarc_xml()),
	    report_mail(gzip => dmarc_xml()), report_mail(zip => dmarc_xml()),
	    report_mail(json => tls_json());
	open my $mbox, '>', "$dir/mutations" or die;
	for my $n (1 .. 1000) {
		my $text = $mails[$n % @mails];
		my $head = index $text, 'Content-Type: multipart';
		substr $text, $head + int rand(length($text) - $head), 1,
		    chr int rand 256 for 1 .. 1 + int rand 8;
		$text =~ s/^(>*From )/>$1/mg;
		print $mbox "From x\@y Mon Jan  1 00:00:00 2026\n$text\n\n";
	}
	close $mbox or die;
	my ($status, $out, $err) = run_command($program, '-c',
	    "$dir/signet.conf", '--mbox', "$dir/mutations");
	is($status, 0, 'all were read') or diag substr $err, -2000;
	like($out, qr/^messages 1000$/m, 'a thousand');
	unlike($err, qr/the reader (?:died|gave up|has gone wild)/,
	    'no reader died');
	is(length(slurp("$dir/mutations")), -s "$dir/mutations", 'untouched');
};

subtest 'catching up from a Maildir' => sub {
	empty_spool();
	mkdir "$dir/$_" or die for qw(Maildir Maildir/cur Maildir/new
	    Maildir/tmp);
	spew("$dir/Maildir/new/$_", $proof . report_mail(gzip => dmarc_xml(
	    id => "m$_"))) for 1 .. 5;
	spew("$dir/Maildir/cur/6:2,S", $proof . report_mail(text => 'hello'));
	spew("$dir/Maildir/cur/7:2,S", report_mail(xml => dmarc_xml()));
	my $before = join ' ', map { "$_ " . -s $_ } glob "$dir/Maildir/*/*";
	my ($status, $out) = run_command($program, '-c', "$dir/signet.conf",
	    '--maildir', "$dir/Maildir");
	is($status, 0, 'exit status');
	is($out, "messages 7\ncounted 5\nreturned 0\nrefused 2\naside 0\n"
	    . "deferred 0\n", 'what it was');
	my @first = spooled();
	is(scalar(grep { $_->{type} eq 'report_in' } @first), 5, 'five');
	run_command($program, '-c', "$dir/signet.conf", '--maildir',
	    "$dir/Maildir");
	my %ids = map { ("$_->{id} " . ($_->{arrival} // '') => 1) } spooled();
	my %first = map { ("$_->{id} " . ($_->{arrival} // '') => 1) } @first;
	is_deeply(\%ids, \%first, 'again: the same ids');
	is(join(' ', map { "$_ " . -s $_ } glob "$dir/Maildir/*/*"), $before,
	    'the files are as they were');
	($status, $out) = run_command($program, '-c', "$dir/signet.conf",
	    '--maildir', "$dir/nowhere");
	is($status, 66, 'a Maildir that is not there');
};

subtest 'catching up from an mbox file' => sub {
	empty_spool();
	my @texts = map { $proof . report_mail(text => dmarc_xml(id => "b$_"))
	    . "\n>From the reporter\n" } 1 .. 3;
	spew("$dir/mbox", join '', map {
		"From x\@y Mon Jan  1 00:00:00 2026\n$_\n" } @texts);
	my ($status, $out) = run_command($program, '-c', "$dir/signet.conf",
	    '--mbox', "$dir/mbox");
	is($status, 0, 'exit status');
	like($out, qr/^messages 3\ncounted 3$/m, 'three');
	is_deeply([map { $_->{report_id} } grep { $_->{type} eq 'report_in' }
	    spooled()], [qw(b1 b2 b3)], 'in order');
	($status) = run_command($program, '-c', "$dir/signet.conf", '--mbox',
	    "$dir/signet.conf");
	is($status, 66, 'a file that is no mbox');
};

subtest '--read stores nothing' => sub {
	empty_spool();
	my $xml = dmarc_xml(id => 'r9', records => [
		{ ip => '192.0.2.1', count => 3, dkim => 'pass' },
		{ ip => 'nonsense', count => 'x' }]);
	my %file = (xml => $xml, gz => gzip($xml), zip => zip('x' => $xml),
	    eml => report_mail(gzip => $xml));
	for my $ending (sort keys %file) {
		spew("$dir/report.$ending", $file{$ending});
		my ($status, $out, $err) = run_command($program, '--read',
		    "$dir/report.$ending");
		is($status, 0, "$ending: exit status") or diag $err;
		like($out, qr/^report id\s+r9$/m, '... the report');
		like($out, qr/^wrong /m, '... what is wrong with it');
		like($out, qr/^  3 x 192\.0\.2\.1 none \(aligned: dkim pass, /m,
		    '... its records');
		($status, $out) = run_command($program, '--read',
		    "$dir/report.$ending", '--json');
		my $json = JSON::PP::decode_json($out);
		is($json->{report_id}, 'r9', '... as JSON');
		is($json->{records}[0]{count}, 3, '... with records');
		ok(@{ $json->{defects} } > 0, '... and defects');
	}
	spew("$dir/report.json", tls_json());
	my ($status, $out) = run_command($program, '--read',
	    "$dir/report.json");
	like($out, qr/^  site\.example \(sts\): 10 sessions succeeded, 2/m,
	    'a TLS report');
	for my $text ("hello\n", '', "<html></html>\n", gzip('x' x 100)) {
		spew("$dir/nothing", $text);
		($status, $out, my $err) = run_command($program, '--read',
		    "$dir/nothing");
		is($status, 65, 'what is no report');
		like($err, qr/^signet-report-intake: \S/, '... is told');
	}
	is_deeply([spooled()], [], 'nothing was stored');
};

# More lines of events than the memory of a reader could hold at once.
subtest 'a large report is read piece by piece' => sub {
	empty_spool();
	my $text = $proof . report_mail(gzip => dmarc_xml(id => 'large',
	    records => join '', map { dmarc_record(count => 2,
		ip => join '.', 10, $_ >> 16, $_ >> 8 & 255, $_ & 255)
	    } 1 .. 200_000));
	my $log = intake($text);
	like($log, qr/counted .* rows=200000 messages=400000 /, 'taken');
	my $lines = grep { $_->{type} eq 'report_in_rows' } spooled();
	cmp_ok($lines, '>', 10, "in $lines lines");
	empty_spool();
};

# Gives the program bytes of a mail and kills it once the fact is there; the
# mail ends there only if there is a fact to wait for. True if it was in time.
sub kill_at {
	my ($bytes, $fact) = @_;
	pipe my $in, my $out or die;
	my $pid = fork // die;
	if ($pid == 0) {
		close $out;
		open STDIN, '<&', $in or die;
		open STDERR, '>', '/dev/null' or die;
		setpriority 0, 0, 10; # whoever watches comes first
		exec $program, '-c', "$dir/signet.conf";
		die;
	}
	close $in;
	$out->autoflush;
	print {$out} $bytes;
	close $out if $fact;
	my $gone = 0;
	my $end = now() + 60;
	until (!$fact || $fact->($pid)) {
		last if ($gone = waitpid $pid, WNOHANG);
		die "nothing to kill it at\n" if now() > $end;
	}
	kill 'KILL', $pid;
	waitpid $pid, 0 unless $gone;
	return $? == 9;
}

subtest 'kill -9 at any moment' => sub {
	empty_spool();
	my $text = $proof . report_mail(gzip => dmarc_xml(id => 'kill',
	    records => join '', map { dmarc_record(ip => '192.0.2.1',
		count => $_) } 1 .. 8000));
	for my $n (0 .. 4) {
		my $part = substr $text, 0, length($text) * $n / 4;
		ok(kill_at($part), "$n/4 of the mail are there");
	}
	kill_at($text, sub { slurp("/proc/$_[0]/task/$_[0]/children") })
	    for 1 .. 3;
	my $half = 0;
	for my $lines (1 .. 6) {
		my $there = sub {
			my $all = join '', map { slurp($_) // '' }
			    glob "$dir/spool/*/*.$_[0].*";
			return $all =~ tr/\n// >= $lines;
		};
		$half++ if kill_at($text, $there);
	}
	cmp_ok($half, '>', 0, 'some when part of it was in the spool');
	like(intake($text), qr/counted .* rows=8000 /, 'then it is taken');
	my (%reports, %rows);
	for my $file (glob("$dir/spool/new/*"), glob("$dir/spool/open/*")) {
		for my $line (split /\n/, slurp($file)) {
			my $event = eval { JSON::PP::decode_json($line) }
			    or next; # cut short: signet-load puts it aside
			$reports{ $event->{id} } = 1;
			next if $event->{type} ne 'report_in_rows';
			$rows{"$event->{id} $_->{n}"}{ $_->{count} } = 1
			    for @{ $event->{rows} };
		}
	}
	is(scalar keys %reports, 1, 'one report, however often it was begun');
	is(scalar keys %rows, 8000, 'each row once');
	is(scalar(grep { keys %$_ != 1 } values %rows), 0,
	    'and always the same');
};

done_testing();
