package web

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// servers are the libraries whose sessions requests may share.
var servers = []Library{Ours, SCS, SCSIdle, Gorilla, Fiber, Gin}

// count is few in a plain run, and many for the figures.
func count(few, many int) int {
	if *figures {
		return many
	}
	return few
}

// figure prints a cell, and fails if it is this library's and not zero.
func figure(t *testing.T, lib Library, what string, n, of int) {
	t.Helper()
	t.Logf("%s: %d of %d %s", lib.Name, n, of, what)
	if lib.Name == Ours.Name && n > 0 {
		t.Errorf("%d of %d %s", n, of, what)
	}
}

// Eight requests at a time on one session: each sets a parameter of its own and counts
// one that they share up.
func TestLostUpdates(t *testing.T) {
	const parallel = 8
	for _, lib := range servers {
		routes := map[string]Handler{"/login": set("user", "alice"), "/hits": show("hits")}
		for i := range parallel {
			name := fmt.Sprint("own", i)
			routes["/show/"+name] = show(name)
			routes["/"+name] = func(v Visit) error {
				n, _ := v.Get(name).(int)
				err := v.Set(name, n+1)
				return errors.Join(err, v.Increment("hits"), v.Save(), hello(v))
			}
		}
		_, v := open(t, lib, routes)
		v.Get(t.Context(), "/login")
		rounds := count(25, 2000)
		begin := time.Now()
		for range rounds {
			var wg sync.WaitGroup
			for i := range parallel {
				wg.Go(func() { v.Copy().Get(t.Context(), fmt.Sprint("/own", i)) })
			}
			wg.Wait()
		}
		took := time.Since(begin)
		lost, n := 0, 0
		for i := range parallel {
			_, _ = fmt.Sscan(v.Get(t.Context(), fmt.Sprint("/show/own", i)).Body, &n)
			lost += rounds - n
		}
		hits := 0
		_, _ = fmt.Sscan(v.Get(t.Context(), "/hits").Body, &hits)
		figure(t, lib, "parameters lost", lost, rounds*parallel)
		figure(t, lib, "counts lost", rounds*parallel-hits, rounds*parallel)
		t.Logf("%s: %.0f requests/s", lib.Name, float64(rounds*parallel)/took.Seconds())
	}
}

// A request that writes and a sign-out at any time relative to each other.
func TestLogoutRaces(t *testing.T) {
	for _, lib := range servers {
		_, v := open(t, lib, map[string]Handler{
			"/login": set("user", "alice"), "/who": show("user"), "/logout": logout,
			"/slow": func(v Visit) error {
				v.Get("user")
				time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
				return set("seen", "yes")(v)
			},
		})
		back, rounds := 0, count(40, 1000)
		for range rounds {
			v := NewVisitorOf(v)
			v.Get(t.Context(), "/login")
			old, slow := v.Copy(), v.Copy()
			var wg sync.WaitGroup
			wg.Go(func() { slow.Get(t.Context(), "/slow") })
			time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
			v.Get(t.Context(), "/logout")
			wg.Wait()
			if old.Get(t.Context(), "/who").Body == "alice" {
				back++
			}
		}
		figure(t, lib, "sessions alive after the sign-out", back, rounds)
	}
}

// What 1000 requests that only read write into the store, with an idle timeout.
func TestIdleWrites(t *testing.T) {
	for _, lib := range []Library{Ours, SCS, Fiber} {
		routes := map[string]Handler{"/login": set("user", "alice"), "/who": show("user")}
		site, v := openWith(t, lib, Setup{Idle: 20 * time.Minute, Routes: routes})
		v.Get(t.Context(), "/login")
		writes, bytes := site.Meter.Writes.Load(), site.Meter.Bytes.Load()
		requests := count(100, 1000)
		for range requests {
			v.Get(t.Context(), "/who")
		}
		writes, bytes = site.Meter.Writes.Load()-writes, site.Meter.Bytes.Load()-bytes
		t.Logf("%s: %d writes, %d bytes in %d requests", lib.Name, writes, bytes, requests)
		if lib.Name == Ours.Name && writes > 2 {
			t.Errorf("%d writes in %d requests, want at most 2", writes, requests)
		}
	}
}

// What a program weighs that answers one request with a session.
func TestWeight(t *testing.T) {
	if !*figures {
		t.Skip("-figures builds the programs")
	}
	for _, name := range []string{"nosession", "datasession", "scs", "gorilla", "gin", "fiber", "iris"} {
		pkg := "./weight/" + name
		bin := filepath.Join(t.TempDir(), name)
		command(t, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, pkg)
		info, err := os.Stat(bin)
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(command(t, "go", "list", "-deps", "-f", "{{.ImportPath}},{{with .Module}}{{.Path}}{{end}}", pkg))
		modules := map[string]bool{}
		for _, dep := range deps {
			if _, module, _ := strings.Cut(dep, ","); module != "" && !strings.HasSuffix(module, "/internal/bench") {
				modules[module] = true
			}
		}
		t.Logf("%s: %.2f MiB, %d modules, %d packages", name, float64(info.Size())/(1<<20), len(modules), len(deps))
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}
