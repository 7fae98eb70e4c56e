package sealed_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/packed"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/sealed"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

func key(id byte) sealed.Key {
	return sealed.Key{ID: id, Secret: bytes.Repeat([]byte{id}, 32)}
}

func newCodec(t testing.TB, keys ...sealed.Key) codec.Codec {
	t.Helper()
	c, err := sealed.New(perljson.Codec{}, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func value() perl.Value {
	h := perl.NewHash(1)
	h.Set("user", perl.Bytes("ann"))
	return perl.NewRef(h)
}

func seal(t testing.TB, c codec.Codec) []byte {
	t.Helper()
	data, err := c.Append(nil, value(), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	c := codec.Bind(newCodec(t, key(1)), "abc")
	data := seal(t, c)
	if bytes.Contains(data, []byte("ann")) || bytes.Contains(data, []byte("user")) {
		t.Errorf("the plain text shows: %q", data)
	}
	if v, err := c.Decode(data, codec.Limits{}); err != nil || !perl.Equal(v, value()) {
		t.Errorf("Decode = %v, %v", v, err)
	}
	if again := seal(t, c); bytes.Equal(again, data) {
		t.Error("the same bytes twice")
	}
	kept, err := c.Append([]byte("before"), value(), codec.Limits{})
	if err != nil || !bytes.HasPrefix(kept, []byte("before")) {
		t.Errorf("Append = %q, %v; want it after what was there", kept, err)
	}
}

func TestKeyRing(t *testing.T) {
	old := seal(t, newCodec(t, key(1)))
	both := newCodec(t, key(2), key(1))
	if _, err := both.Decode(old, codec.Limits{}); err != nil {
		t.Errorf("with the old key in the ring: %v", err)
	}
	fresh := seal(t, both)
	if _, err := newCodec(t, key(2)).Decode(fresh, codec.Limits{}); err != nil {
		t.Errorf("the first key does not seal: %v", err)
	}
	if _, err := newCodec(t, key(2)).Decode(old, codec.Limits{}); !errors.Is(err, sealed.ErrOpen) {
		t.Errorf("without the old key: %v; want ErrOpen", err)
	}
	other := sealed.Key{ID: 1, Secret: bytes.Repeat([]byte{9}, 32)}
	if _, err := newCodec(t, other).Decode(old, codec.Limits{}); !errors.Is(err, sealed.ErrOpen) {
		t.Errorf("another secret under the same ID: %v; want ErrOpen", err)
	}
}

func TestNothingElseOpens(t *testing.T) {
	c := codec.Bind(newCodec(t, key(1)), "abc")
	data := seal(t, c)
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 0x40
		if _, err := c.Decode(changed, codec.Limits{}); err == nil {
			t.Errorf("opens with byte %d changed", i)
		}
		if _, err := c.Decode(data[:i], codec.Limits{}); err == nil {
			t.Errorf("opens when cut at %d", i)
		}
	}
	if _, err := c.Decode(append(bytes.Clone(data), 0), codec.Limits{}); err == nil {
		t.Error("opens with a byte more")
	}
	for _, id := range []string{"", "ab", "abcd", "abC"} {
		if _, err := codec.Bind(newCodec(t, key(1)), id).Decode(data, codec.Limits{}); !errors.Is(err, sealed.ErrOpen) {
			t.Errorf("under the id %q: %v; want ErrOpen", id, err)
		}
	}
	if _, err := c.Decode([]byte(`{"user":"ann"}`), codec.Limits{}); err == nil {
		t.Error("opens what was never sealed")
	}
	if _, err := c.Decode(make([]byte, 2<<20), codec.Limits{}); !errors.Is(err, codec.ErrLimit) {
		t.Errorf("2 MiB: %v; want ErrLimit", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, keys := range map[string][]sealed.Key{
		"no key": {}, "a short key": {{ID: 1, Secret: make([]byte, 31)}}, "two keys of one ID": {key(1), key(1)},
	} {
		if _, err := sealed.New(perljson.Codec{}, keys...); err == nil {
			t.Errorf("New with %s succeeded", name)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s", key(7), key(7), key(7), key(7)); strings.Contains(text, "\a") || !strings.Contains(text, "7") {
		t.Errorf("a key prints as %q", text)
	}
}

// A session that is copied to another id does not load there, and a renamed one does.
func TestInAManager(t *testing.T) {
	inner, err := sealed.New(packed.New(perljson.Codec{}, nil), key(1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := datasession.New(memstore.New(nil), inner, &datasession.Options{AnyStoredID: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	s, err := m.New(ctx)
	if err == nil {
		err = errors.Join(s.Set("user", strings.Repeat("ann", 1000)), s.Flush(ctx))
	}
	if err != nil {
		t.Fatal(err)
	}
	rec, err := m.Store().Load(ctx, s.ID())
	if err == nil {
		_, err = m.Store().Save(ctx, "stolen", rec.Data, store.Rev{}, store.SaveOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Data) > 1000 {
		t.Errorf("%d bytes stored; want them packed", len(rec.Data))
	}
	if _, err := m.Load(ctx, "stolen"); !errors.Is(err, datasession.ErrCorrupt) || !errors.Is(err, sealed.ErrOpen) {
		t.Errorf("Load of a copy = %v; want ErrCorrupt and ErrOpen", err)
	}
	if err := s.Rename(ctx, "renamed"); err != nil {
		t.Fatal(err)
	}
	if s, err := m.Load(ctx, "renamed"); err != nil || !s.Has("user") {
		t.Errorf("Load of the renamed session: %v", err)
	}
}

func BenchmarkDecode(b *testing.B) {
	c := newCodec(b, key(1))
	data := seal(b, c)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decode(data, codec.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
