#!/usr/bin/perl
# signet-sign with the real Postfix: submission, sendmail(1), bounces, null
# senders; after Postfix has rewritten, completed and relayed the message, its
# signatures verify here, with dkimpy and with opendkim. What Postfix changes
# behind a milter, and the settings that keep it from that, are tested both
# ways.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Auth;
use Signet::Postfix;
use Signet::Postgres;
use Signet::Sign;
use Signet::Signer;
use Signet::Smtp;
use Signet::Util qw(need_programs wait_for slurp program_path must_run
    top_dir run_command);
use Signet::Verify;

Signet::Signer->need;
need_programs('postfix', 'openssl', '/usr/bin/python3');

my %key = (rsa => Signet::Sign->key('rsa', 2048),
    ed => Signet::Sign->key('ed25519'));
my $signer = Signet::Signer->new(
	host => 'mail.example.com',
	keys => { 'example.com' => \%key },
	sign => { socket_mode => 666 });
my $others = Signet::Verify->new({ map {
	("$_._domainkey.example.com" => $key{$_}->record) } keys %key });

# Two sites that get our mail: one takes what there is, the other neither
# 8BITMIME nor SMTPUTF8.
my @everywhere = ('eight.test', 'seven.test', 'example.com');
my $eight = Signet::Postfix->new(host => 'mx.eight.test',
    domains => \@everywhere);
my $seven = Signet::Postfix->new(host => 'mx.seven.test',
    domains => \@everywhere, main => {
	smtpd_discard_ehlo_keywords => '8bitmime, smtputf8',
	smtpd_recipient_restrictions =>
	    'check_recipient_access inline:{{gone@dead.test=REJECT}}' });
my $auth = Signet::Auth->new;
my $mta = Signet::Postfix->new(
	host => 'mail.example.com', domains => \@everywhere,
	milters => $signer->socket,
	main => {
		$auth->main_cf,
		myorigin => 'example.com',
		non_smtpd_milters => $signer->socket,
		internal_mail_filter_classes => 'bounce',
		local_header_rewrite_clients =>
		    'permit_mynetworks, permit_sasl_authenticated',
		masquerade_domains => 'example.com',
		smtputf8_enable => 'yes',
		smtp_tls_security_level => 'none',
		transport_maps => "inline:{{eight.test=smtp:[127.0.0.1]:"
		    . $eight->port . "} {seven.test=smtp:[127.0.0.1]:"
		    . $seven->port . "} {example.com=smtp:[127.0.0.1]:"
		    . $eight->port . "} {dead.test=smtp:[127.0.0.1]:"
		    . $seven->port . "}}",
		relay_domains => "@everywhere dead.test",
	});
diag('Postfix ' . $mta->version);

my $number = 0;

