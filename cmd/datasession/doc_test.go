package main

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write doc.go anew from the help texts")

// doc.go is what the command's help says.
func TestDoc(t *testing.T) {
	want := document(t)
	if *update {
		if err := os.WriteFile("doc.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != string(want) {
		t.Error("doc.go is not what the help texts say: go test -run TestDoc -update writes it")
	}
}

func document(t *testing.T) []byte {
	t.Helper()
	root := (&app{}).command()
	var b strings.Builder
	b.WriteString("// Command ")
	paragraphs(&b, root.Long)
	b.WriteString("//\n// This is what datasession help and datasession help COMMAND print; a test compares.\n//\n")
	block(&b, "datasession help", helpText(root))
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" {
			block(&b, "datasession help "+cmd.Name(), helpText(cmd))
		}
	}
	text := strings.TrimSuffix(b.String(), "//\n") + "package main\n"
	source, err := format.Source([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func paragraphs(b *strings.Builder, text string) {
	first := true
	for line := range strings.Lines(text) {
		if !first {
			b.WriteString("//")
			if line != "\n" {
				b.WriteString(" ")
			}
		}
		first = false
		b.WriteString(strings.TrimSuffix(line, "\n") + "\n")
	}
}

// block writes a heading and a text as it stands, which go doc leaves alone.
func block(b *strings.Builder, heading, text string) {
	fmt.Fprintf(b, "// # %s\n//\n", heading)
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line == "" {
			b.WriteString("//\n")
		} else {
			fmt.Fprintf(b, "//\t%s\n", line)
		}
	}
	b.WriteString("//\n")
}
