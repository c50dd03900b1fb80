#include "lib.h"
#include "compat.h"
#include "hex-binary.h"
#include "hostpid.h"
#include "istream.h"
#include "istream-crlf.h"
#include "mail-storage.h"
#include "message-size.h"
#include "net.h"
#include "randgen.h"
#include "str.h"
#include "time-util.h"
#include "write-full.h"
#include "signet-event.h"
#include "signet-plugin.h"
#include "signet-settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* random bytes of a name: nobody else may guess it */
#define SIGNET_EVENT_RANDOM 16
#define SIGNET_EVENT_MODE 0640

struct signet_event_file {
	uint64_t stamp;
	const char *tmp_path, *path;
	int fd;
	/* what was being done when it failed */
	const char *error;
};

static void signet_event_value(string_t *str, const char *value)
{
	const unsigned char *p = (const unsigned char *)value;

	for (; *p != '\0'; p++) {
		if (*p < 0x21 || *p == 0x7f || *p == '%')
			str_printfa(str, "%%%02X", *p);
		else
			str_append_c(str, *p);
	}
}

void signet_event_add(string_t *str, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	str_append(str, name);
	str_append_c(str, '=');
	signet_event_value(str, value);
	str_append_c(str, '\n');
}

void signet_event_add_number(string_t *str, const char *name, uint64_t value)
{
	str_printfa(str, "%s=%"PRIu64"\n", name, value);
}

string_t *signet_event_begin(struct signet_user *suser, const char *kind)
{
	string_t *str = t_str_new(512);

	str_append(str, "signet-event 1\n");
	signet_event_add(str, "kind", kind);
	signet_event_add(str, "user", suser->user->username);
	signet_event_add(str, "session", suser->user->session_id);
	return str;
}

/* Microseconds since 1970, each higher than the last: the events of a process
   stay in order also if its clock steps back. */
static uint64_t signet_event_stamp(void)
{
	static uint64_t last = 0;
	struct timeval now;
	uint64_t stamp;

	i_gettimeofday(&now);
	stamp = (uint64_t)now.tv_sec * 1000000 + now.tv_usec;
	last = stamp > last ? stamp : last + 1;
	return last;
}

/* The same as in the name, RFC 3339 in UTC. */
static const char *signet_event_time(uint64_t stamp)
{
	time_t seconds = stamp / 1000000;
	char date[sizeof("2026-01-01T00:00:00") + 16];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return NULL;
	return t_strdup_printf("%s.%06uZ", date,
			       (unsigned int)(stamp % 1000000));
}

static int signet_event_create(struct signet_user *suser,
			       struct signet_event_file *file)
{
	unsigned char bytes[SIGNET_EVENT_RANDOM];
	const char *name, *dir = suser->set->spool_dir;

	random_fill(bytes, sizeof(bytes));
	name = t_strdup_printf("%016"PRIu64"-%s-%s", file->stamp, my_pid,
			       binary_to_hex(bytes, sizeof(bytes)));
	file->tmp_path = t_strconcat(dir, "/.tmp-", name, NULL);
	file->path = t_strconcat(dir, "/T-", name, NULL);
	file->fd = open(file->tmp_path,
			O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW,
			SIGNET_EVENT_MODE);
	if (file->fd == -1) {
		file->error = t_strdup_printf("open(%s) failed: %m",
					      file->tmp_path);
		return -1;
	}
	/* whatever the umask took away */
	if (fchmod(file->fd, SIGNET_EVENT_MODE) < 0) {
		file->error = t_strdup_printf("fchmod(%s) failed: %m",
					      file->tmp_path);
		return -1;
	}
	return 0;
}

/* Appends up to max bytes of the stream, with CRLF. Returns 1 if that is all
   of it, 0 if there is more, -1 if it cannot be read. */
static int signet_event_read(buffer_t *buffer, struct istream *input,
			     uoff_t max, const char **error_r)
{
	struct istream *crlf = i_stream_create_crlf(input);
	const unsigned char *data;
	size_t size;
	int ret = 1;

	while (ret == 1 && i_stream_read_more(crlf, &data, &size) > 0) {
		if (size > max) {
			size = max;
			ret = 0;
		}
		buffer_append(buffer, data, size);
		i_stream_skip(crlf, size);
		max -= size;
	}
	if (ret == 1 && crlf->stream_errno != 0) {
		*error_r = t_strdup_printf("read(%s) failed: %s",
					   i_stream_get_name(crlf),
					   i_stream_get_error(crlf));
		ret = -1;
	}
	i_stream_unref(&crlf);
	return ret;
}

/* The size of the whole with CRLF, if storage knows it without reading. */
static uoff_t signet_event_known_size(struct mail *mail)
{
	uoff_t size;

	mail->lookup_abort = MAIL_LOOKUP_ABORT_READ_MAIL;
	if (mail_get_virtual_size(mail, &size) < 0)
		size = 0;
	mail->lookup_abort = MAIL_LOOKUP_ABORT_NEVER;
	return size;
}

