//go:build !(bdb && cgo)

package bdbstore

// Linked reports whether this program has libdb.
const Linked = false

// handle is an open database, where there is libdb.
type handle struct{}

func openHandle(string, string, bool, *Options) (*handle, error) { return nil, ErrNotLinked }

func (*handle) get([]byte, int, func() bool) ([]byte, error)    { return nil, ErrNotLinked }
func (*handle) update([]byte, int, decision, func() bool) error { return ErrNotLinked }
func (*handle) probe() error                                    { return ErrNotLinked }
func (*handle) keys(func() bool) ([]string, error)              { return nil, ErrNotLinked }
func (*handle) flush() error                                    { return ErrNotLinked }
func (*handle) close() error                                    { return ErrNotLinked }
