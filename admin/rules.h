/* rules.h - `signet rules`: which folder the mail of lists and people goes to
 *
 *	signet rules list [ACCOUNT]
 *	signet rules lists
 *	signet rules add ACCOUNT list LIST DOMAIN FOLDER
 *	signet rules add ACCOUNT from ADDRESS FOLDER
 *	signet rules accept|decline|remove ACCOUNT NUMBER
 *	signet rules never ACCOUNT list|from|mailbox NAME
 *	signet rules mode ACCOUNT [suggest|auto|off|default]
 */
#ifndef ADMIN_RULES_H
#define ADMIN_RULES_H

/* Arguments from "rules" on.  Exit status: 0, 1: there is nothing of this
 * number, 2: usage or trouble. */
int rules_main(int argc, char **argv);

#endif
