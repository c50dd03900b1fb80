package Bench::JunkCorpus;

# Mail of one user, good and junk, in the order in which it comes: the same for
# the same seed.
#
#	my $corpus = Bench::JunkCorpus->new($seed);
#	my $mail = $corpus->ham;	# { text => "From: ...", kind => 'talk' }
#	my $mail = $corpus->spam;
#
# A user has correspondents, firms, newsletters, lists and machines that write
# to him, each with its own words, address and software; one ham in eight is of
# somebody new. Spam comes in campaigns, which share most of their wording, some
# of their hosts and how they are dressed; campaigns end and new ones begin all
# the time. Ham has newsletters with discounts, invoices, new passwords and
# quoted junk in it; spam has stolen brands, paragraphs of harmless text, hidden
# text, letters in disguise, pictures without words, and half of it passes SPF,
# DKIM and DMARC for domains of its own.

use strict;
use warnings;
use utf8;
use Encode ();
use MIME::Base64 qw(encode_base64);
use MIME::QuotedPrint qw(encode_qp);
use Bench::JunkTexts;

my @days = qw(Monday Tuesday Wednesday Thursday Friday Saturday Sunday);
my @months = qw(January February March April May June July August September
    October November December);
my @freemail = qw(freemail.example webpost.example mailbox.example
    postfach.example);
my @programs = ('Mozilla Thunderbird', 'Apple Mail (2.3774)', 'Mutt/2.2.9',
    'Microsoft Outlook 16.0', 'K-9 Mail for Android', 'Evolution 3.46');

sub new {
	my ($class, $seed) = @_;
	my $self = bless { state => ($seed * 2654435761 + 88172645) & 0xffffffff,
		count => 0, campaigns => [] }, $class;
	$self->_number(2) for 1 .. 20;
	$self->{user} = $self->_user;
	$self->_begin_campaign for 1 .. 45;
	return $self;
}

# --- chance ---

sub _number {
	my ($self, $below) = @_;
	my $s = $self->{state} || 1;
	$s ^= ($s << 13) & 0xffffffff;
	$s ^= $s >> 17;
	$s ^= ($s << 5) & 0xffffffff;
	$self->{state} = $s;
	return int($s / 4294967296 * $below);
}

sub _chance { return $_[0]->_number(1000) < $_[1] * 1000 }
sub _one { my ($self, @list) = @_; return $list[$self->_number(scalar @list)] }

sub _some {
	my ($self, $count, @list) = @_;
	my @some;
	push @some, splice @list, $self->_number(scalar @list), 1
	    while @some < $count && @list;
	return @some;
}

# By weight: [weight, value] pairs.
sub _weighted {
	my ($self, @pairs) = @_;
	my $sum = 0;
	$sum += $_->[0] for @pairs;
	my $at = $self->_number($sum);
	for (@pairs) {
		return $_->[1] if ($at -= $_->[0]) < 0;
	}
	return $pairs[-1][1];
}

sub _letters {
	my ($self, $count) = @_;
	return join '', map { $self->_one('a' .. 'z') } 1 .. $count;
}

# A name that could be one.
sub _syllables {
	my ($self, $count) = @_;
	return join '', map { $self->_one(qw(ba ce di fo gu la me ni po ru sta
	    tri vel wo xan zi ker lum)) } 1 .. $count;
}

# --- who is there ---

sub _person {
	my ($self, @topics) = @_;
	my ($first, $family) = ($self->_one(@Bench::JunkTexts::name),
	    $self->_one(@Bench::JunkTexts::family));
	my $domain = $self->_chance(0.4) ? $self->_one(@freemail)
	    : $self->_syllables(2) . '-' . lc($family) . '.example';
	my $address = lc("$first." . ($self->_chance(0.5) ? $family
	    : substr $family, 0, 1)) . ($self->_chance(0.3)
	    ? $self->_number(90) + 10 : '') . "\@$domain";
	return { me => $first, full => "$first $family", address => $address,
		host => $domain, domain => $domain, topics => \@topics,
		program => $self->_one(@programs), html => $self->_chance(0.5),
		firm => $self->_one(@Bench::JunkTexts::firm),
		title => $self->_one(@Bench::JunkTexts::title),
		phone => '+49 ' . (1000 + $self->_number(9000)) . ' '
		    . (10000 + $self->_number(90000)),
		charset => $self->_one(qw(utf-8 utf-8 iso-8859-1 windows-1252)),
		foreign => $self->_chance(0.12)
		    ? $self->_one(sort keys %Bench::JunkTexts::foreign) : undef };
}

