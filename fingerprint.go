package datasession

import (
	"crypto/sha256"
	"encoding/hex"
)

// Fingerprint returns eight hexadecimal digits that stand for an id wherever a
// person or a log reads them. The id, which is a credential, cannot be found from
// them; the same id has the same fingerprint in every program.
func Fingerprint(id string) string {
	sum := sha256.Sum256([]byte("datasession fingerprint\x00" + id))
	return hex.EncodeToString(sum[:4])
}
