package Signet::Layers;

# The rules of the source tree, as functions from a directory to a list of
# breaches, "file:line: what". docs/architecture.md tells what they are for.
#
#   my @breaches = Signet::Layers::check($top, 'includes');
#   for my $rule (Signet::Layers::rules()) { ... }

use strict;
use warnings;
use File::Find ();
use Signet::Util qw(run_command slurp find_program);

my @programs = qw(admin dmarc-reporter dovecot-plugin milter postfix-policy
    sql tlsrpt-collector);
my %may_include = (
	base => ['base'],
	mailauth => [qw(base mailauth)],
	mailtls => [qw(base mailtls)],
	judge => [qw(base judge)],
	io => [qw(base mailauth mailtls judge io)],
	# what two programs have in common stands between lib/io and them
	reporter => [qw(base mailauth mailtls judge io reporter)],
);
my @shared = qw(reporter);
my %pure = map { $_ => 1 } qw(mailauth mailtls judge);

# Sources of the Dovecot plugin keep Dovecot's conventions: its types and its
# way to write, names with a hyphen, its headers (which are on the include path
# for them alone) and their own, and nothing of ours. What holds for every file
# (size, words, banned functions) holds for them.
sub _is_plugin { return $_[0] =~ m{^dovecot-plugin/(?:signet-|compat\.h$)} }

# Headers of the C library and the kernel; every other <...> is foreign.
my %system = map { $_ => 1 } qw(alloca assert ctype dirent endian errno fcntl fnmatch
    getopt grp iconv ifaddrs inttypes iso646 libgen limits locale malloc math netdb poll
    pthread
    pwd semaphore setjmp signal stdarg stdatomic stdbool stddef stdint stdio
    stdlib string strings sysexits syslog time unistd wchar wctype);

# A library of several headers; others are named by the header's first part.
my %library = (
	'unistr' => 'libunistring', 'uninorm' => 'libunistring',
	'unictype' => 'libunistring', 'unicase' => 'libunistring',
	'unitypes' => 'libunistring', 'archive_entry' => 'archive',
	'libpq-fe' => 'libpq', 'libpq-events' => 'libpq',
	'postgres_ext' => 'libpq',
);

# A library of several parts, each of which has one file.
my %parts = (
	curl => [qw(
	    lib/io/https.c
	    lib/io/transfer.c
	)],
	openssl => [qw(
	    lib/base/certificate.c
	    lib/base/crypto.c
	    lib/base/private_key.c
	    lib/io/tls_client.c
	    lib/io/webpki.c
	)],
);

my @rules = (
	[includes => 'includes point down and carry the folder', \&_includes],
	[libraries => 'each foreign library is included by one file, or the files'
	    . ' that are named for it',
	    \&_libraries],
	[size => 'files stay under 500 lines', \&_size],
	[functions => 'functions stay under 60 lines', \&_functions],
	[memory => 'pure code allocates in arenas only', \&_memory],
	[world => 'pure code does not reach the world or the clock', \&_world],
	[globals => 'pure code has no variables of its own', \&_globals],
	[pairs => 'a module is a .c and a .h', \&_pairs],
	[units => 'each module has its unit test', \&_units],
	[fuzz => 'each parser has its fuzz target', \&_fuzz],
	[banned => 'banned functions are not called', \&_banned],
	[words => 'no words that promise instead of do', \&_words],
);

sub rules { return map { [@$_[0, 1]] } @rules }

sub check {
	my ($top, $name) = @_;
	my ($rule) = grep { $_->[0] eq $name } @rules;
	return $rule->[2]->($top);
}

# Our C files below the given folders (default: library and programs),
# relative to the top.
sub _files {
	my ($top, @folders) = @_;
	@folders = ('lib', @shared, @programs) unless @folders;
	my @found;
	my @there = grep { -d } map { "$top/$_" } @folders;
	return unless @there;
	File::Find::find({ no_chdir => 1, wanted => sub {
		push @found, $_ if /\.[ch]$/ && -f;
	} }, @there);
	return sort map { substr $_, 1 + length $top } @found;
}

# "mailauth" for lib/mailauth/spf.c, "milter" for milter/glue.c
sub _folder {
	my ($file) = @_;
	return $file =~ m{^lib/([^/]+)/} ? $1 : ($file =~ m{^([^/]+)/})[0];
}

