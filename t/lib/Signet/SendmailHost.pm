package Signet::SendmailHost;

# A host that runs Debian's Sendmail as it comes, in a chroot of t/matrix, with
# lines of the test in sendmail.mc; and the rest of the world, which takes what
# it sends.
#
#   Signet::SendmailHost->need('sendmail-bookworm');
#   Signet::Net->enter;
#   my $host = Signet::SendmailHost->new(suite => 'sendmail-bookworm',
#       share => ['/run/signet-milter'],       # directories of the sockets
#       changes => [[qr/.../ => '...'], ...]); # of Debian's sendmail.mc
#   $host->insert($lines_of_mc);               # before the mailers
#   $host->shell('make -C /etc/mail');         # inside
#   $host->start;                              # the daemon, at port 25
#   my $smtp = $host->client('192.0.2.10');    # a Signet::Smtp from there
#   $host->mailbox;                            # what user@site.example got
#   my @sent = $host->sent;                    # what left: {from, to, text}
#   $host->log;                                # what Sendmail logged
#   $host->queue('Q');                         # names of queue files
#
# The world is 203.0.113.25 for every domain of another ("mail" with 8BITMIME)
# and 203.0.113.26 ("seven" without). Nothing of the chroot is written to: /etc,
# /var and the shared directories are copies or mounts of the test's own.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Signet::Smtp;
use Signet::Util qw(temp_dir must_run run_command run_with_input spew slurp
    top_dir need_programs skip_or_fail spawn end_process wait_for append_file
    whole_lines group_is_alive now);

