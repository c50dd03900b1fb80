/* html_entity.h - character references of HTML ("&eacute;", "&#233;") */
#ifndef JUDGE_HTML_ENTITY_H
#define JUDGE_HTML_ENTITY_H

#include "base/scan.h"

/* Reads one reference where the scan stands, at '&'.  0, and the scan stays,
 * if there is none that is known. */
uint32_t html_entity_read(struct scan *in);

#endif
