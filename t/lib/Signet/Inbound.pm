package Signet::Inbound;

# signet-milter alone, with a spool of its own and a DNS server that a test
# holds, spoken to directly: for hostile mail and for faults.
#
#   my $in = Signet::Inbound->new(
#       dns => $table,                  # of Signet::Dns; or an object
#       milter => { dmarc_reject => 'hold' }, trust => { ... },
#       sections => { 'milter out' => { ... } }, listener => 'out',
#   );
#   my $got = $in->send(data => $message, from => ..., client => ...);
#   $got->{answer};       # of Signet::Milter
#   $got->{results};      # value of the field that was inserted, or undef
#   $got->{log};          # pairs of the log line: { action => ..., ... }
#   $got->{event};        # the spool's line
#   $in->open;            # a negotiated Signet::Milter
#   $in->log_of($id); $in->event_of($id);
#   $in->good;            # sends a message that passes; true if it does
#
# Each message has a queue ID of its own ($got->{id}).

use strict;
use warnings;
use parent 'Signet::Service';
use JSON::PP ();
use Signet::Dns;
use Signet::Events ();
use Signet::Milter;
use Signet::Program;
use Signet::Sign;
use Signet::Util qw(temp_dir spew slurp wait_for skip_or_fail program_path
    whole_lines);

my $count = 0;

# Everything from here passes: good.example, sent by 192.0.2.1.
sub good_zone {
	my $key = Signet::Sign->key('rsa', 2048);
	return "good.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
	    . "mail.good.example A 192.0.2.1\n"
	    . "1.2.0.192.in-addr.arpa PTR mail.good.example.\n"
	    . "_dmarc.good.example TXT \"v=DMARC1; p=reject\"\n"
	    . $key->zone_line('s1._domainkey.good.example');
}

