# What becomes of a mail site on which the packages are installed, upgraded,
# removed, purged. t/packages-test reads this file.

# --- an installed site ---

# Everything that a package may leave behind: path, kind, mode, owner, content.
# Users stay, as Debian wants it; logs, mail, and the databases are the site's.
cat_fingerprint='
cd /
find etc home opt root srv usr var -xdev \( -path var/log -o -path var/cache \
    -o -path var/lib/dpkg -o -path var/lib/apt -o -path var/lib/postgresql \
    -o -path var/lib/systemd/timers -o -path var/lib/systemd/catalog \
    -o -path "var/spool/postfix/*" -a ! -name "signet*" \
    -o -path var/lib/postfix -o -path var/lib/dovecot -o -path var/tmp \
    -o -path home/ann/Maildir -o -path root/tests -o -name "*-" -a -path "etc/*" \
    -o -path etc/.pwd.lock -o -path etc/machine-id \) -prune -o \
    ! -path "etc/*shadow" ! -path etc/passwd ! -path etc/group -type f \
    -exec sha256sum {} + -o ! -type f -printf "%p %y %m %u:%g %l\n" | sort
grep -hv ^signet etc/passwd etc/group etc/shadow etc/gshadow
'
fingerprint() { in_guest sh -c "$cat_fingerprint" >"$work/$1"; }

state_of() { in_guest systemctl is-active "$1" 2>&1 || :; }
main_pid() { in_guest systemctl show -P MainPID "$1"; }
services='signet-milter signet-sign signet-load signet-policy
    signet-tls-collect signet-mailbox signet-keys.timer signet-quota.timer
    signet-dmarc-report.timer signet-tls-report.timer'

nothing_runs()
{
	for unit in $services; do
		same "$unit $(state_of $unit)" "$unit inactive" || return 1
		same "$unit $(in_guest systemctl is-enabled $unit 2>&1)" \
		    "$unit disabled" || return 1
	done
	same "$(in_guest sh -c 'ls /run/signet /var/spool/signet/new')" \
	    "$(printf '/run/signet:\n\n/var/spool/signet/new:')"
}

no_database()
{
	same "$(in_guest su postgres -c \
	    'psql -Atc "select datname from pg_database order by 1"')" \
	    "$(printf 'postgres\ntemplate0\ntemplate1')"
}

install_debs()
{
	in_guest sh -c "dpkg -i /build/$1/*.deb"
}

# each running daemon is another process now, and runs
restarted()
{
	for unit in $running; do
		same "$unit $(state_of $unit)" "$unit active" || return 1
		now=$(main_pid $unit)
		[ "$now" != 0 ] || return 1
		case " $pids " in
		*" $now "*) say "$unit is still $now"; return 1 ;;
		esac
	done
	same "signet-sign $(state_of signet-sign)" "signet-sign inactive"
}

schema_version()
{
	in_guest psql signet -Atc \
	    "select count(*) from pg_tables where tablename = 'next_version'"
}

config_digest() { in_guest sha256sum /etc/signet/signet.conf; }

# One listener of its own, as an operator may have it.
add_listener()
{
	in_guest sh -euc 'printf "%s\n" "[milter submission]" \
	    "role = submission" \
	    "listen = unix:/var/spool/postfix/signet/submission.sock" \
	    >>/etc/signet/signet.conf
	systemctl start signet-milter@submission'
}

upgrade()
{
	running='signet-milter signet-load signet-policy signet-tls-collect
	    signet-mailbox signet-milter@submission'
	is 'a listener of its own' add_listener
	pids=
	for unit in $running; do pids="$pids $(main_pid $unit)"; done
	before=$(config_digest)
	is 'the upgrade is installed' install_debs next
	is 'daemons that ran are restarted, others are not' restarted
	is 'the configuration is kept' same "$(config_digest)" "$before"
	is 'the database is as it was' same "$(schema_version)" 0
	is 'a message goes through' mail_and_row upgraded
	is 'signet-load --migrate' in_guest \
	    su postgres -c 'signet-load --migrate'
	is 'has made what is new' same "$(schema_version)" 1
}

mail_and_row()
{
	in_guest /root/tests/mail "$1" || return 1
	end=$(($(date +%s) + 300))
	until [ "$(in_guest psql signet -Atc "select count(*) from
	    signet.v_message_detail where message_id like '%$1@%'")" = 1 ]; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.2
	done
}

