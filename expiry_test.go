package datasession_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

func TestParseLifetime(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"", 0, true}, {"0", 0, true}, {"-0", 0, true}, {"+0", 0, true}, {"0s", 0, true},
		{"10", 10 * time.Second, true}, {"-10", -10 * time.Second, true}, {"+10d", 10 * day, true},
		{"00010", 10 * time.Second, true}, {"1s", time.Second, true}, {"1m", time.Minute, true}, {"1h", time.Hour, true},
		{"1w", 7 * day, true}, {"1M", 30 * day, true}, {"1y", 365 * day, true}, {"1000", 1000 * time.Second, true},
		{"292y", 292 * 365 * day, true},
		{"10s\n", 0, false}, {"10\n", 0, false}, {"1.5h", 0, false}, {"10 m", 0, false}, {"10S", 0, false},
		{"5x", 0, false}, {"+-3", 0, false}, {"+", 0, false}, {"s", 0, false}, {"1e3", 0, false}, {" 1", 0, false},
		{"99999999999y", 0, false}, {"9223372036854775807y", 0, false}, {"9223372036854775807", 0, false}, {"٣", 0, false}, {"0x1f", 0, false},
	}
	for _, test := range tests {
		got, err := datasession.ParseLifetime(test.text)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("ParseLifetime(%q) = %v, %v; want %v, ok %v", test.text, got, err, test.want, test.ok)
		}
		if err != nil && !errors.Is(err, datasession.ErrLifetime) {
			t.Errorf("ParseLifetime(%q) = %v; want ErrLifetime", test.text, err)
		}
	}
}

func TestFormatLifetime(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": datasession.Forever, "90m": 90 * time.Minute, "1d": 24 * time.Hour, "-5s": -5 * time.Second,
		"2s": 1500 * time.Millisecond, "1y": 365 * 24 * time.Hour, "2w": 14 * 24 * time.Hour,
	} {
		got := datasession.FormatLifetime(d)
		if got != want {
			t.Errorf("FormatLifetime(%v) = %q; want %q", d, got, want)
		}
	}
}

func TestExpiryToTheSecond(t *testing.T) {
	tests := []struct {
		name   string
		family datasession.Family
		after  time.Duration
		gone   bool
	}{
		{"Data::Session, a second before", datasession.DataSession, 9 * time.Second, false},
		{"Data::Session, in the second", datasession.DataSession, 10 * time.Second, false},
		{"Data::Session, a second after", datasession.DataSession, 11 * time.Second, true},
		{"CGI::Session, a second before", datasession.CGISession, 9 * time.Second, false},
		{"CGI::Session, in the second", datasession.CGISession, 10 * time.Second, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, &datasession.Options{Family: test.family, Lifetime: 10 * time.Second})
				id := stored(t, m, nil)
				time.Sleep(test.after)
				_, err := m.Load(t.Context(), id)
				if errors.Is(err, datasession.ErrExpired) != test.gone {
					t.Errorf("Load = %v; want expired %v", err, test.gone)
				}
				if gone := count(t, m) == 0; gone != test.gone {
					t.Errorf("removed from the store %v; want %v", gone, test.gone)
				}
			})
		})
	}
}

func TestUsePutsOffExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, &datasession.Options{Lifetime: 100 * time.Second})
		id := stored(t, m, nil)
		for range 10 {
			time.Sleep(60 * time.Second)
			flush(t, load(t, m, id))
		}
		time.Sleep(110 * time.Second)
		if _, err := m.Load(t.Context(), id); !errors.Is(err, datasession.ErrExpired) {
			t.Errorf("Load of a session left alone = %v; want ErrExpired", err)
		}
	})
}

func TestMaxAgeEndsAUsedSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, &datasession.Options{Lifetime: 100 * time.Second, MaxAge: 5 * time.Minute})
		id := stored(t, m, nil)
		var err error
		var used time.Duration
		for err == nil {
			time.Sleep(50 * time.Second)
			used += 50 * time.Second
			var s *datasession.Session
			if s, err = m.Load(t.Context(), id); err == nil {
				flush(t, s)
			}
		}
		if !errors.Is(err, datasession.ErrExpired) || used != 350*time.Second {
			t.Errorf("after %v: %v; want ErrExpired after 350s", used, err)
		}
	})
}

func TestTouchIsThrottled(t *testing.T) {
	for _, test := range []struct {
		name  string
		every time.Duration
		want  int64
	}{
		{"default", 0, 2}, {"every load", datasession.EveryLoad, 120}, {"half a minute", 30 * time.Second, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, &datasession.Options{TouchEvery: test.every})
				id := stored(t, m, nil)
				before := m.Stats().Saves
				for range 120 {
					time.Sleep(time.Second)
					flush(t, load(t, m, id))
				}
				if n := m.Stats().Saves - before; n != test.want {
					t.Errorf("%d writes in 120 uses, one a second; want %d", n, test.want)
				}
			})
		})
	}
}

func TestParameterExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, nil)
		id := stored(t, m, map[string]any{"code": 1234, "user": "ann"})
		s := load(t, m, id)
		must(t, s.ExpireParam("code", 30*time.Second))
		flush(t, s)

		time.Sleep(20 * time.Second)
		s = load(t, m, id) // a use: the time counts from here
		if !s.Has("code") {
			t.Fatal("gone before its time")
		}
		flush(t, s)
		time.Sleep(31 * time.Second)
		s = load(t, m, id)
		if s.Has("code") || !s.Has("user") || !s.Modified() {
			t.Errorf("code there %v, user there %v, Modified %v; want false, true, true", s.Has("code"), s.Has("user"), s.Modified())
		}
		flush(t, s)
		if got := load(t, m, id).ParamLifetimes(); len(got) != 0 {
			t.Errorf("ParamLifetimes() = %v; want none", got)
		}

		s = load(t, m, id)
		set(t, s, "code", 1)
		must(t, s.ExpireParam("code", time.Second))
		flush(t, s)
		must(t, s.ExpireParam("code", 0)) // which Data::Session cannot
		flush(t, s)
		time.Sleep(time.Minute)
		if !load(t, m, id).Has("code") {
			t.Error("a parameter whose time was taken away expired")
		}
	})
}

// Another process sets a parameter anew between a load that found its time over and
// the flush.
func TestExpiredParameterThatIsSetAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, nil)
		id := stored(t, m, map[string]any{"code": 1})
		s := load(t, m, id)
		must(t, s.ExpireParam("code", 10*time.Second))
		flush(t, s)
		time.Sleep(time.Minute)
		slow, quick := load(t, m, id), load(t, m, id)
		set(t, quick, "code", 2)
		must(t, quick.ExpireParam("code", 10*time.Second))
		flush(t, quick)
		flush(t, slow)
		if got := load(t, m, id).Get("code"); got != 2 {
			t.Errorf("code = %v; want the new 2", got)
		}
	})
}

func TestExpireStores(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, nil)
	for _, test := range []struct{ set, want time.Duration }{
		{time.Hour, time.Hour}, {1500 * time.Millisecond, 2 * time.Second},
		{0, datasession.Forever}, {datasession.Forever, datasession.Forever}, {math.MaxInt64 - 1, datasession.Forever},
	} {
		s := load(t, m, id)
		must(t, s.Expire(time.Minute))
		must(t, s.Expire(test.set))
		flush(t, s)
		got := load(t, m, id).Lifetime()
		if got != test.want && test.set < datasession.Forever-1 {
			t.Errorf("after Expire(%v): Lifetime() = %v; want %v", test.set, got, test.want)
		}
	}
	s := load(t, m, id)
	must(t, s.Expire(-time.Second))
	if expired, err := s.CheckExpiry(t.Context()); !expired || err != nil || !s.Deleted() {
		t.Errorf("CheckExpiry after Expire(-1s) = %v, %v, Deleted %v; want true, nil, true", expired, err, s.Deleted())
	}
	if count(t, m) != 0 {
		t.Error("the expired session is still stored")
	}
}

func TestApacheSessionsDoNotExpire(t *testing.T) {
	m := manager(t, &datasession.Options{Family: datasession.ApacheSession})
	id := stored(t, m, map[string]any{"_utime": 1})
	s := load(t, m, id)
	if err := s.Expire(time.Hour); !errors.Is(err, datasession.ErrUnsupported) {
		t.Errorf("Expire = %v; want ErrUnsupported", err)
	}
	if err := s.ExpireParam("a", time.Hour); !errors.Is(err, datasession.ErrUnsupported) {
		t.Errorf("ExpireParam = %v; want ErrUnsupported", err)
	}
	if s.Lifetime() != datasession.Forever || !s.CreateTime().IsZero() {
		t.Errorf("Lifetime %v, CreateTime %v; want Forever and the zero time", s.Lifetime(), s.CreateTime())
	}
}

func TestClockThatJumps(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, 365 * 24 * time.Hour} {
		now := time.Unix(1_800_000_000, 0)
		m := manager(t, &datasession.Options{Lifetime: 10 * time.Minute, Now: func() time.Time { return now }})
		now = now.Add(jump) // a clock that runs ahead stores a session
		id := stored(t, m, nil)
		now = now.Add(-jump) // and is put right
		flush(t, load(t, m, id))
		now = now.Add(11 * time.Minute)
		if _, err := m.Load(t.Context(), id); !errors.Is(err, datasession.ErrExpired) {
			t.Errorf("clock %v ahead: Load 11 minutes after the last use = %v; want ErrExpired", jump, err)
		}
	}
}

func TestPeekIsNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, &datasession.Options{Lifetime: time.Hour})
		id := stored(t, m, map[string]any{"a": 1})
		made := time.Now().Unix()
		time.Sleep(30 * time.Minute)
		s, err := m.Peek(t.Context(), id)
		must(t, err)
		set(t, s, "a", 2)
		flush(t, s)
		s, err = m.Peek(t.Context(), id)
		must(t, err)
		if s.AccessTime().Unix() != made || s.Get("a") != 2 {
			t.Errorf("AccessTime %v after it was made, a = %v; want 0 and 2", s.AccessTime().Unix()-made, s.Get("a"))
		}
		time.Sleep(31 * time.Minute)
		if s, err = m.Peek(t.Context(), id); err != nil || !s.Expired() || !s.Has("a") {
			t.Errorf("Peek of an expired session = %v, Expired %v; want it whole", err, s.Expired())
		}
		if count(t, m) != 1 {
			t.Error("Peek removed the expired session")
		}
	})
}

func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, &datasession.Options{Lifetime: time.Hour})
		for range 5 {
			stored(t, m, nil)
		}
		time.Sleep(50 * time.Minute)
		fresh := stored(t, m, nil)
		raw(t, m, "bad", "{")
		used := ""
		for id := range m.IDs(t.Context()) {
			if id != fresh && id != "bad" {
				used = id
				break
			}
		}
		flush(t, load(t, m, used))
		time.Sleep(20 * time.Minute)

		var last datasession.PurgeResult
		done, err := m.Purge(t.Context(), &datasession.PurgeOptions{DryRun: true, Progress: func(r datasession.PurgeResult) { last = r }})
		if want := (datasession.PurgeResult{Seen: 7, Removed: 4, Failed: 1}); done != want || err != nil || last != want {
			t.Errorf("dry run = %+v, %v, last progress %+v; want %+v", done, err, last, want)
		}
		if n := count(t, m); n != 7 {
			t.Fatalf("the dry run left %d of 7", n)
		}
		if done, err = m.Purge(t.Context(), nil); done.Removed != 4 || err != nil || count(t, m) != 3 {
			t.Errorf("Purge = %+v, %v, %d left; want 4 removed, 3 left", done, err, count(t, m))
		}
		if done, err = m.Purge(t.Context(), &datasession.PurgeOptions{Idle: 19 * time.Minute}); done.Removed != 2 || err != nil {
			t.Errorf("Purge of the idle = %+v, %v; want 2 removed", done, err)
		}
	})
}

// A store that forgets sessions by itself does so no earlier than Perl would.
func TestStoreForgetsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := datasession.New(memstore.New(nil), perljson.Codec{}, &datasession.Options{Lifetime: 10 * time.Second})
		must(t, err)
		used, left := stored(t, m, nil), stored(t, m, nil)
		time.Sleep(10 * time.Second)
		flush(t, load(t, m, used))
		time.Sleep(5 * time.Second)
		if n := count(t, m); n != 1 {
			t.Errorf("%d sessions are left; want the used one", n)
		}
		if _, err := m.Load(t.Context(), left); !errors.Is(err, datasession.ErrNotFound) {
			t.Errorf("Load = %v; want ErrNotFound", err)
		}
	})
}

// One session that cannot be read does not keep a purge from the others.
func TestPurgeGoesOnPastWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	m := on(t, files(t, dir))
	for _, id := range []string{"a", "m", "z"} {
		raw(t, m, id, "$D = {'_SESSION_ATIME' => 1,'_SESSION_ETIME' => 1};")
	}
	must(t, os.WriteFile(filepath.Join(dir, "cgisess_huge"), make([]byte, store.MaxBytes+1), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "cgisess_torn"), []byte("$D = {"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "cgisess_twin"), nil, 0o600))
	must(t, os.Link(filepath.Join(dir, "cgisess_twin"), filepath.Join(dir, "cgisess_twin2")))
	done, err := m.Purge(t.Context(), nil)
	if want := (datasession.PurgeResult{Seen: 7, Removed: 3, Failed: 4}); done != want || err != nil {
		t.Errorf("Purge = %+v, %v; want %+v", done, err, want)
	}
}

func TestPurgeLetsTheStoreDoItsPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := datasession.New(memstore.New(nil), perljson.Codec{}, &datasession.Options{Lifetime: time.Minute})
		must(t, err)
		stored(t, m, nil)
		time.Sleep(time.Hour)
		stored(t, m, nil)
		if done, err := m.Purge(t.Context(), nil); done.Removed != 1 || err != nil {
			t.Errorf("Purge = %+v, %v; want 1 removed", done, err)
		}
	})
}
