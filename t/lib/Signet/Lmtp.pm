package Signet::Lmtp;

# An LMTP client (RFC 2033): Signet::Smtp whose DATA has a reply for each
# recipient that was accepted.
#
#   my $lmtp = Signet::Lmtp->new(port => $port);
#   $lmtp->lhlo('mx.site.example');
#   $lmtp->mail('sender@bank.example'); $lmtp->rcpt('ann');
#   my @replies = $lmtp->data($bytes);
#   my @replies = Signet::Lmtp->message(port => $port, from => ..., to =>
#       [...], data => $text, rcpt_args => ['ORCPT=rfc822;x@y']);
#
# `message` returns a reply for each recipient, in order; line ends become CRLF.

use strict;
use warnings;
use parent 'Signet::Smtp';

sub lhlo { return $_[0]->command("LHLO $_[1]") }

sub mail {
	my ($self, @arguments) = @_;
	$self->{accepted} = 0;
	return $self->SUPER::mail(@arguments);
}

sub rcpt {
	my ($self, @arguments) = @_;
	my $reply = $self->SUPER::rcpt(@arguments);
	$self->{accepted}++ if $reply =~ /^2/;
	return $reply;
}

# One reply when DATA itself is refused.
sub data {
	my ($self, $bytes) = @_;
	my $go = $self->command('DATA');
	return $go if $go !~ /^354/;
	$bytes =~ s/(\A|\r\n)\./$1../g;
	$bytes .= "\r\n" unless $bytes eq '' || $bytes =~ /\r\n\z/;
	$self->send_raw("$bytes.\r\n");
	my @replies = map { $self->reply } 1 .. $self->{accepted};
	return wantarray ? @replies : $replies[0];
}

sub message {
	my ($class, %option) = @_;
	my $lmtp = $class->new(port => $option{port});
	$lmtp->lhlo('mx.site.example');
	my $to = $option{to};
	my @to = ref $to ? @$to : $to;
	my $sender = $lmtp->mail($option{from} // '',
	    @{ $option{mail_args} // [] });
	return map { $sender } @to if $sender !~ /^2/;
	my @reply = map { $lmtp->rcpt($_, @{ $option{rcpt_args} // [] }) } @to;
	if ($lmtp->{accepted}) {
		my @said = $lmtp->data($option{raw} ? $option{data}
		    : Signet::Smtp::crlf($option{data}));
		$_ =~ /^2/ and $_ = shift @said // '' for @reply;
	}
	eval { $lmtp->quit };
	return wantarray ? @reply : $reply[0];
}

1;
