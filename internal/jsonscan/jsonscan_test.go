package jsonscan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/jsonscan"
)

// tokens returns a document's tokens, a word each.
func tokens(doc string, charset jsonscan.Charset, lim codec.Limits) (string, error) {
	var s jsonscan.Scanner
	if err := s.Reset("test", []byte(doc), charset, lim.WithDefaults()); err != nil {
		return "", err
	}
	var words []string
	for {
		kind, err := s.Next()
		if err != nil {
			return strings.Join(words, " "), err
		}
		str, ascii := s.Str()
		switch kind {
		case jsonscan.End:
			return strings.Join(words, " "), nil
		case jsonscan.Key:
			words = append(words, fmt.Sprintf("%d:%+q%t:", s.Offset(), str, ascii))
		case jsonscan.String:
			words = append(words, fmt.Sprintf("%d:%+q%t", s.Offset(), str, ascii))
		case jsonscan.Int:
			words = append(words, fmt.Sprintf("%d:int%s", s.Offset(), str))
		case jsonscan.Float:
			words = append(words, fmt.Sprintf("%d:float%s", s.Offset(), str))
		default:
			words = append(words, fmt.Sprintf("%d:%c", s.Offset(), " {}[]    tfn"[kind]))
		}
	}
}

func TestTokens(t *testing.T) {
	for _, test := range []struct {
		doc     string
		charset jsonscan.Charset
		want    string
	}{
		{`{}`, jsonscan.UTF8, `0:{ 1:}`},
		{" [ ] \r\n", jsonscan.UTF8, `1:[ 3:]`},
		{`{"a":1,"b":[true,false,null]}`, jsonscan.UTF8, `0:{ 1:"a"true: 5:int1 7:"b"true: 11:[ 12:t 17:f 23:n 27:] 28:}`},
		{`[-0,10,-1.5,1e3,1E+3,0.5e-7]`, jsonscan.UTF8, `0:[ 1:int-0 4:int10 7:float-1.5 12:float1e3 16:float1E+3 21:float0.5e-7 27:]`},
		{`"é"`, jsonscan.UTF8, `0:"\u00e9"false`},
		{`"é"`, jsonscan.Latin1, `0:"\u00c3\u00a9"false`},
		{`"é\n\u20AC\ud83d\uDE00"`, jsonscan.UTF8, `0:"\u00e9\n\u20ac\U0001f600"false`},
		{`"\u0041\u007f"`, jsonscan.Latin1, `0:"A\x7f"true`},
		{`{"\u0024":"\ufffd"}`, jsonscan.UTF8, `0:{ 1:"$"true: 10:"\ufffd"false 18:}`},
		{"\"\uffff\u0080\"", jsonscan.UTF8, `0:"\uffff\u0080"false`},
	} {
		got, err := tokens(test.doc, test.charset, codec.Limits{})
		if err != nil || got != test.want {
			t.Errorf("%s\ngives %s, %v\nwant  %s", test.doc, got, err, test.want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct {
		doc  string
		at   int64
		text string
	}{
		{``, 0, "unexpected end of data, want a value"},
		{`  `, 2, "unexpected end of data, want a value"},
		{`]`, 0, "unexpected byte 0x5d, want a value"},
		{`[`, 1, "unexpected end of data, want a value or ']'"},
		{`[,1]`, 1, "unexpected byte 0x2c, want a value or ']'"},
		{`[1,]`, 3, "unexpected byte 0x5d, want a value"},
		{`[1 2]`, 3, "unexpected byte 0x32, want ',' or ']'"},
		{`[1}`, 2, "unexpected byte 0x7d, want ',' or ']'"},
		{`{`, 1, "unexpected end of data, want a name or '}'"},
		{`{a:1}`, 1, "unexpected byte 0x61, want a name or '}'"},
		{`{"a"}`, 4, "unexpected byte 0x7d, want ':'"},
		{`{"a":}`, 5, "unexpected byte 0x7d, want a value"},
		{`{"a":1,}`, 7, "unexpected byte 0x7d, want a name"},
		{`{"a":1]`, 6, "unexpected byte 0x5d, want ',' or '}'"},
		{`{} {}`, 3, "unexpected byte 0x7b, want the end"},
		{"1\x00", 1, "unexpected byte 0x00, want the end"},
		{"[\x00]", 1, "unexpected byte 0x00, want a value or ']'"},
		{"\ufeff1", 0, "unexpected byte 0xef, want a value"},
		{`tru`, 0, "unexpected byte 0x74, want a value"},
		{`True`, 0, "unexpected byte 0x54, want a value"},
		{`-`, 1, "unexpected end of data, want a digit"},
		{`-a`, 1, "unexpected byte 0x61, want a digit"},
		{`01`, 1, "unexpected byte 0x31, want the end"},
		{`1.`, 2, "unexpected end of data, want a digit"},
		{`1.e5`, 2, "unexpected byte 0x65, want a digit"},
		{`1e`, 2, "unexpected end of data, want a digit"},
		{`1e+`, 3, "unexpected end of data, want a digit"},
		{`.5`, 0, "unexpected byte 0x2e, want a value"},
		{`+5`, 0, "unexpected byte 0x2b, want a value"},
		{`"a`, 2, "unexpected end of data, want the end of a string"},
		{`"a\`, 3, "unexpected end of data"},
		{`"\x41"`, 2, "unknown escape in a string"},
		{`"\u12"`, 3, `want four hexadecimal digits after \u`},
		{`"\u12g4"`, 3, `want four hexadecimal digits after \u`},
		{`"\ud83d"`, 1, "half of a surrogate pair in a string"},
		{`"\ude00"`, 1, "half of a surrogate pair in a string"},
		{`"\ud83d\u0041"`, 1, "half of a surrogate pair in a string"},
		{`"\ud83d\ud83d"`, 1, "half of a surrogate pair in a string"},
		{`"\ud83d\u00"`, 9, `want four hexadecimal digits after \u`},
		{"\"a\nb\"", 2, "a control character in a string, want an escape"},
		{"\"a\xffb\"", 2, "a string that is not UTF-8"},
		{"\"\xed\xa0\x80\"", 1, "a string that is not UTF-8"},
	} {
		got, err := tokens(test.doc, jsonscan.UTF8, codec.Limits{})
		var syntax *codec.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q gives %s, %v; want a *SyntaxError", test.doc, got, err)
			continue
		}
		if syntax.Codec != "test" || syntax.Offset != test.at || syntax.Err.Error() != test.text {
			t.Errorf("%q: %v; want at byte %d: %s", test.doc, err, test.at, test.text)
		}
		if json.Valid([]byte(test.doc)) && !strings.Contains(test.text, "UTF-8") && !strings.Contains(test.text, "pair") {
			t.Errorf("%q is valid for encoding/json", test.doc)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		what string
		doc  string
		lim  codec.Limits
		most int // the least limit that the document keeps to
	}{
		{"depth", `[{"a":[[]]},[[]]]`, codec.Limits{Depth: 4}, 4},
		{"nodes", `[1,{"a":2,"b":[]}]`, codec.Limits{Nodes: 5}, 5},
		{"bytes", ` [1] `, codec.Limits{Bytes: 5}, 5},
	} {
		if _, err := tokens(test.doc, jsonscan.UTF8, test.lim); err != nil {
			t.Errorf("%s: %v at the limit", test.what, err)
		}
		short := test.lim
		short.Depth, short.Nodes, short.Bytes = short.Depth-1, short.Nodes-1, short.Bytes-1
		_, err := tokens(test.doc, jsonscan.UTF8, short)
		var limit *codec.LimitError
		if !errors.As(err, &limit) || limit.What != test.what || limit.Max != test.most-1 || limit.Codec != "test" {
			t.Errorf("%s: %v beyond the limit; want a *LimitError", test.what, err)
		}
	}
}
