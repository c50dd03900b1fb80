#include "gen_random.h"

#include <math.h>

uint64_t
random_next(struct random *random)
{
	uint64_t x = random->state += 0x9E3779B97F4A7C15;

	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
	return x ^ (x >> 31);
}

unsigned
random_below(struct random *random, unsigned below)
{
	return (unsigned)((random_next(random) >> 32) * below >> 32);
}

void
random_bytes(struct random *random, unsigned char *out, size_t len)
{
	size_t n;

	for (n = 0; n < len; n++)
		out[n] = (unsigned char)(random_next(random) >> 56);
}

double
random_log_normal(struct random *random, double median, double sigma)
{
	/* Box-Muller; + 1 keeps the logarithm away from zero. */
	double a = ((double)(random_next(random) >> 11) + 1) / 0x1p53;
	double b = (double)(random_next(random) >> 11) / 0x1p53;
	double normal = sqrt(-2 * log(a)) * cos(2 * M_PI * b);

	return median * exp(sigma * normal);
}
