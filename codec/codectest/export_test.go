package codectest

import (
	"unsafe"

	"github.com/go-datasession/datasession/codec"
)

// Attack returns the faults that Attacks would report, by part.
func Attack(c codec.Codec, seeds [][]byte, opts *AttackOptions) map[string][]string {
	faults := map[string][]string{}
	for _, r := range attack(c, seeds, opts) {
		if len(r.faults) > 0 {
			faults[r.name] = r.faults
		}
	}
	return faults
}

// BytesAsString returns b as a string that changes with it.
func BytesAsString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
