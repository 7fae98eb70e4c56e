package datasession

import (
	"context"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// FindBy yields the ids of the stored sessions in which a parameter has a value, expired
// sessions included. Numbers and strings are compared as text, as Perl would print them;
// a reference, and undef, is never found. Name may be a reserved one.
//
// If the store keeps an index of the parameter (store.Indexer), the index answers, also
// about what Perl wrote. Otherwise every session is read, and a session that cannot be
// read is yielded as "" with a [*SessionError]; the iteration goes on. Another error
// ends it: that of the store, or ErrUnsupported if it can neither find nor list.
func (m *Manager) FindBy(ctx context.Context, name, value string) iter.Seq2[string, error] {
	if slices.Contains(m.indexes, name) {
		return m.indexer.Find(ctx, name, value)
	}
	return func(yield func(string, error) bool) {
		keys := m.envelope(name)
		for e, err := range m.records(ctx) {
			var root *perl.Hash
			switch {
			case err == nil:
				root, err = m.glance(e, keys)
			case !unreadable(err):
				yield("", err)
				return
			}
			id := e.ID
			if err != nil {
				id, err = "", wrap("find", e.ID, err)
			} else if v, _ := root.Get(name); !isText(v, value) {
				continue
			}
			if !yield(id, err) {
				return
			}
		}
	}
}

// Indexed reports whether [Manager.FindBy] finds sessions by this parameter without
// reading them all.
func (m *Manager) Indexed(name string) bool { return slices.Contains(m.indexes, name) }

func isText(v perl.Value, text string) bool {
	t, ok := indexText(v)
	return ok && t == text
}

// indexValues are what an index is to hold of the session.
func (s *Session) indexValues() []store.IndexValue {
	if len(s.m.indexes) == 0 {
		return nil
	}
	values := make([]store.IndexValue, len(s.m.indexes))
	for i, name := range s.m.indexes {
		v, _ := s.root.Get(name)
		text, ok := indexText(v)
		values[i] = store.IndexValue{Name: name, Value: text, Set: ok}
	}
	return values
}

// indexText returns what Perl would print, in UTF-8. Bytes that are no UTF-8 are taken
// for Latin-1, as Perl takes them.
func indexText(v perl.Value) (text string, ok bool) {
	switch v.Kind() {
	case perl.KindUndef, perl.KindRef:
		return "", false
	}
	if text = v.String(); v.IsLatin1() || !utf8.ValidString(text) {
		text = perl.Upgrade(v)
	}
	return text, true
}
