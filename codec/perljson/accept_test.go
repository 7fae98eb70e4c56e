package perljson_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/perltest"
)

// JSON::XS accepts the same spoilt documents as we do, and finds the same in
// them. Known to differ are some floats: it reads those that are very small as 0,
// and writes infinity, which we refuse, and -0, which is 0 here as with JSON::PP.
func TestAcceptsAsPerl(t *testing.T) {
	n := 3000
	if os.Getenv("DATASESSION_LONG") == "1" {
		n = 100_000
	}
	docs := spoilt(t, n)
	perltest.Need(t, perltest.JSONXS)
	cmd := perltest.Command(t, "-MJSON::XS", "-e", `
		my $json = JSON::XS->new->canonical->ascii;
		while (<STDIN>) {
			my $again = eval { $json->encode($json->decode(pack 'H*', $_ =~ s/\n//r)) };
			print defined $again ? "$again\n" : "refused\n";
		}`)
	var in bytes.Buffer
	for _, doc := range docs {
		fmt.Fprintf(&in, "%x\n", doc)
	}
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("perl: %v", err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(docs) {
		t.Fatalf("%d answers; want %d", len(answers), len(docs))
	}
	accepted := 0
	for i, doc := range docs {
		got := "refused"
		v, err := perljson.Codec{}.Decode(doc, codec.Limits{})
		if err == nil {
			accepted++
			b, err := perljson.Codec{}.Append(nil, v, codec.Limits{})
			if errors.Is(err, codec.ErrUnsupported) || bytes.Contains(b, []byte("e-3")) || minusZero.Match(doc) {
				continue
			}
			if err != nil {
				t.Errorf("Append(Decode(%q)): %v", doc, err)
			}
			got = string(b)
		}
		if a, b := unquoted([]byte(got)), unquoted([]byte(answers[i])); !bytes.Equal(a, b) {
			t.Errorf("%q (%x)\nis read as %s, %v\nby Perl as %s", doc, doc, got, err, answers[i])
		}
	}
	if accepted < n/10 {
		t.Errorf("%d of %d documents are accepted; want a tenth at least", accepted, n)
	}
}

var minusZero = regexp.MustCompile(`-0[.eE]`)

// spoilt returns documents in which a few bytes are other ones, or missing, or
// more.
func spoilt(t *testing.T, n int) (docs [][]byte) {
	whole := slices.DeleteFunc(seeds(t), func(s []byte) bool { return len(s) > 200 })
	for range 100 {
		whole = append(whole, []byte(`{"a":[1,2.5,-3e5,"x\u00e9\ud83d\ude00\n\/",true,false,null,{},-0,0.25],"b" : { "c":[] }}`))
	}
	const bytesOfJSON = "[]{},:\"\\0123456789.eE+-truefalsn u\x00\x1f\x7f\x80\xff\n\t\r/\f\v"
	r := rand.New(rand.NewPCG(7, 9))
	for range n {
		doc := bytes.Clone(whole[r.IntN(len(whole))])
		for range 1 + r.IntN(3) {
			i, c := r.IntN(len(doc)+1), bytesOfJSON[r.IntN(len(bytesOfJSON))]
			switch k := min(len(doc), i+r.IntN(4)); r.IntN(4) {
			case 0:
				doc = slices.Delete(doc, i, k)
			case 1:
				doc = slices.Insert(doc, i, c)
			case 2:
				doc = slices.Replace(doc, i, min(len(doc), i+1), c)
			case 3:
				doc = slices.Insert(doc, i, doc[i:k]...)
			}
		}
		docs = append(docs, doc)
	}
	return docs
}
