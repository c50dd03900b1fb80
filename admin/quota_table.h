/* quota_table.h - the statement that reads a quota_clone table of a site */
#ifndef ADMIN_QUOTA_TABLE_H
#define ADMIN_QUOTA_TABLE_H

#include <stdbool.h>

struct arena;

/* From "mail.quota" and "username,bytes,messages", as text, bigint, bigint.
 * False unless they are names of letters, digits and _, and three columns. */
bool quota_table_sql(struct arena *arena, const char *table,
		     const char *columns, const char **sql);

#endif
