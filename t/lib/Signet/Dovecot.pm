package Signet::Dovecot;

# A private Dovecot (2.3 or 2.4, whichever is installed): configuration, state,
# mail and log below one directory, IMAP and LMTP on free ports of 127.0.0.1.
#
#   Signet::Dovecot->need;                     # skips the test file otherwise
#   my $dovecot = Signet::Dovecot->new(
#       users => { ann => {}, bob => { uid => 5001,
#           quota => { storage => '1M' }, fields => { signet_x => 'y' },
#           plugin => 0, home => '/...' } },   # absent: any name is a user
#       userdb => { 2.3 => ..., 2.4 => ... },  # lines, instead of users
#       storage => 'maildir',                  # or sdbox, mdbox
#       plugin => { signet_socket => ... },    # ours, with these settings
#       sieve => 1,                            # in lmtp and lda
#       quota => { storage => '100k', messages => 40, grace => 0 },
#       hibernate => 1,                        # seconds
#       shared => 1, public => 1,              # namespaces, with their rights:
#       acl => 1,                              #   shared/USER/, Public/
#       virtual => { All => "INBOX\n  all\n" },    # Virtual/NAME
#       plugins => ['mail_log'], imap_plugins => [],   # more of Dovecot's
#       mailboxes => { Junk => '\Junk', ... }, # special use or ''
#       settings => { mail_debug => 'yes' },   # any others, global
#       lines => "...",                        # and as text, at the end;
#   );                 # settings and lines: also { 2.3 => ..., 2.4 => ... }
#   my $imap = $dovecot->imap('ann');          # Signet::Imap, logged in
#   my $reply = $dovecot->deliver('ann', $message, from => ...);   # LMTP
#   my ($status, $out, $err) = $dovecot->lda('ann', $message);
#   $dovecot->doveadm(qw(mailbox list -u ann));    # dies on failure
#   $dovecot->try_doveadm(...);                # status, output, errors
#   $dovecot->script('ann', "keep;\n");        # the user's active Sieve script
#   $dovecot->wait_hibernated('ann');          # after $imap->idle
#   $dovecot->imap_port; ->lmtp_port; ->lmtp_socket; ->home('ann');
#   $dovecot->series; ->version;               # "2.3"; "2.3.19.1"
#   $dovecot->log; ->wait_log(qr/.../); ->complaints;
#   $dovecot->set(plugin => {...}, ...); ->restart; ->stop;
#   $dovecot->add_users(dan => {...});         # or other data of old ones
#   $dovecot->reload;          # HUP; processes that serve may end a bit later
#
# Everybody's password is "pass", his mail belongs to the numeric user `uid`
# (5000). mail_plugin_dir is a directory of links to the system's modules
# besides our plugin of the build directory (`plugin_file` names another). The
# settings of a plugin are compiled into a fixed directory in 2.4: Dovecot and
# its tools see a directory of the test there, in a mount namespace of their
# own. `command(...)` gives any program of Dovecot so wrapped, for valgrind.
#
# Several of them run on a machine at once. Wants root.

use strict;
use warnings;
use parent 'Signet::Service';
use Signet::Imap;
use Signet::Lmtp;
use Signet::DovecotConfig;
use Signet::Util qw(temp_dir free_port wait_for run_command run_with_input
    spawn end_process slurp spew need_programs skip_or_fail build_dir
    whole_lines);

use constant MODULES => '/usr/lib/dovecot/modules';
use constant PLUGIN => 'lib95_signet_plugin.so';
use constant SETTINGS => 'lib95_signet_settings.so';

sub need {
	my ($class, %what) = @_;
	skip_or_fail('Dovecot needs root') if $> != 0;
	need_programs(qw(dovecot doveadm doveconf unshare mount));
	for (qw(imap lmtp), $what{sieve} ? 'modules/lib90_sieve_plugin.so'
	    : ()) {
		-e "/usr/lib/dovecot/$_" or skip_or_fail("no Dovecot $_");
	}
	skip_or_fail(PLUGIN . ' has not been built')
	    if $what{plugin} && !$class->plugin_file;
	return 1;
}

# What was built, or undef.
sub plugin_file { return _built(PLUGIN) }
sub settings_file { return _built(SETTINGS) }

