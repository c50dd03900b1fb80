#!/usr/bin/perl
# The options of [milter] and [trust] do what signet.conf(5) says, in the
# running program.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Inbound;
use Signet::Milter;
use Signet::Program;
use Signet::Sign;

Signet::Inbound->need;
my $key = Signet::Sign->key('rsa', 1024);

sub domain {
	my ($name, $spf, $dmarc) = @_;
	return $key->zone_line("s1._domainkey.$name")
	    . (defined $spf ? "$name TXT \"v=spf1 $spf\"\n" : '')
	    . (defined $dmarc ? "_dmarc.$name TXT \"v=DMARC1; $dmarc\"\n" : '');
}
my $rua = 'rua=mailto:r@reports.example';
my $in = Signet::Inbound->new(dns => Signet::Inbound::good_zone()
	. domain('reject.example', '-all', "p=reject; $rua")
	. domain('unsure.example', '?all', "p=reject; $rua")
	. domain('quarantine.example', '-all', "p=quarantine; $rua")
	. domain('watch.example', '-all', "p=none; $rua")
	. domain('test.example', '-all', "p=reject; t=y; $rua")
	. domain('soft.example', '~all')
	. domain('hard.example', '-all')
	. domain('broken.example', 'nonsense:x')
	. domain('list.example', 'ip4:192.0.2.66 -all')
	. domain('forward.example', 'ip4:192.0.2.66 -all')
	. domain('sealer.example')
	. domain('dead.example', undef, "p=reject; $rua")
	. "dead.example TXT \@servfail\n"
	. "66.2.0.192.bl.example A 127.0.0.2\n"
	. "66.2.0.192.dead-bl.example A \@servfail\n"
	. "*.co.uk TXT \"x\"\n_dmarc.shop.co.uk TXT \"v=DMARC1; p=reject\"\n"
	. "_dmarc.co.uk TXT \"v=DMARC1; p=none; psd=n\"\n"
	. "helo.example TXT \"v=spf1 -all\"\n");

my %now;	# what is set at the moment

