package dumper_test

import (
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
)

func FuzzDecode(f *testing.F) {
	for _, dir := range []string{"datadumper", "cgisession-default"} {
		seeds, err := codectest.Seeds(codectest.Vectors(dir))
		if err != nil {
			f.Fatal(err)
		}
		for _, seed := range seeds {
			if len(seed) < 1000 {
				f.Add(seed)
			}
		}
	}
	for _, text := range oddTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := codectest.Check(dumper.Codec{}, data); err != nil {
			t.Error(err)
		}
	})
}

// oddTexts are what Data::Dumper makes of unusual shapes.
var oddTexts = []string{
	`$D = {'v' => [[1],\[]]};${$D->{'v'}[1]} = $D->{'v'}[0];`,
	`$D = {'v' => [\7,${$D->{'v'}[0]}]};`,
	`$D = [[5,${\$D->[0][0]}]];`,
	`$D = {'a' => bless( do{\(my $o = 1)}, 'Foo' ),'x' => ${$D->{'a'}},'y' => do{my $o}};$D->{'y'} = $D->{'a'};`,
	`$D = {'r' => \{'k' => [1,{'z' => 2}]},'s' => [],'t' => {}};$D->{'s'} = ${$D->{'r'}}->{'k'};$D->{'t'} = ${$D->{'r'}}->{'k'}->[1];`,
	`$D = {'a' => \\{'a' => {'b' => [5]}},'b' => [],'c' => do{my $o}};$D->{'b'} = ${${$D->{'a'}}}->{'a'}->{'b'};$D->{'c'} = \${${$D->{'a'}}}->{'a'}->{'b'}->[0];`,
	`$D = {'v' => \\do{my $o},'w' => do{my $o}};${${$D->{'v'}}} = $D->{'v'};$D->{'w'} = ${$D->{'v'}};`,
	`$D = {'v' => bless( do{\(my $o = do{my $o})}, 'Foo' )};${$D->{'v'}} = $D->{'v'};`,
	`$D = [1,do{my $o},do{my $o},\do{my $o}];$D->[1] = \$D->[0];$D->[2] = \$D->[0];${$D->[3]} = \$D->[0];`,
	`$D = {'a' => qr/a@b${\q($)}c${\q(@)}d/,'c' => bless( qr/x/, 'Foo' ),'d' => qr/\\\//msx};`,
	`$D = {'x' => 1,'y' => do{my $o}};$D->{'y'} = bless( \$D->{'x'}, 'Foo' );`,
	`$D = \do{my $o};${$D} = $D;`,
}
