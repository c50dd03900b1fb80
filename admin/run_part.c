#include "admin/run_part.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <unistd.h>

#define ARGUMENTS_MOST 250

/* Beside this program first: an uninstalled build runs its own parts. */
static void
find_program(const char *name, char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length > 0) {
		self[length] = '\0';
		slash = strrchr(self, '/');
		if (slash != NULL) {
			*slash = '\0';
			snprintf(path, PATH_MAX, "%.4000s/%s", self, name);
			if (access(path, X_OK) == 0)
				return;
		}
	}
	snprintf(path, PATH_MAX, "%s/%s", SIGNET_SBINDIR, name);
}

int
run_part(const char *program, const char *argument, int argc, char **argv)
{
	char *arguments[ARGUMENTS_MOST + 3];
	char path[PATH_MAX];
	int used = 0, i;

	if (argc > ARGUMENTS_MOST) {
		fputs("signet: too many arguments\n", stderr);
		return 2;
	}
	find_program(program, path);
	arguments[used++] = path;
	if (argument != NULL)
		arguments[used++] = (char *)(uintptr_t)argument;
	for (i = 1; i < argc; i++)
		arguments[used++] = argv[i];
	arguments[used] = NULL;
	execv(path, arguments);
	fprintf(stderr, "signet: cannot run %s: %s\n", path, strerror(errno));
	return 2;
}
