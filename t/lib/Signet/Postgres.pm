package Signet::Postgres;

# A private PostgreSQL cluster: the newest installed release, in a directory
# of its own, reached through a unix socket only, with one empty database.
#
#   my $pg = Signet::Postgres->new;          # initdb, start, createdb signet
#   my $pg = Signet::Postgres->new(settings => { max_connections => 20 });
#   $pg->conninfo;                           # for programs: superuser
#   $pg->conninfo(user => 'loader');
#   my $text = $pg->psql($sql);              # like psql -At; dies on an error
#   my $text = $pg->psql({ user => 'x', database => 'y' }, $sql);
#   my ($text, $error) = $pg->try_psql($sql);
#   my @rows = $pg->rows($sql);              # one hash for each row
#   my $n = $pg->value('select count(*) from t');
#   $pg->stop('immediate'); $pg->start;      # also 'fast' (default), 'smart'
#   $pg->login('loader', 'signet_load');     # a login role in a group role
#
# Everything is removed at the end. As root the server runs as postgres.
# $SIGNET_PG_BIN names another directory of programs.

use strict;
use warnings;
use parent 'Signet::Service';
use JSON::PP ();
use Signet::Util qw(temp_dir must_run run_command run_with_input spew slurp
    skip_or_fail find_program);

# The directory of initdb, or undef.
sub bin_dir {
	return $ENV{SIGNET_PG_BIN} if $ENV{SIGNET_PG_BIN};
	my ($newest) = sort { _version($b) <=> _version($a) }
	    grep { -x "$_/initdb" } glob '/usr/lib/postgresql/*/bin';
	return $newest;
}

sub _version { return $_[0] =~ m{/(\d+)/bin} ? $1 : 0 }

# Skips the test file (or fails it with CI=true) when there is no server.
sub need {
	skip_or_fail('not installed: postgresql') unless bin_dir();
	return 1;
}

sub new {
	my ($class, %option) = @_;
	my $self = bless {
		dir => $option{dir} // temp_dir(),
		bin => bin_dir() // die("no PostgreSQL server installed\n"),
		settings => $option{settings} // {},
		database => $option{database} // 'signet',
		as => $> == 0 ? ['runuser', '-u', 'postgres', '--'] : [],
	}, $class;
	$self->own;
	$self->_make;
	$self->start;
	must_run($self->_client('createdb'), '-E', 'UTF8', '-T', 'template0',
	    $self->{database});
	return $self;
}

sub dir { return $_[0]{dir} }
sub database { return $_[0]{database} }
sub log { return slurp("$_[0]{dir}/log") // '' }
sub major { return _version($_[0]{bin} . '/') || _version($_[0]{bin}) }

sub _make {
	my ($self) = @_;
	if ($> == 0) {
		my (undef, undef, $uid, $gid) = getpwnam 'postgres'
		    or die "no user postgres\n";
		chown $uid, $gid, $self->{dir} or die "$self->{dir}: $!\n";
	}
	must_run(@{ $self->{as} }, "$self->{bin}/initdb", '-D',
	    "$self->{dir}/data", '-U', 'postgres', '-A', 'trust', '-N',
	    '-E', 'UTF8', '--locale=C');
	my %setting = (
		listen_addresses => "''",
		unix_socket_directories => "'$self->{dir}'",
		unix_socket_permissions => '0777',
		fsync => 'off',
		full_page_writes => 'off',
		timezone => "'Pacific/Auckland'",
		%{ $self->{settings} },
	);
	open my $out, '>>', "$self->{dir}/data/postgresql.conf"
	    or die "postgresql.conf: $!\n";
	print {$out} map { "$_ = $setting{$_}\n" } sort keys %setting;
	close $out or die "postgresql.conf: $!\n";
	return;
}

sub _pg_ctl {
	my ($self, @arguments) = @_;
	return (@{ $self->{as} }, "$self->{bin}/pg_ctl", '-D',
	    "$self->{dir}/data", '-l', "$self->{dir}/log", '-s', '-w', '-t',
	    '60', @arguments);
}

sub start {
	my ($self) = @_;
	return $self if $self->{running};
	my ($status, undef, $error) = run_command($self->_pg_ctl('start'));
	die "PostgreSQL did not start: $error", $self->log if $status != 0;
	$self->{running} = 1;
	return $self;
}

sub stop {
	my ($self, $mode) = @_;
	return unless $self->{running};
	must_run($self->_pg_ctl('stop', '-m', $mode // 'fast'));
	$self->{running} = 0;
	return;
}

sub conninfo {
	my ($self, %with) = @_;
	%with = (host => $self->{dir}, dbname => $self->{database},
	    user => 'postgres', %with);
	return join ' ', map { "$_=$with{$_}" } sort keys %with;
}

sub _client {
	my ($self, $program, %option) = @_;
	return ("$self->{bin}/$program", '-h', $self->{dir}, '-U',
	    $option{user} // 'postgres');
}

# Output and error text of psql; the error is empty when all went well.
sub try_psql {
	my ($self, @arguments) = @_;
	my $option = ref $arguments[0] ? shift @arguments : {};
	my ($status, $out, $error) = run_with_input(join("\n", @arguments),
	    $self->_client('psql', %$option), '-d',
	    $option->{database} // $self->{database}, '-AtqX', '-v',
	    'ON_ERROR_STOP=1', '-f', '-');
	chomp $out;
	return ($out, $status == 0 ? '' : $error || "status $status");
}

sub psql {
	my ($self, @arguments) = @_;
	my ($out, $error) = $self->try_psql(@arguments);
	die "psql: $error" if $error ne '';
	return $out;
}

sub value { return shift->psql(@_) }

sub rows {
	my ($self, @arguments) = @_;
	my $option = ref $arguments[0] ? shift @arguments : {};
	my $sql = join "\n", @arguments;
	$sql =~ s/[;\s]+\z//;
	my $json = $self->psql($option, "select coalesce(json_agg(q), '[]')::text "
	    . "from ($sql\n) q");
	return @{ JSON::PP->new->allow_nonref->utf8->decode($json) };
}

sub login {
	my ($self, $name, @groups) = @_;
	my $in = @groups ? ' in role ' . join ', ', @groups : '';
	$self->psql("create role \"$name\" login$in");
	return $self;
}

1;
