#!/usr/bin/perl
# Aggregate reports of ten receivers (vectors/dmarc-aggregate): our reader
# finds what they say and what is wrong with them; what we write of the same
# rows, in both dialects, is valid for xmllint and read alike by three parsers
# that are not ours (Python's, Mail::DMARC, dmarc-cat).

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Signet::Probe;
use Signet::Util qw(find_program need_programs run_command run_with_input
    skip_or_fail slurp spew temp_dir top_dir vectors_dir);

my $vectors = vectors_dir() . '/dmarc-aggregate';
-d $vectors or skip_or_fail("$vectors is not there");
need_programs('/usr/bin/python3', 'xmllint');

my $schemas = top_dir() . '/lib/mailauth/schema';
my $draft = "$vectors/schema/dmarc-xml-0.2.xsd";
my $directory = temp_dir();

# --- what each report says ---

my %reports = (
	acme => { org_name => 'acme.com', domain => 'example.com',
		email => 'noreply-dmarc-support@acme.com',
		extra_contact_info => 'http://acme.com/dmarc/support',
		report_id => '9391651994964116463', begin => 1335571200,
		end => 1335657599, error_text => 'There was a sample error.',
		p => 'none', sp => 'none', pct => '100', fo => '1',
		adkim => 'r', aspf => 'r', messages => 2, rows => [
		'72.150.241.94 2 none fail pass example.com example.com '
		. 'acme.com|example.com/ExamplesSelector/fail/Incoherent '
		. "example\n|example.com/helo/pass\n|other/DMARC Policy "
		. "overridden for incoherent example.\n"] },
	aol => { org_name => 'AOL', domain => 'website.com',
		email => 'postmaster@aol.com',
		report_id => 'website.com_1504828800', begin => 1504742400,
		end => 1504828800, p => 'reject', sp => 'reject',
		pct => '100', adkim => 'r', aspf => 'r', messages => 1,
		rows => ['125.125.125.125 1 none pass pass website.com  '
		. "|website.com//pass/\n|website.com/mfrom/pass\n|"] },
	gmxnet => { org_name => 'GMX', domain => 'myserver.com',
		email => 'noreply-dmarc@sicher.gmx.net',
		extra_contact_info =>
		    'https://postmaster.gmx.net/en/case?c=r2002',
		report_id => '6d2be94cbabf4e838a3cf58fb4a42ab5',
		begin => 1733184000, end => 1733270399, p => 'reject',
		sp => 'reject', adkim => 'r', aspf => 'r', testing => 'n',
		discovery_method => 'psl', messages => 1, rows => [
		'11.222.33.44 1 none pass pass myserver.com myserver.com '
		. "|myserver.com/abc123/pass/\n|myserver.com/mfrom/pass\n|"] },
	google => { org_name => 'google.com', domain => 'foo-bar.io',
		email => 'noreply-dmarc-support@google.com',
		extra_contact_info =>
		    'https://support.google.com/a/answer/2466580',
		report_id => '3166094538684628578', begin => 1709683200,
		end => 1709769599, p => 'reject', sp => 'reject',
		np => 'reject', pct => '100', adkim => 'r', aspf => 'r',
		messages => 1, rows => [
		'1.2.3.4 1 none pass pass foo-bar.io  '
		. "|foo-bar.io/krs/pass/\n|foo-bar.io//pass\n|"] },
	hardfail => { org_name => 'reporting org', domain => 'mydomain.org',
		email => 'reporting@reporting.org', report_id => 'abcdef',
		begin => 1727049600, end => 1727135999, p => 'quarantine',
		sp => 'quarantine', pct => '100', adkim => 'r', aspf => 'r',
		messages => 1, rows => [
		'42.42.42.42 1 quarantine fail fail mydomain.org  '
		. "|//fail/\n|mydomain.org//fail\n|"],
		defects => "the domain of a signature is missing\n"
		. "result is not the usual word: \"hardfail\"\n" },
	mailru => { org_name => 'Mail.Ru', domain => 'foobar.de',
		email => 'dmarc_support@corp.mail.ru',
		extra_contact_info => 'http://help.mail.ru/mail-help',
		report_id => '28327321193681154911721360800',
		begin => 1721260800, end => 1721347200, p => 'reject',
		sp => 'reject', pct => '100', adkim => 'r', aspf => 'r',
		messages => 1, rows => [
		'118.41.204.2 1 reject fail fail foobar.de  '
		. "||foobar.de/mfrom/softfail\n|"] },
	outlook => { org_name => 'Outlook.com', domain => 'random.net',
		email => 'dmarcreport@microsoft.com',
		report_id => 'a4f4ef0654474d3faa5dca167a34a86a',
		begin => 1709683200, end => 1709769600, p => 'reject',
		sp => 'reject', pct => '100', fo => '0', adkim => 'r',
		aspf => 'r', messages => 3, rows => [
		'1.2.3.4 1 none pass pass random.net random.net live.de'
		. "|random.net/def/pass/\n|random.net/mfrom/pass\n|",
		'1.2.3.4 2 none pass pass random.net random.net outlook.de'
		. "|random.net/def/pass/\n|random.net/mfrom/pass\n|"] },
	solamora => { org_name => 'solarmora.com',
		domain => 'bix-business.com',
		email => 'noreply-dmarc-support@solarmora.com',
		extra_contact_info => 'http://solarmora.com/dmarc/support',
		report_id => '9391651994964116463', begin => 1335571200,
		end => 1335657599, p => 'none', sp => 'none', pct => '100',
		adkim => 'r', aspf => 'r', messages => 2, rows => [
		'203.0.113.209 2 none fail pass bix-business.com  '
		. "|bix-business.com//fail/\n|bix-business.com//pass\n|"] },
	webde => { org_name => 'WEB.DE', domain => 'foobar.com',
		email => 'noreply-dmarc@sicher.web.de',
		extra_contact_info =>
		    'https://postmaster.web.de/en/case?c=r2002',
		report_id => 'a3345c7cb5fd4f26aa62144bf449a54b',
		begin => 1722816000, end => 1722902399, p => 'reject',
		sp => 'none', adkim => 'r', aspf => 'r', testing => 'n',
		discovery_method => 'psl', messages => 1, rows => [
		'111.69.13.71 1 none pass pass foobar.com foobar.com '
		. "|foobar.com/sel123/pass/\n|foobar.com/mfrom/pass\n|"] },
	yahoo => { org_name => 'Yahoo', domain => 'random.org',
		email => 'dmarchelp@yahooinc.com',
		report_id => '1709600619.487850', begin => 1709510400,
		end => 1709596799, p => 'reject', pct => '100', adkim => 'r',
		aspf => 'r', messages => 1, rows => [
		'1.2.3.4 1 none pass pass random.org  '
		. "|random.org/abc/pass/\n|random.org//pass\n|"] },
	'schema/dmarc-xml-0.2-sample' => { org_name => 'Sample Reporter',
		domain => 'example.com',
		email => 'report_sender@example-reporter.com',
		extra_contact_info => '...',
		report_id => '3v98abbp8ya9n3va8yr8oa3ya', begin => 302832000,
		end => 302918399, p => 'quarantine', sp => 'none',
		np => 'none', testing => 'n', discovery_method => 'treewalk',
		messages => 123, rows => [
		'192.0.2.123 123 pass pass fail example.com example.com '
		. "|example.com/abc123/pass/\n|example.com//fail\n|"] },
);

