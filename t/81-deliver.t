#!/usr/bin/perl

# The part of the plugin that runs at delivery, in lmtp and in lda, before a
# daemon that answers, fails, hangs or is not there: what is stored, where, and
# what the log says of it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dovecot;
use Signet::ScriptedMailbox;
use Signet::Util qw(temp_dir top_dir wait_for slurp spew);

Signet::Dovecot->need(sieve => 1, plugin => 1);

my $uid = 5000;
my $spool = temp_dir();
chmod 03733, $spool;
my $breaker = "$spool/.breaker-$uid";
my $script = Signet::ScriptedMailbox->new;

# An answer that comes is waited for, however slow the machine; one that does
# not come is given up after a moment.
my %settings = (signet_socket => $script->socket_path,
    signet_spool_dir => $spool, signet_timeout => '60s');
my %hasty = (signet_timeout => '200ms');
my $serial = 0;

sub message {
	my (%option) = @_;
	$serial++;
	my $id = $option{id} // "<m$serial\@bank.example>";
	return ($option{head} // '')
	    . "From: " . ($option{from} // 'Ann <ann@bank.example>') . "\n"
	    . "To: you\@site.example\nSubject: "
	    . ($option{subject} // "message $serial") . "\n"
	    . (length $id ? "Message-ID: $id\n" : '') . "\n"
	    . ($option{body} // "body $serial\n");
}

# Both ways a message comes; true when it was taken.
my %way = (
	lmtp => sub { my ($dovecot, $user, $message) = @_;
		my $reply = $dovecot->deliver($user, $message);
		return $reply =~ /^250/ ? 1 : diag($reply) && 0 },
	lda => sub { my ($dovecot, $user, $message) = @_;
		my ($status, $out, $err) = $dovecot->lda($user, $message);
		return $status == 0 ? 1 : diag("lda: $status $out$err") && 0 },
);

# Everything of a user, "mailbox: message", and then nothing is left of it.
sub take {
	my ($dovecot, $user) = @_;
	my $imap = $dovecot->imap($user);
	my @all;
	for my $line ($imap->command('LIST "" *')) {
		my ($name) = $line =~ m{^LIST \(.*?\) "/" "?([^"]+)"?\z} or next;
		next if $line =~ /\\Noselect/i;
		for my $message ($imap->messages($name)) {
			push @all, { mailbox => $name, %$message };
		}
		next unless $imap->count($name);
		$imap->select($name);
		$imap->store('1:*', '+FLAGS.SILENT', '\Deleted');
		$imap->expunge;
	}
	$imap->logout;
	return @all;
}

sub lines_of { my ($text) = @_; $text =~ s/\r\n/\n/g; return $text }
sub junk_fields {
	my ($text) = @_;
	my ($head) = split /\n\n/, lines_of($text), 2;
	$head =~ s/\n(?=[ \t])//g;
	return [$head =~ /^(X-Signet-[^\n]*)/mg];
}
sub keywords {
	my ($message) = @_;
	return [sort grep { /^\$Junk|^\$Label|^\\(?!Recent)/ }
	    @{ $message->{flags} }];
}

# The lines of ours since the last call, of which some must come: a process of
# its own writes the log.
my %seen;
sub told {
	my ($dovecot, $count) = @_;
	my ($log, @new);
	wait_for(60, sub {
		# the last line may be there in part
		$log = $dovecot->log =~ s/[^\n]*\z//r;
		@new = grep { /signet: / } split /\n/,
		    substr $log, $seen{$dovecot} // 0;
		return @new >= ($count // 0);
	}, sub { "lines in\n" . $dovecot->log });
	$seen{$dovecot} = length $log;
	return @new;
}

my @junk = (mailbox => 'Junk', keyword => '$Junk', verdict => 'junk',
    header => 'X-Signet-Junk: 0.998; viagra 0.99, cheap 0.98');
my $junk_field = 'X-Signet-Junk: 0.998; viagra 0.99, cheap 0.98';

# --- what an answer does, in each storage, with and without Sieve ---
sub answers {
	my ($dovecot, $how) = @_;
	my $deliver = $way{$how};

	$script->forget;
	$script->answer(verdict => 'ham', header => 'X-Signet-Junk: 0.010');
	ok($deliver->($dovecot, 'ann', message(id => '<q1@bank.example>')),
	    "$how: taken");
	my ($got, @more) = take($dovecot, 'ann');
	is("$got->{mailbox} @more", 'INBOX ', 'ham goes where it would');
	is_deeply(junk_fields($got->{text}), ['X-Signet-Junk: 0.010'],
	    'its words are in the header');
	like(lines_of($got->{text}), qr/\AX-Signet-Junk: /, 'at the top');
	like(lines_of($got->{text}), qr/\n\nbody $serial\n\z/,
	    'and the body is what it was');
	my ($asked) = $script->questions;
	is("@$asked{qw(first user mailbox from)}",
	    'signet-deliver 1 ann INBOX sender@bank.example', 'the question');
	like($asked->{to}, qr/^ann/, 'it names the recipient');
	ok(length $asked->{session}, 'and the session') if $how eq 'lmtp';
	is($asked->{size}, length $asked->{message}, 'all of the message');
	like($asked->{message}, qr/^Message-ID: <q1\@bank\.example>\r?$/m,
	    'is asked about');

	$script->answer(@junk);
	ok($deliver->($dovecot, 'ann', message(
	    head => "X-Signet-Junk: 0.001;\n\tforged\n"
		. "X-Other: stays\nx-signet-JUNK: again\n"
		. "X-Signet-Rule: forged\n")),
	    "$how: junk taken");
	($got, @more) = take($dovecot, 'ann');
	is("$got->{mailbox} @more", 'Junk ', 'junk goes to Junk');
	is_deeply(keywords($got), ['$Junk'], 'with its keyword');
	is_deeply(junk_fields($got->{text}), [$junk_field],
	    'with our field, and nobody else\'s');
	like($got->{text}, qr/^X-Other: stays\r$/m, 'other fields stay');
	unlike($got->{text}, qr/forged|again/, 'folded lines go, too');

	$script->answer;
	ok($deliver->($dovecot, 'ann',
	    message(head => "X-Signet-Rule: forged\nX-Signet-Verdict: none\n"
		. "X-Signet-Junk: forged\n")), "$how: no verdict");
	($got) = take($dovecot, 'ann');
	is($got->{mailbox}, 'INBOX', 'goes to INBOX');
	is_deeply(junk_fields($got->{text}), ['X-Signet-Verdict: none'],
	    'without a forged field, and with that of the milter');
	return;
}

for my $case (['maildir', 0], ['maildir', 1], ['mdbox', 0], ['mdbox', 1]) {
	my ($storage, $sieve) = @$case;
	my $name = $storage . ($sieve ? ' with Sieve' : '');
	subtest "answers, $name" => sub {
		my $dovecot = Signet::Dovecot->new(plugin => \%settings,
		    uid => $uid, storage => $storage, sieve => $sieve);
		answers($dovecot, $_) for sort keys %way;
		is_deeply([told($dovecot)], [], 'the log says nothing');
		is_deeply([$dovecot->complaints], [], 'nor Dovecot');
	};
}

# --- Sieve decides ---
subtest 'Sieve' => sub {
	my $dovecot = Signet::Dovecot->new(plugin => \%settings, uid => $uid,
	    sieve => 1);
	$dovecot->script('ann', <<'END');
require ["fileinto", "imap4flags", "mailbox"];
if header :contains "subject" "work" { fileinto :create "Work"; stop; }
if header :contains "subject" "gone" { discard; stop; }
if header :contains "subject" "words" {
	if header :contains "X-Signet-Junk" "viagra" {
		fileinto :create "Words"; stop; }
}
if header :contains "subject" "marked" { setflag ["\\Seen", "$Label1"]; keep;
	stop; }
if header :contains "subject" "named" { fileinto "Junk"; stop; }
END
	$script->answer(@junk);
	for my $how (sort keys %way) {
		my %want = (plain => ['Junk', '$Junk'], work => ['Work'],
		    marked => ['Junk', '$Junk', '$Label1', '\Seen'],
		    words => ['Words'], named => ['Junk', '$Junk']);
		for my $subject (sort keys %want) {
			ok($way{$how}->($dovecot, 'ann',
			    message(subject => $subject)), "$how: $subject");
			my ($got, @more) = take($dovecot, 'ann');
			is_deeply([$got->{mailbox}, @{ keywords($got) }, @more],
			    $want{$subject}, 'is where the script wants it');
			is_deeply(junk_fields($got->{text}), [$junk_field],
			    'with our field');
		}
		ok($way{$how}->($dovecot, 'ann', message(subject => 'gone')),
		    "$how: discarded");
		is_deeply([take($dovecot, 'ann')], [], 'is nowhere');
	}
	# a mailbox that cannot be: neither Sieve nor Dovecot loses it
	$script->answer(@junk, mailbox => "\x{c3}\x{a4}/../x", verdict => 'rule');
	ok($way{lmtp}->($dovecot, 'ann', message()), 'a mailbox that cannot be');
	my ($got, @more) = take($dovecot, 'ann');
	is("$got->{mailbox} @more", 'INBOX ', 'is none');
	like(join("\n", told($dovecot, 1)), qr/Delivered as if unjudged: /,
	    'and the log says so');
};

# --- a daemon that does not answer ---
my $dovecot = Signet::Dovecot->new(plugin => \%settings, uid => $uid,
    users => { ann => {}, bob => {}, eve => { plugin => 0 },
	hal => { fields => { %hasty } },
	tim => { fields => { signet_socket => '' } } });

sub unjudged {
	my ($user, $how, $why, $name) = @_;
	told($dovecot);
	ok($way{$how}->($dovecot, $user,
	    message(head => "X-Signet-Junk: forged\n", body => "$name\n")),
	    "$how: $name");
	my ($got, @more) = take($dovecot, $user);
	is("$got->{mailbox} @more", 'INBOX ', 'is delivered once');
	is_deeply([junk_fields($got->{text}), keywords($got)], [[], []],
	    'as it would be, without a forged field');
	like($got->{text}, qr/\r\n\r\n\Q$name\E\r\n\z/, 'unharmed');
	my @told = told($dovecot, 1);
	is(scalar @told, 1, 'one line tells it');
	like($told[0] // '', $why, 'and why');
	return;
}

subtest 'fails' => sub {
	my %fault = (
		close => qr/unjudged: signet-mailbox: (?:it closed before it answered|(?:reading its answer|sending to it) failed: )/,
		cut => qr/unjudged: signet-mailbox: it closed before it answered/,
		garbage => qr/unjudged: signet-mailbox: its answer is not text/,
		oversize => qr/unjudged: signet-mailbox: its answer is longer than/,
	);
	for my $how (sort keys %way) {
		for my $fault (sort keys %fault) {
			$script->behave($fault);
			unjudged('ann', $how, $fault{$fault}, $fault);
		}
	}
	my %raw = (
		"signet-answer 2\nmailbox=Junk\n\n" => 'does not begin',
		"signet-answer 1\nmailbox=J%0Aunk\n\n" => 'mailbox that cannot',
		"signet-answer 1\nmailbox=%ff\n\n" => 'mailbox that cannot',
		"signet-answer 1\nmailbox=Ju%4\n\n" => 'mailbox that cannot',
		"signet-answer 1\nmailbox=Junk\nheader=Bcc:%20x\n\n"
		    => 'header that cannot',
		"signet-answer 1\nheader=X-Signet-Junk:%0D%0AFrom:%20x\n\n"
		    => 'header that cannot',
		"signet-answer 1\nkeyword=a%20b\n\n" => 'keyword that cannot',
		"signet-answer 1\nmailbox\n\n" => "without '='",
	);
	for my $bytes (sort keys %raw) {
		$script->behave('raw', $bytes);
		unjudged('ann', 'lmtp', qr/its answer .*\Q$raw{$bytes}\E/,
		    $raw{$bytes});
	}
	$script->behave('raw', "signet-answer 1\nmailbox=Junk\nlater=new%0a\n\n");
	ok($way{lmtp}->($dovecot, 'ann', message()), 'a name of a later time');
	is((take($dovecot, 'ann'))[0]{mailbox}, 'Junk', 'does no harm');
	$script->stop;
	for my $how (sort keys %way) {
		unjudged('ann', $how, qr/signet-mailbox: connect\(.*\) failed: /,
		    'nobody there');
	}
	ok(!-e $breaker, 'what costs no time is asked again');
	$script->start;
};

subtest 'answers early' => sub {
	$script->answer(@junk);
	$script->behave('early');
	ok($way{lmtp}->($dovecot, 'ann', message(body => '')
	    . ("y" x 70 . "\n") x 20_000), 'an answer to the header');
	my ($got) = take($dovecot, 'ann');
	is($got->{mailbox}, 'Junk', 'is taken');
	like($got->{text}, qr/(?:y{70}\r\n){20000}\z/, 'the message is whole');
};

subtest 'a long message' => sub {
	$script->forget;
	$script->answer(@junk);
	$dovecot->set(plugin => { %settings, signet_max_message => '20k' });
	my $message = message(body => '') . ("z" x 70 . "\n") x 1000;
	ok($way{lmtp}->($dovecot, 'ann', $message), 'is taken');
	my ($asked) = $script->questions;
	is(length $asked->{message}, 20 * 1024, 'its start is asked about');
	cmp_ok($asked->{size}, '>=', length $message, 'and its size is told');
	my ($got) = take($dovecot, 'ann');
	like($got->{text}, qr/(?:z{70}\r\n){1000}\z/, 'it is stored whole');
	$dovecot->set(plugin => \%settings);
};

subtest 'a long field is folded' => sub {
	my $words = join ', ', map { "word$_ 0.9$_" } 1 .. 60;
	$script->answer(header => "X-Signet-Junk: 0.99; $words",
	    header => 'X-Signet-Junk: ' . 'n' x 3000,
	    header => 'X-Signet-Rule: list dev.example');
	ok($way{lmtp}->($dovecot, 'ann', message()), 'taken');
	my ($got) = take($dovecot, 'ann');
	my ($head) = split /\n\n/, lines_of($got->{text}), 2;
	my $fields = junk_fields($got->{text});
	is($fields->[0], "X-Signet-Junk: 0.99; $words", 'and says the same');
	is($fields->[2], 'X-Signet-Rule: list dev.example', 'all are there');
	is(scalar(grep { length > 998 } split /\n/, $head), 0,
	    'no line is longer than a line may be');
	my ($first) = $head =~ /\A(.*?)^X-Signet-Junk: n/ms;
	is(scalar(grep { length > 78 } split /\n/, $first), 0,
	    'nor than it should be');
	like(lines_of($got->{text}), qr/^From: Ann/m, 'the rest is there');
};

# What is not as it should be is stored as it is, our field aside.
subtest 'odd messages' => sub {
	my $forged = 'X-Signet-Junk: ' . 'f' x 300_000 . "\n";
	my %odd = (
		'nothing' => '',
		'no body' => "Subject: x\n",
		'a field cut off' => "X-Signet-Junk: forged\nSubject",
		'no header' => "\nbody\n",
		'a long field' => $forged . "From: a\nX-Long: " . 'x' x 400_000
		    . "\nTo: b\n\nbody\n",
		'a long header' => (join '', map { "X-$_: $_\n" } 1 .. 30_000)
		    . "X-Signet-Junk: forged\nTo: b\n\nbody\n",
		'many of them' => "X-Signet-Junk: forged\n" x 5000
		    . "To: b\n\nbody\n",
		'eight bits and none' => "To: \xff\xfe\n"
		    . "X-Signet-Junk : forged\nX-Nul: a\0b\n\n\xe4\0\n",
	);
	$script->answer(@junk);
	for my $how (sort keys %way) {
		for my $name (sort keys %odd) {
			ok($way{$how}->($dovecot, 'ann', $odd{$name}),
			    "$how: $name");
			my ($got, @more) = take($dovecot, 'ann');
			is("$got->{mailbox} @more", 'Junk ', 'filed');
			my $text = lines_of($got->{text});
			is_deeply(junk_fields($text), [$junk_field],
			    'one field of ours');
			my $want = lines_of($odd{$name});
			$want =~ s/^X-Signet-Junk ?: .*\n//mg;
			$want =~ tr/\0/\x80/;	# IMAP has no NUL
			$text =~ s/\A.*?(?=\Q$want\E\n*\z)//s;
			$text =~ s/\n+\z//;
			$want =~ s/\n+\z//;
			ok($text eq $want, 'and all else')
			    or diag(substr $text, 0, 500);
		}
	}
};

# --- one that hangs costs its deadline, and not for ever ---
subtest 'hangs' => sub {
	$script->behave('hang');
	# Time is what the file says: 30 seconds, and some for a slow machine.
	my $later = sub { utime $_[0], $_[0], $breaker or die "$breaker: $!" };
	my $hangs = sub {
		my ($how, $name) = @_;
		$script->forget;
		unjudged('hal', $how, qr/it did not answer within 200 ms/,
		    $name);
		wait_for(60, sub { $script->questions }, 'the question');
		$later->(time + 25);
	};
	$hangs->($_, 'hangs') for qw(lmtp lda lmtp);
	like((grep { /nobody asks for 30 s/ } split /\n/, $dovecot->log)[-1]
	    // '', qr/Error: .*it did not answer within 200 ms, nor before/,
	    'the third time is told');
	$script->forget;
	for my $how (sort keys %way) {
		unjudged('hal', $how, qr/did not answer lately/, 'not asked');
	}
	is(scalar($script->questions), 0, 'the daemon was left alone');

	$later->(time - 60);
	$hangs->('lmtp', 'asked again, once');
	unjudged('hal', 'lmtp', qr/did not answer lately/, 'and no more');

	$later->(time - 60);
	$script->answer(@junk);
	ok($way{lmtp}->($dovecot, 'ann', message()), 'it answers again');
	is((take($dovecot, 'ann'))[0]{mailbox}, 'Junk', 'and is heard');
	ok(!-e $breaker, 'all is forgotten');

	$script->behave('slow');
	$hangs->('lmtp', 'byte by byte');
	is(-s $breaker, 1, 'is a hanging daemon, too');
	# a new file: fs.protected_regular may forbid to write to that of another
	unlink $breaker;
	spew($breaker, 'x' x 3);
	chown 5001, 5001, $breaker;
	$script->answer(@junk);
	ok($way{lmtp}->($dovecot, 'ann', message()), 'what another uid says');
	is((take($dovecot, 'ann'))[0]{mailbox}, 'Junk', 'is not believed');
	unlink $breaker;
	symlink '/etc/passwd', $breaker;
	ok($way{lmtp}->($dovecot, 'ann', message()), 'nor a link');
	is((take($dovecot, 'ann'))[0]{mailbox}, 'Junk', 'is followed');
	unlink $breaker;
};

# --- who shares a message, and who has no part in it ---
subtest 'recipients' => sub {
	$script->forget;
	$script->answer(@junk);
	for my $order ([qw(ann bob eve tim)], [qw(eve tim ann bob)]) {
		my @replies = $dovecot->deliver($order,
		    message(head => "X-Signet-Junk: forged\n"));
		is(scalar(grep { /^250/ } @replies), 4, "@$order");
		my %got = map { $_ => [take($dovecot, $_)] } @$order;
		is_deeply([map { scalar @{ $got{$_} } } sort keys %got],
		    [1, 1, 1, 1], 'one each');
		%got = map { $_ => $got{$_}[0] } keys %got;
		is_deeply([map { [$got{$_}{mailbox},
		    @{ junk_fields($got{$_}{text}) }] } qw(ann bob)],
		    [(['Junk', $junk_field]) x 2], 'each has one answer');
		is_deeply([$got{eve}{mailbox},
		    @{ junk_fields($got{eve}{text}) }],
		    ['INBOX', 'X-Signet-Junk: forged'],
		    'who has no plugin gets what was sent');
		is_deeply([$got{tim}{mailbox},
		    @{ junk_fields($got{tim}{text}) }], ['INBOX'],
		    'who does not ask gets no forged words');
	}
	is(join(' ', sort map { $_->{user} } $script->questions),
	    'ann ann bob bob', 'two were asked for');
};

# --- over quota is Dovecot's to say ---
subtest 'over quota' => sub {
	$script->answer(@junk);
	my $small = Signet::Dovecot->new(plugin => \%settings, uid => $uid,
	    quota => { storage => '1k', grace => 0 });
	my $reply = $small->deliver('ann', message(body => 'x' x 3000 . "\n"));
	like($reply, qr/^552 5\.2\.2 /, 'refused as ever');
	is_deeply([take($small, 'ann')], [], 'and stored nowhere');
};

# --- what the site rejected ---
subtest 'Rejects' => sub {
	for my $sieve (0, 1) {
		my $site = Signet::Dovecot->new(uid => $uid, sieve => $sieve,
		    plugin => { %settings, signet_rejects_mailbox => 'Rejects' },
		    settings => { lmtp_save_to_detail_mailbox => 'yes' });
		$site->script('ann', "discard;\n") if $sieve;
		my $in = sub {
			my $imap = $site->imap('ann');
			my @all = map { my $box = $_; map { "$box "
			    . join(' ', (lines_of($_->{text})
				=~ /^Message-ID: (\S*)/m)[0] // '-',
				@{ keywords($_) }) }
			    $imap->messages($box) } qw(INBOX Rejects);
			$imap->logout;
			return [sort @all];
		};
		$script->forget;
		$script->answer(@junk);
		for my $id (qw(<r1@x> <r2@x> <r1@x>), '') {
			like($site->deliver('ann+Rejects', message(id => $id)),
			    qr/^250/, "a copy of $id");
		}
		is_deeply($in->(), ['Rejects - \Seen', 'Rejects <r1@x> \Seen',
		    'Rejects <r2@x> \Seen'], 'is there once, read');
		is(scalar($script->questions), 0, 'nothing is asked');
		$site->script('ann', "keep;\n") if $sieve;

		$script->answer(verdict => 'ham');
		$site->deliver('ann', message(id => '<r1@x>'));
		is_deeply($in->(), ['INBOX <r1@x>', 'Rejects - \Seen',
		    'Rejects <r1@x> \Seen', 'Rejects <r2@x> \Seen'],
		    'who was not verified removes nothing');
		$script->answer(verdict => 'ham', remove_rejects => 1);
		for my $id ('<r1@', '<@>', '@', 'r1@x', '<R1@x>', '') {
			$site->deliver('ann', message(id => $id));
		}
		$site->deliver('ann', message(id => '<r1@x>',
		    from => 'eve@evil.example'));
		is(scalar(grep { /Rejects/ } @{ $in->() }), 3,
		    'nor does what is not the same message');
		$site->deliver('ann', message(id => '<r1@x>'));
		is_deeply([grep { /Rejects/ } @{ $in->() }],
		    ['Rejects - \Seen', 'Rejects <r2@x> \Seen'],
		    'delivered after all, the copy goes');
		ok($site->wait_log(
		    qr/<r1\@x> was delivered: removed 1 from Rejects/),
		    'the log says so');

		$script->answer(verdict => 'rejects', mailbox => 'Rejects',
		    remove_rejects => 1);
		$site->deliver('ann', message(id => '<r3@x>'));
		is_deeply([grep { /r3/ } @{ $in->() }], ['Rejects <r3@x>'],
		    'the daemon can file there, too');
		if ($sieve) {
			$site->script('ann', "discard;\n");
			$script->answer(verdict => 'ham', remove_rejects => 1);
			$site->deliver('ann', message(id => '<r2@x>'));
			is(scalar(grep { /Rejects <r2\@x>/ } @{ $in->() }), 1,
			    'what the user discards was not delivered');
		}
	}
};

subtest 'Rejects does not grow for ever' => sub {
	my $text = slurp(top_dir() . '/docs/dovecot-delivery.md');
	my $lines = join "\n", $text =~
	    /^ *# Dovecot 2\.3 and 2\.4\n((?: {4,}.*\n)+)/mg;
	ok($lines =~ s/max_mails = \K1000/2/, 'the page tells how');
	my $site = Signet::Dovecot->new(uid => $uid, plugin => \%settings,
	    mailboxes => { Junk => '\Junk' }, lines => $lines);
	like($site->deliver('ann+Rejects', message()), qr/^250/, 'one more')
	    for 1 .. 5;
	wait_for(60, sub {
		my $imap = $site->imap('ann');
		my $count = $imap->count('Rejects');
		$imap->logout;
		return $count <= 2;
	}, 'autoexpunge');
	like((take($site, 'ann'))[-1]{text}, qr/^Message-ID: <m$serial\@/m,
	    'the last one is there');
};

subtest 'no Rejects' => sub {
	my $site = Signet::Dovecot->new(uid => $uid, plugin => \%settings,
	    mailboxes => { Junk => '\Junk' }, settings => {
	    lmtp_save_to_detail_mailbox => 'yes',
	    lda_mailbox_autocreate => 'no' });
	like($site->deliver('ann+Rejects', message()),
	    qr/^451 .*rejected messages is not available/,
	    'a copy without a place is refused for now');
	$script->answer(verdict => 'ham', remove_rejects => 1);
	like($site->deliver('ann', message()), qr/^250/, 'others are taken');
	is_deeply([map { $_->{mailbox} } take($site, 'ann')], ['INBOX'],
	    'and INBOX has no rejected one');
};

is_deeply([grep { !/signet: / } $dovecot->complaints], [],
    'Dovecot has nothing to complain of');
done_testing();
