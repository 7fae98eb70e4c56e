package datasession_test

import (
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/perl"
)

type item struct {
	SKU string `session:"sku"`
	Qty int    `session:"qty"`
}

// A change inside a value is noticed, however the value was reached.
func TestChangeInsideAValue(t *testing.T) {
	qty := func(s *datasession.Session) any {
		return s.Get("cart").(map[string]any)["items"].([]any)[0].(map[string]any)["qty"]
	}
	tests := []struct {
		name   string
		change func(*testing.T, *datasession.Session)
	}{
		{"plain Go map", func(_ *testing.T, s *datasession.Session) {
			s.Get("cart").(map[string]any)["items"].([]any)[0].(map[string]any)["qty"] = 5
		}},
		{"Perl value", func(_ *testing.T, s *datasession.Session) {
			items, _ := s.Value("cart").Hash().Get("items")
			items.Array().At(0).Hash().Set("qty", perl.Int(5))
		}},
		{"typed map", func(t *testing.T, s *datasession.Session) {
			cart, err := datasession.Get[map[string][]item](s, "cart")
			must(t, err)
			cart["items"][0].Qty = 5
		}},
		{"pointer to a struct", func(t *testing.T, s *datasession.Session) {
			cart, err := datasession.Get[*struct {
				Items []item `session:"items"`
			}](s, "cart")
			must(t, err)
			cart.Items[0].Qty = 5
		}},
		{"a map given to Set", func(t *testing.T, s *datasession.Session) {
			cart := map[string]any{"items": []any{map[string]any{"sku": "A-1", "qty": 3}}}
			set(t, s, "cart", cart)
			flush(t, s)
			cart["items"].([]any)[0].(map[string]any)["qty"] = 5
		}},
		{"through two holds", func(t *testing.T, s *datasession.Session) {
			plain := s.Get("cart").(map[string]any)
			typed, err := datasession.Get[map[string][]item](s, "cart")
			must(t, err)
			typed["items"][0].Qty = 4
			_ = s.Get("cart")
			plain["items"].([]any)[0].(map[string]any)["qty"] = 5
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := manager(t, nil)
			id := stored(t, m, map[string]any{"cart": map[string]any{"items": []any{map[string]any{"sku": "A-1", "qty": 2, "gift": "yes"}}}})
			s := load(t, m, id)
			flush(t, s)
			test.change(t, s)
			if !s.Modified() {
				t.Error("Modified() = false after a change inside a value")
			}
			if got := qty(s); got != 5 {
				t.Errorf("before the flush: qty = %v; want 5", got)
			}
			flush(t, s)
			if s.Modified() {
				t.Error("Modified() = true after the flush")
			}
			if got := qty(load(t, m, id)); got != 5 {
				t.Errorf("stored qty = %v; want 5", got)
			}
		})
	}
}

func TestStructKeepsWhatItDoesNotKnow(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"item": map[string]any{"sku": "A-1", "qty": 2, "gift": "yes"}})
	s := load(t, m, id)
	it, err := datasession.Get[*item](s, "item")
	must(t, err)
	it.Qty++
	flush(t, s)
	got := load(t, m, id).Get("item").(map[string]any)
	if got["qty"] != 3 || got["gift"] != "yes" {
		t.Errorf("item = %v; want qty 3 and the gift kept", got)
	}
}

func TestLookingIsNoChange(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"cart": map[string]any{"n": "5", "f": 1.5, "l": []any{nil, true}}, "at": time.Unix(1, 0)})
	s := load(t, m, id)
	s.Get("cart")
	s.Value("cart")
	type loose struct {
		N int     `session:"n"`
		F float64 `session:"f"`
	}
	for range 2 {
		if _, err := datasession.Get[loose](s, "cart"); err != nil {
			t.Fatal(err)
		}
		if _, err := datasession.Get[time.Time](s, "at"); err != nil {
			t.Fatal(err)
		}
	}
	if s.Modified() {
		t.Error("Modified() = true after mere looks")
	}
}

