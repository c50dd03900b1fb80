#!/usr/bin/perl
# No message makes the milter answer an error by its content: hostile header
# sections and bodies. After each the milter still handles a good message
# right; memory stays bounded; each has one line in the log, and one fact in
# the spool.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Inbound;

# What the milter may hold at most; the worst here, a field of 10 MB, was seen
# to need 21 MiB in all.
use constant MEMORY_MOST => 48 << 20;

Signet::Inbound->need;
my $in = Signet::Inbound->new;
my $usual = "To: u\@site.test\nSubject: x\nMessage-ID: <m\@good.example>\n";

# Sends it, checks what must hold for any message, returns what came.
sub hostile {
	my ($name, %option) = @_;
	my $got = eval { $in->send(%option) };
	my $why = $@;
	ok($got && $got->{answer}{action} =~ /^(?:continue|reply|reject)$/,
	    "$name: answered") or return diag $why || $got->{answer}{action};
	is($in->good, '', "$name: and then a good one");
	return $got;
}

sub from_field {
	my ($value, $name) = @_;
	return hostile($name // "From: $value",
	    data => "From: $value\n$usual\nbody\n");
}

is($in->good, '', 'a good message passes') or BAIL_OUT($in->milter->log);

# --- bytes ---

my %bytes = (
	'8-bit' => "\xff\xfe\x80", 'invalid UTF-8' => "\xc3\x28 \xed\xa0\x80",
	'UTF-8 cut' => "\xe2\x82", 'DEL and controls' => "\x01\x08\x1b[2J\x7f",
	'bare CR' => "a\rb", 'zero width' => "\xe2\x80\x8b",
	'right to left' => "\xe2\x80\xae", 'quotes' => q("\\"\\;=()<>@,),
);
for my $kind (sort keys %bytes) {
	my $odd = $bytes{$kind};
	my $got = hostile("$kind everywhere", helo => "h$odd.example",
	    from => "a$odd\@good.example", to => ["r$odd\@site.test"],
	    data => "From: $odd <a\@good.example>\nTo: $odd\nSubject: $odd\n"
		. "Message-ID: <$odd>\nX-$odd: $odd\n"
		. "DKIM-Signature: v=1; d=$odd; s=$odd; b=$odd\n\n$odd\n");
	unlike($got->{results}, qr/[\x00-\x08\x0b-\x1f\x7f]/,
	    "$kind: the field is clean");
}
# What one mail server takes for the end of a message (CVE-2023-51764 and its
# like) is text to us, whichever way it is written.
subtest 'item_33_one_message_is_one' => sub {
	for my $end ("\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r",
		"\r\n\0.\r\n", "\r\n.\r\n") {
		(my $shown = $end) =~ s/([^.])/sprintf '\\x%02x', ord $1/ge;
		my $before = () = $in->milter->log =~ /: client=/g;
		my $got = $in->send(data => Signet::Inbound::good_message()
		    . "x${end}MAIL FROM:<a\@bank.example>\r\nRCPT TO:"
		    . "<u\@site.test>\r\nDATA\r\nFrom: a\@bank.example"
		    . "\r\n\r\nx\r\n");
		is($got->{answer}{action}, 'continue', "$shown: answered");
		is($got->{event}{from_domain}, 'good.example',
		    '... its author is the first');
		is_deeply([map { $_->{result} } @{ $got->{event}{dkim} }],
		    ['fail'], '... and the signature is broken');
		my $after = () = $in->milter->log =~ /: client=/g;
		is($after - $before, 1, '... one message');
	}
};
# What is no line end is marked, in whatever part it comes; what is, is not.
subtest 'item_33_bare_newlines_are_marked' => sub {
	for my $case (['', "x\r\n.\r\n"], ['bare LF', "\n.\r\n"],
		['bare LF', "\r\n.\n"], ['bare CR', "\r.\r\n"],
		['bare CR', "\r\n.\r"], ['bare CR and bare LF', "\n.\r"],
		['', "x\r", "\ny\r\n"], ['bare CR', "x\r", "y\r\n"]) {
		my ($mark, @chunks) = @$case;
		my $id = Signet::Inbound::next_id();
		my $on = $in->open;
		$on->connect('mail.good.example', '192.0.2.1');
		$on->helo('mail.good.example');
		$on->mail('<a@good.example>');
		$on->rcpt('<u@site.test>');
		$on->header('From', " a\@good.example");
		$on->header('X-Folded', " a\n\tb");
		$on->eoh;
		$on->body($_) for @chunks;
		$on->macros(E => { i => $id });
		my $results = Signet::Inbound::results_of($on->eom);
		my ($is) = $results =~ /;\s+x-bare-newline=fail \(([^()]*)\)/;
		(my $shown = "@chunks") =~ s/([\r\n])/sprintf '\\x%02x', ord $1/ge;
		is($is // '', $mark, "$shown: "
		    . ($mark ? "marked: $mark" : 'not marked')) or diag $results;
		is($in->log_of($id)->{action}, 'accept', '... and accepted');
	}
};
for my $case (['NUL in the body', "a\0b\0"], ['bare CR in the body', "a\rb\r"],
	['bare LF', "a\nb\n"], ['no line end', 'abc'], ['one byte', 'x'],
	['CR alone', "\r"], ['only line ends', "\r\n" x 50],
	['no body', undef]) {
	my ($name, $body) = @$case;
	my $id = Signet::Inbound::next_id();
	my $on = $in->open;
	$on->connect('mail.good.example', '192.0.2.1');
	$on->helo('mail.good.example');
	$on->mail('<a@good.example>');
	$on->rcpt('<u@site.test>');
	my ($fields) = Signet::Milter::split_message(
	    Signet::Inbound::good_message());
	$on->header(@$_) for @$fields;
	$on->eoh;
	$on->body($body) if defined $body;
	$on->macros(E => { i => $id });
	is($on->eom->{action}, 'continue', "$name: answered");
	is($in->log_of($id)->{dkim}, 'fail:good.example',
	    "$name: another body");
	is($in->good, '', "$name: and then a good one");
}

