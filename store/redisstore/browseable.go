package redisstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// BrowseableOptions are the choices of a [Browseable]; nil means the defaults.
type BrowseableOptions struct {
	// Indexes are the parameters that Perl is told of as Index.
	Indexes []string

	// MaxBytes and Wait are as in [Options].
	MaxBytes int
	Wait     time.Duration
}

// Browseable keeps sessions as Perl's Apache::Session::Browseable::Redis does, for both
// to use at the same time: JSON under the bare id, without expiry, and for each indexed
// parameter with a true value the id in the set of the name parameter_value. The
// sessions have a database of their own: Perl, and IDs, take every key for a session that
// has no "_" in its name. Such ids are refused.
//
// A version is the bytes that were read, and a save is one script, which compares them,
// keeps the sets and stores. It takes the session out of the sets of its old values,
// which Perl forgets; Find looks at each session and passes over what Perl has left.
// Perl overwrites what others have saved meanwhile.
//
// Characters up to U+00FF are single bytes in the name of a set, as Perl sends them; at
// others Perl dies, and here they are UTF-8.
//
// It is for one server, or Sentinel, and not for a cluster: Perl's client knows none, and
// a session and its sets are on different nodes there. A Browseable is safe for use by
// several goroutines.
type Browseable struct {
	*server
	maxBytes int
	indexes  []string
}

var _ interface {
	store.Store
	store.Lister
	store.Indexer
	store.Pinger
} = (*Browseable)(nil)

var errCluster = errors.New("redisstore: Browseable's layout is for one server, and this is a cluster")

// NewBrowseable is [New] for the layout of Perl's Browseable.
func NewBrowseable(client rueidis.Client, opts *BrowseableOptions) (*Browseable, error) {
	if client == nil {
		return nil, errors.New("redisstore: no client")
	}
	if client.Mode() == rueidis.ClientModeCluster {
		return nil, errCluster
	}
	b, err := newBrowseable(opts)
	if err == nil {
		b.client.Store(&client)
	}
	return b, err
}

// OpenBrowseable is [Open] for the layout of Perl's Browseable. Perl's argument database
// is conn.SelectDB; sentinels and service are conn.InitAddress and conn.Sentinel.
func OpenBrowseable(conn rueidis.ClientOption, opts *BrowseableOptions) (*Browseable, error) {
	if err := checkAddresses(conn); err != nil {
		return nil, err
	}
	b, err := newBrowseable(opts)
	if err != nil {
		return nil, err
	}
	connect := connector(conn)
	b.connect = func() (rueidis.Client, error) {
		c, err := connect()
		if err == nil && c.Mode() == rueidis.ClientModeCluster {
			c.Close()
			err = errCluster
		}
		return c, err
	}
	return b, nil
}

func newBrowseable(opts *BrowseableOptions) (*Browseable, error) {
	o := BrowseableOptions{}
	if opts != nil {
		o = *opts
	}
	for i, name := range o.Indexes {
		if name == "" || slices.Contains(o.Indexes[:i], name) {
			return nil, fmt.Errorf("redisstore: bad name %q for an index", name)
		}
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = store.MaxBytes
	}
	return &Browseable{newServer(o.Wait), o.MaxBytes, o.Indexes}, nil
}

func checkBrowseableID(id string) error {
	if strings.Contains(id, "_") {
		return fmt.Errorf("%w: an id with _ is the name of an index to Perl", store.ErrInvalidID)
	}
	return checkID(id)
}

// Load returns the data stored under id, or ErrNotFound.
func (b *Browseable) Load(ctx context.Context, id string) (store.Record, error) {
	if err := checkBrowseableID(id); err != nil {
		return store.Record{}, err
	}
	return call(ctx, b.server, "load from", func(ctx context.Context, c rueidis.Client, _ bool) (store.Record, error) {
		data, err := c.Do(ctx, c.B().Get().Key(id).Build()).AsBytes()
		switch {
		case rueidis.IsRedisNil(err):
			return store.Record{}, store.ErrNotFound
		case err != nil:
			return store.Record{}, err
		case len(data) > b.maxBytes:
			return store.Record{}, tooLarge(len(data), b.maxBytes)
		}
		return store.Record{Data: data, Rev: store.DataRev(data)}, nil
	})
}

// Save stores data under id with one command, and keeps the sets of the indexes. The TTL
// is ignored, as Perl's sessions do not expire. What is said of [Store.Save] and lost
// answers holds here too.
func (b *Browseable) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := checkBrowseableID(id); err != nil {
		return store.Rev{}, err
	}
	if len(data) > b.maxBytes {
		return store.Rev{}, fmt.Errorf("save to Redis: %w", tooLarge(len(data), b.maxBytes))
	}
	data = append(make([]byte, 0, len(data)), data...) // they are the version
	how, was := condition(old)
	args := append([]string{how, was, "", rueidis.BinaryString(data), strconv.Itoa(len(b.indexes))}, b.indexes...)
	args = append(args, b.sets(opts.Index)...)
	_, err := call(ctx, b.server, "save to", func(ctx context.Context, c rueidis.Client, unsure bool) (struct{}, error) {
		try := slices.Clone(args)
		if unsure {
			try[2] = "unsure"
		}
		return struct{}{}, verdict(read(browseableSave.run(ctx, c, id, try...)), unsure)
	})
	return store.DataRev(data), err
}

