package Signet::Tlsrpt;

# What libtlsrpt sends for a TLS session, and a sender of it.
#
#   my $bytes = datagram(d => 'a.test', type => 2, strings => [...],
#       mx => [...], failures => [{ c => 202, n => 'mx.a.test' }], f => 1);
#   my $to = Signet::Tlsrpt->sender($path);
#   $to->send($bytes) or die $to->error;   # waits while the receiver is busy
#   $to->try($bytes);                      # as libtlsrpt: does not wait
#
# Members of datagram: d, pr, type (1 TLSA, 2 STS, 9 none), domain, strings,
# mx, failures (members as on the wire), f (final result), version ('' is
# 0.5.0rc1). Policies may be given whole: policies => [{...}, ...].

use strict;
use warnings;
use Exporter 'import';
use Socket qw(AF_UNIX SOCK_DGRAM SOL_SOCKET SO_SNDBUF MSG_DONTWAIT
    pack_sockaddr_un);

our @EXPORT_OK = qw(datagram);

# libtlsrpt leaves bytes above 0x7f as they are.
sub _string {
	my ($text) = @_;
	$text =~ s/(["\\])/\\$1/g;
	$text =~ s/\r/\\r/g;
	$text =~ s/\n/\\n/g;
	$text =~ s/([\x00-\x1f])/sprintf '\u%04x', ord $1/ge;
	return qq("$text");
}

sub _list { return '[' . join(',', map { _string($_) } @_) . ']' }

sub _failure {
	my ($failure) = @_;
	my @member = map { defined $failure->{$_}
	    ? "\"$_\": " . _string($failure->{$_}) : () } qw(s n h r a f);
	return '{' . join(',', "\"c\":$failure->{c}", @member) . '}';
}

sub _policy {
	my ($policy) = @_;
	my @failures = @{ $policy->{failures} // [] };
	my @member = ('"policy-type":' . $policy->{type});
	push @member, '"policy-domain": ' . _string($policy->{domain})
	    if defined $policy->{domain};
	push @member, '"policy-string":' . _list(@{ $policy->{strings} })
	    if $policy->{strings};
	push @member, '"mx-host":' . _list(@{ $policy->{mx} })
	    if $policy->{mx};
	push @member, '"failure-details":['
	    . join(',', map { _failure($_) } @failures) . ']' if @failures;
	push @member, '"t":' . @failures, '"f":' . ($policy->{f} // 0);
	return '{' . join(',', @member) . '}';
}

sub datagram {
	my (%with) = @_;
	my $d = $with{d} // 'a.test';
	my $policies = $with{policies} // [{ type => $with{type} // 9,
	    domain => exists $with{domain} ? $with{domain} : $d,
	    map { $_ => $with{$_} } qw(strings mx failures f) }];
	my $pr = $with{pr} // "v=TLSRPTv1; rua=mailto:tls\@$d";
	my $version = $with{version} // '1';
	return '{' . ($version eq '' ? '' : '"dpv": ' . _string($version)
		. ',') . '"d": ' . _string($d) . ',"pr": ' . _string($pr)
	    . ',"policies":[' . join(',', map { _policy($_) } @$policies)
	    . ']}';
}

sub sender {
	my ($class, $path) = @_;
	socket my $socket, AF_UNIX, SOCK_DGRAM, 0 or die "socket: $!\n";
	setsockopt $socket, SOL_SOCKET, SO_SNDBUF, 1 << 20;
	return bless { socket => $socket, to => pack_sockaddr_un($path) },
	    $class;
}

sub _send {
	my ($self, $bytes, $flags) = @_;
	return 1 if defined send $self->{socket}, $bytes, $flags, $self->{to};
	$self->{error} = "$!";
	return 0;
}

sub send { return $_[0]->_send($_[1], 0) }
sub try { return $_[0]->_send($_[1], MSG_DONTWAIT) }
sub error { return $_[0]{error} }

1;
