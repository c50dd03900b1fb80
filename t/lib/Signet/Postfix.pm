package Signet::Postfix;

# A private Postfix: its own configuration, queue, data and log under one
# directory, one smtpd on a free port of 127.0.0.1. Everything it accepts is
# delivered into files, one per message and recipient, byte for byte as the
# queue holds it (no Return-Path, no Delivered-To; line ends are LF).
#
#   my $mta = Signet::Postfix->new(
#       milters => "unix:$socket",             # smtpd_milters
#       domains => ['site.test'],              # accepted from everybody
#       main => { milter_default_action => 'tempfail', ... },
#       services => "...",                     # more lines of master.cf
#   );
#   $mta->port;
#   my ($reply, $id) = $mta->send(client => '192.0.2.1', from => ..., to =>
#       'u@site.test', data => $text);         # Signet::Smtp->message
#   my $text = $mta->delivered('u@site.test', $id);       # waits for it
#   $mta->settle;                              # waits: all is delivered
#   $mta->queue;                               # list of hashes, postqueue -j
#   $mta->queued_message($id);                 # bytes of a message on hold
#   $mta->log; $mta->wait_log(qr/.../);
#   $mta->set(smtpd_milters => ''); $mta->stop; $mta->start;
#
# XCLIENT is allowed from 127.0.0.1, so tests speak as any client. Works for
# Postfix 3.7 to 3.11, as root.

use strict;
use warnings;
use parent 'Signet::Service';
use JSON::PP ();
use Signet::Smtp;
use Signet::Util qw(temp_dir free_port wait_for must_run run_command slurp
    spew can_connect group_is_alive whole_lines);

my $master = <<'END';
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
local     unix  - n n -     - local
virtual   unix  - n n -     - virtual
lmtp      unix  - - n -     - lmtp
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
tlsproxy  unix  - - n -     0 tlsproxy
postlog   unix-dgram n - n - 1 postlogd
END

# $1 directory, $2 queue id, $3 recipient; the message on standard input.
my $deliver = <<'END';
#!/bin/sh
set -eu
file=$(printf '%s' "$2.$3" | tr -c 'A-Za-z0-9@._+=-' _)
cat >"$1/new/.$file.$$"
mv "$1/new/.$file.$$" "$1/new/$file"
END

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => $option{dir} // temp_dir(),
		host => $option{host} // 'mx.site.test',
		domains => $option{domains} // ['site.test'],
		milters => $option{milters} // '',
		main => $option{main} // {},
		fixed_port => $option{port},
		services => $option{services} // '',
	}, $class;
	$self->own;
	$self->_make_directories;
	for my $try (1 .. 5) {
		$self->{port} = $self->{fixed_port} // free_port();
		$self->_configure;
		return $self if eval { $self->start; 1 };
		die $@ if $try == 5 || $self->{fixed_port};
		$self->stop;
	}
	return;
}

