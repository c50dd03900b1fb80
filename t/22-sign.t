#!/usr/bin/perl
# signet-sign, spoken to over the milter protocol: which mail is signed, with
# which key, who may write in whose name, what stops a start, what a reload
# takes over, and what is told of each message.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Signet::Sign;
use Signet::Signer;
use Signet::Util qw(slurp spew wait_for need_programs top_dir);

Signet::Signer->need;
need_programs('openssl');

my $rsa = Signet::Sign->key('rsa', 2048);
my $other = Signet::Sign->key('rsa', 2048, fresh => 1);
my $ed = Signet::Sign->key('ed25519');

sub message {
	my (%field) = @_;
	my $from = delete $field{From} // 'a@example.com';
	return "From: $from\nTo: b\@other.test\nSubject: test\n"
	    . "Date: Sun, 22 Nov 2026 06:00:00 +0000\n"
	    . "Message-ID: <1\@example.com>\n"
	    . join('', map { "$_: $field{$_}\n" } sort keys %field)
	    . "\nHello.\n";
}

# "d/s" of each signature in a message.
sub signers {
	my ($text) = @_;
	my @found;
	while ($text =~ /^DKIM-Signature:((?:.*\n)(?:[ \t].*\n)*)/mg) {
		(my $value = $1) =~ s/\s+//g;
		push @found, join '/', $value =~ /;d=([^;]+);s=([^;]+)/;
	}
	return @found;
}

sub passes {
	my ($s, $text, $name) = @_;
	is_deeply([map { $_->[0] } $s->verdicts($text)],
	    [map { 'pass' } signers($text)], $name);
	return;
}

