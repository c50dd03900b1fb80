/* junk_explain.h - signet junk explain */
#ifndef ADMIN_JUNK_EXPLAIN_H
#define ADMIN_JUNK_EXPLAIN_H

#include "admin/junk.h"

/* Class, probability and the words that decided, of a message for an account,
 * by what the database knows now. */
int junk_explain(struct junk_run *run);

#endif
