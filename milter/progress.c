#include "milter/progress.h"

static struct in_work *in_work;

void
progress_use(struct in_work *work)
{
	in_work = work;
}

void
progress_add(struct progress *progress, enum progress_step step,
	     struct text bytes)
{
	progress->digest =
	    in_work_digest(in_work, progress->digest + step, bytes);
}

bool
progress_begin(struct progress *progress)
{
	if (!progress->passed_over &&
	    !in_work_begin(in_work, progress->digest, &progress->label))
		progress->passed_over = true;
	return !progress->passed_over;
}

bool
progress_begin_with(struct progress *progress, enum progress_step step,
		    struct text bytes)
{
	progress_add(progress, step, bytes);
	return progress_begin(progress);
}

void
progress_end(void)
{
	in_work_end(in_work);
}

void
progress_greeted(struct progress *progress)
{
	in_work_end(in_work);
	progress->greeting = progress->digest;
	progress->bad_greeting = progress->passed_over;
}

void
progress_reset(struct progress *progress)
{
	progress->digest = progress->greeting;
	progress->passed_over = progress->bad_greeting;
}
