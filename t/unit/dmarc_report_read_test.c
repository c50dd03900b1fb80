#include "unit.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/dmarc_report_read.h"

struct bench {
	struct arena *arena;
	struct buf rows; /* one line for each record */
	const struct dmarc_report_head *head;
	struct why why;
};

static void
tell_lists(struct buf *to, const struct dmarc_report_record *record)
{
	size_t i;

	for (i = 0; i < record->reason_count; i++)
		buf_printf(to, " reason=" TEXT_FMT "/" TEXT_FMT,
			   TEXT_ARG(record->reasons[i].type),
			   TEXT_ARG(record->reasons[i].comment));
	for (i = 0; i < record->signature_count; i++)
		buf_printf(to, " dkim=" TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT,
			   TEXT_ARG(record->signatures[i].domain),
			   TEXT_ARG(record->signatures[i].selector),
			   TEXT_ARG(record->signatures[i].result));
	for (i = 0; i < record->spf_result_count; i++)
		buf_printf(to, " spf=" TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT,
			   TEXT_ARG(record->spf_results[i].domain),
			   TEXT_ARG(record->spf_results[i].scope),
			   TEXT_ARG(record->spf_results[i].result));
}

static bool
tell(void *handle, const struct dmarc_report_record *record, struct why *why)
{
	struct bench *bench = handle;
	struct buf *to = &bench->rows;
	char address[IPADDR_STRING_BYTES];

	buf_printf(to,
		   "%s" TEXT_FMT " %" PRIu64 " " TEXT_FMT " " TEXT_FMT
		   " " TEXT_FMT " from=" TEXT_FMT "/" TEXT_FMT "/" TEXT_FMT,
		   ipaddr_write(&record->source_ip, address),
		   TEXT_ARG(record->source_given), record->count,
		   TEXT_ARG(record->disposition), TEXT_ARG(record->dkim),
		   TEXT_ARG(record->spf), TEXT_ARG(record->header_from),
		   TEXT_ARG(record->envelope_from),
		   TEXT_ARG(record->envelope_to));
	tell_lists(to, record);
	buf_char(to, '\n');
	return true;
}

static bool
try_read(struct bench *bench, struct arena *arena, struct text bytes)
{
	bench->arena = arena;
	buf_init(&bench->rows, arena, 100000);
	return dmarc_report_read(arena, bytes, tell, bench, &bench->head,
				 &bench->why);
}

static void
read_all(struct bench *bench, struct arena *arena, const char *document)
{
	if (!try_read(bench, arena, text_from(document)))
		fail_msg("%s", bench->why.text);
}

/* "DEFECT xCOUNT @RECORD\n" for each */
static struct text
defects(struct bench *bench)
{
	const struct dmarc_report_defect *at;
	struct buf buf;

	buf_init(&buf, bench->arena, 100000);
	for (at = bench->head->defects; at != NULL; at = at->next)
		buf_printf(&buf, TEXT_FMT " x%" PRIu64 " @%" PRIu64 "\n",
			   TEXT_ARG(at->text), at->count, at->record);
	return buf_view(&buf);
}

#define METADATA                                                               \
	"<report_metadata><org_name>R</org_name><email>a@r.example</email>"    \
	"<report_id>7</report_id><date_range><begin>1709683200</begin>"        \
	"<end>1709769599</end></date_range></report_metadata>"
#define POLICY                                                                 \
	"<policy_published><domain>example.com</domain><p>none</p>"            \
	"</policy_published>"
#define HEAD "<feedback>" METADATA POLICY
#define ROW                                                                    \
	"<row><source_ip>192.0.2.1</source_ip><count>2</count>"                \
	"<policy_evaluated><disposition>none</disposition><dkim>pass</dkim>"   \
	"<spf>fail</spf></policy_evaluated></row>"
#define RECORD                                                                 \
	"<record>" ROW "<identifiers><header_from>example.com</header_from>"   \
	"</identifiers><auth_results/></record>"
#define SEEN "192.0.2.1 2 none pass fail from=example.com//"

