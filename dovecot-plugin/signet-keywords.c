#include "lib.h"
#include "signet-keywords.h"

static const char *const signet_junk_keywords[] = {
	"$Junk", "Junk", "JunkRecorded", NULL
};
static const char *const signet_notjunk_keywords[] = {
	"$NotJunk", "NotJunk", "$NonJunk", "NonJunk", NULL
};

struct signet_opinion signet_opinion_of(const char *const *keywords)
{
	struct signet_opinion opinion = { FALSE, FALSE };

	for (; *keywords != NULL; keywords++) {
		if (str_array_icase_find(signet_junk_keywords, *keywords))
			opinion.junk = TRUE;
		if (str_array_icase_find(signet_notjunk_keywords, *keywords))
			opinion.notjunk = TRUE;
	}
	return opinion;
}
