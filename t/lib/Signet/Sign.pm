package Signet::Sign;

# Signs test messages with DKIM and seals them with ARC, independently of our
# C code: canonicalisation is written here, the arithmetic is that of the
# openssl command.
#
#   my $key = Signet::Sign->key('rsa', 2048);     # or 'ed25519'
#   $key->record;                                 # text of the TXT record
#   $key->record('t=y');                          # with more tags
#   $key->zone_line('s1._domainkey');             # for a zone file
#   my $text = $key->sign($message, d => 'example.com', s => 's1');
#   my $text = $key->seal($message, d => 'list.example', s => 's1',
#       results => 'list.example; dkim=pass header.d=example.com');
#
# `sign` takes any tag: c, h (list), i, l, t, x, q, z, a ... and `undef` takes
# a default one away. Tags without meaning here are signed as they are. The
# result is the message with the new field on top. Line ends are kept: LF
# text is signed as if it were CRLF.
# Keys are made once per process and size.

use strict;
use warnings;
use Digest::SHA ();
use MIME::Base64 qw(encode_base64);
use Signet::Util qw(temp_dir must_run spew);

my $dir;
my $count = 0;

# A new key of its own, or the process's common one.
sub key {
	my ($class, $type, $bits, %option) = @_;
	$type //= 'rsa';
	$bits //= 2048;
	$dir //= temp_dir();
	my $name = $type eq 'rsa' ? "rsa$bits" : $type;
	$name .= '.' . ++$count if $option{fresh};
	my $file = "$dir/$name.pem";
	if (!-e $file) {
		must_run('openssl', 'genpkey', '-out', $file,
		    '-algorithm', $type eq 'rsa' ? 'RSA' : 'ED25519',
		    $type eq 'rsa' ? ('-pkeyopt', "rsa_keygen_bits:$bits")
		    : ());
	}
	return bless { type => $type, file => $file }, $class;
}

sub file { return $_[0]{file} }

# Text of the DNS record, further tags (a string) at the end.
sub record {
	my ($self, $more) = @_;
	my $der = must_run('openssl', 'pkey', '-in', $self->{file}, '-pubout',
	    '-outform', 'DER');
	# RFC 8463 section 4: the bare key, without SubjectPublicKeyInfo
	$der = substr $der, -32 if $self->{type} eq 'ed25519';
	my $text = "v=DKIM1; k=$self->{type}; p=" . encode_base64($der, '');
	$text .= "; $more" if defined $more;
	return $text;
}

# A zone file line, the text cut into strings of at most 250 bytes.
sub zone_line {
	my ($self, $name, $more) = @_;
	return txt_line($name, $self->record($more));
}

