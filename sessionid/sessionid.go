// Package sessionid makes session ids: the ten generators of Perl's
// Data::Session, with its lengths and alphabets, and the default for new work.
//
// Perl derives its ids from the process id, the time and a 32-bit seed, or from
// the clock. Here every random id is made of bytes from the system's random
// source: at least 128 bits of them, whatever the name (122 for the UUID forms).
// Nothing reads a meaning into an id, so both sides accept each other's.
package sessionid

import (
	"context"
	"errors"
)

// Generator makes ids of one shape. It is safe for use by several goroutines.
type Generator interface {
	// Name returns the generator's name as a type string has it, such as "SHA256".
	Name() string

	// New returns a new id. If there is no randomness to be had, or a counter
	// cannot be advanced, it returns an error and no id.
	New(ctx context.Context) (string, error)

	// Valid reports whether id has the length and alphabet of this generator's
	// ids. It does no I/O.
	Valid(id string) bool
}

// Guessable is implemented by generators whose ids can be guessed, so that no
// stranger may be let in by one: AutoIncrement and Static. Middleware refuses
// them unless it is told otherwise.
type Guessable interface{ Guessable() bool }

// ErrRandom reports that the random source failed.
var ErrRandom = errors.New("no randomness for a session id")