sub _business {
	my ($self, $firm) = @_;
	(my $domain = lc $firm) =~ s/[^a-z]+/-/g;
	$domain .= '.example';
	return { me => $firm, full => $firm, firm => $firm, domain => $domain,
		host => $self->_one('', 'shop.', 'news.', 'click.') . $domain,
		address => $self->_one(qw(info service noreply news orders)) .
		    "\@$domain", topics => [$self->_topics(1)], html => 1,
		phone => '+44 ' . (100 + $self->_number(900)) . ' '
		    . (100000 + $self->_number(900000)),
		program => $self->_one('', '', 'Sendwell 4.1', 'PostRocket'),
		charset => 'utf-8' };
}

sub _topics {
	my ($self, $count) = @_;
	return $self->_some($count, sort keys %Bench::JunkTexts::topic);
}

sub _user {
	my ($self) = @_;
	my @topics = $self->_topics(6);
	my $user = $self->_person(@topics);
	my @firms = $self->_some(11, @Bench::JunkTexts::firm);
	$user->{people} = [map { $self->_person($self->_some(2, @topics)) }
	    1 .. 14];
	$user->{firms} = [map { $self->_business($_) } @firms[0 .. 6]];
	$user->{letters} = [map { $self->_business($_) } @firms[5 .. 10]];
	$user->{lists} = [map { my $t = $self->_one(@topics);
	    { name => "$t-" . $self->_one(qw(users talk announce dev)),
	      topic => $t, people => [map { $self->_person($t) } 1 .. 8] } }
	    1 .. 3];
	$user->{machines} = [map { { %{ $self->_business($firms[$_]) },
	    system => $self->_one(@Bench::JunkTexts::system),
	    topics => [$self->_one(@topics)], html => 0 } } 0 .. 1];
	return $user;
}

# --- words ---

sub _noun {
	my ($self, $who) = @_;
	my $topic = $self->_one(@{ $who->{topics} });
	return $self->_one(split /,/, $Bench::JunkTexts::topic{$topic}[0]);
}

sub _verb {
	my ($self, $who) = @_;
	my $topic = $self->_one(@{ $who->{topics} });
	return $self->_one(split /,/, $Bench::JunkTexts::topic{$topic}[1]);
}

sub _link {
	my ($self, $who) = @_;
	my $path = $self->_one('', '/' . $self->_syllables(2), '/'
	    . $self->_letters(8), '/c/' . $self->_letters(14), '/?u='
	    . $self->_number(1_000_000));
	return 'https://' . $self->_one('', '', 'www.') . $who->{host} . $path;
}

