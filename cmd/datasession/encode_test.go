package main

import (
	"bytes"
	"context"
	"testing"
)

// Bytes are bytes: encode adds no newline.
func TestEncodeExact(t *testing.T) {
	for _, c := range []struct{ codec, value, want string }{
		{"DataDumper", `{"a":"b"}`, `$D = {'a' => 'b'};`},
		{"default", `{"a":"b"}`, `$D = {'a' => 'b'};;$D`},
		{"JSON", `{"a":"b"}`, `{"a":"b"}`},
		{"value-json", `{"a": "b"}`, `{"a":"b"}`},
	} {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), []string{"encode", "--codec", c.codec, "-"}, bytes.NewBufferString(c.value), &stdout, &stderr)
		if stdout.String() != c.want || code != exitDone {
			t.Errorf("encode --codec %s of %s: %q, code %d, %s; want %q", c.codec, c.value, &stdout, code, &stderr, c.want)
		}
	}
}
