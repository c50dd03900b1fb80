#!/usr/bin/perl
# What we write is read by two other RFC 8601 parsers, and they find what was
# meant, whatever bytes came from outside: Mail::AuthenticationResults (Perl)
# and authres (Python).

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Signet::Probe;
use Signet::Util qw(need_programs run_with_input skip_or_fail);

need_programs('/usr/bin/python3');
eval { require Mail::AuthenticationResults::Parser; 1 }
    or skip_or_fail('libmail-authenticationresults-perl is not installed');

my $python = <<'END';
import json, sys
import authres
out = []
for field in json.load(sys.stdin):
    try:
        got = authres.AuthenticationResultsHeader.parse(
            "Authentication-Results: " + field)
        out.append([got.authserv_id, [
            [r.method, r.result, r.reason,
             [[p.type, p.name, p.value] for p in r.properties]]
            for r in got.results]])
    except Exception as error:
        out.append(str(type(error)) + " " + str(error))
json.dump(out, sys.stdout)
END

# Values that once broke somebody's writer, and each byte alone and inside.
my @values = (
	'example.com', 'user@example.com', 'a+b@example.com', 'a/b+c=',
	'legitimate.example(.attack.example', 'legitimate.example".attack',
	"legitimate.example'\@a.attack.example", '@example.com', 'a@b',
	'bank.example; dmarc=pass header.from=bank.example', 'x (y) z',
	"a\r\nAuthentication-Results: mx.example.net; dmarc=pass",
	"a\r\n\r\nbody", '"', '\\', '(', ')', ';', '=', 'none', 'two words',
	"\xc3\xa4", '"<any@legitimate.example>"@attack.example',
	join(' ', ('word') x 60), 'x' x 400,
	map { (chr, 'a' . chr() . 'b') } 0 .. 255);

my @fields = map { $_->{field} }
    Signet::Probe::ask(map { ['auth-write', value => $_] } @values);

# By the rules of mailauth/auth_writer.h.
sub meant {
	my ($value) = @_;
	$value =~ s/[^ -~]/?/g;
	$value =~ s/=(?=pass)/?/gi;
	return $value =~ tr/()"\\;/[]'\/,/r;
}

my $probe = run_python('[]');
$probe eq '[]' or skip_or_fail('python3-authres is not installed');

sub run_python {
	my ($input) = @_;
	my ($status, $out, $err) = run_with_input($input, '/usr/bin/python3', '-c',
	    $python);
	return $status == 0 ? $out : "failed: $err";
}

sub wanted {
	my ($value) = @_;
	$value = meant($value);
	return ['mx.example.net', [
	    ['spf', 'fail', $value, [['smtp', 'mailfrom', $value]]],
	    ['dkim', 'pass', undef, [['header', 'd', $value]]]]];
}

# Leading and trailing space in a value is lost by one of them.
sub loosely {
	my ($result) = @_;
	return $result if !ref $result;
	return [map { ref ? loosely($_) : defined ? s/\A +| +\z//gr : undef }
	    @$result];
}

# The fields are folded; parsers get them unfolded.
my @unfolded = map { s/\r\n//gr } @fields;
my $python_says = JSON::PP->new->utf8->decode(
    run_python(JSON::PP->new->utf8->encode(\@unfolded)));
for my $number (0 .. $#values) {
	my $name = meant($values[$number]);
	is_deeply(loosely($python_says->[$number]),
	    loosely(wanted($values[$number])), "authres: $name") or
	    diag $fields[$number];
}

sub perl_reads {
	my ($field) = @_;
	my $got = eval { Mail::AuthenticationResults::Parser->new->parse(
	    $field) } or return "$@";
	my @methods;
	for my $entry (@{ $got->children }) {
		my ($reason, @properties);
		my $kind = 'Mail::AuthenticationResults::Header::SubEntry';
		for my $child (grep { $_->isa($kind) } @{ $entry->children }) {
			my ($key, $value) = ($child->key, $child->value);
			if ($key eq 'reason') {
				$reason = $value;
			} else {
				push @properties, [split(/[.]/, $key), $value];
			}
		}
		push @methods, [$entry->key, $entry->value, $reason,
		    \@properties];
	}
	return [$got->value->value, \@methods];
}

for my $number (0 .. $#values) {
	my $name = meant($values[$number]);
	is_deeply(loosely(perl_reads($unfolded[$number])),
	    loosely(wanted($values[$number])),
	    "Mail::AuthenticationResults: $name") or
	    diag $unfolded[$number];
}
done_testing;
