package Signet::Zone;

# A private, signed DNS: zones signed on the spot and served by nsd on a free
# port of 127.0.0.1. The root zone is made here and delegates every zone, with
# a DS record, so a validating resolver needs one trust anchor.
#
#   my $dns = Signet::Zone->new(
#       'site.test'    => "mx A 192.0.2.1\n\@ MX 10 mx\n",
#       'plain.test'   => { text => "\@ A 192.0.2.2\n", unsigned => 1 },
#       'bogus.test'   => { text => "\@ A 192.0.2.3\n", bogus => 1 },
#       'expired.test' => { text => "\@ A 192.0.2.4\n", expired => 1 },
#       'broken.test'  => { servfail => 1 },
#   );
#   $dns->port; $dns->address;        # "127.0.0.1\@PORT" as libunbound writes it
#   $dns->anchor_file;                # DS of the root
#   $dns->change('site.test' => ...); # new data, signed and served on return
#   $dns->stop; $dns->start;          # gone and back, on the same port
#
# `-address` and `-port` are where it listens, if not on a free port.
#
# The text is a zone file; SOA and NS of the apex are added to it, names
# without a final dot are relative to the zone. `bogus` puts a wrong DS into
# the parent, `unsigned` no DS, `expired` makes signatures of years ago, and
# the data of a `servfail` zone is missing at the server.
# A zone below another given zone is delegated from there.

use strict;
use warnings;
use parent 'Signet::Service';
use IO::Socket::INET;
use Signet::Util qw(temp_dir free_port wait_for must_run spew slurp spawn
    end_process group_is_alive);

sub new {
	my ($class, %zones) = @_;
	my $dir = delete $zones{-dir} // temp_dir();
	my $self = bless {
		dir => $dir, zones => {}, serial => 1, keys => {},
		port => delete $zones{-port},
		host => delete $zones{-address} // '127.0.0.1',
	}, $class;
	$zones{'.'} //= '';
	$self->_take(%zones);
	$self->_sign($_) for $self->_by_depth;
	$self->_write_anchor;
	$self->own;
	my $fixed = defined $self->{port};
	for my $try (1 .. 5) {
		$self->{port} //= free_port();
		return $self if eval { $self->start; 1 };
		die $@ if $fixed || $try == 5;
		undef $self->{port};
	}
	return;
}

sub port { return $_[0]{port} }
sub address { return "$_[0]{host}\@$_[0]{port}" }
sub anchor_file { return "$_[0]{dir}/root.ds" }
sub dir { return $_[0]{dir} }
sub pid { return $_[0]{pid} }

sub start {
	my ($self) = @_;
	return if $self->{pid};
	$self->_write_conf;
	$self->{pid} = spawn({ out => "$self->{dir}/nsd.out" },
	    'nsd', '-d', '-c', "$self->{dir}/nsd.conf");
	my $ok = eval {
		wait_for(10, sub {
			waitpid($self->{pid}, 1) == 0
			    or die "nsd ended at once\n";
			return $self->_ask_serial('.');
		}, 'an answer of nsd');
	};
	if (!$ok) {
		my $why = $@;
		$self->stop;
		die $why, slurp("$self->{dir}/nsd.out") // '',
		    slurp("$self->{dir}/nsd.log") // '';
	}
	return $self;
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	end_process($pid);
	# its children have the port, too
	wait_for(10, sub { !group_is_alive($pid) }, 'the end of nsd');
	return;
}

# Replaces or adds zones.
sub change {
	my ($self, %zones) = @_;
	$self->{serial}++;
	$self->_take(%zones);
	my %again = map { $_ => 1 } keys %zones, map { $self->_parent($_) }
	    grep { $_ ne '.' } keys %zones;
	$self->_sign($_) for grep { $again{$_} } $self->_by_depth;
	return unless $self->{pid};
	$self->stop;
	$self->start;
	return $self;
}

# Takes zones away altogether: their names no longer exist.
sub remove {
	my ($self, @zones) = @_;
	delete $self->{zones}{ _name($_) } for @zones;
	return $self->change('.' => $self->{zones}{'.'});
}

sub _name {
	my ($zone) = @_;
	return '.' if $zone eq '.';
	$zone =~ s/\.$//;
	return lc $zone;
}

sub _take {
	my ($self, %zones) = @_;
	while (my ($name, $zone) = each %zones) {
		$zone = { text => $zone } unless ref $zone;
		$self->{zones}{ _name($name) } = { text => '', %$zone };
	}
	return;
}

sub _depth {
	my ($zone) = @_;
	return $zone eq '.' ? 0 : 1 + ($zone =~ tr/././);
}

# Children first: a parent holds the DS of its children.
sub _by_depth {
	my ($self) = @_;
	return sort { _depth($b) <=> _depth($a) || $a cmp $b }
	    keys %{ $self->{zones} };
}

