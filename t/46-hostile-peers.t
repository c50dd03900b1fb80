#!/usr/bin/perl
# What a client of the mail server may say before the message, and what a
# confused or broken mail server may do on the milter's socket.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Signet::Inbound;
use Signet::Util qw(now wait_for slurp);

use constant MEMORY_MOST => 48 << 20;

Signet::Inbound->need;
my $in = Signet::Inbound->new;
my $message = Signet::Inbound::good_message();

is($in->good, '', 'a good message passes');

# --- envelope ---

my @names = ('', '.', '-', '[]', '[192.0.2.1]', '[IPv6:2001:db8::1]',
	'localhost', 'a' x 10_000, 'a.' x 5000, "\xff\xfe", "a b\tc",
	'%{i}.%{h}', "b\xc3\xbccher.example", 'x' x 64 . '.example', '..',
	'192.0.2.1', '<script>', "a\x1b[31m", '"', "a'; drop table message;--",
	'a=b c=d', '*.good.example');
for my $name (@names) {
	(my $shown = substr $name, 0, 40) =~ s/([^ -~])/?/g;
	my $got = eval { $in->send(data => $message, helo => $name,
		name => $name) };
	ok($got && $got->{answer}{action} eq 'continue', "HELO $shown")
	    or diag $@;
	unlike($got->{log}{helo_spf}, qr/pass/, '... never passes');
}
for my $from ('', '<>', 'a', '@', 'a@', '@a', 'a@@b', '"', '"a b"@good.example',
	'a' x 10_000 . '@good.example', 'a@' . 'b.' x 5000 . 'example',
	"\xff\@good.example", "a\@b\xc3\xbccher.example", 'a@[192.0.2.1]',
	'%{i}@good.example', '@x,@y:a@good.example', 'a@xn--.example',
	'a@good.example.', 'postmaster', ('a.' x 200) . 'a@good.example') {
	(my $shown = substr $from, 0, 40) =~ s/([^ -~])/?/g;
	my $got = eval { $in->send(data => $message, from => $from) };
	ok($got && $got->{answer}{action} eq 'continue', "MAIL FROM:<$shown>")
	    or diag $@;
	ok(defined $got->{event}{mail_from}, '... and a fact');
}
{
	my $got = $in->send(data => $message, from => '', helo => '');
	is($got->{log}{dmarc}, 'pass', 'no envelope at all: DKIM counts');
	is($got->{event}{mail_from}, '', 'the null sender is a fact');
	$got = $in->send(data => $message, client => undef);
	is($got->{answer}{action}, 'continue', 'a client without an address');
	$got = $in->send(data => $message, client => '2001:db8::1');
	is($got->{log}{dmarc}, 'pass', 'a client with IPv6');
	$got = $in->send(data => $message, client => 'IPv6:2001:db8::1');
	is($got->{log}{client}, '2001:db8::1', '... as Postfix writes it');
	$got = $in->send(data => $message, client => 'unix');
	is($got->{log}{skipped}, 'local', 'local mail is not checked');
	$got = $in->send(data => $message, mail_args => ['SIZE=99999999999999',
		'BODY=8BITMIME', 'REQUIRETLS', 'X' x 10_000, '=', '']);
	ok($got->{event}{requiretls}{mail_parameter}, 'odd parameters');
}
{
	my @many = map { "user$_\@site.test" } 1 .. 1500;
	my $got = $in->send(data => $message, to => \@many);
	is($got->{event}{rcpt_count}, 1500, '1500 recipients are counted');
	is(scalar @{ $got->{event}{rcpt} }, 1000, '... and 1000 are named');
	my $odd = join '', map { "DKIM-Signature: v=1; a=rsa-sha256; h=from; "
		. "bh=YWJj; b=YWJj; d=" . 'd' x 60 . $_ . '.' . 'e' x 60
		. '.' . 'f' x 60 . '.' . 'g' x 60 . '; s='
		. join('.', ('s' x 60) x 4) . '; i="' . "\x07" x 60 . '"@'
		. "d\n" } 1 .. 200;
	$got = $in->send(data => $odd . $message, to => [map { 'u' x 900
		. "$_\@site.test" } 1 .. 1000]);
	is($got->{event}{rcpt_count}, 1000, 'a fact that is as big as can be');
	cmp_ok(scalar @{ $got->{event}{rcpt} }, '>', 10, '... is kept');
	$got = $in->send(data => $message, to => ['u' x 10_000 . '@site.test',
		"\xff\x01", '', map { 'u' x 900 . "$_\@site.test" } 1 .. 999]);
	is($got->{event}{rcpt_count}, 1002, 'recipients of 10 KB');
}

# --- the order of things ---

