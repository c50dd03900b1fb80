#include "lib.h"
#include "compat.h"
#include "signet-plugin.h"
#include "signet-reader.h"

static void signet_reader_begin(struct signet_reader *reader)
{
	/* without NO_NOTIFY this would come back to us */
	reader->trans = mailbox_transaction_begin(reader->reading,
		MAILBOX_TRANSACTION_FLAG_NO_NOTIFY |
		MAILBOX_TRANSACTION_FLAG_NO_CACHE_DEC, __func__);
	reader->mail = mail_alloc(reader->trans, 0, NULL);
}

static void signet_reader_end(struct signet_reader *reader)
{
	mail_free(&reader->mail);
	mailbox_transaction_rollback(&reader->trans);
}

static void signet_reader_close(struct signet_reader *reader)
{
	if (reader->reading == NULL)
		return;
	signet_reader_end(reader);
	if (reader->own)
		mailbox_free(&reader->reading);
	reader->reading = NULL;
	reader->own = reader->synced = FALSE;
}

static void signet_reader_borrow(struct signet_reader *reader,
				 struct mailbox *box)
{
	if (!reader->own && reader->reading == box)
		return;
	signet_reader_close(reader);
	reader->reading = box;
	signet_reader_begin(reader);
}

static int signet_reader_open(struct signet_reader *reader)
{
	struct mailbox *box;

	if (reader->own)
		return 0;
	signet_reader_close(reader);
	/* The commit has put its messages into the index: to read that is
	   enough, as a rule. */
	(void)mail_index_refresh(reader->box->index);
	/* A user may be allowed to put a message where he may not read. */
	box = mailbox_alloc(reader->box->list, mailbox_get_vname(reader->box),
			    MAILBOX_FLAG_READONLY | MAILBOX_FLAG_IGNORE_ACLS);
	if (mailbox_open(box) < 0) {
		e_error(reader->suser->event, "%s cannot be opened: %s",
			mailbox_get_vname(box),
			mailbox_get_last_internal_error(box, NULL));
		mailbox_free(&box);
		return -1;
	}
	reader->reading = box;
	reader->own = TRUE;
	signet_reader_begin(reader);
	return 0;
}

/* Once, if a message is not to be seen. */
static void signet_reader_sync(struct signet_reader *reader)
{
	reader->synced = TRUE;
	signet_reader_end(reader);
	(void)mailbox_sync(reader->reading, 0);
	signet_reader_begin(reader);
}

static bool signet_source_is_open(struct signet_user *suser,
				  const struct signet_source *source)
{
	struct mail_storage *storage = suser->user->storages;
	struct mailbox *box;

	while (storage != NULL && storage != source->storage)
		storage = storage->next;
	if (storage == NULL)
		return FALSE;
	for (box = storage->mailboxes; box != NULL; box = box->next) {
		if (box == source->box)
			return box->opened;
	}
	return FALSE;
}

void signet_reader_init(struct signet_reader *reader,
			struct signet_user *suser, struct mailbox *box)
{
	i_zero(reader);
	reader->suser = suser;
	reader->box = box;
}

struct mail *signet_reader_source(struct signet_reader *reader,
				  const struct signet_source *source,
				  uint32_t uid)
{
	if (!signet_source_is_open(reader->suser, source))
		return NULL;
	signet_reader_borrow(reader, source->box);
	return mail_set_uid(reader->mail, uid) ? reader->mail : NULL;
}

struct mail *signet_reader_old(struct signet_reader *reader, uint32_t uid)
{
	signet_reader_borrow(reader, reader->box);
	return mail_set_uid(reader->mail, uid) ? reader->mail : NULL;
}

struct mail *signet_reader_new(struct signet_reader *reader, uint32_t uid)
{
	if (signet_reader_open(reader) < 0)
		return NULL;
	if (mail_set_uid(reader->mail, uid))
		return reader->mail;
	if (reader->synced)
		return NULL;
	signet_reader_sync(reader);
	return mail_set_uid(reader->mail, uid) ? reader->mail : NULL;
}

void signet_reader_deinit(struct signet_reader *reader)
{
	signet_reader_close(reader);
}
