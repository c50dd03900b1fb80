# Chroots of Debian releases, and systems that are booted in them, for
# t/packages-test, which reads this file: $top, $cache, $suite, $work, $debs are
# its own.

# --- chroots ---

package_list()
{
	"$top/t/install-packages" -l "$@" | sed 's/|.*//' | sort -u |
	    paste -sd, -
}

# make_chroot SUITE NAME KIND... : $cache/NAME holds the packages of the kinds
make_chroot()
{
	release=$1 name=$2 root=$cache/$2
	shift 2
	list=$(package_list "$@")
	mkdir -p "$cache"
	exec 9>"$cache/$name.lock"
	flock 9
	if [ "$(cat "$cache/$name.packages" 2>/dev/null)" != "$list" ] ||
	    [ ! -x "$root/bin/sh" ]; then
		say "making $root"
		build_chroot || { exec 9>&-; return 1; }
	fi
	exec 9>&-
}

# What mmdebstrap mounts is gone with it, also when it is killed.
build_chroot()
{
	rm -rf --one-file-system "$root.part"
	if ! unshare --mount mmdebstrap --variant=apt --mode=root \
	    --format=directory \
	    --include="$list" \
	    --setup-hook='mkdir -p "$1/usr/sbin"
		printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"
		chmod 755 "$1/usr/sbin/policy-rc.d"' \
	    --essential-hook='echo "postfix postfix/main_mailer_type select" \
		"No configuration" | chroot "$1" debconf-set-selections' \
	    --customize-hook='mkdir -p "$1/build"' \
	    --aptopt='Apt::Install-Recommends "false"' \
	    --aptopt='Acquire::Check-Valid-Until "false"' \
	    --aptopt='Acquire::Retries "3"' \
	    --dpkgopt='path-exclude=/usr/share/locale/*' \
	    "$release" "$root.part" >"$cache/$name.log" 2>&1; then
		rm -rf --one-file-system "$root.part"
		say "The chroot $name could not be made; is the package" \
		    "archive reachable? The end of $cache/$name.log:"
		tail -5 "$cache/$name.log"
		return 1
	fi
	rm -rf "$root.old"
	[ ! -e "$root" ] || mv "$root" "$root.old"
	mv "$root.part" "$root"
	rm -rf "$root.old"
	rm -f "$cache/$name.depends"
	printf '%s\n' "$list" >"$cache/$name.packages"
}

# What our packages depend on is installed into the clean chroot, as declared
# and nothing besides; made anew when the list changes.
add_depends()
{
	root=$cache/packages-$suite
	depends=$(for name in $all_packages; do
		dpkg-deb -f "$debs/${name}_"*.deb Depends
	done | tr , '\n' | sed 's/^ *//; s/ *|.*//; s/ (.*//' |
	    grep -v -e ^signet- -e ^dovecot-abi- | sort -u | paste -sd' ' -)
	exec 9>"$cache/packages-$suite.lock"
	flock 9
	if [ "$(cat "$root.depends" 2>/dev/null)" != "$depends" ]; then
		rm -rf "$root.part"
		cp -a "$root" "$root.part"
		cp /etc/resolv.conf "$root.part/etc/resolv.conf"
		unshare --mount --pid --fork --kill-child sh -euc '
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mount --bind "$1/proc/sys" "$1/proc/sys"
		mount -o remount,bind,ro "$1/proc/sys"
		mount --bind /dev "$1/dev"
		export DEBIAN_FRONTEND=noninteractive
		chroot "$1" apt-get -q -y update
		shift_root=$1
		shift
		exec chroot "$shift_root" apt-get -q -y install \
		    --no-install-recommends "$@"
		' sh "$root.part" $depends >"$root.log" 2>&1 || {
			tail -5 "$root.log"
			rm -rf "$root.part"
			exec 9>&-
			return 1
		}
		rm -rf "$root.old"
		mv "$root" "$root.old"
		mv "$root.part" "$root"
		rm -rf "$root.old"
		printf '%s\n' "$depends" >"$root.depends"
	fi
	exec 9>&-
}

# --- namespaces ---

# What both ways of entering do first: the chroot $1 with a layer of memory
# over it, $2 at /build, only loopback, and devices. The kernel is that of the
# host, so its settings can be read and not set: systemd would set some at boot.
enter_root='
lower=$1 work=$2
shift 2
mount --make-rprivate /
ip link set lo up
layer=$work/layer
mkdir -p "$layer"
mount -t tmpfs -o mode=755 tmpfs "$layer"
mkdir "$layer/up" "$layer/own" "$layer/all"
root=$layer/all
mount -t overlay overlay \
    -o "lowerdir=$lower,upperdir=$layer/up,workdir=$layer/own" "$root"
