package Signet::Faults;

# The fault runner. docs/operations.md has a table of cells: what fails, in
# which way, what happens then, what becomes of mail meanwhile, and what the
# log says. A test does to a running site what the cell names; what the page
# says about mail and log is checked here, for each cell alike.
#
#   my $faults = Signet::Faults->new('dns',
#       flow => $flow,                        # of Signet::Flow, or none
#       logs => { 'signet-milter' => sub { $milter->log } },
#       later => sub { ... },                 # deferred, if not at the client
#       begin => sub { ... },                 # before a cell, while no mail flows
#       facts => sub { my (@attempts) = @_ }, # looks at them at the end
#   );
#   $faults->cell('absent', sub { ... });
#   $faults->cell('flapping', lines => 5, sub { ... });  # so many at most
#   $faults->line(0);                        # waits for a line of the row
#   $faults->lines(0, $faults->said(0) + 1); # ... for one more
#   $faults->done;                            # all five were run; done_testing
#
# Column "mail": "flows" (each message is accepted or refused at the first
# attempt, for what it is), "waits" (some are told "later", and all are taken
# in the end), "-" (no mail of others has to do with it).
# Column "log": `PROGRAM: words … words`, several with "; ": a line like each of
# them appears once (or as often as the fault comes back).

use strict;
use warnings;
use Test::More;
use Signet::Util qw(now slurp top_dir wait_for whole_lines);

our @modes = qw(absent lost slow wrong flapping);

# All rows of the page: cell => { cell, what, outcome, mail, log }.
sub cells {
	my $page = slurp(top_dir() . '/docs/operations.md')
	    // die "there is no docs/operations.md\n";
	my %cell;
	for my $row ($page =~ /^(\| `[a-z-]+` \|.*\|)$/mg) {
		my (undef, @column) = split /\s*\|\s*/, $row;
		my ($name) = $column[0] =~ /`(.*)`/;
		die "cell $name twice\n" if $cell{$name};
		@{ $cell{$name} }{qw(cell what outcome mail log)} =
		    ($name, map { $_ // '' } @column[1 .. 4]);
	}
	return \%cell;
}

sub new {
	my ($class, $part, %option) = @_;
	return bless { part => $part, cells => cells(), seen => {},
		logs => {}, %option }, $class;
}

# [program, pattern, words] of each line that the page promises.
sub lines_of {
	my ($cell) = @_;
	my @lines;
	while ($cell->{log} =~ /`([^:`]+): ([^`]+)`/g) {
		my ($program, $words) = ($1, $2);
		my $pattern = join '.*', map { quotemeta }
		    split /\s*…\s*/, $words, -1;
		push @lines, [$program, qr/$pattern/, $words];
	}
	return @lines;
}

sub _log {
	my ($self, $program) = @_;
	my $log = $self->{logs}{$program}
	    or die "no log of $program in this test\n";
	return $log->();
}

sub cell {
	my ($self, $mode, @rest) = @_;
	my $code = pop @rest;
	my %option = (lines => 1, @rest);
	my $name = "$self->{part}-$mode";
	my $cell = $self->{cells}{$name}
	    or return fail("docs/operations.md has no cell $name");
	$self->{seen}{$mode}++;
	return subtest "$name: $cell->{outcome}" => sub {
		my %before = map { $_ => length $self->_log($_) }
		    keys %{ $self->{logs} };
		my $begin = now();
		$self->_begin if $self->{flow};
		@$self{qw(cell before)} = ($cell, \%before);
		my $ok = eval { $code->($cell); 1 };
		fail("the cell goes through: $@") unless $ok;
		$self->_check_lines($option{lines});
		$self->_check_mail($cell) if $self->{flow};
		note sprintf '%s took %.1f s', $name, now() - $begin;
	};
}

sub _begin {
	my ($self) = @_;
	$self->{flow}->pause;
	$self->{begin}->() if $self->{begin};
	$self->{flow}->mark->resume;
	return;
}

# Waits for the line of the page with this number, from 0.
sub line { return $_[0]->lines($_[1], 1) }

# How often it was said in this cell.
sub said {
	my ($self, $number) = @_;
	my ($program, $pattern) = @{ (lines_of($self->{cell}))[$number] };
	return $self->_found($program, $pattern);
}

# Waits until it was said so often.
sub lines {
	my ($self, $number, $times) = @_;
	my ($program, $pattern, $words) =
	    @{ (lines_of($self->{cell}))[$number] };
	wait_for(60, sub {
		return $self->_found($program, $pattern) >= $times;
	}, sub {
		my @tail = split /\n/, substr $self->_log($program),
		    $self->{before}{$program};
		splice @tail, 0, @tail - 40 if @tail > 40;
		return "$program to say: $words; it said\n"
		    . join "\n", @tail;
	});
	return $self;
}

sub _found {
	my ($self, $program, $pattern) = @_;
	my @found = grep { $_ =~ $pattern } whole_lines(
	    substr $self->_log($program), $self->{before}{$program});
	return scalar @found;
}

sub _check_lines {
	my ($self, $most) = @_;
	my $number = 0;
	for my $line (lines_of($self->{cell})) {
		my ($program, $pattern, $words) = @$line;
		eval { $self->line($number); 1 } or diag $@;
		my $times = $self->_found($program, $pattern);
		ok($times >= 1 && $times <= $most, "$program says: $words")
		    or diag "$times times, at most $most wanted";
		$number++;
	}
	return;
}

sub _check_mail {
	my ($self, $cell) = @_;
	$self->{flow}->pause;
	my @attempts = $self->{flow}->attempts;
	my @later = $self->{later} ? $self->{later}->()
	    : grep { $_->{code} !~ /^[25]/ } @attempts;
	my $waits = $cell->{mail} eq 'waits';
	if ($waits) {
		cmp_ok(scalar @later, '>', 0, 'mail waits');
	} else {
		is(scalar @later, 0, 'no message has to wait')
		    or diag explain $later[0];
	}
	my @refused = grep { $_->{code} =~ /^5/
	    && $_->{kind} !~ /forged/ } @attempts;
	is(scalar @refused, 0, 'no good message is refused')
	    or diag $refused[0]{reply};
	$self->{facts}->(@attempts) if $self->{facts};
	$self->{flow}->resume;
	return;
}

sub done {
	my ($self) = @_;
	is_deeply([sort keys %{ $self->{seen} }], [sort @modes],
	    "every cell of $self->{part} was run");
	return;
}

1;
