package sessionid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrUnsafe reports something else than a plain file where a counter should be: a
// link, a pipe, a device, a file with a second name.
var ErrUnsafe = errors.New("unsafe counter file")

// CounterOptions are the choices of [AutoIncrement]. The zero value of each field
// is Perl's default.
type CounterOptions struct {
	// File holds the counter. "" means data.session.id in the system's folder
	// for temporary files, where every user of the machine can get at it: better
	// name one. (Perl: id_file)
	File string

	// Base is the number before the first id. (Perl: id_base)
	Base int64

	// Step is how far apart two ids are. Zero means 1. (Perl: id_step)
	Step int64

	// Mode is what the file is created with, less the process's umask. Zero
	// means 0660. (Perl calls it umask.)
	Mode fs.FileMode

	// NoFlock leaves the file unlocked, so that ids are distinct within one
	// Counter only. (Perl: no_flock)
	NoFlock bool
}

// Counter makes ids by counting in a file that Perl's processes may count in at the
// same time: the last id in decimal, without a newline, changed under flock. What
// stands in the file is read as Perl reads it, odd contents included.
//
// Unlike Perl's, a Counter hands no id out twice, even if processes are killed or the
// power fails. The file is never shortened before it is written, and the id is on
// disk before it is returned, which costs one sync. Perl does shorten it, and counts
// from Base again if it dies right then. So a second file beside the first, .NAME.hw,
// keeps the highest id that a Counter has returned. If the file falls below that, the
// Counter goes on a thousand steps above it, to stay clear of ids that Perl returned
// meanwhile. To start over, remove both files.
//
// Only one call at a time waits for the lock. If the context of a call ends, the call
// returns, and a wait that it began goes on for the calls after it.
type Counter struct {
	file, mark string
	first      uint64 // the first id of an empty file
	step       uint64
	mode       fs.FileMode
	noFlock    bool
	turn       chan struct{} // held by the call that is at the file
}

// gap is how many steps a Counter leaves free after a fall of the file's number.
const gap = 1000

// longest is how much of the first line is looked at. Numbers have 20 digits.
const longest = 4096

// AutoIncrement returns a Counter. It opens nothing yet, and refuses options that
// cannot give ever higher ids from 1 on. A nil opts means the defaults.
//
// The ids can be guessed. Names of sessions that nobody reaches by naming them is what
// they are good for.
func AutoIncrement(opts *CounterOptions) (*Counter, error) {
	var o CounterOptions
	if opts != nil {
		o = *opts
	}
	if o.File == "" {
		o.File = filepath.Join(os.TempDir(), "data.session.id")
	}
	if o.Step == 0 {
		o.Step = 1
	}
	if o.Mode == 0 {
		o.Mode = 0o660
	}
	switch {
	case o.Step < 1:
		return nil, fmt.Errorf("counter step is %d, want at least 1", o.Step)
	case o.Base > math.MaxInt64-o.Step || o.Base+o.Step < 1:
		return nil, fmt.Errorf("counter base is %d, want a first id from 1 to %d", o.Base, int64(math.MaxInt64))
	}
	dir, name := filepath.Split(o.File)
	return &Counter{
		file:    o.File,
		mark:    filepath.Join(dir, "."+name+".hw"),
		first:   uint64(o.Base + o.Step),
		step:    uint64(o.Step),
		mode:    o.Mode.Perm(),
		noFlock: o.NoFlock,
		turn:    make(chan struct{}, 1),
	}, nil
}

// Name implements [Generator].
func (*Counter) Name() string { return "AutoIncrement" }

// Valid implements [Generator]: a number from 1 that fits 64 bits, without a sign
// and without leading zeros.
func (*Counter) Valid(id string) bool {
	if id == "" || id[0] == '0' || !isDigits(id) {
		return false
	}
	_, err := strconv.ParseUint(id, 10, 64)
	return err == nil
}

// Guessable implements [Guessable].
func (*Counter) Guessable() bool { return true }