// Delete removes the session, from the sets of its values too, with one command.
func (b *Browseable) Delete(ctx context.Context, id string, old store.Rev) error {
	if err := checkBrowseableID(id); err != nil {
		return err
	}
	how, was := condition(old)
	args := append([]string{how, was, "", "", strconv.Itoa(len(b.indexes))}, b.indexes...)
	_, err := call(ctx, b.server, "delete from", func(ctx context.Context, c rueidis.Client, _ bool) (struct{}, error) {
		err := verdict(read(browseableDelete.run(ctx, c, id, args...)), false)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return struct{}{}, err
	})
	return err
}

// condition is a Rev as the scripts take it: how to compare, and with what.
func condition(old store.Rev) (how, was string) {
	switch data, ok := old.Data(); {
	case ok:
		return "is", rueidis.BinaryString(data)
	case old.IsZero():
		return "none", ""
	case old.IsAny():
		return "any", ""
	}
	return "never", ""
}

// sets are the names of the sets that a session is to be in.
func (b *Browseable) sets(index []store.IndexValue) (names []string) {
	for _, v := range index {
		if slices.Contains(b.indexes, v.Name) && v.Set && v.Value != "" && v.Value != "0" { // true to Perl
			names = append(names, setName(v.Name, v.Value))
		}
	}
	return names
}

func setName(name, value string) string { return name + "_" + singleBytes(value) }

// singleBytes returns text as Perl sends it: a byte for each character, if they are all
// below U+0100.
func singleBytes(text string) string {
	b := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return text
		}
		b = append(b, byte(r))
	}
	return string(b)
}

// IDs yields every key that Perl would take for a session, as [Store.IDs] does.
func (b *Browseable) IDs(ctx context.Context) iter.Seq2[string, error] {
	return b.scan(ctx, "*", func(key string) (string, bool) { return key, checkBrowseableID(key) == nil })
}

// Indexes returns BrowseableOptions.Indexes.
func (b *Browseable) Indexes() []string { return slices.Clone(b.indexes) }

// Find yields the ids of the sessions that have this true value of an indexed parameter.
// The server looks at each, and takes those that have another by now out of the set.
func (b *Browseable) Find(ctx context.Context, name, value string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if !slices.Contains(b.indexes, name) {
			yield("", fmt.Errorf("redisstore: parameter %q is not indexed", name))
			return
		}
		for cursor := "0"; ; {
			ids, err := call(ctx, b.server, "find in", func(ctx context.Context, c rueidis.Client, _ bool) ([]string, error) {
				list, err := browseableFind.run(ctx, c, setName(name, value), cursor, name, singleBytes(value), value).AsStrSlice()
				if err == nil && len(list) == 0 {
					err = errors.New("unexpected answer of a script")
				}
				return list, err
			})
			if err != nil {
				yield("", err)
				return
			}
			found := ids[1:]
			slices.Sort(found)
			for _, id := range slices.Compact(found) {
				if !yield(id, nil) {
					return
				}
			}
			if cursor = ids[0]; cursor == "0" {
				return
			}
		}
	}
}

// valueOf reads the value of a parameter in JSON as Perl would print it: nothing for what
// Perl takes for false. It comes as it is in the JSON, and as Perl sends it.
const valueOf = `
local function single(s)
	if string.find(s, '[\196-\255]') then return s end
	return (string.gsub(s, '([\194\195])([\128-\191])', function(a, b)
		return string.char((string.byte(a) - 192) * 64 + string.byte(b) - 128)
	end))
end
local function value(json, name)
	local ok, t = pcall(cjson.decode, json)
	if not ok or type(t) ~= 'table' then return nil end
	local v = t[name]
	if v == true then v = '1' end
	if type(v) == 'number' then v = string.format('%.15g', v) end
	if type(v) ~= 'string' or v == '' or v == '0' then return nil end
	return v, single(v)
end
`

// browseableCompare begins the scripts that write. KEYS[1] is the session. ARGV: how to
// compare, the old data, whether it may have been saved already, the new data, how many
// indexes there are, their names, and the names of the sets to be in.
const browseableCompare = valueOf + `
local how, was = ARGV[1], redis.call('GET', KEYS[1])
if how ~= 'any' and was then
	if ARGV[3] ~= '' and was == ARGV[4] then return 1 end
	if how ~= 'is' or was ~= ARGV[2] then return 0 end
elseif not was and how ~= 'any' and how ~= 'none' then
	return -1
end
if was then
	for i = 6, 5 + tonumber(ARGV[5]) do
		local a, b = value(was, ARGV[i])
		if a then
			redis.call('SREM', ARGV[i] .. '_' .. a, KEYS[1])
			redis.call('SREM', ARGV[i] .. '_' .. b, KEYS[1])
		end
	end
end
`

var (
	browseableSave = newScript(browseableCompare + `
redis.call('SET', KEYS[1], ARGV[4])
for i = 6 + tonumber(ARGV[5]), #ARGV do redis.call('SADD', ARGV[i], KEYS[1]) end
return 1
`)

	browseableDelete = newScript(browseableCompare + `
redis.call('DEL', KEYS[1])
return 1
`)

	// KEYS[1] is a set. ARGV: cursor, name, value in single bytes, value
	browseableFind = newScript(valueOf + `
local page = redis.call('SSCAN', KEYS[1], ARGV[1], 'COUNT', 20)
local found = {page[1]}
for _, id in ipairs(page[2]) do
	local json = redis.call('GET', id)
	local a, b
	if json then a, b = value(json, ARGV[2]) end
	if a and (a == ARGV[3] or b == ARGV[3] or a == ARGV[4]) then
		table.insert(found, id)
	else
		redis.call('SREM', KEYS[1], id)
	end
end
return found
`)
)