func TestLiveValueThatCannotBeStored(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"cart": map[string]any{}})
	s := load(t, m, id)
	s.Get("cart").(map[string]any)["fn"] = func() {}
	if err := s.Flush(t.Context()); err == nil {
		t.Error("Flush of a func succeeded")
	}
	delete(s.Get("cart").(map[string]any), "fn")
	flush(t, s)
}

func TestLiveChangeMeetsANewerSession(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"cart": map[string]any{"n": 1}, "other": 1})
	s := load(t, m, id)
	cart := s.Get("cart").(map[string]any)
	cart["n"] = 2
	other := load(t, m, id)
	set(t, other, "other", 2)
	flush(t, other)
	flush(t, s)
	cart["n"] = 3 // still the session's
	flush(t, s)
	got := load(t, m, id)
	if got.Get("cart").(map[string]any)["n"] != 3 || got.Get("other") != 2 {
		t.Errorf("cart = %v, other = %v; want n 3 and 2", got.Get("cart"), got.Get("other"))
	}
}

// A conflict that is decided for the other one leaves nothing behind of what was
// handed out.
func TestLiveChangeThatLost(t *testing.T) {
	m := manager(t, &datasession.Options{Resolve: datasession.KeepTheirs})
	id := stored(t, m, map[string]any{"cart": map[string]any{"n": 1}})
	s, other := load(t, m, id), load(t, m, id)
	s.Get("cart").(map[string]any)["n"] = 2
	set(t, other, "cart", map[string]any{"n": 3})
	flush(t, other)
	flush(t, s)
	if got := s.Get("cart").(map[string]any)["n"]; got != 3 {
		t.Errorf("after a conflict decided for the other: n = %v; want 3", got)
	}
}

func TestTypedAccess(t *testing.T) {
	m := manager(t, nil)
	now := time.Date(2026, 11, 21, 12, 30, 0, 5, time.UTC)
	id := stored(t, m, map[string]any{
		"n": "42", "yes": true, "at": now, "raw": []byte{0, 255}, "items": []item{{"A-1", 2}}, "unix": 1700000000,
	})
	s := load(t, m, id)
	if n, err := datasession.Get[int](s, "n"); n != 42 || err != nil {
		t.Errorf(`Get[int] of "42" = %d, %v`, n, err)
	}
	if b, err := datasession.Get[bool](s, "yes"); !b || err != nil {
		t.Errorf("Get[bool] = %v, %v", b, err)
	}
	if at, err := datasession.Get[time.Time](s, "at"); !at.Equal(now) || err != nil {
		t.Errorf("Get[time.Time] = %v, %v", at, err)
	}
	if at, err := datasession.Get[time.Time](s, "unix"); at.Unix() != 1700000000 || err != nil {
		t.Errorf("Get[time.Time] of seconds = %v, %v", at, err)
	}
	if raw, err := datasession.Get[[]byte](s, "raw"); string(raw) != "\x00\xff" || err != nil {
		t.Errorf("Get[[]byte] = %q, %v", raw, err)
	}
	if items, err := datasession.Get[[]item](s, "items"); len(items) != 1 || items[0] != (item{"A-1", 2}) || err != nil {
		t.Errorf("Get[[]item] = %v, %v", items, err)
	}
	if _, err := datasession.Get[int](s, "items"); err == nil {
		t.Error("Get[int] of a list succeeded")
	}
	if _, err := datasession.Get[int](s, "none"); err == nil || s.Has("none") {
		t.Error("Get of what is not there reports no error")
	}
	var all struct {
		N     int       `session:"n"`
		At    time.Time `session:"at"`
		Items []item    `session:"items"`
	}
	if err := s.Decode(&all); err != nil || all.N != 42 || len(all.Items) != 1 {
		t.Errorf("Decode = %v, %+v", err, all)
	}
	const visits datasession.Key[int] = "visits"
	must(t, visits.Set(s, 7))
	if n, err := visits.Get(s); n != 7 || err != nil {
		t.Errorf("Key.Get = %d, %v; want 7", n, err)
	}
}
