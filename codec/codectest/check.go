package codectest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-datasession/datasession/codec"
)

// Check decodes data, whatever it is, and reports what no codec may do:
//
//   - panic, change data, or keep a reference to it;
//   - return an error of no known type, or an offset outside of data;
//   - refuse to encode what it decoded, other than with an *UnsupportedError or
//     a *LimitError;
//   - give other bytes the second time;
//   - read in its own bytes what Perl's eq or the shape of references can tell
//     from the value they were made of;
//   - pick an entry that is not what Decode says, if it is a [codec.Picker].
//
// A format may not tell 1.5 from '1.5', so a number may come back as a string with
// the same characters.
func Check(c codec.Codec, data []byte) error {
	return guarded(func() error { return checkDecode(c, data) })
}

func checkDecode(c codec.Codec, data []byte) error {
	var lim codec.Limits
	own := bytes.Clone(data)
	v, err := c.Decode(own, lim)
	if !bytes.Equal(own, data) {
		return fmt.Errorf("input changed by Decode: %s", brief(data))
	}
	if err != nil {
		if fault := faultOfError(err, c.Name()); fault != "" {
			return errors.New(fault)
		}
		if s := (*codec.SyntaxError)(nil); errors.As(err, &s) && (s.Offset < 0 || s.Offset > int64(len(data))) {
			return fmt.Errorf("error %v is at byte %d of %d", err, s.Offset, len(data))
		}
		return nil
	}
	if err := checkPick(c, own, v); err != nil {
		return err
	}
	meant := format(v, true)
	for i := range own {
		own[i] = '#'
	}
	if format(v, true) != meant {
		return fmt.Errorf("input still referred to by what Decode returned: %s", brief(data))
	}
	first, err := c.Append(nil, v, lim)
	if err != nil {
		if errors.Is(err, codec.ErrUnsupported) || errors.Is(err, codec.ErrLimit) {
			return nil
		}
		return fmt.Errorf("Append(%s): %w", meant, err)
	}
	second, err := c.Append(nil, v, lim)
	if err != nil || !bytes.Equal(first, second) {
		return fmt.Errorf("Append(%s)\ngives %s\nthen  %s, %v", meant, brief(first), brief(second), err)
	}
	again, err := c.Decode(first, lim)
	if err != nil {
		return fmt.Errorf("Decode(%s): %w, of its own bytes", brief(first), err)
	}
	if got := format(again, true); got != meant {
		return fmt.Errorf("Decode(%s)\ngives %s\nwant  %s", brief(first), got, meant)
	}
	return nil
}
