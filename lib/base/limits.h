/* limits.h - bounds on everything that comes from outside
 *
 * Input is bounded where it enters, here; inside, code reads straight on.
 * docs/limits.md shows this table to administrators, and t/02-limits.t
 * checks that the two agree.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* memory of one arena: far above any message that passes the bounds below */
#define LIMIT_ARENA_BYTES (64u << 20)

/* a domain name in text form, without the final dot: RFC 1035 2.3.4 */
#define LIMIT_DOMAIN_BYTES 253
#define LIMIT_LABEL_BYTES 63
/* a U-label domain before conversion; four bytes for each character */
#define LIMIT_DOMAIN_INPUT_BYTES 1024

/* header section of a message as the milter keeps it; Postfix stops at
 * 100 KiB a field, Sendmail at 32 KiB in all */
#define LIMIT_HEADER_BYTES (1u << 20)
#define LIMIT_HEADER_FIELDS 2000
/* one packet from the mail server: a header field, or a piece of the body;
 * header_size_limit of Postfix bounds it below, or not at all */
#define LIMIT_MILTER_PACKET_BYTES (16u << 20)
/* one field that a parser reads (From, DKIM-Signature, A-R, ARC) */
#define LIMIT_FIELD_BYTES (100u << 10)

/* envelope: RFC 5321 4.5.3.1 has 256 for a path; leave room for SMTPUTF8 */
#define LIMIT_ADDRESS_BYTES 1024
#define LIMIT_RECIPIENTS 1000

/* addresses and domains of From that are looked at (RFC 9989 11.5: a cap) */
#define LIMIT_FROM_MAILBOXES 50
#define LIMIT_FROM_DOMAINS 4

/* tags in one tag list (RFC 6376 3.2) and bytes of a list */
#define LIMIT_TAGS 64
#define LIMIT_TAG_LIST_BYTES (16u << 10)

/* DNS: one answer */
#define LIMIT_DNS_RECORDS 128
#define LIMIT_DNS_ANSWER_BYTES (64u << 10)
/* DNS questions one message may cause, all methods together */
#define LIMIT_DNS_QUESTIONS 300
/* and beyond that for DMARC alone: four author domains, walks of their own
 * and of what signs for them, existence */
#define LIMIT_DNS_QUESTIONS_DMARC 200

/* SPF: RFC 7208 4.6.4 and 3.1 */
#define LIMIT_SPF_TERMS 10
#define LIMIT_SPF_VOID 2
#define LIMIT_SPF_ADDRESSES 10
#define LIMIT_SPF_DEPTH 12
/* questions sent before it is known that they are evaluated */
#define LIMIT_SPF_AHEAD 20
#define LIMIT_SPF_RECORD_BYTES 4096
#define LIMIT_SPF_RECORD_TERMS 200
#define LIMIT_SPF_EXPLANATION_BYTES 800

/* DKIM: signatures that are verified, aligned ones first; all further ones
 * are counted and reported as not looked at */
#define LIMIT_DKIM_SIGNATURES 10
/* DKIM-Signature fields that have a line in the results; all fields are
 * looked at to find the aligned ones */
#define LIMIT_DKIM_FIELDS 100
/* keys asked for as the fields arrive; the others once it is known which
 * signatures are chosen */
#define LIMIT_DKIM_EARLY_KEYS 10
/* different l= for which a body digest is made */
#define LIMIT_DKIM_LENGTHS 3
/* body digests of one message: both forms, two hashes, and those of l=, for
 * DKIM and ARC */
#define LIMIT_BODY_DIGESTS 16
/* names in one h= */
#define LIMIT_DKIM_HEADER_NAMES 256
/* key records under one selector that are tried (RFC 6376 3.6.2.2) */
#define LIMIT_DKIM_KEYS 3
#define LIMIT_RSA_BITS_MIN 1024
#define LIMIT_RSA_BITS_MAX 4096
/* keys that are made; smaller ones that are read cause a warning */
#define LIMIT_RSA_BITS_SIGN 2048
#define LIMIT_RSA_EXPONENT_BITS 64
/* RSA keys that a milter keeps ready: some 4 KiB each, so 2 MiB */
#define LIMIT_CACHED_KEYS 512
#define LIMIT_SIGNATURE_BYTES 1024
/* signatures put on one message: two algorithms, old and new selector, for
 * two domains */
