#!/usr/bin/perl
# What programs give up by themselves (lib/io/confine.h) they never need: with
# the C library, OpenSSL, libunbound, libpq and libmilter that are installed
# here, each does its work.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Confined;

Signet::Confined->need;
Signet::Confined->new->all;
done_testing;