sub closed {
	my ($name, $code) = @_;
	# libmilter says nothing to what it does not understand.
	my $on = $in->open;
	$on->{timeout} = 1;
	eval { $code->($on) };
	is($in->good, '', "$name: and then a good one");
	return;
}
closed('connect and close', sub { });
closed('QUIT', sub { $_[0]->quit });
closed('abort without a message', sub { $_[0]->abort for 1 .. 3 });
closed('only HELO', sub { $_[0]->helo('x') for 1 .. 3 });
closed('MAIL before all', sub {
	$_[0]->mail('<a@good.example>');
	$_[0]->header('From', ' a@good.example');
});
closed('end of message before all', sub { $_[0]->eom });
closed('header without MAIL', sub {
	$_[0]->connect('x', '192.0.2.1');
	$_[0]->header('From', ' a@good.example');
	$_[0]->eoh;
	$_[0]->body('x');
	$_[0]->eom;
});
closed('gone in mid-message', sub {
	$_[0]->connect('x', '192.0.2.1');
	$_[0]->helo('x');
	$_[0]->mail('<a@good.example>');
	$_[0]->header('From', ' a@good.example');
});
closed('three connects', sub {
	$_[0]->connect('x', '192.0.2.1') for 1 .. 3;
	$_[0]->mail('<a@good.example>') for 1 .. 3;
	$_[0]->rcpt('<u@site.test>');
	$_[0]->eoh for 1 .. 3;
	$_[0]->eom;
});
closed('no recipient', sub {
	$_[0]->connect('x', '192.0.2.1');
	$_[0]->mail('<a@good.example>');
	$_[0]->eoh;
	$_[0]->eom;
});
closed('an unknown step', sub { $_[0]->send_packet('?', 'x'); });
closed('empty packets', sub { $_[0]->send_packet($_) for qw(C H M R L B D) });
closed('no end of string', sub { $_[0]->send_packet('M', 'abc') });
closed('NUL in a field', sub {
	$_[0]->connect('x', '192.0.2.1');
	$_[0]->mail('<a@good.example>');
	$_[0]->send_packet('L', "From\0 a\@good.example\0 b\@bank.example\0");
	$_[0]->eoh;
	$_[0]->eom;
});
{
	my $on = $in->open;
	my $got;
	for my $i (1 .. 50) {
		$got = $in->send(data => $message, on => $on, again => $i > 1);
		last if $got->{log}{dmarc} ne 'pass';
	}
	is($got->{log}{dmarc}, 'pass', '50 messages on one connection');
	$on->mail('<x@other.example>');
	$on->header('From', ' x@other.example');
	$on->abort;
	$got = $in->send(data => $message, on => $on, again => 1);
	is($got->{log}{dmarc}, 'pass', 'an aborted message leaves nothing');
}

# --- not a milter's peer at all ---

sub raw {
	my ($name, $bytes) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $in->socket =~ s/^unix://r)
	    or return fail("$name: $!");
	syswrite $socket, $bytes;
	shutdown $socket, 1;
	my $end = now() + 10;
	while (now() < $end) {
		my $ready = '';
		vec($ready, fileno $socket, 1) = 1;
		select $ready, undef, undef, 1 or next;
		last unless sysread $socket, my $got, 65536;
	}
	is($in->good, '', "$name: and then a good one");
	return;
}
raw('HTTP', "GET / HTTP/1.0\r\n\r\n");
raw('TLS', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "\xab" x 500);
raw('zeroes', "\0" x 10_000);
raw('ones', "\xff" x 10_000);
raw('a packet of 4 GB', "\xff\xff\xff\xffL");
raw('a packet of 1 GB', "\x40\0\0\0L" . 'x' x 100_000);
raw('length 0', "\0\0\0\0" x 100);
raw('half a packet', "\0\0\0\x0dO\0\0");
raw('an old version', pack 'N/a', 'O' . pack 'N3', 1, 0, 0);
raw('a version to come', pack 'N/a', 'O' . pack 'N3', 99, ~0, ~0);
raw('negotiation twice', (pack 'N/a', 'O' . pack 'N3', 6, 0x1ff, 0x1fffff) x 2);
srand 4711;
raw("random bytes $_", join '', map { chr int rand 256 } 1 .. 5000) for 1 .. 10;

# --- many that say nothing ---

{
	my @silent = map { IO::Socket::UNIX->new(
		Peer => $in->socket =~ s/^unix://r) } 1 .. 100;
	is(scalar(grep { defined } @silent), 100, '100 silent connections');
	is($in->good, '', '... disturb nobody');
	@silent = ();
	my @open = map { $in->open } 1 .. 50;
	$_->connect('x', '192.0.2.1') for @open;
	$_->mail('<a@good.example>') for @open;
	is($in->good, '', '50 messages that stop in the middle neither');
}

SKIP: {
	skip 'sanitizers hold memory of their own', 1 if $in->has_sanitizer;
	cmp_ok($in->memory('VmHWM'), '<', MEMORY_MOST, 'memory was bounded');
}
note 'peak ', $in->memory('VmHWM') >> 10, ' KiB';
is($in->milter->stop, 0, 'ends cleanly');
done_testing;
