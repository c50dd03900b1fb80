package Signet::Delegate;

# A client of check_policy_service, as smtpd(8) is one.
#
#   my $policy = Signet::Delegate->new("unix:$socket");
#   $policy->ask(recipient => 'a@b.test', size => 100);   # "DUNNO", "452 ..."
#   $policy->rcpt('a@b.test', $size, $instance);          # the same, shorter
#   $policy->accept($instance, $size);                    # END-OF-MESSAGE
#   $policy->send(...); $policy->reply;                   # not at once

use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

sub new {
	my ($class, $address) = @_;
	my $socket = $address =~ /^inet:(\d+)\@(.+)$/
	    ? IO::Socket::INET->new(PeerAddr => $2, PeerPort => $1)
	    : IO::Socket::UNIX->new(Peer => $address =~ s/^unix://r);
	die "$address: $!\n" unless $socket;
	$socket->autoflush(1);
	return bless { socket => $socket }, $class;
}

sub send {
	my ($self, %attribute) = @_;
	%attribute = (request => 'smtpd_access_policy',
	    protocol_state => 'RCPT', sender => 'x@there.test', size => 0,
	    instance => '', %attribute);
	local $SIG{PIPE} = 'IGNORE';
	return print { $self->{socket} } map({ "$_=$attribute{$_}\n" }
	    sort keys %attribute), "\n";
}

# What stands behind "action="; undef when the connection has ended.
sub reply {
	my ($self) = @_;
	local $/ = "\n\n";
	my $reply = readline $self->{socket};
	return defined $reply && $reply =~ /\Aaction=(.*)\n\n\z/ ? $1 : undef;
}

sub ask {
	my ($self, @attribute) = @_;
	$self->send(@attribute);
	return $self->reply;
}

sub rcpt {
	my ($self, $recipient, $size, $instance) = @_;
	return $self->ask(recipient => $recipient, size => $size // 0,
	    instance => $instance // '');
}

sub accept {
	my ($self, $instance, $size) = @_;
	return $self->ask(protocol_state => 'END-OF-MESSAGE', recipient => '',
	    size => $size, instance => $instance);
}

1;
