#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/signed_fields.h"

#define ALWAYS                                                                 \
	"From:To:Cc:Subject:Date:Reply-To:Message-ID:In-Reply-To:References:"  \
	"MIME-Version:Content-Type:Content-Transfer-Encoding"

static struct message
with_fields(struct arena *arena, const char *names)
{
	struct text rest = text_from(names);
	struct message message;
	size_t end;

	message_init(&message, arena);
	for (; rest.len > 0; rest = text_skip(rest, end + 1)) {
		end = text_find(rest, ' ');
		message_add(&message, text_first(rest, end), TEXT(" x"));
	}
	return message;
}

/* `chosen` is what h= holds, ':' between. */
static void
want(struct arena *arena, const char *names, const char *chosen)
{
	struct message message = with_fields(arena, names);
	struct signed_fields fields;
	struct buf out;

	assert_true(signed_fields_choose(arena, &message, &fields, NULL));
	buf_init(&out, arena, 1u << 20);
	for (size_t i = 0; i < fields.count; i++) {
		if (i > 0)
			buf_char(&out, ':');
		buf_text(&out, fields.names[i]);
	}
	assert_text(buf_view(&out), chosen);
}

static void
chosen_fields(void **state)
{
	want(*state, "", ALWAYS);
	want(*state, "From Received X-Other Bcc DKIM-Signature Return-Path",
	     "From:" ALWAYS);
	want(*state, "from FROM Subject",
	     "From:From:From:To:Cc:Subject:"
	     "Subject:Date:Reply-To:Message-ID:In-Reply-To:References:"
	     "MIME-Version:Content-Type:Content-Transfer-Encoding");
	want(*state, "From Sender", "From:" ALWAYS ":Sender:Sender");
	want(*state, "From List-Id list-id List-Post",
	     "From:" ALWAYS ":List-Id:List-Id:List-Id:List-Post:List-Post");
	want(*state, "From Content-Disposition",
	     "From:" ALWAYS ":Content-Disposition:Content-Disposition");
	want(*state, "From TLS-Report-Domain TLS-Report-Submitter TLS-Required",
	     "From:" ALWAYS ":TLS-Required:TLS-Required:TLS-Report-Domain:"
	     "TLS-Report-Domain:TLS-Report-Submitter:TLS-Report-Submitter");
	want(*state, "From Resent-From Resent-To Resent-From",
	     "From:" ALWAYS ":Resent-From:Resent-From:Resent-To");
	/* what h= could not hold */
	want(*state, "From List-;b=x Content-\303\266", "From:" ALWAYS);
}

static void
too_many(void **state)
{
	struct message message = with_fields(*state, "From");
	struct signed_fields fields;
	struct why why;

	for (int i = 0; i < LIMIT_DKIM_HEADER_NAMES; i++)
		message_add(&message, TEXT("To"), TEXT(" x"));
	assert_false(signed_fields_choose(*state, &message, &fields, &why));
	assert_non_null(strstr(why.text, "more than 256"));

	message = with_fields(*state, "From");
	for (int i = 0; i < LIMIT_HEADER_FIELDS; i++)
		message_add(&message, TEXT("X-Other"), TEXT(" x"));
	assert_false(signed_fields_choose(*state, &message, &fields, &why));
	assert_non_null(strstr(why.text, "limits"));
}

static void
one_more_name(void **state)
{
	struct message message =
	    with_fields(*state, "From DKIM-Signature dkim-signature X-A");
	struct signed_fields fields;

	assert_true(signed_fields_choose(*state, &message, &fields, NULL));
	assert_int_equal(fields.count, 13);
	assert_true(signed_fields_add(&message, TEXT("DKIM-Signature"), false,
				      &fields, NULL));
	assert_int_equal(fields.count, 15);
	assert_text(fields.names[14], "DKIM-Signature");
	assert_true(
	    signed_fields_add(&message, TEXT("Absent"), false, &fields, NULL));
	assert_int_equal(fields.count, 15);
	/* what is there is not there twice */
	assert_true(
	    signed_fields_add(&message, TEXT("from"), true, &fields, NULL));
	assert_true(
	    signed_fields_add(&message, TEXT("x-a"), false, &fields, NULL));
	assert_int_equal(fields.count, 16);
	assert_true(
	    signed_fields_add(&message, TEXT("X-A"), true, &fields, NULL));
	assert_int_equal(fields.count, 17);
	assert_true(
	    signed_fields_add(&message, TEXT("X-B"), true, &fields, NULL));
	assert_int_equal(fields.count, 18);
	assert_false(
	    signed_fields_add(&message, TEXT("a;b"), true, &fields, NULL));
	assert_false(signed_fields_is_name(TEXT("")));
	assert_false(signed_fields_is_name(TEXT("a:b")));
	assert_true(signed_fields_is_name(TEXT("X-Spam_1")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(chosen_fields),
	    arena_unit_test(too_many),
	    arena_unit_test(one_more_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
