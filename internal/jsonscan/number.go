package jsonscan

import "strconv"

// number reads -? (0 | [1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?
func (s *Scanner) number() (Kind, error) {
	kind := Int
	s.start = s.pos
	s.digits, s.count, s.fraction = 0, 0, 0
	if s.text[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.text) && s.text[s.pos] == '0' {
		s.pos++
	} else if s.some() == 0 {
		return End, s.unexpected("a digit")
	}
	if s.pos < len(s.text) && s.text[s.pos] == '.' {
		s.pos++
		kind = Float
		if s.fraction = s.some(); s.fraction == 0 {
			return End, s.unexpected("a digit")
		}
	}
	if s.pos < len(s.text) && s.text[s.pos]|0x20 == 'e' {
		s.pos++
		kind = Float
		s.fraction = -1
		if s.pos < len(s.text) && (s.text[s.pos] == '+' || s.text[s.pos] == '-') {
			s.pos++
		}
		if s.some() == 0 {
			return End, s.unexpected("a digit")
		}
	}
	s.str, s.ascii = s.text[s.start:s.pos], true
	return kind, nil
}

// some reads digits and returns how many.
func (s *Scanner) some() int {
	i, n := s.pos, s.digits
	for i < len(s.text) && s.text[i]-'0' <= 9 {
		n = n*10 + uint64(s.text[i]-'0')
		i++
	}
	some := i - s.pos
	s.pos, s.digits, s.count = i, n, s.count+some
	return some
}

// Int returns the number that an Int token is, and false if it has more than 18 digits.
func (s *Scanner) Int() (n int64, ok bool) {
	if n = int64(s.digits); s.str[0] == '-' {
		n = -n
	}
	return n, s.count <= 18
}

// Float returns the nearest number to a Float token, which is infinite if it is out of
// range.
func (s *Scanner) Float() float64 {
	if s.fraction < 0 || s.count > 15 {
		f, _ := strconv.ParseFloat(s.str, 64)
		return f
	}
	f := float64(s.digits) / powers[s.fraction] // both exact, so it is rounded once
	if s.str[0] == '-' {
		f = -f
	}
	return f
}

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
