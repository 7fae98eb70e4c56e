package datasession

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// key returns what a session is stored under: its id, or with [Options].HashIDs the
// SHA-256 of that, with a k in place of the first digit, which no id of hexadecimal
// digits has. A key is its own key.
func (m *Manager) key(id string) string {
	if !m.opts.HashIDs || isKey(id) || isEpochID(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "k" + hex.EncodeToString(sum[:])[1:]
}

func isKey(id string) bool {
	return len(id) == 2*sha256.Size && id[0] == 'k' && strings.Trim(id[1:], "0123456789abcdef") == ""
}

// secret reports whether an id is a key that somebody must have read in the store.
func (m *Manager) secret(id string) bool { return m.opts.HashIDs && isKey(id) }

// idValue returns a key as it stands in the session.
func (m *Manager) idValue(key string) perl.Value { return idValue(key, m.opts.NewID.Name()) }
