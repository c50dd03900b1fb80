#include "admin/dmarc.h"

#include "admin/dmarc_addrs.h"
#include "admin/run_part.h"

int
dmarc_main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "checkreportaddrs") == 0)
		return dmarc_addrs_main(argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "report") == 0)
		return run_part("signet-dmarc-report", NULL, argc - 1,
				argv + 1);
	fputs("usage: signet dmarc report [ARGUMENTS]\n"
	      "       signet dmarc checkreportaddrs [-c FILE] [--json] "
	      "DOMAIN\n",
	      stderr);
	return 2;
}