# --- shape of the header section ---

for my $case (
	['no header at all', "\nbody\n"], ['nothing at all', ''],
	['no From', "$usual\nbody\n"],
	['an empty From', "From:\n$usual\n\n"],
	['50 From', join('', map { "From: a$_\@d$_.example\n" } 1 .. 50)
	    . "$usual\n\n"],
	['two From of one author', "From: a\@good.example\n" x 2 . "\n"],
	['5000 authors', 'From: ' . join(",\n ",
		map { "a$_\@d$_.example" } 1 .. 5000) . "\n$usual\n"],
	['100000 fields', join('', map { "X-$_: $_\n" } 1 .. 100_000)
	    . "From: a\@good.example\n\n"],
	['a header of 10 MB', join('', map { "X-$_: " . 'y' x 990 . "\n" }
		1 .. 10_500) . "From: a\@good.example\n\n"],
	['a field of 900 KB', 'Subject: ' . 'y' x 900_000
	    . "\nFrom: a\@good.example\n\n"],
	['a From of 900 KB', 'From: ' . '(' x 450_000 . ')' x 449_000
	    . " a\@good.example\n\n"],
	['a field of 10 MB', 'Subject: ' . 'y' x 10_000_000
	    . "\nFrom: a\@good.example\n\n"],
	['a name of 900 KB', 'X' x 900_000 . ": y\nFrom: a\@good.example\n\n"],
	['a header of folding', "X: " . "\n " x 100_000
	    . "\nFrom: a\@good.example\n\n"],
) {
	my ($name, $data) = @$case;
	my $got = hostile($name, data => $data);
	isnt($got->{log}{dmarc}, 'pass', "$name: no author passes")
	    if $name =~ /From|nothing|no header|authors/;
}

# --- who wrote it ---