subtest 'which mail' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { s1 => $rsa } },
		sign => { daemon_names => 'ORIGINATING, other' });
	my $got = $s->send(data => message(), login => 'alice',
	    client => '198.51.100.7');
	is_deeply([signers($got->{text})], ['example.com/s1'], 'a login');
	is($got->{rights} & ~0x11, 0,
	    'nothing is asked for but to add and change fields');
	like($got->{text}, qr/\ADKIM-Signature: v=1;/, 'on top');
	unlike(join('', map { $_->[3] // '' } @{ $got->{answer}{changes} }),
	    qr/\r/, 'lines are folded with a bare line feed');
	passes($s, $got->{text}, 'it verifies');
	is($got->{log}{action}, 'signed', 'log: action');
	is($got->{log}{login}, 'alice', 'log: login');
	is($got->{log}{dkim}, 'rsa-sha256:example.com:s1', 'log: signature');
	is($got->{event}{type}, 'signed', 'event: type');
	is($got->{event}{program}, 'signet-sign', 'event: program');
	is_deeply($got->{event}{signatures}, [{ domain => 'example.com',
		selector => 's1', algorithm => 'rsa-sha256' }],
	    'event: signatures');
	is($got->{event}{login}, 'alice', 'event: login');
	is($got->{event}{client_ip}, '198.51.100.7', 'event: client');
	is($got->{event}{from_domain}, 'example.com', 'event: author');
	is_deeply($got->{event}{rcpt_domains}, ['other.test'],
	    'event: recipients');
	is($got->{event}{message_id}, '<1@example.com>', 'event: Message-ID');
	is($got->{event}{origin}, 'login', 'event: origin');

	$got = $s->send(data => message(), client => '198.51.100.7');
	is_deeply([signers($got->{text})], [], 'a stranger');
	is($got->{log}{why}, 'not_ours', '... and why');
	is($got->{event}, undef, '... is no fact about us');
	$got = $s->send(data => message(), client => '198.51.100.7',
	    daemon => 'ORIGINATING');
	is_deeply([signers($got->{text})], ['example.com/s1'],
	    'a service by its name');
	$got = $s->send(data => message(), client => undef,
	    name => 'unknown');
	is($got->{log}{why}, 'not_ours', 'a client that nobody knows');
	for my $client ('127.0.0.1', '::1', 'unix', undef) {
		$got = $s->send(data => message(), client => $client,
		    name => 'localhost');
		is_deeply([signers($got->{text})], ['example.com/s1'],
		    'written here: ' . ($client // 'no client'));
	}
	$got = $s->send(data => message(From => 'x@elsewhere.test'),
	    login => 'alice');
	is($got->{log}{why}, 'no_key', 'a domain without a key');
	is($got->{event}{action}, 'unsigned', '... is a fact');
	is($got->{event}{reason}, 'no_key', '... with its reason');
	$got = $s->send(data => message(), from => '', client => '127.0.0.1');
	is_deeply([signers($got->{text})], ['example.com/s1'],
	    'the null sender: the author counts');
	$s->reconfigure(sign => { networks => '192.0.2.0/24',
		authenticated => 'no', daemon_names => undef });
	$got = $s->send(data => message(), login => 'alice',
	    client => '127.0.0.1');
	is($got->{log}{why}, 'not_ours', 'options take origins away');
	$got = $s->send(data => message(), client => '192.0.2.77');
	is($got->{log}{origin}, 'network', '... and add some');
	$s->reconfigure(sign => { mode => 'test' });
	$got = $s->send(data => message(), client => '192.0.2.77');
	is_deeply([signers($got->{text})], [], 'test mode changes nothing');
	is($got->{log}{action}, 'signed', '... and tells what it would do');
	is($got->{log}{mode}, 'test', '... and that it did not');
	is($s->sign->stop, 0, 'ends cleanly');
};

subtest 'which key' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { b => $rsa, a => $ed },
		    'other.test' => { s1 => $other },
		    'xn--bcher-kva.test' => { s1 => $rsa } });
	my $try = sub {
		my ($from, %more) = @_;
		my $got = $s->send(data => message(From => $from, %more),
		    login => 'alice');
		passes($s, $got->{text}, "$from: verifies")
		    if signers($got->{text});
		return [signers($got->{text})];
	};
	is_deeply($try->('a@example.com'), ['example.com/b', 'example.com/a'],
	    'all selectors of the domain, RSA on top');
	is_deeply($try->('A <A@EXAMPLE.COM>'),
	    ['example.com/b', 'example.com/a'], 'case does not count');
	is_deeply($try->("x\@b\xc3\xbccher.test"), ['xn--bcher-kva.test/s1'],
	    'U-labels');
	is_deeply($try->('a@sub.example.com'), [], 'not for a subdomain');
	is_deeply($try->('a@none.test, b@other.test'), ['other.test/s1'],
	    'several authors: the first with a key');
	is_deeply($try->('a@example.com, b@other.test',
		Sender => 'b@other.test'), ['other.test/s1'],
	    '... Sender says which of them');
	is_deeply($try->('a@none.test', Sender => 'b@other.test'), [],
	    'Sender alone is no author');
	$s->reconfigure(sign => { parent_keys => 'yes' });
	is_deeply($try->('a@x.sub.example.com'),
	    ['example.com/b', 'example.com/a'], 'parent_keys');
	$s->file('rules', <<'END');
# comment
login:robot*    other.test
*.example.com   example.com b   # only one
/^news-[0-9]+@/ other.test
boss@example.com none
none.test       example.com a
END
	$s->reconfigure(sign => { rules => $s->dir . '/rules',
		parent_keys => undef });
	is_deeply($try->('a@x.example.com'), ['example.com/b'], 'wildcard');
	is_deeply($try->('NEWS-12@example.com'), ['other.test/s1'],
	    'expression');
	is_deeply($try->('boss@example.com'), [], 'none');
	is_deeply($try->('b@none.test'), ['example.com/a'], 'exact domain');
	is_deeply($try->('a@example.com'),
	    ['example.com/b', 'example.com/a'], 'no rule: the directory');
	my $got = $s->send(data => message(), login => 'robot7');
	is_deeply([signers($got->{text})], ['other.test/s1'], 'login');
};

