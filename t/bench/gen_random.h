/* gen_random.h - numbers that are the same in every run (splitmix64) */
#ifndef BENCH_GEN_RANDOM_H
#define BENCH_GEN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

uint64_t random_next(struct random *random);
/* 0 to below - 1 */
unsigned random_below(struct random *random, unsigned below);
void random_bytes(struct random *random, unsigned char *out, size_t len);
/* Log-normal with this median and sigma (of the natural logarithm). */
double random_log_normal(struct random *random, double median, double sigma);

#endif
