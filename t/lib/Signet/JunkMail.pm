package Signet::JunkMail;

# Messages to teach a junk filter with: advertising that nobody asked for, and
# the mail of an office. The same number makes the same message; no two are
# alike, but those of a kind share most of their words.
#
#   my $text = Signet::JunkMail::spam(7, to => 'ann@site.example');
#   my $text = Signet::JunkMail::ham(7, to => ..., header => "X-A: b\n");
#
# Line ends are LF. `mark` makes other messages of the same numbers.

use strict;
use warnings;
use Digest::SHA ();

my %kind = (
	spam => {
		from => ['Lucky Winner Office <prize@lottery%d.example>',
		    'Pharmacy Discount <deals@pills%d.example>',
		    'Casino Bonus <jackpot@casino%d.example>'],
		subject => ['Congratulations, you won a cash prize',
		    'Cheap pills without prescription',
		    'Your exclusive casino bonus waits'],
		lines => ['Claim your prize money before midnight, winner.',
		    'Cheap viagra and cialis, discreet shipping, huge discount.',
		    'Unlimited casino credit and free jackpot spins for you.',
		    'Click here to claim the exclusive bonus, risk free.',
		    'Millionaire lottery winners are chosen every day.',
		    'Order now, no prescription, satisfaction guaranteed.',
		    'This offer expires tonight, act immediately.'],
	},
	ham => {
		from => ['Carol Baker <carol@office%d.example>',
		    'Daniel Fisher <daniel@office%d.example>',
		    'Erika Mason <erika@office%d.example>'],
		subject => ['Minutes of the planning meeting',
		    'Review of the quarterly budget draft',
		    'Agenda for the workshop on Thursday'],
		lines => ['Please find the minutes of our meeting attached.',
		    'The budget draft needs one more review by accounting.',
		    'Could you bring the projector to the workshop room?',
		    'Our supplier confirmed the delivery of the new desks.',
		    'The agenda has three points and ends before lunch.',
		    'I moved the appointment with the architect to Thursday.',
		    'Let me know whether the spreadsheet opens for you.'],
	},
);

sub spam { return _message('spam', @_) }
sub ham { return _message('ham', @_) }

sub _message {
	my ($name, $number, %option) = @_;
	my $kind = $kind{$name};
	my $mark = $option{mark} // '';
	my $hash = Digest::SHA::sha256_hex("$name $number $mark");
	my @lines = @{ $kind->{lines} };
	my $skip = $number % @lines;
	my $from = $option{from} // sprintf $kind->{from}[$number % 3],
	    $number % 4;
	my $day = 1 + $number % 28;
	return "From: $from\nTo: "
	    . ($option{to} // 'user@site.example') . "\n"
	    . "Subject: $kind->{subject}[$number % 3]\n"
	    . "Date: $day Oct 2026 09:00:00 +0000\n"
	    . 'Message-ID: <' . substr($hash, 0, 20) . "\@mail.example>\n"
	    . ($option{header} // '') . "\n"
	    . join('', map { "$lines[$_]\n" } grep { $_ != $skip } 0 .. $#lines)
	    . 'Reference ' . substr($hash, 20, 8) . "\n";
}

1;