subtest "OpenDKIM's tables" => sub {
	my $s = Signet::Signer->new(start => 0);
	mkdir $s->dir . '/kt';
	mkdir $s->dir . "/kt/$_" for qw(pct.test two.test);
	my $pem = slurp($rsa->file);
	spew($s->dir . "/kt/$_", $pem, 0600)
	    for qw(one.private pct.test/s.private two.test/s.private);
	(my $inline = $pem) =~ s/-----[^-]+-----|\s+//g;
	$s->file('KeyTable', join '', "# keys\n\n",
	    "one  example.com:sel:$s->{dir}/kt/one.private\n",
	    "Any  %:any:$s->{dir}/kt/one.private   # author's domain\n",
	    "pct  %:s:$s->{dir}/kt/%/s.private\n",
	    "in   inline.test:s:$inline\n");
	$s->file('SigningTable', <<'END');
*@example.com        one
*@*.example.com      one:%
boss@*               any
*@pct.test           pct
*@two.test           pct
*@three.test         pct
*@inline.test        in
*                    any
END
	$s->configure(sign => { key_table => "refile:$s->{dir}/KeyTable",
		signing_table => "refile:$s->{dir}/SigningTable" });
	$s->start;
	$s->publish("$_", $rsa) for map { "$_" }
	    qw(sel._domainkey.example.com any._domainkey.z.test
	    any._domainkey.example.com
	    s._domainkey.pct.test s._domainkey.two.test
	    s._domainkey.inline.test);
	my $try = sub {
		my ($from) = @_;
		my $got = $s->send(data => message(From => $from),
		    login => 'alice');
		passes($s, $got->{text}, "$from: verifies")
		    if signers($got->{text});
		return ([signers($got->{text})], $got->{text});
	};
	is_deeply([$try->('a@example.com')]->[0], ['example.com/sel'],
	    'a wildcard, the first that matches');
	my ($is, $text) = $try->('a@x.example.com');
	is_deeply($is, ['example.com/sel'], 'a subdomain');
	like($text, qr/i=\@x\.example\.com;/, '... with its i=');
	is_deeply([$try->('boss@z.test')]->[0], ['z.test/any'],
	    '% is the author domain');
	is_deeply([$try->('a@pct.test')]->[0], ['pct.test/s'],
	    '% in the file name');
	is_deeply([$try->('a@two.test')]->[0], ['two.test/s'], '... of each');
	is_deeply([$try->('a@three.test')]->[0], [], '... that has a file');
	is_deeply([$try->('a@inline.test')]->[0], ['inline.test/s'],
	    'a key in the table');
	$s->reconfigure(sign => { multiple_signatures => 'yes' });
	is_deeply([$try->('a@example.com')]->[0],
	    ['example.com/sel', 'example.com/any'], 'MultipleSignatures');
	$s->file('SigningTable', "example.com one\n.example.com one\n"
	    . "a\@\* any\n");
	$s->reconfigure(sign => { multiple_signatures => undef,
		key_table => "file:$s->{dir}/KeyTable",
		signing_table => "$s->{dir}/SigningTable" });
	is_deeply([$try->('q@example.com')]->[0], ['example.com/sel'],
	    'a plain file: the host');
	is_deeply([$try->('q@deep.x.example.com')]->[0],
	    ['example.com/sel'], '... a parent');
	is_deeply([$try->('a@z.test')]->[0], ['z.test/any'], '... user@*');
	is_deeply([$try->('q@z.test')]->[0], [], '... nothing else');
};

