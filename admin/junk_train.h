/* junk_train.h - signet junk train, retrain, forget */
#ifndef ADMIN_JUNK_TRAIN_H
#define ADMIN_JUNK_TRAIN_H

#include "admin/junk.h"

int junk_train(struct junk_run *run);
int junk_retrain(struct junk_run *run);
int junk_forget(struct junk_run *run);

#endif
