package Signet::Standby;

# A standby of a Signet::Postgres, by streaming replication, synchronous: what
# the primary has told to be written is on the standby.
#
#   my $pg = Signet::Postgres->new(settings => Signet::Standby::settings());
#   my $standby = Signet::Standby->new($pg);
#   $standby->conninfo_of_both(user => 'x');   # for programs, in this order
#   Signet::Standby::kill_server($pg);   # -9, with all of its processes
#   $standby->promote;
#
# It is a Signet::Postgres itself.

use strict;
use warnings;
use parent 'Signet::Postgres';
use Signet::Util qw(temp_dir must_run slurp wait_for is_alive);

sub settings {
	return { wal_level => 'replica', max_wal_senders => 5,
	    hot_standby => 'on' };
}

sub new {
	my ($class, $primary) = @_;
	my $self = bless { %$primary, dir => temp_dir(), running => 0,
	    primary => $primary, owner => undef }, $class;
	$self->own;
	if ($> == 0) {
		my ($uid, $gid) = (getpwnam 'postgres')[2, 3];
		chown $uid, $gid, $self->{dir} or die "$self->{dir}: $!\n";
	}
	must_run(@{ $self->{as} }, "$self->{bin}/pg_basebackup", '-D',
	    "$self->{dir}/data", '-d', 'host=' . $primary->dir
	    . ' user=postgres application_name=standby', '-R', '-X', 'stream',
	    '-c', 'fast', '-N');
	open my $out, '>>', "$self->{dir}/data/postgresql.conf"
	    or die "postgresql.conf: $!\n";
	print {$out} "unix_socket_directories = '$self->{dir}'\n";
	close $out or die "postgresql.conf: $!\n";
	$self->start;
	# of the primary alone: a promoted standby waits for nobody
	$primary->psql('alter system set synchronous_standby_names = '
	    . "'standby'");
	$primary->psql('select pg_reload_conf()');
	wait_for(60, sub { $primary->value('select count(*) from '
		. "pg_stat_replication where sync_state = 'sync'") },
	    sub { 'a synchronous standby; ' . $self->log });
	return $self;
}

sub conninfo_of_both {
	my ($self, %with) = @_;
	return $self->{primary}->conninfo(host => $self->{primary}->dir . ','
		. $self->dir, target_session_attrs => 'read-write', %with);
}

sub kill_server {
	my ($pg) = @_;
	my ($pid) = slurp("$pg->{dir}/data/postmaster.pid") =~ /\A(\d+)\n/;
	my ($children) = slurp("/proc/$pid/task/$pid/children");
	kill 'KILL', $pid, split ' ', $children;
	wait_for(60, sub { !grep { is_alive($_) } $pid, split ' ', $children },
	    'the end of the primary');
	$pg->{running} = 0;
	return;
}

sub promote {
	my ($self) = @_;
	must_run($self->_pg_ctl('promote'));
	return $self;
}

1;
