package Signet::TlsReporter;

# signet-tls-report with all it needs: as Signet::Reporter, with results of
# TLS sessions in place of evaluations.
#
#   my $r = Signet::TlsReporter->new(dns => $more_lines,
#       tls_report => { send => 'all' }, without => ['mta']);
#   $r->results({ domain => 'a.example', count => 20, mx => ['mx.b.example'],
#       fail => 'certificate-expired', at => $unix, report => 0 }, ...);
#   my ($status, $log) = $r->run('--domain', 'a.example');
#   my @mails = $r->mails;        # { to, from, text, json, report, ... }
#   my @rows = $r->reports;       # of v_tls_report_out
#
# A result has one policy of the recipient domain (no-policy-found, or `sts`)
# and one tlsa policy for each MX of `mx`. With `fail` the first of them
# failed: of the domain, or with `fail_mx` of the MX.

use strict;
use warnings;
use parent 'Signet::Reporter';
use IO::Uncompress::Gunzip ();
use JSON::PP ();
use MIME::Base64 ();
use Signet::Events qw(event_id iso json);
use Signet::Postgres;
use Signet::Sign;
use Signet::Util qw(must_run program_path skip_or_fail need_programs spawn
    slurp spew run_command);

sub need {
	need_programs(qw(postfix openssl));
	Signet::Postgres->need;
	for my $program (qw(signet-tls-report signet-load signet)) {
		program_path($program)
		    or skip_or_fail("$program has not been built");
	}
	return 1;
}

