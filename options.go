package datasession

import (
	"context"
	"log/slog"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/sessionid"
)

// EveryLoad, as [Options.TouchEvery], writes the access time at every load, as
// Perl does.
const EveryLoad time.Duration = -1

// Options are the choices of a [Manager]. The zero value of each field is the
// sensible default, and a nil *Options is all of them.
type Options struct {
	// NewID makes the ids of new sessions. Nil means sessionid.SHA256: 256
	// random bits as 64 hexadecimal digits.
	NewID sessionid.Generator

	// Family is the Perl module whose sessions these are. The zero value
	// is DataSession, also for work that no Perl sees.
	Family Family

	// Lifetime is how long a new session lives after it was last used. Zero
	// means 24 hours; Forever means that it does not expire. Sessions that are
	// there already keep their own.
	Lifetime time.Duration

	// MaxAge is how long a session lives from its creation, however much it is
	// used. Zero means no such end. Perl has none.
	MaxAge time.Duration

	// TouchEvery is how often at most a mere use of a session writes its
	// access time. Zero means a minute, or a tenth of the session's or of a
	// parameter's lifetime if that is less; EveryLoad means at each load, as Perl.
	TouchEvery time.Duration

	// PrincipalParam is the name of the parameter that holds whom a session is
	// bound to. "" means the constant PrincipalParam. Give the name under which a
	// Perl application keeps its user, and the sessions that it signs in are listed
	// and revoked as well. A store that has an index of this name finds them by it.
	PrincipalParam string

	// RenameGrace is how long after a rename to a generated id the old id still
	// leads to the session, for requests that were on their way: read-only, and
	// Load alone follows it. Whoever knew the old id can read the session for so
	// long. Zero means not at all. Whole seconds, rounded up.
	RenameGrace time.Duration

	// EpochCheck makes loading a session look at the epochs that NotBefore sets,
	// which it may know from so long ago. It costs one load of the store in that
	// time, and one for each 64th of the principals. Zero means that epochs are not
	// looked at and cannot be set.
	EpochCheck time.Duration

	// HashIDs stores sessions under a digest of their ids, which Perl cannot find
	// them by: whoever reads the store has no id to come with. Ids that IDs, FindBy
	// and All yield are then these keys: Peek, Delete and what they return take them,
	// Load and ValidID refuse them.
	HashIDs bool

	// AnyStoredID accepts a record that carries another id than the one it is
	// stored under, for tables whose key is not the session's.
	AnyStoredID bool

	// Limits bounds what is decoded and encoded.
	Limits codec.Limits

	// Tries is how often Flush stores, and loads again on a conflict, before it
	// gives up with ErrConflict. Zero means 64. Update tries ten times as often.
	Tries int

	// Resolve decides a conflict: a parameter that this session had read and
	// changed, and that was changed by another meanwhile. Nil means KeepMine.
	Resolve Resolver

	// OnConflict is told of every such conflict, after it was decided.
	OnConflict func(context.Context, Conflict)

	// Logger gets conflicts, and at debug level what is loaded and stored. Nil
	// means no log. Ids appear as fingerprints only.
	Logger *slog.Logger

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Conflict is one parameter that two sessions changed at once. A nil value
// stands for no such parameter.
type Conflict struct {
	ID     string // the session's id, a credential: do not print it
	Name   string
	Base   *perl.Value // what this session had read
	Theirs *perl.Value // what is stored now
	Mine   *perl.Value // what this session wants to store
}

// Resolver returns the value that a parameter in conflict is to have, nil for
// none, or an error, which Flush reports.
type Resolver func(Conflict) (*perl.Value, error)

// KeepMine decides a conflict for the session that is being flushed.
func KeepMine(c Conflict) (*perl.Value, error) { return c.Mine, nil }

// KeepTheirs decides a conflict for what was stored first.
func KeepTheirs(c Conflict) (*perl.Value, error) { return c.Theirs, nil }

// Reject makes Flush report ErrConflict and store nothing.
func Reject(Conflict) (*perl.Value, error) { return nil, ErrConflict }

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.NewID == nil {
		d.NewID = sessionid.SHA256
	}
	d.Family = d.Family.orDefault()
	if d.Lifetime == 0 {
		d.Lifetime = 24 * time.Hour
	}
	if d.PrincipalParam == "" {
		d.PrincipalParam = PrincipalParam
	}
	if d.Tries <= 0 {
		d.Tries = 64
	}
	if d.Resolve == nil {
		d.Resolve = KeepMine
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return d
}
