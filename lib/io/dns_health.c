#include "io/dns_health.h"

#include "base/ascii.h"
#include "io/log.h"

void
dns_health_init(struct dns_health *health, const char *told)
{
	*health = (struct dns_health){.told = told};
	pthread_mutex_init(&health->lock, NULL);
}

void
dns_health_end(struct dns_health *health)
{
	pthread_mutex_destroy(&health->lock);
}

/* FNV-1a over the last two labels, letters as one case. */
static uint32_t
domain_number(struct text name)
{
	uint32_t number = 2166136261U;
	size_t i, dots = 0;

	for (i = name.len; i > 0; i--) {
		dots += name.at[i - 1] == '.';
		if (dots == 2)
			break;
		number ^= (unsigned char)ascii_lower(name.at[i - 1]);
		number *= 16777619U;
	}
	return number;
}

static void
count_domain(struct dns_health *health, uint32_t domain)
{
	unsigned i;

	for (i = 0; i < health->domain_count; i++)
		if (health->domains[i] == domain)
			return;
	if (health->domain_count < DNS_HEALTH_DOMAINS)
		health->domains[health->domain_count++] = domain;
}

static enum dns_health_news
count_failure(struct dns_health *health, struct text name)
{
	bool was_away = health->is_away;

	atomic_store(&health->is_failing, true);
	if (health->run < DNS_HEALTH_RUN)
		health->run++;
	count_domain(health, domain_number(name));
	health->is_away =
	    was_away || (health->run == DNS_HEALTH_RUN &&
			 health->domain_count == DNS_HEALTH_DOMAINS);
	return health->is_away && !was_away ? DNS_HEALTH_AWAY : DNS_HEALTH_SAME;
}

static enum dns_health_news
count_answer(struct dns_health *health)
{
	bool was_away = health->is_away;

	health->run = 0;
	health->domain_count = 0;
	health->is_away = false;
	atomic_store(&health->is_failing, false);
	return was_away ? DNS_HEALTH_BACK : DNS_HEALTH_SAME;
}

enum dns_health_news
dns_health_count(struct dns_health *health, struct text name,
		 enum dns_status status)
{
	bool failed = status == DNS_TEMPFAIL || status == DNS_BOGUS;
	enum dns_health_news news;

	if (!failed && !atomic_load(&health->is_failing))
		return DNS_HEALTH_SAME;
	pthread_mutex_lock(&health->lock);
	news = failed ? count_failure(health, name) : count_answer(health);
	pthread_mutex_unlock(&health->lock);
	return news;
}

void
dns_health_tell(struct dns_health *health, struct text name,
		const struct dns_answer *answer)
{
	if (health->told == NULL)
		return;
	switch (dns_health_count(health, name, answer->status)) {
	case DNS_HEALTH_AWAY:
		log_warning("the DNS gives no answer that can be used, %s; "
			    "look at the resolver: %s",
			    health->told,
			    answer->reason != NULL ? answer->reason
						   : "no answer");
		break;
	case DNS_HEALTH_BACK:
		log_info("the DNS answers again");
		break;
	case DNS_HEALTH_SAME:
		break;
	}
}

void
dns_health_late(struct dns_health *health, struct text name)
{
	struct dns_answer none = {.status = DNS_TEMPFAIL,
				  .reason = "no answer in time"};

	dns_health_tell(health, name, &none);
}
