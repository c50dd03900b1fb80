package Bench::Cluster;

# A private PostgreSQL that is measured: what it and a program beside it use.
#
#   my $cluster = Bench::Cluster->new(settings => {...});
#   $cluster->pg;                          # Signet::Postgres
#   my $got = $cluster->measure($log, @command);
#   # status, log, elapsed, program, database (CPU seconds), wal (bytes),
#   # peak => { program, database } (MiB)
#   $cluster->cpu;                         # CPU seconds so far
#   $cluster->sizes('message', $day);      # bytes of table and indexes
#
# Unlike the clusters of tests it writes to its disk as a real one does.

use strict;
use warnings;
use POSIX ();
use Signet::Postgres;
use Signet::Util qw(slurp spawn now wait_for);

my $ticks = POSIX::sysconf(POSIX::_SC_CLK_TCK());

sub new {
	my ($class, %option) = @_;
	my %setting = (
		fsync => 'on',
		full_page_writes => 'on',
		shared_buffers => "'512MB'",
		max_wal_size => "'4GB'",
		wal_level => 'minimal',
		max_wal_senders => 0,
		maintenance_work_mem => "'512MB'",
		timezone => "'UTC'",
		%{ $option{settings} // {} },
	);
	return bless { pg => Signet::Postgres->new(settings => \%setting) },
	    $class;
}

sub pg { return $_[0]{pg} }

sub postmaster {
	my ($self) = @_;
	my ($pid) = slurp($self->{pg}->dir . '/data/postmaster.pid')
	    =~ /^(\d+)/;
	return $pid;
}

sub backends {
	my ($self) = @_;
	my $pid = $self->postmaster;
	return split ' ', slurp("/proc/$pid/task/$pid/children") // '';
}

# User and system time of a process, and of the children it has waited for.
sub times_of {
	my ($pid) = @_;
	my $stat = slurp("/proc/$pid/stat") // return (0, 0);
	my @field = split / /, $stat =~ s/^.*\) //r;
	return (($field[11] + $field[12]) / $ticks,
	    ($field[13] + $field[14]) / $ticks);
}

# All processes, those that have ended too.
sub cpu {
	my ($self) = @_;
	my ($own, $ended) = times_of($self->postmaster);
	my $sum = $own + $ended;
	$sum += (times_of($_))[0] for $self->backends;
	return $sum;
}

# The highest resident memory so far, in MiB.
sub peak_of {
	my ($pid) = @_;
	my $status = slurp("/proc/$pid/status") // '';
	return $status =~ /^VmHWM:\s+(\d+) kB/m ? $1 / 1024 : 0;
}

sub wal {
	my ($self) = @_;
	return $self->{pg}->value("select pg_wal_lsn_diff("
	    . "pg_current_wal_insert_lsn(), '0/0')");
}

sub measure {
	my ($self, $log, @command) = @_;
	my %peak = (program => 0, database => 0);
	my %before = map { $_ => 1 } $self->backends;
	my $wal = $self->wal;
	my $database = $self->cpu;
	my @before = times;
	my $start = now();
	my $pid = spawn({ out => $log }, @command);
	my ($ended, $status);
	until ($ended) {
		my $peak = peak_of($pid);
		$peak{program} = $peak if $peak > $peak{program};
		for my $backend (grep { !$before{$_} } $self->backends) {
			$peak = peak_of($backend);
			$peak{database} = $peak if $peak > $peak{database};
		}
		select undef, undef, undef, 0.02;
		$ended = waitpid $pid, POSIX::WNOHANG();
		$status = $? >> 8;
	}
	my $elapsed = now() - $start;
	my @after = times;
	# what a backend used counts once the postmaster has seen its end
	wait_for(60, sub { !grep { !$before{$_} && times_of($_) }
	    $self->_clients }, 'the end of the backends');
	return { status => $status, log => slurp($log), elapsed => $elapsed,
		program => $after[2] + $after[3] - $before[2] - $before[3],
		database => $self->cpu - $database, peak => \%peak,
		wal => $self->wal - $wal };
}

# Processes that serve a client.
sub _clients {
	my ($self) = @_;
	return grep {
		(slurp("/proc/$_/cmdline") // '') =~ /\[local\]/
	} $self->backends;
}

# What the table (the partition of a day) and each of its indexes take:
# [name, bytes], the table first.
sub sizes {
	my ($self, $table) = @_;
	return map { [split /\|/] } split /\n/, $self->{pg}->psql(<<"SQL");
select 'table', pg_relation_size('signet.$table')
	+ pg_relation_size('signet.$table', 'fsm')
	+ pg_relation_size('signet.$table', 'vm')
union all
select 'toast', pg_total_relation_size(c.reltoastrelid)
from pg_class c where c.oid = 'signet.$table'::regclass
and c.reltoastrelid <> 0 and pg_relation_size(c.reltoastrelid) > 0
union all
(select regexp_replace(c.relname, '_[0-9]{8}', ''), pg_relation_size(c.oid)
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = 'signet.$table'::regclass order by 1)
SQL
}

sub stop { return $_[0]{pg}->stop }

1;