subtest 'how it is signed' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { s1 => $rsa } });
	my $got = $s->send(data => message(), login => 'a');
	my ($value) = $got->{text} =~ /\ADKIM-Signature:((?:.*\n)(?:\s.*\n)*)/;
	$value =~ s/\s+//g;
	like($value, qr/c=relaxed\/relaxed;/, 'relaxed/relaxed');
	unlike($value, qr/;l=/, 'never l=');
	unlike($value, qr/;i=/, 'no i=');
	my ($t, $x) = $value =~ /;t=(\d+);x=(\d+);/;
	is($x - $t, 14 * 86400, 'expires after 14 days');
	like($value, qr/h=(?:[^;]*:)?From:From:/i, 'From is oversigned');
	$s->reconfigure(sign => { expiry => 0, identity => 'author',
		header_canonicalization => 'simple',
		body_canonicalization => 'simple' });
	$got = $s->send(data => message(), login => 'a');
	passes($s, $got->{text}, 'simple/simple verifies');
	($value) = $got->{text} =~ /\ADKIM-Signature:((?:.*\n)(?:\s.*\n)*)/;
	$value =~ s/\s+//g;
	like($value, qr/c=simple\/simple;/, 'simple/simple');
	unlike($value, qr/;x=/, 'no expiry');
	like($value, qr/;i=a\@example\.com;/, 'i= is the author');
	$s->reconfigure(sign => { identity => 'domain' });
	$got = $s->send(data => message(), login => 'a');
	like($got->{text}, qr/\bi=\@example\.com;/, 'i= is the domain');
	# a message that was signed before
	my $old = $rsa->sign(message(), d => 'example.com', s => 's1');
	$old = $rsa->sign($old, d => 'third.test', s => 'x');
	my $foreign = 'DKIM-Signature: broken, not ours';
	$old = "$foreign\n$old";
	for my $case ([undef, ['example.com/s1', '/', 'third.test/x']],
		['none', ['example.com/s1', '/', 'third.test/x',
			'example.com/s1']], ['all', ['example.com/s1']]) {
		my ($how, $want) = @$case;
		$s->reconfigure(sign => { remove_signatures => $how });
		$got = $s->send(data => $old, login => 'a');
		is_deeply([map { $_ || '/' } signers($got->{text})], $want,
		    'remove_signatures = ' . ($how // 'ours'));
	}
	$got = $s->send(data => $old =~ s/a\@example\.com/a\@none.test/r,
	    login => 'a');
	is(scalar @{ $got->{answer}{changes} }, 0,
	    'what is not signed keeps what it has');
};

subtest 'lists' => sub {
	my $s = Signet::Signer->new(
		keys => { 'lists.test' => { s1 => $rsa } });
	my $data = message(From => 'x@far.test',
	    'List-Id' => 'News <news.lists.test>');
	my $got = $s->send(data => $data, from => 'news-bounces@lists.test',
	    client => '127.0.0.1');
	is_deeply([signers($got->{text})], [], 'off by default');
	$s->reconfigure(sign => { resign => 'lists' });
	$got = $s->send(data => $data, from => 'x@elsewhere.test',
	    client => '127.0.0.1');
	is_deeply([signers($got->{text})], ['lists.test/s1'],
	    "by the list's name");
	passes($s, $got->{text}, 'verifies');
	$got = $s->send(data => message(From => 'x@far.test',
		'List-Id' => '<a.b>', Sender => 'news@lists.test'),
	    client => '127.0.0.1');
	is_deeply([signers($got->{text})], ['lists.test/s1'], 'by Sender');
	$got = $s->send(data => message(From => 'x@far.test',
		'List-Id' => '<a.b>'), from => 'n-bounces@lists.test',
	    client => '127.0.0.1');
	is_deeply([signers($got->{text})], ['lists.test/s1'], 'by MAIL FROM');
	$got = $s->send(data => message(From => 'x@far.test'),
	    from => 'n-bounces@lists.test', client => '127.0.0.1');
	is_deeply([signers($got->{text})], [], 'only mail of lists');
};

subtest 'ARC' => sub {
	my $s = Signet::Signer->new(
		keys => { 'site.test' => { arc => $rsa } },
		sign => { arc_domain => 'site.test' });
	my $results = 'mx.site.test; dkim=pass header.d=far.test; arc=none';
	my $data = message(From => 'x@far.test',
	    'Authentication-Results' => $results);
	my $got = $s->send(data => $data, client => '198.51.100.9');
	my @new = map { $_->[2] } @{ $got->{answer}{changes} };
	is_deeply(\@new, ['ARC-Authentication-Results',
		'ARC-Message-Signature', 'ARC-Seal'], 'three fields');
	is($got->{log}{arc}, 1, 'log: the instance');
	is($got->{event}{arc_instance}, 1, 'event: the instance');
	my $file = $s->file('arc.eml', $got->{text});
	is($s->explain_milter($file)->{arc}{result}, 'pass',
	    'the chain verifies');
	(my $second = $got->{text}) =~
	    s/^(Authentication-Results:.*)arc=none/$1arc=pass/m;
	$got = $s->send(data => $second, client => '198.51.100.9');
	is($got->{log}{arc}, 2, 'a second set');
	$got = $s->send(data => $data, login => 'alice');
	is($got->{log}{arc}, undef, 'not what a login submits');
	$got = $s->send(data => message(From => 'x@far.test'),
	    client => '198.51.100.9');
	is($got->{log}{arc}, undef, 'not without our results');
	$got = $s->send(data => $data =~ s/mx\.site\.test;/mx.far.test;/r,
	    client => '198.51.100.9');
	is($got->{log}{arc}, undef, "not with others' results");
};

subtest 'who may write in whose name' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { s1 => $rsa } },
		files => { senders => <<'END' },
# address  logins
a@example.com   alice, bob
@example.com
	carol