sub message {
	my (%option) = @_;
	$number++;
	my %field = (From => 'Ann <ann@example.com>', To => 'u@eight.test',
	    Subject => "test $number", Date => 'Sun, 22 Nov 2026 06:00:00 +0000',
	    'Message-ID' => "<$number\@example.com>",
	    %{ $option{fields} // {} });
	return join('', map { "$_: $field{$_}\n" } grep { defined $field{$_} }
	    qw(From To Subject Date Message-ID MIME-Version Content-Type
		Content-Transfer-Encoding)) . ($option{more} // '') . "\n"
	    . ($option{body} // "Hello.\n");
}

# What the other site got of the message with that queue id.
sub relayed {
	my ($id, $to) = @_;
	$to //= 'u@eight.test';
	my $line = $mta->wait_log(qr/$id: to=<.*queued as \w+/, 30);
	my ($there) = $line =~ /queued as (\w+)/;
	my $site = $to =~ /seven/ ? $seven : $eight;
	return $site->delivered($to, $there);
}

sub submit {
	my ($data, %option) = @_;
	my $what = delete $option{what};
	my ($reply, $id) = $mta->send(client => '198.51.100.7',
	    auth => 'ann', from => 'ann@example.com', to => 'u@eight.test',
	    data => $data, %option);
	like($reply, qr/^250 /, ($what // 'message') . ': taken') or return;
	return $id;
}

sub signature_count {
	my ($text) = @_;
	my ($head) = split /\n\n/, $text;
	return scalar(() = $head =~ /^DKIM-Signature:/mg);
}

# Both signatures verify, with us and with others.
sub verifies {
	my ($text, $name) = @_;
	is(signature_count($text), 2, "$name: two signatures") or return;
	is_deeply([map { $_->[0] } $signer->verdicts($text)],
	    ['pass', 'pass'], '... pass with us') or diag $text;
	my ($other) = $others->dkimpy($text);
	is_deeply([map { $_ ? 1 : $_ } @$other], [1, 1], '... and with dkimpy')
	    or diag explain $other;
	return;
}

sub broken {
	my ($text, $name) = @_;
	my @got = map { $_->[0] } $signer->verdicts($text);
	is_deeply(\@got, ['fail', 'fail'], $name) or diag explain \@got;
	return;
}

my $bytes = join '', map { chr } 1 .. 9, 11, 12, 14 .. 255;
my %shape = (
	'plain' => [message()],
	'empty body' => [message(body => '')],
	'one empty line' => [message(body => "\n")],
	'empty lines at the end' => [message(body => "a\n\n\n\n")],
	'white space' => [message(body => "a \t b \n \n\t\nx\t\n",
		more => "X-Empty:\nX-Blank:  \nX-Two:  two  spaces \n")],
	'folded fields' => [message(fields => {
		Subject => "one\n two\n\tthree   \n  four",
		To => "\"a, b\" <u\@eight.test>,\n\tv\@eight.test" })],
	'field without a space' => [message(more => "Reply-To:x\@example.com\n")],
	'dots' => [message(body => ".\n..\n...\n.x\n. \n\n.\n")],
	'8-bit' => [message(body => "$bytes\n$bytes\n", fields => {
		Subject => "gr\xfc\xdfe", 'MIME-Version' => '1.0',
		'Content-Type' => 'text/plain; charset=iso-8859-1',
		'Content-Transfer-Encoding' => '8bit' }),
	    mail_args => ['BODY=8BITMIME']],
	'SMTPUTF8' => [message(fields => {
		From => "J\xc3\xb6rg <j\xc3\xb6rg\@example.com>",
		Subject => "gr\xc3\xbc\xc3\x9fe \xe2\x82\xac" },
		body => "gr\xc3\xbc\xc3\x9fe\n"), mail_args => ['SMTPUTF8'],
	    from => "j\xc3\xb6rg\@example.com"],
	'long lines' => [message(body => ('x' x 998) . "\n" . ('y ' x 700)
		. "\n" . ('z' x 2100) . "\n" . ('w ' x 4000) . "\nend\n")],
	'a long field' => [message(more => 'References: '
		. join(' ', map { "<$_." . 'r' x 60 . '@x.test>' } 1 .. 40)
		. "\n")],
	'many fields' => [message(more => join '', map { "X-F$_: $_\n" }
		1 .. 200)],
	'a large body' => [message(body => "a line of text that is not short\n"
		x 50000)],
	'MIME' => [message(fields => { 'MIME-Version' => '1.0',
		'Content-Type' => "multipart/mixed;\n boundary=\"b\"" },
		body => "--b\nContent-Type: text/plain\n\nx\n--b--\n")],
	'no Date, no Message-ID' => [message(fields => { Date => undef,
		'Message-ID' => undef })],
);

for my $form ('relaxed', 'simple') {
	subtest "every shape, $form" => sub {
		$signer->reconfigure(sign => {
			header_canonicalization => $form,
			body_canonicalization => $form });
		my %id;
		for my $name (sort keys %shape) {
			my ($data, %option) = @{ $shape{$name} };
			$id{$name} = submit($data, what => $name, %option);
		}
		my %text = map { ($_ => relayed($id{$_})) } sort keys %id;
		verifies($text{$_}, $_) for sort keys %text;
		my @rsa = $others->opendkim(map { $text{$_} } sort keys %text);
		SKIP: {
			skip 'opendkim is not installed', 1 unless @rsa;
			# it knows no Ed25519 in Debian 12, and its test mode
			# gives each field one space, which simple sees
			is(scalar(grep { $_ < 1 } @rsa), 0,
			    'opendkim verifies all of them')
			    if $form eq 'relaxed';
		}
		like($text{plain}, qr/^DKIM-Signature:.*\n(?:[ \t].*\n)*DKIM-Signature:.*\n(?:[ \t].*\n)*Received: from/m,
		    'above what Postfix puts on top');
	};
}
$signer->reconfigure(sign => { header_canonicalization => undef,
	body_canonicalization => undef });

# The queue id of what sendmail(1) brought, by what it says.
sub local_id {
	my ($pattern) = @_;
	my $line = $signer->sign->wait_log($pattern, 30);
	return ($line =~ /(\w+): client=/)[0];
}

subtest 'sendmail(1)' => sub {
	my $to = 'u@eight.test';
	is($mta->submit('ann@example.com', $to, message()), 0, 'a message');
	my $id = local_id(qr/origin=network.* mail_from=ann|mail_from=ann.*origin=network/);
	verifies(relayed($id), 'sendmail');
	my $before = length $signer->sign->log;
	is($mta->submit('bob@example.com', $to, "Subject: bare\n\nx\n"), 0,
	    'without From, Date, Message-ID');
	$id = local_id(qr/mail_from=bob\@example\.com/);
	my $text = relayed($id);
	like($text, qr/^From:.*bob\@example\.com/m, 'Postfix has added From');
	like($text, qr/^Message-I[dD]: /m, '... and Message-ID');
	verifies($text, 'what Postfix completed');
	is($mta->submit('eve@example.com', $to,
		"From: eve\nTo: you\nSubject: x\n\n\xfc\n"), 0,
	    'names without a domain');
	$id = local_id(qr/mail_from=eve\@example\.com/);
	$text = relayed($id);
	like($text, qr/^From: eve\@example\.com$/m,
	    'Postfix has completed them');
	verifies($text, 'what Postfix completed');
	is($mta->submit('root@web1.example.com', $to, message(fields => {
		From => 'Root <root@web1.example.com>' })), 0, 'a subdomain');
	$id = local_id(qr/mail_from=root\@example\.com|mail_from=root\@web1/);
	$text = relayed($id);
	like($text, qr/^From: Root <root\@example\.com>$/m,
	    'Postfix has masqueraded it');
	verifies($text, 'what Postfix masqueraded');
};

subtest 'bounces and null senders' => sub {
	my $id = submit(message(), to => 'gone@dead.test',
	    from => 'u@eight.test');
	my $line = $mta->wait_log(qr/$id: sender non-delivery notification/, 30);
	my ($bounce) = $line =~ /notification: (\w+)/;
	my $text = relayed($bounce);
	like($text, qr/^From:.*MAILER-DAEMON\@example\.com/m, 'a bounce');
	verifies($text, 'bounce');
	my $log = $signer->log_of($bounce);
	is($log->{mail_from}, '', '... has the null sender');
	$id = submit(message(), from => '');
	verifies(relayed($id), 'null sender of a client');
	$mta->set(internal_mail_filter_classes => '');
	$id = submit(message(), to => 'gone@dead.test', from => 'u@eight.test');
	$line = $mta->wait_log(qr/$id: sender non-delivery notification/, 30);
	($bounce) = $line =~ /notification: (\w+)/;
	is(signature_count(relayed($bounce)), 0,
	    'without internal_mail_filter_classes = bounce it is not signed');
	$mta->set(internal_mail_filter_classes => 'bounce');
};

subtest 'what Postfix changes behind a milter' => sub {
	my ($data, %option) = @{ $shape{'8-bit'} };
	my $id = submit($data, to => 'u@seven.test', %option);
	my $text = relayed($id, 'u@seven.test');
	like($text, qr/^Content-Transfer-Encoding: quoted-printable/mi,
	    'a next hop without 8BITMIME gets quoted-printable');
	broken($text, '... which breaks the signature');
	$mta->set(disable_mime_output_conversion => 'yes');
	$id = submit($data, to => 'u@seven.test', %option);
	$text = relayed($id, 'u@seven.test');
	like($text, qr/^Content-Transfer-Encoding: 8bit/mi,
	    'disable_mime_output_conversion = yes leaves it');
	verifies($text, '8-bit');
	$mta->set(disable_mime_output_conversion => 'no');
	($data) = @{ $shape{'long lines'} };
	$mta->set(smtp_line_length_limit => 0);
	$id = submit($data);
	broken(relayed($id), 'another smtp_line_length_limit than '
	    . 'line_length_limit');
	$signer->reconfigure(sign => { line_length_limit => 0 });
	$id = submit($data);
	verifies(relayed($id), 'the same in both places');
	$signer->reconfigure(sign => { line_length_limit => undef });
	$mta->set(smtp_line_length_limit => 998);
	# what smtp(8) rewrites is not what was signed
	$mta->set(smtp_generic_maps => 'inline:{{ann@example.com=x@example.com}}');
	$id = submit(message());
	broken(relayed($id), 'smtp_generic_maps changes From');
	$mta->set(smtp_generic_maps => '');
	# what cleanup(8) rewrites is
	$mta->set(sender_canonical_maps => 'inline:{{ann@example.com=x@example.com}}');
	$id = submit(message());
	$text = relayed($id);
	like($text, qr/^From: Ann <x\@example\.com>/m,
	    'sender_canonical_maps changes From');
	verifies($text, '... before it is signed');
	$mta->set(sender_canonical_maps => '');
	$mta->set(always_add_missing_headers => 'yes',
	    local_header_rewrite_clients => '');
	$id = submit(message(fields => { Date => undef,
		'Message-ID' => undef }));
	$text = relayed($id);
	like($text, qr/^Message-I[dD]: /m, 'always_add_missing_headers');
	verifies($text, '... adds them before it is signed');
	$mta->set(always_add_missing_headers => 'no',
	    local_header_rewrite_clients =>
		    'permit_mynetworks, permit_sasl_authenticated');
};

subtest 'strangers, and a milter that is away' => sub {
	my ($reply, $id) = $mta->send(client => '198.51.100.7',
	    from => 'ann@example.com', to => 'u@eight.test',
	    data => message());
	is(signature_count(relayed($id)), 0, 'no login, no signature');
	is($signer->log_of($id)->{why}, 'not_ours', '... and why');
	$signer->sign->stop;
	($reply) = $mta->send(client => '198.51.100.7', auth => 'ann',
	    from => 'ann@example.com', to => 'u@eight.test',
	    data => message());
	like($reply, qr/^4\d\d /, 'away: try again later');
	$signer->start;
	verifies(relayed(submit(message())), 'back');
};

subtest 'twice through' => sub {
	my $id = submit(message());
	my $text = relayed($id);
	is($mta->submit('again@example.com', 'u@eight.test', $text), 0,
	    'comes in again, as from a content filter');
	$text = relayed(local_id(qr/mail_from=again\@example\.com/));
	verifies($text, 'our old signatures are gone');
};

subtest 'the sender rule' => sub {
	$signer->file('owners', "ann\@example.com ann\n"
	    . "MAILER-DAEMON\@example.com nobody\n");
	$signer->reconfigure(sign => {
		sender_table => $signer->dir . '/owners' });
	verifies(relayed(submit(message())), 'her own address');
	my ($reply) = $mta->send(client => '198.51.100.7', auth => 'ann',
	    from => 'ann@example.com', to => 'u@eight.test',
	    data => message(fields => { From => 'boss@example.com' }));
	like($reply, qr/^550 5\.7\.1 Sender address rejected: boss\@example\.com is not an address that login ann may write from/,
	    "another's");
	$signer->reconfigure(sign => { sender_table => undef });
};

subtest 'the table of senders in the database' => sub {
	plan skip_all => 'PostgreSQL is not installed'
	    unless eval { Signet::Postgres->can('new') }
	    && program_path('signet-load');
	my $pg = Signet::Postgres->new;
	$signer->configure(database => { conninfo => $pg->conninfo },
	    sign => { sender_database => 'yes', sender_refresh => '1s' });
	must_run(program_path('signet-load'), '-c', $signer->config_file,
	    '--migrate', '--sql-dir', top_dir() . '/sql');
	like($signer->reload, qr/not taken over.*restart/,
	    'a reload cannot begin with it');
	$pg->psql("select signet.sender_login_add('Ann\@example.com', 'ann')");
	is($pg->value("select signet.sender_logins('ANN\@EXAMPLE.COM')"),
	    'ann', 'what the pgsql map of Postfix asks');
	is($pg->value("select signet.sender_logins('x\@example.com')"), '',
	    '... and nobody');
	$signer->sign->stop;
	$signer->start;
	my $snapshot = $signer->dir . '/senders';
	wait_for(20, sub { (slurp($snapshot) // '') =~ /ann\@example\.com\tann/ },
	    'the snapshot');
	my $try = sub {
		my ($from) = @_;
		my ($reply) = $mta->send(client => '198.51.100.7',
		    auth => 'ann', from => 'ann@example.com',
		    to => 'u@eight.test', data => message(
			fields => { From => $from }));
		return substr $reply, 0, 9;
	};
	is($try->('ann@example.com'), '250 2.0.0', 'her own address');
	is($try->('info@example.com'), '550 5.7.1', "another's");
	$pg->psql("select signet.sender_login_add('info\@example.com', 'ann')");
	wait_for(20, sub { (slurp($snapshot) // '') =~ /info\@/ },
	    'the next snapshot');
	wait_for(20, sub { $try->('info@example.com') eq '250 2.0.0' },
	    'taken over');
	$pg->psql('create table was as select * from signet.sender_login;'
	    . ' delete from signet.sender_login');
	$signer->sign->wait_log(qr/sender_login is empty/, 30);
	is($try->('info@example.com'), '250 2.0.0',
	    'an empty table is not believed');
	$pg->psql('insert into signet.sender_login select * from was');
	$signer->sign->wait_log(qr/senders is read again/, 30);
	$pg->stop;
	$signer->sign->wait_log(qr/last counts: (?!.*is empty)/, 30);
	is($try->('info@example.com'), '250 2.0.0',
	    'the database is away: the last snapshot');
	is($try->('x@example.com'), '550 5.7.1', '... all of it');
	$signer->sign->stop;
	$signer->start;
	is($try->('info@example.com'), '250 2.0.0',
	    '... also after a restart');
	is($try->('x@example.com'), '550 5.7.1', '... all of it');
	unlink $snapshot;
	$signer->sign->stop;
	$signer->start;
	is($try->('x@example.com'), '250 2.0.0',
	    'nothing known at all: mail goes on');
	my @events = grep { ($_->{reason} // '') eq 'senders_unknown' }
	    $signer->events;
	is($events[0]{action}, 'unsigned', '... unsigned');
};

subtest 'what was done is in the database' => sub {
	my $pg = Signet::Postgres->new;
	$signer->configure(database => { conninfo => $pg->conninfo },
	    sign => { sender_database => 'no' });
	must_run(program_path('signet-load'), '-c', $signer->config_file,
	    '--migrate', '--sql-dir', top_dir() . '/sql');
	$signer->sign->stop;
	my @events = $signer->events;
	cmp_ok(scalar @events, '>', 40, 'there are events');
	must_run(program_path('signet-load'), '-c', $signer->config_file,
	    '--once');
	is($pg->value('select count(*) from signet.v_signed_message'),
	    scalar @events, 'each is a row');
	my ($row) = $pg->rows("select * from signet.v_signed_message where "
	    . "action = 'signed' and login = 'ann' and from_domain = "
	    . "'example.com' order by at limit 1");
	is($row->{signed_with}, 'example.com/rsa rsa-sha256, '
	    . 'example.com/ed ed25519-sha256', 'what it was signed with');
	is_deeply($row->{rcpt_domains}, ['eight.test'], 'where it went');
	is($row->{origin}, 'login', 'whose it was');
	is($pg->value("select count(*) from signet.v_signed_message where "
		. "action = 'rejected' and reason = 'sender_mismatch'") > 0,
	    1, 'what was refused');
};

done_testing;
