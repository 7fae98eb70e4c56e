package odbc

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// grace is for how long a call may go on after its context has ended:
	// drivers that can be interrupted come back within it.
	grace = 40 * time.Millisecond
	// patience is for how long to wait where nobody can say for how long.
	patience = time.Second
)

// line runs what a connection has to do, one job after the other: a driver is
// never called twice at a time for one connection. Jobs whose context can end run
// in a goroutine of the line's own, so that a driver that does not come back, say
// because the server does not answer, keeps nobody waiting. It then keeps the
// goroutine and a thread, until it does, and all that is open is closed after it.
type line struct {
	lib     *library
	left    *atomic.Int64 // counts the lines whose goroutine is left to itself
	jobs    chan func()
	cancels sync.WaitGroup

	mu          sync.Mutex
	interrupted bool
	inside      bool          // a call is at work that may be interrupted
	cancelling  chan struct{} // closed when SQLCancel has returned

	// cannotCancel says that the driver would not survive it.
	cannotCancel bool

	// These belong to whoever uses the connection, one goroutine at a time.
	broken bool // the connection is not to be used again
	gone   bool // a job has not come back: nobody may touch the handles
}

func newLine(lib *library, left *atomic.Int64) line {
	// Room for one: the job that closes, which does not wait for a driver.
	return line{lib: lib, left: left, jobs: make(chan func(), 1)}
}

func (l *line) work() {
	for job := range l.jobs {
		job()
	}
}

// run runs a job that uses a statement handle, or none, and interrupts it when ctx
// ends. If the job does not come back then, whatever it works on is its own.
//
// After an interruption the connection is not used again: a cancel may reach the
// server when the statement has ended already, and would hit the next one.
func (l *line) run(ctx context.Context, stmt uintptr, job func() error) error {
	switch {
	case l.gone:
		return driver.ErrBadConn
	case ctx.Err() != nil:
		return ctx.Err()
	case ctx.Done() == nil:
		return l.note(job())
	}
	done := make(chan error, 1)
	l.jobs <- func() { done <- job() }
	select {
	case err := <-done:
		return l.note(err)
	case <-ctx.Done():
	}
	l.broken = true
	l.cancels.Go(func() { l.interrupt(stmt) }) // it may have to ask the server too
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil {
			err = ctx.Err()
		}
		return err
	case <-timer.C:
		l.gone = true
		l.left.Add(1)
		return ctx.Err()
	}
}

// interrupt makes the driver leave a call that may take long, if it is in one. To
// some drivers SQLCancel means to close the cursor: it must not meet a call that
// reads from that.
func (l *line) interrupt(stmt uintptr) {
	l.mu.Lock()
	l.interrupted = true
	if !l.inside || l.cannotCancel || stmt == 0 {
		l.mu.Unlock()
		return
	}
	done := make(chan struct{})
	l.cancelling = done
	l.mu.Unlock()
	call(l.lib.cancel, stmt)
	close(done)
}

// enter begins a call that may take long, unless an interrupt has come before.
func (l *line) enter() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.interrupted {
		return errInterrupted
	}
	l.inside = true
	return nil
}

// leave ends what enter began, and waits for an interrupt to have had its effect.
func (l *line) leave() error {
	l.mu.Lock()
	l.inside = false
	interrupted, cancelling := l.interrupted, l.cancelling
	l.mu.Unlock()
	if cancelling != nil {
		<-cancelling
	}
	if interrupted {
		return errInterrupted
	}
	return nil
}

var errInterrupted = errors.New("odbc: the call was interrupted")

// soon runs a job for which there is no context.
func (l *line) soon(stmt uintptr, job func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return l.run(ctx, stmt, job)
}

// note takes notice of a connection that was lost.
func (l *line) note(err error) error {
	if err != nil && isLost(err) {
		l.broken = true
	}
	return err
}

// end runs the last job and ends the goroutine. It waits a while for it, unless an
// earlier one has not come back.
func (l *line) end(job func()) {
	gone, done := l.gone, make(chan struct{})
	l.gone, l.broken = true, true
	l.jobs <- func() {
		l.cancels.Wait()
		job()
		if gone {
			l.left.Add(-1)
		}
		close(done)
	}
	close(l.jobs)
	if gone {
		return
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
