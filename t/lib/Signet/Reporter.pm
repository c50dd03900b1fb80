package Signet::Reporter;

# signet-dmarc-report with all it needs: PostgreSQL with evaluations, a DNS
# server that a test holds, and a Postfix that takes the reports.
#
#   my $r = Signet::Reporter->new(dns => $more_lines,
#       reports => { spread => 0 }, without => ['mta']);
#   $r->evaluate(domain => 'a.example', count => 20, at => $unix, ...);
#   my ($status, $log) = $r->run('--domain', 'a.example');
#   my @mails = $r->mails;                  # { to, from, text, xml, ... }
#   my @rows = $r->reports;                 # of v_report_out
#   $r->{pg}, {dns}, {mta}
#
# The evaluations are written by signet-load from event lines, as in life.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Uncompress::Gunzip ();
use MIME::Base64 ();
use Signet::Dns;
use Signet::Events qw(event iso);
use Signet::Postfix;
use Signet::Postgres;
use Signet::Util qw(temp_dir spew slurp must_run run_command program_path
    skip_or_fail need_programs top_dir spawn free_port);

use constant HOST => 'mx.site.example';

sub need {
	need_programs(qw(postfix xmllint));
	Signet::Postgres->need;
	for my $program (qw(signet-dmarc-report signet-load signet)) {
		program_path($program)
		    or skip_or_fail("$program has not been built");
	}
	return 1;
}

