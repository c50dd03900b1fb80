package Bench::Fill;

# Rows in bulk, made in SQL of rows that signet-load has loaded: every column
# as it came, but a new id, time, queue id and message id.
#
#   Bench::Fill::messages($pg, $day, $goal);   # the ledger and evaluations
#   Bench::Fill::reports($pg, $goal);          # records of others' reports
#
# The partition of the day is filled without its indexes, which are made
# afterwards: that is ten times as fast.

use strict;
use warnings;

sub partition {
	my ($table, $day) = @_;
	return $table . '_' . ($day =~ s/-//gr);
}

sub columns {
	my ($pg, $table) = @_;
	return split /\n/, $pg->psql('select attname from pg_attribute where '
	    . "attrelid = 'signet.$table'::regclass and attnum > 0 "
	    . 'and not attisdropped order by attnum');
}

# A UUIDv7 of the time in `at` and the number in `n`.
my $uuid = q{(lpad(to_hex((extract(epoch from v.at) * 1000)::bigint), 12, '0')
	|| '7' || substr(md5(v.n::text), 1, 3) || '8'
	|| substr(md5(v.n::text), 4, 15))::uuid};

my %changed = (
	message => { id => $uuid, at => 'v.at',
		queue_id => "'4' || upper(substr(md5(v.n::text), 1, 9))",
		message_id => "'<' || md5(v.n::text) || substr(t.message_id, "
		    . "strpos(t.message_id, '\@'))" },
	dmarc_evaluation => { message_id => $uuid, at => 'v.at' },
);

# Template k of `count`, copy by copy, spread over the day.
sub copy_table {
	my ($pg, $table, $day, $copies, $count) = @_;
	my $part = partition($table, $day);
	my $key = $table eq 'message' ? 'id' : 'message_id';
	my @columns = columns($pg, $table);
	my $values = join ', ', map { $changed{$table}{$_} // "t.$_" }
	    @columns;
	my $names = join ', ', @columns;
	my $total = $copies * $count;
	$pg->psql(<<"SQL");
set synchronous_commit = off;
begin;
create table signet.fill_new (like signet.$part including defaults
	including constraints);
do \$\$
begin
	for c in 0 .. $copies - 1 loop
		insert into signet.fill_new ($names)
		select $values
		from signet.fill_template f
		join signet.$part t on t.$key = f.id
		cross join lateral (select c::bigint * $count + f.k as n,
			'$day'::timestamp at time zone 'UTC' + (c::bigint
			* $count + f.k)::double precision / $total
			* interval '86390 s' as at) v
		order by f.k;
	end loop;
end
\$\$;
insert into signet.fill_new select * from signet.$part;
alter table signet.$table detach partition signet.$part;
drop table signet.$part;
alter table signet.fill_new rename to $part;
alter table signet.$part owner to signet_owner;
@{[index_statements($pg, $table, $part)]}
alter table signet.$table attach partition signet.$part for values
	from ('$day'::timestamp at time zone 'UTC')
	to (('$day'::date + 1)::timestamp at time zone 'UTC');
commit;
SQL
	$pg->psql("vacuum (analyze) signet.$part");
	return;
}

# The indexes of the parent, made on its partition.
sub index_statements {
	my ($pg, $table, $part) = @_;
	my @indexes = map { [split /\|/, $_, 3] } split /\n/, $pg->psql(<<"SQL");
select c.relname, i.indisprimary, pg_get_indexdef(c.oid)
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = 'signet.$table'::regclass order by 1
SQL
	my $text = '';
	for my $index (@indexes) {
		my ($name, $primary, $sql) = @$index;
		my $new = $name =~ s/^\Q$table\E/$part/r;
		my ($on) = $sql =~ /(USING .*)/s;
		$text .= 'create ' . ($primary eq 't' ? 'unique ' : '')
		    . "index $new on signet.$part $on;\n";
		$text .= "alter table signet.$part add primary key using "
		    . "index $new;\n" if $primary eq 't';
	}
	return $text;
}

# Copies until the ledger of the day has about `goal` rows.
sub messages {
	my ($pg, $day, $goal) = @_;
	my $part = partition('message', $day);
	$pg->psql(<<"SQL");
drop table if exists signet.fill_template;
create table signet.fill_template as
select id, row_number() over (order by id) - 1 as k
from (select id from signet.$part order by id desc limit 20000) m;
alter table signet.fill_template add primary key (id);
analyze signet.fill_template;
SQL
	my ($have, $count) = split /\|/, $pg->psql("select (select count(*) "
	    . "from signet.$part), (select count(*) from "
	    . 'signet.fill_template)');
	my $copies = int(($goal - $have) / $count);
	return $have if $copies < 1;
	# evaluations first: their templates are found by the messages there
	copy_table($pg, $_, $day, $copies, $count)
	    for qw(dmarc_evaluation message);
	count_rows($pg, $day);
	return $have + $copies * $count;
}

# What signet-load would have counted.
sub count_rows {
	my ($pg, $day) = @_;
	my ($ledger, $evaluations) = map { partition($_, $day) }
	    qw(message dmarc_evaluation);
	$pg->psql(<<"SQL");
delete from signet.loader_day where day = '$day'
and table_name in ('message', 'dmarc_evaluation');
insert into signet.loader_day (table_name, day, loader, what, result, rows)
select 'message', '$day', 'fill', v.what, v.result, sum(t.n) from (
	select action, dmarc_result, spf_result, dkim_result, arc_result,
		iprev_result, count(*) as n
	from signet.$ledger group by 1, 2, 3, 4, 5, 6) t
cross join lateral (values ('action', t.action), ('dmarc', t.dmarc_result),
	('spf', t.spf_result), ('dkim', t.dkim_result), ('arc', t.arc_result),
	('iprev', t.iprev_result)) v (what, result)
where v.result is not null group by 4, 5
union all
select 'dmarc_evaluation', '$day', 'fill', '', '', count(*)
from signet.$evaluations;
SQL
	return;
}

# Reports that others sent, with their records, over the last 399 days.
sub reports {
	my ($pg, $goal) = @_;
	my ($have, $reports) = split /\|/, $pg->psql('select (select count(*) '
	    . 'from signet.report_in_record), (select count(*) from '
	    . 'signet.report_in)');
	my $each = $have / $reports;
	my $copies = int(($goal - $have) / $have);
	return $have if $copies < 1;
	my %new = (id => 'v.id', report => 'v.id', at => 'v.at',
		arrival => 'v.id', begin_at => "v.at - interval '1 day'",
		end_at => 'v.at', report_id => 't.report_id || v.c');
	$pg->psql('set session_replication_role = replica;',
	    'create table signet.fill_report as select i.id as old, c, '
	    . "md5(i.id::text || c)::uuid as id, now() - interval '399 days' "
	    . "+ c * (interval '398 days' / $copies) as at "
	    . "from generate_series(0, $copies - 1) c, signet.report_in i "
	    . 'order by c;',
	    map {
		my ($table, $key) = @$_;
		my @columns = columns($pg, $table);
		my $values = join ', ', map { $new{$_} // "t.$_" } @columns;
		"insert into signet.$table (" . join(', ', @columns)
		    . ") select $values from signet.fill_report v join "
		    . "signet.$table t on t.$key = v.old order by v.c;"
	    } (['report_in', 'id'], ['report_in_arrival', 'report'],
		['report_in_record', 'report']));
	$pg->psql('drop table signet.fill_report');
	$pg->psql("vacuum (analyze) signet.$_")
	    for qw(report_in report_in_arrival report_in_record);
	return $have * ($copies + 1);
}

1;
