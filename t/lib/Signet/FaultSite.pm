package Signet::FaultSite;

# A mail site that a test of faults breaks: signed DNS behind a gate,
# PostgreSQL behind a gate, signet-milter, signet-load, Postfix with a gate
# that may stand before the milter, and mail that flows all the time: good messages of
# good.example, and forged ones that its DMARC policy has rejected.
#
#   my $world = Signet::FaultSite->new(
#       settings => { milter => {...} }, main => {...},
#       logs => { 'signet-x' => sub {...} },     # of further programs
#       without => ['flow', 'load'],
#       prepare => sub { my ($dir) = @_ },       # before anything is started
#       no_rows => 1,                # the test itself counts rows
#   );
#   `submission` is a port where Postfix takes mail of ours, kind "own".
#   $world->{site}, {zone}, {dns}, {db}, {door}, {flow}: the parts and gates
#   $world->faults('dns');            # a Signet::Faults of this site
#   $world->well(6);                  # so many have a verdict that is right
#
# All records have TTL 0: each message asks the DNS.

use strict;
use warnings;
use parent 'Signet::Service';
use Test::More;
use Signet::Faults;
use Signet::Flow;
use Signet::Gate;
use Signet::Sign;
use Signet::Site;
use Signet::Smtp;
use Signet::Util qw(temp_dir slurp wait_for);
use Signet::Zone;

use constant USER => 'user@site.example';

sub need { return Signet::Site->need }

