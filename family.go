package datasession

import (
	"crypto/subtle"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// Family tells which Perl module's envelope a session carries: under which keys
// its hash keeps the id, the times and the expiry of parameters, and which names
// are reserved. Families are values to choose from, [DataSession], [CGISession]
// and [ApacheSession]; the zero Family stands for DataSession.
type Family struct {
	name       string
	id         string
	ctime      string
	atime      string // "" if the family has no access time
	etime      string
	ptime      string
	remoteAddr string
	reserved   string // prefix of reserved names; the id key itself if there is no prefix
	needsID    bool   // a record without an id is not a session
	expiresAt  int64  // 1: the second atime + etime already counts as expired
}

// The families. Data::Session and CGI::Session can share storage: the times mean
// the same, but each obeys only its own list of expiring parameters and carries
// the other's along.
var (
	DataSession = Family{
		name: "Data::Session", id: "_SESSION_ID", ctime: "_SESSION_CTIME", atime: "_SESSION_ATIME",
		etime: "_SESSION_ETIME", ptime: "_SESSION_PTIME", reserved: "_",
	}
	CGISession = Family{
		name: "CGI::Session", id: "_SESSION_ID", ctime: "_SESSION_CTIME", atime: "_SESSION_ATIME",
		etime: "_SESSION_ETIME", ptime: "_SESSION_EXPIRE_LIST", remoteAddr: "_SESSION_REMOTE_ADDR",
		reserved: "_SESSION_", needsID: true, expiresAt: 1,
	}
	// ApacheSession has no times: nothing in it expires by itself.
	ApacheSession = Family{name: "Apache::Session", id: "_session_id", reserved: "_session_id", needsID: true}
)

// String returns the name of the Perl module.
func (f Family) String() string { return f.orDefault().name }

// Reserved reports whether a parameter name is the family's own: beginning with
// an underscore in Data::Session, with _SESSION_ in CGI::Session, _session_id in
// Apache::Session, and there also the names under which a sign-in is kept. Such names
// can be read and not be set.
func (f Family) Reserved(name string) bool {
	f = f.orDefault()
	if f.reserved == f.id {
		return name == f.id || ours(name)
	}
	return strings.HasPrefix(name, f.reserved)
}

func (f Family) orDefault() Family {
	if f.name == "" {
		return DataSession
	}
	return f
}

// newRoot returns the hash of a new session. Times are Unix seconds, lifetime is
// in seconds and zero for ever.
func (f *Family) newRoot(id perl.Value, now, lifetime int64, remoteAddr string) *perl.Hash {
	h := perl.NewHash(8)
	h.Set(f.id, id)
	if f.ctime != "" {
		h.Set(f.ctime, perl.Int(now))
		h.Set(f.atime, perl.Int(now))
	}
	switch {
	case f.remoteAddr != "":
		h.Set(f.remoteAddr, perl.Bytes(remoteAddr))
		if lifetime != 0 {
			h.Set(f.etime, perl.Int(lifetime))
		}
	case f.etime != "":
		h.Set(f.etime, perl.Int(lifetime))
		h.Set(f.ptime, perl.NewRef(&perl.Hash{}))
	}
	return h
}

// hasID reports whether a stored hash may be the session id. A record without an
// id may be one where Perl takes it for one.
func (f *Family) hasID(h *perl.Hash, id string) bool {
	v, ok := h.Get(f.id)
	if !ok || v.IsUndef() {
		return !f.needsID
	}
	stored, ok := perl.Downgrade(v)
	if !ok {
		stored = v.String()
	}
	return subtle.ConstantTimeCompare([]byte(stored), []byte(id)) == 1
}

// seconds reads a reserved number: an integer, or the text of one.
func (f *Family) seconds(h *perl.Hash, key string) int64 {
	if key == "" {
		return 0
	}
	v, _ := h.Get(key)
	return v.AsInt()
}

// paramSeconds returns the lifetimes of parameters. Whatever is under the key but
// not a hash counts as none.
func (f *Family) paramSeconds(h *perl.Hash) map[string]int64 {
	if f.ptime == "" {
		return nil
	}
	v, _ := h.Get(f.ptime)
	list := v.Hash()
	if list == nil || list.Len() == 0 {
		return nil
	}
	m := make(map[string]int64, list.Len())
	for k, v := range list.All() {
		if t := v.AsInt(); t != 0 {
			m[k.String()] = t
		}
	}
	return m
}

// setParamSeconds writes one parameter's lifetime; zero takes it away.
func (f *Family) setParamSeconds(h *perl.Hash, name string, t int64) {
	v, _ := h.Get(f.ptime)
	list := v.Hash()
	if t == 0 {
		if list != nil {
			list.Delete(name)
		}
		return
	}
	if list == nil {
		list = &perl.Hash{}
		h.Set(f.ptime, perl.NewRef(list))
	}
	list.Set(name, perl.Int(t))
}

// past reports whether something used at atime with a lifetime is over at now, as
// the family's Perl module counts. Everything is in seconds; a lifetime of zero
// never ends.
func (f *Family) past(atime, lifetime, now int64) bool {
	if lifetime == 0 {
		return false
	}
	end := atime + lifetime
	if lifetime > 0 && end < atime { // beyond the end of time
		return false
	}
	return end < now+f.expiresAt
}

// idValue returns an id as the family writes it: a number if a counter made it,
// as Data::Session does.
func idValue(id, generator string) perl.Value {
	if generator == "AutoIncrement" {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil && strconv.FormatInt(n, 10) == id {
			return perl.Int(n)
		}
	}
	return perl.Bytes(id)
}
