package perl_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/go-datasession/datasession/perl"
)

type (
	Base struct {
		ID   int
		Name string `json:"name"`
		Both string
	}
	Other struct {
		Both string
		Only string
	}
	Tagged struct {
		Both string `json:"Both"`
	}
	Deep struct {
		Base
		Name string
	}
	Left  struct{ Twice }
	Right struct{ Twice }
	Twice struct{ ID int }
	small struct{ Inner int }
	names string
)

type zero struct{ n int }

func (z zero) IsZero() bool { return z.n == 7 }

// The rules for embedded structs and tags are those of encoding/json.
func TestFieldsLikeJSON(t *testing.T) {
	number := 0
	tests := []struct {
		name string
		x    any
	}{
		{"plain", struct {
			A int
			b int
			C string
		}{1, 2, "x"}},
		{"tags", struct {
			A int `json:"a"`
			B int `json:"-"`
			D int `json:",omitempty"`
			E int `json:"e,omitempty"`
		}{A: 1, B: 2}},
		{"embedded", Deep{Base{1, "n", "b"}, "m"}},
		{"embedded pointer", struct {
			*Base
			X int
		}{&Base{ID: 1}, 2}},
		{"embedded nil pointer", struct {
			*Base
			X int
		}{nil, 2}},
		{"hidden by each other", struct {
			Base
			Other
		}{Base{Both: "a"}, Other{Both: "b", Only: "o"}}},
		{"the same by two ways", struct {
			Left
			Right
			X int
		}{X: 1}},
		{"the tag wins", struct {
			Base
			Tagged
		}{Base{Both: "a"}, Tagged{"t"}}},
		{"embedded under a name", struct {
			Base `json:"base"`
		}{Base{ID: 1}}},
		{"embedded unexported", struct{ small }{small{5}}},
		{"embedded unexported string", struct{ names }{"n"}},
		{"embedded twice", struct {
			Deep
			Base
		}{Deep{Base{1, "n", "b"}, "m"}, Base{2, "o", "c"}}},
		{"omitempty", struct {
			S  string          `json:"s,omitempty"`
			L  []int           `json:"l,omitempty"`
			M  map[string]int  `json:"m,omitempty"`
			P  *int            `json:"p,omitempty"`
			Q  *int            `json:"q,omitempty"`
			A  [0]int          `json:"a,omitempty"`
			B  [1]int          `json:"b,omitempty"`
			F  float64         `json:"f,omitempty"`
			T  bool            `json:"t,omitempty"`
			I  any             `json:"i,omitempty"`
			St struct{ X int } `json:"st,omitempty"`
		}{Q: &number, L: []int{}}},
		{"omitzero", struct {
			T  time.Time `json:"t,omitzero"`
			Z  zero      `json:"z,omitzero"`
			Y  zero      `json:"y,omitzero"`
			P  *zero     `json:"p,omitzero"`
			I  any       `json:"i,omitzero"`
			S  []int     `json:"s,omitzero"`
			St small     `json:"st,omitzero"`
		}{Z: zero{7}, S: []int{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := json.Marshal(tt.x)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			v := mustFromGo(t, tt.x)
			if got := numbers(perl.ToGo(v)); !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			back := reflect.New(reflect.TypeOf(tt.x))
			if err := perl.Decode(v, back.Interface()); err != nil {
				t.Error(err)
			}
			jsonBack := reflect.New(reflect.TypeOf(tt.x))
			if err := json.Unmarshal(data, jsonBack.Interface()); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back.Interface(), jsonBack.Interface()) {
				t.Errorf("decoded %+v, want %+v", back.Elem(), jsonBack.Elem())
			}
		})
	}
}

// numbers turns integers into the float64 that encoding/json makes of them.
func numbers(x any) any {
	switch x := x.(type) {
	case int:
		return float64(x)
	case map[string]any:
		for k, v := range x {
			x[k] = numbers(v)
		}
	case []any:
		for i, v := range x {
			x[i] = numbers(v)
		}
	}
	return x
}

func TestSessionTag(t *testing.T) {
	type s struct {
		A int `session:"own" json:"other"`
		B int `session:",omitempty" json:"b"`
		C int `session:"-" json:"c"`
		D int `session:"d" json:"-"`
		E int `json:"e"`
		F int
		G int `session:"-,"`
	}
	got := perl.ToGo(mustFromGo(t, s{1, 0, 3, 4, 5, 6, 7}))
	if want := map[string]any{"own": 1, "d": 4, "e": 5, "F": 6, "-": 7}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	var back s
	if err := perl.Decode(perl.NewRef(hashOf("own", perl.Int(1), "b", perl.Int(2), "c", perl.Int(3), "OWN", perl.Int(9))), &back); err != nil || back != (s{A: 1, B: 2}) {
		t.Errorf("decoded %+v, %v", back, err)
	}
}

func TestEmbeddedThings(t *testing.T) {
	type withPointer struct{ *perl.Hash }
	type withValue struct{ perl.Value }
	h := hashOf("a", perl.Int(1))
	if v, _ := mustFromGo(t, withPointer{h}).Hash().Get("Hash"); v.Thing() != h {
		t.Errorf("got %s", perl.Dump(v))
	}
	if v, _ := mustFromGo(t, withValue{perl.Int(1)}).Hash().Get("Value"); !perl.Equal(v, perl.Int(1)) {
		t.Errorf("got %s", perl.Dump(v))
	}
	type unexported struct{ *small }
	var u unexported
	err := perl.Decode(perl.NewRef(hashOf("Inner", perl.Int(1))), &u)
	if err == nil || err.Error() != "$->{Inner}: embedded pointer to unexported perl_test.small cannot be set" {
		t.Errorf("got %v", err)
	}
}
