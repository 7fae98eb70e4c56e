package datasession

import (
	"errors"
	"fmt"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/store"
)

// Errors that a program decides on; test with [errors.Is]. They come wrapped in
// a [*SessionError]. Errors of the back end are passed on in the same way.
var (
	// ErrNotFound reports that there is no such session.
	ErrNotFound = store.ErrNotFound
	// ErrConflict reports that another process changed what this session
	// read and then changed too, and that the policy is to reject that, or that
	// the tries ran out.
	ErrConflict = store.ErrConflict
	// ErrInvalidID reports an id that cannot be one.
	ErrInvalidID = store.ErrInvalidID
	// ErrTooLarge reports data over a limit; what was stored is unchanged.
	ErrTooLarge = store.ErrTooLarge
	// ErrUnavailable reports a back end that cannot be reached.
	ErrUnavailable = store.ErrUnavailable

	// ErrExpired reports a session that is past its time. It is an ErrNotFound too.
	ErrExpired = kindOf(ErrNotFound, "session expired")
	// ErrDeleted reports changes to a session that was deleted, or that expired,
	// after it was loaded. They are not stored. It is an ErrNotFound too.
	ErrDeleted = kindOf(ErrNotFound, "session was deleted meanwhile")
	// ErrReadOnly reports changes to a session that was reached by the id that it
	// had before a rename; see Options.RenameGrace. They are not stored.
	ErrReadOnly = errors.New("session was renamed: read-only under its old id")
	// ErrCorrupt reports stored data that is not a session: it cannot be decoded,
	// is not a hash, or carries another session's id. It is kept as it is, and
	// no new session is stored over it.
	ErrCorrupt = errors.New("corrupt session")
	// ErrValue reports a value that the codec cannot write.
	ErrValue = codec.ErrUnsupported
	// ErrReserved reports a parameter name that the family keeps for itself.
	ErrReserved = errors.New("reserved parameter name")
	// ErrNoParam reports that a session has no parameter of that name.
	ErrNoParam = errors.New("no such parameter")
	// ErrUnsupported reports what the store, or the family, cannot do.
	ErrUnsupported = errors.ErrUnsupported
)

type subError struct {
	parent error
	text   string
}

func kindOf(parent error, text string) error { return &subError{parent, text} }
func (e *subError) Error() string            { return e.text }
func (e *subError) Is(target error) bool     { return target == e.parent }

// SessionError tells what was being done to which session when Err happened. Its
// text names the session by its fingerprint.
type SessionError struct {
	Op  string // "load", "flush", "delete", ...
	ID  string // the id, a credential: do not print it
	Err error
}

func (e *SessionError) Error() string {
	return fmt.Sprintf("%s session %s: %v", e.Op, Fingerprint(e.ID), e.Err)
}

func (e *SessionError) Unwrap() error { return e.Err }

// Format keeps the id out of every verb, %+v and %#v included.
func (e *SessionError) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", e.Error())
		return
	}
	fmt.Fprint(f, e.Error())
}

func wrap(op, id string, err error) error {
	if err == nil {
		return nil // before se, which is an allocation
	}
	var se *SessionError
	if errors.As(err, &se) {
		return err
	}
	return &SessionError{op, id, err}
}

func corrupt(err error) error { return fmt.Errorf("%w: %w", ErrCorrupt, err) }
