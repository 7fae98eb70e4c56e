package storable

import (
	"math/bits"
	"reflect"
	"slices"
	"sync"

	"github.com/go-datasession/datasession/perl"
)

// memory is the numbers of the things and classes that have been written. It is
// used again for other values.
type memory struct {
	things  []numbered // by a hash of the address; a power of two long, at most half full
	used    int
	classes []string
	classOf map[string]int // empty while the classes are few
}

// numbered is the number of a thing, plus one. The address is as good as the thing
// while the value that is written is in use.
type numbered struct {
	address uintptr
	number  int
}

var memories = sync.Pool{New: func() any {
	return &memory{things: make([]numbered, 64), classOf: map[string]int{}}
}}

// release forgets what was written, and keeps no more memory than a large session
// takes.
func (m *memory) release() {
	if len(m.things) > 8192 || cap(m.classes) > 1024 {
		return
	}
	clear(m.things)
	clear(m.classes)
	clear(m.classOf)
	m.used, m.classes = 0, m.classes[:0]
	memories.Put(m)
}

// seen returns the number of a thing that has been written, or notes that next is
// its number.
func (m *memory) seen(t perl.Thing, next int) (number int, again bool) {
	address := reflect.ValueOf(t).Pointer()
	at := m.place(address)
	if number := m.things[at].number; number > 0 {
		return number - 1, true
	}
	m.things[at] = numbered{address, next + 1}
	if m.used++; 2*m.used > len(m.things) {
		old := m.things
		m.things = make([]numbered, 4*len(old))
		for _, n := range old {
			if n.number > 0 {
				m.things[m.place(n.address)] = n
			}
		}
	}
	return next, false
}

// place returns where in things an address is, or would be.
func (m *memory) place(address uintptr) int {
	mask := len(m.things) - 1
	at := int(uint64(address) * 0x9E3779B97F4A7C15 >> (65 - bits.Len(uint(len(m.things)))))
	for m.things[at].number > 0 && m.things[at].address != address {
		at = (at + 1) & mask
	}
	return at
}

// Up to this many classes are searched one by one.
const fewClasses = 16

// class returns the number of a class, and whether it has been written.
func (m *memory) class(name string) (number int, again bool) {
	n := len(m.classes)
	if n <= fewClasses {
		if i := slices.Index(m.classes, name); i >= 0 {
			return i, true
		}
	} else if number, again = m.classOf[name]; again {
		return number, true
	}
	m.classes = append(m.classes, name)
	if n == fewClasses {
		for i, name := range m.classes {
			m.classOf[name] = i
		}
	} else if n > fewClasses {
		m.classOf[name] = n
	}
	return n, false
}
