#include "admin/tls.h"

#include "admin/tls_override.h"

static int
usage(FILE *to, int status)
{
	fputs("usage: signet tls override add|list|remove ...\n", to);
	return status;
}

int
tls_main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "override") == 0)
		return tls_override_main(argc - 1, argv + 1);
	return argc > 1 && strcmp(argv[1], "--help") == 0 ? usage(stdout, 0)
							  : usage(stderr, 2);
}
