package sessionid

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// The random generators. All read crypto/rand and nothing else; the names tell
// length and alphabet, so that an id fits where Perl's did. MD5, SHA1, SHA256 and
// SHA512 are lower-case hexadecimal digits: 128, 160, 256 and 512 random bits.
//
// The UUID forms are version 4 and have 122 random bits, which is less than what
// is recommended for an id that lets somebody in: take SHA256 for that. Perl's are
// version 1, made of the clock and the network card, so their Valid accepts any
// version. UUID16 is 16 raw bytes, which a text column or memcached cannot hold.
// Three in ten of UUID64 contain a slash, which file stores refuse, Perl's too, and
// a column that ignores case takes different ones for the same. UUID16 and UUID64 have
// the first three fields in the byte order of a little-endian machine, as Perl has.
var (
	MD5    = hexID("MD5", 16)  // 32 digits
	SHA1   = hexID("SHA1", 20) // 40 digits
	SHA256 = hexID("SHA256", 32)
	SHA512 = hexID("SHA512", 64)

	UUID16 = uuid("UUID16", uuid16, isUUID16) // 16 bytes
	UUID34 = uuid("UUID34", uuid34, isUUID34) // 0xE20F5A26E5E141F1877B11A60FE39D5F
	UUID36 = uuid("UUID36", uuid36, isUUID36) // E20F5A26-E5E1-41F1-877B-11A60FE39D5F
	UUID64 = uuid("UUID64", uuid64, isUUID64) // JloP4uHl8UGHexGmD+OdXw==

	// Default is the generator for new work.
	Default = SHA256
)

// Random makes ids of random bytes. The generators of this kind are variables of
// the package. Its methods never block for long, and take no notice of the context.
type Random struct {
	name   string
	size   int // random bytes that go into an id
	format func(raw []byte) string
	valid  func(id string) bool
	source io.Reader // nil for crypto/rand's
}

// WithRand returns a generator of the same ids that reads r, which must be safe for
// use by several goroutines if the generator is to be. It is for tests.
func (g *Random) WithRand(r io.Reader) *Random {
	h := *g
	h.source = r
	return &h
}

// Name implements [Generator].
func (g *Random) Name() string { return g.name }

// New implements [Generator]. If the random source fails or ends early, the error
// is [ErrRandom], and there is no id.
func (g *Random) New(context.Context) (string, error) {
	source := g.source
	if source == nil {
		source = rand.Reader
	}
	raw := make([]byte, g.size)
	if _, err := io.ReadFull(source, raw); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRandom, err)
	}
	return g.format(raw), nil
}

// Valid implements [Generator]. Perl checks neither length nor alphabet.
func (g *Random) Valid(id string) bool { return g.valid(id) }

func hexID(name string, size int) *Random {
	return &Random{
		name:   name,
		size:   size,
		format: lowerHex,
		valid:  func(id string) bool { return len(id) == 2*size && isHex(id, 'a') },
	}
}

// uuid returns a generator that formats the 16 bytes of a version 4 UUID, which
// are in the order of its text form.
func uuid(name string, format func([]byte) string, valid func(string) bool) *Random {
	return &Random{
		name: name,
		size: 16,
		format: func(u []byte) string {
			u[6] = u[6]&0x0f | 0x40
			u[8] = u[8]&0x3f | 0x80
			return format(u)
		},
		valid: valid,
	}
}

func uuid16(u []byte) string {
	return string([]byte{u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6]}) + string(u[8:])
}

func uuid34(u []byte) string { return "0x" + upperHex(u) }

func uuid36(u []byte) string {
	s := upperHex(u)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func uuid64(u []byte) string { return base64.StdEncoding.EncodeToString([]byte(uuid16(u))) }

func lowerHex(b []byte) string {
	var buf [128]byte // not on the heap
	return string(hex.AppendEncode(buf[:0], b))
}

func upperHex(b []byte) string { return strings.ToUpper(lowerHex(b)) }

func isUUID16(id string) bool { return len(id) == 16 }

func isUUID34(id string) bool {
	digits, ok := strings.CutPrefix(id, "0x")
	return ok && len(digits) == 32 && isHex(digits, 'A')
}

func isUUID36(id string) bool {
	return len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' &&
		isHex(id[:8]+id[9:13]+id[14:18]+id[19:23]+id[24:], 'A')
}

// isUUID64 accepts what encodes exactly 16 bytes. DecodeString alone would skip
// line ends.
func isUUID64(id string) bool {
	if len(id) != 24 {
		return false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(id)
	return err == nil && len(raw) == 16
}

// isHex reports whether s is hexadecimal digits only, with letters from the one
// given, a or A.
func isHex(s string, a byte) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < a || c > a+5) {
			return false
		}
	}
	return true
}
