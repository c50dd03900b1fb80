#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "mailauth/dmarc_report.h"
#include "mailauth/dmarc_report_check.h"

static const struct dmarc_report_metadata metadata = {
    .org_name = TEXT_INIT("Example & Sons"),
    .email = TEXT_INIT("postmaster@receiver.example"),
    .report_id = TEXT_INIT("0123456789abcdef"),
    .begin = 1732147200,
    .end = 1732233599,
    .generator = TEXT_INIT("signet 0.1.0"),
};
static const struct dmarc_report_policy policy = {
    .domain = TEXT_INIT("example.com"),
    .discovery_method = TEXT_INIT("treewalk"),
    .p = TEXT_INIT("reject"),
};

struct bench {
	struct arena *arena;
	struct buf buf;
	struct dmarc_report *report;
	struct why why;
	enum dmarc_report_dialect dialect;
};

static void
begin_with(struct bench *bench, struct arena *arena,
	   enum dmarc_report_dialect dialect,
	   const struct dmarc_report_policy *its_policy)
{
	bench->arena = arena;
	bench->dialect = dialect;
	buf_init(&bench->buf, arena, 1 << 20);
	bench->report =
	    dmarc_report_begin(arena, dialect, &metadata, its_policy,
			       sink_to_buf(&bench->buf), &bench->why);
	assert_non_null(bench->report);
}

static void
begin(struct bench *bench, struct arena *arena,
      enum dmarc_report_dialect dialect)
{
	begin_with(bench, arena, dialect, &policy);
}

static void
add(struct bench *bench, const struct dmarc_report_record *record)
{
	if (!dmarc_report_add(bench->report, record, &bench->why))
		fail_msg("%s", bench->why.text);
}

/* Every report of this test is valid. */
static struct text
end(struct bench *bench)
{
	struct dmarc_report_totals totals;

	if (!dmarc_report_end(bench->report, &totals, &bench->why) ||
	    !dmarc_report_is_good(bench->arena, bench->dialect,
				  buf_view(&bench->buf), &totals, &bench->why))
		fail_msg("%s\n%s", bench->why.text, buf_cstring(&bench->buf));
	return buf_view(&bench->buf);
}

static struct text
one(struct arena *arena, enum dmarc_report_dialect dialect,
    const struct dmarc_report_record *record)
{
	struct bench bench;

	begin(&bench, arena, dialect);
	add(&bench, record);
	return end(&bench);
}

static struct dmarc_report_record
plain(void)
{
	struct dmarc_report_record record = {
	    .count = 7,
	    .disposition = TEXT_INIT("pass"),
	    .dkim = TEXT_INIT("pass"),
	    .spf = TEXT_INIT("fail"),
	    .header_from = TEXT_INIT("example.com"),
	    .envelope_from = TEXT_INIT("bounces.example.com"),
	    .has_envelope_from = true,
	};

	assert_true(ipaddr_parse(TEXT("2001:db8::1"), &record.source_ip));
	return record;
}