my %slot = (
	you => sub { $_[0]{user}{me} },
	address => sub { $_[0]{user}{address} },
	me => sub { $_[1]{me} },
	me2 => sub { lc($_[1]{me}) . $_[0]->_number(99) },
	boss => sub { $_[0]{user}{people}[0]{full} },
	other => sub { $_[0]->_one(@Bench::JunkTexts::name) },
	title => sub { $_[1]{title} // 'Office' },
	firm => sub { $_[1]{firm} // $_[0]->_one(@Bench::JunkTexts::firm) },
	firm2 => sub { $_[0]->_one(@Bench::JunkTexts::firm) },
	system => sub { $_[1]{system} // 'host' },
	brand => sub { $_[1]{brand} // 'account' },
	gadget => sub { $_[1]{gadget} // 'gift' },
	noun => sub { $_[0]->_noun($_[1]) },
	verb => sub { $_[0]->_verb($_[1]) },
	link => sub { $_[0]->_link($_[1]) },
	price => sub { $_[0]->_one('€', '$', '£', 'EUR ') . (5
	    + $_[0]->_number(400)) . $_[0]->_one('', '.00', '.50', '.99') },
	big => sub { $_[0]->_one('$', '€', 'US$', '£') . (1
	    + $_[0]->_number(90)) . $_[0]->_one(',500,000', '.5 million',
	    ',000', ',700.00') },
	number => sub { 10000 + $_[0]->_number(9_000_000) },
	code => sub { uc($_[0]->_letters(3)) . (10 + $_[0]->_number(90)) },
	day => sub { $_[0]->_one(@days) },
	hour => sub { (8 + $_[0]->_number(12)) . ':' . $_[0]->_one(qw(00 15 30
	    45)) },
	month => sub { $_[0]->_one(@months) },
	phone => sub { $_[1]{phone} // '+7 495 ' . $_[0]->_number(9_999_999) },
	street => sub { (1 + $_[0]->_number(200)) . ' '
	    . $_[0]->_one(@Bench::JunkTexts::family) . ' '
	    . $_[0]->_one(qw(Street Road Lane Square)) . ', '
	    . $_[0]->_one(@Bench::JunkTexts::city) },
	city => sub { $_[0]->_one(@Bench::JunkTexts::city) },
	wallet => sub { '1' . join '', map { $_[0]->_one('a' .. 'z', 'A' .. 'H',
	    2 .. 9) } 1 .. 33 },
);

sub _hash {
	my ($text) = @_;
	my $hash = 5381;
	$hash = ($hash * 33 + ord) & 0xffffffff for split //, $text;
	return $hash;
}

# Which of the alternatives: a campaign mostly stays with one.
sub _alternative {
	my ($self, $group, $who) = @_;
	my @of = split /\|/, $group, -1;
	return $of[_hash("$who->{campaign} $group") % @of]
	    if defined $who->{campaign} && $self->_chance(0.7);
	return $self->_one(@of);
}

sub _say {
	my ($self, $text, $who) = @_;
	1 while $text =~ s/\{([^{}]*)\}/$self->_alternative($1, $who)/e;
	$text =~ s/<(\w+)>/$slot{$1} ? $slot{$1}->($self, $who) : "<$1>"/ge;
	return $text =~ s/\\n/\n/gr;
}

sub _talk {
	my ($self, $who, $count) = @_;
	return join ' ', map { $self->_say($self->_one(@Bench::JunkTexts::talk),
	    $who) } 1 .. $count;
}

# --- MIME ---

sub _encoded {
	my ($self, $text, $charset, $type) = @_;
	my $bytes = Encode::encode($charset, $text);
	my $way = $bytes =~ /[\x80-\xff]/
	    ? $self->_one(qw(base64 quoted-printable quoted-printable))
	    : $self->_one(qw(7bit 7bit quoted-printable base64));
	return "Content-Type: $type; charset=$charset\n"
	    . "Content-Transfer-Encoding: $way\n\n"
	    . ($way eq 'base64' ? encode_base64($bytes)
	    : $way eq 'quoted-printable' ? encode_qp($bytes, "\n") : $bytes)
	    . "\n";
}

sub _multipart {
	my ($self, $kind, @parts) = @_;
	my $boundary = '=_' . $self->_letters(16);
	return "Content-Type: multipart/$kind; boundary=\"$boundary\"\n\n"
	    . join('', map { "--$boundary\n$_" } @parts) . "--$boundary--\n";
}

sub _word {
	my ($text, $charset) = @_;
	return $text if $text =~ /\A[\x20-\x7e]*\z/;
	my $bytes = Encode::encode($charset, $text);
	return "=?$charset?B?" . encode_base64($bytes, '') . '?=';
}

sub _html_of {
	my ($self, $text, $who) = @_;
	$text =~ s/&/&amp;/g;
	$text =~ s{(https?://\S+)}{<a href="$1">$1</a>}g;
	return join '', map { "<p>$_</p>\n" } split /\n+/, $text;
}

# As a program for newsletters makes it.
sub _designed {
	my ($self, $text, $who) = @_;
	my $colour = sprintf '#%06x', $self->_number(0xffffff);
	my $label = $self->_one('Read more', 'Shop now', 'Click here', 'View',
	    'Details', 'Open');
	$text =~ s/&/&amp;/g;
	$text =~ s{(https?://\S+)}{<a href="$1" style="color:$colour">$label</a>}g;
	my $rows = join '', map { "<tr><td style=\"padding:8px;font-family:Arial"
	    . "\">$_</td></tr>\n" } split /\n+/, $text;
	my $before = $self->_chance(0.5) ? '<div style="display:none">'
	    . $self->_say($self->_one(@Bench::JunkTexts::newsletter), $who)
	    . '</div>' : '';
	return "<html><head><style>td { color: #333 }</style></head><body>"
	    . "$before<table width=600 bgcolor=\"#ffffff\">"
	    . "<tr><td><img src=\"https://$who->{host}/logo.png\" alt=\"$who->{full}\"></td></tr>\n"
	    . "$rows</table><img src=\"https://$who->{host}/o.gif\" width=1 height=1></body></html>\n";
}

sub _content {
	my ($self, $text, $who, $design) = @_;
	my $charset = $text =~ /[^\x00-\xff]/ ? 'utf-8' : $who->{charset};
	return $self->_encoded($text, $charset, 'text/plain') if !$who->{html};
	my $html = $design ? $self->_designed($text, $who)
	    : $self->_html_of($text, $who);
	return $self->_multipart('alternative',
	    $self->_encoded($text, $charset, 'text/plain'),
	    $self->_encoded($html, $charset, 'text/html'));
}

# --- the whole message ---

sub _header {
	my ($self, $who, $subject, %more) = @_;
	my $user = $self->{user};
	my $n = ++$self->{count};
	my $date = sprintf '%s, %d Sep 2026 %02d:%02d:%02d +0000',
	    substr($days[$n / 40 % 7], 0, 3), 1 + $n / 100 % 28,
	    $self->_number(24), $self->_number(60), $self->_number(60);
	my $from = $more{from} // $who->{address};
	my ($domain) = $from =~ /\@(.*)/;
	my $pass = $more{pass} // 'spf dkim dmarc';
	my @results = map { $pass =~ /\b$_\b/ ? "$_=pass " : "$_=none " }
	    qw(spf dkim dmarc);
	$results[0] .= "smtp.mailfrom=$domain";
	$results[1] .= "header.d=$domain";
	$results[2] .= "header.from=$domain";
	my $mta = $more{mta} // "mail.$domain";
	my @lines = ("Return-Path: <$from>",
	    "Received: from $mta ($mta [192.0.2." . $self->_number(256)
	    . "]) by mx.home.example (Postfix) with ESMTPS id "
	    . uc($self->_letters(10)) . "; $date",
	    'Authentication-Results: mx.home.example; ' . join('; ', @results),
	    'From: ' . _word($more{name} // $who->{full}, 'utf-8') . " <$from>",
	    'To: ' . ($more{to} // "$user->{full} <$user->{address}>"),
	    'Subject: ' . _word($subject, $more{charset} // 'utf-8'),
	    "Date: $date",
	    'Message-ID: <' . $self->_letters(12) . "\@$domain>",
	    'MIME-Version: 1.0', @{ $more{fields} // [] });
	push @lines, "User-Agent: $who->{program}" if $who->{program};
	return join '', map { "$_\n" } @lines;
}

sub _mail {
	my ($self, $kind, $header, $body) = @_;
	my $text = $header . $body;
	utf8::encode($text) if utf8::is_utf8($text);
	return { text => $text, kind => $kind };
}

# --- ham ---

sub _stranger {
	my ($self) = @_;
	return $self->_person($self->_topics(2));
}

sub _correspondent {
	my ($self) = @_;
	return $self->_chance(0.12) ? $self->_stranger
	    : $self->_one(@{ $self->{user}{people} });
}

sub _firm_of {
	my ($self, $which) = @_;
	return $self->_chance(0.12)
	    ? $self->_business($self->_one(@Bench::JunkTexts::firm))
	    : $self->_one(@{ $self->{user}{$which} });
}

sub _quoted {
	my ($self, $who) = @_;
	my $said = $self->_talk($who, 1 + $self->_number(4));
	$said =~ s/(.{50,70}) /$1\n/g;
	return "\n\nOn $days[$self->_number(7)], $self->{user}{full} wrote:\n"
	    . join '', map { "> $_\n" } split /\n/, $said;
}

sub _letter_text {
	my ($self, $who) = @_;
	return join "\n", map { $self->_say($_, $who) }
	    @{ $Bench::JunkTexts::foreign{ $who->{foreign} } } if $who->{foreign};
	return $self->_say($self->_one(@Bench::JunkTexts::short), $who)
	    if $self->_chance(0.15);
	return $self->_say($self->_one(@Bench::JunkTexts::opening), $who)
	    . "\n\n" . join("\n\n", map { $self->_talk($who,
	    1 + $self->_number(5)) } 1 .. 1 + $self->_number(3)) . "\n\n"
	    . $self->_say($self->_one(@Bench::JunkTexts::closing), $who);
}

sub _ham_talk {
	my ($self) = @_;
	my $who = $self->_correspondent;
	my $is_reply = $self->_chance(0.5);
	my $text = $self->_letter_text($who);
	my @fields;
	if ($is_reply) {
		$text .= $self->_quoted($who);
		push @fields, 'In-Reply-To: <' . $self->_letters(12)
		    . "\@$self->{user}{domain}>";
	}
	my $subject = ($is_reply ? 'Re: ' : '') . $self->_say($self->_one(
	    '<noun>', 'the <noun>', '<noun> on <day>', '{Question|News} about '
	    . 'the <noun>', '<day>?', '{Hi|Hello|Quick question|Photos}'), $who);
	my $body = $self->_content($text, $who);
	$body = $self->_multipart('mixed', $body, "Content-Type: application/"
	    . "pdf; name=\"" . $self->_syllables(2) . ".pdf\"\n"
	    . "Content-Transfer-Encoding: base64\n\n"
	    . encode_base64('%PDF-1.5 ' . $self->_letters(300)))
	    if $self->_chance(0.08);
	return $self->_mail('talk', $self->_header($who, $subject,
	    fields => \@fields), $body);
}

# Somebody warns of junk, and quotes it.
sub _ham_warning {
	my ($self) = @_;
	my $who = $self->_one(@{ $self->{user}{people} });
	my $campaign = $self->_one(@{ $self->{campaigns} });
	my @said = map { $self->_say($_, $campaign) }
	    @{ $campaign->{sentences} };
	my $text = $self->_say("Hi <you>,\n\n{beware|careful|do not open this}:"
	    . " {I got|<other> received} this {junk|phishing mail} today and "
	    . "{wonder|thought} {if you got it too|it looked quite real}. ",
	    $who) . $self->_talk($who, 2) . "\n<$who->{me}>\n\n"
	    . join '', map { "> $_\n" } $self->_some(2, @said);
	return $self->_mail('warning', $self->_header($who,
	    'Fwd: ' . $self->_say($campaign->{subject}, $campaign)),
	    $self->_content($text, $who));
}

sub _ham_list {
	my ($self) = @_;
	my $list = $self->_one(@{ $self->{user}{lists} });
	my $who = $self->_chance(0.2) ? $self->_person($list->{topic})
	    : $self->_one(@{ $list->{people} });
	my $text = $self->_talk($who, 2 + $self->_number(8))
	    . $self->_quoted($who) . "\n-- \n$who->{full}\n"
	    . "_______________________________________________\n$list->{name}"
	    . " mailing list\nhttps://lists.example/$list->{name}\n";
	return $self->_mail('list', $self->_header($who, $self->_one('', 'Re: ')
	    . "[$list->{name}] " . $self->_noun($who), fields => [
	    "List-Id: <$list->{name}.lists.example>",
	    "List-Post: <mailto:$list->{name}\@lists.example>",
	    'List-Unsubscribe: <https://lists.example/u>',
	    'Precedence: list'], to => "$list->{name}\@lists.example",
	    mta => 'lists.example'),
	    $self->_encoded($text, 'utf-8', 'text/plain'));
}

sub _ham_transaction {
	my ($self, @of) = @_;
	my $who = $self->_firm_of('firms');
	my $kind = $self->_one(@Bench::JunkTexts::transaction[0 .. 4]);
	my $body = $self->_content($self->_say($kind->[1], $who), $who, 1);
	return $self->_mail('transaction', $self->_header($who,
	    $self->_say($kind->[0], $who)), $body);
}

sub _ham_machine {
	my ($self) = @_;
	my $who = $self->_one(@{ $self->{user}{machines} });
	my $kind = $Bench::JunkTexts::transaction[5];
	return $self->_mail('machine', $self->_header($who,
	    $self->_say($kind->[0], $who),
	    fields => ['Auto-Submitted: auto-generated']),
	    $self->_encoded($self->_say($kind->[1], $who), 'utf-8',
	    'text/plain'));
}

sub _ham_newsletter {
	my ($self) = @_;
	my $who = $self->_firm_of('letters');
	my @said = map { $self->_say($_, $who) }
	    $self->_some(4 + $self->_number(4), @Bench::JunkTexts::newsletter);
	my $text = join "\n", @said,
	    $self->_say($self->_one(@Bench::JunkTexts::newsletter_end), $who);
	(my $subject = $self->_one(grep { !/http/ } @said)) =~ s/[.:]$//;
	return $self->_mail('newsletter', $self->_header($who,
	    substr($subject, 0, 70), fields => ['List-Unsubscribe: <'
	    . $self->_link($who) . '>', 'Precedence: bulk']),
	    $self->_content($text, $who, 1));
}

sub ham {
	my ($self) = @_;
	my $make = $self->_weighted([440, '_ham_talk'], [140, '_ham_list'],
	    [187, '_ham_transaction'], [160, '_ham_newsletter'],
	    [72, '_ham_machine'], [1, '_ham_warning']);
	return $self->$make;
}

# --- spam ---

sub _begin_campaign {
	my ($self) = @_;
	my $kind = $self->_weighted(map { [$Bench::JunkTexts::spam{$_}[0], $_] }
	    sort keys %Bench::JunkTexts::spam);
	my ($weight, $subject, $sentences, $dress)
	    = @{ $Bench::JunkTexts::spam{$kind} };
	if ($self->_chance(0.06)) {
		$kind = 'foreign';
		$sentences = $Bench::JunkTexts::foreign_spam{ $self->_one(sort
		    keys %Bench::JunkTexts::foreign_spam) };
		($subject, $dress) = ($sentences->[0], 'html');
	}
	my $who = $self->_stranger;
	my $domain = $self->_syllables(2 + $self->_number(2))
	    . $self->_one('.example', '.example', '-news.example', '.top.example');
	%$who = (%$who, campaign => $self->_number(1_000_000), kind => $kind,
		subject => $subject, sentences => $sentences, dress => $dress,
		host => $domain, domain => $domain, firm => undef,
		left => 1 + $self->_number(60), html => ($dress =~ /html/ ? 1 : 0),
		brand => $self->_one(@Bench::JunkTexts::brand),
		gadget => $self->_one(@Bench::JunkTexts::gadget),
		phone => undef, pass => $self->_one('', 'spf', 'spf dkim dmarc',
		    'spf dkim dmarc'), program => $self->_one('', '',
		    'Microsoft Outlook 16.0', 'PHPMailer 6.1', 'Sendwell 4.1'),
		hides => $self->_chance(0.4), pads => $self->_chance(0.35),
		charset => 'utf-8');
	delete $who->{firm};
	push @{ $self->{campaigns} }, $who;
	return;
}

# What a filter of words would stumble over.
sub _disguised {
	my ($self, $text) = @_;
	my %alike = (a => ["\x{430}", '@', 'á'], e => ["\x{435}", '3', 'é'],
	    i => ['1', '!', 'í'], o => ['0', "\x{43e}", 'ö'], s => ['5', '$']);
	my @words = split / /, $text;
	for (@words) {
		next if /http/ || length($_) < 4 || !$self->_chance(0.3);
		my $way = $self->_number(4);
		s/([aeios])/$self->_chance(0.5) ? $self->_one(@{ $alike{$1} }) : $1/ge
		    if $way == 0;
		$_ = join $self->_one('.', '-', ' '), split // if $way == 1;
		substr $_, 2, 0, "\x{200b}" if $way == 2;
		substr $_, 2, 0, '<b></b>' if $way == 3;
	}
	return join ' ', @words;
}

sub _padding {
	my ($self) = @_;
	my $who = { topics => [$self->_topics(3)], me => 'x', host => 'a.example' };
	return $self->_chance(0.5) ? $self->_talk($who, 3 + $self->_number(5))
	    : join ' ', $self->_some(2 + $self->_number(4),
		@Bench::JunkTexts::padding);
}

sub _spam_html {
	my ($self, $text, $who) = @_;
	my $html = $who->{dress} =~ /newsletter|lookalike/
	    ? $self->_designed($text, $who) : $self->_html_of($text, $who);
	$html =~ s/&lt;b&gt;&lt;\/b&gt;/<b><\/b>/g;
	my $hidden = $self->_one('display:none', 'font-size:0', 'color:#fff',
	    'font-size:1px', 'visibility:hidden');
	$html .= "<div style=\"$hidden\">" . $self->_padding . '</div>'
	    if $who->{hides};
	$html .= '<p>' . $self->_padding . '</p>' if $who->{pads};
	return $html;
}

sub _spam_body {
	my ($self, $text, $who) = @_;
	my $dress = $who->{dress};
	my $charset = $dress =~ /koi8/ ? $self->_one(qw(koi8-r utf-8
	    windows-1251)) : $dress =~ /gb/ ? $self->_one(qw(gbk utf-8))
	    : 'utf-8';
	if ($dress =~ /imageonly/) {
		my $html = "<a href=\"$text\"><img src=\"https://$who->{host}/"
		    . $self->_letters(6) . ".jpg\"></a>"
		    . ($who->{hides} ? '<br>' . $self->_padding : '');
		return $self->_encoded($html, 'utf-8', 'text/html');
	}
	return $self->_encoded($self->_spam_html($text, $who), $charset,
	    'text/html') if $dress =~ /html/;
	$text .= "\n\n\n" . $self->_padding if $who->{pads} && $charset eq 'utf-8';
	my $plain = $self->_encoded($text, $charset, 'text/plain');
	return $plain if $dress !~ /attach/;
	my $ending = $self->_one(qw(zip docm html xlsm iso pdf));
	return $self->_multipart('mixed', $plain, "Content-Type: application/"
	    . "octet-stream; name=\"" . uc($self->_syllables(2))
	    . ".$ending\"\nContent-Transfer-Encoding: base64\n\n"
	    . encode_base64($self->_letters(400)));
}

sub spam {
	my ($self) = @_;
	my $at = $self->_number(scalar @{ $self->{campaigns} });
	my $who = $self->{campaigns}[$at];
	if (--$who->{left} <= 0) {
		splice @{ $self->{campaigns} }, $at, 1;
		$self->_begin_campaign;
	}
	my %me = (%$who, me => $self->_one(@Bench::JunkTexts::name));
	# the hosts of a campaign are blocked, and it takes others
	$me{host} = $self->_syllables(3) . '.example' if $self->_chance(0.4);
	my $full = "$me{me} " . $self->_one(@Bench::JunkTexts::family);
	$full = $me{brand} if $me{kind} eq 'phish';
	$full = $self->{user}{people}[0]{full} if $me{kind} eq 'boss';
	my $from = lc($me{me}) . $self->_number(1000) . '@' . ($me{dress}
	    =~ /freemail/ ? $self->_one(@freemail) : $self->_chance(0.5)
	    ? $me{host} : $me{domain});
	my @said = @{ $me{sentences} };
	push @said, $self->_one(@said) if $self->_chance(0.3);
	my $text = join "\n", map { $self->_say($_, \%me) } @said;
	my $subject = $self->_say($me{subject}, \%me);
	$text = $self->_disguised($text) if $me{dress} =~ /obfuscate/;
	$subject = "Re: $subject" if $self->_chance(0.1);
	return $self->_mail($me{kind}, $self->_header(\%me, $subject,
	    from => $from, name => $full, pass => $me{dress} =~ /freemail/
	    ? 'spf dkim dmarc' : $me{pass}, $self->_chance(0.3)
	    ? (to => 'undisclosed-recipients:;') : (), mta => $self->_chance(0.5)
	    ? 'host-' . $self->_number(256) . '.dyn.example' : undef),
	    $self->_spam_body($text, \%me));
}

1;
