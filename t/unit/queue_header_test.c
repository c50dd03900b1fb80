#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "admin/queue_header.h"

static struct text
copied(struct arena *arena, struct text message, enum queue_retls wish)
{
	int from = memfd_create("from", MFD_CLOEXEC),
	    to = memfd_create("to", MFD_CLOEXEC);
	size_t most = message.len + 100;
	char *bytes = arena_bytes(arena, most);
	ssize_t n;

	assert_true(from >= 0 && to >= 0);
	assert_int_equal(write(from, message.at, message.len), message.len);
	assert_int_equal(lseek(from, 0, SEEK_SET), 0);
	assert_true(queue_header_copy(from, to, wish));
	n = pread(to, bytes, most, 0);
	assert_true(n >= 0);
	close(from);
	close(to);
	return text_of(bytes, (size_t)n);
}

static void
wish_on_top(void **state)
{
	static const char plain[] = "From: a@b.example\nSubject: x\n\nhello\n";

	assert_text(copied(*state, text_from(plain), QUEUE_RETLS_YES),
		    "Require-TLS-ESMTP: yes\nFrom: a@b.example\nSubject: x\n\n"
		    "hello\n");
	assert_text(copied(*state, text_from(plain), QUEUE_RETLS_NO),
		    "TLS-Required: no\nFrom: a@b.example\nSubject: x\n\n"
		    "hello\n");
	assert_text(copied(*state, text_from(plain), QUEUE_RETLS_DEFAULT),
		    plain);
}

static void
old_wishes_go(void **state)
{
	struct text message =
	    TEXT("From: a@b.example\ntls-required:\n no\nTo: u@c.example\n"
		 "Require-TLS-ESMTP : yes\nTLS-Required-Not: x\n y\n\n"
		 "TLS-Required: no\n\nRequire-TLS-ESMTP: yes\n");

	assert_text(copied(*state, message, QUEUE_RETLS_DEFAULT),
		    "From: a@b.example\nTo: u@c.example\n"
		    "TLS-Required-Not: x\n y\n\n"
		    "TLS-Required: no\n\nRequire-TLS-ESMTP: yes\n");
}

static void
every_byte_stays(void **state)
{
	struct text message = TEXT("From: \xff\0x\n \t\nlast: line"),
		    with_body = TEXT("A: b\n\n\0\xff\r\nno end");

	assert_true(
	    text_equal(copied(*state, message, QUEUE_RETLS_DEFAULT), message));
	assert_true(text_equal(copied(*state, with_body, QUEUE_RETLS_DEFAULT),
			       with_body));
}

static void
no_header_at_all(void **state)
{
	struct text message = TEXT(" text\nTLS-Required: no\n"), with_wish;

	assert_true(
	    text_equal(copied(*state, message, QUEUE_RETLS_DEFAULT), message));
	with_wish = copied(*state, message, QUEUE_RETLS_YES);
	assert_text(with_wish, "Require-TLS-ESMTP: yes\n\n text\n"
			       "TLS-Required: no\n");
	assert_text(copied(*state, with_wish, QUEUE_RETLS_DEFAULT),
		    "\n text\nTLS-Required: no\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(wish_on_top),
	    arena_unit_test(old_wishes_go),
	    arena_unit_test(every_byte_stays),
	    arena_unit_test(no_header_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
