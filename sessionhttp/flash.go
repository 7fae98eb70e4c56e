package sessionhttp

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-datasession/datasession"
)

// Flash is a message that is shown once, mostly on the page after a redirect.
type Flash struct {
	Kind string `perl:"kind"` // "error", "done", or whatever a page tells apart
	Text string `perl:"text"`
}

// flashPrefix begins the names of the parameters that hold flash messages. Each has one
// of its own, so that requests that add some at the same time all keep theirs.
const flashPrefix = "flash-"

var flashes atomic.Uint32 // tells apart those of one instant

// AddFlash keeps a message until it is shown.
func (h *Handle) AddFlash(kind, text string) error {
	s, err := h.Session()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s%016x-%08x", flashPrefix, time.Now().UnixNano(), flashes.Add(1))
	return s.Set(name, Flash{kind, text})
}

// Flashes returns the messages, the oldest first, and removes them.
func (h *Handle) Flashes() ([]Flash, error) {
	s, err := h.Session()
	if err != nil {
		return nil, err
	}
	var all []Flash
	for _, name := range s.Names() { // sorted
		if !strings.HasPrefix(name, flashPrefix) {
			continue
		}
		f, err := datasession.Get[Flash](s, name)
		if err == nil {
			all = append(all, f)
			err = s.Clear(name)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