B@Example.com   dave
END
		sign => { recipient_delimiter => '+',
		    sender_exempt => 'root' });
	$s->reconfigure(sign => { sender_table => "$s->{dir}/senders" });
	my $try = sub {
		my ($login, $from, %option) = @_;
		return $s->send(login => $login,
		    data => message(From => $from), %option);
	};
	for my $good ([alice => 'a@example.com'], [ALICE => 'A@example.com'],
		[bob => 'a@example.com'], [carol => 'x@example.com'],
		[dave => 'b@example.com'], [alice => 'a+x@example.com'],
		[root => 'anybody@else.test']) {
		my $got = $try->(@$good);
		is($got->{answer}{action}, 'continue', "@$good: accepted");
	}
	for my $bad ([bob => 'b@example.com'], [alice => 'x@example.com'],
		[carol => 'a@example.com'], [carol => 'x@else.test'],
		[alice => 'a@example.com, x@example.com'],
		[alice => 'a@example.com <x@example.com>']) {
		my $got = $try->(@$bad);
		like($got->{answer}{text} // '',
		    qr/^550 5\.7\.1 Sender address rejected: \S+.*\b$bad->[0]\b/,
		    "@$bad: refused");
		is($got->{log}{action}, 'rejected', '... log');
		is($got->{event}{action}, 'rejected', '... event');
	}
	my $got = $s->send(data => message(From => 'x@example.com'),
	    client => '127.0.0.1');
	is($got->{log}{action}, 'signed', 'no login, no rule');
	is($try->(alice => 'a@example.com', from => 'z@example.com')
	    ->{log}{action}, 'signed', 'MAIL FROM does not count');
	$s->reconfigure(sign => { sender_envelope => 'yes' });
	is($try->(alice => 'a@example.com', from => 'z@example.com')
	    ->{log}{action}, 'rejected', '... unless it is told to');
	is($try->(alice => 'a@example.com', from => '')->{log}{action},
	    'signed', '... but for the null sender');
	$s->reconfigure(sign => { sender_mismatch => 'unsigned' });
	$got = $try->(bob => 'b@example.com');
	is($got->{log}{action}, 'unsigned', 'sender_mismatch = unsigned');
	is($got->{log}{why}, 'sender_mismatch', '... why');
	$s->reconfigure(sign => { sender_mismatch => 'accept' });
	$got = $try->(bob => 'b@example.com');
	is($got->{log}{action}, 'signed', 'sender_mismatch = accept');
	is($got->{log}{why}, 'sender_mismatch', '... is told all the same');
	$got = $try->("b%s\xc3\xbc\r\n<x>" => 'b@example.com');
	is($got->{answer}{action}, 'continue', 'a strange login');
};

# Two tenants of one host (CVE-2024-7208, CVE-2024-7209).
subtest 'item_34_only_in_ones_own_name' => sub {
	my $s = Signet::Signer->new(
		keys => { 'a.test' => { s1 => $rsa },
		    'b.test' => { s1 => $other } },
		files => { senders => "\@a.test ann\n\@b.test bob\n" });
	$s->reconfigure(sign => { sender_table => "$s->{dir}/senders" });
	for my $from ('x@b.test', 'X@B.TEST', 'x@b.test.', '"x"@b.test',
		'x@(c)b.test', 'x@a.test, x@b.test', 'x@b.test, x@a.test',
		'"x@a.test" <x@b.test>', 'x@b.test <x@a.test>',
		'<@a.test:x@b.test>', 'a: x@b.test;',
		"x\@b.test\nFrom: x\@a.test", "x\@a.test\nFrom: x\@b.test") {
		for my $mail_from ('x@a.test', 'x@b.test') {
			my $got = $s->send(data => message(From => $from),
			    login => 'ann', from => $mail_from);
			(my $shown = $from) =~ s/\n/ | /g;
			is(join(' ', grep { m{^b[.]test/} }
				signers($got->{text})), '',
			    "$shown, MAIL FROM:<$mail_from>");
		}
	}
	my $got = $s->send(data => message(From => 'x@a.test',
		Sender => 'x@b.test', 'Reply-To' => 'x@b.test'),
	    login => 'ann', from => 'x@b.test');
	is_deeply([signers($got->{text})], ['a.test/s1'],
	    'Sender and MAIL FROM choose nothing');
	$got = $s->send(data => message(From => 'x@b.test'), login => 'bob');
	is_deeply([signers($got->{text})], ['b.test/s1'], 'its owner does');
};