# Sets these options and takes back the earlier ones.
sub options {
	my (%section) = @_;
	my %change;
	for my $name (keys %{ { %now, %section } }) {
		$change{$name} = { (map { $_ => undef }
			keys %{ $now{$name} // {} }), %{ $section{$name} // {} } };
	}
	$in->reconfigure(%change);
	%now = %section;
	return;
}

# An unsigned message of x@DOMAIN that no check vouches for.
sub mail {
	my ($domain, %option) = @_;
	return $in->send(client => '192.0.2.66', name => 'unknown',
	    helo => 'client.example', from => "x\@$domain",
	    data => "From: x\@$domain\nSubject: s\n\nbody\n", %option);
}

# What was done, in one word, and whether the parts agree on it.
sub done_with {
	my ($got, $want, $name) = @_;
	my $answer = $got->{answer};
	my @changes = @{ $answer->{changes} // [] };
	my $is = $answer->{action} eq 'reply'
	    ? ($answer->{text} =~ /^4/ ? 'tempfail' : 'reject')
	    : (grep { $_->[0] eq 'quarantine' } @changes) ? 'quarantine'
	    : (grep { $_->[0] eq 'insert' && $_->[2] eq 'X-Signet-Verdict' }
		@changes) ? 'tag' : 'accept';
	is($is, $want, $name);
	is($got->{log}{action}, $is, '... so says the log');
	is($got->{event}{action}, $is, '... so says the spool');
	is($got->{event}{reply} // '', $answer->{text} // '',
	    '... and the reply') if $is =~ /reject|tempfail/;
	return;
}

my %action = (accept => 'accept', tag => 'tag', hold => 'quarantine',
	reject => 'reject');

# --- each remedy of each option ---

# Option, a message it is about, RFC 7372 code, words of the reply.
my $ambiguous = "From: <\@a:x\@b.example>\n\nx\n";
my @remedies = (
	[dmarc_reject => ['reject.example'], '5.7.26', 'reject.example'],
	[dmarc_quarantine => ['quarantine.example'], '5.7.26',
	    'quarantine.example'],
	[spf_fail => ['hard.example'], '5.7.23', '192.0.2.66'],
	[spf_softfail => ['soft.example'], '5.7.23', 'soft.example'],
	[spf_permerror => ['broken.example'], '5.7.24', 'broken.example'],
	[helo_fail => ['none.example', helo => 'helo.example'], '5.7.23',
	    'helo.example'],
	[iprev_fail => ['none.example'], '5.7.25', '192.0.2.66'],
	[from_missing => ['none.example', data => "Subject: s\n\nx\n"],
	    '5.7.1', 'From'],
	[from_ambiguous => ['none.example', data => $ambiguous], '5.7.1',
	    'From'],
	[from_several => ['none.example',
	    data => "From: a\@a.example, b\@b.example\n\nx\n"], '5.7.1',
	    'several'],
	[requiretls_forged => ['none.example', data =>
	    "Require-TLS-ESMTP: yes\nFrom: x\@none.example\n\nx\n"],
	    '5.7.10', 'REQUIRETLS'],
	[bare_newline => ['none.example', data =>
	    "From: x\@none.example\n\nx\r.\ry\n"], '5.5.2', 'bare CR'],
);
for my $case (@remedies) {
	my ($option, $mail, $code, $words) = @$case;
	for my $remedy (qw(accept tag hold reject)) {
		my $word = $option eq 'from_several' && $remedy eq 'accept'
		    ? 'evaluate' : $remedy;
		options(milter => { $option => $word });
		my $got = mail(@$mail);
		done_with($got, $action{$remedy}, "$option = $word");
		if ($remedy eq 'reject') {
			like($got->{answer}{text}, qr/^550 \Q$code\E /,
			    "... $code");
			like($got->{answer}{text}, qr/\Q$words\E/,
			    '... tells why');
			unlike($got->{answer}{text}, qr/[^ -~]/, '... ASCII');
		}
	}
}
for my $option (qw(dmarc_temperror spf_temperror)) {
	options(milter => { $option => 'tempfail' });
	my $got = mail('dead.example');
	done_with($got, 'tempfail', "$option = tempfail");
	like($got->{answer}{text}, qr/^451 4\.7\.2[46] /, '... RFC 7372');
	options();
	done_with(mail('dead.example'), 'accept', "$option = accept");
}
options(milter => { spf_softfail => 'tag', iprev_fail => 'hold' });
done_with(mail('soft.example'), 'quarantine', 'the hardest remedy counts');
options();
my @changes = @{ mail('quarantine.example')->{answer}{changes} };
is_deeply([map { $_->[2] } grep { $_->[0] eq 'insert' } @changes],
    ['Authentication-Results', 'X-Signet-Verdict'], 'a tag, below ours');
done_with(mail('watch.example'), 'accept', 'p=none');
my $tested = mail('test.example');
done_with($tested, 'tag', 't=y: one step below reject');
is($tested->{event}{dmarc}{overrides}[0]{type}, 'policy_test_mode',
    '... said as an override');

# --- a second reason to reject ---

for my $case (['', 'unsure.example', 'tag'], ['none', 'unsure.example',
	'reject'], ['helo_fail', 'unsure.example', 'reject',
	helo => 'helo.example'], ['iprev_fail', 'unsure.example', 'reject'],
	['dkim_fail', 'unsure.example', 'tag'],
	['dkim_fail', 'unsure.example', 'reject', data =>
	    $key->sign("From: x\@unsure.example\n\nbody\n",
		d => 'unsure.example', s => 's1') . "more\n"]) {
	my ($reasons, $domain, $want, @more) = @$case;
	options(milter => { reject_reasons => $reasons || undef });
	my $got = mail($domain, @more);
	done_with($got, $want, "reject_reasons = $reasons");
	next if $want eq 'reject';
	is($got->{event}{dmarc}{overrides}[0]{type}, 'local_policy',
	    '... the report will say why not');
	like($got->{results}, qr/override local_policy/, '... the field too');
	is($got->{event}{evaluation}{disposition}, 'quarantine',
	    '... and what was done');
}

# A list that names the client, one that says so of nobody, one that is away.
for my $case (['bl.example', 'reject', 'listed'],
	['clear.example', 'tag', 'clear'],
	['dead-bl.example', 'tag', 'temperror'],
	['dead-bl.example bl.example', 'reject', 'listed']) {
	my ($lists, $want, $result) = @$case;
	options(milter => { dnsbl => $lists });
	my $got = mail('unsure.example');
	done_with($got, $want, "dnsbl = $lists");
	is($got->{event}{dnsbl}{result}, $result, '... the fact says so');
}
is(mail('hard.example')->{event}{action}, 'accept',
    'a listing alone does nothing');
options();
is(mail('watch.example')->{event}{dnsbl}, undef, 'no list, no fact');

# --- whom we trust ---

sub trusted_mail {
	my ($domain) = @_;
	return mail('reject.example', from => "bounce\@$domain");
}
for my $case ([lists => 'mailing_list', 'list.example'],
	[forwarders => 'trusted_forwarder', 'forward.example'],
	[local_policy => 'local_policy', 'list.example']) {
	my ($option, $type, $domain) = @$case;
	options();
	isnt(trusted_mail($domain)->{log}{action}, 'accept',
	    "$option: not without");
	options(trust => { $option => "other.example, $domain" });
	my $got = trusted_mail($domain);
	done_with($got, 'accept', "$option = $domain");
	my ($one) = @{ $got->{event}{dmarc}{overrides} };
	is($one->{type}, $type, '... spool line');
	is($got->{log}{override}, $type, '... log');
	like($got->{results}, qr/override $type:\s+\Q$domain\E/, '... field');
	is($got->{event}{dmarc}{result}, 'fail', '... it fails all the same');
	isnt(mail('reject.example', from => "x\@$domain",
		client => '192.0.2.67')->{log}{action}, 'accept',
	    '... an unverified domain counts for nothing');
	$got = mail('reject.example', client => '192.0.2.67',
	    data => $key->sign("From: x\@reject.example\n\nx\n",
		d => $domain, s => 's1'));
	done_with($got, 'accept', '... verified by DKIM');
}
{
	my $sealed = $key->seal("From: x\@reject.example\nTo: u\@site.test\n"
		. "Subject: s\n\nbody\n", d => 'sealer.example', s => 's1',
	    results => 'sealer.example; dmarc=pass header.from=reject.example');
	my $other = $key->seal("From: x\@reject.example\nTo: u\@site.test\n"
		. "Subject: s\n\nbody\n", d => 'sealer.example', s => 's1',
	    results => 'sealer.example; dmarc=fail header.from=reject.example');
	options();
	my $got = mail('reject.example', data => $sealed);
	is($got->{log}{arc}, 'pass', 'a chain that passes');
	done_with($got, 'reject', '... of a sealer we do not trust');
	options(trust => { arc_sealers => 'sealer.example' });
	$got = mail('reject.example', data => $sealed);
	done_with($got, 'accept', 'arc_sealers = sealer.example');
	ok($got->{event}{arc}{trusted}, '... spool line');
	like($got->{results}, qr/arc=pass\s+\(i=1,\s+sealed\s+by\s+sealer\.example,\s+trusted\)/,
	    '... field');
	is($got->{event}{dmarc}{overrides}[0]{type}, 'local_policy',
	    '... an override of its own');
	done_with(mail('reject.example', data => $other), 'reject',
	    '... which says that DMARC failed');
	done_with(mail('reject.example', data => $sealed =~ s/body/more/r),
	    'reject', '... whose chain is broken');
}
{
	options(trust => { relays => '192.0.2.66, 198.51.100.0/24' });
	my $received = sub { "Received: from $_[0] ($_[0] [$_[1]])\n"
		. "\tby mx2.site.test (Postfix) with ESMTP id 4X\n"
		. "\tfor <u\@site.test>; Sun, 22 Nov 2026 06:00:00 +0000\n" };
	my $body = "From: x\@good.example\n\nx\n";
	my $got = mail('good.example', data =>
	    $received->('mail.good.example', '192.0.2.1') . $body);
	is($got->{event}{client_ip}, '192.0.2.1', 'the client of our relay');
	is($got->{log}{dmarc}, 'pass', '... is the one that counts');
	$got = mail('good.example', data => $received->('b', '198.51.100.7')
		. $received->('mail.good.example', '192.0.2.1')
		. $received->('c', '192.0.2.99') . $body);
	is($got->{event}{client_ip}, '192.0.2.1', '... behind two of them');
	$got = mail('good.example', client => '192.0.2.67', data =>
	    $received->('mail.good.example', '192.0.2.1') . $body);
	is($got->{event}{client_ip}, '192.0.2.67', '... of no other');
	$got = mail('good.example', data => $body);
	is($got->{event}{client_ip}, '192.0.2.66',
	    '... it is the relay itself where no Received tells');
}

# --- who is not checked ---

options(trust => { skip_networks => '192.0.2.64/26' });
is(mail('reject.example')->{log}{skipped}, 'network', 'skip_networks');
done_with(mail('reject.example'), 'accept', '... nothing is done');
is(mail('reject.example', client => '192.0.2.1')->{log}{skipped}, undef,
    '... to others it is');
options();
my %login = (macros => { M => { '{auth_authen}' => 'ann' } });
my $got = mail('reject.example', %login);
is($got->{log}{skipped}, 'authenticated', 'skip_authenticated');
is($got->{event}{auth_login}, 'ann', '... the login is a fact');
like($got->{results}, qr/auth=pass smtp\.auth=ann/, '... and in the field');
options(trust => { skip_authenticated => 'no' });
done_with(mail('reject.example', %login), 'reject', 'skip_authenticated = no');
options();
is(mail('reject.example', client => '127.0.0.1')->{log}{skipped}, 'local',
    'skip_local');
options(trust => { skip_local => 'no' });
is(mail('reject.example', client => '127.0.0.1')->{log}{skipped}, undef,
    'skip_local = no');

# --- checks ---

{
	my $text = "From: x\@good.example\n\nbody\n";
	my $result = sub {
		my ($tags, $more) = @_;
		my $mail = $key->sign($text, d => 'list.example', s => 's1',
		    %$tags);
		return mail('none.example', data => $mail . ($more // ''))
		    ->{event}{dkim}[0]{result};
	};
	options();
	is($result->({}), 'pass', 'a key of 1024 bits');
	options(milter => { dkim_minimum_bits => 1025 });
	is($result->({}), 'policy', 'dkim_minimum_bits');
	options();
	is($result->({ l => 6 }), 'policy', 'l=');
	is($result->({ l => 6 }, "more\n"), 'policy', '... more behind it');
	options(milter => { dkim_body_length => 'yes' });
	is($result->({ l => 6 }, "more\n"), 'pass', 'dkim_body_length = yes');
	options();
	is($result->({ t => time + 100 }), 'pass', 'a clock that is ahead');
	isnt($result->({ t => time + 1000 }), 'pass', '... too far');
	options(milter => { clock_skew => '1h' });
	is($result->({ t => time + 1000 }), 'pass', 'clock_skew');
}

# --- modes and roles ---

options(milter => { mode => 'test' });
$got = mail('reject.example',
    data => "Authentication-Results: mx.site.test; x=pass\n"
    . "From: x\@reject.example\n\nx\n");
is($got->{answer}{action}, 'continue', 'mode = test: no reject');
is_deeply($got->{answer}{changes}, [], '... nothing is changed');
is($got->{event}{action}, 'reject', '... all is decided and kept');
ok($got->{event}{test_mode}, '... as a test');
is($got->{log}{mode}, 'test', '... and logged');
is($got->{event}{evaluation}{disposition}, 'none',
    '... reports will say that nothing was done');
for my $role (qw(submission internal)) {
	options(milter => { role => $role });
	$got = mail('reject.example');
	done_with($got, 'accept', "role = $role: nothing is enforced");
	is($got->{event}{evaluation}, undef, '... and nothing reported');
	is($got->{event}{dmarc}{result}, 'fail', '... all is recorded');
}
options();
is(mail('reject.example')->{event}{evaluation}{disposition}, 'reject',
    'an evaluation for the report');
options(milter => { dmarc_reports => 'no' });
is(mail('reject.example')->{event}{evaluation}, undef, 'dmarc_reports = no');
options(milter => { report_addresses => 'USER@site.test' });
ok(mail('reject.example')->{event}{rcpt}[0]{report_address},
    'report_addresses');
is($in->milter->stop, 0, 'ends cleanly');

# --- what a running milter cannot change: start with it ---

{
	my $two = Signet::Inbound->new(dns => $in->dns, listener => 'out',
	    sections => { 'milter out' => { role => 'submission',
		authserv_id => 'out.site.test' } },
	    milter => { authserv_id => 'in.site.test',
		dmarc_discovery => 'both' });
	my %mail = (client => '192.0.2.66', from => 'x@a.shop.co.uk',
	    data => "From: x\@a.shop.co.uk\n\nx\n");
	my $got = $two->send(%mail);
	is($got->{event}{listener}, 'out', '-l out: named in the spool');
	like($got->{results}, qr/^ ?out\.site\.test;/, '... its own settings');
	is($got->{event}{dmarc}{discovery}, 'treewalk',
	    '... and those of [milter]: both');
	my $other = $got->{event}{dmarc}{other_discovery};
	is($other->{method}, 'psl', '... the other way beside it');
	is($other->{policy_domain}, 'shop.co.uk', '... with what it found');
	is($other->{published}, 'reject', '... and published');
	is($two->milter->stop, 0, 'ends cleanly');
}
done_testing;