sub row {
	my ($answer, $number) = @_;
	my %part = map { $_ => $answer->{"$number.$_"} } qw(source_ip count
	    disposition aligned_dkim aligned_spf header_from envelope_from
	    envelope_to dkim spf reasons);
	return join(' ', @part{qw(source_ip count disposition aligned_dkim
	    aligned_spf header_from envelope_from envelope_to)}) . '|'
	    . join '|', @part{qw(dkim spf reasons)};
}

sub document { return slurp("$vectors/$_[0].xml") }

my @names = sort keys %reports;
is_deeply([map { s{.*/}{}r =~ s/\.xml\z//r } sort glob "$vectors/*.xml"],
    [grep { !/schema/ } @names], 'every report has its expectation');

my @answers = Signet::Probe::ask(map { ['report_read',
	xml => document($_)] } @names);
for my $name (@names) {
	my ($answer, $want) = (shift @answers, $reports{$name});
	my %head = map { $_ => $answer->{$_} } qw(org_name email
	    extra_contact_info report_id begin end error_text domain
	    discovery_method p sp np adkim aspf fo pct testing messages
	    defects);
	my %wanted = ((map { $_ => '' } keys %head), %$want);
	my $rows = delete $wanted{rows};

	is_deeply(\%head, \%wanted, "$name: the head") or diag(explain(\%head));
	is_deeply([map { row($answer, $_) } 1 .. $answer->{records}], $rows,
	    "$name: the records");
}

# --- what we write is valid ---

sub xmllint {
	my ($schema, $file) = @_;
	my ($status, undef, $err) = run_command('xmllint', '--nonet',
	    '--noout', '--schema', $schema, $file);
	return $status == 0 ? 'valid' : $err;
}

my %schema_of = (rfc9990 => "$schemas/rfc9990.xsd",
	rfc7489 => "$schemas/rfc7489.xsd");
my %hostile = map { $_->[0] => $_->[1] } (
	['markup', '&lt;/selector&gt;&lt;count&gt;9&lt;/count&gt;]]&gt;'],
	['entity', '&amp;lt;&amp;#65;&amp;lol;'],
	['blanks', 'a&#9;b&#10;c&#13;d'],
	['letters', "\xc3\xbc\xf0\x9f\x98\x80'\""],
);
my %sources = (
	(map { $_ => document($_) } @names),
	(map { $_ => document('acme') =~
		s/Incoherent example|ExamplesSelector/$hostile{$_}/gr =~
		s/acme\.com<\/org/$hostile{$_}<\/org/r } keys %hostile),
	ipv6 => document('outlook') =~ s/1\.2\.3\.4/2001:db8::1/gr,
);
my %written;
for my $dialect (sort keys %schema_of) {
	my @all = sort keys %sources;
	my @got = Signet::Probe::ask(map { ['report_write',
		dialect => $dialect, xml => $sources{$_}] } @all);
	for my $name (@all) {
		my $xml = (shift @got)->{xml};
		my $file = spew("$directory/report.xml", $xml // '');

		$written{$dialect}{$name} = $xml;
		is(xmllint($schema_of{$dialect}, $file), 'valid',
		    "$name: $dialect is valid");
		is(xmllint($draft, $file), 'valid',
		    "$name: and for the schema of the working group")
		    if $dialect eq 'rfc9990';
	}
}

# --- our schema is that of the working group ---

my $python = <<'END';
import json, sys
import xml.etree.ElementTree as tree

def schema(path):
    def plain(node):
        have = {k: v for k, v in node.attrib.items()
            if (k, v) not in (("minOccurs", "1"), ("maxOccurs", "1"),
                ("use", "optional"))}
        children = [plain(c) for c in node]
        if node.tag.endswith("}all") or node.tag.endswith("}schema"):
            children.sort(key=repr)
        return [node.tag, sorted(have.items()), children]
    return plain(tree.parse(path).getroot())

def rows(text):
    root = tree.fromstring(text)
    for node in root.iter():
        node.tag = node.tag.split("}")[-1]
    def get(node, path):
        found = node.find(path)
        return (found.text or "") if found is not None else ""
    def each(node, path, names):
        return "".join("/".join(get(n, x) for x in names) + "\n"
            for n in node.findall(path))
    out = []
    for r in root.findall("record"):
        out.append(" ".join(get(r, p) for p in ("row/source_ip",
            "row/count", "row/policy_evaluated/disposition",
            "row/policy_evaluated/dkim", "row/policy_evaluated/spf",
            "identifiers/header_from", "identifiers/envelope_from",
            "identifiers/envelope_to")) + "|" + "|".join((
            each(r, "auth_results/dkim",
                ("domain", "selector", "result", "human_result")),
            each(r, "auth_results/spf", ("domain", "scope", "result")),
            each(r, "row/policy_evaluated/reason", ("type", "comment")))))
    return {"org": get(root, "report_metadata/org_name"), "rows": out}

asked = json.load(sys.stdin)
json.dump({"schemas": [schema(p) for p in asked["schemas"]],
    "reports": [rows(x) for x in asked["reports"]]}, sys.stdout)
END

sub ask_python {
	my ($schema_files, @reports) = @_;
	my ($status, $out, $err) = run_with_input(JSON::PP->new->utf8
	    ->encode({ schemas => $schema_files,
		reports => [map { my $t = $_; utf8::decode($t); $t }
		    @reports] }),
	    '/usr/bin/python3', '-c', $python);
	die "python: $err\n" if $status != 0;
	return JSON::PP->new->utf8->decode($out);
}

my @all = sort keys %sources;
my $told = ask_python(["$schemas/rfc9990.xsd", $draft],
    map { my $d = $_; map { $written{$d}{$_} } @all } qw(rfc9990 rfc7489));
is_deeply($told->{schemas}[0], $told->{schemas}[1],
    'rfc9990.xsd says what the schema of the working group says');

# --- and others read what was meant ---

my @before = Signet::Probe::ask(map { ['report_read',
	xml => $sources{$_}] } @all);

# What RFC 9990 cannot say: SPF of HELO, and that no scope was given.
sub meant {
	my ($row, $dialect) = @_;
	return $row =~ s{//(\w+\n\|[^|]*)\z}{/mfrom/$1}r =~ s{\|[^|\n]*/helo/\w+
	    \n(?=\|)}{|}xr if $dialect eq 'rfc9990';
	$row =~ s{//(\w+\n\|[^|]*)\z}{/mfrom/$1};
	$row =~ s/\b2001:db8::1\b/2001:db8:0:0:0:0:0:1/;
	$row =~ s/\A(\S+ \d+) pass/$1 none/;
	return $row;
}

my %read_by_python;
for my $dialect (qw(rfc9990 rfc7489)) {
	my @expected = @before;
	for my $name (@all) {
		my $answer = shift @expected;
		my $got = shift @{ $told->{reports} };
		my @want = map { my $t = meant(row($answer, $_), $dialect);
			utf8::decode($t); $t } 1 .. $answer->{records};
		my $org = $answer->{org_name};

		utf8::decode($org);
		$read_by_python{$dialect}{$name} = $got;
		is_deeply($got, { org => $org, rows => \@want },
		    "$name: Python reads our $dialect")
		    or diag(explain($got));
	}
}

SKIP: {
	eval { require Mail::DMARC::Report::Receive; 1 }
	    or skip_part('libmail-dmarc-perl is not installed');
	no warnings qw(redefine once);
	local *Mail::DMARC::Report::save_aggregate = sub { return 1 };
	for my $name (@all) {
		my $receive = Mail::DMARC::Report::Receive->new;

		$receive->handle_body($written{rfc7489}{$name});
		my $aggregate = $receive->report->aggregate;
		my @got = map { join ' ', $_->row->source_ip,
			$_->row->count, $_->row->policy_evaluated->disposition,
			$_->row->policy_evaluated->dkim,
			$_->row->policy_evaluated->spf,
			$_->identifiers->header_from } @{ $aggregate->record };
		my @want = map { s/\A((?:\S+ ){5}\S+).*/$1/sr }
		    @{ $read_by_python{rfc7489}{$name}{rows} };
		is_deeply(\@got, \@want, "$name: Mail::DMARC reads our rfc7489");
	}
}

SKIP: {
	find_program('dmarc-cat')
	    or skip_part('dmarc-cat is not installed');
	for my $dialect (qw(rfc9990 rfc7489)) {
		for my $name (grep { $reports{$_} } @all) {
			my $file = "$directory/receiver.example"
			    . "!$reports{$name}{domain}!1!2.xml";
			spew($file, $written{$dialect}{$name});
			my ($status, $out) = run_command('dmarc-cat', '-N',
			    $file);
			my @got = map { /\A(\S*[.:]\S*)\s+(\d+)\s+\S/
			    ? "$1 $2" : () } split /\n/, $out;
			my @want = map { join ' ', (split / /)[0, 1] }
			    @{ $read_by_python{$dialect}{$name}{rows} };

			is_deeply([sort @got], [sort @want],
			    "$name: dmarc-cat reads our $dialect")
			    or diag($out);
			unlink $file;
		}
	}
}

sub skip_part {
	my ($why) = @_;
	die "$why\n" if $ENV{CI};
	skip($why, 1);
	return;
}

done_testing();