sub txt_line {
	my ($name, $text) = @_;
	$text =~ s/(["\\])/\\$1/g;
	my $strings = join ' ', map { qq("$_") } $text =~ /(.{1,240})/gs;
	return "$name TXT $strings\n";
}

# [name, raw field without the line end] pairs, and the body; all CRLF.
sub _split {
	my ($message) = @_;
	$message =~ s/\r?\n/\r\n/g;
	my ($head, $body) = split /\r\n\r\n/, $message, 2;
	my @fields = map { [lc((/^([^:\s]*)/)[0]), $_] }
	    split /\r\n(?![ \t])/, $head;
	return (\@fields, $body // '');
}

sub _body {
	my ($body, $form) = @_;
	if ($form eq 'relaxed') {
		$body =~ s/[ \t]+/ /g;
		$body =~ s/ (?=\r\n)//g;
		$body =~ s/ \z//;
	}
	$body =~ s/(?:\r\n)+\z//;
	return $body eq '' && $form eq 'relaxed' ? '' : "$body\r\n";
}

sub _field {
	my ($field, $form) = @_;
	return $field if $form eq 'simple';
	my ($name, $value) = split /:/, $field, 2;
	$value =~ s/\r\n//g;
	$value =~ s/[ \t]+/ /g;
	$value =~ s/^ | $//g;
	$name =~ s/[ \t]+$//;
	return lc($name) . ":$value";
}

# The fields named in h=, from the bottom up, canonical, with CRLF.
sub _signed_fields {
	my ($fields, $names, $form) = @_;
	my %left;
	push @{ $left{ $_->[0] } }, $_->[1] for @$fields;
	my $text = '';
	for my $name (@$names) {
		my $field = pop @{ $left{lc $name} // [] } // next;
		$text .= _field($field, $form) . "\r\n";
	}
	return $text;
}

sub _signature {
	my ($self, $data, $hash) = @_;
	my $in = spew("$dir/data.$$", $data);
	my @how = ('pkeyutl', '-sign', '-inkey', $self->{file}, '-rawin');
	if ($self->{type} eq 'ed25519') {
		# RFC 8463 section 3: the SHA-256 of the data is signed
		spew($in, Digest::SHA::sha256($data));
	} else {
		push @how, '-digest', $hash;
	}
	my $signature = must_run('openssl', @how, '-in', $in);
	unlink $in;
	return encode_base64($signature, '');
}

sub _hash { return $_[0] =~ /sha1$/ ? 'sha1' : 'sha256' }

sub _digest {
	my ($algorithm, $data) = @_;
	return encode_base64(_hash($algorithm) eq 'sha1'
	    ? Digest::SHA::sha1($data) : Digest::SHA::sha256($data), '');
}

sub _tags {
	my (%tag) = @_;
	my @first = grep { exists $tag{$_} } qw(i v a c d s t x q l h cv bh b);
	my %first = map { $_ => 1 } @first;
	return join '; ', map { "$_=$tag{$_}" }
	    (grep { $_ ne 'b' } @first),
	    (sort grep { !$first{$_} } keys %tag),
	    (grep { $_ eq 'b' } @first);
}

# The default for h=: what is there of the usual fields, From twice.
my @usual = qw(from to cc subject date message-id mime-version content-type
    reply-to list-id);

sub _default_names {
	my ($fields) = @_;
	my %there = map { $_->[0] => 1 } @$fields;
	return ['from', grep { $there{$_} } @usual];
}

sub _message_tags {
	my ($self, $fields, $body, %tag) = @_;
	my $names = exists $tag{h} ? $tag{h} : _default_names($fields);
	$names = [split /:/, $names] unless ref $names || !defined $names;
	my %all = (
		a => "$self->{type}-sha256", c => 'relaxed/relaxed',
		t => time, %tag, h => $names && join(':', @$names),
	);
	my ($head_form, $body_form) = split m{/}, $all{c} // 'simple/simple';
	$body_form //= 'simple';
	my $canonical = _body($body, $body_form);
	$canonical = substr $canonical, 0, $all{l} if defined $all{l};
	$all{bh} //= _digest($all{a}, $canonical) unless exists $tag{bh};
	delete $all{$_} for grep { !defined $all{$_} } keys %all;
	return ($names // [], $head_form, %all);
}

# Adds `name: tags; b=signature` on top of the message.
sub _add {
	my ($self, $message, $name, $signed, $form, %all) = @_;
	my $field = "$name: " . _tags(%all, b => '');
	my $data = $signed . _field($field, $form);
	my $b = exists $all{b} ? $all{b}
	    : $self->_signature($data, _hash($all{a}));
	my $end = $message =~ /\r\n/ ? "\r\n" : "\n";
	# relaxed takes the folding away again; simple must not be touched
	$b =~ s/(.{70})(?=.)/$1$end /g;
	return "$field$b$end$message";
}

sub sign {
	my ($self, $message, %tag) = @_;
	my $name = delete $tag{name} // 'DKIM-Signature';
	my ($fields, $body) = _split($message);
	my ($names, $form, %all) = $self->_message_tags($fields, $body,
	    v => 1, %tag);
	return $self->_add($message, $name,
	    _signed_fields($fields, $names, $form), $form, %all);
}

# Adds one ARC set. Options: d, s, results (the value after the instance
# tag), cv (default: none for the first set, else pass), i (default: the next
# one), h and other tags of the ARC-Message-Signature.
sub seal {
	my ($self, $message, %tag) = @_;
	my $results = delete $tag{results} // "$tag{d}; none";
	my ($fields) = _split($message);
	my @seals = grep { $_->[0] eq 'arc-seal' } @$fields;
	my $i = delete $tag{i} // @seals + 1;
	my $cv = delete $tag{cv} // ($i == 1 ? 'none' : 'pass');
	my ($d, $s) = @tag{qw(d s)};
	my $end = $message =~ /\r\n/ ? "\r\n" : "\n";

	my $signed = $self->sign($message, name => 'ARC-Message-Signature',
	    v => undef, i => $i, %tag);
	my ($own) = _split($signed);
	my $results_field = "ARC-Authentication-Results: i=$i; $results";
	my %mine = (
		'arc-authentication-results' => $results_field,
		'arc-message-signature' => $own->[0][1],
	);
	my $data = '';
	for my $n (1 .. $i) {
		for my $name (qw(arc-authentication-results
		    arc-message-signature arc-seal)) {
			my ($field) = map { $_->[1] } grep {
				$_->[0] eq $name
				    && $_->[1] =~ /[:;]\s*i\s*=\s*$n\s*;/
			} @$fields;
			$field = $mine{$name} if $n == $i;
			$data .= _field($field, 'relaxed') . "\r\n"
			    if defined $field;
		}
	}
	my %all = (i => $i, a => "$self->{type}-sha256", cv => $cv, d => $d,
	    s => $s, t => $tag{t} // time);
	return $self->_add("$own->[0][1]$end$results_field$end$message",
	    'ARC-Seal', $data, 'relaxed', %all);
}

1;