mkdir -p "$work/build" "$root/build"
mount --bind "$work/build" "$root/build"
mount -t tmpfs tmpfs "$root/tmp"
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
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
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
cd "$root"
'
environment='HOME=/root TERM=dumb LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

# inside COMMAND... : in the chroot to build in
inside()
{
	unshare --mount --pid --fork --kill-child --net sh -euc "$enter_root"'
	exec chroot "$root" /usr/bin/env -i "$@"
	' sh "$cache/packages-$suite-build" "$work" $environment "$@"
}

# The control group of a guest, which must see no other one's: below ours, and
# named $2, of the hierarchy that is mounted at $1 for the purpose.
own_group='
mkdir -p "$1"
mount -t cgroup2 cgroup2 "$1"
group=$1$(sed -n "s/^0:://p" /proc/self/cgroup)/$2
'

# Boots the clean chroot. $guest is its first process as seen from here.
boot()
{
	unshare --mount --pid --fork --kill-child --net --uts --ipc \
	    sh -euc "$enter_root"'
	set -- "$layer/groups" "${work##*/}"
	'"$own_group"'
	mkdir "$group"
	echo 0 >"$group/cgroup.procs"
	hostname mx
	mount -t sysfs -o ro sysfs "$root/sys"
	rm -f "$root/usr/sbin/policy-rc.d"
	exec unshare --cgroup sh -euc "
	mount -t cgroup2 cgroup2 \"\$1/sys/fs/cgroup\"
	exec chroot \"\$1\" /usr/bin/env -i container=signet \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
	    --unit=multi-user.target" sh "$root"
	' sh "$cache/packages-$suite" "$work" >"$work/boot.log" 2>&1 \
	    </dev/null &
	outside=$!
	tries=0
	rm -f "$work/state"
	until guest=$(cat /proc/$outside/task/$outside/children) &&
	    guest=${guest% } && [ -n "$guest" ] &&
	    in_guest timeout 300 systemctl is-system-running --wait \
		>"$work/state" 2>&1 ||
	    grep -qx degraded "$work/state" 2>/dev/null; do
		tries=$((tries + 1))
		if [ ! -d /proc/$outside ] || [ $tries -gt 3000 ]; then
			cat "$work/boot.log" "$work/state"
			return 1
		fi
		sleep 0.2
	done
}

in_guest()
{
	nsenter --target "$guest" --mount --uts --ipc --net --pid --cgroup \
	    --root --wd /usr/bin/env -i $environment "$@" </dev/null
}

# Ends the guest, and takes its control groups away when all of it has ended.
shut_down()
{
	[ -n "$outside" ] || return 0
	kill -9 "$outside" 2>/dev/null || :
	wait "$outside" 2>/dev/null || :
	outside= guest=
	unshare --mount sh -euc 'mount --make-rprivate /
	'"$own_group"'
	[ ! -e "$group/cgroup.kill" ] || echo 1 >"$group/cgroup.kill"
	tries=0
	while [ -d "$group" ]; do
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || :
		tries=$((tries + 1))
		[ $tries -lt 600 ] || { ls -lR "$group"; exit 1; }
		[ ! -d "$group" ] || sleep 0.1
	done
	' sh "$work/groups" "${work##*/}"
}

# The settings of the host's kernel that a system sets at boot: all of fs, and
# what the sysctl.d of the chroot names, but not what each network has of its
# own.
kernel_settings()
{
	{
		find /proc/sys/fs -type f -perm -200
		cat "$cache/packages-$suite"/usr/lib/sysctl.d/*.conf \
		    "$cache/packages-$suite"/etc/sysctl.d/*.conf 2>/dev/null |
		    sed -n 's/^-\{0,1\}\([a-z][a-z0-9_./]*\)[[:blank:]]*=.*/\1/p' |
		    grep -v '^net' | tr . / | sed 's,^,/proc/sys/,'
	} | sort -u | while read -r setting; do
		printf '%s: %s\n' "$setting" "$(cat "$setting" 2>/dev/null)"
	done
}

# Each would be set to what it is.
kernel_is_shut()
{
	in_guest sh -c 'for name in fs/protected_regular fs/file-max \
	    kernel/core_pattern vm/max_map_count net/unix/max_dgram_qlen; do
		cd /proc/sys
		value=$(cat "$name") || exit 1
		if echo "$value" >"$name"; then
			echo "$name can be set"
			exit 1
		fi
	done'
}