sub new {
	my ($class, %option) = @_;
	my $dir = temp_dir();
	my $self = bless { dir => $dir, option => \%option,
		submission => $option{submission} }, $class;
	$self->own;
	$option{prepare}->($dir) if $option{prepare};
	my %without = map { $_ => 1 } @{ $option{without} // [] };
	my $key = $self->{key} = Signet::Sign->key('rsa', 2048);
	$self->{zone} = Signet::Zone->new(
		'site.example' => "\@ MX 10 mx\nmx A 127.0.0.1\n",
		'good.example' => "\@ 0 TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
		    . "mail 0 A 192.0.2.1\n_dmarc 0 TXT \"v=DMARC1; p=reject\"\n"
		    . $key->zone_line('s1._domainkey') =~ s/ TXT / 0 TXT /r,
		'peer.example' => "mail 0 A 192.0.2.66\n"
		    . "mail 0 TXT \"v=spf1 a -all\"\n",
		'2.0.192.in-addr.arpa' => "1 0 PTR mail.good.example.\n"
		    . "66 0 PTR mail.peer.example.\n",
		%{ $option{zones} // {} },
	);
	$self->{dns} = Signet::Gate->dns($self->{zone});
	my $site = $self->{site} = Signet::Site->new(
		dir => $dir, dns => $self->{dns}, without => ['load',
		    grep { $_ eq 'milter' } keys %without],
		milters => $option{milters},
		main => { smtp_dns_support_level => 'disabled',
		    %{ $option{main} // {} } },
		services => $option{services} // '',
		postgres => $option{postgres} // {},
	);
	mkdir "$dir/gate" or die "$dir/gate: $!\n";
	$self->{db} = Signet::Gate->new(listen => "unix:$dir/gate/"
	    . '.s.PGSQL.5432', to => "unix:$dir/pg/.s.PGSQL.5432",
	    replies => { nonsense => sub { "\xff" x length $_[0] } });
	$self->{door} = Signet::Gate->new(listen => "unix:$dir/run/door.sock",
	    to => $site->socket,
	    replies => { nonsense => sub { "\xff" x length $_[0] } });
	my %more = %{ $option{settings} // {} };
	$site->configure(dns => { timeout => '2s', %{ delete $more{dns}
		// {} } },
	    database => { conninfo => $site->{pg}->conninfo(host =>
		"$dir/gate") }, load => { retry => '1s' }, %more);
	if ($site->{milter}) {
		$site->{milter}->restart;
	}
	$site->start_load unless $without{load};
	$self->{body} = $key->sign("From: ann\@good.example\n"
	    . 'To: ' . USER . "\nSubject: good\n"
	    . "Date: Sun, 22 Nov 2026 06:00:00 +0000\n\nHello.\n",
	    d => 'good.example', s => 's1', h => ['From', 'To', 'Subject',
		'Date']);
	$self->start_flow unless $without{flow};
	return $self;
}

sub start_flow {
	my ($self, %option) = @_;
	$self->{flow} = Signet::Flow->new(kinds => [qw(good good forged)],
	    send => sub { $self->send(@_) }, %option);
	$self->well(2);
	return $self;
}

sub send {
	my ($self, $kind, $id) = @_;
	return Signet::Smtp->message(port => $self->{submission},
	    client => '192.0.2.25', from => 'user@site.example', to => USER,
	    data => "Message-ID: <$id>\nFrom: user\@site.example\n"
		. "Date: Sun, 22 Nov 2026 06:00:00 +0000\n\nHello.\n")
	    if $kind eq 'own';
	return $self->{site}->send(name => $kind eq 'good'
	    ? 'mail.good.example' : 'mail.peer.example', client => $kind eq 'good' ? '192.0.2.1' : '192.0.2.66',
	    from => 'ann@good.example', data => "Message-ID: <$id>\n"
	    . ($kind eq 'good' ? $self->{body}
		: "From: ann\@good.example\nSubject: forged\n\nx\n"));
}

# The result of DMARC in a message that was delivered; all copies are one.
sub verdict {
	my ($self, $attempt) = @_;
	my $text = $self->{site}->delivered($attempt->{queue});
	my ($head) = split /\n\n/, $text;
	return $head =~ /^DKIM-Signature:/m ? 'pass' : 'unsigned'
	    if $attempt->{kind} eq 'own';
	my ($result) = $head =~ /^Authentication-Results:.*?
	    \bdmarc=(\w+)/msx;
	return $result // 'unchecked';
}

# Waits until so many good messages that were sent from now on have passed.
sub well {
	my ($self, $count) = @_;
	my $flow = $self->{flow};
	my $from = () = $flow->attempts;
	my %passed;
	wait_for(120, sub {
		my @all = $flow->attempts;
		for my $attempt (grep { $_->{kind} ne 'forged'
		    && $_->{code} == 250 } @all[$from .. $#all]) {
			next if exists $passed{ $attempt->{id} };
			my $verdict = $self->verdict($attempt);
			$passed{ $attempt->{id} } = $verdict eq 'pass';
		}
		return grep({ $_ } values %passed) >= $count;
	}, sub {
		my @tail = split /\n/, $self->{site}{milter}->log;
		return "$count messages that pass, in\n"
		    . join "\n", grep { defined } @tail[-15 .. -1];
	});
	return $self;
}

# What became of these attempts: delivered, judged right or not at all, and a
# row each.
sub facts {
	my ($self, @attempts) = @_;
	my (%wrong, %row);
	my $unchecked = $self->{unchecked_is_right};
	for my $attempt (grep { $_->{code} == 250 } @attempts) {
		my $verdict = $self->verdict($attempt);
		next if $verdict eq 'temperror'
		    || $verdict eq 'pass' && $attempt->{kind} ne 'forged'
		    || $verdict eq 'unchecked' && $unchecked;
		$wrong{"$attempt->{kind}: $verdict"}++;
	}
	is_deeply(\%wrong, {}, 'each verdict is right, or temperror');
	$self->rows(grep { $_->{code} =~ /^[25]/ } @attempts)
	    unless $self->{option}{no_rows};
	return;
}

sub _rows {
	my ($self) = @_;
	return map { split /\|/ } split /\n/, $self->{site}{pg}->psql(
	    'select message_id, count(*) from (select message_id from '
	    . 'signet.message union all select message_id from '
	    . "signet.signed_message) a where message_id like '<%\@flow.example>' "
	    . 'group by 1');
}

sub rows {
	my ($self, @attempts) = @_;
	my (%row, @missing);
	my $all = eval {
		wait_for(60, sub {
			%row = $self->_rows;
			@missing = grep { !$row{$_} }
			    map { $_->{id} } @attempts;
			return !@missing;
		});
	};
	is(scalar @missing, 0, @attempts . ' messages, each has its row')
	    or diag "@missing[0 .. ($#missing > 3 ? 3 : $#missing)]\n"
	    . $self->{site}{load}->log;
	is_deeply([grep { $row{$_} > 1 } keys %row], [], 'none has two');
	return;
}

sub faults {
	my ($self, $part, %option) = @_;
	my $site = $self->{site};
	my %logs = (
		'signet-milter' => sub { $site->{milter}->log },
		'signet-load' => sub { $site->{load} ? $site->{load}->log
		    : '' },
		postfix => sub { $site->{mta}->log },
		%{ $self->{option}{logs} // {} },
	);
	return Signet::Faults->new($part, flow => $self->{flow},
	    logs => \%logs, facts => sub { $self->facts(@_) }, %option);
}

sub stop {
	my ($self) = @_;
	my @why;
	for my $part (grep { $self->{$_} } qw(flow site door db dns zone)) {
		eval { $self->{$part}->stop; 1 } or push @why, $@;
	}
	die @why if @why;
	return;
}

1;
