# What Data::Session 1.18 makes of type strings, one per line of standard input in
# hexadecimal: the type that it gives back, or what it dies of, and a NUL byte.
use strict;
use warnings;
no warnings 'misc'; # an odd number of fields

my @drivers     = qw(BerkeleyDB File Memcached ODBC Oracle Pg SQLite mysql);
my @ids         = qw(AutoIncrement MD5 SHA1 SHA256 SHA512 Static UUID16 UUID34 UUID36 UUID64);
my @serializers = qw(DataDumper FreezeThaw JSON Storable YAML);

sub parse {
	my ($options) = @_;
	$options =~ tr/ //d;
	my %options = map { split(/:/, $_) } split(/;/, lc $options);
	my %default = (driver => 'File', id => 'MD5', serialize => 'DataDumper');
	for my $key (keys %options) {
		!$default{$key} && die "Error in type: Unexpected component '$key'\0";
	}
	my %known = (
		driver    => { map { (lc $_ => $_) } @drivers },
		id        => { map { (lc $_ => $_) } @ids },
		serialize => { map { (lc $_ => $_) } @serializers },
	);
	my %what = (driver => 'driver', id => 'id generator', serialize => 'serialize');
	for my $required (sort keys %default) {
		$options{$required} = $default{$required} if !exists $options{$required};
		!$options{$required} && die "Error in type: Missing value for option '$required'\0";
		$options{$required} = $known{$required}{ lc $options{$required} }
			|| die "Unknown $what{$required} '$options{$required}'\0";
	}
	return join(';', map { "$_:$options{$_}" } sort keys %default);
}

while (my $line = <STDIN>) {
	chomp $line;
	my $type = eval { parse(pack 'H*', $line) };
	print defined $type ? "$type\0" : $@ =~ s/\0.*/\0/sr;
}