sub _built {
	my ($name) = @_;
	my $build = build_dir();
	my ($file) = grep { -f } map { ("$build/$_$name", "$build/$_.libs/$name") }
	    'dovecot-plugin/', '';
	return $file;
}

my $version;
sub version {
	$version //= (run_command('dovecot', '--version'))[1];
	return $version =~ /^([\d.]+)/ ? $1 : die "dovecot --version\n";
}
sub series { return version() =~ /^(\d+\.\d+)/ ? $1 : undef }

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => $option{dir} // temp_dir(), uid => 5000, grown => {},
		storage => 'maildir', mailboxes => { Junk => '\Junk',
		    Trash => '\Trash', Sent => '\Sent', Drafts => '\Drafts',
		    Archive => '\Archive', Rejects => '' },
		%option,
	}, $class;
	$self->{plugin_file} //= $self->plugin_file
	    // die PLUGIN . " has not been built\n" if $self->{plugin};
	$self->{settings_file} //= $self->settings_file;
	$self->own;
	for my $try (1 .. 5) {
		$self->{ports} = { imap => $option{imap_port} // free_port(),
		    lmtp => $option{lmtp_port} // free_port() };
		$self->configure;
		return $self if eval { $self->start; 1 };
		die $@ if $try == 5 || $@ !~ /Address already in use/;
		$self->stop;
	}
	return;
}

