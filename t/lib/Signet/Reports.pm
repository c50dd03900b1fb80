package Signet::Reports;

# Reports as others send them, and mail that carries them.
#
#   my $xml = dmarc_xml(domain => 'site.example', records => [{ ip => ...,
#       count => 5, dkim => 'pass', spf => 'fail' }]);
#   my $json = tls_json(domain => 'site.example', failed => 3);
#   my $text = report_mail(from => 'r@reporter.example', to => ...,
#       gzip => $xml);               # or zip, xml, json, tls, text, parts
#   my $packed = gzip($bytes); zip('name.xml' => $bytes, ...);

use strict;
use warnings;
use Exporter 'import';
use IO::Compress::Gzip ();
use IO::Compress::Zip ();
use MIME::Base64 qw(encode_base64);

our @EXPORT_OK = qw(dmarc_xml dmarc_record tls_json report_mail gzip zip);

# The UTC day before the test began.
my $yesterday = int(time / 86400) * 86400 - 86400;
sub yesterday { return $yesterday }

sub gzip {
	my ($bytes) = @_;
	IO::Compress::Gzip::gzip(\$bytes => \my $packed, -Minimal => 1)
	    or die "gzip: $IO::Compress::Gzip::GzipError\n";
	return $packed;
}

sub zip {
	my (@files) = @_;
	my $packed = '';
	my ($name, $bytes) = splice @files, 0, 2;
	my $to = IO::Compress::Zip->new(\$packed, Name => $name, Time => 0)
	    or die "zip: $IO::Compress::Zip::ZipError\n";
	$to->print($bytes);
	while (($name, $bytes) = splice @files, 0, 2) {
		$to->newStream(Name => $name, Time => 0);
		$to->print($bytes);
	}
	$to->close;
	return $packed;
}

sub dmarc_record {
	my (%r) = @_;
	$r{disposition} //= 'none';
	$r{header_from} //= 'site.example';
	$r{envelope_from} //= $r{header_from};
	my $signature = $r{signature} // [$r{header_from}, 's1',
	    $r{dkim} // 'fail'];
	return "<record><row><source_ip>$r{ip}</source_ip><count>"
	    . ($r{count} // 1) . '</count><policy_evaluated><disposition>'
	    . "$r{disposition}</disposition><dkim>" . ($r{dkim} // 'fail')
	    . '</dkim><spf>' . ($r{spf} // 'fail') . '</spf>'
	    . '</policy_evaluated></row><identifiers><header_from>'
	    . "$r{header_from}</header_from><envelope_from>$r{envelope_from}"
	    . '</envelope_from></identifiers><auth_results><dkim><domain>'
	    . "$signature->[0]</domain><selector>$signature->[1]</selector>"
	    . "<result>$signature->[2]</result></dkim><spf><domain>"
	    . "$r{envelope_from}</domain><scope>mfrom</scope><result>"
	    . ($r{spf} // 'fail') . "</result></spf></auth_results></record>\n";
}

sub dmarc_xml {
	my (%o) = @_;
	my $begin = $o{begin} // $yesterday;
	my $end = $o{end} // $begin + 86399;
	my $root = $o{rfc7489} ? 'feedback'
	    : 'feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"';
	my $records = ref $o{records}
	    ? join '', map { dmarc_record(%$_) } @{ $o{records} }
	    : $o{records} // dmarc_record(ip => '192.0.2.1', dkim => 'pass');
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    . ($o{doctype} // '') . "<$root>"
	    . '<version>1.0</version><report_metadata><org_name>'
	    . ($o{org} // 'Reporter') . '</org_name><email>'
	    . 'dmarc@reporter.example</email><report_id>'
	    . ($o{id} // 'r1') . "</report_id><date_range><begin>$begin"
	    . "</begin><end>$end</end></date_range></report_metadata>\n"
	    . '<policy_published><domain>' . ($o{domain} // 'site.example')
	    . '</domain><p>reject</p><sp>reject</sp>'
	    . "</policy_published>\n" . $records . "</feedback>\n";
}

sub tls_json {
	my (%o) = @_;
	my $day = $o{day} // do {
		my @t = gmtime $yesterday;
		sprintf '%04d-%02d-%02d', $t[5] + 1900, $t[4] + 1, $t[3];
	};
	my $failed = $o{failed} // 2;
	my $mx = $o{mx} // 'mx.site.example';
	return '{"organization-name":"' . ($o{org} // 'TLS Reporter')
	    . '","date-range":{"start-datetime":"' . $day
	    . 'T00:00:00Z","end-datetime":"' . $day . 'T23:59:59Z"},'
	    . '"contact-info":"tls@reporter.example","report-id":"'
	    . ($o{id} // 't1') . '","policies":[' . join(',', map {
		'{"policy":{"policy-type":"sts","policy-string":["version: '
		. 'STSv1"],"policy-domain":"' . $_ . '","mx-host":["' . $mx
		. '"]},"summary":{"total-successful-session-count":10,'
		. '"total-failure-session-count":' . $failed . '},'
		. '"failure-details":[{"result-type":"certificate-expired",'
		. '"sending-mta-ip":"192.0.2.1","receiving-mx-hostname":"'
		. $mx . '","failed-session-count":' . $failed . '}]}'
	    } ref $o{domain} ? @{ $o{domain} } : $o{domain}
	    // 'site.example') . ']}';
}

my %types = (
	gzip => ['application/gzip', 'report.xml.gz', \&gzip],
	zip => ['application/zip', 'report.zip',
	    sub { zip('report.xml', $_[0]) }],
	xml => ['text/xml', 'report.xml', sub { $_[0] }],
	json => ['application/tlsrpt+json', 'report.json', sub { $_[0] }],
	tls => ['application/tlsrpt+gzip', 'report.json.gz', \&gzip],
	bytes => ['application/octet-stream', 'report', sub { $_[0] }],
);

my $number = 0;

sub report_mail {
	my (%o) = @_;
	$number++;
	my $text = "From: " . ($o{from} // 'dmarc@reporter.example') . "\n"
	    . 'To: ' . ($o{to} // 'reports@site.example') . "\n"
	    . "Subject: Report Domain: site.example\n"
	    . "Date: Sun, 22 Nov 2026 06:00:00 +0000\n"
	    . "Message-ID: <report$number.$$\@reporter.example>\n"
	    . "MIME-Version: 1.0\n";
	return $text . "Content-Type: text/plain\n\n$o{text}"
	    if defined $o{text};
	return $text . $o{entity} if defined $o{entity};
	my ($kind) = grep { defined $o{$_} } sort keys %types;
	my ($type, $name, $pack) = @{ $types{$kind} };
	$type = $o{type} // $type;
	return $text . "Content-Type: multipart/mixed; boundary=\"=_b\"\n\n"
	    . "--=_b\nContent-Type: text/plain\n\nThis is a report.\n"
	    . "--=_b\nContent-Type: $type; name=\"$name\"\n"
	    . "Content-Disposition: attachment; filename=\"$name\"\n"
	    . "Content-Transfer-Encoding: base64\n\n"
	    . encode_base64($pack->($o{$kind})) . "--=_b--\n";
}

1;