# Our own domain: its key is what makes the report count.
sub key { return $_[0]{key} //= Signet::Sign->key('rsa', 2048) }

sub zone {
	my ($self, $lines) = @_;
	$self->{dns}->table(Signet::Reporter::own_zone()
	    . $self->key->zone_line('s1._domainkey.site.example') . $lines);
	return $self;
}

sub configure {
	my ($self, %sections) = @_;
	delete $sections{dmarc_report};
	if (!-d "$self->{dir}/keys") {
		mkdir "$self->{dir}/$_", 0755 or die "$_: $!\n"
		    for qw(keys keys/site.example);
		spew("$self->{dir}/keys/site.example/s1.pem", '', 0600);
		$sections{tls_report} = { %{ $self->{option}{tls_report}
		    // {} }, %{ $sections{tls_report} // {} } };
		$sections{keys} = { directory => "$self->{dir}/keys" };
	}
	return $self->SUPER::configure(%sections);
}

sub failure {
	my ($type, %more) = @_;
	return { type => $type, sending_ip => '192.0.2.25',
	    receiving_ip => '198.51.100.7', mx => 'mx.a.example',
	    helo => undef, info => undef, reason => undef, count => 1,
	    %more };
}

sub result_data {
	my (%option) = @_;
	my $domain = $option{domain} // 'a.example';
	my $fail = $option{fail};
	my $details = $option{details} // [map { failure($_) } $fail // ()];
	my $good = $fail ? JSON::PP::false : JSON::PP::true;
	my @mx = @{ $option{mx} // [] };
	my $of_domain = { type => 'no-policy-found', domain => $domain,
	    strings => [], mx => [], success => $good, failures => [] };
	@$of_domain{qw(type strings mx)} = ('sts', ['version: STSv1',
	    'mode: enforce', "mx: *.$domain"], ["*.$domain"])
	    if $option{sts};
	my @policies = ($of_domain, map { { type => 'tlsa', domain => $_,
	    strings => ['3 1 1 ' . 'ab' x 32], mx => [],
	    success => $good, failures => [] } } @mx);
	$policies[$option{fail_mx} ? 1 : 0]{failures} = $details;
	$policies[0]{success} = JSON::PP::true if $option{fail_mx};
	return { v => 1, type => 'tls_result', id => event_id(),
	    at => iso($option{at}), host => 'mx1.site.example',
	    program => 'signet-tls-collect', source => 'datagram',
	    instance => 'postfix', recipient_domain => $domain,
	    tlsrpt_record => undef, policies => \@policies,
	    report => exists $option{report} && !$option{report}
		? JSON::PP::false : JSON::PP::true };
}

sub results {
	my ($self, @all) = @_;
	for my $one (@all) {
		my %option = (at => Signet::Reporter::noon(), %$one);
		$self->{spool}->put(map {
			json(result_data(%option, at => $option{at} + $_))
		} 1 .. $option{count} // 1);
	}
	must_run(program_path('signet-load'), '-c', $self->config_file,
	    '--once');
	return $self;
}

sub command {
	my ($self, @arguments) = @_;
	return (program_path('signet-tls-report'), '-c', $self->config_file,
	    @arguments);
}

sub reports {
	my ($self, $where) = @_;
	return $self->{pg}->rows('select * from signet.v_tls_report_out '
	    . ($where ? "where $where " : '')
	    . 'order by about, policy_domain, begin_at, id');
}

sub destinations {
	my ($self, $where) = @_;
	return $self->{pg}->rows(
	    'select * from signet.v_tls_report_destination '
	    . ($where ? "where $where " : '') . 'order by id');
}

sub hurry {
	my ($self) = @_;
	$self->{pg}->psql('update signet.tls_report_out set next_at = now(),'
	    . ' claimed_until = null where next_at is not null;'
	    . 'update signet.tls_report_destination set next_at = now() '
	    . 'where next_at is not null');
	return $self;
}

# What has been sent and was done with, for the next subtest.
sub forget {
	my ($self) = @_;
	$self->{pg}->psql('truncate signet.tls_report_out, '
	    . 'signet.tls_report_destination, signet.tls_report_period, '
	    . 'signet.tls_result, signet.tls_result_failure, '
	    . 'signet.report_suppression');
	if ($self->{mta}) {
		unlink map { "$self->{mta}{dir}/mail/new/$_" }
		    $self->{mta}->mailbox;
	}
	return $self;
}

# What breaks the grammar of RFC 8460 section 4.4, by rules of the test's own.
sub faults {
	my ($report) = @_;
	my @faults;
	my $want = sub {
		my ($in, $where, %rule) = @_;
		push @faults, "$where: $_ is unknown"
		    for grep { !exists $rule{s/\?$//r} && !exists $rule{"$_?"} }
			sort keys %$in;
		for my $name (sort keys %rule) {
			(my $plain = $name) =~ s/\?$//;
			if (!defined $in->{$plain}) {
				push @faults, "$where: no $plain"
				    if $plain eq $name;
				next;
			}
			my $value = ref $in->{$plain} eq 'ARRAY'
			    ? join "\n", @{ $in->{$plain} } : $in->{$plain};
			push @faults, "$where: $plain=$value"
			    if ref $rule{$name} && $value !~ $rule{$name};
		}
	};
	my $time = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
	my $count = qr/^\d+$/;
	my $any = qr/./;
	my $address = qr/^[0-9a-f.:]+$/;
	$want->($report, 'report', 'organization-name' => $any,
	    'date-range' => 1, 'contact-info' => qr/^\S+\@\S+$/,
	    'report-id' => qr/^\S+$/, policies => 1);
	$want->($report->{'date-range'}, 'date-range',
	    'start-datetime' => $time, 'end-datetime' => $time);
	for my $policy (@{ $report->{policies} }) {
		$want->($policy, 'policies', policy => 1, summary => 1,
		    'failure-details?' => 1);
		$want->($policy->{policy}, 'policy', 'policy-type' =>
		    qr/^(?:tlsa|sts|no-policy-found)$/, 'policy-domain' =>
		    qr/^[a-z0-9.-]+$/, 'policy-string?' => $any,
		    'mx-host?' => qr/^[a-z0-9.*-]+(?:\n[a-z0-9.*-]+)*$/);
		$want->($policy->{summary}, 'summary',
		    'total-successful-session-count' => $count,
		    'total-failure-session-count' => $count);
		$want->($_, 'failure-details', 'result-type' =>
		    qr/^(?:starttls-not-supported|certificate-(?:host-mismatch|expired|not-trusted)|validation-failure|tlsa-invalid|dnssec-invalid|dane-required|sts-policy-(?:fetch-error|invalid)|sts-webpki-invalid)$/,
		    'sending-mta-ip?' => $address, 'receiving-ip?' =>
		    $address, 'receiving-mx-hostname?' => $any,
		    'receiving-mx-helo?' => $any, 'failed-session-count' =>
		    $count, 'additional-information?' => $any,
		    'failure-reason-code?' => $any)
		    for @{ $policy->{'failure-details'} // [] };
	}
	return @faults;
}

sub read_gzip {
	my ($bytes) = @_;
	IO::Uncompress::Gunzip::gunzip(\$bytes, \my $json)
	    or die "not gzip\n";
	return ($json, JSON::PP->new->utf8->decode($json));
}

sub mails {
	my ($self, $mta) = @_;
	my @mails = $self->SUPER::mails($mta);
	for my $mail (@mails) {
		my ($head, $base64) = $mail->{text} =~ m{
		    ^(Content-Type:[ ]application/tlsrpt\+gzip.*?)\n\n
		    (.*?)^--}msx or next;
		($mail->{file_name}) = $head =~ /filename="([^"]+)"/;
		$mail->{gzip} = MIME::Base64::decode_base64($base64);
		@$mail{qw(json report)} = read_gzip($mail->{gzip});
	}
	return @mails;
}

1;
