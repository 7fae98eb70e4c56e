package dumper_test

import (
	"bytes"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
)

var deviates = map[string]string{
	"string-used-as-int": "a string that has been used as a number is a string in Go",
}

func TestVectors(t *testing.T) {
	codectest.Run(t, dumper.Codec{}, codectest.Vectors("datadumper"), &codectest.Options{
		Deviates: deviates,
		Same: func(got, want []byte) bool { // with statements, $D comes last
			statements := bytes.Contains(want, []byte(";$D->")) || bytes.Contains(want, []byte(";${$D"))
			return statements && string(got) == string(want)+";$D"
		},
	})
}

func TestVectorsOfCGISession(t *testing.T) {
	codectest.Run(t, dumper.Codec{Tail: true}, codectest.Vectors("cgisession-default"),
		&codectest.Options{Deviates: deviates})
}

func TestAttacks(t *testing.T) {
	seeds, err := codectest.Seeds(codectest.Vectors("datadumper"))
	if err != nil {
		t.Fatal(err)
	}
	codectest.Attacks(t, dumper.Codec{}, seeds, &codectest.AttackOptions{
		Head: "$D = ",
		Nest: []string{"[", "{'a'=>", `\`, `do{\(my $o = `, "bless({a=>", "{a=>[", " [\n"},
	})
}

// A session takes an allocation for some dozens of values, and none to write.
func TestAllocations(t *testing.T) {
	v, _ := codectest.Session(t, 260)
	data, err := dumper.Codec{}.Append(nil, v, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(20, func() { _, err = dumper.Codec{}.Decode(data, codec.Limits{}) }); got > 60 || err != nil {
		t.Errorf("Decode allocates %v times, %v; want at most 60", got, err)
	}
	if got := testing.AllocsPerRun(20, func() { data, err = dumper.Codec{}.Append(data[:0], v, codec.Limits{}) }); got > 5 || err != nil {
		t.Errorf("Append allocates %v times, %v; want at most 5", got, err)
	}
}
