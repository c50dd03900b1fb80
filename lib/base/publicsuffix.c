#include "base/publicsuffix.h"

#include <errno.h>
#include <libpsl.h>

#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"

struct public_suffix_list {
	psl_ctx_t *loaded; /* NULL when the built-in list is used */
	const psl_ctx_t *psl;
};

struct public_suffix_list *
public_suffix_list_open(const char *path, struct why *why)
{
	struct public_suffix_list *list;
	psl_ctx_t *loaded = NULL;
	const psl_ctx_t *psl;

	if (path != NULL) {
		errno = 0;
		psl = loaded = psl_load_file(path);
	} else {
		psl = psl_builtin();
	}
	if (loaded != NULL && psl_suffix_count(loaded) == 0) {
		psl_free(loaded);
		why_set(why, "%s holds no public suffix rules", path);
		return NULL;
	}
	if (psl == NULL) {
		if (path == NULL)
			why_set(why, "libpsl has no list built in");
		else
			why_set(why,
				"cannot read the public suffix list %s: %s",
				path, errno ? strerror(errno) : "no list");
		return NULL;
	}
	list = xcalloc(1, sizeof(*list));
	list->loaded = loaded;
	list->psl = psl;
	return list;
}

void
public_suffix_list_close(struct public_suffix_list *list)
{
	if (list == NULL)
		return;
	psl_free(list->loaded);
	free(list);
}

/* libpsl wants a terminating zero. */
static const char *
name_string(struct domain domain, char to[LIMIT_DOMAIN_BYTES + 1])
{
	memcpy(to, domain.name.at, domain.name.len);
	to[domain.name.len] = '\0';
	return to;
}

struct domain
public_suffix_organizational(const struct public_suffix_list *list,
			     struct domain domain)
{
	char name[LIMIT_DOMAIN_BYTES + 1];
	const char *found;

	if (!domain_is_set(domain))
		return domain;
	found = psl_registrable_domain(list->psl, name_string(domain, name));
	if (found == NULL)
		return domain;
	return (struct domain){text_skip(domain.name, (size_t)(found - name))};
}

bool
public_suffix_is(const struct public_suffix_list *list, struct domain domain)
{
	char name[LIMIT_DOMAIN_BYTES + 1];

	return domain_is_set(domain) &&
	       psl_is_public_suffix(list->psl, name_string(domain, name));
}
