package web

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/scoreboard.md")

const scoreboard = "../../../docs/scoreboard.md"

// The scoreboard in docs is what the probes see, and this library passes them all.
func TestScoreboard(t *testing.T) {
	libs := []Library{Ours, SCS, SCSIdle, Gorilla, Fiber, Gin}
	verdicts := make([][]Verdict, len(Probes))
	for i, p := range Probes {
		for _, lib := range libs {
			t.Run(p.Number+"/"+lib.Name, func(t *testing.T) {
				v := p.Run(t, lib)
				if lib.Name == Ours.Name && !v.Pass {
					t.Errorf("%s: %s", p.Asks, v.Saw)
				}
				verdicts[i] = append(verdicts[i], v)
			})
		}
	}
	if t.Failed() {
		return
	}
	got := table(libs, verdicts)
	if *update {
		if err := os.WriteFile(scoreboard, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(scoreboard)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("docs/scoreboard.md is not what the probes see; -update writes it anew:\n%s", got)
	}
}

func table(libs []Library, verdicts [][]Verdict) string {
	var b strings.Builder
	b.WriteString(scoreboardHead)
	for _, lib := range libs {
		fmt.Fprintf(&b, "- %s: %s\n", lib.Name, lib.Config)
	}
	b.WriteString("\n| | |")
	for _, lib := range libs {
		fmt.Fprintf(&b, " %s |", lib.Name)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(libs)) + "\n")
	passed := make([]int, len(libs))
	for i, p := range Probes {
		fmt.Fprintf(&b, "| %s | %s |", p.Number, p.Asks)
		for j, v := range verdicts[i] {
			word := "no"
			if v.Pass {
				word = "**yes**"
				passed[j]++
			}
			if v.Saw != "" {
				word += ": " + v.Saw
			}
			fmt.Fprintf(&b, " %s |", word)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "| | of %d |", len(Probes))
	for _, n := range passed {
		fmt.Fprintf(&b, " %d |", n)
	}
	b.WriteString("\n")
	return b.String()
}

const scoreboardHead = `# Scoreboard

What becomes of a session when requests meet, a store fails, a client leaves: the same
handlers over real HTTP, each library set up as its own documentation does it. The table is
written by

    go test ./internal/bench/web -run TestScoreboard -update

and the same test, without -update, fails if it is not what the libraries do, or if this one
does not pass.

`