subtest 'item_35_who_reaches_the_socket' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { s1 => $rsa } },
		sign => { socket_mode => undef });
	my $path = $s->socket =~ s/^unix://r;
	is(sprintf('%04o', (stat $path)[2] & 07777), '0660',
	    'the socket is for owner and group');
	my $got = $s->send(data => message(), client => '198.51.100.7');
	is_deeply([signers($got->{text})], [],
	    'who is neither logged in nor ours gets nothing');
	for my $open ('inet:8891@0.0.0.0', 'inet6:8891@::',
		'inet:8891@9.9.9.9', 'inet6:8891@2606:4700::1') {
		$s->configure(sign => { listen => $open });
		my ($status, undef, $err) = $s->check;
		isnt($status, 0, "$open is refused");
		like($err, qr/signet\.conf:\d+: listen: .*write unix:/,
		    '... with the remedy');
	}
	for my $near ('inet:8891@127.0.0.1', 'inet:8891@10.0.0.5') {
		$s->configure(sign => { listen => $near });
		is([$s->check]->[0], 0, "$near may be");
	}
};

subtest 'a start with an error' => sub {
	my $s = Signet::Signer->new(start => 0,
	    keys => { 'example.com' => { s1 => $rsa } });
	my $fails = sub {
		my ($pattern, $name, %sign) = @_;
		$s->configure(sign => \%sign);
		my ($status, undef, $err) = $s->check;
		isnt($status, 0, $name);
		like($err, $pattern, '... and says why');
		$s->configure(sign => { map { $_ => undef } keys %sign });
	};
	my $file = $s->key_dir . '/example.com/s1.pem';
	chmod 0644, $file;
	$fails->(qr/\Q$file\E has mode 0644.*chmod 0640 \Q$file\E/,
	    'a key that others can read');
	chmod 0660, $file;
	$fails->(qr/mode 0660.*chmod 0640/, 'a key that a group can change');
	chmod 0640, $file;
	is([$s->check]->[0], 0, 'a key that a group can read is fine');
	chmod 0777, $s->key_dir;
	$fails->(qr/chmod o-w/, 'a directory that others can change');
	chmod 0755, $s->key_dir;
	chown 12345, -1, $file;
	$fails->(qr/belongs to user 12345.*chown root/, "a stranger's key");
	chown 0, -1, $file;
	spew("$file", "no key\n", 0600);
	$fails->(qr/\Q$file\E: /, 'a file without a key');
	spew($file, slurp($rsa->file), 0600);
	mkdir $s->key_dir . '/no domain';
	$fails->(qr/no domain: the name is no domain/, 'a directory that is '
	    . 'no domain');
	rmdir $s->key_dir . '/no domain';
	$s->file('rules', "x.test example.com\n/(/ example.com\n");
	$fails->(qr/rules:2: the expression/, 'a bad expression',
	    rules => "$s->{dir}/rules");
	$s->file('rules', "/(a)\\1/ example.com\n");
	$fails->(qr/back-reference/, 'an expression without a bound',
	    rules => "$s->{dir}/rules");
	$s->file('rules', "x.test none.test\n");
	$fails->(qr/rules:1: there is no key .*signet keys new none\.test/,
	    'a rule for a key that is not there', rules => "$s->{dir}/rules");
	$s->file('rules', "x.test example.com s9\n");
	$fails->(qr{rules:1: there is no key .*/s9\.pem},
	    'a selector that is not there', rules => "$s->{dir}/rules");
	$s->file('rules', "\n\nx.test\n");
	$fails->(qr/rules:3: .*PATTERN DOMAIN/, 'a rule without a domain',
	    rules => "$s->{dir}/rules");
	$s->file('kt', "a example.com:s\n");
	$s->file('st', "* a\n");
	my %tables = (key_table => "$s->{dir}/kt",
	    signing_table => "$s->{dir}/st");
	$fails->(qr/kt:1: .*three parts/, 'a key table line', %tables);
	$s->file('kt', "a example.com:s:/nowhere/x\n");
	$fails->(qr{kt:1: cannot open /nowhere/x}, 'a key that is not there',
	    %tables);
	$s->file('kt', "a example.com:s:$file\n");
	$s->file('st', "x\@y a\n* b\n");
	$fails->(qr/st:2: there is no key "b"/, 'a name that is not there',
	    %tables);
	$fails->(qr/signing_table = FILE/, 'one table alone',
	    key_table => "$s->{dir}/kt");
	$fails->(qr/"mysql" are not read/, 'a table of another kind', %tables,
	    key_table => 'mysql:host');
	$s->file('senders', "a\@example.com alice\n\nb\@example.com\n");
	$fails->(qr/senders:3: "b\@example.com" has no login/,
	    'a sender without a login', sender_table => "$s->{dir}/senders");
	$s->file('senders', "# nobody yet\n");
	$fails->(qr/senders is empty/, 'a table of nobody',
	    sender_table => "$s->{dir}/senders");
	$fails->(qr/signet\.conf:\d+: .*arc_domain/, 'arc_selector alone',
	    arc_selector => 'x');
	$fails->(qr/there is no key .*arc_domain/, 'no key to seal with',
	    arc_domain => 'none.test');
	$fails->(qr/signet\.conf:\d+: .*remove the other/, 'two tables of senders',
	    sender_table => '/x', sender_database => 'yes');
};

