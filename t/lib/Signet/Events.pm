package Signet::Events;

# Event lines as signet-milter writes them, and a spool to put them in.
#
#   my $spool = Signet::Events->spool;         # a directory with open new bad
#   my $line = event(queue_id => '4X1', rcpt => [...]);   # JSON, no line end
#   my $event = event_data(...);               # the hash
#   $spool->put($line, ...);                   # one complete file in new/
#   $spool->put_file($name, $bytes);           # in new/, as it is
#   $spool->files; $spool->files('bad');       # names
#   $spool->read_file('bad', $name);
#   $spool->dir;
#   put_aside($dir, @ids)                      # what bad/ should not hold
#   my @lines = spool_lines($dir);             # of all files, open ones too

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use POSIX ();
use Time::HiRes ();
use Signet::Util qw(temp_dir slurp spew wait_for whole_lines);

our @EXPORT_OK = qw(event event_data event_id iso json put_aside spool_lines);

my $json = JSON::PP->new->utf8->canonical;
my $count = 0;

sub json { return $json->encode($_[0]) }

# What bad/ of a spool holds that a kill -9 does not explain. The kernel may
# end a write(2) between two pages when its process is killed: such a line is
# kept aside, and it may not be that of a message that was answered.
sub put_aside {
	my ($spool, @answered) = @_;
	my %answered = map { $_ => 1 } @answered;
	my @found;
	for my $file (grep { !/\.reason$/ } glob "$spool/bad/*") {
		my $reason = slurp("$file.reason") // 'no reason';
		my ($id) = (slurp($file) // '') =~ /"queue_id":"([^"]*)"/;
		next if $reason =~ /\Aline \d+: is not complete: [^\n]*\n\z/
		    && !$answered{ $id // '' };
		push @found, "$file: $reason";
	}
	return @found;
}

# Each line that a spool holds, once, in files that a program may be writing,
# and renames when they are full or a second old: read again what was gone.
sub spool_lines {
	my ($dir) = @_;
	my $text = wait_for(60, sub {
		my @text = map { slurp($_) } glob "$dir/{open,new}/*.jsonl";
		return (grep { !defined } @text) ? undef : \@text;
	}, 'files of a spool that stay where they are');
	my %seen;
	return grep { !$seen{$_}++ } map { whole_lines($_) } @$text;
}

# The time as event lines have it; default: now.
sub iso {
	my ($unix) = @_;
	$unix //= Time::HiRes::time();
	return POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime int $unix)
	    . sprintf('.%03dZ', ($unix - int $unix) * 1000);
}

# A UUIDv7.
sub event_id {
	my $ms = int(Time::HiRes::time() * 1000);
	my @part = map { int rand 65536 } 1 .. 5;
	return sprintf '%08x-%04x-7%03x-8%03x-%04x%04x%04x', $ms >> 16,
	    $ms & 0xffff, ++$count & 0xfff, $part[0] & 0xfff, @part[1 .. 3];
}

# An accepted message that passed everything; members are replaced by name,
# "dmarc.result" reaches into the member dmarc.
sub event_data {
	my (%change) = @_;
	my ($true, $false) = (JSON::PP::true, JSON::PP::false);
	my $event = {
		v => 1, type => 'message', id => event_id(), at => iso(),
		host => 'mx1.example.org', program => 'signet-milter',
		listener => 'inbound', test_mode => $false,
		queue_id => '4XyZ1234', client_ip => '192.0.2.1',
		client_name => 'mail.example.net',
		helo => 'mail.example.net', mail_from => 'a@example.com',
		mail_from_domain => 'example.com',
		rcpt => [rcpt('u@site.test')], rcpt_count => 1,
		size => 1234, message_id => '<1@example.com>',
		from => ['a@example.com'], from_domain => 'example.com',
		from_domains => ['example.com'], from_status => 'one',
		from_reason => undef, auth_login => undef,
		tls => { version => 'TLSv1.3',
		    cipher => 'TLS_AES_256_GCM_SHA384', bits => 256 },
		requiretls => { mail_parameter => $false, header => $false,
		    tls_required_no => $false, forged => $false },
		skipped => undef,
		iprev => { result => 'pass', name => 'mail.example.net',
		    dnssec => 'secure', reason => 'confirmed' },
		spf => {
			mailfrom => { result => 'pass',
			    domain => 'example.com', lookups => 2,
			    void_lookups => 0, dnssec => 'secure',
			    explanation => undef, reason => 'ip4' },
			helo => { result => 'none',
			    domain => 'mail.example.net', lookups => 1,
			    void_lookups => 1, dnssec => 'insecure',
			    explanation => undef, reason => 'no record' },
		},
		dkim => [{ domain => 'example.com', selector => 's1',
		    identity => '@example.com', algorithm => 'rsa-sha256',
		    bits => 2048, result => 'pass', reason => 'verified',
		    aligned => $true, test => $false, dnssec => 'secure',
		    header_b => 'AbCdEfGh' }],
		arc => { result => 'none', sealers => [], reason => '',
		    trusted => $false },
		dmarc => { result => 'pass', policy_domain => 'example.com',
		    organizational_domain => 'example.com',
		    discovery => 'treewalk', published => 'reject',
		    disposition => 'none', aligned_spf => $true,
		    aligned_dkim => $true, dnssec => 'secure',
		    reason => 'aligned',
		    record => 'v=DMARC1; p=reject; rua=mailto:r@example.com',
		    p => 'reject', sp => 'reject', np => undef, psd => 'u',
		    t => $false, adkim => 'r', aspf => 'r', fo => '0',
		    rua => ['mailto:r@example.com'], ruf => [],
		    overrides => [] },
		action => 'accept', action_reason => 'DMARC passed',
		reply => undef,
		authentication_results => 'mx1.example.org; spf=pass',
		forged_removed => 0,
		timings => { total_ms => 12.5, dns_wait_ms => 4.25,
		    questions => 7 },
		evaluation => { optional => $false, disposition => 'pass' },
	};
	for my $name (keys %change) {
		my @path = split /\./, $name;
		my $last = pop @path;
		my $at = $event;
		$at = $at->{$_} for @path;
		$at->{$last} = $change{$name};
	}
	if ($change{rcpt} && !exists $change{rcpt_count}) {
		$event->{rcpt_count} = @{ $change{rcpt} };
	}
	return $event;
}

sub rcpt {
	my ($address, $is_report_address) = @_;
	my ($domain) = $address =~ /\@(.*)/;
	return { address => $address, domain => $domain, report_address =>
	    $is_report_address ? JSON::PP::true : JSON::PP::false };
}

sub event { return json(event_data(@_)) }

sub spool {
	my ($class, $dir) = @_;
	my $self = bless { dir => $dir // temp_dir() . '/spool' }, $class;
	for my $part ('', '/open', '/new', '/bad') {
		mkdir "$self->{dir}$part";
		chmod 0770, "$self->{dir}$part";
	}
	return $self;
}

sub dir { return $_[0]{dir} }

# Complete lines, in one file that appears at once.
sub put {
	my ($self, @lines) = @_;
	return $self->put_file(sprintf('%013d-test.mx1.%d.%d.jsonl',
		Time::HiRes::time() * 1000, $$, ++$self->{seq}),
	    join '', map { "$_\n" } @lines);
}

sub put_file {
	my ($self, $name, $bytes) = @_;
	spew("$self->{dir}/open/.$name", $bytes, 0660);
	rename "$self->{dir}/open/.$name", "$self->{dir}/new/$name"
	    or die "$name: $!\n";
	return $name;
}

sub files {
	my ($self, $part) = @_;
	$part //= 'new';
	opendir my $dir, "$self->{dir}/$part" or die "$part: $!\n";
	my @names = sort grep { !/^\./ } readdir $dir;
	return @names;	# in scalar context: their number
}

sub read_file {
	my ($self, $part, $name) = @_;
	return slurp("$self->{dir}/$part/$name");
}

1;