sub root { return ($ENV{SIGNET_CACHE} // '/var/cache/signet-test') . "/$_[0]" }

sub need {
	my ($class, @suites) = @_;
	skip_or_fail('a chroot needs root') if $> != 0;
	need_programs('mmdebstrap');
	for my $suite (@suites) {
		my ($status, $out, $err) = run_command(
		    top_dir() . '/t/matrix', '--make', $suite);
		skip_or_fail("no chroot of Sendmail: $out$err")
		    if $status != 0;
	}
	return 1;
}

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => temp_dir(), name => $option{suite},
		root => root($option{suite}), accepted => 0,
	}, $class;
	$self->own;
	$self->_mount(@{ $option{share} // [] });
	$self->_prepare;
	$self->change(@$_) for @{ $option{changes} // [] };
	$self->_start_world;
	return $self;
}

sub dir { return $_[0]{dir} }

# --- the chroot ---

sub _bind {
	my ($self, $from, $to) = @_;
	must_run('mount', '--bind', $from, "$self->{root}$to");
	return;
}

sub _mount {
	my ($self, @share) = @_;
	my ($dir, $root) = @$self{qw(dir root)};
	must_run('mount', '--make-rprivate', '/');
	must_run('mount', '--rbind', $root, $root);
	$self->{root_mounted} = 1;
	for my $part (qw(etc var)) {
		must_run('cp', '-a', "$root/$part", "$dir/$part");
		$self->_bind("$dir/$part", "/$part");
	}
	mkdir "$dir/$_" for qw(run dev tmp);
	chmod 01777, "$dir/tmp";
	$self->_bind("$dir/$_", "/$_") for qw(run dev tmp);
	for my $device (qw(null zero random urandom)) {
		spew("$dir/dev/$device", '');
		must_run('mount', '--bind', "/dev/$device", "$dir/dev/$device");
		push @{ $self->{mounts} }, "$dir/dev/$device";
	}
	must_run('mount', '-t', 'proc', 'proc', "$root/proc");
	for my $path (@share) {
		must_run('mkdir', '-p', "$root$path");
		$self->_bind($path, $path);
	}
	return;
}

# Runs a command of the shell inside; what it said. Dies when it fails.
sub shell {
	my ($self, $command) = @_;
	my ($status, $out, $err) = $self->try($command);
	die "'$command' ended with status $status: $err$out\n"
	    if $status != 0;
	return $out . $err;
}

sub try {
	my ($self, $command, $input) = @_;
	return run_with_input($input // '', 'chroot', $self->{root},
	    '/usr/bin/env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
	    'HOME=/root', 'sh', '-c', $command);
}

sub _prepare {
	my ($self) = @_;
	my $etc = "$self->{dir}/etc";
	spew("$etc/hosts", "127.0.0.1 localhost\n"
	    . "192.0.2.25 mx.site.example mx\n", 0644);
	unlink "$etc/resolv.conf";
	spew("$etc/resolv.conf", "nameserver 127.0.0.1\n", 0644);
	spew("$etc/mail/local-host-names", "site.example\n", 0644);
	# Debian's refuses the networks of documentation
	spew("$etc/mail/access", "Connect:localhost RELAY\n"
	    . "Connect:127.0.0.1 RELAY\nConnect:10.99 RELAY\n", 0644);
	append_file("$etc/mail/aliases", "user: /var/capture/user\n");
	mkdir "$self->{dir}/var/capture" or die "$!\n";
	chmod 0777, "$self->{dir}/var/capture";
	spew("$self->{dir}/var/capture/user", '', 0666);
	$self->shell('install -d -o smmta -g smmsp -m 2755 /run/sendmail'
	    . ' /run/sendmail/mta /run/sendmail/msp /run/sendmail/stampdir');
	$self->change(qr/^DOMAIN\(`debian-mta'\)dnl\n/m =>
	    "DOMAIN(`debian-mta')dnl\n"
	    . "define(`confDOMAIN_NAME', `mx.site.example')dnl\n"
	    . busy());
	$self->insert_submit(busy());
	# clients come from elsewhere, and do not wait
	$self->change(qr/^(?=DAEMON_OPTIONS\(`Family=inet,  Name=MTA-v4)/m =>
	    "DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp, "
	    . "Addr=192.0.2.25')dnl\n");
	$self->change(qr/^FEATURE\(`$_'.*\n/m => '')
	    for qw(greet_pause conncontrol ratecontrol);
	return;
}

# Mail goes at once, however busy the machine of the test is.
sub busy {
	return join '', map { "define(`conf${_}_LA', `10000')dnl\n" }
	    qw(QUEUE REFUSE DELAY);
}

sub mc { return "$_[0]{dir}/etc/mail/sendmail.mc" }

sub change {
	my ($self, $pattern, $new) = @_;
	my $text = slurp($self->mc);
	$text =~ s/$pattern/$new/g or die "sendmail.mc has no $pattern\n";
	spew($self->mc, $text, 0644);
	return;
}

sub insert {
	my ($self, $lines) = @_;
	$self->change(qr/^(?=MAILER_DEFINITIONS)/m => $lines);
	return;
}

# The same in submit.mc.
sub insert_submit {
	my ($self, $lines) = @_;
	my $file = "$self->{dir}/etc/mail/submit.mc";
	my $text = slurp($file);
	$text =~ s/^(?=FEATURE\(`msp')/$lines/m or die "submit.mc: no msp\n";
	spew($file, $text, 0644);
	return;
}

# A certificate of its own.
sub tls {
	my ($self) = @_;
	my $mail = "$self->{dir}/etc/mail";
	must_run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes',
	    '-subj', '/CN=mx.site.example', '-days', 30, '-keyout',
	    "$mail/key.pem", '-out', "$mail/cert.pem");
	chmod 0600, "$mail/key.pem";
	$self->insert("define(`confCACERT_PATH', `/etc/mail')dnl\n"
	    . "define(`confCACERT', `/etc/mail/cert.pem')dnl\n"
	    . "define(`confSERVER_CERT', `/etc/mail/cert.pem')dnl\n"
	    . "define(`confSERVER_KEY', `/etc/mail/key.pem')dnl\n");
	return;
}

# --- the daemon ---

sub start {
	my ($self) = @_;
	$self->{pid} = spawn({ out => "$self->{dir}/daemon" }, 'chroot',
	    $self->{root}, '/usr/libexec/sendmail/sendmail', '-bD',
	    '-X/dev/null', '-OQueueSortOrder=filename', '-q1h');
	wait_for(60, sub {
		my ($smtp) = eval { $self->client('192.0.2.25') };
		return $smtp && $smtp->greeting =~ /^220/;
	}, sub { 'Sendmail at port 25; ' . slurp("$self->{dir}/daemon") });
	return $self;
}

sub version {
	my ($self) = @_;
	my ($status, $out) = $self->try(
	    '/usr/libexec/sendmail/sendmail -bt -d0.1 </dev/null');
	return $out =~ /Version (\d+\.\d+)/ ? $1 : '';
}

sub client {
	my ($self, $from) = @_;
	return Signet::Smtp->new(host => '192.0.2.25', port => 25,
	    local => $from);
}

# Sends one message on a connection of its own: client, helo, from, to (one or
# a list), data. The reply to the data (or to what failed), and the queue ID.
sub send {
	my ($self, %option) = @_;
	my $smtp = $self->client($option{client} // '192.0.2.10');
	my $reply = $smtp->ehlo($option{helo} // 'client.test');
	$reply = $smtp->mail($option{from}, @{ $option{arguments} // [] });
	for my $to (ref $option{to} ? @{ $option{to} }
	    : $option{to} // 'user@site.example') {
		return $reply if $reply !~ /^2/;
		$reply = $smtp->rcpt($to);
	}
	$reply = $smtp->data($option{raw} ? $option{data}
	    : Signet::Smtp::crlf($option{data})) if $reply =~ /^2/;
	eval { $smtp->quit };
	my ($id) = $reply =~ /^250 2\.0\.0 (\w+) Message accepted/;
	return wantarray ? ($reply, $id) : $reply;
}

# The text of a message that was delivered to user@site.example, by its queue
# ID. Sendmail logs that when the file has all of it.
sub delivered {
	my ($self, $id) = @_;
	$self->wait_log(qr/\b\Q$id\E: .*\bmailer=\*file\*.*\bstat=Sent/);
	my ($text) = grep { /^Received: (?:.*\n[ \t])*.*\bid $id\b/m }
	    $self->mailbox;
	return $text // die "$id is not in the mailbox\n";
}

sub mailbox {
	my ($self) = @_;
	my $text = slurp("$self->{dir}/var/capture/user") // '';
	return map { s/\A[^\n]*\n//r } grep { $_ ne '' }
	    split /^(?=From \S+ +\S+ +\S+ +\d+ \d+:\d+:\d+ \d+$)/m, $text;
}

# Names of queue files that begin with a letter ("q" waits, "h" is held).
sub queue {
	my ($self, $letter) = @_;
	return map { s{.*/..}{}r } grep { -s }
	    glob "$self->{dir}/var/spool/mqueue/${letter}f*";
}

sub log { return slurp("$_[0]{dir}/maillog") // '' }

sub wait_log {
	my ($self, $pattern) = @_;
	return wait_for(60, sub {
		my ($line) = grep { $_ =~ $pattern } whole_lines($self->log);
		return $line;
	}, sub { "a line like $pattern in\n" . $self->log });
}

# --- the world ---

sub _start_world {
	my ($self) = @_;
	mkdir "$self->{dir}/sent" or die "$!\n";
	mkdir "$self->{dir}/new" or die "$!\n";
	my @ports = map { IO::Socket::INET->new(LocalAddr => $_,
		LocalPort => 25, Listen => 20, ReuseAddr => 1)
	    or die "$_: $!\n" } qw(203.0.113.25 203.0.113.26);
	my $syslog = IO::Socket::UNIX->new(Type => Socket::SOCK_DGRAM(),
	    Local => "$self->{dir}/dev/log") or die "/dev/log: $!\n";
	chmod 0666, "$self->{dir}/dev/log";
	$self->{world} = fork // die "fork: $!\n";
	return if $self->{world};
	$SIG{TERM} = sub { POSIX::_exit(0) };
	eval { $self->_live(\@ports, $syslog); 1 } or print STDERR "# $@";
	POSIX::_exit(1);
}

sub _live {
	my ($self, $ports, $syslog) = @_;
	local $SIG{CHLD} = 'IGNORE';
	my $select = IO::Select->new(@$ports, $syslog);
	for (;;) {
		for my $ready ($select->can_read) {
			if ($ready == $syslog) {
				$ready->recv(my $line, 65536);
				$line =~ s/\A<\d+>//;
				append_file("$self->{dir}/maillog", "$line\n");
				next;
			}
			my $peer = $ready->accept or next;
			my $pid = fork // next;
			next if $pid;
			eval { $self->_take($peer, $ready == $ports->[0]) };
			POSIX::_exit(0);
		}
	}
	return;
}

sub _take {
	my ($self, $peer, $mime) = @_;
	local $/ = "\r\n";
	my (%mail, $count);
	my $say = sub { print {$peer} map { "$_\r\n" } @_; $peer->flush };
	$say->('220 far.example ESMTP');
	while (defined(my $line = <$peer>)) {
		chomp $line;
		if ($line =~ /^EHLO/i) {
			$say->('250-far.example', $mime ? '250-8BITMIME' : (),
			    '250 SIZE');
		} elsif ($line =~ /^MAIL FROM:<([^>]*)>/i) {
			%mail = (from => $1, to => []);
			$say->('250 ok');
		} elsif ($line =~ /^RCPT TO:<([^>]*)>/i) {
			push @{ $mail{to} }, $1;
			$say->('250 ok');
		} elsif ($line =~ /^DATA/i) {
			$say->('354 go on');
			$mail{text} = '';
			while (defined(my $data = <$peer>)) {
				last if $data eq ".\r\n";
				$data =~ s/^\.//;
				$mail{text} .= $data;
			}
			my $name = sprintf '%d.%d.%d', now() * 1000, $$,
			    ++$count;
			spew("$self->{dir}/new/$name",
			    JSON::PP->new->latin1->encode(\%mail));
			rename "$self->{dir}/new/$name",
			    "$self->{dir}/sent/$name";
			$say->('250 2.0.0 taken');
		} elsif ($line =~ /^QUIT/i) {
			$say->('221 bye');
			return;
		} else {
			$say->('250 ok');
		}
	}
	return;
}

# Waits for what left with a word in it: { from, to, text }, CRLF.
sub left {
	my ($self, $word) = @_;
	return wait_for(60, sub {
		for my $file (glob "$self->{dir}/sent/*") {
			my $mail = JSON::PP->new->latin1->decode(slurp($file));
			return $mail if $mail->{text} =~ /\Q$word\E/;
		}
		return;
	}, sub { "what leaves with $word\n" . $self->log });
}

sub stop {
	my ($self) = @_;
	if (my $pid = delete $self->{pid}) {
		end_process($pid);
		# its children: one for each connection and delivery
		kill 'TERM', -$pid;
		eval { wait_for(20, sub { !group_is_alive($pid) },
			'the end of Sendmail'); 1 }
		    or kill 'KILL', -$pid;
	}
	end_process(delete $self->{world}) if $self->{world};
	if (delete $self->{root_mounted}) {
		run_command('umount', '--recursive', '--lazy', $self->{root});
	}
	run_command('umount', $_) for splice @{ $self->{mounts} // [] };
	return;
}

1;
