#!/usr/bin/perl
# What we sign and seal verifies with others: dkimpy, Mail::DKIM and, where
# it is installed, opendkim. Messages of many shapes, each canonical form,
# RSA and Ed25519 on one message.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use Test::More;
use Signet::Probe;
use Signet::Sign;
use Signet::Util qw(find_program need_programs run_command run_with_input
    skip_or_fail slurp spew temp_dir);

need_programs('/usr/bin/python3', 'openssl');
eval { require Mail::DKIM::Verifier; require Mail::DKIM::ARC::Verifier;
	require Net::DNS; 1 } or skip_or_fail("libmail-dkim-perl: $@");

my $now = time;
my @forms = qw(relaxed/relaxed relaxed/simple simple/relaxed simple/simple);
my %key = (rsa => Signet::Sign->key('rsa', 2048),
	ed25519 => Signet::Sign->key('ed25519'));
my @kinds = map { my $form = $_; map { [$form, $_] } qw(rsa ed25519) } @forms;

# --- messages ---

srand 20260101;

sub one_of { return $_[rand @_] }

sub header {
	my @name = ('To', 'Cc', 'Subject', 'subject', 'Date', 'X-Other',
		'Message-ID', 'Content-Type', 'List-Id', 'Resent-From',
		'Received', 'Sender', 'MIME-Version', 'In-Reply-To');
	my @fold = (' ', '  ', "\t", "\r\n ", "\r\n\t", "\r\n   \t ");
	my @word = ('word', 'x' x 90, "\xc3\xb6\xc3\xa4", "\xff", '"q; r"',
		'=?utf-8?q?=C3=B6?=', 'b=', '<a@example.com>', 'a:b', '(c)');
	my $text = '';
	for (1 .. rand 12) {
		$text .= one_of(@name) . ':' . one_of('', ' ', '  ');
		$text .= one_of(@word) . one_of(@fold) for 0 .. rand 6;
		$text .= "z\r\n";
	}
	# a third of them with the space that most writers put there
	$text =~ s/^([\w-]+:)[ \t]*(?:\r\n[ \t]+)*/$1 /gm if rand 3 < 1;
	return "From: Ann <ann\@example.com>\r\n$text"
	    . one_of('', "Subject:\r\n");
}

sub body {
	my @piece = ("\r\n", "\r\n\r\n", ' ', "\t", 'word', " \r\n", "\t \r\n",
		'.', "\r\n.\r\n", "\xc3\xb6", "\xff\xfe", 'y' x 1200,
		' ' x 80, "From you\r\n");
	my $text = join '', map { one_of(@piece) } 0 .. rand 40;
	return one_of('', "\r\n" x (1 + rand 5), ("$text\r\n") x 6);
}

my @messages = map { header() . "\r\n" . body() } 1 .. 60;
push @messages, "From: ann\@example.com\r\n\r\n",
    "From: ann\@example.com\r\n\r\n\r\n",
    "From: ann\@example.com\r\n\r\n \r\n\r\n",
    "From: ann\@example.com\r\nSubject:x\r\n\r\n" . "long " x 20000 . "\r\n",
    "From: =?utf-8?q?J=C3=B6rg?= <j\xc3\xb6rg\@example.com>\r\n"
    . "Subject: gr\xc3\xbc\xc3\x9fe\r\n\r\ngr\xc3\xbc\xc3\x9fe\r\n";

# --- ours ---

my @wishes = map { my ($form, $type) = @{ $kinds[$_] };
	("key$_" => slurp($key{$type}->file), "selector$_" => "s$_",
	    "canon$_" => $form) } 0 .. $#kinds;
my @signed = Signet::Probe::ask(map { ['sign', message => $_, now => $now,
	domain => 'example.com', lifetime => 86400, @wishes] } @messages);
my %txt = map { ("s$_._domainkey.example.com" => $signed[0]{"record$_"}) }
    0 .. $#kinds;
is($txt{'s0._domainkey.example.com'}, $key{rsa}->record,
    'the RSA record is what openssl makes of the key');
is($txt{'s1._domainkey.example.com'}, $key{ed25519}->record,
    'the Ed25519 record is what openssl makes of the key');

# Chains of three hops; readers of seals know RSA alone.
my @chains = ([map { $_->{signed} } @signed]);
for my $hop (1 .. 3) {
	my @request = (now => $now, key0 => slurp($key{rsa}->file),
		selector0 => 's', domain => "hop$hop.example",
		results => "hop$hop.example;\r\n\tdkim=pass header.d=example.com",
		zone => join '', map { Signet::Probe::zone_name($_) . ' TXT '
			. Signet::Probe::zone_strings($txt{$_}) . "\n" }
		    sort keys %txt);
	my @sealed = Signet::Probe::ask(map { ['seal', message => $_,
		@request] } @{ $chains[-1] });
	is((grep { !defined $_->{sealed} } @sealed), 0, "hop $hop seals all");
	push @chains, [map { $_->{sealed} } @sealed];
	$txt{"s._domainkey.hop$hop.example"} = $sealed[0]{record0};
}

# --- dkimpy ---

my $python = <<'END';
import base64, json, sys
try:
    import dkim
    import nacl
except ImportError as error:
    sys.exit(str(error))
