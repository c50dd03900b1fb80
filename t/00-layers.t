#!/usr/bin/perl
# The rules of docs/architecture.md and CONTRIBUTING.md hold for the tree, and
# the rules can be broken: each finds its breach in a small bad tree.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use File::Path ();
use Test::More;
use Signet::Layers;
use Signet::Util qw(temp_dir top_dir spew need_programs);

need_programs('ctags');

# Rule, file of the bad tree, its content, what the breach says.
my @bad = (
	[includes => 'lib/base/up.c', qq(#include "mailauth/spf.h"\n),
	    'lib/base/up.c:1: base includes mailauth'],
	[includes => 'lib/mailauth/side.c', qq(#include "mailtls/tlsa.h"\n),
	    'lib/mailauth/side.c:1: mailauth includes mailtls'],
	[includes => 'lib/mailtls/io.c', qq(\n#include "io/log.h"\n),
	    'lib/mailtls/io.c:2: mailtls includes io'],
	[includes => 'milter/bare.c', qq(#include "glue.h"\n),
	    'milter/bare.c:1: "glue.h" carries no folder'],
	[includes => 'milter/other.c', qq(#include "sql/load.h"\n),
	    'milter/other.c:1: milter includes sql'],
	[includes => 'dovecot-plugin/signet-ours.c',
	    qq(#include "lib.h"\n#include "base/text.h"\n),
	    'dovecot-plugin/signet-ours.c:2: the plugin includes base/text.h'],
	[includes => 'dovecot-plugin/compat.h', qq(#include "config.h"\n),
	    'dovecot-plugin/compat.h:1: the plugin includes config.h'],
	[includes => 'dovecot-plugin/mailbox_x.c', qq(#include "lib.h"\n),
	    'dovecot-plugin/mailbox_x.c:1: "lib.h" carries no folder'],
	[libraries => 'lib/io/one.c', "#include <jansson.h>\n"],
	[libraries => 'lib/io/two.c', "#include <jansson.h>\n",
	    'jansson: included by lib/io/one.c lib/io/two.c'],
	[libraries => 'lib/io/four.c', "#include <openssl/rsa.h>\n",
	    'openssl: included by lib/io/four.c'],
	[libraries => 'lib/base/crypto.c', "#include <openssl/evp.h>\n"],
	[libraries => 'lib/base/private_key.c', "#include <openssl/evp.h>\n"],
	[libraries => 'lib/io/three.h', "#include <unbound.h>\n",
	    'lib/io/three.h: a header includes unbound'],
	[size => 'dovecot-plugin/signet-long.c', "\n" x 501,
	    'dovecot-plugin/signet-long.c: 501 lines'],
	[size => 'lib/base/long.c', "\n" x 501, 'lib/base/long.c: 501 lines'],
	[functions => 'lib/base/tall.c',
	    "int\ntall(void)\n{\n" . "\t;\n" x 60 . "\treturn 0;\n}\n",
	    'lib/base/tall.c:2: tall has 64 lines'],
	[memory => 'lib/mailauth/heap.c',
	    "/* free(a) */\nvoid f(char *p)\n{\n\tg(\"malloc(1)\");\n\tfree (p);\n}\n",
	    'lib/mailauth/heap.c:5: free()'],
	[world => 'lib/mailtls/clock.c', "long f(void)\n{\n\treturn time(0);\n}\n",
	    'lib/mailtls/clock.c:3: time()'],
	[world => 'lib/base/print.c', "void f(void)\n{\n\tfprintf(e, x);\n}\n",
	    'lib/base/print.c:3: fprintf()'],
	[globals => 'lib/mailauth/state.c',
	    "static const int a = 1;\nstatic int b;\nint f(void);\nstruct c;\n",
	    'lib/mailauth/state.c:2: variable at file level'],
	[globals => 'lib/mailauth/hidden.c',
	    "int f(void)\n{\n\tstatic int n = 0;\n\treturn n++;\n}\n",
	    'lib/mailauth/hidden.c:3: static variable'],
	[pairs => 'lib/base/alone.c', "int x(void);\n",
	    'lib/base/alone.c: no header'],
	[pairs => 'lib/io/lonely.h', "int x(void);\n",
	    'lib/io/lonely.h: no lib/io/lonely.c'],
	[units => 'lib/base/untested.c', "int x(void);\n",
	    'lib/base/untested.c: no t/unit/untested_test.c'],
	[fuzz => 'lib/mailauth/foreign.h',
	    "bool foreign_parse(struct arena *arena,\n\tstruct text input);\n",
	    'lib/mailauth/foreign.h: no fuzz target calls foreign_parse'],
	[fuzz => 'lib/mailauth/known.h',
	    "bool known_parse(struct text input);\n"],
	[fuzz => 'lib/mailauth/deep.h',
	    "bool deep_parse(struct text input);\n"],
	[fuzz => 'lib/mailauth/known.c',
	    "bool\nknown_parse(struct text input)\n{\n\tdeep_parse(input);\n}\n"],
	[fuzz => 't/fuzz/known_fuzz.c', "f(void)\n{\n\tknown_parse(x);\n}\n"],
	[banned => 'sql/copy.c', "int f(void)\n{\n\tstrcpy(a, b);\n}\n",
	    'sql/copy.c:3: strcpy()'],
	[words => 'admin/later.c', '/* ' . 'TO' . "DO: later */\n",
	    'admin/later.c:1: ' . 'TO' . 'DO'],
);

subtest 'each rule finds its breach' => sub {
	my $dir = temp_dir();
	for my $bad (@bad) {
		my ($rule, $file, $content, $says) = @$bad;
		(my $folder = "$dir/$rule/$file") =~ s{/[^/]+$}{};
		File::Path::make_path($folder);
		spew("$dir/$rule/$file", $content);
	}
	for my $rule (Signet::Layers::rules()) {
		my ($name) = @$rule;
		my @want = sort map { $_->[3] // () }
		    grep { $_->[0] eq $name } @bad;
		cmp_ok(scalar @want, '>', 0, "$name has a bad example");
		is_deeply([sort(Signet::Layers::check("$dir/$name", $name))],
		    \@want, "$name sees it, and nothing else");
	}
};

for my $rule (Signet::Layers::rules()) {
	my ($name, $text) = @$rule;
	my @breaches = Signet::Layers::check(top_dir(), $name);
	ok(!@breaches, $text) or diag(join "\n", @breaches);
}

done_testing;
