#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/key_files.h"
#include "base/why.h"

struct bench {
	struct arena *arena;
	char directory[64];
	struct key_files store;
	struct domain domain;
};

static int
set_up(void **state)
{
	struct arena *arena = arena_new();
	struct bench *bench = arena_new_value(arena, struct bench);

	bench->arena = arena;
	snprintf(bench->directory, sizeof(bench->directory),
		 "/tmp/key_files_test.XXXXXX");
	bench->store.directory = mkdtemp(bench->directory);
	bench->store.group = "root";
	*state = bench;
	return domain_parse(arena, TEXT("example.org"), &bench->domain, NULL)
		   ? 0
		   : -1;
}

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int
tear_down(void **state)
{
	struct bench *bench = *state;

	nftw(bench->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(bench->arena);
	return 0;
}

static int
lock(struct bench *bench)
{
	struct why why;
	int fd = key_files_lock(&bench->store, bench->domain, true, &why);

	if (fd < 0)
		fail_msg("%s", why.text);
	return fd;
}

static struct key_file
put(struct bench *bench, int fd, const char *selector, enum key_state state)
{
	struct key_file key = {.domain = bench->domain,
			       .selector = text_from(selector),
			       .state = state};
	struct why why;

	if (!key_files_write(fd, &bench->store, &key, TEXT("pem\n"), &why))
		fail_msg("%s", why.text);
	return key;
}

static struct key_file *
list(struct bench *bench)
{
	struct key_file *first;
	struct why why;

	if (!key_files_list(bench->arena, &bench->store, bench->domain, &first,
			    &why))
		fail_msg("%s", why.text);
	return first;
}

static unsigned
mode_of(struct bench *bench, const char *name)
{
	struct stat st;
	const char *path =
	    arena_printf(bench->arena, "%s/%s", bench->directory, name);

	if (stat(path, &st) != 0)
		fail_msg("%s is missing", path);
	return st.st_mode & 07777;
}

static void
a_key_and_its_modes(void **state)
{
	struct bench *bench = *state;
	int fd = lock(bench);

	put(bench, fd, "2026a-rsa", KEY_MADE);
	assert_int_equal(mode_of(bench, "example.org"), 0750);
	assert_int_equal(mode_of(bench, "example.org/2026a-rsa.pem.made"),
			 0640);
	assert_text(list(bench)->selector, "2026a-rsa");
	assert_int_equal(list(bench)->state, KEY_MADE);
	assert_null(list(bench)->next);
	key_files_unlock(fd);
}

static void
states_are_names(void **state)
{
	static const enum key_state life[] = {KEY_PUBLISHED, KEY_ACTIVE,
					      KEY_RETIRED,   KEY_ACTIVE,
					      KEY_RETIRED,   KEY_REVOKED};
	struct bench *bench = *state;
	int fd = lock(bench);
	struct key_file key = put(bench, fd, "a", KEY_MADE);
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(life) / sizeof(*life); i++) {
		if (!key_files_move(fd, &key, life[i], 1000 + (int64_t)i, &why))
			fail_msg("%s", why.text);
		assert_int_equal(list(bench)->state, life[i]);
		assert_int_equal(list(bench)->since_s, 1000 + i);
		assert_null(list(bench)->next);
	}
	assert_false(key_files_move(fd, &key, KEY_ACTIVE, 5000, &why));
	assert_int_equal(list(bench)->since_s, 1000 + i - 1);
	assert_true(key_files_has(fd, key.selector));
	assert_true(key_files_remove(fd, &key, &why));
	assert_null(list(bench));
	assert_true(key_files_has(fd, key.selector));
	assert_false(key_files_has(fd, TEXT("b")));
	assert_true(key_files_remove(fd, &key, &why));
	key_files_unlock(fd);
}