static bool
contains(struct text text, const char *part)
{
	return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

#define assert_has(value, wanted)                                              \
	do {                                                                   \
		struct text assert_in = (value);                               \
		if (!contains(assert_in, wanted))                              \
			fail_msg("no \"%s\" in\n" TEXT_FMT, wanted,            \
				 TEXT_ARG(assert_in));                         \
	} while (0)

static const char whole[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
    "  <version>1.0</version>\n"
    "  <report_metadata>\n"
    "    <org_name>Example &amp; Sons</org_name>\n"
    "    <email>postmaster@receiver.example</email>\n"
    "    <report_id>0123456789abcdef</report_id>\n"
    "    <date_range>\n"
    "      <begin>1732147200</begin>\n"
    "      <end>1732233599</end>\n"
    "    </date_range>\n"
    "    <generator>signet 0.1.0</generator>\n"
    "  </report_metadata>\n"
    "  <policy_published>\n"
    "    <domain>example.com</domain>\n"
    "    <discovery_method>treewalk</discovery_method>\n"
    "    <p>reject</p>\n"
    "    <sp>reject</sp>\n"
    "    <np>reject</np>\n"
    "    <fo>0</fo>\n"
    "    <adkim>r</adkim>\n"
    "    <aspf>r</aspf>\n"
    "    <testing>n</testing>\n"
    "  </policy_published>\n"
    "  <record>\n"
    "    <row>\n"
    "      <source_ip>2001:db8::1</source_ip>\n"
    "      <count>7</count>\n"
    "      <policy_evaluated>\n"
    "        <disposition>pass</disposition>\n"
    "        <dkim>pass</dkim>\n"
    "        <spf>fail</spf>\n"
    "      </policy_evaluated>\n"
    "    </row>\n"
    "    <identifiers>\n"
    "      <envelope_to>receiver.example</envelope_to>\n"
    "      <envelope_from>bounces.example.com</envelope_from>\n"
    "      <header_from>example.com</header_from>\n"
    "    </identifiers>\n"
    "    <auth_results>\n"
    "      <dkim>\n"
    "        <domain>example.com</domain>\n"
    "        <selector>s1</selector>\n"
    "        <result>pass</result>\n"
    "      </dkim>\n"
    "      <spf>\n"
    "        <domain>bounces.example.com</domain>\n"
    "        <scope>mfrom</scope>\n"
    "        <result>softfail</result>\n"
    "        <human_result>~all</human_result>\n"
    "      </spf>\n"
    "    </auth_results>\n"
    "  </record>\n"
    "</feedback>\n";

static void
the_whole_of_rfc9990(void **state)
{
	static const struct dmarc_report_dkim signatures[] = {
	    {TEXT_INIT("example.com"), TEXT_INIT("s1"), TEXT_INIT("pass"),
	     TEXT_INIT("")}};
	static const struct dmarc_report_spf spf[] = {
	    {TEXT_INIT("bounces.example.com"), TEXT_INIT("mfrom"),
	     TEXT_INIT("softfail"), TEXT_INIT("~all")}};
	struct dmarc_report_record record = plain();

	record.signatures = signatures;
	record.signature_count = 1;
	record.spf_results = spf;
	record.spf_result_count = 1;
	record.envelope_to = TEXT("receiver.example");
	assert_text(one(*state, DMARC_REPORT_RFC9990, &record), whole);
}

static void
rfc7489_has_its_own_words(void **state)
{
	static const struct dmarc_report_reason reasons[] = {
	    {TEXT_INIT("sampled_out"), TEXT_INIT("")},
	    {TEXT_INIT("policy_test_mode"), TEXT_INIT("t=y")}};
	static const struct dmarc_report_dkim signatures[] = {
	    {.domain = TEXT_INIT("a.example"), .result = TEXT_INIT("fail")}};
	struct dmarc_report_record record = plain();
	struct text got;

	record.reasons = reasons;
	record.reason_count = 2;
	record.signatures = signatures;
	record.signature_count = 1;
	got = one(*state, DMARC_REPORT_RFC7489, &record);
	assert_has(got, "<feedback>\n  <version>1.0</version>\n");
	assert_false(contains(got, "generator"));
	assert_false(contains(got, "discovery_method"));
	assert_false(contains(got, "<np>"));
	assert_false(contains(got, "testing"));
	assert_has(got, "<pct>100</pct>");
	assert_has(got, "<source_ip>2001:db8:0:0:0:0:0:1</source_ip>");
	assert_has(got, "<disposition>none</disposition>");
	assert_has(got, "<type>sampled_out</type>");
	assert_has(got, "<type>other</type>\n"
			"          <comment>policy_test_mode: t=y</comment>");
	assert_false(contains(got, "selector"));
	/* one SPF result is demanded */
	assert_has(got, "<spf>\n"
			"        <domain>bounces.example.com</domain>\n"
			"        <scope>mfrom</scope>\n"
			"        <result>none</result>\n");
}

static void
reasons_become_words_of_rfc9990(void **state)
{
	static const struct dmarc_report_reason reasons[] = {
	    {TEXT_INIT("forwarded"), TEXT_INIT("")},
	    {TEXT_INIT("sampled_out"), TEXT_INIT("")},
	    {TEXT_INIT("mailing_list"), TEXT_INIT("arc=pass")}};
	struct dmarc_report_record record = plain();
	struct text got;

	record.reasons = reasons;
	record.reason_count = 3;
	got = one(*state, DMARC_REPORT_RFC9990, &record);
	assert_has(got, "<type>trusted_forwarder</type>");
	assert_has(got, "<type>other</type>\n"
			"          <comment>sampled_out</comment>");
	assert_has(got, "<type>mailing_list</type>\n"
			"          <comment>arc=pass</comment>");
}

/* RFC 9990 section 3.1.1.9 */
static void
a_demanded_reason_is_added(void **state)
{
	struct dmarc_report_policy testing = policy;
	struct dmarc_report_record record = plain();
	struct bench bench;

	record.dkim = TEXT("fail");
	record.disposition = TEXT("none");
	assert_has(one(*state, DMARC_REPORT_RFC9990, &record),
		   "<type>local_policy</type>");
	testing.testing = TEXT("y");
	begin_with(&bench, *state, DMARC_REPORT_RFC9990, &testing);
	add(&bench, &record);
	assert_has(end(&bench), "<type>policy_test_mode</type>");
	record.published = TEXT("none");
	assert_false(
	    contains(one(*state, DMARC_REPORT_RFC9990, &record), "<reason>"));
	record.published = TEXT("");
	record.disposition = TEXT("reject");
	assert_false(
	    contains(one(*state, DMARC_REPORT_RFC9990, &record), "<reason>"));
	/* a subdomain has sp */
	testing.testing = TEXT("");
	testing.sp = TEXT("none");
	record.header_from = TEXT("www.example.com");
	begin_with(&bench, *state, DMARC_REPORT_RFC9990, &testing);
	add(&bench, &record);
	assert_has(end(&bench), "<type>local_policy</type>");
}

/* RFC 9990 section 3.1.1.13 and RFC 7208 section 2.4 */
static void
spf_is_of_mail_from(void **state)
{
	static const struct dmarc_report_spf spf[] = {
	    {TEXT_INIT("mx.example.net"), TEXT_INIT("helo"), TEXT_INIT("pass"),
	     TEXT_INIT("")},
	    {TEXT_INIT("example.net"), TEXT_INIT("mfrom"), TEXT_INIT("fail"),
	     TEXT_INIT("")}};
	struct dmarc_report_record record = plain();
	struct text got;

	record.spf_results = spf;
	record.spf_result_count = 2;
	got = one(*state, DMARC_REPORT_RFC9990, &record);
	assert_has(got, "<domain>example.net</domain>");
	assert_false(contains(got, "mx.example.net"));
	record.spf_result_count = 1;
	got = one(*state, DMARC_REPORT_RFC9990, &record);
	assert_false(contains(got, "mx.example.net"));
	record.envelope_from = TEXT("");
	got = one(*state, DMARC_REPORT_RFC9990, &record);
	assert_has(got, "<envelope_from/>");
	assert_has(got, "<domain>mx.example.net</domain>\n"
			"        <scope>mfrom</scope>");
	got = one(*state, DMARC_REPORT_RFC7489, &record);
	assert_has(got, "<scope>helo</scope>");
	record.has_envelope_from = false;
	assert_false(contains(one(*state, DMARC_REPORT_RFC9990, &record),
			      "envelope_from"));
}

/* RFC 9990 section 3.1.3 */
static void
signatures_stand_in_order(void **state)
{
	struct dmarc_report_dkim signatures[150];
	struct dmarc_report_record record = plain();
	struct text got;
	size_t i;

	for (i = 0; i < 150; i++)
		signatures[i] = (struct dmarc_report_dkim){
		    TEXT("other.example"),
		    text_from(arena_printf(*state, "n%zu", i)), TEXT("fail"),
		    TEXT("")};
	signatures[110].result = TEXT("pass");
	signatures[120].result = TEXT("pass");
	signatures[120].domain = TEXT("mail.example.com");
	signatures[130].result = TEXT("pass");
	signatures[130].domain = TEXT("www.example.com");
	record.signatures = signatures;
	record.signature_count = 150;
	record.header_from = TEXT("www.example.com");
	record.organizational_domain = TEXT("example.com");
	got = one(*state, DMARC_REPORT_RFC9990, &record);
	assert_has(got, "    <auth_results>\n"
			"      <dkim>\n"
			"        <domain>www.example.com</domain>\n"
			"        <selector>n130</selector>\n"
			"        <result>pass</result>\n"
			"      </dkim>\n"
			"      <dkim>\n"
			"        <domain>mail.example.com</domain>\n"
			"        <selector>n120</selector>\n"
			"        <result>pass</result>\n"
			"      </dkim>\n"
			"      <dkim>\n"
			"        <domain>other.example</domain>\n"
			"        <selector>n110</selector>\n"
			"        <result>pass</result>\n"
			"      </dkim>\n"
			"      <dkim>\n"
			"        <domain>other.example</domain>\n"
			"        <selector>n0</selector>\n");
	assert_has(got, "<selector>n96</selector>");
	assert_false(contains(got, "<selector>n97</selector>"));
}

static void
hostile_names_stay_text(void **state)
{
	static const struct dmarc_report_dkim signatures[] = {
	    {TEXT_INIT("]]></domain>"), TEXT_INIT("<!--&lt;\0\xff"),
	     TEXT_INIT("none"), TEXT_INIT("<![CDATA[x]]>")}};
	struct dmarc_report_record record = plain();
	struct text got;

	record.header_from = TEXT("</header_from><count>1000</count>");
	record.signatures = signatures;
	record.signature_count = 1;
	got = one(*state, DMARC_REPORT_RFC9990, &record);
	assert_has(got, "<header_from>&lt;/header_from&gt;&lt;count&gt;1000"
			"&lt;/count&gt;</header_from>");
	assert_has(got, "<domain>]]&gt;&lt;/domain&gt;</domain>");
	assert_has(got, "<selector>&lt;!--&amp;lt;\xef\xbf\xbd</selector>");
	assert_has(got, "<human_result>&lt;![CDATA[x]]&gt;</human_result>");
}

static void
long_sentences_are_cut(void **state)
{
	struct dmarc_report_metadata wordy = metadata;
	struct dmarc_report_record record = plain();
	char *error = arena_bytes(*state, 3000);
	struct dmarc_report_totals totals;
	struct buf buf;
	struct dmarc_report *report;
	size_t i;

	for (i = 0; i < 3000; i += 2)
		memcpy(error + i, "\xc3\xbc", 2);
	error[0] = '!';
	error[1] = '?';
	wordy.error = text_of(error, 2999);
	wordy.error.at++;
	wordy.error.len--;
	buf_init(&buf, *state, 100000);
	report = dmarc_report_begin(*state, DMARC_REPORT_RFC9990, &wordy,
				    &policy, sink_to_buf(&buf), NULL);
	assert_non_null(report);
	assert_true(dmarc_report_add(report, &record, NULL));
	assert_true(dmarc_report_end(report, &totals, NULL));
	/* 1000 bytes would end inside a letter */
	assert_has(buf_view(&buf), "\xc3\xbc</error>");
	assert_true(dmarc_report_is_good(*state, DMARC_REPORT_RFC9990,
					 buf_view(&buf), &totals, NULL));
}

#define assert_refused(reason)                                                 \
	do {                                                                   \
		assert_false(dmarc_report_add(bench.report, &bad, &why));      \
		assert_string_equal(why.text, reason);                         \
		bad = plain();                                                 \
	} while (0)

static void
a_bad_record_leaves_no_trace(void **state)
{
	struct dmarc_report_record good = plain(), bad = plain();
	struct dmarc_report_dkim signature = {.result = TEXT("unsigned")};
	struct dmarc_report_spf spf = {.result = TEXT("hardfail")};
	struct bench bench;
	struct why why;

	begin(&bench, *state, DMARC_REPORT_RFC9990);
	bad.source_ip.family = 0;
	assert_refused("the record has no source address");
	bad.count = 0;
	assert_refused("a record cannot count 0 messages");
	bad.disposition = TEXT("blocked");
	assert_refused("a disposition cannot be \"blocked\"");
	bad.spf = TEXT("softfail");
	assert_refused("the aligned SPF result cannot be \"softfail\"");
	bad.header_from = TEXT("");
	assert_refused("header_from is empty");
	bad.signatures = &signature;
	bad.signature_count = 1;
	assert_refused("a DKIM result cannot be \"unsigned\"");
	bad.spf_results = &spf;
	bad.spf_result_count = 1;
	assert_refused("an SPF result cannot be \"hardfail\"");
	bad.count = INT64_MAX;
	add(&bench, &good);
	assert_refused("the report counts too many messages");
	assert_true(
	    text_equal(end(&bench), one(*state, DMARC_REPORT_RFC9990, &good)));
}

static void
begin_wants_what_the_schema_wants(void **state)
{
	struct dmarc_report_metadata m = metadata;
	struct dmarc_report_policy p = policy;
	struct dmarc_report_totals totals;
	struct bench bench;
	struct buf buf;
	struct why why;

	buf_init(&buf, *state, 10000);
#define assert_no_begin(reason)                                                \
	do {                                                                   \
		assert_null(dmarc_report_begin(*state, DMARC_REPORT_RFC9990,   \
					       &m, &p, sink_to_buf(&buf),      \
					       &why));                         \
		assert_string_equal(why.text, reason);                         \
		m = metadata;                                                  \
		p = policy;                                                    \
	} while (0)
	m.org_name = TEXT("");
	assert_no_begin("org_name is empty");
	m.report_id = TEXT("a b");
	assert_no_begin("\"a b\" is no Report-ID");
	m.end = m.begin - 1;
	assert_no_begin("1732147200 to 1732147199 is no period");
	p.domain = TEXT("");
	assert_no_begin("the policy domain is empty");
	p.np = TEXT("quarantined");
	assert_no_begin("np cannot be \"quarantined\"");
	p.pct = TEXT("101");
	assert_no_begin("pct cannot be \"101\"");
	assert_int_equal(buf_view(&buf).len, 0);
	begin(&bench, *state, DMARC_REPORT_RFC9990);
	assert_false(dmarc_report_end(bench.report, &totals, &why));
	assert_string_equal(why.text, "the report has no record");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(the_whole_of_rfc9990),
	    arena_unit_test(rfc7489_has_its_own_words),
	    arena_unit_test(reasons_become_words_of_rfc9990),
	    arena_unit_test(a_demanded_reason_is_added),
	    arena_unit_test(spf_is_of_mail_from),
	    arena_unit_test(signatures_stand_in_order),
	    arena_unit_test(hostile_names_stay_text),
	    arena_unit_test(long_sentences_are_cut),
	    arena_unit_test(a_bad_record_leaves_no_trace),
	    arena_unit_test(begin_wants_what_the_schema_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