# Our own domain, whose SPF record covers our address.
sub own_zone {
	return "site.example TXT \"v=spf1 ip4:192.0.2.25 -all\"\n"
	    . "_dmarc.site.example TXT \"v=DMARC1; p=reject\"\n";
}

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => temp_dir(), option => \%option, settings => {},
	}, $class;
	my %without = map { $_ => 1 } @{ $option{without} // [] };
	$self->own;
	$self->{dns} = Signet::Dns->new;
	$self->zone($option{dns} // '');
	$self->{pg} = $option{pg} // Signet::Postgres->new;
	$self->{spool} = Signet::Events->spool("$self->{dir}/spool");
	spew("$self->{dir}/verp.key", join '', map { chr rand 256 } 1 .. 32);
	$self->{mta} = Signet::Postfix->new(host => HOST)
	    unless $without{mta};
	$self->{port} = $self->{mta} ? $self->{mta}->port : free_port();
	$self->configure(reports => $option{reports} // {},
	    dmarc_report => $option{dmarc_report} // {});
	must_run(program_path('signet-load'), '-c', $self->config_file,
	    '--migrate', '--sql-dir', top_dir() . '/sql')
	    unless $option{pg};
	return $self;
}

sub zone {
	my ($self, $lines) = @_;
	$self->{dns}->table(own_zone() . $lines);
	return $self;
}

sub config_file { return "$_[0]{dir}/signet.conf" }
sub pg { return $_[0]{pg} }

# undef takes an option away.
sub configure {
	my ($self, %sections) = @_;
	my %all = (
		common => { hostname => HOST, log => 'stderr',
		    spool_directory => $self->{spool}->dir,
		    public_addresses => '192.0.2.25' },
		dns => { forward => $self->{dns}->address, root_key => 'none',
		    timeout => '10s', cache_entries => 16 },
		database => { conninfo => $self->{pg}->conninfo },
		reports => { from => 'dmarc-reports@site.example',
		    organization => 'Site, the "best"',
		    verp_key => "$self->{dir}/verp.key", spread => 0,
		    smtp => "127.0.0.1:$self->{port}" },
	);
	for my $name (keys %sections) {
		my $own = $self->{settings}{$name} //= {};
		%$own = (%$own, %{ $sections{$name} });
	}
	my $text = '';
	for my $name (sort keys %{ { %all, %{ $self->{settings} } } }) {
		my %value = (%{ $all{$name} // {} },
		    %{ $self->{settings}{$name} // {} });
		$text .= "[$name]\n" . join '', map { "$_ = $value{$_}\n" }
		    grep { defined $value{$_} } sort keys %value;
	}
	spew($self->config_file, $text, 0644);
	return $self;
}

# Noon of the last UTC day that has ended for long enough, the same for all of
# a test.
my $noon = int((time - 2 * 3600 - 60) / 86400) * 86400 - 43200;
sub noon { return $noon }
sub day { return substr iso(noon()), 0, 10 }

# Loads `count` evaluations of a domain, or of each of a list; other options as
# for Signet::Events::event.
sub evaluate {
	my ($self, %option) = @_;
	my $domain = delete $option{domain} // 'a.example';
	my $count = delete $option{count} // 1;
	my $at = delete $option{at} // noon();
	my $ips = delete $option{ips} // 3;
	for my $one (ref $domain ? @$domain : $domain) {
		$self->{spool}->put(map {
			event(at => iso($at + $_ / 1000), client_ip =>
			    '198.51.100.' . ($_ % $ips + 1),
			    from_domain => $one, 'dmarc.policy_domain' => $one,
			    'dmarc.organizational_domain' => $one, %option)
		} 1 .. $count);
	}
	must_run(program_path('signet-load'), '-c', $self->config_file,
	    '--once');
	return $self;
}

sub command {
	my ($self, @arguments) = @_;
	return (program_path('signet-dmarc-report'), '-c', $self->config_file,
	    @arguments);
}

# Wait status >> 8 and all output.
sub run {
	my ($self, @arguments) = @_;
	my ($status, $out, $error) = run_command($self->command(@arguments));
	return ($status, $error, $out);
}

# Starts one in the background.
sub start {
	my ($self, $log, @arguments) = @_;
	return spawn({ out => $log }, $self->command(@arguments));
}

sub reports {
	my ($self, $where) = @_;
	return $self->{pg}->rows('select * from signet.v_report_out '
	    . ($where ? "where $where " : '')
	    . 'order by policy_domain, begin_at, id');
}

sub destinations {
	my ($self, $where) = @_;
	return $self->{pg}->rows('select * from signet.v_report_destination '
	    . ($where ? "where $where " : '') . 'order by id');
}

# Everything due again at once.
sub hurry {
	my ($self) = @_;
	$self->{pg}->psql('update signet.dmarc_report_out set next_at = now(),'
	    . ' claimed_until = null where next_at is not null;'
	    . 'update signet.dmarc_report_destination set next_at = now() '
	    . 'where next_at is not null');
	return $self;
}

# How many mails Postfix has delivered, once it is done with all it accepted.
sub delivered {
	my ($self) = @_;
	my @names = $self->{mta}->settle->mailbox;
	return scalar @names;
}

# What Postfix has delivered, once it is done with all it accepted.
sub mails {
	my ($self, $mta) = @_;
	$mta //= $self->{mta};
	return map { read_mail($mta, $_) } $mta->settle->mailbox;
}

sub read_mail {
	my ($mta, $file) = @_;
	my ($id, $to) = $file =~ /^([^.]+)\.(.*)$/;
	my %mail = (id => $id, to => $to,
	    text => $mta->delivered($to, $id));
	($mail{from}) = $mta->wait_log(qr/\b$id: from=</)
	    =~ /\b$id: from=<([^>]*)>/;
	my ($head, $body) = split /\n\n/, $mail{text}, 2;
	(my $unfolded = $head) =~ s/\n(?=[ \t])//g;
	$mail{header}{ lc $1 } = $2
	    while $unfolded =~ /^([A-Za-z-]+):[ ](.*)$/mg;
	my ($boundary) = $mail{header}{'content-type'} =~ /boundary="([^"]+)"/;
	my @parts = split /^--\Q$boundary\E(?:--)?\n/m, $body // '';
	($mail{people}) = grep { /^Content-Type: text\/plain/m } @parts;
	my ($file_part) = grep { /^Content-Type: application\/gzip/m } @parts;
	if ($file_part && $file_part =~ /filename="([^"]+)"/) {
		$mail{file_name} = $1;
		my (undef, $base64) = split /\n\n/, $file_part, 2;
		$mail{gzip} = MIME::Base64::decode_base64($base64);
		IO::Uncompress::Gunzip::gunzip(\$mail{gzip}, \my $xml);
		$mail{xml} = $xml;
	}
	return \%mail;
}

# What xmllint says against a schema, empty if it is valid.
sub lint {
	my ($self, $xml, $schema) = @_;
	my $file = spew(temp_dir() . '/report.xml', $xml);
	my ($status, undef, $error) = run_command('xmllint', '--noout',
	    '--nonet', '--schema', $schema, $file);
	return $status == 0 ? '' : $error;
}

sub stop {
	my ($self) = @_;
	my @why;
	for my $part (grep { defined } @$self{qw(mta dns)},
	    $self->{option}{pg} ? () : $self->{pg}) {
		eval { $part->stop; 1 } or push @why, $@;
	}
	die @why if @why;
	return;
}

1;
