/* html_text.h - what a person sees of HTML, and where its links lead
 *
 * A reader of tags, not of documents: nothing is checked, all input has a
 * result.  Not shown: scripts, styles, comments, drawings, and elements whose
 * style hides them.  Tags that break a line separate words, others (<b>, <a>)
 * do not.  The alternative text of images is shown.
 */
#ifndef JUDGE_HTML_TEXT_H
#define JUDGE_HTML_TEXT_H

#include <stdbool.h>

#include "base/text.h"

struct arena;

struct html_link {
	struct text to; /* of href, src, action: entities decoded */
	struct html_link *next;
};

struct html_text {
	struct text text; /* UTF-8 if the input was */
	struct html_link *links;
	bool hides; /* something was not shown because of its style */
	bool has_form, has_image, has_script;
};

/* At most LIMIT_JUNK_LINKS links are kept. */
void html_text_read(struct arena *arena, struct text utf8,
		    struct html_text *html);

#endif
