package testserver

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
)

// FastCGI makes one request without a body over a connection to a FastCGI program, as a
// web server does, and returns the answer.
func FastCGI(conn io.ReadWriter, params map[string]string) (*http.Response, error) {
	const begin, end, parameters, stdin, stdout = 1, 3, 4, 5, 6
	var out bytes.Buffer
	record := func(kind byte, content []byte) {
		out.Write([]byte{1, kind, 0, 1, byte(len(content) >> 8), byte(len(content)), 0, 0})
		out.Write(content)
	}
	record(begin, []byte{0, 1, 0, 0, 0, 0, 0, 0}) // the role of a responder
	var pairs []byte
	for name, value := range params {
		pairs = append(pairs, byte(len(name)))
		pairs = binary.BigEndian.AppendUint32(pairs, uint32(len(value))|1<<31)
		pairs = append(append(pairs, name...), value...)
	}
	record(parameters, pairs)
	record(parameters, nil)
	record(stdin, nil)
	if _, err := conn.Write(out.Bytes()); err != nil {
		return nil, err
	}
	var answer bytes.Buffer
	for {
		var head [8]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return nil, err
		}
		content := make([]byte, int(head[4])<<8+int(head[5])+int(head[6]))
		if _, err := io.ReadFull(conn, content); err != nil {
			return nil, err
		}
		switch head[1] {
		case stdout:
			answer.Write(content[:len(content)-int(head[6])])
		case end:
			r := textproto.NewReader(bufio.NewReader(&answer))
			header, err := r.ReadMIMEHeader()
			res := &http.Response{StatusCode: http.StatusOK, Header: http.Header(header), Body: io.NopCloser(r.R)}
			_, _ = fmt.Sscan(res.Header.Get("Status"), &res.StatusCode)
			return res, err
		}
	}
}