static void
a_report_of_rfc9990(void **state)
{
	struct bench bench;

	read_all(
	    &bench, *state,
	    "<?xml version='1.0' encoding='UTF-8'?>\n"
	    "<feedback xmlns='urn:ietf:params:xml:ns:dmarc-2.0' "
	    "xmlns:e='urn:e'>\n"
	    "<version>1.0</version>\n"
	    "<report_metadata><org_name>R &amp; Co</org_name>"
	    "<email>a@r.example</email>"
	    "<extra_contact_info lang='de'>hier</extra_contact_info>"
	    "<report_id>x@y</report_id><date_range><begin>1709683200</begin>"
	    "<end>1709769599</end></date_range><error>none</error>"
	    "<generator>g 1</generator></report_metadata>\n"
	    "<policy_published><domain>Example.com</domain>"
	    "<discovery_method>psl</discovery_method><p>reject</p>"
	    "<sp>none</sp><np>quarantine</np><fo>1:d</fo><adkim>s</adkim>"
	    "<aspf>r</aspf><testing>y</testing></policy_published>\n"
	    "<extension><e:x><e:y/></e:x></extension>\n"
	    "<record><row><source_ip>2001:db8::1</source_ip><count>3</count>"
	    "<policy_evaluated><disposition>pass</disposition>"
	    "<dkim>pass</dkim><spf>fail</spf><reason><type>other</type>"
	    "<comment>c</comment></reason><reason><type>mailing_list</type>"
	    "</reason></policy_evaluated></row>"
	    "<identifiers><header_from>www.example.com</header_from>"
	    "<envelope_from/><envelope_to>r.example</envelope_to>"
	    "</identifiers><auth_results><dkim><domain>example.com</domain>"
	    "<selector>s</selector><result>pass</result></dkim>"
	    "<spf><domain>mx.example.com</domain><scope>mfrom</scope>"
	    "<result>none</result></spf></auth_results>"
	    "<e:more><row/></e:more></record></feedback>\n");
	assert_text(defects(&bench), "");
	assert_text(buf_view(&bench.rows),
		    "2001:db8::1 3 pass pass fail from=www.example.com/"
		    "/r.example reason=other/c reason=mailing_list/ "
		    "dkim=example.com/s/pass spf=mx.example.com/mfrom/none\n");
	assert_true(bench.head->complete);
	assert_int_equal(bench.head->totals.records, 1);
	assert_int_equal(bench.head->totals.messages, 3);
	assert_text(bench.head->xml_namespace, DMARC_REPORT_NAMESPACE);
	assert_text(bench.head->version, "1.0");
	assert_text(bench.head->metadata.org_name, "R & Co");
	assert_text(bench.head->metadata.extra_contact_info, "hier");
	assert_text(bench.head->metadata.report_id, "x@y");
	assert_int_equal(bench.head->metadata.begin, 1709683200);
	assert_int_equal(bench.head->metadata.end, 1709769599);
	assert_text(bench.head->metadata.error, "none");
	assert_text(bench.head->metadata.generator, "g 1");
	assert_text(bench.head->policy.domain, "example.com");
	assert_text(bench.head->policy.discovery_method, "psl");
	assert_text(bench.head->policy.p, "reject");
	assert_text(bench.head->policy.sp, "none");
	assert_text(bench.head->policy.np, "quarantine");
	assert_text(bench.head->policy.fo, "1:d");
	assert_text(bench.head->policy.adkim, "s");
	assert_text(bench.head->policy.aspf, "r");
	assert_text(bench.head->policy.testing, "y");
}

#define assert_defects(document, seen, wanted)                                 \
	do {                                                                   \
		struct bench assert_bench;                                     \
		read_all(&assert_bench, *state, document);                     \
		assert_text(buf_view(&assert_bench.rows), seen);               \
		assert_text(defects(&assert_bench), wanted);                   \
	} while (0)

static void
a_report_without_fault(void **state)
{
	assert_defects(HEAD RECORD RECORD "</feedback>", SEEN "\n" SEEN "\n",
		       "");
	/* strict reading of RFC 7489: only the root has the namespace */
	assert_defects(
	    "<x:feedback xmlns:x='http://dmarc.org/dmarc-xml/0.1'>" METADATA
		POLICY RECORD "</x:feedback>",
	    SEEN "\n", "");
}

static void
names_and_places(void **state)
{
	assert_defects(
	    "<Feedback>" METADATA POLICY "<Record><sourceIp>192.0.2.1"
	    "</sourceIp><count>2</count><policy-evaluated><disposition>none"
	    "</disposition><dkim>pass</dkim><spf>fail</spf>"
	    "</policy-evaluated><identities><header_from>example.com"
	    "</header_from></identities><wind/></Record></Feedback>",
	    SEEN "\n",
	    "feedback is not written like this: \"Feedback\" x1 @0\n"
	    "record is not written like this: \"Record\" x1 @0\n"
	    "source_ip stands in the wrong place: \"sourceIp\" x1 @1\n"
	    "count stands in the wrong place: \"count\" x1 @1\n"
	    "policy_evaluated stands in the wrong place: "
	    "\"policy-evaluated\" x1 @1\n"
	    "an element is unknown: \"wind\" x1 @1\n");
}