static void
nothing_is_overwritten(void **state)
{
	struct bench *bench = *state;
	int fd = lock(bench);
	struct key_file key = put(bench, fd, "a", KEY_MADE), *all;
	struct why why;

	assert_false(key_files_write(fd, &bench->store, &key, TEXT("x"), &why));
	put(bench, fd, "a", KEY_PUBLISHED);
	assert_false(key_files_move(fd, &key, KEY_PUBLISHED, 1, &why));
	assert_false(key_files_list(bench->arena, &bench->store, bench->domain,
				    &all, &why));
	assert_non_null(strstr(why.text, "twice, as "));
	key_files_unlock(fd);
}

static void
other_files_are_not_keys(void **state)
{
	static const char *const names[] = {"a.pem.bak", ".new-a", ".pem",
					    "A.pem",	 "notes",  "a b.pem",
					    "a~.pem",	 "a..pem", ".pem.made"};
	struct bench *bench = *state;
	int fd = lock(bench), file;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		file = openat(fd, names[i], O_CREAT | O_WRONLY, 0600);
		assert_true(file >= 0);
		close(file);
	}
	assert_int_equal(mkdirat(fd, "d.pem", 0700), 0);
	assert_null(list(bench));
	put(bench, fd, "a", KEY_ACTIVE);
	assert_text(list(bench)->selector, "a");
	key_files_unlock(fd);
}

static void
all_domains_in_order(void **state)
{
	static const char *const domains[] = {"b.example", "a.example",
					      "a.example"};
	static const char *const selectors[] = {"x", "y", "w"};
	struct bench *bench = *state;
	struct key_file *all;
	struct why why;
	size_t i;
	int fd;

	for (i = 0; i < 3; i++) {
		assert_true(domain_parse(bench->arena, text_from(domains[i]),
					 &bench->domain, NULL));
		fd = lock(bench);
		put(bench, fd, selectors[i], KEY_ACTIVE);
		key_files_unlock(fd);
	}
	assert_true(key_files_list(bench->arena, &bench->store,
				   (struct domain){{0}}, &all, &why));
	assert_text(all->selector, "w");
	assert_text(all->next->selector, "y");
	assert_text(all->next->next->domain.name, "b.example");
	assert_null(all->next->next->next);
}

static void
what_is_not_there_holds_no_keys(void **state)
{
	struct bench *bench = *state;
	struct why why;

	bench->store.directory = "/nonexistent";
	assert_null(list(bench));
	assert_int_equal(
	    key_files_lock(&bench->store, bench->domain, false, &why), -1);
}

/* A second one gets the lock when the first has ended. */
static void
one_at_a_time(void **state)
{
	struct bench *bench = *state;
	int fd = lock(bench), status, order[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(order), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int mine;

		close(fd); /* or the lock would be this one's too */
		mine =
		    key_files_lock(&bench->store, bench->domain, false, NULL);
		/* the first has written before it let go */
		fcntl(order[0], F_SETFL, O_NONBLOCK);
		_exit(mine >= 0 && read(order[0], &byte, 1) == 1 ? 0 : 1);
	}
	unit_look_again();
	assert_int_equal(write(order[1], "x", 1), 1);
	key_files_unlock(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(order[0]);
	close(order[1]);
}

static void
selectors(void **state)
{
	static const char *const bad[] = {"",	 "a..b", "../x", "a/b",
					  "a b", ".a",	 "a;b",	 "a\nb"};
	struct bench *bench = *state;
	struct text selector;
	struct why why;
	size_t i;

	assert_true(key_selector_parse(bench->arena, TEXT("2026B-rsa"),
				       bench->domain, &selector, &why));
	assert_text(selector, "2026b-rsa");
	assert_true(key_selector_parse(bench->arena, TEXT("s1.eu"),
				       bench->domain, &selector, &why));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (key_selector_parse(bench->arena, text_from(bad[i]),
				       bench->domain, &selector, &why))
			fail_msg("\"%s\" was taken", bad[i]);
}

#define store_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    store_test(a_key_and_its_modes),
	    store_test(states_are_names),
	    store_test(nothing_is_overwritten),
	    store_test(other_files_are_not_keys),
	    store_test(all_domains_in_order),
	    store_test(what_is_not_there_holds_no_keys),
	    store_test(one_at_a_time),
	    store_test(selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
