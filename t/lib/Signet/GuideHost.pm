package Signet::GuideHost;

# A host for one test: this one with an overlay over it, in namespaces of its
# own, with Signet in /root/signet: its source, or with `installed` what
# t/guides/00-readme.t made of it. Postfix,
# PostgreSQL and unbound run as Debian sets them up, the Internet is a signed
# DNS zone file on the address of a root server. All of it is gone with the
# test; nothing outside of it changes.
#
#   Signet::GuideHost->enter;           # before anything is started
#   my $host = Signet::GuideHost->new(zones => {...});
#   my ($status, $out, $err) = $host->shell('postfix reload');
#   $host->read($path); $host->write($path, $text); $host->append(...);
#   $host->path($path);                 # seen from here
#   my $before = $host->inventory;      # path => what is there
#   $host->keep_installed;              # for tests with `installed`
#   $host->stop;
#
# Names: mx.example.org (192.0.2.25) takes mail for example.org, whose user is
# ann. Other addresses of documentation are this host's as well.

use strict;
use warnings;
use parent 'Signet::Service';
use Digest::MD5 ();
use Fcntl ();
use File::Basename qw(dirname);
use File::Find ();
use File::Path qw(make_path);
use Signet::Util qw(build_dir must_run need_programs run_command
    skip_or_fail slurp spew temp_dir top_dir wait_for append_file);
use Signet::Zone;

# a root server, where the zones are
use constant ROOT => '198.41.0.4';

sub enter {
	my ($class) = @_;
	if (!$ENV{SIGNET_GUIDE}) {
		need_programs(qw(unshare ip mount chroot nsd unbound postfix
		    pg_ctlcluster systemd-sysusers));
		skip_or_fail('a guide is typed by root') if $> != 0;
		local $ENV{SIGNET_GUIDE} = 1;
		exec 'unshare', qw(--net --mount --uts --pid --fork
		    --kill-child --mount-proc), 'sh', '-c',
		    # the first process is there for those whose parents ended
		    '"$@" & wait $!', 'sh', $^X,
		    (map { "-I$_" } grep { !ref } @INC), $0, @ARGV;
		die "unshare: $!\n";
	}
	delete $ENV{SIGNET_GUIDE};
	must_run(qw(ip link set lo up));
	must_run(qw(ip route add local), $_, qw(dev lo)) for qw(203.0.113.0/24
	    198.51.100.0/24 192.0.2.0/24), ROOT . '/32';
	must_run(qw(ip addr add 192.0.2.25/32 dev lo));
	must_run(qw(hostname mx.example.org));
	return;
}

sub new {
	my ($class, %option) = @_;
	my $self = bless { root => build_dir() . '/guides/host', %option },
	    $class;
	make_path($self->{root});
	$self->{lower} = $self->{installed} ? _installed() : '';
	$self->_mount;
	$self->own;
	$self->_names;
	$self->_database;
	$self->_postfix;
	return $self;
}

sub path { return "$_[0]{root}$_[1]" }
sub read { return slurp($_[0]->path($_[1])) }

sub write {
	my ($self, $path, $text, $mode) = @_;
	make_path(dirname($self->path($path)));
	return spew($self->path($path), $text, $mode // 0644);
}

sub append {
	my ($self, $path, $text) = @_;
	my $is_new = !-e $self->path($path);
	append_file($self->path($path), $text);
	chmod 0644, $self->path($path) if $is_new;
	return;
}

sub command {
	my ($self, @command) = @_;
	return run_command($self->_inside, @command);
}

sub _inside {
	my ($self) = @_;
	return ('chroot', $self->{root}, '/usr/bin/env', '-i', 'HOME=/root',
	    'TERM=dumb', 'LC_ALL=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive',
	    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
	    'sh', '-c', 'cd /root/signet && exec "$@"', 'sh');
}

sub shell { return $_[0]->command('sh', '-c', $_[1]) }

sub must {
	my ($self, $line) = @_;
	my ($status, $out, $err) = $self->shell($line);
	die "'$line' ended with $status: $err$out", $self->logs if $status;
	return $out;
}

# The ends of all logs, for a test that fails.
sub logs {
	my ($self) = @_;
	my $text = '';
	for my $file (glob($self->path('/var/log/units/*')),
	    $self->path('/var/log/mail.log')) {
		my @line = split /\n/, slurp($file) // '';
		splice @line, 0, @line - 30 if @line > 30;
		$text .= join "\n", "--- $file", @line, '';
	}
	return $text;
}

# --- the source, with what was compiled already ---

# What README.md types compiles everything again where paths are put in, and
# nothing else: the objects of the build that is being tested serve for the
# rest.
sub _copy_source {
	my ($self, $to) = @_;
	make_path($to);
	must_run('sh', '-euc', <<'END', 'sh', top_dir(), build_dir(), $to);
if git -C "$1" rev-parse --git-dir >/dev/null 2>&1; then
	cd "$1" && git ls-files -z | tar -c --null -T - --ignore-failed-read 2>/dev/null
else
	cd "$1" && tar -c --exclude='./build*' --exclude=./.try --exclude='*.o' .
fi | tar -x -C "$3"
cd "$2"
find . -path ./guides -prune -o \( -name '*.o' -o -name '*.inc' \
    -o -name .dirstamp \) -print | tar -c -T - | tar -x -C "$3"
cd "$3"
grep -rlE 'SIGNET_[A-Z_]*DIR\b' --include='*.c' . | while read -r file; do
	base=${file%.c}
	rm -f "$base".o "${base%/*}"/*-"${base##*/}".o
done
find . -name '*.inc' -exec touch {} +
find . -name '*.o' -exec touch {} +
END
	return;
}

