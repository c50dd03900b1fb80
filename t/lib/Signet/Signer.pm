package Signet::Signer;

# signet-sign with keys, tables and a spool of its own and a DNS server that a
# test holds, spoken to directly or through a Postfix.
#
#   my $s = Signet::Signer->new(
#       keys => { 'example.com' => { s1 => Signet::Sign->key('rsa') } },
#       dns => $table,                  # more lines; those of the keys come
#                                       # by themselves unless `unpublished`
#       sign => { sender_mismatch => 'reject' }, sections => { ... },
#       ttl => 1,                       # of the DNS
#       files => { 'rules' => "text" }, # in $s->dir
#       start => 0,
#   );
#   my $got = $s->send(data => $message, login => 'alice', client => ...,
#       daemon => ..., from => ...);
#   $got->{answer};       # of Signet::Milter
#   $got->{text};         # the message after the changes
#   $got->{log};          # pairs of the log line
#   $got->{event};        # the spool's line, undef if there is none
#   $s->verdicts($text);  # what our verifier says of each signature
#   my ($status, $out, $err) = $s->explain($text, @arguments);

use strict;
use warnings;
use parent 'Signet::Service';
use JSON::PP ();
use Signet::Dns;
use Signet::Events qw(spool_lines);
use Signet::Inbound;
use Signet::Milter;
use Signet::Program;
use Signet::Sign;
use Signet::Util qw(temp_dir spew slurp wait_for run_command program_path
    skip_or_fail);