static void
order_and_repetition(void **state)
{
	struct bench bench;

	read_all(&bench, *state,
		 "<feedback>" RECORD RECORD POLICY METADATA
		 "<policy_published><domain>two.example</domain>"
		 "</policy_published></feedback>");
	assert_text(buf_view(&bench.rows), SEEN "\n" SEEN "\n");
	assert_text(bench.head->policy.domain, "example.com");
	assert_text(defects(&bench),
		    "a record comes before what it belongs to x2 @1\n"
		    "policy_published is given more than once x1 @0\n"
		    "domain is given more than once: \"two.example\" x1 @0\n");
}

static void
what_is_missing(void **state)
{
	assert_defects("<feedback><record/></feedback>", " 1    from=//\n",
		       "a record comes before what it belongs to x1 @1\n"
		       "source_ip is missing x1 @1\n"
		       "count is missing x1 @1\n"
		       "disposition is missing x1 @1\n"
		       "dkim or spf of policy_evaluated is missing x1 @1\n"
		       "header_from is missing x1 @1\n"
		       "org_name is missing x1 @0\n"
		       "email is missing x1 @0\n"
		       "report_id is missing x1 @0\n"
		       "the period is missing x1 @0\n"
		       "the policy domain is missing x1 @0\n"
		       "p is missing x1 @0\n");
	assert_defects(HEAD "</feedback>", "", "record is missing x1 @0\n");
	assert_defects(HEAD RECORD, SEEN "\n",
		       "the document ends in the middle x1 @0\n");
	/* the record that was cut is not told */
	assert_defects(HEAD RECORD "<record>" ROW, SEEN "\n",
		       "the document ends in the middle x1 @0\n");
}

static void
values(void **state)
{
	assert_defects(
	    HEAD "<record><row><source_ip>me</source_ip><count>1,000</count>"
		 "<policy_evaluated><disposition>NONE</disposition>"
		 "<dkim>odd</dkim><spf> pass\n</spf></policy_evaluated></row>"
		 "<identifiers><header_from>a@b.example</header_from>"
		 "</identifiers><auth_results><spf><domain>b.example</domain>"
		 "<result>hardfail</result></spf><dkim/></auth_results>"
		 "</record></feedback>",
	    "me 1000 none odd pass from=b.example// dkim=// "
	    "spf=b.example//fail\n",
	    "source_ip is no address: \"me\" x1 @1\n"
	    "count is not only digits: \"1,000\" x1 @1\n"
	    "disposition is not the usual word: \"NONE\" x1 @1\n"
	    "dkim is an unknown word: \"odd\" x1 @1\n"
	    "header_from is an address, not a domain: \"a@b.example\" x1 @1\n"
	    "result is not the usual word: \"hardfail\" x1 @1\n"
	    "the domain of a signature is missing x1 @1\n"
	    "the result of a signature is missing x1 @1\n");
}

static void
around_the_document(void **state)
{
	assert_defects("\n<?xml version='1.0' encoding='utf-16'?>" HEAD RECORD
		       "</feedback>\n--boundary--\n",
		       SEEN "\n",
		       "XML: the declared charset has wider characters x1 @0\n"
		       "XML: blanks before the document x1 @0\n"
		       "XML: something follows the document x1 @0\n");
	assert_defects("<mail>" HEAD RECORD "</feedback></mail>", SEEN "\n",
		       "");
}

static void
several_errors_are_one_text(void **state)
{
	struct bench bench;

	read_all(&bench, *state,
		 "<feedback><report_metadata><error>one</error><error/>"
		 "<error>two</error></report_metadata></feedback>");
	assert_text(bench.head->metadata.error, "one; two");
}

static void
no_report_at_all(void **state)
{
	struct bench bench;

	assert_false(try_read(&bench, *state, TEXT("<html><p/></html>")));
	assert_string_equal(bench.why.text,
			    "this is no DMARC aggregate report");
	assert_false(try_read(&bench, *state, TEXT("<feedback/>")));
	assert_false(try_read(&bench, *state, TEXT("")));
	assert_string_equal(bench.why.text, "there is no XML element");
}

static bool
refuse(void *handle, const struct dmarc_report_record *record, struct why *why)
{
	return why_set(why, "the table is full");
}

static void
the_callback_may_stop(void **state)
{
	const struct dmarc_report_head *head;
	struct why why;

	assert_false(dmarc_report_read(*state, TEXT(HEAD RECORD "</feedback>"),
				       refuse, NULL, &head, &why));
	assert_string_equal(why.text, "the table is full");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_report_of_rfc9990),
	    arena_unit_test(a_report_without_fault),
	    arena_unit_test(names_and_places),
	    arena_unit_test(order_and_repetition),
	    arena_unit_test(what_is_missing),
	    arena_unit_test(values),
	    arena_unit_test(around_the_document),
	    arena_unit_test(several_errors_are_one_text),
	    arena_unit_test(no_report_at_all),
	    arena_unit_test(the_callback_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