sub need {
	skip_or_fail('signet-milter has not been built')
	    unless program_path('signet-milter');
	return 1;
}

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => temp_dir(), option => \%option, settings => {},
	}, $class;
	$self->own;
	$self->{dns} = ref $option{dns} ? $option{dns}
	    : Signet::Dns->new(table => $option{dns} // good_zone());
	mkdir "$self->{dir}/spool" unless $option{spool};
	$self->configure(%{ $option{sections} // {} },
	    map { $_ => $option{$_} // {} } qw(common dns_options milter
		trust));
	my @listener = defined $option{listener} ? ('-l', $option{listener})
	    : ();
	$self->{milter} = Signet::Program->new('signet-milter',
	    dir => $self->{dir},
	    arguments => \@listener, %{ $option{program} // {} });
	return $self;
}

sub dir { return $_[0]{dir} }
sub dns { return $_[0]{dns} }
sub milter { return $_[0]{milter} }
sub socket { return "unix:$_[0]{dir}/milter.sock" }
sub metrics { return "$_[0]{dir}/metrics.sock" }
sub spool { return $_[0]{option}{spool} // "$_[0]{dir}/spool" }
sub config_file { return "$_[0]{dir}/signet.conf" }

# Writes signet.conf; values replace what was given before, undef takes one
# away.
sub configure {
	my ($self, %sections) = @_;
	my $anchor = $self->{dns}->can('anchor_file')
	    ? $self->{dns}->anchor_file : 'none';
	my %all = (
		common => { hostname => 'mx.site.test', log => 'stderr',
		    spool_directory => $self->spool },
		dns => { forward => $self->{dns}->address,
		    root_key => $anchor, timeout => '10s' },
		milter => { listen => $self->socket,
		    metrics => 'unix:' . $self->metrics },
	);
	$sections{dns} = delete $sections{dns_options}
	    if $sections{dns_options};
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

# New configuration, taken over by the running milter.
sub reconfigure {
	my ($self, %sections) = @_;
	$self->configure(%sections);
	my $before = () = $self->{milter}->log =~ /configuration read again/g;
	$self->{milter}->signal('HUP');
	wait_for(10, sub {
		my $now = () = $self->{milter}->log =~
		    /configuration read again/g;
		return $now > $before;
	}, sub { "a reload in\n" . $self->{milter}->log });
	return $self;
}

sub open {
	my ($self, %option) = @_;
	my $to = Signet::Milter->new(socket => $self->socket, timeout => 60,
	    %option);
	$to->negotiate;
	return $to;
}

sub next_id { return sprintf '4Q%d%04d', $$, ++$count }

# Pairs of the one log line of a message. Dies unless there is exactly one,
# and unless it splits as logfmt.
sub log_of {
	my ($self, $id) = @_;
	my @lines = wait_for(10, sub {
		my @found = grep { /(?:^|\s)\Q$id\E: / }
		    whole_lines($self->{milter}->log);
		return @found ? \@found : undef;
	}, "a log line for $id")->@*;
	die "more than one line for $id: @lines\n" if @lines != 1;
	return split_log($lines[0], $id);
}

sub split_log {
	my ($line, $id) = @_;
	my ($rest) = $line =~ /(?:^|\s)\Q$id\E: (.*)\z/s;
	die "bytes that a log should not have: $line\n"
	    if $line =~ /[\x00-\x1f\x7f]/;
	die "too long: " . length($line) . "\n" if length $line > 2000;
	my %pair;
	while ($rest =~ /\G([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?: |\z)/gc) {
		my ($name, $value) = ($1, $2);
		die "$name twice: $line\n" if exists $pair{$name};
		$value =~ s/\A"|"\z//g && $value =~ s/\\(.)/$1/g
		    if $value =~ /^"/;
		$pair{$name} = $value;
	}
	die "no logfmt from '" . substr($rest, pos $rest // 0) . "': $line\n"
	    if (pos $rest // 0) != length $rest;
	return \%pair;
}

sub spool_lines {
	my ($self) = @_;
	return Signet::Events::spool_lines($self->spool);
}

sub event_of {
	my ($self, $id) = @_;
	return wait_for(10, sub {
		my ($line) = grep { /"queue_id": ?"\Q$id\E"/ }
		    $self->spool_lines;
		return $line && JSON::PP->new->utf8->decode($line);
	}, "a spool line for $id");
}

# Sends one message on a connection of its own (or `on`).
sub send {
	my ($self, %option) = @_;
	my $id = delete $option{id} // next_id();
	my $on = delete $option{on} // $self->open;
	my $log = delete $option{log} // 1;
	my $answer = $on->transaction(client => '192.0.2.1',
	    name => 'mail.good.example', helo => 'mail.good.example',
	    from => 'a@good.example', id => $id, %option);
	my %got = (answer => $answer, id => $id, on => $on,
	    results => results_of($answer));
	if ($log) {
		$got{log} = $self->log_of($id);
		$got{event} = $self->event_of($id);
	}
	return \%got;
}

sub results_of {
	my ($answer) = @_;
	my ($value) = map { $_->[3] } grep { $_->[0] eq 'insert'
	    && $_->[2] eq 'Authentication-Results' }
	    @{ $answer->{changes} // [] };
	return $value;
}

my $signed;

sub good_message {
	return $signed //= Signet::Sign->key('rsa', 2048)->sign(
	    "From: a\@good.example\nTo: user\@site.test\nSubject: good\n"
	    . "Date: Sun, 22 Nov 2026 06:00:00 +0000\n"
	    . "Message-ID: <good\@good.example>\n\nHello.\n",
	    d => 'good.example', s => 's1');
}

# Why a good message is not handled right now; empty if it is.
sub good {
	my ($self, %option) = @_;
	my $got = eval { $self->send(data => good_message(), log => 0,
		%option) } // return "no answer: $@";
	return "answered $got->{answer}{action}"
	    if $got->{answer}{action} ne 'continue';
	for my $method (qw(spf dkim dmarc iprev)) {
		return "no $method=pass in $got->{results}"
		    if $got->{results} !~ /\b$method=pass/;
	}
	return '';
}

# A line of /proc/PID/status, in bytes.
sub memory {
	my ($self, $name) = @_;
	my $status = slurp('/proc/' . $self->{milter}->pid . '/status');
	return $status =~ /^\Q$name\E:\s+(\d+) kB/m ? $1 * 1024 : die "no $name\n";
}

# Sanitizers keep a shadow of all memory, and freed memory for a while.
sub has_sanitizer {
	my ($self) = @_;
	return slurp($self->{milter}->path) =~ /__(?:asan|tsan)_init/
	    || $ENV{SIGNET_WRAP};
}

sub stop {
	my ($self) = @_;
	my @why;
	for my $part (grep { defined } $self->{milter},
	    $self->{option}{dns} && ref $self->{option}{dns} ? ()
	    : $self->{dns}) {
		eval { $part->stop; 1 } or push @why, $@;
	}
	die @why if @why;
	return;
}

1;
