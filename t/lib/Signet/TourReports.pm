package Signet::TourReports;

# The second half of ./try: mail that goes out signed, reports that go out,
# and a report of somebody else that comes in. bank.example and others are
# served by a second Postfix, which keeps what it gets.
#
#   my $reports = Signet::TourReports->new(dir => $dir);
#   Signet::Site->new(..., $reports->settings(%settings));
#   $reports->play($site);
#   $reports->parts;                    # further servers, for stop
#   $reports->story;                    # facts for the state of ./try
#
# Reports are about whole days, so the evaluations of the first half are
# copied to yesterday before they are reported.

use strict;
use warnings;
use POSIX ();
use Signet::Postfix;
use Signet::Program;
use Signet::Reports qw(dmarc_xml report_mail);
use Signet::Sign;
use Signet::Smtp;
use Signet::Util qw(slurp spew must_run run_command program_path wait_for);

my $own_address = 'dmarc-reports@site.example';
my @others = qw(bank.example shop.example fan.example);

sub new {
	my ($class, %option) = @_;
	my $self = bless { %option, key => Signet::Sign->key('rsa', 2048) },
	    $class;
	my $dir = $self->{dir};
	for my $name (qw(keys keys/site.example bin other intake)) {
		mkdir "$dir/$name", 0755 or die "$dir/$name: $!\n";
	}
	spew("$dir/keys/site.example/s1.pem",
	    slurp($self->{key}->file), 0600);
	spew("$dir/verp.key", join('', map { chr rand 256 } 1 .. 32), 0644);
	# pipe(8) runs it as nobody, who must reach the program
	must_run('cp', program_path('signet-report-intake'), "$dir/bin/");
	chmod 0777, "$dir/intake";
	$self->{other} = Signet::Postfix->new(dir => "$dir/other",
	    host => 'mx.bank.example', domains => \@others);
	return $self;
}

sub parts { return grep { defined } @{ $_[0] }{qw(sign other)} }
sub sign_socket { return "unix:$_[0]{dir}/run/sign.sock" }

sub own_zone {
	my ($self) = @_;
	return "\@ MX 10 mx\nmx A 127.0.0.1\n"
	    . "\@ TXT \"v=spf1 a:mx.site.example -all\"\n"
	    . "_dmarc TXT \"v=DMARC1; p=reject; "
	    . "rua=mailto:$own_address\"\n"
	    . $self->{key}->zone_line('s1._domainkey');
}

# The settings of the first half, and more.
sub settings {
	my ($self, %settings) = @_;
	my $dir = $self->{dir};
	my $port = $self->{other}->port;
	return (%settings,
		own_zone => $self->own_zone,
		services => "intake unix - n n - - pipe\n  flags= user=nobody"
		    . " null_sender= argv=$dir/bin/signet-report-intake"
		    . " -c $dir/signet.conf --sender \${sender}"
		    . ' --recipient ${original_recipient}'
		    . " --queue-id \${queue_id}\n",
		main => {
			intake_destination_recipient_limit => 1,
			transport_maps => 'inline:{'
			    . "{$own_address=intake:} "
			    . join(' ', map {
				"{$_=smtp:[127.0.0.1]:$port}" } @others) . '}',
		},
	);
}

# Sections of signet.conf beside those of the first half.
sub sections {
	my ($self, $site) = @_;
	my $dir = $self->{dir};
	return (
		common => { public_addresses => '127.0.0.1' },
		keys => { directory => "$dir/keys", record => 'no' },
		sign => { listen => $self->sign_socket, socket_mode => 666,
		    sender_snapshot => "$dir/run/senders" },
		reports => { from => $own_address,
		    organization => 'Example Site',
		    verp_key => "$dir/verp.key", spread => 0,
		    smtp => '127.0.0.1:' . $site->{mta}->port },
		report_intake => { domains => 'site.example',
		    directory => "$dir/intake" },
	);
}

