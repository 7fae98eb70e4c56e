package filestore

import (
	"fmt"
	"strings"

	"github.com/go-datasession/datasession/store"
)

// A session's other files are named as its data file is, with a dot before and
// one of these behind.
const (
	journalSuffix = ".j"
	stageSuffix   = ".t"
)

// longest is the longest name that file systems take.
const longest = 255

// pattern is what stands before and behind the id in a file's name.
type pattern struct{ prefix, suffix string }

// parsePattern reads a file name with %s for the id, as Perl's sprintf would,
// for which a second %s is empty.
func parsePattern(name string) (pattern, error) {
	if strings.ContainsFunc(name, unfit) {
		return pattern{}, fmt.Errorf("file name %q: want no slashes and no control characters", name)
	}
	before, behind, found := strings.Cut(hide(name), "%s")
	if !found {
		return pattern{}, fmt.Errorf("file name %q: want %%s where the id goes", name)
	}
	behind = strings.ReplaceAll(behind, "%s", "")
	p := pattern{show(before), show(behind)}
	switch {
	case strings.Contains(before+behind, "%"):
		return pattern{}, fmt.Errorf("file name %q: want no %% but in %%s and %%%%", name)
	case strings.HasPrefix(p.prefix, "."):
		return pattern{}, fmt.Errorf("file name %q: names that begin with a dot are not listed", name)
	case len(p.prefix)+len(p.suffix) > longest/2:
		return pattern{}, fmt.Errorf("file name of %d bytes: want at most %d", len(name), longest/2)
	}
	return p, nil
}

// hide and show keep %% apart from %s, in a name without control characters.
func hide(s string) string { return strings.ReplaceAll(s, "%%", "\x00") }
func show(s string) string { return strings.ReplaceAll(s, "\x00", "%") }

// unfit tells the characters that no file name of ours has.
func unfit(r rune) bool { return r == '/' || r == '\\' || r < ' ' || r == 0x7f }

// file returns the name of the session's file, or ErrInvalidID.
func (p pattern) file(id string) (string, error) {
	switch {
	case id == "":
		return "", fmt.Errorf("%w: it is empty", store.ErrInvalidID)
	case len(p.prefix)+len(id)+len(p.suffix) > longest-len("."+journalSuffix):
		return "", fmt.Errorf("%w: %d bytes are too many for a file name", store.ErrInvalidID, len(id))
	case strings.ContainsFunc(id, unfit):
		return "", fmt.Errorf("%w: it has a slash or a control character", store.ErrInvalidID)
	case p.prefix == "" && id[0] == '.':
		return "", fmt.Errorf("%w: its file name would begin with a dot", store.ErrInvalidID)
	}
	return p.prefix + id + p.suffix, nil
}

// id returns the id of the session that a file of that name holds, if any.
func (p pattern) id(name string) (id string, ok bool) {
	if len(name) <= len(p.prefix)+len(p.suffix) || !strings.HasPrefix(name, p.prefix) || !strings.HasSuffix(name, p.suffix) {
		return "", false
	}
	id = name[len(p.prefix) : len(name)-len(p.suffix)]
	_, err := p.file(id)
	return id, err == nil
}
