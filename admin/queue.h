/* queue.h - signet queue: mail that waits in the queue of Postfix */
#ifndef ADMIN_QUEUE_H
#define ADMIN_QUEUE_H

/* 0: done; 1: not done, the message waits as before or on hold, and a line
 * tells; 2: wrong arguments. */
int queue_main(int argc, char **argv);

#endif