/* The part of the mail, with a reference of the caller's. */
static int signet_event_open_mail(struct mail *mail,
				  enum signet_event_part part,
				  struct istream **input_r)
{
	struct message_size size;
	struct istream *input;

	if (part == SIGNET_EVENT_PART_MESSAGE) {
		if (mail_get_stream(mail, NULL, NULL, &input) < 0)
			return -1;
		i_stream_ref(input);
		*input_r = input;
		return 0;
	}
	/* the body may be there, too */
	if (mail_get_hdr_stream(mail, &size, &input) < 0)
		return -1;
	*input_r = i_stream_create_limit(input, size.physical_size);
	return 0;
}

/* Reads the part of the mail; its size, or 0 if that is not known. */
static int signet_event_read_mail(struct mail *mail,
				  enum signet_event_part part, uoff_t max,
				  buffer_t *buffer, uoff_t *size_r,
				  const char **error_r)
{
	struct istream *input;
	int ret = signet_event_open_mail(mail, part, &input);

	if (ret < 0) {
		*error_r = t_strdup_printf("UID %u cannot be read: %s",
			mail->uid,
			mailbox_get_last_internal_error(mail->box, NULL));
		return -1;
	}
	ret = signet_event_read(buffer, input, max, error_r);
	i_stream_unref(&input);
	if (ret < 0)
		return -1;
	if (ret == 1 && part == SIGNET_EVENT_PART_MESSAGE)
		*size_r = buffer->used;
	else {
		*size_r = signet_event_known_size(mail);
		if (*size_r < buffer->used)
			*size_r = 0;
	}
	return 0;
}

static int signet_event_write(struct signet_event_file *file,
			      const buffer_t *buffer)
{
	if (write_full(file->fd, buffer->data, buffer->used) < 0) {
		file->error = t_strdup_printf("write(%s) failed: %m",
					      file->tmp_path);
		return -1;
	}
	return 0;
}

static int signet_event_fill(struct signet_user *suser, string_t *event,
			     struct mail *mail, enum signet_event_part part,
			     struct signet_event_file *file)
{
	buffer_t *buffer = buffer_create_dynamic(default_pool, 8192);
	uoff_t size = 0;
	int ret = 0;

	signet_event_add(event, "at", signet_event_time(file->stamp));
	if (part == SIGNET_EVENT_PART_HEADER)
		signet_event_add(event, "part", "header");
	if (part != SIGNET_EVENT_PART_NONE)
		ret = signet_event_read_mail(mail, part,
					     suser->set->max_message, buffer,
					     &size, &file->error);
	if (ret == 0) {
		if (size > 0)
			signet_event_add_number(event, "size", size);
		str_append_c(event, '\n');
		buffer_insert(buffer, 0, str_data(event), str_len(event));
		ret = signet_event_write(file, buffer);
	}
	buffer_free(&buffer);
	return ret;
}

static int signet_event_finish(struct signet_user *suser,
			       struct signet_event_file *file)
{
	int fd = file->fd;

	if (suser->set->spool_fsync && fdatasync(fd) < 0) {
		file->error = t_strdup_printf("fdatasync(%s) failed: %m",
					      file->tmp_path);
		return -1;
	}
	file->fd = -1;
	if (close(fd) < 0) {
		file->error = t_strdup_printf("close(%s) failed: %m",
					      file->tmp_path);
		return -1;
	}
	if (rename(file->tmp_path, file->path) < 0) {
		file->error = t_strdup_printf("rename(%s, %s) failed: %m",
					      file->tmp_path, file->path);
		return -1;
	}
	return 0;
}

int signet_event_spool(struct signet_user *suser, string_t *event,
		       struct mail *mail, enum signet_event_part part)
{
	struct signet_event_file file;

	if (*suser->set->spool_dir == '\0')
		return -1;
	i_zero(&file);
	file.stamp = signet_event_stamp();
	if (signet_event_create(suser, &file) == 0 &&
	    signet_event_fill(suser, event, mail, part, &file) == 0 &&
	    signet_event_finish(suser, &file) == 0) {
		e_debug(suser->event, "Spooled %s", file.path);
		return 0;
	}
	if (suser->lost_events++ == 0)
		e_error(suser->event, "Event lost: %s", file.error);
	if (file.fd != -1) {
		i_close_fd(&file.fd);
		i_unlink_if_exists(file.tmp_path);
	}
	return -1;
}

void signet_event_nudge(struct signet_user *suser)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = suser->set->nudge;
	int fd;

	if (*path == '\0' ||
	    i_strocpy(address.sun_path, path, sizeof(address.sun_path)) < 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	/* Nobody there, or a full queue: the daemon looks by itself. */
	if (sendto(fd, "", 1, MSG_NOSIGNAL, (struct sockaddr *)&address,
		   sizeof(address)) < 0)
		e_debug(suser->event, "Nudge to %s: %m", path);
	i_close_fd(&fd);
}

void signet_event_user_deinit(struct signet_user *suser)
{
	if (suser->lost_events > 0)
		e_error(suser->event, "%u events of this session are lost: "
			"they could not be written to %s", suser->lost_events,
			suser->set->spool_dir);
}
