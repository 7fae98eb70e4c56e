package codec

import "github.com/go-datasession/datasession/perl"

// Picker is implemented by a codec that can read single entries of a session without
// making the rest of it.
type Picker interface {
	// Pick returns a hash with those entries of the outermost hash that have one of
	// the keys, if there are any. Their values are plain: strings, numbers, undef. It
	// skips the others and looks no closer at them than that takes, so it may accept
	// what Decode refuses, but what it returns is what Decode would.
	//
	// It gives up, and returns false, at whatever is not quite simple, at damage and
	// at limits. Then [Codec.Decode] is to tell.
	Pick(data []byte, lim Limits, keys []string) (h *perl.Hash, ok bool)
}