my $layer = build_dir() . '/guides/installed';

# Runs `code` while no other test makes or takes what is installed.
sub locked {
	my ($code) = @_;
	make_path(dirname($layer));
	open my $lock, '>>', "$layer.lock" or die "$layer.lock: $!\n";
	flock $lock, Fcntl::LOCK_EX() or die "$layer.lock: $!\n";
	return $code->();
}

# Is what is kept made of the programs that are being tested?
sub is_kept {
	my @kept = stat "$layer/done" or return 0;
	for my $file (glob build_dir() . '/signet*') {
		return 0 if -f $file && (stat _)[9] > $kept[9];
	}
	return 1;
}

sub keep_installed {
	my ($self) = @_;
	$self->must('make -s install DESTDIR=/root/layer');
	must_run('rm', '-rf', $layer);
	make_path($layer);
	must_run('sh', '-euc', 'cd "$1/root/layer" && tar -c . | tar -x -C "$2"
	    cd "$1" && tar -c root/signet | tar -x -C "$2"', 'sh',
	    $self->{root}, $layer);
	spew("$layer/done", '');
	return;
}

# The layer, made if it is not there.
sub _installed {
	locked(sub {
		return if is_kept();
		local $ENV{SIGNET_GUIDE_LOCKED} = 1;
		must_run($^X, top_dir() . '/t/guides/00-readme.t');
	});
	return $layer;
}

# --- mounts ---

