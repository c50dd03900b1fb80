package Signet::Sendmail;

# A private Sendmail in a chroot (t/matrix --make SUITE), which delivers at
# once what it is given, however busy the machine is, and asks FEATURE(`sts').
#
#   Signet::Sendmail->need;                    # makes chroots that are missing
#   my $mta = Signet::Sendmail->new(ca_file => $file, lines => $more_of_mc,
#       suite => 'sendmail-bookworm');         # 8.17; else 8.18 of trixie
#   my ($delivered, $said) = $mta->submit('ann@site.example', 'u@far.example');
#
# `said` is the session as sendmail -v shows it. Its configuration, queue and
# resolv.conf are directories of the test, mounted into the chroot, so it wants
# Signet::Net. With `dane` it does DANE, too.

use strict;
use warnings;
use parent 'Signet::Service';
use Signet::Util qw(temp_dir must_run run_command run_with_input spew slurp
    top_dir need_programs skip_or_fail);

sub root { return ($ENV{SIGNET_CACHE} // '/var/cache/signet-test')
    . '/' . ($_[0] // 'sendmail') }

sub need {
	my ($class) = @_;
	skip_or_fail('a chroot needs root') if $> != 0;
	need_programs('mmdebstrap');
	for my $suite (qw(sendmail sendmail-bookworm)) {
		my ($status, $out, $err) = run_command(
		    top_dir() . '/t/matrix', '--make', $suite);
		skip_or_fail("no chroot of Sendmail: $out$err")
		    if $status != 0;
	}
	return 1;
}

my $mc = <<'END';
OSTYPE(`linux')
define(`confDOMAIN_NAME', `mx.site.example')
define(`confCACERT', `/etc/mail/ca.pem')
define(`confCACERT_PATH', `/etc/mail/certs')
define(`confTO_CONNECT', `30s')
define(`confDONT_BLAME_SENDMAIL', `groupreadablekeyfile')
define(`confQUEUE_LA', `10000')
END

sub new {
	my ($class, %option) = @_;
	my $self = bless { dir => temp_dir(), root => root($option{suite}) },
	    $class;
	$self->own;
	my ($dir, $root) = @$self{qw(dir root)};
	mkdir "$dir/$_", 0755 for qw(mail mail/certs queue dev);
	spew("$dir/mail/ca.pem", slurp($option{ca_file}), 0644);
	spew("$dir/mail/$_", '', 0644)
	    for qw(local-host-names trusted-users);
	spew("$dir/mail/test.mc", $mc . ($option{dane}
	    ? "define(`confDANE', `true')\n" : '')
	    . ($option{lines} // "FEATURE(`sts')\n") . "MAILER(`smtp')\n",
	    0644);
	spew("$dir/hosts", "127.0.0.1 localhost\n192.0.2.25 mx.site.example mx\n",
	    0644);
	for ("/dev/null", "/dev/urandom", "/dev/random") {
		spew("$dir$_", '');
		$self->_mount($_, "$dir$_");
	}
	for (["$dir/mail" => '/etc/mail'], ["$dir/queue" =>
	    '/var/spool/mqueue'], ["$dir/dev" => '/dev'],
	    ["$dir/hosts" => '/etc/hosts'],
	    ['/etc/resolv.conf' => '/etc/resolv.conf']) {
		$self->_mount($_->[0], $root . $_->[1]);
	}
	spew("$dir/mail/sendmail.cf", must_run('chroot', $root, 'sh', '-c',
	    'cd /etc/mail && m4 -D_CF_DIR_=/usr/share/sendmail/cf/ '
	    . '/usr/share/sendmail/cf/m4/cf.m4 test.mc'), 0644);
	return $self;
}

sub _mount {
	my ($self, $from, $to) = @_;
	must_run('mount', '--rbind', $from, $to);
	push @{ $self->{mounts} }, $to;
	return;
}

sub stop {
	my ($self) = @_;
	run_command('umount', '--lazy', $_)
	    for reverse splice @{ $self->{mounts} // [] };
	return;
}

sub submit {
	my ($self, $sender, $recipient) = @_;
	my ($status, $out, $err) = run_with_input("Subject: hello\n\nHello.\n",
	    'chroot', $self->{root}, '/usr/libexec/sendmail/sendmail', '-C',
	    '/etc/mail/sendmail.cf', '-v', '-odi', '-f', $sender, $recipient);
	my $text = $out . $err;
	return ($text =~ /\.\.\. Sent / ? 1 : 0, $text);
}

1;
