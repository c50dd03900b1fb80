#include "milter/wildcard.h"

#include "base/ascii.h"

bool
wildcard_matches(struct text pattern, struct text text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.len && ascii_lower(pattern.at[p]) ==
						  ascii_lower(text.at[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			/* one byte more for the last star */
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}
