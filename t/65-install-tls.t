#!/usr/bin/perl
# What docs/install-tls.md says is true: signet.conf loads, the lines of
# main.cf are those of docs/examples and this Postfix knows them, our commands
# take the arguments that are shown. That the lines do what they should is
# t/62-tls-delivery.t.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Postgres;
use Signet::Util qw(find_program must_run program_path run_command
    skip_or_fail slurp spew temp_dir top_dir);

my $top = top_dir();
my $page = slurp("$top/docs/install-tls.md");
my $dir = temp_dir();
for my $program (qw(signet-policy signet-tls-collect signet)) {
	program_path($program) or skip_or_fail("$program has not been built");
}

# Indented blocks whose first line is "# NAME", without that line.
sub blocks {
	my ($name) = @_;
	return map { s/^    //mgr } $page =~ /^    # \Q$name\E\n((?:    .*\n|\n(?=    ))+)/mg;
}

subtest 'signet.conf' => sub {
	my @conf = blocks('signet.conf');
	is(scalar @conf, 2, 'pieces');
	for my $conf (@conf) {
		my $file = spew("$dir/signet.conf", $conf);
		for my $program (qw(signet-policy signet-tls-collect)) {
			my ($status, undef, $err) = run_command(
			    program_path($program), '-n', '-c', $file);
			is("$status$err", '0', "$program loads it");
		}
	}
	my ($main) = blocks('main.cf 3.10');
	for my $path ("$conf[0]" =~ m{unix:/var/spool/postfix/(\S+)}g) {
		like($main, qr/[:= ]\Q$path\E(?::|$)/m,
		    "Postfix looks for $path");
		(my $folder = $path) =~ s{/.*}{};
		like(slurp("$top/docs/install-postfix.md"),
		    qr{ /var/spool/postfix/\Q$folder\E$}m, '... in a folder '
		    . 'that was made');
	}
};

subtest 'main.cf' => sub {
	my %file = ('main.cf' => 'main-tls.cf',
	    'main.cf 3.10' => 'main-tls-3.10.cf');
	for my $name (sort keys %file) {
		my ($lines) = blocks($name);
		my $example = slurp("$top/docs/examples/$file{$name}");
		is_deeply([grep { /^\w/ } split /\n/, $example],
		    [split /\n/, $lines], "$file{$name} has the lines");
		for my $word ($lines =~ /^(\w+) =/mg) {
			like($page, qr/^\| [^|]*`$word`/m, "$word is told of");
		}
	}
	find_program('postconf') or skip_or_fail('not installed: postfix');
	my $version = must_run('postconf', '-dh', 'mail_version');
	my ($minor) = $version =~ /^3\.(\d+)/;
	my $file = $minor >= 10 ? 'main-tls-3.10.cf' : 'main-tls.cf';
	mkdir "$dir/etc";
	spew("$dir/etc/main.cf", "compatibility_level = 3.6\n"
	    . slurp("$top/docs/examples/$file"));
	spew("$dir/etc/master.cf", '');
	my ($status, $out, $err) = run_command('postconf', '-c', "$dir/etc",
	    '-n');
	is("$status$err", '0', "Postfix $version knows all of $file");
	is(scalar(() = $out =~ /^smtp_/mg),
	    scalar(() = slurp("$top/docs/examples/$file") =~ /^smtp_/mg),
	    '... and has it');
};

subtest 'the table of answers' => sub {
	for my $word (qw(dane-only secure dane)) {
		like($page, qr/^\| `$word[ `]/m, $word);
	}
};

subtest 'the database, and an override' => sub {
	Signet::Postgres->need;
	my $pg = Signet::Postgres->new;
	my $config = spew("$dir/db.conf", "[common]\nspool_directory = $dir\n"
	    . '[database]' . "\nconninfo = " . $pg->conninfo . "\n");
	must_run(program_path('signet-load'), '-c', $config, '--migrate',
	    '--sql-dir', "$top/sql");
	$pg->psql('create role "signet-policy" login');
	my ($grant) = $page =~ /psql signet -c '(grant .*?)'"$/m;
	$grant =~ s/\\"/"/g;
	$pg->psql($grant);
	is($pg->value("select pg_has_role('signet-policy', 'signet_policy', "
	    . "'member')"), 't', 'the grant of signet-policy');
	my ($override) = $page =~ /^    signet (tls override .*)$/m;
	# a day that does not pass
	$override =~ s/\d{4}-\d\d-\d\d/30d/;
	my ($status, $out, $err) = run_command('sh', '-c', 'p=$1; c=$2; '
	    . "shift 2; \"\$p\" " . ($override
	    =~ s/override /override -c "\$c" /r), 'sh',
	    program_path('signet'), $config);
	is($status, 0, 'the override is taken') or diag $out, $err;
	is($pg->value('select count(*) from signet.v_tls_result'), 0,
	    'the view of the first day is there');
};

done_testing;
