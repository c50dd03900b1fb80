#!/usr/bin/perl
# Messages that mail servers change on their way: a real Postfix has them
# signed and sends them over SMTP to a second one; what arrives there
# verifies, with our verifier and with dkimpy, in each canonical form.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;
use Signet::Postfix;
use Signet::Sign;
use Signet::Signer;
use Signet::Smtp;
use Signet::Util qw(need_programs run_with_input skip_or_fail temp_dir);

Signet::Signer->need;
need_programs('openssl', 'postfix', '/usr/bin/python3');

my %key = (s1 => Signet::Sign->key('rsa', 2048),
	s2 => Signet::Sign->key('ed25519'));
my $signer = Signet::Signer->new(keys => { 'example.com' => \%key });
my $receiver = Signet::Postfix->new(host => 'mx.other.test',
	domains => ['other.test'], main => { header_size_limit => 500000 });
my $sender = Signet::Postfix->new(milters => $signer->socket,
	domains => ['other.test'], main => {
		default_transport => 'smtp:[127.0.0.1]:' . $receiver->port,
		relay_transport => 'smtp:[127.0.0.1]:' . $receiver->port,
		smtp_host_lookup => 'native', header_size_limit => 500000,
		smtputf8_enable => 'yes',
	});

my $head = "From: Ann <a\@example.com>\nTo: u\@other.test\n"
    . "Date: Sun, 22 Nov 2026 06:00:00 +0000\n"
    . "Message-ID: <1\@example.com>\n";
my $mime = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    . "Content-Transfer-Encoding: 8bit\n";
my %message = (
	'plain' => "${head}Subject: a  test\n\nHello \n\n",
	'no body' => "${head}Subject: empty\n\n",
	'empty lines only' => "${head}Subject: x\n\n\n\n\n",
	'dots' => "${head}Subject: dots\n\n.\n..\n.x\n...\n",
	'8-bit' => "$head${mime}Subject: 8bit\n\ngr\xc3\xbc\xc3\x9fe\xff\n",
	'UTF-8 in the header' => "From: \xc3\x84nn <a\@example.com>\n$mime"
		. "Subject: gr\xc3\xbc\xc3\x9fe\n\ngr\xc3\xbc\xc3\x9fe\n",
	'white space' => "${head}Subject:  x\t \n\t  y \n\n \t\n a  b \t\n \n",
	'folded' => $head . 'References: ' . join("\n ",
		map { "<$_\@example.com>" } 1 .. 40) . "\n\nx\n",
	'no space behind the colon' => "${head}Subject:x\nX-A:y\n\nx\n",
	'nothing but From' => "From: a\@example.com\n\nx\n",
	(map { ("a line of $_ bytes" => "${head}Subject: long\n\n"
		. 'x' x $_ . "\nend\n") } 997, 998, 999, 1995, 1996, 2047, 2048,
		2049, 10000),
	'long lines with spaces' => "${head}Subject: long\n\n"
	    . 'word ' x 1000 . "\n" . 'a . ' x 2000 . "\n",
	'a long header line' => $head . 'Subject: ' . 'word ' x 500
	    . "\n\nx\n",
	'a long header word' => $head . 'Subject: ' . 'y' x 3000
	    . "\n " . 'z' x 1200 . "\n\nx\n",
	'a body without its last line end' => "${head}Subject: cut\n\nx",
);

my $python = <<'END';
import base64, json, sys
import dkim
asked = json.load(sys.stdin)
def txt(name, timeout=5):
    return asked["txt"].get(name.decode().rstrip("."), "").encode()
out = {}
for name, text in asked["messages"].items():
    message = dkim.DKIM(base64.b64decode(text))
    try:
        out[name] = [str(message.verify(i, dnsfunc=txt)) for i in range(2)]
    except Exception as error:
        out[name] = [type(error).__name__ + ": " + str(error)]
json.dump(out, sys.stdout)
END

sub dkimpy {
	my (%text) = @_;
	my ($status, $out, $err) = run_with_input(JSON::PP::encode_json({
		txt => { map { ("$_._domainkey.example.com"
			=> $key{$_}->record) } keys %key },
		messages => { map { ($_ => encode_base64($text{$_}, '')) }
		    keys %text } }), '/usr/bin/python3', '-c', $python);
	$status == 0 or skip_or_fail("python3-dkim, python3-nacl: $err");
	return JSON::PP::decode_json($out);
}

# Queue ids differ at the receiver: its mailbox has one message more.
sub arrived {
	my ($before) = @_;
	my ($new) = Signet::Util::wait_for(30, sub {
		my ($name) = grep { !$before->{$_} } $receiver->mailbox;
		return $name;
	}, sub { "a message at the receiver\n" . $sender->log });
	my ($id) = $new =~ /^([^.]+)\./;
	return $receiver->delivered('u@other.test', $id);
}

sub send_one {
	my ($text, @more) = @_;
	my %before = map { $_ => 1 } $receiver->mailbox;
	my ($reply) = $sender->send(from => 'a@example.com',
		to => 'u@other.test', data => $text, @more);
	like($reply, qr/^250/, 'accepted');
	return arrived(\%before);
}

for my $form (qw(relaxed simple)) {
	$signer->reconfigure(sign => { header_canonicalization => $form,
		body_canonicalization => $form });
	my %text = map { ($_ => send_one($message{$_})) } sort keys %message;
	like($text{'a line of 10000 bytes'}, qr/\n(?:x{998}\n x{997}\n)/,
	    'long lines are broken on the way');
	my $others = dkimpy(%text);
	for my $name (sort keys %text) {
		is_deeply([map { "@$_" } sort { $a->[2] cmp $b->[2] }
			$signer->verdicts($text{$name})],
		    ['pass example.com s1', 'pass example.com s2'],
		    "$form, $name") or diag($text{$name});
		is("@{ $others->{$name} }", 'True True', '... and for dkimpy');
	}
}

# A site whose server breaks no lines says so.
$signer->reconfigure(sign => { line_length_limit => 0 });
$sender->set(smtp_line_length_limit => 0);
my $text = send_one($message{'a line of 10000 bytes'});
is_deeply([map { $_->[0] } $signer->verdicts($text)], ['pass', 'pass'],
    'line_length_limit = 0');
like($text, qr/x{10000}\n/, '... where the line is whole');

done_testing;
