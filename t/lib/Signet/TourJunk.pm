package Signet::TourJunk;

# A part of ./try: a user whose account is new tells by moving messages what is
# junk, and the next message like them is filed in Junk by itself. Dovecot with
# our plugin and signet-mailbox run on, for those who want to try it with a mail
# program.
#
#   my $junk = Signet::TourJunk->new(dir => $dir);
#   Signet::Site->new($junk->settings(%settings));
#   $junk->play($site);
#   $junk->story;                       # facts for the state of ./try
#   $junk->parts; $junk->pids;          # further servers, for stop
#
# The story: user, imap_port, taught (how many of each kind), arrivals (list of
# { subject, mailbox, field }: what came then).

use strict;
use warnings;
use Signet::Dovecot;
use Signet::JunkMail;
use Signet::Program;
use Signet::Smtp;
use Signet::Util qw(wait_for);

my $user = 'nina@site.example';
my $count = 6;

sub new {
	my ($class, %option) = @_;
	my $self = bless { %option }, $class;
	my $dir = $self->{dir};
	for my $name (qw(dovecot mailbox mailbox/events)) {
		mkdir "$dir/$name", 0755 or die "$dir/$name: $!\n";
	}
	# those whose mail it is write there, and see nothing
	chmod 03733, "$dir/mailbox/events";
	$self->{dovecot} = Signet::Dovecot->new(dir => "$dir/dovecot",
	    users => { $user => {} }, plugin => {
		signet_spool_dir => "$dir/mailbox/events",
		signet_nudge => "$dir/mailbox/nudge",
		signet_socket => "$dir/mailbox/socket",
		signet_timeout => '20s',
	    });
	return $self;
}

sub parts { return @{ $_[0] }{qw(dovecot mailbox)} }

sub pids {
	my ($self) = @_;
	return (dovecot => $self->{dovecot}->pid,
	    'signet-mailbox' => $self->{mailbox}->pid);
}

# What Postfix has to know: this user's mail goes to Dovecot.
sub settings {
	my ($self, %settings) = @_;
	$settings{main}{transport_maps} =~ s/\}\z/" {$user=lmtp:unix:"
	    . $self->{dovecot}->lmtp_socket . '}}'/e;
	return %settings;
}

sub play {
	my ($self, $site) = @_;
	my $dir = $self->{dir};
	$site->configure(mailbox => {
		socket => "unix:$dir/mailbox/socket",
		nudge => "unix:$dir/mailbox/nudge",
		spool => "$dir/mailbox/events", look => '1s',
		least_ham => $count, patience => 15000,
	});
	$self->{mailbox} = $site->program('signet-mailbox',
	    ready => "unix:$dir/mailbox/socket");
	$self->teach($site);
	$self->{arrivals} = [map { $self->arrive($site, $_) }
	    Signet::JunkMail::spam($count + 1, to => $user),
	    Signet::JunkMail::ham($count + 1, to => $user)];
	return;
}

# What came so far stood in INBOX: half of it goes to Junk.
sub teach {
	my ($self, $site) = @_;
	my $dovecot = $self->{dovecot};
	$dovecot->deliver($user, Signet::JunkMail::spam($_, to => $user))
	    for 1 .. $count;
	$dovecot->deliver($user, Signet::JunkMail::ham($_, to => $user))
	    for 1 .. $count;
	my $imap = $dovecot->imap($user);
	$imap->select('INBOX');
	$imap->move("1:$count", 'Junk');
	$imap->store('1:*', '+FLAGS', '$NotJunk');
	$imap->logout;
	wait_for(60, sub {
		return $site->{pg}->value('select count(*) from '
		    . "signet.junk_total where account = '$user' and spam = "
		    . "$count and ham = $count");
	}, sub { "$count messages of each kind to be learned\n"
	    . $self->{mailbox}->log });
	return;
}

# By SMTP, through signet-milter and Postfix. Where is it then, and why?
sub arrive {
	my ($self, $site, $text) = @_;
	my ($subject) = $text =~ /^Subject: (.*)/m;
	my ($id) = $text =~ /^Message-ID: (.*)/m;
	my ($reply) = $site->{mta}->send(client => '198.51.100.66',
	    from => 'sender@stranger.example', to => $user, data => $text);
	die "$subject: $reply\n" if $reply !~ /^250 /;
	my $imap = $self->{dovecot}->imap($user);
	my $found = wait_for(60, sub {
		for my $mailbox (qw(INBOX Junk)) {
			my ($got) = grep { $_->{text} =~ /^\QMessage-ID: $id/m }
			    $imap->messages($mailbox);
			return { mailbox => $mailbox, %$got } if $got;
		}
		return undef;
	}, sub { "'$subject' to arrive\n" . $self->{dovecot}->log });
	$imap->logout;
	my ($field) = $found->{text} =~
	    /^(X-Signet-Junk: .*\r\n(?:[ \t].*\r\n)*)/m;
	return { subject => $subject, mailbox => $found->{mailbox},
	    field => ($field // '') =~ s/\r//gr };
}

sub story {
	my ($self) = @_;
	return { user => $user, imap_port => $self->{dovecot}->imap_port,
	    taught => $count, arrivals => $self->{arrivals},
	    log => $self->{dovecot}->log_file };
}

1;