subtest 'reload' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { s1 => $rsa } });
	my $try = sub {
		my ($from) = @_;
		return [signers($s->send(login => 'a', data =>
			message(From => $from // 'a@example.com'))->{text})];
	};
	$s->add_keys('example.com' => { s2 => $other });
	is_deeply($try->(), ['example.com/s1'], 'a new key waits');
	like($s->reload, qr/read again/, 'reload');
	is_deeply($try->(), ['example.com/s1', 'example.com/s2'],
	    '... and signs after it');
	my $file = $s->key_dir . '/example.com/s2.pem';
	chmod 0604, $file;
	like($s->reload, qr/not taken over.*s2\.pem has mode 0604/,
	    'a broken one is refused');
	is_deeply($try->(), ['example.com/s1', 'example.com/s2'],
	    '... and the old ones stay');
	unlink $file;
	like($s->reload, qr/read again/, 'a key is taken away');
	is_deeply($try->(), ['example.com/s1'], '... and signs no more');
	unlink $s->key_dir . '/example.com/s1.pem';
	$s->reload;
	is_deeply($try->(), [], 'no key at all');
	like($s->sign->log, qr/there is no key below.*signet keys new/,
	    '... is told');
};

subtest 'keys and the DNS' => sub {
	my $s = Signet::Signer->new(unpublished => 1, ttl => 1,
	    keys => { 'example.com' => { good => $rsa, gone => $ed,
		    wrong => $other, old => $other } },
	    sign => { check_dns => 'skip' },
	    dns => $rsa->zone_line('good._domainkey.example.com')
	    . $rsa->zone_line('wrong._domainkey.example.com')
	    . Signet::Sign::txt_line('old._domainkey.example.com',
		'v=DKIM1; p='));
	my $log = sub { return $s->sign->wait_log($_[0], 30) };
	like($log->(qr/gone\._domainkey/), qr/has no key .*does not sign/,
	    'a key that the DNS lacks');
	like($log->(qr/wrong\._domainkey/), qr/has another key/,
	    'another key');
	like($log->(qr/old\._domainkey/), qr/has no key/, 'a revoked key');
	like($log->(qr/good\._domainkey/), qr/carries the key/,
	    'one that is there');
	my $got = $s->send(data => message(), login => 'a');
	is_deeply([signers($got->{text})], ['example.com/good'],
	    'signs with what the DNS carries');
	# DNS that cannot be asked changes nothing
	$s->reconfigure(sign => { check_dns_interval => '1s' });
	$s->dns->table("* * \@servfail\n");
	$s->dns->forget;
	wait_for(30, sub {
		$s->dns->count('good._domainkey.example.com', 'TXT') > 1;
	}, 'asked again');
	$got = $s->send(data => message(), login => 'a');
	is_deeply([signers($got->{text})], ['example.com/good'],
	    'no answer: as before');
	$s->dns->table($other->zone_line('wrong._domainkey.example.com'));
	$log->(qr/carries the key wrong\._domainkey/);
	$log->(qr/has no key good\._domainkey/);
	$got = $s->send(data => message(), login => 'a');
	is_deeply([signers($got->{text})], ['example.com/wrong'],
	    'asked again, and changed');
	$s->dns->table('');
	wait_for(30, sub {
		$got = $s->send(data => message(), login => 'a');
		!signers($got->{text});
	}, 'no key is left');
	is($got->{log}{why}, 'key_not_in_dns', 'no key is left: unsigned');
	$s->reconfigure(sign => { check_dns => 'warn' });
	$got = $s->send(data => message(), login => 'a');
	is(scalar(my @all = signers($got->{text})), 4, 'warn: all sign');
	is($s->sign->stop, 0, 'ends cleanly');
};

subtest 'a DNS that is silent delays nothing' => sub {
	my $s = Signet::Signer->new(unpublished => 1,
	    keys => { 'example.com' => { s1 => $rsa } },
	    sections => { dns => { timeout => '60s' } },
	    sign => { check_dns => 'skip' }, dns => "* * \@silence\n");
	# an answer of the DNS would be waited for a minute
	my $got = $s->send(data => message(), login => 'a');
	is_deeply([signers($got->{text})], ['example.com/s1'],
	    'signed before the DNS has said anything');
	cmp_ok($got->{log}{ms}, '<', 5000, '... at once');
};

subtest 'what cannot be signed' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { s1 => $rsa } });
	for my $case (['no From', "To: x\@y.test\n\nx\n", 'no_from'],
		['two From', "From: a\@example.com\n" . message(),
		    'from_ambiguous'],
		['a From in doubt', message(
			From => 'a@bank.test <a@example.com>'),
		    'from_ambiguous'],
		['a group', message(From => 'x:;'), 'no_from'],
		['more fields than h= may name', "Subject: x\n" x 300
		    . message(), 'cannot_be_signed'],
		['more header than is kept', "X: y\n" x 3000 . message(),
		    'from_ambiguous']) {
		my ($name, $data, $why) = @$case;
		my $got = $s->send(data => $data, login => 'a');
		is($got->{answer}{action}, 'continue', "$name: goes on");
		is($got->{log}{action}, 'unsigned', '... unsigned');
		is($got->{log}{why}, $why, '... and why');
	}
	my $got = $s->send(data => message(), login => 'a');
	passes($s, $got->{text}, 'a good one is signed after all this');
	is($s->sign->stop, 0, 'ends cleanly');
};