#define LIMIT_SIGNATURES 8
/* names of header fields to sign that a site adds to ours */
#define LIMIT_SIGNED_NAMES 64
/* a PEM file with one private key: RSA of 4096 bits takes 3.3 KiB */
#define LIMIT_KEY_FILE_BYTES (16u << 10)

/* OpenDKIM's tables, our own rules, and the table of senders: far above what
 * a site has, far below what would hurt to read again */
#define LIMIT_SIGN_TABLE_LINES 100000
#define LIMIT_SIGN_TABLE_BYTES (16u << 20)
#define LIMIT_SIGN_RULES 1000
#define LIMIT_SIGN_KEYS 10000
#define LIMIT_SENDER_LINES 500000
#define LIMIT_SENDER_BYTES (16u << 20)
/* an expression in our rules, and a repetition count in it: the time of the
 * C library's matcher grows with both */
#define LIMIT_SIGN_REGEX_BYTES 500
#define LIMIT_SIGN_REGEX_COUNT 64
/* existing DKIM-Signature fields that are removed when a message is signed
 * again */
#define LIMIT_SIGN_REMOVED 100

/* ARC: RFC 8617 4.2.1 */
#define LIMIT_ARC_SETS 50
/* keys asked for as the fields arrive; the others once the structure of the
 * chain is known to be right */
#define LIMIT_ARC_EARLY_KEYS 10

/* DMARC: RFC 9989 4.10 */
#define LIMIT_DMARC_WALK 8
#define LIMIT_DMARC_RECORD_BYTES 4096
#define LIMIT_DMARC_URIS 20

/* MTA-STS: RFC 8461 3.2 suggests 64 KiB for the file; above any list of MX
 * hosts a person would keep */
#define LIMIT_STS_POLICY_BYTES (64u << 10)
#define LIMIT_STS_MX 100
/* of a policy that is kept: the file as it was served up to the first, else
 * what it says, which stays below the second */
#define LIMIT_STS_VERBATIM_BYTES 4096
#define LIMIT_STS_FILE_BYTES (32u << 10)
/* all policies together, and fetches at a time: each is a thread that waits
 * for somebody else's server */
#define LIMIT_STS_CACHE_BYTES (64u << 20)
#define LIMIT_STS_FETCHES 128
/* web servers that others name: the fields of a reply, and addresses of one
 * kind that are tried */
#define LIMIT_HTTPS_HEADER_BYTES (64u << 10)
#define LIMIT_HTTPS_ADDRESSES 8
/* TLSRPT: RFC 8460 3: report addresses of one record */
#define LIMIT_TLSRPT_URIS 20
/* what an MTA tells of one session: Linux sends a datagram of 208 KiB unless
 * told otherwise */
#define LIMIT_TLSRPT_DATAGRAM_BYTES (256u << 10)
#define LIMIT_TLSRPT_EVENT_POLICIES 20
/* strings, MX patterns or failures of one policy; the rest is left out */
#define LIMIT_TLSRPT_EVENT_VALUES 200
/* and what is held in memory while the disk is slow or full: at 5000 in a
 * second, some fifteen seconds */
#define LIMIT_TLSRPT_WAITING_BYTES (32u << 20)

/* outgoing mail: MX hosts of a domain that are asked about, the first by
 * preference (others count as such that could not be asked); CNAMEs before a
 * host or TLSA name */
#define LIMIT_TLS_HOSTS 32
#define LIMIT_TLS_ALIASES 10
/* names in one operator override */
#define LIMIT_TLS_OVERRIDE_NAMES 32

/* what the policy server tells the collector of one answer: an MTA-STS policy
 * of LIMIT_STS_POLICY_BYTES as JSON, and the TLSA of all hosts; values of one
 * list */
#define LIMIT_TLS_ANSWER_BYTES (192u << 10)
#define LIMIT_TLS_ANSWER_VALUES 200
/* the log of the mail server: one line (Postfix cuts at 2000 bytes, the
 * journal puts its fields around it) */
