package Signet::Confined;

# Our programs at what they do all day, and what each has given up by itself
# (lib/io/confine.h): for tests of what stands around a program, of the kernel's
# and of ours.
#
#   Signet::Confined->need;
#   my $confined = Signet::Confined->new;     # a database, directories
#   $confined->all;             # each starts, works, ends well; subtests
#   $confined->milter;          # one; how many filters of calls it runs under
#   $confined->dir; $confined->config('signet-policy');
#
# With $SIGNET_WRAP the programs run under that command.

use strict;
use warnings;
use Test::More;
use Signet::Inbound;
use Signet::Mailbox qw(spam);
use Signet::Postgres;
use Signet::Program;
use Signet::Sign;
use Signet::Signer;
use Signet::Socketmap;
use Signet::Util qw(must_run program_path skip_or_fail slurp spew temp_dir
    top_dir);

my @programs = qw(signet-milter signet-sign signet-policy signet-load
    signet-tls-collect signet-mailbox);

sub need {
	Signet::Postgres->need;
	for my $program (@programs) {
		program_path($program)
		    or skip_or_fail("$program has not been built");
	}
	return 1;
}

sub new {
	my ($class) = @_;
	my $dir = temp_dir();
	mkdir "$dir/$_" for qw(spool state);
	my $self = bless { dir => $dir, pg => Signet::Postgres->new }, $class;
	must_run(program_path('signet-load'), '-c', spew("$dir/db.conf",
	    $self->config('signet-load')), '--migrate', '--sql-dir',
	    top_dir() . '/sql');
	$self->{pg}->login('mailbox', 'signet_mailbox');
	return $self;
}

sub dir { return $_[0]{dir} }

# signet.conf of a program.
sub config {
	my ($self, $program) = @_;
	my $dir = $self->{dir};
	my %section = (
		'signet-load' => '',
		'signet-policy' => "[policy]\nlisten = "
		    . "unix:$dir/policy.sock\n[mta_sts]\n"
		    . "directory = $dir/state\n",
		'signet-tls-collect' => "[tls_collect]\n"
		    . "listen = unix:$dir/tls.sock\n",
	);
	return "[common]\nspool_directory = $dir/spool\nlog = stderr\n"
	    . "[database]\nconninfo = " . $self->{pg}->conninfo
	    . "\n[dns]\nforward = 127.0.0.1\@9\nroot_key = none\n"
	    . $section{$program};
}

sub _program {
	my ($self, $name) = @_;
	return Signet::Program->new($name, config => $self->config($name));
}

sub _is_confined {
	my ($program, $name) = @_;
	my $status = slurp('/proc/' . $program->pid . '/status');
	my ($filters) = $status =~ /^Seccomp_filters:\s+(\d+)/m;
	like($status, qr/^Seccomp:\s+2$/m, "$name: a filter of system calls");
	like($status, qr/^NoNewPrivs:\s+1$/m, '... and no new privileges');
	return $filters;
}

sub all {
	my ($self) = @_;
	for my $name (qw(milter sign policy load tls_collect mailbox)) {
		subtest $name => sub { $self->$name };
	}
	return;
}

sub milter {
	my ($self) = @_;
	my $in = Signet::Inbound->new;
	is($in->good, '', 'signet-milter: a good message passes');
	my $filters = _is_confined($in->milter, 'signet-milter');
	$in->stop;
	is($in->milter->status, 0, '... a good end');
	return $filters;
}

sub sign {
	my ($self) = @_;
	my $sign = Signet::Signer->new(keys => { 'example.com' => {
		s1 => Signet::Sign->key('rsa', 2048) } });
	my $got = $sign->send(login => 'ann', data =>
	    "From: a\@example.com\nSubject: x\n\nHello\n");
	is($got->{log}{action}, 'signed', 'signet-sign: signs');
	_is_confined($sign->sign, 'signet-sign');
	like($sign->reload, qr/read again/, '... reads its configuration again');
	$sign->stop;
	is($sign->sign->status, 0, '... a good end');
	return;
}

# A question to a signet-policy of this configuration.
sub ask {
	my ($self) = @_;
	my $map = Signet::Socketmap->new("unix:$self->{dir}/policy.sock");
	return like($map->ask('policy', 'x.invalid'), qr/^(?:TEMP|NOTFOUND)/,
	    'signet-policy: answers');
}

sub policy {
	my ($self) = @_;
	my $program = $self->_program('signet-policy');
	$self->ask;
	_is_confined($program, 'signet-policy');
	is($program->stop, 0, '... a good end');
	return;
}

sub load {
	my ($self) = @_;
	my $program = $self->_program('signet-load');
	_is_confined($program, 'signet-load');
	is($program->stop, 0, '... a good end');
	return;
}

# It runs journalctl, so it has given up nothing.
sub tls_collect {
	my ($self) = @_;
	my $program = $self->_program('signet-tls-collect');
	is($program->stop, 0, 'signet-tls-collect: a good end');
	return;
}

sub mailbox {
	my ($self) = @_;
	my $mailbox = Signet::Mailbox->new(pg => $self->{pg});
	my $account = "a$$";
	$mailbox->move_junk($account, spam(1));
	$mailbox->rest;
	is($mailbox->ask(user => $account, message => spam(2))->{verdict},
	    'unsure', 'signet-mailbox: learns and answers');
	_is_confined($mailbox, 'signet-mailbox');
	is($mailbox->stop, 0, '... a good end');
	return;
}

1;
