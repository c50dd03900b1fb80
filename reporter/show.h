/* show.h - what --explain of the programs that send reports prints */
#ifndef REPORTER_SHOW_H
#define REPORTER_SHOW_H

#include "reporter/destination.h"

struct arena;

/* "  name         value"; the value may be foreign bytes. */
void show_pair(struct arena *arena, const char *name, struct text value);

/* The record, and each URI with what would become of it. */
void show_destinations(struct arena *arena, const struct destinations *found);

/* "2026-11-21": the UTC day before this one. */
const char *show_yesterday(struct arena *arena);

#endif