#define LIMIT_MAILLOG_LINE_BYTES (64u << 10)
/* processes of it that deliver at once, hosts that one tries for a delivery,
 * answers that wait for a delivery of one */
#define LIMIT_TLS_JOIN_PROCESSES 4000
#define LIMIT_TLS_JOIN_HOSTS 20
#define LIMIT_TLS_JOIN_ANSWERS 20
/* a question to the socketmap: its name, and a key of at most
 * LIMIT_DOMAIN_INPUT_BYTES with brackets and port */
#define LIMIT_POLICY_QUESTION_BYTES 2048
/* a request of check_policy_service: 40 attributes, one of which may be the
 * subject of a certificate */
#define LIMIT_DELEGATE_BYTES (64u << 10)
#define LIMIT_DELEGATE_ATTRIBUTES 100
/* of a recipient that quota is asked for: RFC 5321 has 320, and an extension
 * or UTF-8 may make it longer */
#define LIMIT_QUOTA_RECIPIENT_BYTES 1024
/* the name that Postfix gives a transaction: process, two times, a number */
#define LIMIT_QUOTA_INSTANCE_BYTES 100

/* certificates: one, the names of one, those of a chain, a file of them */
#define LIMIT_CERTIFICATE_BYTES (64u << 10)
#define LIMIT_CERTIFICATE_NAMES 1000
#define LIMIT_CERTIFICATES 20
#define LIMIT_CERTIFICATE_FILE_BYTES (1u << 20)

/* a queued message that is sent again: its recipients, as many as arguments
 * of a program may be, and what postcat -e shows of it */
#define LIMIT_QUEUE_RECIPIENTS 10000u
#define LIMIT_QUEUE_LISTING_BYTES 16777216u

/* socketmap: what socketmap_table(5) takes; longer ones are errors there */
#define LIMIT_SOCKETMAP_REPLY_BYTES 100000u

/* SMTP servers that we ask: RFC 5321 4.5.3.1.5 has 512 for a line of a
 * reply; lines of one reply */
#define LIMIT_SMTP_LINE_BYTES 2048
#define LIMIT_SMTP_REPLY_LINES 100

/* Authentication-Results: fields that are read, and ours, which holds twice
 * LIMIT_DKIM_SIGNATURES results with all values as long as can be */
#define LIMIT_AUTH_RESULTS_BYTES (64u << 10)
#define LIMIT_AUTH_RESULTS_METHODS 64
/* fields that claim to be ours and are removed one by one; a message with
 * more is refused */
#define LIMIT_FORGED_FIELDS 20000
/* one value in ours: a line with it stays far below 998 bytes */
#define LIMIT_AUTH_VALUE_BYTES 450

/* delivery status notifications: of the part that programs read, its
 * recipients and one value; ours name one recipient each */
#define LIMIT_DSN_BYTES (64u << 10)
#define LIMIT_DSN_RECIPIENTS 50
#define LIMIT_DSN_VALUE_BYTES 1000

/* failure reports that come in: the part that programs read, one value, and
 * how often one field counts */
#define LIMIT_ARF_BYTES (64u << 10)
#define LIMIT_ARF_VALUE_BYTES 4096
#define LIMIT_ARF_VALUES 100
/* failure reports of ours: header fields of the message, redacted */
#define LIMIT_REDACTED_BYTES (16u << 10)
/* and the line in the spool with all that such a report needs */
#define LIMIT_FAILURE_EVENT_BYTES (32u << 10)

/* PTR names that are confirmed for iprev, as RFC 7208 5.5 has for ptr */
#define LIMIT_PTR_NAMES 10

/* DNS blocklists that a client is looked up in */
#define LIMIT_DNSBL_ZONES 8

/* junk filter: words of one message, bytes of one word without its prefix,
 * text that is read; each word is a row of the database when it is trained */
#define LIMIT_JUNK_TOKENS 20000
#define LIMIT_JUNK_WORD_BYTES 64
#define LIMIT_JUNK_TEXT_BYTES (1u << 20)
/* links of one part of HTML */
#define LIMIT_JUNK_LINKS 500
/* fields of the header that are looked at */
#define LIMIT_JUNK_FIELDS 500
/* X-Signet-Junk: one line that needs no folding to pass any server (RFC 5322
 * 2.1.1), and words it names */
