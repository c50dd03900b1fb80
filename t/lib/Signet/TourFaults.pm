package Signet::TourFaults;

# What ./try does to its own PostgreSQL: it is killed, two messages come, and
# it is started again.
#
#   my $story = Signet::TourFaults::play($site);
#   mails    [name, reply, ID of the row that was there afterwards]
#   status   lines of `signet status` while the database was away
#   log      what signet-load said

use strict;
use warnings;
use Signet::Tour;
use Signet::Util qw(program_path run_command);

my @names = ('sender passes SPF', 'forged, p=reject, SPF fails too');

# Cases of the tour as new messages.
sub _cases {
	my %case = map { $_->{name} => $_ } Signet::Tour::cases();
	my $number = 0;
	for my $case (@case{@names}) {
		$number++;
		$case->{message_id} = "<outage-$number\@tour.example>";
		$case->{data} =~ s/^Message-ID: .*/Message-ID: $case->{message_id}/m;
	}
	return @case{@names};
}

sub play {
	my ($site) = @_;
	my (@mails, @status);
	$site->{pg}->stop('immediate');
	my @cases = _cases();
	for my $case (@cases) {
		my ($reply) = $site->send(client => $case->{client},
		    name => $case->{ptr}, helo => $case->{helo},
		    from => $case->{from}, data => $case->{data});
		push @mails, [$case->{name}, $reply];
	}
	my $away = $site->{load}->wait_log(qr/database away/, 60);
	my (undef, $out) = run_command(program_path('signet'), 'status', '-c',
	    $site->config_file);
	@status = grep { /^(?:spool|database) / } split /\n/, $out;
	$site->{pg}->start;
	my $back = $site->{load}->wait_log(qr/database is back/, 60);
	push @{ $mails[$_] }, $site->ledger($cases[$_]{message_id}, 60)->{id}
	    for 0 .. $#cases;
	return { mails => \@mails, status => \@status, log => [$away, $back] };
}

1;