asked = json.load(sys.stdin)
def txt(name, timeout=5):
    return asked["txt"].get(name.decode().rstrip("."), "").encode()
def dkim_of(message, n):
    signed = dkim.DKIM(message)
    return [str(signed.verify(i, dnsfunc=txt)) for i in range(n)]
def arc_of(message):
    cv, results, reason = dkim.ARC(message).verify(dnsfunc=txt)
    return [cv.decode() if cv else "none", reason]
out = []
for m in asked["messages"]:
    m = base64.b64decode(m)
    try:
        out.append(arc_of(m) if asked["arc"] else dkim_of(m, asked["count"]))
    except Exception as error:
        out.append([type(error).__name__ + ": " + str(error)])
json.dump(out, sys.stdout)
END

sub dkimpy {
	my ($arc, @list) = @_;
	my ($status, $out, $err) = run_with_input(JSON::PP::encode_json({
		arc => $arc, count => scalar @kinds, txt => \%txt,
		messages => [map { encode_base64($_, '') } @list] }),
	    '/usr/bin/python3', '-c', $python);
	return $status == 0 ? JSON::PP::decode_json($out) : $err;
}

# Each message gave what is wanted; the first that did not is shown.
sub all_give {
	my ($what, $want, $got, $list) = @_;
	my @bad = grep { "@{ $got->[$_] }" ne $want } 0 .. $#$list;
	ok(@$got == @$list && !@bad, $what) or diag(@bad
		? "@{ $got->[$bad[0]] }\n$list->[$bad[0]]" : 'no answers');
	return;
}

my $trial = dkimpy(0, $chains[0][0]);
ref $trial or skip_or_fail("python3-dkim, python3-nacl: $trial");
my $passes = join ' ', ('True') x @kinds;
all_give('dkimpy verifies every signature', $passes, dkimpy(0, @{ $chains[0] }),
    $chains[0]);
all_give("dkimpy verifies chains of $_", 'pass success',
    dkimpy(1, @{ $chains[$_] }), $chains[$_]) for 1 .. 3;

# --- Mail::DKIM ---

{
	package Reader::Resolver;

	sub new { return bless {}, shift }

	sub send {
		my ($self, $name, $type) = @_;
		my $packet = Net::DNS::Packet->new($name, $type);
		$packet->push(answer => Net::DNS::RR->new(owner => $name,
			type => 'TXT', txtdata => [unpack '(a255)*',
				$txt{$name}])) if defined $txt{$name};
		return $packet;
	}

	sub errorstring { return 'NOERROR' }
}

Mail::DKIM::DNS::resolver(Reader::Resolver->new);

sub mail_dkim {
	my ($class, $message) = @_;
	my $reader = $class->new;
	$reader->PRINT($message);
	$reader->CLOSE;
	return $reader;
}

# the release in Debian 12 knows no Ed25519
sub rsa_results {
	my ($message) = @_;
	return [map { $_->result } grep { $_->algorithm eq 'rsa-sha256' }
		mail_dkim('Mail::DKIM::Verifier', $message)->signatures];
}

all_give('Mail::DKIM verifies every RSA signature',
    join(' ', ('pass') x @forms), [map { rsa_results($_) } @{ $chains[0] }],
    $chains[0]);
for my $hops (1 .. 3) {
	all_give("Mail::DKIM verifies chains of $hops", 'pass',
	    [map { [mail_dkim('Mail::DKIM::ARC::Verifier', $_)->result] }
		@{ $chains[$hops] }], $chains[$hops]);
}

# --- opendkim ---

SKIP: {
	my $opendkim = find_program('opendkim')
	    or skip 'opendkim is not installed', 2;
	my ($dir, $seen) = (temp_dir(), 0);
	my $config = spew("$dir/opendkim.conf", "Mode v\nTestDNSData "
		. "file:$dir/txt\nSyslog no\nInternalHosts 192.0.2.1\n");
	spew("$dir/txt", join '', map { "$_ $txt{$_}\n" } sort keys %txt);
	my @got;
	for my $n (0 .. $#messages) {
		# The release in Debian 12 knows no Ed25519; its test mode
		# gives each field one space, which c=simple sees.
		my ($head, $body) = split /\r\n\r\n/, $chains[0][$n], 2;
		my @fields = split /\r\n(?![ \t])/, $head;
		my $simple = !grep { !/^[\w-]+: (?![ \t\r])/ } @fields;
		my @of = grep { $kinds[$_][1] eq 'rsa' && ($simple
			|| $kinds[$_][0] =~ /^relaxed/) } 0 .. $#kinds;
		my @files = map { spew("$dir/m$_", join("\r\n", $fields[$_],
			@fields[@kinds .. $#fields]) . "\r\n\r\n$body") } @of;
		my (undef, $out, $err) = run_command($opendkim, '-x', $config,
		    '-t', join ',', @files);
		my $passed = () = "$out$err"
		    =~ /verification \(s=\S+ d=example.com,.*\) succeeded/g;
		push @got, [$passed == @of ? 'all' : "$out$err"];
		$seen += $simple;
	}
	cmp_ok($seen, '>', 5, 'opendkim sees simple header forms as well');
	all_give('opendkim verifies every RSA signature', 'all', \@got,
	    $chains[0]);
}

done_testing;
