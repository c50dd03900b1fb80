#!/usr/bin/perl
# kill -9 of the milter and of the loader, and PostgreSQL away, while mail
# flows: every message that Postfix accepted has its row, and none has two.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use POSIX ();
use Test::More;
use Signet::Events qw(put_aside);
use Signet::Site;
use Signet::Util qw(slurp append_file wait_for temp_dir);

use constant { CLIENTS => 4, MESSAGES => 40 };

Signet::Site->need;
my $site = Signet::Site->new(zones => {
	'shop.example' => "\@ TXT \"v=spf1 ip4:192.0.2.20 -all\"\n"
	    . "_dmarc TXT \"v=DMARC1; p=quarantine\"\n",
});
my $dir = temp_dir();

# Sends its messages, each until it is accepted; writes down the queue ids.
sub client {
	my ($number) = @_;
	my $sent = 0;
	while ($sent < MESSAGES) {
		my ($reply, $id) = eval { $site->send(client => '192.0.2.20',
		    from => 'a@shop.example', data => "From: a\@shop.example\n"
		    . "Subject: $number.$sent\n\nHello\n") };
		next unless ($reply // '') =~ /^250 /;
		append_file("$dir/accepted", "$id\n");
		$sent++;
	}
	return;
}

sub accepted {
	my $text = slurp("$dir/accepted") // '';
	return split /\n/, $text;
}

# Waits until mail has gone on by this much.
sub after {
	my ($count) = @_;
	my $now = accepted();
	my $goal = $now + $count;
	$goal = CLIENTS * MESSAGES if $goal > CLIENTS * MESSAGES;
	return wait_for(120, sub { accepted() >= $goal },
	    "$goal messages accepted");
}

my @clients;
for my $number (1 .. CLIENTS) {
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		eval { client($number); 1 } or POSIX::_exit(1);
		POSIX::_exit(0);
	}
	push @clients, $pid;
}

my $killed = 0;
for my $round (1 .. 4) {
	after(10);
	$site->{milter}->kill;
	$site->start_milter;
	after(10);
	$site->{load}->kill;
	$site->start_load;
	$killed++;
	if ($round == 2) {
		$site->{pg}->stop('immediate');
		after(10);
		$site->{pg}->start;
	}
}
is($killed, 4, 'each was killed four times');
waitpid $_, 0 for @clients;

my @ids = accepted();
is(scalar @ids, CLIENTS * MESSAGES, 'every message was accepted at last');
my %rows;
eval {
	wait_for(30, sub {
		%rows = map { split /\|/ } split /\n/, $site->{pg}->psql(
		    'select queue_id, count(*) from signet.message group by 1');
		return !grep { !$rows{$_} } @ids;
	}, 'a row for each');
};
is_deeply([grep { !$rows{$_} } @ids], [], 'no row is missing');
is_deeply([grep { ($rows{$_} // 0) > 1 } keys %rows], [], 'none is there twice');
is_deeply([put_aside($site->spool_dir, @ids)], [], 'no line was lost aside');
$site->{milter}->stop;
is_deeply([glob $site->spool_dir . '/open/*'], [], 'nothing stays open');

done_testing;