sub _parent {
	my ($self, $zone) = @_;
	while ($zone =~ s/^[^.]+\.//) {
		return $zone if $self->{zones}{$zone};
	}
	return '.';
}

sub _file {
	my ($self, $zone) = @_;
	my $name = $zone eq '.' ? 'root' : $zone;
	$name =~ s{/}{_}g;
	return "$self->{dir}/$name.zone";
}

sub _served_file {
	my ($self, $zone) = @_;
	return $self->_file($zone)
	    . ($self->{zones}{$zone}{unsigned} ? '' : '.signed');
}

# Two keys per zone, made once: [KSK, ZSK, DS line].
sub _keys {
	my ($self, $zone) = @_;
	return $self->{keys}{$zone} //= do {
		my $name = $zone eq '.' ? '.' : "$zone.";
		my @key = map {
			my $base = must_run('sh', '-c', 'cd "$1" && shift &&
			    exec ldns-keygen "$@"', 'sh', $self->{dir}, @$_,
			    '-a', 'ECDSAP256SHA256', $name);
			chomp $base;
			"$self->{dir}/$base";
		} ['-k'], [];
		my $ds = must_run('ldns-key2ds', '-n', '-2', "$key[0].key");
		[@key, $ds];
	};
}

sub _delegation {
	my ($self, $child) = @_;
	my $zone = $self->{zones}{$child};
	my $text = "$child. 60 IN NS ns.signet-dns.invalid.\n";
	return $text if $zone->{unsigned};
	my $ds = $self->_keys($child)->[2];
	if ($zone->{bogus}) {
		$ds =~ s/([0-9a-f]+)\s*$/reverse($1) . "\n"/ie;
	}
	return $text . $ds;
}

sub _sign {
	my ($self, $zone) = @_;
	my $origin = $zone eq '.' ? '.' : "$zone.";
	my $text = "\$ORIGIN $origin\n\$TTL 60\n"
	    . "$origin IN SOA ns.signet-dns.invalid. hostmaster.invalid."
	    . " $self->{serial} 600 300 86400 5\n"
	    . "$origin IN NS ns.signet-dns.invalid.\n"
	    . "$self->{zones}{$zone}{text}\n";
	for my $child (sort keys %{ $self->{zones} }) {
		next if $child eq '.' || $self->_parent($child) ne $zone;
		$text .= $self->_delegation($child);
	}
	my $file = spew($self->_file($zone), $text);
	return if $self->{zones}{$zone}{unsigned};
	return unlink $file, "$file.signed" if $self->{zones}{$zone}{servfail};
	my ($ksk, $zsk) = @{ $self->_keys($zone) };
	my @life = $self->{zones}{$zone}{expired}
	    ? ('-i', '20200101', '-e', '20210101')
	    : ('-i', '20200101', '-e', '20370101');
	must_run('ldns-signzone', '-o', $origin, @life, '-f', "$file.signed",
	    $file, $ksk, $zsk);
	return;
}

sub _write_anchor {
	my ($self) = @_;
	spew($self->anchor_file, $self->_keys('.')->[2]);
	return;
}

sub _write_conf {
	my ($self) = @_;
	my $dir = $self->{dir};
	my $conf = <<"END";
server:
	ip-address: $self->{host}
	port: $self->{port}
	username: ""
	chroot: ""
	zonesdir: "$dir"
	pidfile: "$dir/nsd.pid"
	database: ""
	zonelistfile: "$dir/nsd.zonelist"
	xfrdfile: "$dir/nsd.xfrd"
	logfile: "$dir/nsd.log"
	server-count: 1
	hide-version: yes
	rrl-ratelimit: 0
remote-control:
	control-enable: no
END
	for my $zone (sort keys %{ $self->{zones} }) {
		my $file = $self->_served_file($zone);
		$conf .= "zone:\n\tname: \"$zone\"\n\tzonefile: \"$file\"\n";
	}
	spew("$dir/nsd.conf", $conf);
	return;
}

# Does the server answer with the SOA of the zone?
sub _ask_serial {
	my ($self, $zone) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => $self->{host},
	    PeerPort => $self->{port}, Proto => 'udp') or return;
	my $name = $zone eq '.' ? '' : join '', map { pack 'C/a', $_ }
	    split /\./, $zone;
	my $question = pack('n6', 4711, 0, 1, 0, 0, 0) . "$name\0"
	    . pack('n2', 6, 1);
	$socket->send($question) or return;
	my $ready = '';
	vec($ready, fileno $socket, 1) = 1;
	select $ready, undef, undef, 0.1 or return;
	defined $socket->recv(my $answer, 4096) or return;
	my ($id, $flags, undef, $count) = unpack 'n4', $answer;
	return $id == 4711 && ($flags & 15) == 0 && $count > 0;
}

1;
