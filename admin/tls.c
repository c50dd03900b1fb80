#include "admin/tls.h"

#include "admin/tls_override.h"
#include "admin/tls_page.h"

int
tls_main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "override") == 0)
		return tls_override_main(argc - 1, argv + 1);
	return tls_page_main(argc, argv);
}
