#include "unit.h"

#include "base/buf.h"
#include "judge/html_entity.h"
#include "judge/html_text.h"

/* With runs of space as one. */
static struct text
shown(struct arena *arena, const char *input)
{
	struct html_text html;
	struct buf buf;
	size_t i;

	html_text_read(arena, text_from(input), &html);
	buf_init(&buf, arena, 100000);
	for (i = 0; i < html.text.len; i++)
		if (html.text.at[i] != ' ' || buf.len == 0 ||
		    buf.at[buf.len - 1] != ' ')
			buf_char(&buf, html.text.at[i]);
	return text_trim(buf_view(&buf));
}

static void
tags_are_not_shown(void **state)
{
	assert_text(shown(*state, "<p>One</p><p class='x>y'>two<br>three"),
		    "One two three");
	assert_text(shown(*state, "a < b & c > d <3"), "a < b & c > d <3");
	assert_text(shown(*state, "<"), "<");
	assert_text(shown(*state, "x<a"), "x");
	assert_text(shown(*state, "x<a href=\"y"), "x");
	assert_text(shown(*state, "<!DOCTYPE html><title>T</title>"), "T");
}

static void
inline_tags_break_no_word(void **state)
{
	assert_text(shown(*state, "via<b></b>gr<span>a</span>"), "viagra");
	assert_text(shown(*state, "via<!-- x > y -->gra"), "viagra");
	assert_text(shown(*state, "a<td>b"), "a b");
}

static void
scripts_styles_and_drawings_are_not_shown(void **state)
{
	assert_text(shown(*state, "a<script>if (x < y) z();</script>b"), "ab");
	assert_text(shown(*state, "a<STYLE>p { x: y }</Style >b"), "ab");
	assert_text(shown(*state, "a<svg><text>no</text></svg>b"), "ab");
	assert_text(shown(*state, "a<script>never ends"), "a");
}

static void
images_have_words(void **state)
{
	assert_text(shown(*state, "<img src=x alt=\"Big &amp; cheap\">"),
		    "Big & cheap");
}

static void
references_are_characters(void **state)
{
	assert_text(shown(*state, "caf&eacute; &#233;&#xE9; &lt;b&gt;"),
		    "caf\xc3\xa9 \xc3\xa9\xc3\xa9 <b>");
	assert_text(shown(*state, "a&nbsp;b&unknown;c & &#; &#xd800;"),
		    "a b&unknown;c & &#; \xef\xbf\xbd");
	assert_text(shown(*state, "&#99999999999;"), "\xef\xbf\xbd");
}

static void
what_a_style_hides_is_not_shown(void **state)
{
	struct html_text html;

	assert_text(shown(*state, "a<div style='display: none'>b<div>c</div>"
				  "d</div>e"),
		    "a e");
	assert_text(shown(*state, "a<span style=\"Font-Size:0px\">b</span>c"),
		    "ac");
	assert_text(shown(*state, "a<p hidden>b</p>c"), "a c");
	assert_text(shown(*state, "a<p style='font-size:14px'>b</p>"), "a b");
	/* the box around it ends it as well */
	assert_text(shown(*state, "<div><span style='display:none'>b</div>c"),
		    "c");
	assert_text(shown(*state, "<img style='display:none'>c"), "c");
	html_text_read(*state, TEXT("<i style=display:none>"), &html);
	assert_true(html.hides);
	html_text_read(*state, TEXT("<i style=color:red>"), &html);
	assert_false(html.hides);
}

static void
links_are_kept(void **state)
{
	struct html_text html;

	html_text_read(*state,
		       TEXT("<A HREF='https://a.example/?x&amp;y'>t</a>"
			    "<img src=//b.example/z><form action=c>"),
		       &html);
	assert_text(html.links->to, "https://a.example/?x&y");
	assert_text(html.links->next->to, "//b.example/z");
	assert_text(html.links->next->next->to, "c");
	assert_null(html.links->next->next->next);
	assert_true(html.has_form);
	assert_true(html.has_image);
	assert_false(html.has_script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(tags_are_not_shown),
	    arena_unit_test(inline_tags_break_no_word),
	    arena_unit_test(scripts_styles_and_drawings_are_not_shown),
	    arena_unit_test(images_have_words),
	    arena_unit_test(references_are_characters),
	    arena_unit_test(what_a_style_hides_is_not_shown),
	    arena_unit_test(links_are_kept),
	};

	return cmocka_run_group_tests_name("html_text", tests, NULL, NULL);
}