sub dir { return $_[0]{dir} }
sub pid { return $_[0]{pid} }
sub config_file { return "$_[0]{dir}/dovecot.conf" }
sub log_file { return "$_[0]{dir}/dovecot.log" }
sub log { return slurp($_[0]->log_file) // '' }
sub imap_port { return $_[0]{ports}{imap} }
sub lmtp_port { return $_[0]{ports}{lmtp} }
sub lmtp_socket { return "$_[0]{dir}/run/lmtp" }

sub home {
	my ($self, $user) = @_;
	return ($self->{users} // {})->{$user}{home}
	    // "$self->{dir}/mail/$user";
}

# Writes everything that Dovecot reads.
sub configure {
	my ($self) = @_;
	my $dir = $self->{dir};
	for my $name (qw(run state mail modules settings virtual)) {
		-d "$dir/$name" || mkdir "$dir/$name", 0755
		    or die "$dir/$name: $!\n";
	}
	chmod 01777, "$dir/mail";
	$self->_link_modules;
	$self->_write_users if $self->{users};
	$self->_make_public if $self->{public};
	my $virtual = $self->{virtual} // {};
	for my $name (keys %$virtual) {
		mkdir "$dir/virtual/$name";
		spew("$dir/virtual/$name/dovecot-virtual", $virtual->{$name},
		    0644);
	}
	spew($self->config_file, Signet::DovecotConfig::text($self), 0644);
	return $self;
}

sub _link_modules {
	my ($self) = @_;
	for my $kind (qw(modules settings)) {
		my $dir = "$self->{dir}/$kind";
		unlink glob "$dir/*";
		my $from = MODULES . ($kind eq 'settings' ? '/settings' : '');
		for my $file (glob "$from/*") {
			my ($name) = $file =~ m{([^/]+)\z};
			next if $name eq PLUGIN || $name eq SETTINGS;
			# a mount hides the directory that a link leads into
			if ($kind eq 'settings') {
				spew("$dir/$name", slurp($file), 0644);
			} else {
				symlink $file, "$dir/$name"
				    or die "$dir/$name: $!\n";
			}
		}
	}
	return unless $self->{plugin};
	my %ours = (modules => [plugin_file => PLUGIN],
	    settings => [settings_file => SETTINGS]);
	for my $kind (sort keys %ours) {
		my ($key, $name) = @{ $ours{$kind} };
		my $file = $self->{$key} // next;
		spew("$self->{dir}/$kind/$name", slurp($file), 0644);
	}
	return;
}

sub _uid {
	my ($self, $user) = @_;
	return ($self->{users} // {})->{$user}{uid} // $self->{uid};
}

sub _write_users {
	my ($self) = @_;
	my $text = '';
	for my $user (sort keys %{ $self->{users} }) {
		my $is = $self->{users}{$user};
		my ($uid, $home) = ($self->_uid($user),
		    $self->_make_home($user));
		my %field = (%{ $is->{fields} // {} },
		    Signet::DovecotConfig::fields($self, $is));
		$text .= "$user:{PLAIN}pass:$uid:" . ($is->{gid} // $uid)
		    . "::$home\::" . join(' ', map { "userdb_$_=$field{$_}" }
		    sort keys %field) . "\n";
	}
	return spew("$self->{dir}/users", $text, 0644);
}

# What is made below public inherits the rights in this file (2.3); where it
# is depends on the storage.
sub _make_public {
	my ($self) = @_;
	for my $dir ("$self->{dir}/public", "$self->{dir}/public/mailboxes") {
		next if -d $dir;
		next if $dir =~ /mailboxes/ && $self->{storage} eq 'maildir';
		mkdir $dir, 0755 or die "$dir: $!\n";
		spew("$dir/dovecot-acl", 'authenticated '
		    . Signet::DovecotConfig::PUBLIC_RIGHTS . "\n", 0644);
		chown $self->{uid}, $self->{uid}, $dir, "$dir/dovecot-acl";
	}
	return;
}

# Homes are there before anybody delivers.
sub _make_home {
	my ($self, $user) = @_;
	my ($uid, $home) = ($self->_uid($user), $self->home($user));
	return $home if -d $home;
	mkdir $home, 0700 or die "$home: $!\n";
	chown $uid, $uid, $home or die "$home: $!\n";
	return $home;
}

# A program of Dovecot's, in a mount namespace with our settings directory.
sub command {
	my ($self, @command) = @_;
	return @command if series() eq '2.3';
	return ('unshare', '--mount', 'sh', '-c',
	    'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh',
	    "$self->{dir}/settings", MODULES . '/settings', @command);
}

sub start {
	my ($self) = @_;
	return $self if $self->{pid};
	my $before = length $self->log;
	$self->{pid} = spawn({ err => "$self->{dir}/stderr",
	    dir => $self->{dir} },
	    $self->command('dovecot', '-F', '-c', $self->config_file));
	my $said = sub { substr($self->log, $before)
	    . (slurp("$self->{dir}/stderr") // '') };
	my $ok = eval {
		wait_for(60, sub {
			if (waitpid($self->{pid}, 1)) {
				delete $self->{pid};
				die "Dovecot ended at once\n";
			}
			# it says so when it listens
			return substr($self->log, $before) =~ /starting up/;
		}, 'Dovecot');
	};
	return $self if $ok;
	my $why = $@;
	eval { $self->stop };
	die $why, $said->();
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	my $from = length $self->log;
	$self->end($pid);
	push @{ $self->{stops} }, [$from, length $self->log];
	return;
}

# Ends a Dovecot by its number, with all processes of its group.
sub end {
	my ($class, $pid) = @_;
	end_process($pid, 'TERM', 60);
	kill 'TERM', -$pid;
	eval { wait_for(60, sub { !_members($pid) }, 'its processes'); 1 }
	    or kill 'KILL', -$pid;
	return;
}

# Processes of a group, those aside that have ended.
sub _members {
	my ($group) = @_;
	return grep { (slurp($_) // '') =~ /\) [^ZX] \d+ $group / }
	    glob '/proc/[0-9]*/stat';
}

sub restart {
	my ($self) = @_;
	$self->stop;
	return $self->start;
}

# Changes options of `new`, and starts again with them.
sub set {
	my ($self, %option) = @_;
	@$self{keys %option} = values %option;
	$self->stop;
	$self->configure;
	return $self->start;
}

# Dovecot looks for a new time of the file, to the second, and not twice in a
# second.
sub add_users {
	my ($self, %user) = @_;
	%{ $self->{users} } = (%{ $self->{users} }, %user);
	my $file = $self->_write_users;
	$self->{users_time} = 1 + ($self->{users_time} // time);
	utime $self->{users_time}, $self->{users_time}, $file;
	for my $name (sort keys %user) {
		my $home = $self->home($name);
		wait_for(60, sub {
			my ($status, $out) = $self->try_doveadm('user', '-f',
			    'home', $name);
			return $status == 0 && $out eq "$home\n";
		}, sub { "the user $name in\n" . $self->log });
	}
	return $self;
}

# After a change of the configuration.
sub reload {
	my ($self) = @_;
	$self->configure;
	my $seen = () = $self->log =~ /SIGHUP received/g;
	kill 'HUP', $self->{pid};
	wait_for(60, sub {
		my $now = () = $self->log =~ /SIGHUP received/g;
		return $now > $seen;
	}, 'the reload of Dovecot');
	return $self;
}

# A login process that is about to end closes the connection.
sub imap {
	my ($self, $user, %option) = @_;
	my ($imap, $why);
	wait_for(60, sub {
		$imap = eval { Signet::Imap->new(port => $self->imap_port,
		    user => $user, %option) };
		$why = $@;
		$imap || $why =~ /BYE/ or die $why, $self->log;
		return $imap;
	}, sub { "IMAP ($why) in\n" . $self->log });
	return $imap;
}

sub lmtp { return Signet::Lmtp->new(port => $_[0]->lmtp_port) }

# By LMTP, to one user or a list of them; the replies. As every mail server
# does, it comes again when a process that is about to end says so.
sub deliver {
	my ($self, $to, $message, %option) = @_;
	my @replies;
	wait_for(60, sub {
		@replies = eval {
			Signet::Lmtp->message(port => $self->lmtp_port,
			    to => $to, from => 'sender@bank.example',
			    data => $message, %option);
		};
		return @replies && !grep { /^421|^\z/ } @replies;
	}, sub { "LMTP (@replies) in\n" . $self->log });
	return wantarray ? @replies : $replies[0];
}

sub lda {
	my ($self, $user, $message, @arguments) = @_;
	return run_with_input($message, $self->command(
	    '/usr/lib/dovecot/dovecot-lda', '-c', $self->config_file, '-d',
	    $user, '-f', 'sender@bank.example', @arguments));
}

sub try_doveadm {
	my ($self, @arguments) = @_;
	return run_command($self->command('doveadm', '-c', $self->config_file,
	    @arguments));
}

sub doveadm {
	my ($self, @arguments) = @_;
	my ($status, $out, $err) = $self->try_doveadm(@arguments);
	die "doveadm @arguments: status $status: $err$out" if $status != 0;
	return $out;
}

# The same, with something on standard input ("save").
sub doveadm_with_input {
	my ($self, $input, @arguments) = @_;
	my ($status, $out, $err) = run_with_input($input, $self->command(
	    'doveadm', '-c', $self->config_file, @arguments));
	die "doveadm @arguments: status $status: $err$out" if $status != 0;
	return $out;
}

sub script {
	my ($self, $user, $text) = @_;
	my ($uid, $home) = ($self->_uid($user), $self->_make_home($user));
	spew("$home/.dovecot.sieve", $text, 0644);
	chown $uid, $uid, "$home/.dovecot.sieve";
	unlink "$home/.dovecot.svbin";
	return;
}

# Until imap-hibernate has all sessions of the user.
sub wait_hibernated {
	my ($self, $user) = @_;
	return wait_for(60, sub {
		my @pids = $self->doveadm('who', $user) =~ /\((\d+)\)/g;
		return @pids && !grep {
			(slurp("/proc/$_/cmdline") // '') !~ /imap-hibernate/
		} @pids;
	}, sub { "$user to sleep in\n" . $self->log });
}

sub wait_log {
	my ($self, $pattern) = @_;
	return wait_for(60, sub {
		my ($line) = grep { $_ =~ $pattern } whole_lines($self->log);
		return $line;
	}, sub { "a log line like $pattern in\n" . $self->log });
}

# Lines of the log, from an offset on, that no healthy Dovecot writes. A process
# of its own that just begins while all is stopped finds the one gone that has
# the configuration: that is no complaint.
sub complaints {
	my ($self, $before) = @_;
	my $log = $self->log;
	for my $stop (@{ $self->{stops} // [] }) {
		my ($from, $to) = @$stop;
		substr($log, $from, $to - $from) =~
		    s/^.*Fatal: Failed to read configuration: .*$/' ' x length $&/mge;
	}
	return grep { /(?:Error|Fatal|Panic|Warning):|killed with signal/
	    && !/Warning: SIGHUP|Killed with signal (?:2|15) / }
	    split /\n/, substr $log, $before // 0;
}

1;
