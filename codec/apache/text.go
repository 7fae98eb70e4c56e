package apache

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
)

const base64Line = 57 // bytes, which are 76 characters

var base64Text = text{
	codec: "Base64",
	size: func(n int) int {
		return base64.StdEncoding.EncodedLen(n) + (n+base64Line-1)/base64Line
	},
	write: func(dst, image []byte) []byte {
		for len(image) > 0 {
			line := image[:min(len(image), base64Line)]
			dst = append(base64.StdEncoding.AppendEncode(dst, line), '\n')
			image = image[len(line):]
		}
		return dst
	},
	read: func(data []byte, most int) (image []byte, at int, err error) {
		image = make([]byte, 0, min(most, len(data)/4*3+3))
		var group uint32
		n := 0
		for i, c := range data {
			if c == '=' {
				break
			}
			value := base64Value[c]
			if value == 0 {
				continue
			}
			if n == 0 && len(image)+3 > most {
				return image, i, nil
			}
			group = group<<6 | uint32(value-1)
			if n++; n == 4 {
				image = append(image, byte(group>>16), byte(group>>8), byte(group))
				group, n = 0, 0
			}
		}
		switch n { // without padding, too
		case 2:
			image = append(image, byte(group>>4))
		case 3:
			image = append(image, byte(group>>10), byte(group>>2))
		}
		return image, len(data), nil
	},
}

// base64Value has the value of each character plus one, and 0 for those that are
// not of the alphabet.
var base64Value = func() (values [256]byte) {
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		values[c] = byte(i + 1)
	}
	return values
}()

const (
	uuLine = 45 // bytes, which are 60 characters
	uuBase = ' '
	uuZero = '`' // and a blank when reading
)

var uuText = text{
	codec: "UUEncode",
	size: func(n int) int {
		lines, rest := n/uuLine, n%uuLine
		size := lines * (1 + uuLine/3*4 + 1)
		if rest > 0 {
			size += 1 + (rest+2)/3*4 + 1
		}
		return size
	},
	write: func(dst, image []byte) []byte {
		char := func(n byte) byte {
			if n == 0 {
				return uuZero
			}
			return uuBase + n
		}
		for len(image) > 0 {
			line := image[:min(len(image), uuLine)]
			dst = append(dst, char(byte(len(line))))
			for i := 0; i < len(line); i += 3 {
				var b [3]byte
				copy(b[:], line[i:])
				dst = append(dst, char(b[0]>>2), char(b[0]<<4&0x3F|b[1]>>4), char(b[1]<<2&0x3F|b[2]>>6), char(b[2]&0x3F))
			}
			dst = append(dst, '\n')
			image = image[len(line):]
		}
		return dst
	},
	read: func(data []byte, most int) (image []byte, at int, err error) {
		image = make([]byte, 0, min(most, len(data)/4*3+3))
		isChar := func(c byte) bool { return uuBase <= c && c <= uuZero }
		for at < len(data) && data[at] != uuBase && isChar(data[at]) {
			left := int(data[at]-uuBase) & 0x3F
			at++
			for ; left > 0; left -= 3 {
				if len(image)+3 > most {
					return image, at, nil
				}
				var group uint32
				for range 4 {
					if at >= len(data) || !isChar(data[at]) {
						return nil, at, errors.New("line that is shorter than it says")
					}
					group = group<<6 | uint32(data[at]-uuBase)&0x3F
					at++
				}
				image = append(image, []byte{byte(group >> 16), byte(group >> 8), byte(group)}[:min(left, 3)]...)
			}
			switch rest := data[at:]; { // perhaps there is a checksum, or a carriage return
			case len(rest) > 0 && rest[0] == '\n':
				at++
			case len(rest) > 1 && rest[1] == '\n':
				at += 2
			}
		}
		return image, at, nil
	},
}

var hexText = text{
	codec: "Sybase",
	size:  hex.EncodedLen,
	write: hex.AppendEncode,
	read: func(data []byte, most int) (image []byte, at int, err error) {
		digits := bytes.TrimRight(data, " \t\r\n")
		digits = digits[:min(len(digits), 2*most)]
		image = make([]byte, hex.DecodedLen(len(digits)))
		if n, err := hex.Decode(image, digits); err != nil {
			if errors.Is(err, hex.ErrLength) {
				return nil, len(digits), errors.New("half a byte at the end")
			}
			return nil, 2 * n, errors.New("want hexadecimal digits")
		}
		return image, len(digits), nil
	},
}