sub need {
	for my $program (qw(signet-sign signet)) {
		program_path($program)
		    or skip_or_fail("$program has not been built");
	}
	return 1;
}

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => $option{dir} // temp_dir(), option => \%option,
		settings => {}, host => $option{host} // 'mx.site.test',
	}, $class;
	$self->own;
	chmod 0755, $self->{dir};
	mkdir "$self->{dir}/$_" for qw(keys spool);
	$self->add_keys(%{ $option{keys} // {} });
	$self->file($_, $option{files}{$_}) for keys %{ $option{files} // {} };
	$self->{dns} = ref $option{dns} ? $option{dns}
	    : Signet::Dns->new(table => $self->table, ttl => $option{ttl});
	$self->configure(%{ $option{sections} // {} },
	    sign => $option{sign} // {});
	$self->start unless defined $option{start} && !$option{start};
	return $self;
}

sub start {
	my ($self) = @_;
	return $self->{sign}->start if $self->{sign};
	my %program = %{ $self->{option}{program} // {} };
	$self->{sign} = Signet::Program->new('signet-sign',
	    dir => $self->{dir}, %program);
	return $self->{sign};
}

sub dir { return $_[0]{dir} }
sub sign { return $_[0]{sign} }
sub dns { return $_[0]{dns} }
sub socket { return "unix:$_[0]{dir}/sign.sock" }
sub metrics { return "$_[0]{dir}/metrics.sock" }
sub config_file { return "$_[0]{dir}/signet.conf" }
sub key_dir { return "$_[0]{dir}/keys" }

# A file in the directory; its path.
sub file {
	my ($self, $name, $text, $mode) = @_;
	return spew("$self->{dir}/$name", $text, $mode // 0644);
}

sub add_keys {
	my ($self, %keys) = @_;
	for my $domain (sort keys %keys) {
		my $dir = $self->key_dir . "/$domain";
		-d $dir || mkdir $dir, 0755 or die "$dir: $!\n";
		for my $selector (sort keys %{ $keys{$domain} }) {
			my $key = $keys{$domain}{$selector};
			spew("$dir/$selector.pem", slurp($key->file), 0600);
			$self->{zone}{"$selector._domainkey.$domain"} = $key;
		}
	}
	return $self;
}

# Publishes a key that lies elsewhere.
sub publish {
	my ($self, $name, $key) = @_;
	$self->{zone}{$name} = $key;
	$self->{dns}->table($self->table);
	return;
}

sub table {
	my ($self) = @_;
	my $text = $self->{option}{dns} // '';
	$text = '' if ref $text;
	return $text if $self->{option}{unpublished};
	return $text . join '', map { $self->{zone}{$_}->zone_line($_) }
	    sort keys %{ $self->{zone} // {} };
}

# Writes signet.conf; values replace what was given before, undef takes one
# away.
sub configure {
	my ($self, %sections) = @_;
	my $anchor = $self->{dns}->can('anchor_file')
	    ? $self->{dns}->anchor_file : 'none';
	my %all = (
		common => { hostname => $self->{host}, log => 'stderr',
		    spool_directory => "$self->{dir}/spool" },
		dns => { forward => $self->{dns}->address,
		    root_key => $anchor, timeout => '10s' },
		keys => { directory => $self->key_dir },
		sign => { listen => $self->socket, socket_mode => 666,
		    metrics => 'unix:' . $self->metrics,
		    sender_snapshot => "$self->{dir}/senders" },
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

# What a reload said, "read again" or the reason that it was not.
sub reload {
	my ($self) = @_;
	my $pattern = qr/configuration (?:read again|not taken over.*)/;
	my $before = () = $self->{sign}->log =~ /$pattern/g;
	$self->{sign}->signal('HUP');
	return wait_for(10, sub {
		my @said = $self->{sign}->log =~ /($pattern)/g;
		return @said > $before ? $said[-1] : undef;
	}, sub { "a reload in\n" . $self->{sign}->log });
}

sub reconfigure {
	my ($self, %sections) = @_;
	$self->configure(%sections);
	my $said = $self->reload;
	die "$said\n" if $said !~ /read again/;
	return $self;
}

# Runs the program for what it says at the start; status, output, errors.
sub check {
	my ($self) = @_;
	return run_command(program_path('signet-sign'), '-n', '-c',
	    $self->config_file);
}

sub log_of {
	my ($self, $id) = @_;
	my $line = $self->{sign}->wait_log(qr/(?:^|\s)\Q$id\E: /);
	return Signet::Inbound::split_log($line, $id);
}

sub events {
	my ($self) = @_;
	return map { JSON::PP->new->utf8->decode($_) }
	    spool_lines("$self->{dir}/spool");
}

sub event_of {
	my ($self, $id) = @_;
	my ($event) = grep { $_->{queue_id} eq $id } $self->events;
	return $event;
}

# Sends one message on a connection of its own.
sub send {
	my ($self, %option) = @_;
	my $id = Signet::Inbound::next_id();
	my $on = Signet::Milter->new(socket => $self->socket, timeout => 60);
	my %macros = (
		C => { '{daemon_name}' => $option{daemon} // 'mx.site.test' },
		M => { defined $option{login}
		    ? ('{auth_authen}' => $option{login}) : () },
	);
	my $answer = $on->transaction(client => $option{client},
	    name => $option{name},
	    from => $option{from} // 'a@example.com', id => $id,
	    to => $option{to} // 'b@other.test', data => $option{data},
	    macros => \%macros);
	my $log = $self->log_of($id);
	return {
		answer => $answer, id => $id, log => $log,
		text => Signet::Milter::apply($option{data}, $answer),
		event => $self->event_of($id),
		rights => $on->actions,
	};
}

# Our verifier's view: ["pass", domain, selector] of each signature.
sub verdicts {
	my ($self, $text, @more) = @_;
	my $file = spew("$self->{dir}/verdict.eml", $text);
	my $report = $self->explain_milter($file, @more);
	return map { [@$_{qw(result domain selector)}] }
	    @{ $report->{dkim} };
}

sub explain_milter {
	my ($self, $file, @more) = @_;
	my ($status, $out, $err) = run_command(program_path('signet'),
	    'explain', $file, '--client', '192.0.2.1', '--helo',
	    'client.test', '--from', 'a@example.com', '--dns',
	    $self->{dns}->address, '--config', '/dev/null', '--json', @more);
	die "signet explain: $err\n" if $status != 0;
	return JSON::PP->new->utf8->decode($out);
}

sub explain {
	my ($self, $text, @arguments) = @_;
	my $file = spew("$self->{dir}/explain.eml", $text);
	return run_command(program_path('signet'), 'explain-sign', $file,
	    '--config', $self->config_file, @arguments);
}

sub stop {
	my ($self) = @_;
	my @why;
	for my $part (grep { defined } $self->{sign},
	    ref $self->{option}{dns} ? () : $self->{dns}) {
		eval { $part->stop; 1 } or push @why, $@;
	}
	die @why if @why;
	return;
}

1;
