#!/usr/bin/perl
# What docs/install-sendmail.md says, with Debian's Sendmail 8.17 and 8.18:
# incoming mail is checked, refused, held and released; what leaves verifies,
# though Sendmail writes the header anew behind the filter. The lines and
# commands are those of the page.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::Dns;
use Signet::Events qw(spool_lines);
use Signet::Inbound;
use Signet::Net;
use Signet::Program;
use Signet::SendmailHost;
use Signet::Sign;
use Signet::Util qw(must_run program_path run_command skip_or_fail slurp spew
    temp_dir top_dir wait_for);
use Signet::Verify;

for my $program (qw(signet-milter signet-sign signet)) {
	program_path($program) or skip_or_fail("$program has not been built");
}
my %suite = (sendmail => '8.18', 'sendmail-bookworm' => '8.17');
Signet::SendmailHost->need(sort keys %suite);
Signet::Net->enter;

my $page = slurp(top_dir() . '/docs/install-sendmail.md');
my $key = Signet::Sign->key('rsa', 2048);
my $ed = Signet::Sign->key('ed25519');
my $others = Signet::Verify->new({
	's1._domainkey.site.example' => $key->record,
	'e1._domainkey.site.example' => $ed->record });
my $dns = Signet::Dns->new(port => 53, table => $key->zone_line(
	's1._domainkey.site.example') . $ed->zone_line(
	'e1._domainkey.site.example') . $key->zone_line(
	's1._domainkey.bank.example') . <<'END');
site.example        A    192.0.2.25
mx.site.example     A    192.0.2.25
eight.example       MX   10 mx.eight.example.
mx.eight.example    A    203.0.113.25
seven.example       MX   10 mx.seven.example.
mx.seven.example    A    203.0.113.26
alias.example       CNAME eight.example.
bank.example        A    192.0.2.10
bank.example        TXT  "v=spf1 ip4:192.0.2.10 -all"
_dmarc.bank.example TXT  "v=DMARC1; p=reject"
out.bank.example    A    192.0.2.10
10.2.0.192.in-addr.arpa PTR out.bank.example.
shop.example        A    192.0.2.20
shop.example        TXT  "v=spf1 ip4:192.0.2.20 -all"
_dmarc.shop.example TXT  "v=DMARC1; p=quarantine"
lost.example        A    192.0.2.30
lost.example        TXT  @servfail
_dmarc.lost.example TXT  @servfail
END

