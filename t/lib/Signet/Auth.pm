package Signet::Auth;

# Answers Postfix in the place of Dovecot's authentication service: whoever
# knows the password "secret" is whom he says he is. For AUTH PLAIN with a
# login of its own.
#
#   my $auth = Signet::Auth->new;
#   Signet::Postfix->new(main => { $auth->main_cf, ... });
#   $mta->send(auth => 'ann', ...);

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Select;
use IO::Socket::UNIX;
use MIME::Base64 qw(decode_base64);
use POSIX ();
use Socket qw(SOCK_STREAM);
use Signet::Util qw(temp_dir end_process);

sub new {
	my ($class) = @_;
	my $self = bless { dir => temp_dir() }, $class;
	chmod 0755, $self->{dir};
	$self->own;
	$self->start;
	return $self;
}

sub path { return "$_[0]{dir}/auth" }

sub main_cf {
	my ($self) = @_;
	return (
		smtpd_sasl_auth_enable => 'yes',
		smtpd_sasl_type => 'dovecot',
		smtpd_sasl_path => $self->path,
		smtpd_sasl_security_options => 'noanonymous',
	);
}

sub start {
	my ($self) = @_;
	unlink $self->path;
	my $listen = IO::Socket::UNIX->new(Local => $self->path, Listen => 20,
		Type => SOCK_STREAM) or die $self->path . ": $!\n";
	chmod 0666, $self->path;
	$self->{pid} = fork // die "fork: $!\n";
	return $self if $self->{pid};
	$SIG{TERM} = sub { POSIX::_exit(0) };
	eval { _serve($listen); 1 } or print STDERR "# auth: $@";
	POSIX::_exit(1);
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	end_process($pid);
	return;
}

sub _serve {
	my ($listen) = @_;
	my $select = IO::Select->new($listen);
	my %input;
	for (;;) {
		for my $socket ($select->can_read) {
			if ($socket == $listen) {
				my $client = $listen->accept or next;
				$select->add($client);
				syswrite $client, "VERSION\t1\t1\n"
				    . "MECH\tPLAIN\tplaintext\nSPID\t1\n"
				    . "CUID\t1\nCOOKIE\t" . '0' x 32
				    . "\nDONE\n";
			} elsif (sysread $socket, $input{$socket}, 4096,
			    length($input{$socket} // '')) {
				while ($input{$socket} =~ s/^(.*)\n//) {
					my $answer = _answer($1) or next;
					syswrite $socket, $answer;
				}
			} else {
				$select->remove($socket);
				delete $input{$socket};
				close $socket;
			}
		}
	}
	return;
}

sub _answer {
	my ($line) = @_;
	my ($verb, $id, @more) = split /\t/, $line;
	return if $verb ne 'AUTH';
	my ($response) = map { /^resp=(.*)/ } @more;
	my (undef, $user, $password) = split /\0/,
	    decode_base64($response // '');
	return ($password // '') eq 'secret' ? "OK\t$id\tuser=$user\n"
	    : "FAIL\t$id\tuser=" . ($user // '') . "\n";
}

1;