sub play {
	my ($self, $site) = @_;
	my $dir = $self->{dir};
	$site->configure($self->sections($site));
	chmod 0777, $site->spool_dir, glob $site->spool_dir . '/*';
	$self->{sign} = Signet::Program->new('signet-sign',
	    dir => "$dir/run", config_file => $site->config_file,
	    log_file => "$dir/log/signet-sign.log");
	$site->{mta}->set(smtpd_milters => join ' ', $site->socket,
	    $self->sign_socket);
	$self->user_writes($site);
	$self->report_arrives($site);
	$self->reports_leave($site);
	return;
}

# From a client in mynetworks, to the bank.
sub user_writes {
	my ($self, $site) = @_;
	my $data = Signet::Smtp::crlf("From: Anna <anna\@site.example>\n"
	    . "To: Bank <accounts\@bank.example>\nSubject: My account\n"
	    . POSIX::strftime("Date: %a, %d %b %Y %H:%M:%S +0000\n", gmtime)
	    . "Message-ID: <my-account\@site.example>\n\nGood day,\n");
	my ($reply, $id) = $site->{mta}->send(client => '127.0.0.1',
	    name => 'localhost', from => 'anna@site.example',
	    to => 'accounts@bank.example', data => $data);
	die "the user's message: $reply\n" if $reply !~ /^250 /;
	$site->{mta}->wait_log(qr/ \Q$id\E: to=.*status=sent/);
	wait_for(30, sub { $site->{pg}->value(
	    'select count(*) from signet.signed_message') > 0 },
	    'a row of what was signed');
	return;
}

# What the bank saw of mail in our name: ours, and not ours.
sub report_arrives {
	my ($self, $site) = @_;
	my $xml = dmarc_xml(org => 'Bank', id => 'bank-1', records => [
		{ ip => '127.0.0.1', count => 41, dkim => 'pass',
		    spf => 'pass' },
		{ ip => '198.51.100.66', count => 7,
		    disposition => 'reject',
		    signature => ['stranger.example', 'x', 'pass'] }]);
	my $text = $self->{key}->sign(report_mail(gzip => $xml,
		from => 'dmarc@bank.example', to => $own_address),
	    d => 'bank.example', s => 's1');
	my ($reply) = $site->{mta}->send(client => '192.0.2.10',
	    name => 'out.bank.example', from => 'dmarc@bank.example',
	    to => $own_address, data => $text);
	die "the report of the bank: $reply\n" if $reply !~ /^250 /;
	# its rows may come in a file of their own
	wait_for(30, sub { $site->{pg}->value('select count(*) from '
	    . 'signet.v_report_in i where i.rows = (select count(*) from '
	    . 'signet.report_in_record r where r.report = i.id)') > 0 },
	    'the report of the bank in the database');
	return;
}

# Reports are about days that have ended: what was evaluated today counts as
# of the day before yesterday as well.
sub reports_leave {
	my ($self, $site) = @_;
	$site->{pg}->psql(<<'END');
select signet.make_partitions(
	array[(now() at time zone 'UTC')::date - 2]);
insert into signet.dmarc_evaluation
select (jsonb_populate_record(e, jsonb_build_object(
	'at', e.at - interval '2 days'))).*
from signet.dmarc_evaluation e;
END
	my ($status, $out, $error) = run_command(
	    program_path('signet-dmarc-report'), '-c', $site->config_file,
	    '--now');
	$self->{log} = $out . $error;
	my $sent = $site->{pg}->value("select count(*) from "
	    . "signet.v_report_destination where state = 'sent'");
	wait_for(30, sub {
		my @there = $self->{other}->mailbox;
		return @there > $sent;
	}, 'the reports at the other site');
	return;
}

# Files that the other site got: the user's message, and reports in the order
# of their recipients. Names begin with queue IDs, which follow no order.
sub story {
	my ($self) = @_;
	my $other = $self->{other};
	my @all = map { "$self->{dir}/other/mail/new/$_" }
	    sort { $a =~ s/^[^.]*//r cmp $b =~ s/^[^.]*//r }
	    $other->settle->mailbox;
	my ($mine) = grep { slurp($_) =~ /^Subject: My account$/m } @all;
	return { user => $mine, domain => 'site.example', log => $self->{log},
	    reports => [grep { $_ ne $mine } @all] };
}

1;