# The text with comments and the insides of strings blanked; lines stay.
sub _code {
	my ($top, $file) = @_;
	my $text = slurp("$top/$file");
	my $blank = sub { (my $s = $_[0]) =~ s/[^\n]/ /g; return $s };
	$text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
	    {defined $1 ? $blank->($1) : '"' . $blank->(substr $2, 1, -1)
		. '"'}gse;
	return $text;
}

# "file:line: name" for each call of one of the functions.
sub _calls {
	my ($top, $files, @names) = @_;
	my $any = join '|', @names;
	my @found;
	for my $file (@$files) {
		my $n = 0;
		for my $line (split /\n/, _code($top, $file)) {
			$n++;
			while ($line =~ /(?<![\w.>])($any)\s*\(/g) {
				push @found, "$file:$n: $1()";
			}
		}
	}
	return @found;
}

sub _include_lines {
	my ($top, $file) = @_;
	my @found;
	my $n = 0;
	for my $line (split /\n/, slurp("$top/$file")) {
		$n++;
		push @found, [$n, $1, $2]
		    if $line =~ /^\s*#\s*include\s*([<"])([^>"]+)/;
	}
	return @found;
}

# What is wrong with an include of a plugin source: it takes the C library,
# Dovecot's headers and its own. Ours would bring other types, and our config.h
# another PACKAGE than Dovecot's.
sub _plugin_include {
	my ($top, $file, $n, $quote, $name) = @_;
	return $name =~ m{^(?:sys/)?\w+\.h$} ? ()
	    : "$file:$n: the plugin includes <$name>" if $quote eq '<';
	return "$file:$n: the plugin includes $name"
	    if $name =~ m{/} || $name eq 'config.h';
	# Dovecot's names have no folder either: its own are those that exist
	return () if $name !~ /^signet-/ || -e "$top/dovecot-plugin/$name";
	return "$file:$n: there is no $name";
}

sub _includes {
	my ($top) = @_;
	my @breaches;
	my %program = map { $_ => 1 } @programs;
	for my $file (_files($top)) {
		my $from = _folder($file);
		for my $include (_include_lines($top, $file)) {
			my ($n, $quote, $name) = @$include;
			if (_is_plugin($file)) {
				push @breaches, _plugin_include($top, $file,
				    @$include);
				next;
			}
			next if $quote eq '<' || $name eq 'config.h';
			my ($to) = $name =~ m{^([^/]+)/};
			if (!defined $to) {
				push @breaches,
				    "$file:$n: \"$name\" carries no folder";
			} elsif ($program{$from}) {
				# the administrator's command explains the others
				push @breaches, "$file:$n: $from includes $to"
				    if $program{$to} && $to ne $from
				    && $from ne 'admin';
			} elsif (!grep { $_ eq $to } @{ $may_include{$from} }) {
				push @breaches, "$file:$n: $from includes $to";
			}
		}
	}
	return @breaches;
}

sub _libraries {
	my ($top) = @_;
	my %users;
	for my $file (_files($top)) {
		for my $include (_include_lines($top, $file)) {
			my (undef, $quote, $name) = @$include;
			next if $quote eq '"' || _is_plugin($file);
			next if $name =~ m{^(?:sys|net|netinet|arpa|linux|bits)/};
			(my $part = $name) =~ s{(?:/.*|\.h)$}{};
			next if $system{$part};
			$users{ $library{$part} // $part }{$file} = 1;
		}
	}
	my @breaches;
	for my $library (sort keys %users) {
		my @files = sort keys %{ $users{$library} };
		my %named = map { $_ => 1 } @{ $parts{$library} // [] };
		my @others = %named ? grep { !$named{$_} } @files
		    : @files > 1 ? @files : ();
		push @breaches, "$library: included by @others" if @others;
		push @breaches, "$_: a header includes $library"
		    for grep { /\.h$/ } @files;
	}
	return @breaches;
}

sub _size {
	my ($top) = @_;
	my @breaches;
	for my $file (_files($top, 'lib', @shared, @programs, 't/unit', 't/bench')) {
		my $lines = () = slurp("$top/$file") =~ /\n/g;
		push @breaches, "$file: $lines lines" if $lines > 500;
	}
	return @breaches;
}

sub _functions {
	my ($top) = @_;
	my @files = grep { /\.[ch]$/ }
	    _files($top, 'lib', @shared, @programs, 't/unit', 't/bench', 't/fuzz');
	return unless @files;
	die "universal-ctags is not installed\n" unless find_program('ctags');
	my ($status, $out, $err) = run_command('ctags', '--languages=C',
	    '--langmap=C:.c.h', '--kinds-C=f', '--fields=+ne', '-f', '-',
	    map { "$top/$_" } @files);
	die "ctags: $err\n" if $status != 0;
	my ($seen, @breaches) = (0);
	for my $line (split /\n/, $out) {
		my ($name, $file) = split /\t/, $line;
		my ($from) = $line =~ /\tline:(\d+)/ or next;
		my ($to) = $line =~ /\tend:(\d+)/ or next;
		$seen++;
		my $lines = $to - $from + 1;
		$file = substr $file, 1 + length $top;
		push @breaches, "$file:$from: $name has $lines lines"
		    if $lines > 60;
	}
	push @breaches, 'ctags found no function' unless $seen;
	return @breaches;
}

my @allocators = qw(malloc calloc realloc reallocarray free strdup strndup
    asprintf vasprintf xmalloc xcalloc xrealloc xstrdup xfree aligned_alloc
    posix_memalign);

sub _pure_files {
	my ($top) = @_;
	return grep { $pure{ _folder($_) } } _files($top, 'lib');
}

sub _memory {
	my ($top) = @_;
	return _calls($top, [_pure_files($top)], @allocators);
}

my @world = qw(open openat creat fopen fdopen freopen opendir read pread readv
    write pwrite writev fread fwrite fgets fgetc getc getline fputs fputc puts
    putchar printf fprintf vprintf vfprintf dprintf perror rename unlink mkdir
    stat fstat lstat mmap
    socket connect bind listen accept send sendto sendmsg recv recvfrom recvmsg
    poll select epoll_wait getaddrinfo gethostbyname gethostname res_query
    time clock clock_gettime gettimeofday localtime localtime_r gmtime mktime
    sleep usleep nanosleep alarm signal sigaction
    rand random srand arc4random getrandom getentropy crypto_random
    fork execve exit _exit abort getenv setenv syslog openlog
    pthread_create pthread_mutex_lock setlocale);

# lib/base is held to it as well, but for these.
my %reaches_world = (
	'lib/base/xalloc.c' => 'ends the process when memory has run out',
	'lib/base/crypto.c' => 'ends it when the cryptographic library fails,'
	    . ' and asks the kernel for randomness on behalf of programs',
);

sub _world {
	my ($top) = @_;
	my @base = grep { /\.c$/ && !$reaches_world{$_} }
	    grep { _folder($_) eq 'base' } _files($top, 'lib');
	return _calls($top, [_pure_files($top), @base], @world);
}

# At file level (column 0): a definition that is neither const, nor a function,
# nor a type.
sub _globals {
	my ($top) = @_;
	my @breaches;
	for my $file (_pure_files($top)) {
		my ($n, $depth) = (0, 0);
		for my $line (split /\n/, _code($top, $file)) {
			$n++;
			my $inside = $depth;
			$depth += ($line =~ tr/{//) - ($line =~ tr/}//);
			if ($line =~ /^\s+static\s+(?!.*\bconst\b)[^()]*[=;]/) {
				push @breaches, "$file:$n: static variable";
				next;
			}
			next if $inside || $line !~ /^[a-z]/;
			next if $line =~ /\bconst\b|^(?:typedef|extern)\b
			    |^(?:struct|union|enum)\s+\w+;/x;
			next unless $line =~ /^(?:static\s+)?(?:(?:struct|enum
			    |union|unsigned)\s+)?\w+[\s*]+\w+(?:\[[^]]*\])?
			    \s*(?:=|;)/x;
			push @breaches, "$file:$n: variable at file level";
		}
	}
	return @breaches;
}

# Headers that are whole by themselves: macros, inline functions, interfaces.
my %header_only = map { $_ => 1 } qw(lib/base/ascii.h lib/base/banned.h
    lib/base/deadline.h lib/base/limits.h lib/judge/history.h
    dovecot-plugin/compat.h reporter/kind.h);

# A big module may be spread over NAME_part.c files beside its NAME.h, or
# NAME.c; then what holds for NAME holds for its parts.
sub _whole {
	my ($file, $there, $ending) = @_;
	my ($name) = $file =~ /^(.*)\.[ch]$/;
	for (;;) {
		return $name if $there->{$name . $ending};
		$name =~ s{_[^_/]+$}{} or return undef;
	}
	return;
}

sub _pairs {
	my ($top) = @_;
	my @files = _files($top);
	my %there = map { $_ => 1 } @files;
	my @breaches;
	for my $file (@files) {
		next if $header_only{$file};
		# a program's main has nobody to declare itself to
		next if $file =~ m{(?:^|/)\w*main\.c$};
		if ($file =~ /\.c$/) {
			push @breaches, "$file: no header"
			    unless defined _whole($file, \%there, '.h');
			next;
		}
		(my $name = $file) =~ s/\.h$//;
		push @breaches, "$file: no $name.c"
		    unless grep { /^\Q$name\E(?:_\w+)?\.c$/ } @files;
	}
	return @breaches;
}

# Tested by others' tests: the module is a line or two, or cannot be called
# alone.
my %tested_elsewhere = (
	'lib/base/why.c' => 'every test of a failure reads it',
	'lib/base/xalloc.c' => 'ends the process when memory has run out',
);

# All text of the C files of a folder.
sub _all_text {
	my ($top, $folder) = @_;
	return join "\n", map { _code($top, $_) . slurp("$top/$_") }
	    _files($top, $folder);
}

# A test of the module's name, or one that includes its header.
sub _units {
	my ($top) = @_;
	my $tests = _all_text($top, 't/unit');
	my %there = map { $_ => 1 } _files($top, 't/unit');
	my @breaches;
	for my $file (_files($top, 'lib')) {
		my ($header, $name) = $file =~ m{^lib/(.*?([^/]+))\.c$}
		    or next;
		next if defined _whole("t/unit/$name.c", \%there, '_test.c')
		    || $tests =~ /^#include "\Q$header\E\.h"/m
		    || $tested_elsewhere{$file};
		push @breaches, "$file: no t/unit/${name}_test.c";
	}
	return @breaches;
}

# All functions that the text calls.
sub _called {
	my ($text) = @_;
	return map { $_ => 1 } $text =~ /\b([a-z]\w+)\s*\(/g;
}

# Names of functions that the fuzz targets reach, file by file: whatever a
# file calls is reached when one of its functions is.
sub _reached {
	my ($top) = @_;
	my %reached = _called(_all_text($top, 't/fuzz'));
	my %left = map { $_ => _code($top, $_) }
	    grep { /\.c$/ } _files($top, 'lib');
	for (;;) {
		my @found = grep {
			grep { $reached{$_} } $left{$_} =~ /^([a-z]\w+)\(/mg;
		} keys %left;
		return \%reached unless @found;
		%reached = (%reached, _called(delete $left{$_})) for @found;
	}
	return;
}

# A parser of foreign bytes: a function NAME_parse of a header in lib, or
# NAME_read outside lib/io, that takes a struct text.
sub _fuzz {
	my ($top) = @_;
	my $reached = _reached($top);
	my @breaches;
	for my $file (grep { /\.h$/ } _files($top, 'lib')) {
		my $verbs = _folder($file) eq 'io' ? 'parse' : 'parse|read';
		my $code = _code($top, $file);
		while ($code =~ /\b(\w+_(?:$verbs))\s*\(
		    [^;)]*\bstruct\s+text\b[^;]*;/gx) {
			push @breaches, "$file: no fuzz target calls $1"
			    unless $reached->{$1};
		}
	}
	return @breaches;
}

my @banned = qw(strcpy strcat sprintf vsprintf gets strtok atoi alloca system
    popen);

sub _banned {
	my ($top) = @_;
	my @files = grep { $_ ne 'lib/base/banned.h' } _files($top, 'lib',
	    @shared, @programs, 't');
	return _calls($top, \@files, @banned);
}

sub _words {
	my ($top) = @_;
	my $words = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'X' . 'XX', 'HA' . 'CK';
	my @breaches;
	for my $file (_files($top, 'lib', @shared, @programs, 't')) {
		my $n = 0;
		for my $line (split /\n/, slurp("$top/$file")) {
			$n++;
			push @breaches, "$file:$n: $1"
			    if $line =~ /\b($words)\b/;
		}
	}
	return @breaches;
}

1;
