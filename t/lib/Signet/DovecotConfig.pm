package Signet::DovecotConfig;

# dovecot.conf for Signet::Dovecot, in the words of Dovecot 2.3 or 2.4. What
# both say alike is written once.

use strict;
use warnings;

use constant PUBLIC_RIGHTS => 'lrwstipekxa';

sub text {
	my ($self) = @_;
	my $new = is_new($self);
	my @lines = $new ? _first_of_24($self) : ();
	push @lines, _common($self), $new ? _mail_24($self) : _mail_23($self);
	push @lines, _inbox($self), _services($self);
	push @lines, $new ? _plugins_24($self) : _plugins_23($self);
	push @lines, _chosen($self);
	return join '', map { "$_\n" } @lines;
}

sub is_new { return $_[0]->series ne '2.3' }

# Something that may be given for each series.
sub _either {
	my ($self, $what) = @_;
	return $what if ref $what ne 'HASH' || !grep { /^2\./ } keys %$what;
	return $what->{ $self->series };
}

# A block: one line for the brace, as 2.3 wants it.
sub block {
	my ($name, @lines) = @_;
	return ("$name {", (map { "  $_" } @lines), '}');
}

# No newer value than that of the program, and one for all of a series.
sub _first_of_24 {
	my ($self) = @_;
	return ('dovecot_config_version = 2.4.1',
	    'dovecot_storage_version = 2.4.1');
}

