# SIGNET_DOVECOT: is the plugin built, and for which Dovecot?
#
# Dovecot's headers are found through its dovecot-config; the macro of its own
# dovecot.m4 ends where there is none, and puts files into the source.
# Sets HAVE_DOVECOT and DOVECOT_24 (conditionals), DOVECOT_INCLUDE and
# dovecotmoduledir.
AC_DEFUN([SIGNET_DOVECOT], [
AC_ARG_WITH([dovecot],
	[AS_HELP_STRING([--with-dovecot=auto|yes|no|PATH],
		[build the Dovecot plugin; PATH is the directory of
		dovecot-config (default auto: if it is there)])],
	[], [with_dovecot=auto])
AC_ARG_WITH([dovecot-moduledir],
	[AS_HELP_STRING([--with-dovecot-moduledir=DIR],
		[where the plugin is installed (default: where dovecot-config
		says that Dovecot looks)])],
	[], [with_dovecot_moduledir=])
AC_MSG_CHECKING([for Dovecot])
signet_config=
AS_CASE([$with_dovecot],
	[no], [signet_dovecot_dirs=],
	[auto|yes], [signet_dovecot_dirs="/usr/lib/dovecot /usr/lib64/dovecot /usr/local/lib/dovecot"],
	[signet_dovecot_dirs="$with_dovecot $with_dovecot/lib/dovecot"])
for signet_dir in $signet_dovecot_dirs; do
	AS_IF([test -z "$signet_config" && test -f "$signet_dir/dovecot-config"],
		[signet_config=$signet_dir/dovecot-config])
done
have_dovecot=no
dovecot_24=no
DOVECOT_INCLUDE=
dovecotmoduledir=
AS_IF([test -n "$signet_config"], [
	DOVECOT_INCLUDE=`. "$signet_config" && echo "$LIBDOVECOT_INCLUDE" | $SED 's/-I */-isystem /g'`
	dovecotmoduledir=`. "$signet_config" && echo "$dovecot_moduledir"`
	signet_save="$CPPFLAGS"
	# lib.h takes Dovecot's config.h, which lies beside it
	CPPFLAGS="$CPPFLAGS -DHAVE_CONFIG_H $DOVECOT_INCLUDE"
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include "lib.h"
#include "notify-plugin.h"
#include "mail-deliver.h"
#include "quota.h"
const char *abi = DOVECOT_ABI_VERSION;
#if !DOVECOT_PREREQ(2, 3, 0)
#error too old
#endif
]])], [have_dovecot=yes])
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include "lib.h"
#if !DOVECOT_PREREQ(2, 4, 0)
#error 2.3
#endif
]])], [dovecot_24=yes])
	CPPFLAGS="$signet_save"
])
AS_IF([test -n "$with_dovecot_moduledir"],
	[dovecotmoduledir="$with_dovecot_moduledir"])
AS_IF([test "$have_dovecot" = yes], [AC_MSG_RESULT([$signet_config, modules in $dovecotmoduledir])],
	[test "$with_dovecot" = no], [AC_MSG_RESULT([not wanted])],
	[test "$with_dovecot" = auto], [AC_MSG_RESULT([no, the plugin is left out (Debian: dovecot-dev)])],
	[AC_MSG_RESULT([no])
	AC_MSG_ERROR([the headers of Dovecot 2.3 or 2.4 are missing (Debian: dovecot-dev)])])
AC_SUBST([DOVECOT_INCLUDE])
AC_SUBST([dovecotmoduledir])
AM_CONDITIONAL([HAVE_DOVECOT], [test "$have_dovecot" = yes])
AM_CONDITIONAL([DOVECOT_24], [test "$dovecot_24" = yes])
])
