package double

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// The types of TNS packets.
const (
	packetConnect = 1
	packetAccept  = 2
	packetRefuse  = 4
	packetData    = 6
	packetMarker  = 12
)

// sdu is the longest packet that this side sends.
const sdu = 32767

// packet is a TNS packet without its header of eight bytes.
type packet struct {
	kind byte
	body []byte
}

func readPacket(r io.Reader) (packet, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return packet{}, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if n < len(head) {
		return packet{}, fmt.Errorf("a packet of %d bytes", n)
	}
	p := packet{head[4], make([]byte, n-len(head))}
	_, err := io.ReadFull(r, p.body)
	return p, err
}

func writePacket(w io.Writer, kind byte, body []byte) error {
	b := binary.BigEndian.AppendUint16(nil, uint16(8+len(body)))
	b = append(b, 0, 0, kind, 0, 0, 0)
	_, err := w.Write(append(b, body...))
	return err
}

// writeData sends a message in as many data packets as it takes.
func writeData(w io.Writer, message []byte) error {
	out := bufio.NewWriter(w)
	for len(message) > 0 {
		n := min(len(message), sdu-10)
		if err := writePacket(out, packetData, append([]byte{0, 0}, message[:n]...)); err != nil {
			return err
		}
		message = message[n:]
	}
	return out.Flush()
}

// reader takes a message apart. Messages do not say where they end, so it asks for the
// next packet when it needs one. What it reads is trusted to come from a driver that the
// test has started; what is not understood ends the connection.
type reader struct {
	buf  []byte
	next func() ([]byte, error)
}

// errWire ends the reading of a message.
type errWire struct{ err error }

func (r *reader) bytes(n int) []byte {
	for len(r.buf) < n {
		more, err := r.next()
		if err != nil {
			panic(errWire{err})
		}
		r.buf = append(r.buf, more...)
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) skip(n int) { r.bytes(n) }
func (r *reader) byte() byte { return r.bytes(1)[0] }

// int reads a number with its length before it.
func (r *reader) int() int {
	n := r.byte() & 0x7f
	if n > 8 {
		panic(errWire{fmt.Errorf("a number of %d bytes", n)})
	}
	v := 0
	for _, b := range r.bytes(int(n)) {
		v = v<<8 | int(b)
	}
	return v
}

func (r *reader) skipInts(n int) {
	for range n {
		r.int()
	}
}

// clr reads bytes with their length before them, or in chunks. None are nil.
func (r *reader) clr() []byte {
	n := r.byte()
	switch n {
	case 0, 0xff:
		return nil
	case 0xfe:
		var all []byte
		for {
			n := r.int() // big chunks were agreed upon
			if n == 0 {
				return all
			}
			all = append(all, r.bytes(n)...)
		}
	}
	return r.bytes(int(n))
}

// dlc reads bytes with a number before them.
func (r *reader) dlc() []byte {
	if r.int() == 0 {
		return nil
	}
	return r.clr()
}

func (r *reader) keyValue() (key, value string) {
	key, value = string(r.dlc()), string(r.dlc())
	r.int()
	return key, value
}

// writer puts a message together.
type writer struct{ b []byte }

func (w *writer) bytes(b ...byte) { w.b = append(w.b, b...) }

func (w *writer) ints(vs ...int) {
	for _, v := range vs {
		digits := new(big.Int).SetInt64(int64(v)).Bytes()
		w.bytes(byte(len(digits)))
		w.bytes(digits...)
	}
}

func (w *writer) clr(b []byte) {
	if len(b) <= 0xfc {
		w.bytes(byte(len(b)))
		w.bytes(b...)
		return
	}
	w.bytes(0xfe)
	for len(b) > 0 {
		n := min(len(b), 0x7fff)
		w.ints(n)
		w.bytes(b[:n]...)
		b = b[n:]
	}
	w.ints(0)
}

func (w *writer) dlc(b []byte) {
	w.ints(len(b))
	if len(b) > 0 {
		w.clr(b)
	}
}

func (w *writer) keyValue(key, value string, flag int) {
	w.dlc([]byte(key))
	w.dlc([]byte(value))
	w.ints(flag)
}

// number encodes an integer as Oracle's NUMBER: an exponent and digits to the base of
// 100, each one more than it is.
func number(text string) ([]byte, error) {
	if strings.HasPrefix(text, "-") || strings.Contains(text, ".") {
		return nil, fmt.Errorf("the number %s is beyond this double", text)
	}
	text = strings.TrimLeft(text, "0")
	if text == "" {
		return []byte{0x80}, nil
	}
	if len(text)%2 == 1 {
		text = "0" + text
	}
	b := []byte{0xc0 + byte(len(text)/2)}
	for i := 0; i < len(text); i += 2 {
		b = append(b, (text[i]-'0')*10+text[i+1]-'0'+1)
	}
	for len(b) > 2 && b[len(b)-1] == 1 {
		b = b[:len(b)-1]
	}
	return b, nil
}

// unnumber decodes what number encodes.
func unnumber(b []byte) (string, error) {
	if len(b) == 1 && b[0] == 0x80 {
		return "0", nil
	}
	if len(b) < 2 || b[0] < 0xc1 || int(b[0]-0xc0) < len(b)-1 {
		return "", errors.New("a number that is not a positive integer is beyond this double")
	}
	var s strings.Builder
	for i := range int(b[0] - 0xc0) {
		digit := byte(1)
		if i+1 < len(b) {
			digit = b[i+1]
		}
		fmt.Fprintf(&s, "%02d", digit-1)
	}
	return strings.TrimLeft(s.String(), "0"), nil
}
