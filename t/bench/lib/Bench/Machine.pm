package Bench::Machine;

# What is measured on and with: the processor, its load, versions of packages.
#
#   my $load = Bench::Machine::load();             # of the last minute
#   my $source = Bench::Machine::revision($tree);  # of Signet
#   Bench::Machine::print_lines($load, $source);   # as they were at the start

use strict;
use warnings;
use Signet::Util qw(run_command slurp);

my @packages = qw(opendkim opendmarc pyspf-milter dkimpy-milter rspamd
    postfix-mta-sts-resolver bogofilter libmilter1.0.1 libunbound8 unbound nsd);

sub first_line {
	my (undef, $output) = run_command(@_);

	return $output =~ /^(.+)/ ? $1 : 'unknown';
}

sub load { return slurp('/proc/loadavg') =~ s/ .*//sr }

sub revision {
	my ($tree) = @_;

	return first_line('git', '-C', $tree, 'rev-parse', '--short', 'HEAD');
}

sub print_lines {
	my ($load, $source) = @_;
	my ($cpu) = slurp('/proc/cpuinfo') =~ /model name\s*: (.*)/;
	my $versions = join ', ', map {
		first_line('dpkg-query', '-W', '-f', '${Package} ${Version}', $_)
	} @packages;

	print "Machine: ", first_line('nproc'), " x ", $cpu // 'unknown',
	    ", Linux ", first_line('uname', '-r'),
	    "; load $load at the start, ", load(), " at the end\n";
	print "Versions: $versions, ", first_line('openssl', 'version'), "\n";
	print "Source: $source\n";
	return;
}

1;
