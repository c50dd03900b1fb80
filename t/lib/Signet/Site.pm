package Signet::Site;

# A whole mail site on loopback: signed DNS, PostgreSQL with our schema,
# signet-milter, signet-load, and a Postfix that asks the milter.
#
#   my $site = Signet::Site->new(
#       zones => { 'example.com' => ... },     # as for Signet::Zone
#       milter => { dmarc_quarantine => 'hold' },
#       trust => { lists => 'list.example' },
#       main => { ... },                       # Postfix, main.cf
#       services => '...',                     # and master.cf
#       host => 'mx.peer.example', domain => 'peer.example', # another site
#       dns => $other->{dns},                  # with the DNS of the first
#       postgres => { ... },                   # postgresql.conf
#       without => ['load', 'postgres'],       # parts left out
#   );
#   my ($reply, $id) = $site->send(client => ..., from => ..., data => ...);
#   $site->delivered($id);                     # text, for user@site.example
#   my $row = $site->ledger($id);              # of v_message_detail; waits
#   $site->{dns}, {pg}, {milter}, {load}, {mta}: the parts
#   $site->configure(milter => {...});         # writes signet.conf again
#   my ($status, $out, $err) = $site->explain($file, @arguments);
#
# With `dir` everything is made below that directory, else in temporary ones.

use strict;
use warnings;
use parent 'Signet::Service';
use Signet::Postfix;
use Signet::Postgres;
use Signet::Program;
use Signet::Util qw(temp_dir need_programs program_path skip_or_fail
    must_run run_command spew top_dir wait_for);
use Signet::Zone;

# Skips the test file (or fails it with CI=true) when something is missing.
sub need {
	need_programs(qw(nsd ldns-signzone postfix openssl));
	Signet::Postgres->need;
	for my $program (qw(signet-milter signet-load signet)) {
		program_path($program)
		    or skip_or_fail("$program has not been built");
	}
	return 1;
}

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => $option{dir} // temp_dir(), option => \%option,
		host => $option{host} // 'mx.site.example', settings => {},
		domain => $option{domain} // 'site.example',
	}, $class;
	my %without = map { $_ => 1 } @{ $option{without} // [] };
	$self->own;
	$self->_make_directories;
	$self->{dns} = $option{dns} // Signet::Zone->new(
	    %{ $option{zones} // {} }, $self->{domain} => $self->_own_zone,
	    -dir => "$self->{dir}/dns");
	$self->{pg} = Signet::Postgres->new(dir => "$self->{dir}/pg",
	    settings => $option{postgres} // {})
	    unless $without{postgres};
	$self->configure(map { $_ => $option{$_} // {} } qw(milter trust));
	$self->_migrate if $self->{pg};
	$self->start_milter unless $without{milter};
	$self->start_load unless $without{load} || $without{postgres};
	return $self if $without{postfix};
	$self->{mta} = Signet::Postfix->new(
		dir => "$self->{dir}/postfix", host => $self->{host},
		domains => $option{domains} // [$self->{domain}],
		milters => $option{milters} // $self->socket,
		main => $option{main} // {},
		services => $option{services} // '',
	);
	return $self;
}

sub dir { return $_[0]{dir} }
sub socket { return "unix:$_[0]{dir}/run/milter.sock" }
sub metrics { return "unix:$_[0]{dir}/run/metrics.sock" }
sub config_file { return "$_[0]{dir}/signet.conf" }
sub spool_dir { return "$_[0]{dir}/spool" }

sub _make_directories {
	my ($self) = @_;
	for my $name ('', qw(/run /dns /pg /postfix /log
	    /spool)) {
		my $dir = $self->{dir} . $name;
		-d $dir || mkdir $dir, 0755 or die "$dir: $!\n";
	}
	return;
}

sub _own_zone {
	my ($self) = @_;
	return $self->{option}{own_zone} // "\@ MX 10 mx\nmx A 127.0.0.1\n"
	    . "\@ TXT \"v=spf1 a:mx.site.example -all\"\n";
}

# Writes signet.conf: what a test gives for a section is added to what it gave
# before; undef takes an option away.
sub configure {
	my ($self, %sections) = @_;
	my $conninfo = $self->{pg} ? $self->{pg}->conninfo
	    : "host=$self->{dir}/nowhere dbname=signet";
	my %all = (
		common => {
			hostname => $self->{host}, log => 'stderr',
			spool_directory => $self->spool_dir,
		},
		dns => {
			forward => $self->{dns}->address,
			root_key => $self->{dns}->anchor_file,
		},
		database => { conninfo => $conninfo },
		milter => {
			listen => $self->socket, metrics => $self->metrics,
			socket_mode => 666,
		},
		trust => { skip_networks => undef },
	);
	for my $section (keys %sections) {
		my $own = $self->{settings}{$section} //= {};
		%$own = (%$own, %{ $sections{$section} });
	}
	my $text = '';
	for my $section (sort keys %{ { %all, %{ $self->{settings} } } }) {
		my %value = (%{ $all{$section} // {} },
		    %{ $self->{settings}{$section} // {} });
		$text .= "[$section]\n" . join('', map { "$_ = $value{$_}\n" }
		    grep { defined $value{$_} } sort keys %value) . "\n";
	}
	spew($self->config_file, $text, 0644);
	return $self;
}

sub _migrate {
	my ($self) = @_;
	must_run(program_path('signet-load'), '-c', $self->config_file,
	    '--migrate', '--sql-dir', top_dir() . '/sql');
	return;
}

# Another of our programs, with the configuration of the site.
sub program {
	my ($self, $name, %option) = @_;
	return Signet::Program->new($name, dir => "$self->{dir}/run",
	    config_file => $self->config_file,
	    log_file => "$self->{dir}/log/$name.log", %option);
}

sub start_milter {
	my ($self) = @_;
	return $self->{milter}->start if $self->{milter};
	# its own word: root can connect before the socket has its mode, and
	# smtpd cannot
	$self->{milter} = $self->program('signet-milter');
	return $self->{milter};
}

sub start_load {
	my ($self) = @_;
	return $self->{load}->start if $self->{load};
	$self->{load} = $self->program('signet-load');
	return $self->{load};
}

sub send {
	my ($self, %option) = @_;
	return $self->{mta}->send(to => 'user@site.example', %option);
}

sub delivered {
	my ($self, $id, $recipient) = @_;
	return $self->{mta}->delivered($recipient // 'user@site.example', $id);
}

# The ledger row for a queue id, or for a message id in <>.
sub ledger {
	my ($self, $id, $seconds) = @_;
	my $column = $id =~ /^</ ? 'message_id' : 'queue_id';
	(my $quoted = $id) =~ s/'/''/g;
	return wait_for($seconds // 10, sub {
		my ($row) = $self->{pg}->rows("select * from "
		    . "signet.v_message_detail where $column = '$quoted'");
		return $row;
	}, "a ledger row for $id");
}

sub explain {
	my ($self, $file, @arguments) = @_;
	return run_command(program_path('signet'), 'explain',
	    defined $file ? $file : (), '--config', $self->config_file,
	    @arguments);
}

sub _parts {
	my ($self) = @_;
	return grep { defined } @$self{qw(mta milter load pg dns)};
}

sub stop {
	my ($self) = @_;
	my @why;
	for my $part ($self->_parts) {
		eval { $part->stop; 1 } or push @why, $@;
	}
	die @why if @why;
	return;
}

sub disown {
	my ($self) = @_;
	$_->disown for $self->_parts;
	return $self->SUPER::disown;
}

1;
