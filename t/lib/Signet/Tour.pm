package Signet::Tour;

# The messages of ./try: one for each thing that can happen to mail, and the
# DNS they need. t/60-try.t checks that each ends as it says here.
#
#   my $zones = Signet::Tour::zones();           # for Signet::Zone
#   my @cases = Signet::Tour::cases();
#
# A case: name (a few words), client (address), ptr (its name), helo, from
# (envelope sender), data (LF line ends), message_id, and want: the action,
# and the results of spf, dkim and dmarc as the ledger shows them. `override`
# and `forged` are what must be recorded besides.

use strict;
use warnings;
use POSIX ();
use Signet::Sign;

my $rsa = sub { Signet::Sign->key('rsa', 2048) };
my $ed = sub { Signet::Sign->key('ed25519') };
my $weak = sub { Signet::Sign->key('rsa', 768) };

# Clients: what their addresses stand for.
my %client = (
	bank => '192.0.2.10', shop => '192.0.2.20', provider => '192.0.2.30',
	list => '192.0.2.40', alumni => '192.0.2.50', arc => '192.0.2.60',
	stranger => '198.51.100.66',
);
my %name = (
	bank => 'out.bank.example', shop => 'mail.shop.example',
	provider => 'out.provider.example', list => 'lists.list.example',
	alumni => 'forward.alumni.example', arc => 'relay.arc.example',
	stranger => 'host66.stranger.example',
);

sub _dmarc {
	my ($tags) = @_;
	return "_dmarc TXT \"v=DMARC1; $tags\"\n";
}

# Forward and reverse names of the clients.
sub _add_clients {
	my ($zones) = @_;
	for my $who (keys %client) {
		my ($host, $domain) = $name{$who} =~ /^([^.]+)\.(.*)/;
		$zones->{$domain} .= "$host A $client{$who}\n";
		my @byte = split /\./, $client{$who};
		$zones->{"$byte[2].$byte[1].$byte[0].in-addr.arpa"} .=
		    "$byte[3] PTR $name{$who}.\n";
	}
	return $zones;
}

sub zones {
	my $report = 'rua=mailto:dmarc@';
	my %key = map { $_ => $rsa->()->zone_line('s1._domainkey') }
	    qw(bank list arc letter);
	return _add_clients({
		'bank.example' => $key{bank}
		    . $ed->()->zone_line('ed._domainkey')
		    . "\@ TXT \"v=spf1 a:out.bank.example -all\"\n"
		    . _dmarc("p=reject; ${report}bank.example"),
		'shop.example' => "\@ TXT \"v=spf1 ip4:192.0.2.20 -all\"\n"
		    . "mail TXT \"v=spf1 a -all\"\n"
		    . _dmarc("p=quarantine; ${report}shop.example"),
		'fan.example' => "\@ TXT \"v=spf1 -all\"\n"
		    . _dmarc("p=none; ${report}fan.example"),
		'quiet.example' => "\@ TXT \"v=spf1 ip4:192.0.2.30 ~all\"\n",
		'provider.example' =>
		    "\@ TXT \"v=spf1 ip4:192.0.2.30 -all\"\n",
		'list.example' => $key{list}
		    . "\@ TXT \"v=spf1 ip4:192.0.2.40 -all\"\n",
		'alumni.example' =>
		    "\@ TXT \"v=spf1 ip4:192.0.2.50 -all\"\n",
		'arc.example' => $key{arc}
		    . "\@ TXT \"v=spf1 ip4:192.0.2.60 -all\"\n",
		'letter.example' => $key{letter} . _dmarc('p=reject'),
		'old.example' => $weak->()->zone_line('old._domainkey')
		    . _dmarc('p=none'),
		'stranger.example' => '',
		'lost.example' => { servfail => 1 },
		'wrong.example' => { bogus => 1, text => _dmarc('p=reject')
		    . "\@ TXT \"v=spf1 -all\"\n" },
	});
}

