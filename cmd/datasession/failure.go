package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/bdbstore"
)

// The exit codes. Scripts go by them.
const (
	exitDone        = 0
	exitRefused     = 1 // refused, or not found
	exitUsage       = 2 // the command line
	exitUnreachable = 3 // the store could not be opened, read or written
	exitInterrupted = 130
)

// failure is an error with its exit code and, where there is something to try,
// the line that says what.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// refuse reports something that is not done, or not there.
func refuse(hint, format string, args ...any) error {
	return &failure{exitRefused, fmt.Errorf(format, args...), hint}
}

// misuse reports a command line that makes no sense.
func misuse(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), hint}
}

// report writes an error for a person and returns the exit code.
func report(stderr io.Writer, command string, err error) int {
	if err == nil {
		return exitDone
	}
	var f *failure
	if !errors.As(err, &f) { // cobra's own: everything of ours is a failure
		f = &failure{exitUsage, err, "try: " + command + " --help"}
	}
	if f.err == errSaid {
		return f.code
	}
	if f.code == exitUsage && f.hint == "" {
		f.hint = "try: " + command + " --help"
	}
	fmt.Fprintf(stderr, "datasession: %s\n", printable(f.Error()))
	if f.hint != "" {
		fmt.Fprintf(stderr, "  %s\n", printable(f.hint))
	}
	return f.code
}

// judge turns an error of a store, a session or a codec into a failure, if it is
// not one yet: what the data or the store's rules refuse is told from a store that
// could not be used.
func judge(err error) error {
	var f *failure
	if err == nil || errors.As(err, &f) {
		return err
	}
	f = &failure{code: exitUnreachable, err: err}
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case is(context.Canceled):
		return &failure{code: exitInterrupted, err: errors.New("interrupted")}
	case is(datasession.ErrCorrupt):
		f.code = exitRefused
		f.hint = "try: another serialize: in --type, or datasession decode with the file"
		if !errors.As(err, new(*codec.SyntaxError)) && !is(codec.ErrUnsupported) && !is(codec.ErrLimit) {
			f.hint = "it is kept as it is; datasession rm removes it"
		}
	case is(datasession.ErrTooLarge), is(codec.ErrLimit):
		f.code = exitRefused
		f.hint = "try: --max-bytes, --max-nodes, --max-depth"
	case is(datasession.ErrNotFound):
		f.code = exitRefused
		f.hint = "try: datasession ls, with the same store flags"
	case is(datasession.ErrReserved):
		f.code = exitRefused
		f.hint = "which names are reserved: datasession set --help"
	case is(bdbstore.ErrReadOnly):
		f.code = exitRefused
		f.hint = "try: --db-home DIR, the environment in which the application has it open"
	case is(bdbstore.ErrNotLinked):
		f.code = exitRefused
		f.hint = "try: go build -tags bdb, where libdb5.3-dev is installed; make does it"
	case is(datasession.ErrPurging):
		f.code = exitRefused
		f.hint = "nothing is to be done; try: again when it has ended"
	case is(datasession.ErrInvalidID), is(datasession.ErrConflict),
		is(datasession.ErrUnsupported), is(codec.ErrUnsupported):
		f.code = exitRefused
	case is(store.ErrUnsafe):
		f.code = exitRefused
		f.hint = "it is left alone; --foreign-owner admits the files of other users"
	case is(store.ErrUnavailable) && is(context.DeadlineExceeded): // it says what to do
	case is(store.ErrUnavailable):
		f.hint = "try: --table-name, --id-col-name, --data-col-name; set --create --create-store makes what is missing"
	case is(fs.ErrPermission), strings.Contains(err.Error(), "readonly database"):
		f.hint = "try: as the user that the application runs as"
	}
	if errors.As(err, new(*codec.SyntaxError)) {
		f.code = exitRefused
	}
	return f
}

// said returns an error that was reported already: only its exit code counts.
func said(code int) error { return &failure{code: code, err: errSaid} }

var errSaid = errors.New("reported")