subtest 'signet explain-sign' => sub {
	my $s = Signet::Signer->new(start => 0,
	    keys => { 'example.com' => { s1 => $rsa } },
	    files => { senders => "a\@example.com alice\n" });
	$s->configure(sign => { sender_table => "$s->{dir}/senders" });
	my ($status, $out, $err) = $s->explain(message(), '--login', 'alice');
	is($status, 0, 'decided') or diag $err;
	like($out, qr/^origin +login$/m, 'whose mail');
	like($out, qr/^sender +alice may write so$/m, 'who may write');
	like($out, qr/^key +d=example\.com s=s1 rsa 2048 bits, \S+s1\.pem: the DNS carries it$/m,
	    'which key');
	like($out, qr/^DKIM-Signature: v=1/m, 'the field');
	($status, $out) = $s->explain(message(), '--login', 'bob');
	like($out, qr/^sender +bob does not own a\@example\.com$/m,
	    'who may not');
	like($out, qr/^action +rejected$/m, 'what would be done');
	($status, $out) = $s->explain(message(), '--client', '192.0.2.1');
	like($out, qr/^why +not_ours$/m, 'not ours');
	($status, $out) = $s->explain(message(), '--login', 'alice',
	    '--json');
	like($out, qr/^\{"v":1,"type":"signed".*"action":"signed"/, 'as JSON');
	($status, $out, $err) = $s->explain(message(), '--client', 'x');
	is($status, 2, 'no address');
	like($err, qr/--client x is no address/, '... is told');
};

subtest 'metrics' => sub {
	my $s = Signet::Signer->new(
		keys => { 'example.com' => { s1 => $rsa, s2 => $ed } });
	$s->send(data => message(), login => 'a') for 1 .. 3;
	$s->send(data => message(From => 'x@none.test'), login => 'a');
	$s->sign->wait_log(qr/carries the key s2/);
	my $socket = IO::Socket::UNIX->new(Peer => $s->metrics)
	    or die "metrics: $!\n";
	syswrite $socket, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	my $out = do { local $/; <$socket> };
	my %type = $out =~ /^# TYPE (\S+) (\S+)$/mg;
	my %page = slurp(top_dir() . '/docs/metrics.md')
	    =~ /^\| `(signet_sign_\w+)` \| (\w+) \|/mg;
	is_deeply(\%type, \%page, 'page and program have the same metrics');
	for my $line ('signet_sign_messages_total{action="signed",'
		. 'origin="login"} 3',
		'signet_sign_messages_total{action="unsigned",'
		. 'origin="login"} 1',
		'signet_sign_signatures_total{algorithm="ed25519-sha256"} 3',
		'signet_sign_keys{dns="good"} 2',
		'signet_sign_senders_age_seconds -1') {
		like($out, qr/^\Q$line\E$/m, $line);
	}
};

done_testing;