# A message from the given author; further header fields before, text after.
sub _message {
	my ($name, $author, %more) = @_;
	my $date = POSIX::strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime);
	return ($more{fields} // '') . "From: $author\n"
	    . "To: user\@site.example\nSubject: " . ucfirst($name) . "\n"
	    . "Date: $date\nMessage-ID: <" . _id($name) . ">\n\n"
	    . ($more{body} // "Good day,\n\nthis is about: $name.\n");
}

sub _id {
	my ($name) = @_;
	$name =~ s/[^A-Za-z0-9]+/-/g;
	return lc "$name\@tour.example";
}

sub _case {
	my ($name, $who, $from, $data, $action, $results, %more) = @_;
	my %want = (action => $action);
	@want{qw(spf dkim dmarc)} = split / /, $results;
	return {
		name => $name, client => $client{$who}, ptr => $name{$who},
		helo => $name{$who}, from => $from, data => $data,
		message_id => '<' . _id($name) . '>', want => \%want, %more,
	};
}

sub _good {
	my $bank = 'Bank <accounts@bank.example>';
	my $shop = 'Shop <orders@shop.example>';
	my @sign = (d => 'bank.example', s => 's1');
	my @name = ('a signed message', 'sender passes SPF',
	    'signed with Ed25519', 'no DMARC record', 'a bounce');
	return (
		_case($name[0], 'provider', 'bounces@provider.example',
		    $rsa->()->sign(_message($name[0], $bank), @sign),
		    'accept', 'pass pass pass'),
		_case($name[1], 'shop', 'orders@shop.example',
		    _message($name[1], $shop), 'accept', 'pass none pass'),
		_case($name[2], 'bank', 'accounts@bank.example',
		    $ed->()->sign(_message($name[2], $bank),
			d => 'bank.example', s => 'ed'),
		    'accept', 'pass pass pass'),
		_case($name[3], 'provider', 'me@quiet.example',
		    _message($name[3], 'me@quiet.example'), 'accept',
		    'pass none none'),
		_case($name[4], 'shop', '',
		    _message($name[4], 'Mailer <mailer-daemon@shop.example>'),
		    'accept', 'pass none pass'),
	);
}

sub _failing {
	my $bank = 'Bank <accounts@bank.example>';
	my @name = ('forged, p=none', 'forged, p=quarantine',
	    'forged, p=reject, SPF fails too', 'forged, p=reject alone',
	    'forged results on top');
	my $forged = "Authentication-Results: mx.site.example;\n"
	    . "\tdmarc=pass header.from=bank.example\n"
	    . "Authentication-Results: MX.(really)SITE.example. 1; spf=pass\n";
	return (
		_case($name[0], 'stranger', 'me@fan.example',
		    _message($name[0], 'me@fan.example'), 'accept',
		    'fail none fail'),
		_case($name[1], 'stranger', 'orders@shop.example',
		    _message($name[1], 'orders@shop.example'), 'quarantine',
		    'fail none fail'),
		_case($name[2], 'stranger', 'accounts@bank.example',
		    _message($name[2], $bank), 'reject', 'fail none fail'),
		_case($name[3], 'stranger', 'x@stranger.example',
		    _message($name[3], $bank), 'quarantine',
		    'none none fail'),
		_case($name[4], 'provider', 'me@quiet.example',
		    _message($name[4], 'me@quiet.example',
			fields => $forged), 'accept', 'pass none none',
		    forged => 2),
	);
}

sub _trusted {
	my $bank = 'Bank <accounts@bank.example>';
	my @name = ('through a trusted list', 'through a trusted forwarder',
	    'with a trusted ARC seal', 'with a strange ARC seal');
	my $signed = sub {
		return $rsa->()->sign(_message($_[0], $bank),
		    d => 'bank.example', s => 's1');
	};
	my $list = $signed->($name[0]);
	$list =~ s/\nSubject: /\nSubject: [list] /;
	$list = "List-Id: <talk.list.example>\n" . $list
	    . "-- \ntalk mailing list\n";
	my $seal = sub {
		my ($text, $domain) = @_;
		$text = $rsa->()->seal($text, d => $domain, s => 's1',
		    results => "$domain; dkim=pass header.d=bank.example;"
		    . ' dmarc=pass header.from=bank.example');
		return $text;
	};
	my $broken = sub {
		my ($name) = @_;
		(my $text = $signed->($name)) =~ s/\nGood day/\nGood morning/;
		return $text;
	};
	return (
		_case($name[0], 'list', 'talk-bounces@list.example',
		    $rsa->()->sign($list, d => 'list.example', s => 's1'),
		    'accept', 'pass pass fail', override => 'mailing_list'),
		_case($name[1], 'alumni', 'srs0=x=bank@alumni.example',
		    $broken->($name[1]), 'accept', 'pass fail fail',
		    override => 'trusted_forwarder'),
		_case($name[2], 'arc', 'relay@arc.example',
		    $seal->($broken->($name[2]), 'arc.example'), 'accept',
		    'pass fail fail', override => 'local_policy'),
		_case($name[3], 'stranger', 'x@stranger.example',
		    $seal->($broken->($name[3]), 'list.example'),
		    'quarantine', 'none fail fail'),
	);
}

sub _trouble {
	my @name = ('DNS of the author lost', 'DNS answers forged',
	    'two authors', 'a weak key', 'text added below l=',
	    'a claim of REQUIRETLS');
	my $two = _message($name[2], 'A <a@bank.example>, B <b@shop.example>');
	$two = "Sender: b\@shop.example\n$two";
	my $letter = $rsa->()->sign(_message($name[4], 'n@letter.example'),
	    d => 'letter.example', s => 's1', l => 10);
	return (
		_case($name[0], 'stranger', 'x@lost.example',
		    _message($name[0], 'x@lost.example'), 'accept',
		    'temperror none temperror'),
		_case($name[1], 'stranger', 'x@wrong.example',
		    _message($name[1], 'x@wrong.example'), 'accept',
		    'temperror none temperror'),
		_case($name[2], 'shop', 'b@shop.example', $two,
		    'quarantine', 'pass none fail'),
		_case($name[3], 'provider', 'me@quiet.example',
		    $weak->()->sign(_message($name[3], 'me@old.example'),
			d => 'old.example', s => 'old'),
		    'accept', 'pass policy fail'),
		_case($name[4], 'stranger', 'x@stranger.example',
		    "${letter}Buy this as well!\n", 'quarantine',
		    'none policy fail'),
		_case($name[5], 'shop', 'orders@shop.example',
		    _message($name[5], 'orders@shop.example',
			fields => "Require-TLS-ESMTP: yes\n"), 'accept',
		    'pass none pass'),
	);
}

sub cases { return (_good(), _failing(), _trusted(), _trouble()) }

# What the site of ./try trusts and does.
sub settings {
	return (
		milter => { dmarc_quarantine => 'hold',
		    dmarc_discovery => 'walk' },
		trust => { lists => 'list.example',
		    forwarders => 'alumni.example',
		    arc_sealers => 'arc.example' },
	);
}

1;