#define LIMIT_JUNK_FIELD_BYTES 900
#define LIMIT_JUNK_FIELD_WORDS 20

/* a message that may hold a report: twice the message_size_limit that Postfix
 * comes with; what is longer is kept aside unread */
#define LIMIT_REPORT_MESSAGE_BYTES (20u << 20)
/* a report when unpacked: a record for each of 450,000 messages takes some
 * 200 MiB, and memory does not grow with it */
#define LIMIT_REPORT_BYTES (512u << 20)
/* records of one report that are taken into the database */
#define LIMIT_REPORT_ROWS 500000
/* a TLS report, which is read as a whole, and its policies and failures */
#define LIMIT_TLS_REPORT_BYTES (16u << 20)
#define LIMIT_TLS_REPORT_ROWS 50000
/* a TLS report that we send: policies, failures and values of lists, each up to
 * 17 values of JSON, so that LIMIT_JSON_VALUES takes it on the other side */
#define LIMIT_TLS_REPORT_OUT_ROWS 20000
/* defects that are told one by one */
#define LIMIT_REPORT_DEFECTS 50
/* one value of a report */
#define LIMIT_REPORT_VALUE_BYTES 4096

/* MIME: parts that are looked at, how deep, and their bytes together */
#define LIMIT_MIME_PARTS 100
#define LIMIT_MIME_DEPTH 10
#define LIMIT_MIME_BYTES (40u << 20)
/* boundaries and header fields, each of which costs the parser 1000 bytes */
#define LIMIT_MIME_LINES 50000

/* gzip and zip: text such as ours shrinks to a 20th, hardly to a 100th */
#define LIMIT_ARCHIVE_RATIO 200
#define LIMIT_ARCHIVE_FREE_BYTES (1u << 20)
#define LIMIT_ARCHIVE_ENTRIES 20

/* JSON that others wrote: nesting, and values with their names, each of which
 * costs the parser 150 bytes */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_VALUES 400000

/* DMARC reports: signatures of one record (RFC 9990 3.1.3), and a sentence for
 * people, in reports that we write */
#define LIMIT_REPORT_SIGNATURES 100
#define LIMIT_REPORT_TEXT_BYTES 1000
/* DMARC reports of others: records (RFC 9990 has no bound) */
#define LIMIT_REPORT_RECORDS 1000000

/* XML of others, uncompressed: a report of LIMIT_REPORT_RECORDS records fits;
 * a tag with its attributes; what is put right */
#define LIMIT_XML_BYTES (1024u << 20)
#define LIMIT_XML_ELEMENTS 40000000
#define LIMIT_XML_DEPTH 32
#define LIMIT_XML_TOKEN_BYTES (64u << 10)
/* older libxml2 compares each attribute of an element with all others */
#define LIMIT_XML_ATTRIBUTES 64
/* names that differ: each is kept to the end */
#define LIMIT_XML_NAMES 10000
#define LIMIT_XML_ERRORS 100000

/* a DMARC report that we send: the compressed file, and the mail with it; many
 * receivers take no more than 10 to 25 MB */
#define LIMIT_DMARC_REPORT_OUT_BYTES (10u << 20)
#define LIMIT_DMARC_REPORT_MAIL_BYTES (15u << 20)

/* one line in a spool file */
#define LIMIT_EVENT_BYTES (512u << 10)
/* what a program died of: threads that are told apart, pieces that are
 * remembered, processes of one name that have a file each */
#define LIMIT_IN_WORK_SLOTS 512
#define LIMIT_IN_WORK_ACCUSED 64
#define LIMIT_IN_WORK_FILES 32
/* one line of the log */
#define LIMIT_LOG_LINE_BYTES 2000

/* the name of a mailing list: RFC 2919 section 3 */
#define LIMIT_LIST_ID_BYTES 255
/* lists that users vouch for, and the file of them */
#define LIMIT_TRUSTED_LISTS 10000
#define LIMIT_TRUSTED_LISTS_BYTES (8u << 20)

#endif