sub _mount {
	my ($self) = @_;
	my $root = $self->{root};
	my ($status, undef, $err) = run_command('sh', '-euc', <<'END', 'sh',
root=$1 layer=$2 lower=/
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/all"
# a layer that lies below / cannot be one beside it
if [ -n "$layer" ]; then
	cp -a "$layer" "$root/lower"
	rm "$root/lower/done"
	lower=$root/lower:/
fi
mount -t overlay overlay \
    -o lowerdir="$lower",upperdir="$root/upper",workdir="$root/work" "$root/all"
END
	    $root, $self->{lower} // '');
	skip_or_fail("an overlay cannot be mounted: $err") if $status;
	$self->{upper} = "$root/upper";
	$self->{root} = "$root/all";
	must_run('sh', '-euc', <<'END', 'sh', $self->{root});
root=$1
mount -t proc proc "$root/proc"
for dir in run tmp var/tmp dev; do mount -t tmpfs tmpfs "$root/$dir"; done
chmod 1777 "$root/tmp" "$root/var/tmp"
for device in null zero full random urandom tty; do
	: >"$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs tmpfs "$root/dev/shm"
mkdir -p "$root/run/lock"
rm -rf "$root/etc/signet"
# no archive can be reached: what is installed is the newest
rm -rf "$root"/var/lib/apt/lists/*
END
	$self->_copy_source($self->path('/root/signet'))
	    if !$self->{installed};
	return;
}

# --- what runs on the host before ---

sub _names {
	my ($self) = @_;
	$self->{dns} = Signet::Zone->new(-address => ROOT, -port => 53,
		'.' => "ns.signet-dns.invalid. A @{[ROOT]}\n",
		'example.org' => "\@ MX 10 mx\nmx A 192.0.2.25\n"
		    . "\@ TXT \"v=spf1 mx -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=none\"\n",
		'example.net' => "\@ TXT \"v=spf1 ip4:203.0.113.9 -all\"\n"
		    . "_dmarc TXT \"v=DMARC1; p=reject\"\n"
		    . "\@ A 203.0.113.9\nmail A 203.0.113.9\n",
		'113.0.203.in-addr.arpa' => "9 PTR mail.example.net.\n",
		%{ $self->{zones} // {} });
	my $anchor = slurp($self->{dns}->anchor_file);
	$self->write($_, $anchor) for qw(/usr/share/dns/root.key
	    /var/lib/unbound/root.key);
	$self->shell('chown unbound: /var/lib/unbound/root.key');
	# may be a link that leads out of here
	unlink $self->path('/etc/resolv.conf');
	$self->write('/etc/resolv.conf', "nameserver 127.0.0.1\n");
	$self->write('/etc/hosts', "127.0.0.1 localhost\n"
	    . "192.0.2.25 mx.example.org mx\n");
	$self->write('/etc/hostname', "mx.example.org\n");
	$self->write('/etc/mailname', "mx.example.org\n");
	$self->write('/usr/bin/systemctl',
	    slurp(top_dir() . '/t/guides/systemctl'), 0755);
	# documentation's own reverse zones are there as others are
	$self->write('/etc/unbound/unbound.conf.d/reverse.conf', "server:\n"
	    . join '', map { "\tlocal-zone: $_.in-addr.arpa. nodefault\n" }
	    qw(2.0.192 100.51.198 113.0.203));
	$self->must('systemctl start unbound');
	wait_for(60, sub {
		return ($self->shell('dig +dnssec . SOA @127.0.0.1'))[1]
		    =~ /^;; flags: [a-z ]*\bad\b/m;
	}, 'a validated answer of unbound');
	return;
}

sub _database {
	my ($self) = @_;
	$self->must(<<'END');
for version in $(ls /etc/postgresql 2>/dev/null); do
	pg_dropcluster "$version" main 2>/dev/null || :
done
version=$(ls /usr/lib/postgresql | sort -n | tail -n 1)
rm -rf /etc/postgresql/$version/main /var/lib/postgresql/$version/main
pg_createcluster --start $version main -- --no-sync
END
	return;
}

sub _postfix {
	my ($self) = @_;
	# Debian 12 has a unit for each queue, of which this is the first; that
	# of Debian 13 starts under a systemd alone
	my $start = ($self->read('/usr/lib/systemd/system/postfix.service')
	    // $self->read('/lib/systemd/system/postfix.service'))
	    =~ /debian-systemd-start/ ? 'postfix check && postfix start'
	    : 'systemctl start postfix@-';
	$self->write('/etc/postfix/main.cf', <<'END');
compatibility_level = 3.6
myhostname = mx.example.org
mydestination = mx.example.org, example.org, localhost
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
inet_interfaces = 127.0.0.1, 192.0.2.25
alias_maps =
maillog_file = /var/log/mail.log
END
	$self->must('cp /usr/share/postfix/master.cf.dist '
	    . '/etc/postfix/master.cf; rm -f /var/log/mail.log; '
	    . 'id ann >/dev/null 2>&1 || '
	    . 'useradd -m -s /bin/sh ann; '
	    . 'for s in submission submissions; do postconf -M $s/inet="$s '
	    . 'inet n - y - - smtpd"; done; '
	    . $start);
	return;
}

# --- what is there ---

my @of_no_matter = qw(/proc /dev /run /tmp /var/tmp /var/log /var/mail
    /var/spool/postfix /var/lib/postgresql /var/lib/unbound /var/lib/postfix
    /var/lib/dpkg /var/lib/apt /var/cache /root /home);

# Every file that is not as on the real host, and its contents; users, groups.
sub inventory {
	my ($self) = @_;
	my (%found, $upper);
	$upper = $self->{upper};
	File::Find::find({ no_chdir => 1, wanted => sub {
		my $path = substr $_, length $upper;
		if (grep { $path eq $_ } @of_no_matter) {
			$File::Find::prune = 1;
			return;
		}
		return if $path eq '' || $path =~ m{^/etc/(?:passwd|group|shadow|gshadow|subuid|subgid)-$};
		my $here = $self->path($path);
		# a host without manual pages lacks a directory or two
		return if -d $here && (-d "/$path"
		    || $path =~ m{^/usr/share/man/man\d\z});
		# gone here, and there before: whiteout
		my $there = lstat $here;
		return if !$there && !lstat $path;
		return if !$there && $self->{whiteouts}{$path};
		$found{$path} = !$there ? 'removed' : -l $here
		    ? readlink $here : -f _
		    ? Digest::MD5::md5_hex(slurp($here)) : 'special';
	} }, $upper);
	for my $below (qw(/var/spool/postfix /root /run)) {
		for my $entry (glob $self->path("$below/*signet*")) {
			$found{ substr $entry, length $self->{root} } = 'there';
		}
	}
	delete $found{'/root/signet'};
	for my $kind (qw(passwd group)) {
		for my $line (split /\n/, $self->read("/etc/$kind")) {
			$found{"$kind " . $line =~ s/:.*//r} = $line;
		}
		delete $found{"/etc/$kind"};
	}
	delete @found{map { "/etc/$_" } qw(shadow gshadow subuid subgid)};
	$found{roles} = $self->must(q{su postgres -c "psql -Atc 'select }
	    . q{rolname from pg_roles order by 1'"});
	$found{databases} = $self->must(q{su postgres -c "psql -Atc 'select }
	    . q{datname from pg_database order by 1'"});
	return \%found;
}

sub stop {
	my ($self) = @_;
	return if $self->{stopped}++;
	$self->shell('postfix stop; for f in /run/units/*; do '
	    . 'systemctl stop $(basename $f); done');
	$self->shell('pg_ctlcluster $(ls /etc/postgresql | tail -n 1) main '
	    . 'stop -m immediate');
	$self->{dns}->stop if $self->{dns};
	return;
}

1;
