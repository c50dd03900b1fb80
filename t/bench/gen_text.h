/* gen_text.h - text that grows, zero-terminated */
#ifndef BENCH_GEN_TEXT_H
#define BENCH_GEN_TEXT_H

#include <stddef.h>

struct str {
	char *data;
	size_t len, size;
};

void str_bytes(struct str *str, const char *bytes, size_t len);
void str_add(struct str *str, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void str_clear(struct str *str);

#endif