# Indented blocks of the page whose first line is "# NAME", without that line.
sub blocks {
	my ($name) = @_;
	my @found = map { s/^    //mgr } $page =~
	    /^    # \Q$name\E\n((?:    .*\n|\n(?=    ))+)/mg;
	return @found ? @found : die "the page has no '# $name'\n";
}

# The commands of the page that begin so.
sub commands {
	my ($begin) = @_;
	my @found = $page =~ /^    (\Q$begin\E.*)$/mg;
	return @found ? @found : die "the page has no '$begin'\n";
}

# --- the page itself ---

subtest 'lines of the page' => sub {
	my $example = slurp(top_dir() . '/docs/examples/signet.mc');
	is(join('', grep { !/^dnl/ } split /(?<=\n)/, $example),
	    join('', blocks('sendmail.mc')),
	    'docs/examples/signet.mc has those of sendmail.mc');
	for my $unit (qw(signet-milter signet-sign)) {
		my ($lines) = blocks("$unit.service.d");
		unlike($lines, qr/postfix/, "$unit: without Postfix's group");
		my ($file) = glob top_dir() . "/*/$unit.service.in";
		my @left = grep { $_ ne 'postfix' }
		    map { split } slurp($file) =~ /^SupplementaryGroups=(.*)$/mg;
		is(join(' ', map { split } $lines =~
			/^SupplementaryGroups=(.*)$/mg), "@left",
		    '... and the others stay');
	}
	for my $macro ($page =~ /^\| `confMILTER\w+` \| (.*?) \|/mg) {
		while ($macro =~ /`([^`]+)`/g) {
			like(slurp(top_dir() . '/milter/glue.c'),
			    qr/macro\(ctx, "\Q$1\E"\)/, "$1 is read");
		}
	}
};

# --- our programs ---

my ($dir, %program);

# signet.conf of the page, with what a test changes in it.
sub configure {
	my ($more) = @_;
	my $text = join '', blocks('signet.conf');
	$text =~ s/^mode = test\n//mg;
	$text =~ s/^hostname = .*/hostname = mx.site.example\nlog = stderr
spool_directory = $dir\/spool/m;
	$text =~ s/^(\[dns\]\n)/$1root_key = none\n/m;
	$text =~ s/^(\[milter\]\n)/$1dmarc_quarantine = hold
dmarc_temperror = tempfail\n/m;
	$text =~ s/^(\[sign\]\n)/$1networks = 127.0.0.0\/8 10.99.0.0\/16\n/m;
	$text =~ s/^mail_server = .*/$more/m if defined $more;
	$text .= "[keys]\ndirectory = $dir/keys\n";
	return spew("$dir/signet.conf", $text, 0644);
}

sub start_programs {
	$dir = temp_dir();
	must_run('mount', '-t', 'tmpfs', 'tmpfs', '/run');
	mkdir '/run/signet';
	mkdir "$dir/$_" for qw(keys keys/site.example spool);
	spew("$dir/keys/site.example/s1.pem", slurp($key->file), 0600);
	spew("$dir/keys/site.example/e1.pem", slurp($ed->file), 0600);
	configure();
	%program = map { $_ => Signet::Program->new($_, dir => $dir) }
	    qw(signet-milter signet-sign);
	return;
}

sub sign_with {
	my ($more) = @_;
	configure($more);
	my $sign = $program{'signet-sign'};
	my $before = () = $sign->log =~ /configuration read again/g;
	$sign->signal('HUP');
	wait_for(30, sub {
		my $now = () = $sign->log =~ /configuration read again/g;
		return $now > $before;
	}, sub { "a reload in\n" . $sign->log });
	return;
}

# The spool's line of one of the two about a message.
sub event {
	my ($id, $type) = @_;
	return wait_for(30, sub {
		my ($line) = grep { /"queue_id": ?"\Q$id\E"/ && /"\Q$type\E"/ }
		    spool_lines("$dir/spool");
		return $line && JSON::PP->new->utf8->decode($line);
	}, sub { "a line of $id; " . $program{'signet-milter'}->log
	    . $program{'signet-sign'}->log });
}

# --- mail ---

my $number = 0;

sub word { return sprintf 'word%d.%d.', $$, ++$number }

sub message {
	my ($from, $word, $fields) = @_;
	return ($fields // '') . "From: $from\nTo: user\@site.example\n"
	    . "Subject: $word\nDate: Sun, 22 Nov 2026 06:00:00 +0000\n"
	    . "Message-ID: <$word\@test.example>\n\nHello\n.dot\n\n\n"
	    . "trailing blank \n";
}

sub fields {
	my ($text, $name) = @_;
	my ($head) = split /\n\n/, $text, 2;
	return map { (my $v = $_) =~ s/\n\s+/ /g; $v }
	    $head =~ /^\Q$name\E:[ ]?(.*(?:\n[ \t].*)*)/mgi;
}

# What we say of the signatures of a message.
sub verified {
	my ($text) = @_;
	my $file = spew("$dir/left.eml", $text);
	my ($status, $out, $err) = run_command(program_path('signet'),
	    'explain', $file, '--client', '192.0.2.25', '--helo',
	    'mx.site.example', '--from', 'ann@site.example', '--dns',
	    $dns->address, '--config', '/dev/null', '--json');
	return $err if $status != 0;
	my $report = JSON::PP->new->utf8->decode($out);
	return join ', ', map { "$_->{domain} $_->{result}" }
	    @{ $report->{dkim} };
}

my $both = 'site.example pass, site.example pass';
my @for_others;	# [name, text], which dkimpy sees at the end

sub verifies {
	my ($text, $name) = @_;
	is(verified($text), $both, "$name verifies")
	    or diag $text, $program{'signet-sign'}->log;
	push @for_others, [$name, $text];
	return;
}

sub incoming {
	my ($host) = @_;
	my $word = word();
	my $text = message('a@bank.example', $word);
	my $sent = $key->sign($text, d => 'bank.example', s => 's1');
	my $forged = "Authentication-Results: mx.site.example; dmarc=pass\n"
	    . "Authentication-Results: other.example; dkim=pass\n";
	my ($reply, $id) = $host->send(client => '192.0.2.10',
	    helo => 'out.bank.example', from => 'a@bank.example',
	    data => "$forged$sent");
	ok($id, 'taken') or return diag $reply;
	my $got = $host->delivered($id);
	like($got, qr/\AReturn-Path: .*\nAuthentication-Results: mx\.site\.example;\n(?:\t.*\n)*Received: /,
	    'our results are above Received');
	my ($ours, @rest) = fields($got, 'Authentication-Results');
	for my $method (qw(spf dkim dmarc iprev)) {
		like($ours, qr/\b$method=pass\b/, "$method=pass");
	}
	is_deeply(\@rest, ['other.example; dkim=pass'],
	    'what claimed to be ours is gone, that of others is there');
	like($got, qr/\nHello\n\.dot\n\n\ntrailing blank \n/,
	    'the body is as it was');
	my $event = event($id, 'message');
	is($event->{action}, 'accept', 'the fact has the queue ID');

	($reply) = $host->send(client => '198.51.100.1',
	    from => 'a@bank.example', data => message('a@bank.example',
		word()));
	like($reply, qr/^550 5\.7\.26 .*bank\.example/, 'refused, and why');
	like($reply, qr/198\.51\.100\.1/, '... for whom');

	($reply) = $host->send(client => '192.0.2.30',
	    from => 'a@lost.example', data => message('a@lost.example',
		word()));
	like($reply, qr/^451 4\.7\.\d+ /, 'the DNS fails: later');
	return;
}

sub several {
	my ($host) = @_;
	my $smtp = $host->client('192.0.2.20');
	$smtp->ehlo('mail.shop.example');
	my @got;
	for my $from ('a@shop.example', 'a@bank.example', 'b@shop.example') {
		$smtp->mail($from);
		$smtp->rcpt('user@site.example');
		my $reply = $smtp->data(Signet::Smtp::crlf(message($from,
			word())));
		push @got, $reply =~ s/ .*//sr;
		push @got, $1 if $reply =~ /^250 2\.0\.0 (\w+)/;
		$smtp->mail('given-up@bank.example');
		$smtp->rset;
	}
	$smtp->quit;
	is(join(' ', grep { /^\d{3}$/ } @got), '250 550 250',
	    'several messages on one connection');
	is(event($got[-1], 'message')->{mail_from}, 'b@shop.example',
	    'each is its own');
	return;
}

sub encrypted {
	my ($host) = @_;
	my $smtp = $host->client('192.0.2.20');
	$smtp->ehlo('mail.shop.example');
	like($smtp->starttls, qr/^2/, 'TLS');
	$smtp->ehlo('mail.shop.example');
	$smtp->mail('a@shop.example');
	$smtp->rcpt('user@site.example');
	my ($id) = $smtp->data(Signet::Smtp::crlf(message('a@shop.example',
	    word()))) =~ /^250 2\.0\.0 (\w+)/;
	$smtp->quit;
	my $event = event($id, 'message');
	like(JSON::PP->new->canonical->encode($event), qr/"TLSv1\.[23]"/,
	    'its version is among the facts');
	return;
}

sub held {
	my ($host) = @_;
	my $word = word();
	my ($reply, $id) = $host->send(client => '198.51.100.1',
	    from => 'a@shop.example', data => message('a@shop.example', $word));
	ok($id, 'the client sees 250') or return diag $reply;
	$host->wait_log(qr/$id: .*quarantine/);
	is_deeply([grep { $_ eq $id } $host->queue('h')], [$id], 'it is held');
	my ($show, $release) = commands('sendmail ');
	my $list = $host->shell($show);
	like($list, qr/\b$id\b/, 'the queue is shown');
	like($list, qr/QUARANTINE: .*dmarc/i, '... with the reason');
	$host->shell($release =~ s/QUEUEID/$id/r);
	is_deeply([grep { $_ eq $id } $host->queue('h')], [], 'released');
	$host->shell("sendmail -qI$id");
	like($host->delivered($id), qr/dmarc=fail/, '... and delivered');
	return;
}

my @forms = (
	plain => "From: ann\@site.example\nTo: bob\@eight.example\n",
	quoted => "From: O'Neil J. Smith <ann\@site.example>\n"
	    . "To: a\@eight.example,b\@eight.example ,\n"
	    . "\t\"Q x\" <c\@eight.example>\nSender: J.\n\tB. "
	    . "<ann\@site.example>\n",
	comments => "From: Ann (the. woman) Site <ann\@site.example> (tail)\n"
	    . "To: bob\@eight.example(Bob)\nCc: dave\@alias.example (Dave), "
	    . "group: x\@eight.example,y\@seven.example;\n"
	    . "Cc: undisclosed-recipients:;\n",
	spaces => "From:ann\@site.example\nTo:   < bob\@eight.example >\n"
	    . "Reply-To:\tBob\n\tFolded\n\t<ann\@site.example>\n",
	long => "From: ann\@site.example\nTo: " . join(',', map {
	    "recipient.number.$_\@eight.example" } 1 .. 20) . "\n",
	words => "From: =?utf-8?Q?J=C3=B6rg?= <ann\@site.example>\n"
	    . "To: =?utf-8?B?SsO2cmc=?=\n =?utf-8?B?SsO2cmc=?= "
	    . "<b\@eight.example>, J\xc3\xb6rg [x] <c\@eight.example>\n",
	dots => "From: ann\@site.example\nTo: a\@eight.example..,"
	    . "b\@[192.0.2.9].\nCc: Bob <c\@eight.example...>, d\@..\n",
	removed => "From: ann\@site.example\nTo: b\@eight.example\n"
	    . "Bcc: c\@eight.example\nContent-Length: 7\nFull-Name: Ann\n"
	    . "Return-Path: <x\@site.example>\n",
);

my %body = (
	plain => "Hello\n.dot\n..two\n\n\ntrailing blank \n\n\n",
	quoted => "eight bit \xe4\xf6 \xc3\xa4\n",
	long => ('x' x 1200) . "\n" . ('y' x 5000) . "\n.\n" . ('.' x 999)
	    . "\n",
	removed => "From here\n>From there\n",
);

sub leaves {
	my ($host, $canon) = @_;
	my @list = @forms;
	while (my ($name, $header) = splice @list, 0, 2) {
		for my $to ('eight', $canon eq 'relaxed' ? 'seven' : ()) {
			my $word = word();
			# in half of them Date and Message-ID are missing
			my $dated = $to eq 'eight' ? ''
			    : "Date: Sun, 22 Nov 2026 06:00:00 +0000\n"
			    . "Message-ID: <$word\@site.example>\n";
			my ($reply, $id) = $host->send(client => '10.99.0.5',
			    from => 'ann@site.example', to => "bob\@$to.example",
			    data => "$header${dated}Subject:  two  $word \n"
			    . "Content-Type: text/plain;   charset=utf-8\n\n"
			    . ($body{$name} // "Hello\n"));
			ok($id, "$name: taken") or diag $reply;
			my $text = $host->left($word)->{text};
			verifies($text, "$canon, to $to: $name");
			is(scalar(() = $text =~ /^(?:Date|Message-Id):/mig), 2,
			    '... with one Date and one Message-ID');
		}
	}
	return;
}

# A user of this host writes, without a domain.
sub local_user {
	my ($host) = @_;
	my $word = word();
	my ($status, $out, $err) = $host->try('sendmail -t',
	    "From: ann\nTo: bob\@eight.example\nSubject: $word\n\nHello\n");
	is("$status$err", '0', 'sendmail -t') or diag $out;
	my $text = $host->left($word)->{text};
	like($text, qr/^From: .*ann\@site\.example/m, 'masqueraded');
	verifies($text, '... and signed as such: it');
	return;
}

# What the page warns of is so.
sub traps {
	my ($host) = @_;
	sign_with('mail_server = postfix');
	my $word = word();
	$host->send(client => '10.99.0.5', from => 'ann@site.example',
	    to => 'bob@eight.example', data => "From: J. Ann "
	    . "<ann\@site.example>\nSubject: $word\n\nHello\n");
	like(verified($host->left($word)->{text}), qr/fail/,
	    'without mail_server = sendmail it does not verify');
	sign_with();
	return;
}

sub nobody_there {
	my ($host) = @_;
	my @mail = (client => '10.99.0.5', from => 'ann@site.example',
	    to => 'bob@eight.example');
	$program{'signet-milter'}->stop;
	my $word = word();
	my ($reply, $id) = $host->send(@mail, data =>
	    "From: ann\@site.example\nSubject: $word\n\nHello\n");
	ok($id, 'signet-milter away: mail goes on') or diag $reply;
	verifies($host->left($word)->{text}, '... signed: it');
	$program{'signet-sign'}->stop;
	($reply, $id) = $host->send(@mail,
	    data => "From: ann\@site.example\n\nHello\n");
	like($reply, qr/^451 4\./, 'signet-sign away: later');
	return;
}

for my $suite (sort keys %suite) {
	subtest $suite => sub {
		start_programs();
		my $host = Signet::SendmailHost->new(suite => $suite,
		    share => ['/run/signet']);
		is($host->version, $suite{$suite}, 'the release');
		$host->tls;
		$host->insert(join '', blocks('sendmail.mc'));
		$host->insert_submit((blocks('submit.mc'))[0]
		    =~ s/example\.org/site.example/r);
		my ($make) = commands('make -C');
		unlike($host->shell($make), qr/\*\*\* |m4:/, $make);
		$host->start;
		incoming($host);
		several($host);
		encrypted($host);
		held($host);
		leaves($host, 'relaxed');
		sign_with("mail_server = sendmail\nheader_canonicalization = "
		    . "simple\nbody_canonicalization = simple");
		leaves($host, 'simple');
		sign_with();
		local_user($host);
		traps($host);
		nobody_there($host);
		$host->stop;
		$_->stop for values %program;
		must_run('umount', '--lazy', '/run');
	};
}

my @said = $others->dkimpy(map { $_->[1] } @for_others);
for my $one (@for_others) {
	is_deeply([map { $_ + 0 } @{ shift @said }], [1, 1],
	    "dkimpy: $one->[0] verifies");
}
done_testing;
