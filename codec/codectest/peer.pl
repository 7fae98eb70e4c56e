# The Perl side of codectest.Differential. Before it comes the source of a Peer,
# with freeze and thaw. A request is a line, "make SEED FEATURES" or "thaw LENGTH"
# and the bytes; an answer is "ok LENGTH LENGTH" with a model and the frozen
# value, or "die LENGTH" with the error.
use strict;
use warnings;
no warnings qw(recursion once redefine);
use B ();
use re ();
use Scalar::Util qw(blessed reftype refaddr isvstring);

binmode $_ for *STDIN, *STDOUT;
$| = 1;

while (my $line = <STDIN>) {
	my $value;
	my @answer = eval {
		local $SIG{__WARN__} = sub { };
		if ($line =~ /^make (\d+) (\d+)$/) {
			$value = make($1, $2);
		} elsif ($line =~ /^thaw (\d+)$/) {
			my $data = '';
			read(STDIN, $data, $1) == $1 or die 'short read' if $1;
			$value = thaw($data);
		} else {
			die 'unknown request';
		}
		my $model = model($value);
		($model, freeze($value));
	};
	if (@answer) {
		utf8::downgrade($answer[1]);
		printf "ok %d %d\n%s%s", length $answer[0], length $answer[1], @answer;
	} else {
		my $error = "$@";
		utf8::encode($error);
		printf "die %d\n%s", length $error, $error;
	}
	release($value);
}

# release takes a value apart, which may be a cycle that nothing else would free.
sub release {
	my @todo = @_;
	my %seen;
	while (@todo) {
		my $to = pop @todo;
		next if !ref $to || $seen{refaddr $to}++;
		my $type = reftype($to);
		if ($type eq 'HASH') { push @todo, values %$to; %$to = () }
		elsif ($type eq 'ARRAY') { push @todo, @$to; @$to = () }
		elsif ($type eq 'REF') { push @todo, $$to; eval { $$to = undef } }
	}
}

# Models: see testdata/README.md.

my (%element, %target, %id);

sub model {
	(%element, %target, %id) = ();
	my $root = \$_[0];
	my @todo = ($root);
	my %seen;
	while (defined(my $at = pop @todo)) {
		next unless ref $$at;
		my $to = $$at;
		$target{refaddr $to}++;
		next if $seen{refaddr $to}++;
		my @in = elements($to);
		$element{refaddr $_}++ for @in;
		push @todo, @in, reftype($to) =~ /^(?:SCALAR|REF|VSTRING|LVALUE)$/ ? $to : ();
	}
	return scalar_model($root);
}

sub elements {
	my $to = shift;
	return map { \$to->{$_} } sort keys %$to if reftype($to) eq 'HASH';
	return map { \$to->[$_] } 0 .. $#$to if reftype($to) eq 'ARRAY';
	return;
}

