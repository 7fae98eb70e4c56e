# What Data::Session::ID::AutoIncrement does, N times.
# usage: autoincrement.pl FILE BASE STEP N
use strict;
use warnings;
use Fcntl qw(:DEFAULT :flock);

my ($file, $base, $step, $n) = @ARGV;
$| = 1;

for (1 .. $n) {
	sysopen(my $fh, $file, O_RDWR | O_CREAT, 0660) or die "open: $!";
	flock($fh, LOCK_EX) or die "lock: $!";
	my $id = <$fh>;
	$id = $base if !$id || $id !~ /^\d+$/;
	$id += $step;
	seek($fh, 0, 0)   or die "seek: $!";
	truncate($fh, 0)  or die "truncate: $!";
	print $fh $id;
	close $fh         or die "close: $!";
	print "$id\n";
}
