package Signet::Guide;

# A page of docs/, as somebody types it. Blocks are indented by four; the
# first line of one may tell what it is:
#
#   # signet.conf              lines for /etc/signet/signet.conf
#   # dovecot.conf 2.3         ... for /etc/dovecot/local.conf of that series
#   # main.cf, main.cf 3.10    ... for /etc/postfix/main.cf, each in place of
#                              one that is there; the second from 3.10 on
#   # master.cf                services for /etc/postfix/master.cf
#   # master.cf, under A and B    options of services that are there
#   # /etc/some/file           lines for that file
#   # with systemd             commands, for hosts that it runs on
#   # without systemd          ... for others
#   # output                   what the commands before it print: these lines in
#                              this order; "…" is anything
#   # zone, log, sieve, ...       to be read, not typed
#
# and without such a line it is for root's shell. Commands and outputs end at an
# empty line, files at a line that is not indented.
#
#   my $guide = Signet::Guide->new('install-postfix.md', host => $host,
#       systemd => 1);
#   $guide->headings; $guide->untyped;
#   $guide->type('1. Users and directories');   # all blocks below a heading
#   Signet::Guide::blocks($text);               # [kind, text]...
#
# Each command, and each output, is a test. `host` is a Signet::GuideHost.

use strict;
use warnings;
use Test::More;
use Signet::Util qw(slurp top_dir);

sub new {
	my ($class, $page, %option) = @_;
	my $self = bless { page => $page, systemd => 1, typed => {}, %option },
	    $class;
	$self->{sections} = _sections(slurp(top_dir() . "/docs/$page"));
	return $self;
}

my $kinds = qr{signet[.]conf|main[.]cf|master[.]cf|/\S+|with(?:out)?[ ]systemd
    |output|zone|log|[a-z]+[.](?:conf|mc)\s\S.*|\S+-logins[.]cf|sieve|passwd-file}x;

# [heading, [line number, kind, text]...]
sub _sections {
	my ($text) = @_;
	my @section = [''];
	my ($number, $block, $blank) = (0, undef, 0);
	for my $line (split /\n/, $text) {
		$number++;
		if ($line =~ /^#+ (.*)/) {
			push @section, [$1];
			undef $block;
		} elsif ($line =~ /^    # ($kinds)(,? .*)?$/) {
			my ($kind, $more) = ($1, $2);
			$kind .= $more if $kind =~ /^(?:master|main)[.]cf$/
			    && defined $more;
			$block = [$number, $kind, ''];
			push @{ $section[-1] }, $block;
		} elsif ($line =~ /^    (.*)/) {
			my $its = $1;
			# commands and what they print end at an empty line
			undef $block if $blank
			    && $block->[1] =~ /^(?:shell|output|zone|log|with.*)$/;
			push @{ $section[-1] },
			    $block = [$number, 'shell', ''] if !$block;
			$block->[2] .= "\n" if $blank;
			$block->[2] .= "$its\n";
		} elsif ($line =~ /\S/) {
			undef $block;
		}
		$blank = $block && $line !~ /\S/;
	}
	return \@section;
}

# All blocks of a page: [kind, text].
sub blocks {
	my ($text) = @_;
	return map { my (undef, @block) = @$_; map { [@$_[1, 2]] } @block }
	    @{ _sections($text) };
}

sub headings { return map { $_->[0] } @{ $_[0]{sections} } }

# Headings with blocks that nobody typed.
sub untyped {
	my ($self) = @_;
	return map { $_->[0] } grep {
		my ($heading, @blocks) = @$_;
		!$self->{typed}{$heading}
		    && grep { $_->[1] ne 'log' } @blocks;
	} @{ $self->{sections} };
}

sub type {
	my ($self, @headings) = @_;
	for my $heading (@headings) {
		my ($section) = grep { $_->[0] eq $heading }
		    @{ $self->{sections} };
		$section or die "$self->{page} has no '$heading'\n";
		$self->{typed}{$heading} = 1;
		subtest "$self->{page}: $heading" => sub {
			my ($name, @blocks) = @$section;
			$self->_block(@$_) for @blocks;
			pass('to be read') if !@blocks;
		};
	}
	return;
}

