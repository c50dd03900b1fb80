/* explain_main.h - `signet-policy --explain` */
#ifndef POSTFIX_POLICY_EXPLAIN_MAIN_H
#define POSTFIX_POLICY_EXPLAIN_MAIN_H

/* Arguments from --explain on: DOMAIN [-c FILE] [--dns ADDR@PORT]
 * [--root-key FILE] [--no-database] [--json].  Exit status: 0 for an answer,
 * 1 if mail would wait (TEMP), 2 for usage or trouble. */
int explain_main(int argc, char **argv);

#endif
