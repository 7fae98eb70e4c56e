# What CGI::Session makes of DSNs, one per line of standard input in hexadecimal:
# driver, id and serializer, with = and the value or a minus sign for none.
use strict;
no warnings 'misc';
use CGI::Session;

while (my $line = <STDIN>) {
	chomp $line;
	my $dsn = CGI::Session->parse_dsn(pack 'H*', $line);
	print join("\t", map { my $v = $dsn->{$_}; defined $v ? "$_=$v" : "$_-" } qw(driver id serializer)), "\0";
}