// New implements [Generator]. It waits for the lock until ctx ends. A place that must
// not be touched is [ErrUnsafe]. On systems without flock, and without NoFlock, the
// error is errors.ErrUnsupported.
func (c *Counter) New(ctx context.Context) (string, error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return "", c.fail(ctx.Err())
	}
	type result struct {
		id  string
		err error
	}
	done := make(chan result, 1)
	go func() {
		id, err := c.next(ctx)
		<-c.turn
		done <- result{id, err}
	}()
	select {
	case r := <-done:
		return r.id, c.fail(r.err)
	case <-ctx.Done():
		return "", c.fail(ctx.Err())
	}
}

func (c *Counter) fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("session id counter: %w", err)
}

// next advances the counter under its lock.
func (c *Counter) next(ctx context.Context) (string, error) {
	file, err := c.open(ctx)
	if err != nil {
		return "", err
	}
	defer file.Close() // and unlock
	mark, err := openPlain(c.mark, c.mode)
	if err != nil {
		return "", err
	}
	defer mark.Close()

	highest, err := readMark(mark)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.NewSectionReader(file, 0, longest))
	if err != nil {
		return "", err
	}
	n, err := c.after(string(data))
	if err == nil && n <= highest {
		n, err = add(highest, gap, c.step)
	}
	if err != nil {
		return "", err
	}
	// In this order a process that dies between the two leaves the mark behind
	// the file, as Perl does, and not before it, which would look like a fall.
	id := strconv.FormatUint(n, 10)
	if err := writeLine(file, id); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(io.NewOffsetWriter(mark, 0), markFormat, n); err != nil {
		return "", err
	}
	if err := file.Sync(); err != nil {
		return "", err
	}
	return id, nil
}

// open returns the counter file, locked.
func (c *Counter) open(ctx context.Context) (*os.File, error) {
	for range 100 {
		f, err := openPlain(c.file, c.mode)
		if err != nil {
			return nil, err
		}
		if !c.noFlock {
			err = lock(f)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			// Whoever waited for the lock may hold that of a file which was
			// removed, or replaced, meanwhile.
			var here bool
			if here, err = isAt(f, c.file); here && err == nil {
				return f, nil
			}
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s is replaced again and again", c.file)
}

// after returns the id that follows what is in the file. Perl reads the first line,
// and starts from the base if it is false, as "0" is and "0\n" is not, or if it is
// not digits only.
func (c *Counter) after(data string) (uint64, error) {
	line, _, ended := strings.Cut(data, "\n")
	if line == "" || line == "0" && !ended || !isDigits(line) {
		return c.first, nil
	}
	n, err := strconv.ParseUint(line, 10, 64)
	if err != nil || !ended && len(line) == longest {
		return 0, errors.New("number in counter file is beyond 64 bits")
	}
	return add(n, 1, c.step)
}

// add returns n + times × step.
func add(n, times, step uint64) (uint64, error) {
	if step > (math.MaxUint64-n)/times {
		return 0, fmt.Errorf("counter is at %d, at its end", n)
	}
	return n + times*step, nil
}

// writeLine replaces the content of f. As it is done by one write, other processes
// find the old first line or the new one, whenever this one dies. Numbers grow, so only
// odd contents are longer; a newline divides them from the line until they are cut off.
func writeLine(f *os.File, line string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() <= int64(len(line)) {
		_, err = f.WriteAt([]byte(line), 0)
		return err
	}
	if _, err = f.WriteAt([]byte(line+"\n"), 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(line)))
}

// The mark is of fixed length, so that a write of it is all or nothing.
const (
	markFormat = "%020d\n"
	markLength = 21
)

// readMark returns the number in the file beside the counter, 0 if it is still empty.
func readMark(f *os.File) (uint64, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, markLength+1))
	if err != nil || len(data) == 0 {
		return 0, err
	}
	digits, ended := strings.CutSuffix(string(data), "\n")
	if !ended || len(data) != markLength || !isDigits(digits) {
		return 0, fmt.Errorf("%s: want %d digits and a newline, have %d other bytes", f.Name(), markLength-1, len(data))
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: want a number of 64 bits", f.Name())
	}
	return n, nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
