package sessionid

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Static is the generator whose every id is the one given: Static("reports"). It
// is for a session that a program shares with itself, under a name.
//
// Ids that Perl takes for false, "" and "0", are refused by New.
type Static string

// Name implements [Generator].
func (Static) Name() string { return "Static" }

// New implements [Generator].
func (s Static) New(context.Context) (string, error) {
	if s == "" || s == "0" {
		return "", errors.New("static session id is not a true value")
	}
	return string(s), nil
}

// Valid implements [Generator].
func (s Static) Valid(id string) bool { return id == string(s) && id != "" && id != "0" }

// Guessable implements [Guessable].
func (Static) Guessable() bool { return true }

// Format keeps the id, which is a session's, out of logs.
func (Static) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "Static") }