sub _block {
	my ($self, $number, $kind, $text) = @_;
	my $at = "line $number";
	if ($kind =~ s/^(main[.]cf|dovecot[.]conf) (3|2)[.](\d+)$/$1/) {
		return if !$self->_is_release($1, $2, $3);
	}
	return $self->_file($kind, $text, $at)
	    if $kind =~ m{^(?:dovecot[.]conf$|signet[.]conf|main[.]cf|master[.]cf.*|/\S+)$};
	return $self->_output($text, $at) if $kind eq 'output';
	my %typed = (shell => 1, 'with systemd' => $self->{systemd},
	    'without systemd' => !$self->{systemd});
	$self->_shell($text, $at) if $typed{$kind};
	return;
}

# main.cf: that release or a later one. dovecot.conf: that series.
sub _is_release {
	my ($self, $what, $major, $minor) = @_;
	my $command = $what eq 'main.cf' ? 'postconf -dh mail_version'
	    : 'dovecot --version';
	my (undef, $out) = $self->{host}->shell($command);
	my ($its) = $out =~ /^$major[.](\d+)/ or return 0;
	return $what eq 'main.cf' ? $its >= $minor : $its == $minor;
}

sub _shell {
	my ($self, $text, $at) = @_;
	$text =~ s/\\\n\s*/ /g;
	my $all = '';
	for my $command (grep { /\S/ } _commands($text)) {
		my ($status, $out, $err) = $self->{host}->shell($command);
		is($status, 0, "$at: $command")
		    or diag "$out$err", $self->{host}->logs;
		note $out, $err;
		$all .= $out . $err;
	}
	$self->{said} = $all;
	return;
}

# One a line; a compound command goes on to its end.
sub _commands {
	my ($text) = @_;
	my @command = '';
	for my $line (split /\n/, $text) {
		$command[-1] .= "$line\n";
		my $open = () = $command[-1] =~ /(?:^|;)\s*(?:do|then)\b|; (?:do|then)$/mg;
		my $shut = () = $command[-1] =~ /^\s*(?:done|fi)\b/mg;
		push @command, '' if $open == $shut;
	}
	chomp @command;
	return @command;
}

sub _output {
	my ($self, $text, $at) = @_;
	my $pattern = join '[^\n]*\n(?:.*\n)*?', map {
		join '.*?', map { s/(?:\\ )+/\\s+/gr } map { quotemeta }
		    split /…/, $_, -1
	} map { s/^\s+|\s+$//gr } grep { /\S/ } split /\n/, $text;
	like($self->{said} // '', qr/$pattern/, "$at: it says so");
	return;
}

sub _file {
	my ($self, $kind, $text, $at) = @_;
	my $host = $self->{host};
	if ($kind eq 'signet.conf') {
		$host->append('/etc/signet/signet.conf', $text);
	} elsif ($kind eq 'main.cf') {
		my $file = '/etc/postfix/main.cf';
		for my $entry ($text =~ /^(\w\S* =.*\n(?:\s+\S.*\n)*)/mg) {
			my ($name) = $entry =~ /^(\S+)/;
			my $all = $host->read($file);
			$all =~ s/^\Q$name\E =.*\n(?:\s+\S.*\n)*//m;
			$host->write($file, $all . $entry);
		}
	} elsif ($kind =~ /^master[.]cf, under (.*)/) {
		$self->_options_of([split /, | and /, $1], $text);
	} elsif ($kind eq 'dovecot.conf') {
		$host->append('/etc/dovecot/local.conf', $text);
	} else {
		my $path = $kind =~ m{^/} ? $kind : "/etc/postfix/$kind";
		$host->append($path, $text);
	}
	pass("$at: lines for $kind");
	return;
}

sub _options_of {
	my ($self, $services, $text) = @_;
	my $file = '/etc/postfix/master.cf';
	$text =~ s/^/  /mg;
	for my $service (@$services) {
		my $all = $self->{host}->read($file);
		$all =~ s/^(\Q$service\E\s.*\n(?:\s+\S.*\n)*)/$1$text/m
		    or $all .= "$service inet n - y - - smtpd\n$text";
		$self->{host}->write($file, $all);
	}
	return;
}

1;
