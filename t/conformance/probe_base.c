/* probe_base.c - "idna" and "psl" of the probe */
#include "base/domain.h"
#include "base/publicsuffix.h"
#include "base/why.h"
#include "t/conformance/probe.h"

/* idna: name.  Answer: ascii, or refused with the reason; idna is 1 if all
 * its A-labels are IDNA's. */
void
probe_idna(struct probe *probe)
{
	struct domain domain;
	struct why why;

	if (!domain_parse(probe_arena(probe), probe_get(probe, "name"), &domain,
			  &why)) {
		probe_put_string(probe, "refused", why.text);
		return;
	}
	probe_put(probe, "ascii", domain.name);
	probe_put_int(probe, "idna",
		      domain_is_idna(probe_arena(probe), domain));
}

/* psl: list (a path), name.  Answer: ascii, suffix (1 if the name is a public
 * suffix), organizational; or refused. */
void
probe_psl(struct probe *probe)
{
	char *path = text_string(probe_arena(probe), probe_get(probe, "list"));
	struct public_suffix_list *list;
	struct domain domain;
	struct why why;

	if (!domain_parse(probe_arena(probe), probe_get(probe, "name"), &domain,
			  &why)) {
		probe_put_string(probe, "refused", why.text);
		return;
	}
	list = public_suffix_list_open(path, &why);
	if (list == NULL) {
		probe_put_string(probe, "error", why.text);
		return;
	}
	probe_put(probe, "ascii", domain.name);
	probe_put_int(probe, "suffix", public_suffix_is(list, domain));
	probe_put(probe, "organizational",
		  public_suffix_organizational(list, domain).name);
	public_suffix_list_close(list);
}
