package Signet::Socketmap;

# A client of a socketmap server, as smtp(8) is one.
#
#   my $map = Signet::Socketmap->new("unix:$socket");    # or inet:PORT@HOST
#   $map->ask('policy', 'example.com');     # "NOTFOUND ", "OK dane-only" ...
#   $map->send($bytes);                     # whatever it is
#   $map->reply;                            # payload of the next reply
#   $map->reply_within(0.1);                # undef when none came
#   $map->ended;                            # waits: the server has closed
#   Signet::Socketmap::frame('policy a.test');

use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Signet::Util qw(now);

sub new {
	my ($class, $address) = @_;
	my $socket = $address =~ /^inet:(\d+)\@(.+)$/
	    ? IO::Socket::INET->new(PeerAddr => $2, PeerPort => $1)
	    : IO::Socket::UNIX->new(Peer => $address =~ s/^unix://r);
	die "$address: $!\n" unless $socket;
	$socket->autoflush(1);
	return bless { socket => $socket, held => '' }, $class;
}

sub frame { return length($_[0]) . ":$_[0]," }

sub send {
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes) {
		my $sent = syswrite $self->{socket}, $bytes;
		return 0 unless $sent;
		substr $bytes, 0, $sent, '';
	}
	return 1;
}

# More bytes within so many seconds; 0 at the end, undef when none came.
sub _more {
	my ($self, $seconds) = @_;
	my $ready = '';
	vec($ready, fileno $self->{socket}, 1) = 1;
	select $ready, undef, undef, $seconds or return undef;
	return sysread($self->{socket}, $self->{held}, 65536,
	    length $self->{held}) || 0;
}

sub reply_within {
	my ($self, $seconds) = @_;
	my $end = now() + $seconds;
	for (;;) {
		if ($self->{held} =~ /^(\d+):/
		    && length $self->{held} > $1 + length($1) + 1) {
			my $payload = substr $self->{held}, length($1) + 1, $1;
			my $comma = substr $self->{held},
			    $1 + length($1) + 1, 1;
			die "no netstring: $self->{held}\n" if $comma ne ',';
			substr $self->{held}, 0, $1 + length($1) + 2, '';
			return $payload;
		}
		my $left = $end - now();
		my $got = $self->_more($left > 0 ? $left : 0);
		return undef unless $got;
	}
}

sub reply {
	my ($self) = @_;
	return $self->reply_within(60) // die "no reply\n";
}

sub ask {
	my ($self, $map, $key) = @_;
	$self->send(frame("$map $key")) or die "closed\n";
	return $self->reply;
}

# Bytes that came before the end, or undef when there is none in a minute.
sub ended {
	my ($self) = @_;
	my $end = now() + 60;
	while (now() < $end) {
		my $got = $self->_more(1);
		return $self->{held} if defined $got && $got == 0;
	}
	return undef;
}

1;