# Each could show a reader somebody else than a verifier sees.
my @tricks = (
	'a@good.example, b@bank.example',		# A8 to A14
	"a\@good.example\nFrom: b\@bank.example",
	"b\@bank.example\nFrom: a\@good.example",
	"b\@bank.example\nfrom : a\@good.example",
	"b\@bank.example\n" . 'X-A: ' . "\nFROM:a\@good.example",
	'<b@bank.example>a@good.example',
	'b@bank.example <a@good.example>, ',
	'=?utf-8?b?YkBiYW5rLmV4YW1wbGU=?=',		# A15 to A19
	'=?utf-8?q?b=40bank.example?= <a@good.example> <b@bank.example>',
	'<@bank.example,@x.example:a@good.example>',
	'<@bank.example:b@bank.example>',
	'"b\@bank.example" a@good.example',
	'<b@bank.example(.good.example)>',
	'<b@bank.example(a@good.example)>',
	'b@bank.example,a@good.example(x)',
	"<b\@bank.example\0a\@good.example>",
	'<a@good.example> b@bank.example',
	'group: b@bank.example;',
	'group:;',
	'a@good.example; b@bank.example',
	'a@good.example b@bank.example',
	'a@[192.0.2.1]', 'a@', '@good.example', 'a', '<>', '<<a@good.example>>',
	'a@good.example@bank.example', '"a@good.example"@bank.example',
	'a@good..example', 'a@.good.example', 'a@-good.example',
	'a@xn--\xff.example', "a\@g\xc3\xb6od.example",
	'=?x?b?' . 'QUFB' x 20_000 . '?= <b@bank.example>',
	'=?utf-8?q?=0Aa=40good.example?= <b@bank.example>',
	'=?' x 3000 . ' <b@bank.example>',
	'"' . '\\"' x 3000 . ' <b@bank.example>',
	'(' x 2000 . 'a@good.example',
	'a@' . 'x.' x 2000 . 'example',
);
for my $value (@tricks) {
	my $short = length $value > 60 ? substr($value, 0, 60) . '...' : $value;
	$short =~ s/[^ -~]/?/g;
	my $got = hostile("From: $short", data => "From: $value\n$usual\n.\n");
	isnt($got->{log}{dmarc}, 'pass', "From: $short: passes for nobody")
	    or diag explain $got->{log};
}

# A second author where the bounds on the header section leave it out.
for my $case (['2100 fields', join '', map { "X-$_: $_\n" } 1 .. 2100],
	['2 MB', join '', map { "X-$_: " . 'y' x 90_000 . "\n" } 1 .. 22],
	['a field of 2 MB', 'X: ' . 'y' x 2_000_000 . "\n"]) {
	my ($what, $between) = @$case;
	for my $order ([qw(a@good.example b@bank.example)],
		[qw(b@bank.example a@good.example)]) {
		my $got = hostile("two authors with $what between",
		    data => "From: $order->[0]\n${between}From: "
			. "$order->[1]\n$usual\n.\n");
		isnt($got->{log}{dmarc}, 'pass', '... pass for nobody')
		    or diag explain $got->{log};
	}
}

# --- sizes of the body ---

{
	my $message = Signet::Inbound::good_message();
	my $got = hostile('a body of 25 MiB',
	    data => $message . ("x" x 1022 . "\r\n") x 25_600);
	is($got->{log}{dkim}, 'fail:good.example', 'another body');
	cmp_ok($got->{event}{size}, '>', 25 << 20, 'its size is a fact');
}

SKIP: {
	skip 'sanitizers hold memory of their own', 1 if $in->has_sanitizer;
	cmp_ok($in->memory('VmHWM'), '<', MEMORY_MOST,
	    'memory was bounded all the time');
}
note 'peak ', $in->memory('VmHWM') >> 10, ' KiB, now ',
    $in->memory('VmRSS') >> 10;
my @errors = grep { / (?:error|warning)|libmilter|st_/i
    && !/: client=/ } split /\n/, $in->milter->log;
is("@errors", '', 'no other complaint in the log');
is($in->milter->stop, 0, 'ends cleanly');
done_testing;