sub port { return $_[0]{port} }
sub dir { return $_[0]{dir} }
sub config_dir { return "$_[0]{dir}/etc" }
sub log_file { return "$_[0]{dir}/log/mail.log" }
sub log { return slurp($_[0]->log_file) // '' }

sub version {
	my $version = must_run('postconf', '-d', '-h', 'mail_version');
	chomp $version;
	return $version;
}

sub _make_directories {
	my ($self) = @_;
	my $dir = $self->{dir};
	for my $name (qw(etc queue data log mail mail/new)) {
		-d "$dir/$name" || mkdir "$dir/$name", 0755
		    or die "$dir/$name: $!\n";
	}
	my ($uid, $gid) = (getpwnam 'postfix')[2, 3];
	die "no user 'postfix'\n" unless defined $uid;
	chown $uid, $gid, "$dir/data";
	chmod 0777, "$dir/mail/new";
	spew("$dir/deliver", $deliver, 0755);
	return;
}

sub _configure {
	my ($self) = @_;
	my ($dir, $etc) = ($self->{dir}, $self->config_dir);
	my %main = (
		compatibility_level => '3.6',
		myhostname => $self->{host},
		mydomain => 'site.test',
		mydestination => '',
		mynetworks => '127.0.0.0/8',
		inet_interfaces => '127.0.0.1',
		inet_protocols => 'ipv4',
		queue_directory => "$dir/queue",
		data_directory => "$dir/data",
		maillog_file => $self->log_file,
		maillog_file_prefixes => $dir,
		import_environment => 'MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ'
		    . ' XAUTHORITY DISPLAY LANG=C PATH',
		multi_instance_directories => '',
		alias_maps => '',
		alias_database => '',
		local_recipient_maps => '',
		local_header_rewrite_clients => '',
		default_database_type => 'texthash',
		relay_domains => join(' ', @{ $self->{domains} }),
		relay_transport => 'sink:',
		default_transport => 'sink:',
		local_transport => 'sink:',
		sink_destination_recipient_limit => 1,
		smtpd_relay_restrictions =>
		    'permit_mynetworks, reject_unauth_destination',
		smtpd_recipient_restrictions => '',
		smtpd_authorized_xclient_hosts => '127.0.0.0/8',
		smtpd_peername_lookup => 'no',
		smtpd_sasl_auth_enable => 'no',
		smtpd_client_connection_count_limit => 0,
		smtpd_client_connection_rate_limit => 0,
		smtpd_error_sleep_time => 0,
		smtpd_hard_error_limit => 1000,
		message_size_limit => 51200000,
		default_process_limit => 100,
		smtpd_milters => $self->{milters},
		milter_default_action => 'tempfail',
		biff => 'no',
		%{ $self->{main} },
	);
	spew("$etc/main.cf", join '', map { "$_ = $main{$_}\n" }
	    sort keys %main);
	spew("$etc/master.cf", "127.0.0.1:$self->{port} inet n - n - - smtpd\n"
	    . $master . "sink unix - n n - - pipe\n  flags= user=nobody"
	    . " argv=$dir/deliver $dir/mail \${queue_id} \${recipient}\n"
	    . $self->{services});
	return;
}

sub _postfix {
	my ($self, $verb) = @_;
	return run_command('postfix', '-c', $self->config_dir, $verb);
}

sub start {
	my ($self) = @_;
	my ($status, $out, $err) = $self->_postfix('start');
	die "postfix start: status $status: $out$err" . $self->log
	    if $status != 0;
	$self->{running} = 1;
	eval {
		wait_for(20, sub {
			can_connect("127.0.0.1:$self->{port}");
		}, 'smtpd');
		1;
	} or die $@ . $self->log;
	return $self;
}

sub stop {
	my ($self) = @_;
	return unless delete $self->{running};
	my $pid = slurp("$self->{dir}/queue/pid/master.pid") // '';
	$pid =~ s/\s+//g;
	# what "postfix stop" does, without its pauses of a second; the others
	# of its group hold its sockets and locks until they have gone
	if ($pid =~ /^\d+$/ && kill 'TERM', $pid) {
		wait_for(20, sub { !group_is_alive($pid) },
		    'the end of Postfix');
	}
	return;
}

sub reload {
	my ($self) = @_;
	my ($status, $out, $err) = $self->_postfix('reload');
	die "postfix reload: $out$err" if $status != 0;
	return;
}

# Sets main.cf parameters and restarts, so that the next session has them.
sub set {
	my ($self, %parameter) = @_;
	$self->{main} = { %{ $self->{main} }, %parameter };
	$self->stop;
	$self->_configure;
	return $self->start;
}

sub send {
	my ($self, %option) = @_;
	return Signet::Smtp->message(port => $self->{port}, %option);
}

# Through sendmail(1), as a local program would. Returns the exit status.
sub submit {
	my ($self, $sender, $recipient, $text) = @_;
	my ($status) = Signet::Util::run_with_input($text, 'sendmail', '-C',
	    $self->config_dir, '-f', $sender, $recipient);
	return $status;
}

sub _file {
	my ($self, $recipient, $id) = @_;
	(my $name = "$id.$recipient") =~ s/[^A-Za-z0-9\@._+=-]/_/g;
	return "$self->{dir}/mail/new/$name";
}

# What was delivered to the recipient; waits until it is there.
sub delivered {
	my ($self, $recipient, $id, $seconds) = @_;
	my $file = $self->_file($recipient, $id);
	eval { wait_for($seconds // 20, sub { -e $file }, $file); 1 }
	    or die $@ . $self->log;
	return slurp($file);
}

sub has_delivered {
	my ($self, $recipient, $id) = @_;
	return -e $self->_file($recipient, $id);
}

# Messages in these queues, as files. Directories are read in the order that
# messages go through them, and all of them twice: the bounce of a message that
# was active, or the message itself when it is deferred, comes to a directory
# that has been read. What is on hold does not count.
sub _queue_files {
	my ($self, @queues) = @_;
	my @files;
	for my $queue (@queues, @queues) {
		my @dirs = ("$self->{dir}/queue/$queue");
		while (defined(my $dir = shift @dirs)) {
			opendir my $handle, $dir or next;
			for my $name (grep { !/^\./ } readdir $handle) {
				-d "$dir/$name" ? push @dirs, "$dir/$name"
				    : push @files, "$queue/$name";
			}
		}
	}
	return @files;
}

sub _wait_for_queues {
	my ($self, $what, @queues) = @_;
	return $self unless $self->{running};
	wait_for(60, sub { my @left = $self->_queue_files(@queues); !@left },
	    sub { join ' ', $what, $self->_queue_files(@queues), "\n",
		    $self->log });
	return $self;
}

# Waits until everything that was accepted is delivered, and bounces of it
# too. Without a running Postfix nothing moves.
sub settle {
	my ($self) = @_;
	return $self->_wait_for_queues('the delivery of',
	    qw(maildrop incoming deferred active));
}

# Waits until each message has been tried: what is left is deferred or on
# hold, and bounces of the others are among it.
sub rest {
	my ($self) = @_;
	return $self->_wait_for_queues('the first try of',
	    qw(maildrop incoming active));
}

# Names of all files delivered so far: "QUEUEID.RECIPIENT".
sub mailbox {
	my ($self) = @_;
	opendir my $dir, "$self->{dir}/mail/new" or die "$!\n";
	return sort grep { !/^\./ } readdir $dir;
}

sub queue {
	my ($self) = @_;
	my $text = must_run('postqueue', '-c', $self->config_dir, '-j');
	return map { JSON::PP::decode_json($_) } split /\n/, $text;
}

# The queue ("hold", "deferred", ...) a message is in, or undef.
sub queue_of {
	my ($self, $id) = @_;
	my ($entry) = grep { $_->{queue_id} eq $id } $self->queue;
	return $entry && $entry->{queue_name};
}

# Header and body of a message in the queue, LF line ends.
sub queued_message {
	my ($self, $id) = @_;
	return must_run('postcat', '-c', $self->config_dir, '-bhq', $id);
}

sub release {
	my ($self, $id) = @_;
	must_run('postsuper', '-c', $self->config_dir, '-H', $id);
	must_run('postqueue', '-c', $self->config_dir, '-i', $id);
	return;
}

# Waits for a log line; returns it.
sub wait_log {
	my ($self, $pattern, $seconds) = @_;
	return wait_for($seconds // 10, sub {
		my ($line) = grep { $_ =~ $pattern } whole_lines($self->log);
		return $line;
	}, sub { "a mail log line like $pattern in\n" . $self->log });
}

1;
