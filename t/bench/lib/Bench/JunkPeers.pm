package Bench::JunkPeers;

# Junk filters that learn messages and judge others, each time from nothing:
#
#	my @filters = Bench::JunkPeers::filters($build, $dir);
#	my @judged = $filter->judge(\@learned, \@wanted);
#
# Messages are [class, kind, path]; what was judged has the probability behind.
# signet comes first; the others if they are installed.

use strict;
use warnings;
use Signet::Util qw(find_program);

sub filters {
	my ($build, $dir) = @_;
	-x "$build/t/bench/junkscore"
	    or die "$build/t/bench/junkscore has not been built\n";
	my @filters = (Bench::JunkPeers::Signet->new($build, $dir));
	push @filters, Bench::JunkPeers::Bogofilter->new($build, $dir)
	    if find_program('bogofilter');
	push @filters, Bench::JunkPeers::Rspamd->new($build, $dir)
	    if find_program('rspamd') && find_program('rspamc');
	return @filters;
}

sub new {
	my ($class, $build, $dir) = @_;
	return bless { build => $build, dir => $dir, messages => 0,
		seconds => 0 }, $class;
}

sub own_threshold { return 0.95 }
sub is_slow { return 0 }

# Probabilities by path.
sub _with {
	my ($of, @wanted) = @_;
	return map { [@$_, $of->{ $_->[2] } // die "no word of $_->[2]\n"] }
	    @wanted;
}

package Bench::JunkPeers::Signet;
our @ISA = ('Bench::JunkPeers');
use Signet::Util qw(run_with_input);

sub name { return 'signet' }
sub cost_ms { return 1000 * $_[0]{seconds} / ($_[0]{messages} || 1) }

sub judge {
	my ($self, $learned, $wanted, $site) = @_;
	my $commands = join '', (map { "train user $_->[0] $_->[2]\n" }
	    @$learned), (map { "train site $_->[0] $_->[2]\n" }
	    @{ $site // [] }), (map { "score $_->[2]\n" } @$wanted), "cost\n";
	my ($status, $out, $error) = run_with_input($commands,
	    "$self->{build}/t/bench/junkscore");
	die "junkscore: $error\n" if $status != 0;
	my %of;
	for (split /\n/, $out) {
		if (/^cost (\d+) ([\d.]+)$/) {
			$self->{messages} += $1;
			$self->{seconds} += $2;
		} elsif (/^(\S+) ([\d.]+) ([01])/) {
			# too little learned: nothing is filed
			$of{$1} = $3 ? $2 : 0.5;
		}
	}
	return Bench::JunkPeers::_with(\%of, @$wanted);
}

package Bench::JunkPeers::Bogofilter;
our @ISA = ('Bench::JunkPeers');
use File::Path qw(remove_tree);
use Signet::Util qw(run_with_input);

sub name { return 'bogofilter' }
sub own_threshold { return 0.99 }

sub judge {
	my ($self, $learned, $wanted) = @_;
	my $words = "$self->{dir}/bogofilter";
	remove_tree($words);
	mkdir $words or die "$words: $!\n";
	for my $class (qw(ham spam)) {
		my $list = join '', map { "$_->[2]\n" }
		    grep { $_->[0] eq $class } @$learned;
		my ($status, $out, $error) = run_with_input($list, 'bogofilter',
		    '-C', '-d', $words, '-b', $class eq 'ham' ? '-n' : '-s');
		die "bogofilter: $error\n" if $status != 0;
	}
	my ($status, $out, $error) = run_with_input(join('', map { "$_->[2]\n" }
	    @$wanted), 'bogofilter', '-C', '-d', $words, '-T', '-b');
	my %of = $out =~ /^(\S+) [HSU] (\S+)$/mg;
	return Bench::JunkPeers::_with(\%of, @$wanted);
}

package Bench::JunkPeers::Rspamd;
our @ISA = ('Bench::JunkPeers');
use File::Path qw(remove_tree make_path);
use HTTP::Tiny;
use JSON::PP qw(decode_json);
use Signet::Util qw(free_port spawn end_process wait_for can_connect slurp
    spew);

sub name { return 'rspamd Bayes' }
sub is_slow { return 1 }

# Nothing but the classifier, in the worker that also learns; min_learns so
# that it judges from the first message on.
sub _start {
	my ($self) = @_;
	my $dir = "$self->{dir}/rspamd";
	remove_tree($dir);
	make_path($dir);
	chmod 0755, $dir;
	$self->{port} = free_port();
	spew("$dir/rspamd.conf", <<"END");
options {
	filters = "";
	dns { nameserver = "127.0.0.1:1"; timeout = 0.1s; retransmits = 1; }
	pidfile = "$dir/rspamd.pid";
	max_lua_urls = 0;
	control_socket = "$dir/control.sock mode=0600";
	local_addrs = [];
	neighbours = {};
	check_all_filters = true;
	task_timeout = 60s;
	tempdir = "$dir";
	hs_cache_dir = "$dir";
	url_tld = "/usr/share/rspamd/effective_tld_names.dat";
}
logging { type = "file"; filename = "$dir/rspamd.log"; level = "warning"; }
worker "controller" {
	bind_socket = "127.0.0.1:$self->{port}";
	count = 1;
	secure_ip = "127.0.0.1";
	password = "x";
}
classifier "bayes" {
	tokenizer { name = "osb"; }
	backend = "sqlite3";
	cache { type = "sqlite3"; path = "$dir/cache.sqlite"; }
	min_tokens = 1;
	min_learns = 1;
	statfile { symbol = "BAYES_HAM"; path = "$dir/ham.sqlite"; spam = false; }
	statfile { symbol = "BAYES_SPAM"; path = "$dir/spam.sqlite"; spam = true; }
}
metric {
	name = "default";
	actions { reject = 1000; }
	group "statistics" {
		symbol "BAYES_SPAM" { weight = 1; }
		symbol "BAYES_HAM" { weight = -1; }
	}
}
END
	$self->{pid} = spawn({ out => "$dir/output" }, 'rspamd', '-f', '-i', '-c',
	    "$dir/rspamd.conf");
	wait_for(60, sub { can_connect("inet:$self->{port}\@127.0.0.1") },
	    sub { (slurp("$dir/output") // '') . (slurp("$dir/rspamd.log")
	    // '') });
	return;
}

sub _post {
	my ($self, $what, $path) = @_;
	my $answer = $self->{http}->post("http://127.0.0.1:$self->{port}/$what",
	    { content => slurp($path), headers => { Password => 'x' } });
	return $answer;
}

# BAYES_SPAM and BAYES_HAM tell how sure they are, "99.20%"; neither: it does
# not know.
sub _probability {
	my ($answer) = @_;
	my $symbols = decode_json($answer->{content})->{symbols};
	for (['BAYES_SPAM', 1], ['BAYES_HAM', -1]) {
		my ($name, $sign) = @$_;
		my $symbol = $symbols->{$name} // next;
		my ($sure) = ($symbol->{options}[0] // '') =~ /^([\d.]+)%/;
		return 0.5 + $sign * ($sure // 50) / 200;
	}
	return 0.5;
}

sub judge {
	my ($self, $learned, $wanted) = @_;
	$self->{http} = HTTP::Tiny->new(keep_alive => 1, timeout => 60);
	$self->_start;
	for my $mail (@$learned) {
		my $answer = $self->_post('learn' . $mail->[0], $mail->[2]);
		die "rspamd: $answer->{status} $answer->{content}\n"
		    if $answer->{status} !~ /^20/;
	}
	my %of = map { $_->[2] => _probability($self->_post('checkv2',
	    $_->[2])) } @$wanted;
	end_process($self->{pid});
	return Bench::JunkPeers::_with(\%of, @$wanted);
}

1;
