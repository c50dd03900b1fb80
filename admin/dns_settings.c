#include "admin/dns_settings.h"

#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/dns_keys.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/file.h"

static bool
read_common(struct arena *arena, struct config_source *source,
	    struct dns_settings *settings, struct why *why)
{
	return config_common_fill(arena, source, &settings->common, why) &&
	       config_keys_fill(arena, source, &settings->keys, why) &&
	       sts_settings_fill(source, &settings->sts, why) &&
	       config_domain_fill(arena, source, settings->domain,
				  &settings->options, why) &&
	       config_domain_names(arena, source, &settings->ours,
				   &settings->ours_count, why) &&
	       config_check(source, config_known_sections, why) &&
	       domain_parse(arena, text_from(settings->common.hostname),
			    &settings->hostname, why);
}

static bool
read_mx(struct arena *arena, struct dns_settings *settings, struct why *why)
{
	const struct config_strings *names = &settings->options.mx;
	size_t i, count = names->count > 0 ? names->count : 1;
	struct domain *list = arena_new_array(arena, struct domain, count);

	list[0] = settings->hostname;
	for (i = 0; i < names->count; i++)
		if (!domain_parse(arena, text_from(names->values[i]), &list[i],
				  why))
			return false;
	settings->mx = list;
	settings->mx_count = count;
	return true;
}

static void
read_told_addresses(struct arena *arena, struct dns_settings *settings)
{
	const struct config_strings *told = &settings->common.public_addresses;
	struct ipaddr *list =
	    arena_new_array(arena, struct ipaddr, told->count);
	size_t i;

	for (i = 0; i < told->count; i++)
		ipaddr_parse(text_from(told->values[i]), &list[i]);
	settings->addresses = list;
	settings->address_count = told->count;
	settings->addresses_are_told = true;
}

#define OWN_ADDRESSES_MOST 64

/* Link-local addresses reach nobody; loopback neither. */
static bool
is_of_use(const struct ifaddrs *one, struct ipaddr *address)
{
	static const struct ipnet link_local = {
	    .address = {.family = 6, .bytes = {0xfe, 0x80}}, .bits = 10};

	return one->ifa_addr != NULL && (one->ifa_flags & IFF_UP) != 0 &&
	       ipaddr_from_sockaddr(one->ifa_addr, address) &&
	       !ipaddr_is_loopback(address) &&
	       !ipnet_contains(&link_local, address);
}

static void
find_addresses(struct arena *arena, struct dns_settings *settings)
{
	struct ipaddr *list =
	    arena_new_array(arena, struct ipaddr, OWN_ADDRESSES_MOST);
	struct ifaddrs *all = NULL, *one;

	settings->addresses = list;
	if (getifaddrs(&all) != 0)
		return;
	for (one = all; one != NULL; one = one->ifa_next)
		if (settings->address_count < OWN_ADDRESSES_MOST &&
		    is_of_use(one, &list[settings->address_count]))
			settings->address_count++;
	freeifaddrs(all);
}

static bool
read_certificates(struct arena *arena, struct dns_settings *settings,
		  struct why *why)
{
	const struct config_strings *paths = &settings->options.certificates;
	struct dns_certificate *list =
	    arena_new_array(arena, struct dns_certificate, paths->count);
	const struct certificate *chain;
	struct text pem;
	size_t i, count;

	for (i = 0; i < paths->count; i++) {
		if (!file_read(arena, paths->values[i],
			       LIMIT_CERTIFICATE_FILE_BYTES, &pem, why))
			return false;
		if (!certificate_parse_pem(arena, pem, &chain, &count, why))
			return why_prefix(why, "%s", paths->values[i]);
		list[i].path = paths->values[i];
		list[i].certificate = chain[0];
	}
	settings->certificates = list;
	settings->certificate_count = paths->count;
	return true;
}

bool
dns_settings_read(struct arena *arena, const char *path, struct text domain,
		  struct dns_settings *settings, struct why *why)
{
	struct config_source *source = config_read(arena, path, why);

	*settings = (struct dns_settings){0};
	if (source == NULL ||
	    !domain_parse(arena, domain, &settings->domain, why) ||
	    !read_common(arena, source, settings, why) ||
	    !read_mx(arena, settings, why) ||
	    !read_certificates(arena, settings, why))
		return false;
	if (settings->common.public_addresses.count > 0)
		read_told_addresses(arena, settings);
	else
		find_addresses(arena, settings);
	dns_keys_read(arena, settings);
	return true;
}

bool
dns_settings_is_ours(const struct dns_settings *settings, struct domain domain)
{
	char path[PATH_MAX];
	size_t i;

	if (domain_equal(domain, settings->domain))
		return true;
	for (i = 0; i < settings->ours_count; i++)
		if (domain_equal(domain, settings->ours[i]))
			return true;
	snprintf(path, sizeof(path), "%s/" TEXT_FMT, settings->keys.directory,
		 TEXT_ARG(domain.name));
	return access(path, F_OK) == 0;
}