sub named {
	my ($thing) = @_;
	my $uses = ($target{refaddr $thing} // 0) + ($element{refaddr $thing} // 0);
	return '' if $uses < 2;
	$id{refaddr $thing} = 1 + keys %id;
	return qq("id":$id{refaddr $thing},);
}

sub element_model {
	my ($at) = @_;
	return scalar_model($at) unless $target{refaddr $at};
	return qq({"alias":$id{refaddr $at}}) if $id{refaddr $at};
	my $name = named($at);
	return "{$name\"elem\":" . scalar_model($at) . '}';
}

sub scalar_model {
	my ($at) = @_;
	return ref_model($$at) if ref $$at;
	return 'null' unless defined $$at;
	my $flags = B::svref_2object($at)->FLAGS;
	return sprintf '{"vstring":"%vd"}', $$at if isvstring($$at);
	return str_model($$at) if $flags & B::SVf_POK;
	my $copy = $$at; # a number that has been printed is a string to some modules
	return sprintf '{"i":"%s"}', $copy if $flags & B::SVf_IOK;
	return sprintf '{"n":"","bits":"%016x"}', unpack 'Q', pack 'd', $$at;
}

sub str_model {
	my ($s) = @_;
	my $flag = utf8::is_utf8($s) ? ',"utf8":true' : '';
	return '{"cps":[' . join(',', map { ord } split //, $s) . "]$flag}" if $s =~ /[^\0-\x{d7ff}\x{e000}-\x{10ffff}]/;
	utf8::upgrade($s);
	utf8::encode($s);
	$s =~ s/([\0-\x1f"\\])/sprintf '\u%04x', ord $1/ge;
	return qq({"s":"$s"$flag});
}

sub ref_model {
	my ($to) = @_;
	return qq({"same":$id{refaddr $to}}) if $id{refaddr $to};
	my $type = reftype($to);
	my $name = named($to);
	my $class = blessed($to);
	my $of;
	if ($type eq 'HASH') {
		$of = '"hash":[' . join(',', map { '[' . str_model($_) . ',' . element_model(\$to->{$_}) . ']' } sort keys %$to) . ']';
	} elsif ($type eq 'ARRAY') {
		$of = '"list":[' . join(',', map { element_model(\$to->[$_]) } 0 .. $#$to) . ']';
	} elsif ($type eq 'REGEXP') {
		my ($pattern, $flags) = re::regexp_pattern($to);
		my $text = utf8::is_utf8($pattern) ? ',"utf8":true' : '';
		$pattern =~ s/([^ !#-\[\]-~])/sprintf '\\u%04x', ord $1/ge;
		return qq({$name"regexp":"$pattern","flags":"$flags"$text}) if $class =~ /Regexp$/;
		$of = qq("regexp":"$pattern","flags":"$flags"$text);
	} elsif ($type =~ /^(?:SCALAR|REF|VSTRING|LVALUE)$/) {
		$of = '"ref":' . scalar_model($to);
	} else {
		$of = '"code":true';
	}
	return "{$name$of}" unless defined $class;
	return "{$name\"bless\":\"$class\",\"of\":{$of}}";
}

# Random values: the same kinds as codectest.Random, in other proportions.

my ($features, $left, @containers, @things);

sub may { my ($feature, $n) = @_; return $features & $feature && !int rand $n }

sub make {
	(my $seed, $features) = @_;
	srand $seed;
	$left = 5 + int rand 40;
	(@containers, @things) = ();
	my $root = make_hash(0);
	for (1 .. int rand 4) {
		last unless @things;
		my $thing = $things[rand @things];
		if (may(2, 2) && $features & 1) {
			put($containers[rand @containers], $thing);
		} elsif (may(1, 2)) {
			put($root, $thing);
		} elsif (may(16, 2)) {
			my @plain = grep { !ref $$_ && !$target{refaddr $_} } elements($containers[rand @containers]);
			put($containers[rand @containers], $plain[rand @plain]) if @plain;
		}
	}
	return $root;
}

sub put {
	my ($container, $value) = @_;
	if (reftype($container) eq 'ARRAY') { push @$container, $value }
	else { $container->{make_key()} //= $value } # what is there may be referred to
}

sub make_hash {
	my ($depth) = @_;
	push @containers, my $h = {};
	for (0 .. rand 8) { last if $left <= 0; $h->{make_key()} = make_value($depth + 1) }
	return $h;
}

sub make_value {
	my ($depth) = @_;
	$left--;
	return make_ref($depth) if $depth < 12 && !int rand 3;
	return (rand() - 0.5) * 10 ** (int(rand 40) - 20) if may(128, 6);
	return int(rand 2) ? 18446744073709551615 - int rand 1e15 : (int(rand 1e9) - 500_000_000) * 1_000_000_007 if may(256, 8);
	return !!int rand 2 if may(512, 12);
	return v1.22.333 if may(1024, 20);
	my $kind = int rand 6;
	return undef if $kind == 0;
	return int((rand 2e9) - 1e9) if $kind < 3;
	return make_string();
}

sub make_ref {
	my ($depth) = @_;
	my $thing;
	if (may(2048, 12)) {
		my @patterns = ('a.b', 'a/b', '^\d+$', '(x$|y)', 'a\@b', 'a/b\\\\', "e\nf", '[/]');
		my $pattern = $patterns[rand @patterns];
		$thing = int(rand 2) ? qr/$pattern/ : qr/$pattern/ix;
	} elsif (may(8, 4)) {
		my $value = make_value($depth + 1) // 0; # two \undef are one thing when they are read
		$thing = \$value;
	} elsif (int rand 2) {
		$thing = make_hash($depth);
	} else {
		push @containers, $thing = [];
		for (1 .. rand 8) { last if $left <= 0; push @$thing, make_value($depth + 1) }
	}
	bless $thing, ('Foo', 'Foo::Bar', 'My::Long::Class_1')[rand 3] if may(4, 4);
	push @things, $thing;
	return $thing;
}

# Data::Dumper spoils the path of what is in an array under a key with a NUL.
sub make_key { return make_string() =~ tr/\0//dr }

sub make_string {
	return ('', '0', '1', '-1', '00', '1e3', 'undef', '12345678901', "'", '\\', "\\'", '};$D')[rand 12] if !int rand 5;
	my $wide = may(32, 5);
	my $high = may(64, 5);
	my $s = '';
	for (0 .. rand 12) {
		$s .= $wide && !int rand 3 ? (map { chr } 0x20ac, 0x1f600, 0x2028, 0x101, 0xfeff)[rand 5]
			: $wide || $high ? chr rand 256
			: chr rand 128;
	}
	return $wide ? "$s\x{20ac}" : $s;
}