# apt with an archive whose Dovecot has another ABI: what would it upgrade?
newer_dovecot()
{
	in_guest sh -euc '
	mkdir -p /tmp/archive
	cd /tmp/archive
	: >Packages
	for name in $(dpkg-query -W -f "\${db:Status-Status} \${Package}\n" \
	    "dovecot-*" | sed -n "s/^installed //p" | grep -v signet); do
		mkdir -p $name/DEBIAN
		{
			echo "Package: $name"
			echo "Version: 9:9.9"
			echo "Architecture: all"
			echo "Maintainer: nobody <nobody@example.org>"
			echo "Description: a Dovecot to come"
			[ $name != dovecot-core ] ||
				echo "Provides: dovecot-abi-9.9.abiv9"
			[ $name = dovecot-core ] ||
				echo "Depends: dovecot-core (= 9:9.9)"
		} >$name/DEBIAN/control
		dpkg-deb -b $name $name.deb >/dev/null
		cat $name/DEBIAN/control
		echo "Filename: ./$name.deb"
		echo "Size: $(stat -c %s $name.deb)"
		echo "SHA256: $(sha256sum <$name.deb | cut -c1-64)"
		echo
	done >Packages
	echo "deb [trusted=yes] file:/tmp/archive ./" >list
	apt="apt-get -q -o Dir::Etc::sourcelist=/tmp/archive/list
	    -o Dir::Etc::sourceparts=- -o Dir::State::lists=/tmp/archive/lists"
	mkdir -p lists/partial
	$apt update >/dev/null
	$apt -s upgrade'
}

dovecot_waits()
{
	newer_dovecot >"$work/apt" 2>&1 || { cat "$work/apt"; return 1; }
	! grep '^Inst dovecot' "$work/apt"
}

dovecot_comes()
{
	newer_dovecot >"$work/apt" 2>&1 || { cat "$work/apt"; return 1; }
	grep '^Inst dovecot-core' "$work/apt" || { cat "$work/apt"; return 1; }
}

unread_facts() { in_guest sh -c 'find /var/spool/signet -type f | sort'; }

remove()
{
	in_guest systemctl stop signet-load
	is 'a message without the loader' in_guest /root/tests/mail unread
	# what the milter has written it closes when it ends
	in_guest systemctl stop signet-milter
	unread=$(unread_facts)
	is 'leaves its fact in the spool' [ -n "$unread" ]
	is 'removal' in_guest sh -c "dpkg -r $(echo $all_packages) \
	    >/tmp/said 2>&1 || { cat /tmp/said; exit 1; }"
	is 'says that Postfix still asks' in_guest grep \
	    'signet-milter: WARNING: Postfix still asks for it in .*main.cf' \
	    /tmp/said
	is 'says that Dovecot still asks' in_guest grep \
	    'dovecot-signet: WARNING: Dovecot.s mail_plugins still name' \
	    /tmp/said
	is 'its listeners are stopped' same \
	    "$(state_of signet-milter@submission)" inactive
	is 'no program is left' same "$(in_guest sh -c 'pgrep -l signet; \
	    ls /usr/bin /usr/sbin /usr/lib/dovecot/modules | grep signet')" ''
	is 'facts stay' same "$(unread_facts)" "$unread"
	is 'the configuration stays' [ "$(config_digest)" = "$before" ]
	in_guest rm /etc/dovecot/conf.d/98-signet.conf
	in_guest systemctl reload dovecot
	is 'mail goes on' in_guest /root/tests/mail removed
}

purge()
{
	is 'purge' in_guest sh -c "dpkg -P $(echo $all_packages)"
	in_guest sh -c 'postconf -X smtpd_milters milter_default_action &&
	    postfix reload' >/dev/null 2>&1
	in_guest su postgres -c 'dropdb signet'
	fingerprint after
	is 'nothing is left, nothing is changed' \
	    diff "$work/before" "$work/after"
	is 'mail goes on after that' in_guest /root/tests/mail purged
}

site()
{
	kernel_settings >"$work/kernel"
	if holds 'the site starts' boot; then
		is 'it cannot set what the kernel of the host does' \
		    kernel_is_shut
		life_of_site
	fi
	is 'the site ends, and leaves no control group' shut_down
	kernel_settings >"$work/kernel.after"
	is 'the kernel of the host is set as it was' \
	    diff "$work/kernel" "$work/kernel.after"
}

life_of_site()
{
	in_guest mkdir -p /root/tests
	in_guest cp -r /build/one/signet/debian/tests /root/
	holds 'Postfix, Dovecot and PostgreSQL run' in_guest \
	    /root/tests/site || return 0
	holds 'mail goes without Signet' in_guest /root/tests/mail first ||
	    return 0
	fingerprint before
	is 'an upgrade of Dovecot would come' dovecot_comes
	is 'the packages are installed' install_debs one
	is 'nothing was started' nothing_runs
	is 'no database was made' no_database
	is 'an upgrade of Dovecot waits' dovecot_waits
	holds 'README.Debian as typed, and a message' \
	    in_guest /root/tests/smoke -s || return 0
	upgrade
	remove
	purge
}
