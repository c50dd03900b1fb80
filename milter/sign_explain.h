/* sign_explain.h - signet explain-sign: which key would sign, and why */
#ifndef MILTER_SIGN_EXPLAIN_H
#define MILTER_SIGN_EXPLAIN_H

/* Returns the exit status: 0 decided, 2 could not. */
int sign_explain_main(int argc, char **argv);

#endif
