package storable

// The types of values, as an image has them before each.
const (
	tagObject       = iota // a thing or scalar again: its number
	tagLongBytes           // a string
	tagArray               // the number of elements, and they
	tagHash                // the number of entries, and of each the value and the key
	tagRef                 // a reference: the thing or scalar that it refers to
	tagUndef               // nothing
	tagInteger             // of the machine
	tagDouble              // of the machine
	tagByte                // an integer from -128 to 127
	tagNetInt              // an integer of 32 bits
	tagBytes               // a string of less than 256 bytes
	tagTiedArray           // what it is tied to
	tagTiedHash            // the same
	tagTiedScalar          // the same
	tagImmortal            // Perl's one undef
	tagYes                 // Perl's one true
	tagNo                  // Perl's one false
	tagBless               // a class, and what is of it
	tagBlessAgain          // the number of a class, and what is of it
	tagHook                // what the class makes its objects of
	tagOverload            // a reference to an object whose class overloads operators
	tagTiedKey             // an element of a tied hash
	tagTiedIndex           // an element of a tied array
	tagText                // a string of less than 256 bytes, in UTF-8
	tagLongText            // a string in UTF-8
	tagFlagHash            // a hash with flags of its own and of its keys
	tagCode                // source
	tagWeakRef             // as tagRef
	tagWeakOverload        // as tagOverload
	tagVString             // how a version string was written, and the string
	tagLongVString         // the same, written in more than 255 bytes
	tagNoElement           // undef in an array, of a perl after 5.19
	tagRegexp              // a pattern, and its flags
	tagLarge               // more than 2 GiB of something
	tagTrue                // since perl 5.37
	tagFalse               // since perl 5.37
)

// The flags of keys.
const (
	keyUTF8        = 1 << iota // the key is in UTF-8
	keyWasUTF8                 // it had the flag, and is one byte a character
	keyLocked                  // the value may not be changed
	keyScalar                  // the key is a scalar
	keyPlaceholder             // there is no such key, but may be
)

// Lengths of class names, and their numbers, above this are written in 4 bytes.
const maxShort = 127

// boolean is the class that Perl's JSON modules have for true and false. It
// overloads operators, and every Perl has it.
const boolean = "JSON::PP::Boolean"

// areFlags reports whether Perl has these flags of a pattern.
func areFlags(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case 'm', 's', 'i', 'x', 'p', 'n', 'a', 'd', 'l', 'u':
		default:
			return false
		}
	}
	return true
}