sub _common {
	my ($self) = @_;
	my $dir = $self->{dir};
	my ($name) = $dir =~ m{([^/]+)\z};
	my $least = $self->{uid};
	for (values %{ $self->{users} // {} }) {
		$least = $_->{uid} if ($_->{uid} // $least) < $least;
	}
	return (
		"base_dir = $dir/run",
		"state_dir = $dir/state",
		"log_path = $dir/dovecot.log",
		"instance_name = $name",
		'protocols = imap lmtp',
		'listen = 127.0.0.1',
		'ssl = no',
		'hostname = mail.site.example',
		'postmaster_address = postmaster@site.example',
		"mail_uid = $self->{uid}",
		"mail_gid = $self->{uid}",
		"first_valid_uid = $least",
		'first_valid_gid = 1',
		"mail_plugin_dir = $dir/modules",
		'mail_max_userip_connections = 1000',
		'mail_fsync = never',
		'auth_mechanisms = plain',
		'auth_failure_delay = 0',
		'lda_mailbox_autocreate = yes',
		'recipient_delimiter = +',
	);
}

# In 2.4 a driver and a path, in 2.3 both in one word.
sub _mail_23 {
	my ($self) = @_;
	my ($dir, $storage) = @$self{qw(dir storage)};
	my @lines = ('disable_plaintext_auth = no',
	    "mail_location = $storage:~/mail", "mail_home = $dir/mail/%u");
	if ($self->{userdb}) {
		push @lines, block('passdb', 'driver = static',
		    'args = password=pass'), _either($self, $self->{userdb});
	} elsif ($self->{users}) {
		push @lines, map { block($_, 'driver = passwd-file',
		    "args = username_format=%u $dir/users") } qw(passdb userdb);
	} else {
		push @lines, block('passdb', 'driver = static',
		    'args = password=pass');
		push @lines, block('userdb', 'driver = static',
		    "args = uid=$self->{uid} gid=$self->{uid} "
		    . "home=$dir/mail/%u");
	}
	push @lines, block('namespace shared', 'type = shared',
	    'separator = /', 'prefix = shared/%%u/',
	    "location = $storage:%%h/mail:INDEXPVT=~/shared/%%u",
	    'subscriptions = no', 'list = children') if $self->{shared};
	push @lines, block('namespace public', 'type = public',
	    'separator = /', 'prefix = Public/',
	    "location = $storage:$dir/public:INDEXPVT=~/public",
	    'subscriptions = no', 'list = yes') if $self->{public};
	push @lines, block('namespace virtual', 'separator = /',
	    'prefix = Virtual/', "location = virtual:$dir/virtual:"
	    . 'INDEX=~/virtual', 'subscriptions = no', 'list = yes')
	    if $self->{virtual};
	return @lines;
}

sub _mail_24 {
	my ($self) = @_;
	my ($dir, $storage) = @$self{qw(dir storage)};
	my @lines = ('auth_allow_cleartext = yes', "mail_driver = $storage",
	    'mail_path = ~/mail', "mail_home = $dir/mail/%{user}");
	if ($self->{userdb}) {
		push @lines, block('passdb static', 'password = pass'),
		    _either($self, $self->{userdb});
	} elsif ($self->{users}) {
		push @lines, map { block("$_ passwd-file",
		    "passwd_file_path = $dir/users") } qw(passdb userdb);
	} else {
		push @lines, block('passdb static', 'password = pass');
		push @lines, block('userdb static', block('fields',
		    "uid = $self->{uid}", "gid = $self->{uid}",
		    "home = $dir/mail/%{user}"));
	}
	push @lines, block('namespace shared', 'type = shared',
	    'separator = /', 'prefix = shared/$user/',
	    "mail_driver = $storage", 'mail_path = %{owner_home}/mail',
	    'mail_index_private_path = ~/shared/%{owner_user}',
	    'subscriptions = no', 'list = children') if $self->{shared};
	push @lines, block('namespace public', 'type = public',
	    'separator = /', 'prefix = Public/', "mail_driver = $storage",
	    "mail_path = $dir/public", 'mail_index_private_path = ~/public',
	    'subscriptions = no', 'list = yes', $self->{acl}
	    ? block('acl authenticated', 'rights = ' . PUBLIC_RIGHTS) : ())
	    if $self->{public};
	push @lines, block('namespace virtual', 'separator = /',
	    'prefix = Virtual/', 'mail_driver = virtual',
	    "mail_path = $dir/virtual", 'mail_index_path = ~/virtual',
	    'subscriptions = no', 'list = yes') if $self->{virtual};
	return @lines;
}

sub _inbox {
	my ($self) = @_;
	my $all = $self->{mailboxes};
	my @boxes = map {
		my @more = $all->{$_} ? "special_use = $all->{$_}" : ();
		push @more, 'autoexpunge = 14d' if $_ eq 'Rejects';
		block("mailbox $_", 'auto = subscribe', @more);
	} sort keys %$all;
	return block('namespace inbox', 'inbox = yes', 'separator = /',
	    @boxes);
}

sub _services {
	my ($self) = @_;
	my $address = is_new($self) ? 'listen' : 'address';
	my $many = is_new($self) ? 'restart_request_count = unlimited'
	    : 'service_count = 0';
	my $ports = $self->{ports};
	my @lines = (
		block('service imap-login', $many,
		    block('inet_listener imap', "port = $ports->{imap}"),
		    block('inet_listener imaps', 'port = 0')),
		block('service lmtp',
		    block('inet_listener lmtp', "$address = 127.0.0.1",
			"port = $ports->{lmtp}"),
		    block('unix_listener lmtp', 'mode = 0666')),
		block('service stats',
		    block('unix_listener stats-writer', 'mode = 0666')),
		block('service auth',
		    block('unix_listener auth-userdb', 'mode = 0666')),
	);
	return @lines unless $self->{hibernate};
	return (@lines, "imap_hibernate_timeout = $self->{hibernate}s",
		block('service imap',
		    block('unix_listener imap-master', 'mode = 0666')),
		block('service imap-hibernate',
		    block('unix_listener imap-hibernate', 'mode = 0666')));
}

# Names of plugins: of everybody, of imap, of lmtp and lda.
sub _names {
	my ($self) = @_;
	my @all = (($self->{plugin} ? 'notify' : ()),
	    @{ $self->{plugins} // [] });
	my @imap = @{ $self->{imap_plugins} // [] };
	my $quota = $self->{quota}
	    || grep { $_->{quota} } values %{ $self->{users} // {} };
	if ($quota) {
		push @all, 'quota';
		push @imap, 'imap_quota';
	}
	if ($self->{acl}) {
		push @all, 'acl';
		push @imap, 'imap_acl';
	}
	push @all, 'virtual' if $self->{virtual};
	push @all, 'signet' if $self->{plugin};
	return (\@all, \@imap, $self->{sieve} ? ['sieve'] : []);
}

sub _plugins_23 {
	my ($self) = @_;
	my ($all, $imap, $delivery) = _names($self);
	my %setting = %{ $self->{plugin} || {} };
	$setting{acl} = 'vfile' if $self->{acl};
	if (grep { $_ eq 'quota' } @$all) {
		$setting{quota} = 'count:User quota';
		$setting{quota_vsizes} = 'yes';
		my $quota = $self->{quota} // {};
		$setting{quota_rule} = _rule_23($quota) if %$quota;
		$setting{quota_grace} = $quota->{grace}
		    if defined $quota->{grace};
	}
	return (
		"mail_plugins = @$all",
		block('protocol imap', "mail_plugins = \$mail_plugins @$imap"),
		(map { block("protocol $_",
		    "mail_plugins = \$mail_plugins @$delivery") } qw(lmtp lda)),
		block('plugin', map { "$_ = $setting{$_}" }
		    sort keys %setting),
	);
}

sub _rule_23 {
	my ($quota) = @_;
	return join ':', '*',
	    defined $quota->{storage} ? "storage=$quota->{storage}" : (),
	    defined $quota->{messages} ? "messages=$quota->{messages}" : ();
}

sub _plugins_24 {
	my ($self) = @_;
	my ($all, $imap, $delivery) = _names($self);
	my $names = sub { return block('mail_plugins', map { "$_ = yes" } @_) };
	my $setting = $self->{plugin} || {};
	my @lines = ($names->(@$all),
	    @$imap ? block('protocol imap', $names->(@$imap)) : (),
	    @$delivery ? map { block("protocol $_", $names->(@$delivery)) }
		qw(lmtp lda) : (),
	    map { "$_ = $setting->{$_}" } sort keys %$setting);
	push @lines, 'acl_driver = vfile' if $self->{acl};
	push @lines, block('sieve_script personal', 'driver = file',
	    'path = ~/.dovecot.sieve') if $self->{sieve};
	if (grep { $_ eq 'quota' } @$all) {
		my $quota = $self->{quota} // {};
		push @lines, "quota_storage_grace = $quota->{grace}"
		    if defined $quota->{grace};
		push @lines, block('quota User', 'driver = count',
		    defined $quota->{storage}
		    ? "storage_size = $quota->{storage}" : (),
		    defined $quota->{messages}
		    ? "message_count = $quota->{messages}" : ());
	}
	return @lines;
}

# Extra fields of a user.
sub fields {
	my ($self, $user) = @_;
	my %field;
	my $quota = $user->{quota};
	my $new = is_new($self);
	if ($quota && !$new) {
		$field{quota_rule} = _rule_23($quota);
	} elsif ($quota) {
		$field{'quota/User/storage_size'} = $quota->{storage}
		    if defined $quota->{storage};
		$field{'quota/User/message_count'} = $quota->{messages}
		    if defined $quota->{messages};
	}
	if (!($user->{plugin} // 1)) {
		my ($all) = _names($self);
		my @rest = grep { $_ ne 'signet' } @$all;
		if ($new) {
			$field{'mail_plugins/signet'} = 'no';
		} else {
			$field{mail_plugins} = join ',', @rest;
		}
	}
	return %field;
}

# What the test says itself comes last, so that it holds.
sub _chosen {
	my ($self) = @_;
	my $settings = _either($self, $self->{settings}) // {};
	my $lines = _either($self, $self->{lines}) // '';
	chomp $lines;
	return ((map { "$_ = $settings->{$_}" } sort keys %$settings),
	    $lines eq '' ? () : $lines);
}

1;
