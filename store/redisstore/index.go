package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// An index is a sorted set for each value, in whatever slot its name falls into:
//
//	index:session:user=ann    member: id    score: when it may be dropped
//
// In a cluster no command sees the set and the session at once. So the session is what
// counts: its value says what it is indexed under, and Find yields an id only if the
// session itself says so. What must not happen is that a session says so and its id is
// not in the set:
//
//   - Who saves under a new value enters the id first, then saves, and enters it again.
//   - Who finds an id in a set whose session says otherwise takes it out only if its
//     score is the one that was there before the session was looked at. Every entry
//     changes the score, so an id that was entered since stays.
//
// A save that changes nothing of what the session is indexed under finds that out
// in the one command that saves, and then puts off when its members may be dropped.
const indexPrefix = "index:"

func checkNames(names []string) error {
	size := 2
	for i, name := range names {
		size += 2 + len(name) + 1 + maxTerm
		if name == "" || len(name) > 255 || strings.ContainsAny(name, "=#") || slices.Contains(names[:i], name) {
			return fmt.Errorf("redisstore: bad name %q for an index, want one of its own, of 1 to 255 bytes, without = and #", name)
		}
	}
	if size > maxBlock {
		return fmt.Errorf("redisstore: %d indexes are too many", len(names))
	}
	return nil
}

// Indexes returns Options.Indexes.
func (s *Store) Indexes() []string { return slices.Clone(s.indexes) }

// maxTerm is the longest value that stands in a set's name.
const maxTerm = 100

// term is how a value of a parameter stands in a set's name and in an index block: as it
// is, or by its digest if it is long.
func term(name, value string) string {
	if len(value) <= maxTerm {
		return name + "=" + value
	}
	sum := sha256.Sum256([]byte(value))
	return name + "#" + string(sum[:])
}

// block lists the terms that a session is indexed under, each after its length.
func (s *Store) block(index []store.IndexValue) string {
	if len(s.indexes) == 0 {
		return ""
	}
	b := []byte{0, 0} // never empty, so that a save can tell it from no index
	for _, name := range s.indexes {
		for _, v := range index {
			if v.Name == name && v.Set {
				t := term(name, v.Value)
				b = append(binary.BigEndian.AppendUint16(b, uint16(len(t))), t...)
			}
		}
	}
	return string(b)
}

// terms takes an index block apart.
func terms(block string) []string {
	var all []string
	for len(block) >= 2 {
		n := int(block[0])<<8 | int(block[1])
		if block = block[2:]; n > len(block) {
			break
		}
		if n > 0 {
			all = append(all, block[:n])
		}
		block = block[n:]
	}
	return all
}

func (s *Store) setOf(term string) string { return indexPrefix + s.namespace + term }

// spare is for how long members, and sets, outlive the sessions.
const spare = 10 * time.Minute

var (
	// KEYS[1] is a set. ARGV: id, milliseconds to live or 0. Times are microseconds. A
	// score is higher than any before, so that every entry shows; that of a session
	// without end is from the year 2112 on.
	enterScript = newScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local score = 4503599627370496
if ARGV[2] ~= '0' then score = math.min(now + ARGV[2] * 1000, score - 1) end
local was = redis.call('ZSCORE', KEYS[1], ARGV[1])
if was and score <= tonumber(was) then score = tonumber(was) + 1 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
local lives = redis.call('PTTL', KEYS[1])
redis.call('ZADD', KEYS[1], string.format('%.0f', score), ARGV[1])
if ARGV[2] == '0' then
	redis.call('PERSIST', KEYS[1])
elseif lives ~= -1 and lives < tonumber(ARGV[2]) then
	redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
`)

	// KEYS[1] is a set. ARGV: id, the score that it had
	takeOutScript = newScript(`
local is = redis.call('ZSCORE', KEYS[1], ARGV[1])
if is and tonumber(is) == tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
`)
)

// saveIndexed saves, and keeps the sets.
func (s *Store) saveIndexed(ctx context.Context, id, key, block string, args []string, ttl time.Duration) error {
	save := func(expected string) (result, error) {
		return call(ctx, s.server, "save to", func(ctx context.Context, c rueidis.Client, unsure bool) (result, error) {
			r := s.write(ctx, c, saveIndexedScript, key, append(slices.Clip(args), expected))
			if r.err == nil && r.outcome == reindex {
				return r, nil
			}
			return r, verdict(r, unsure)
		})
	}
	r, err := save(block)
	if err != nil {
		return err
	}
	if r.outcome == reindex {
		if err := s.enter(ctx, id, block, ttl); err != nil {
			return err
		}
		if _, err := save(""); err != nil {
			return err
		}
	}
	if err := s.enter(ctx, id, block, ttl); err != nil {
		return err
	}
	for _, t := range terms(r.block) {
		if !slices.Contains(terms(block), t) {
			s.checkMember(ctx, id, t)
		}
	}
	return nil
}

// enter puts an id into the sets of an index block.
func (s *Store) enter(ctx context.Context, id, block string, ttl time.Duration) error {
	if ttl > 0 {
		ttl = min(ttl, math.MaxInt64-spare) + spare
	}
	for _, t := range terms(block) {
		_, err := call(ctx, s.server, "index in", func(ctx context.Context, c rueidis.Client, _ bool) (struct{}, error) {
			return struct{}{}, enterScript.run(ctx, c, s.setOf(t), id, milliseconds(ttl)).Error()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forget takes the id of a deleted session out of the sets that it was in. What fails
// here Find does.
func (s *Store) forget(ctx context.Context, id, block string) {
	for _, t := range terms(block) {
		s.checkMember(ctx, id, t)
	}
}

// checkMember takes an id out of a set if its session does not say that it belongs there.
func (s *Store) checkMember(ctx context.Context, id, term string) {
	_, _ = call(ctx, s.server, "index in", func(ctx context.Context, c rueidis.Client, _ bool) (struct{}, error) {
		score, err := c.Do(ctx, c.B().Zscore().Key(s.setOf(term)).Member(id).Build()).ToMessage()
		if rueidis.IsRedisNil(err) {
			return struct{}{}, nil
		}
		if err == nil {
			_, err = s.checked(ctx, c, term, []member{{id, scoreText(score)}})
		}
		return struct{}{}, err
	})
}

// A member of a set, with its score as the server writes it.
type member struct{ id, score string }

// scoreText is a score in the form in which a script sees it. Scores are whole numbers
// below 2^53.
func scoreText(m rueidis.RedisMessage) string {
	f, err := m.AsFloat64()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%.0f", f)
}

// checked returns those of some members of a set whose sessions say that they belong
// there, and takes out the others.
func (s *Store) checked(ctx context.Context, c rueidis.Client, term string, members []member) ([]string, error) {
	cmds := make(rueidis.Commands, 0, len(members))
	for _, m := range members {
		cmds = append(cmds, c.B().Getrange().Key(s.namespace+m.id).Start(0).End(headLength+maxBlock-1).Build())
	}
	var ids []string
	for i, r := range c.DoMulti(ctx, cmds...) {
		b, err := r.AsBytes()
		if err != nil {
			return nil, err
		}
		v, err := parse(b)
		if err == nil && slices.Contains(terms(v.block), term) {
			ids = append(ids, members[i].id)
			continue
		}
		if err := takeOutScript.run(ctx, c, s.setOf(term), members[i].id, members[i].score).Error(); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Find yields the ids of the sessions that were last saved with this value of an indexed
// parameter. Each is looked at, so one that has another value by now is not among them;
// but a session may be yielded twice, as by IDs.
func (s *Store) Find(ctx context.Context, name, value string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if !slices.Contains(s.indexes, name) {
			yield("", fmt.Errorf("redisstore: parameter %q is not indexed", name))
			return
		}
		t := term(name, value)
		for cursor := uint64(0); ; {
			type page struct {
				ids  []string
				next uint64
			}
			p, err := call(ctx, s.server, "find in", func(ctx context.Context, c rueidis.Client, _ bool) (p page, err error) {
				members, next, err := s.members(ctx, c, t, cursor)
				if err == nil {
					p.next = next
					p.ids, err = s.checked(ctx, c, t, members)
				}
				return p, err
			})
			if err != nil {
				yield("", err)
				return
			}
			for _, id := range p.ids {
				if !yield(id, nil) {
					return
				}
			}
			if cursor = p.next; cursor == 0 {
				return
			}
		}
	}
}

// members returns some members of a set, and where to go on.
func (s *Store) members(ctx context.Context, c rueidis.Client, term string, cursor uint64) ([]member, uint64, error) {
	list, err := c.Do(ctx, c.B().Zscan().Key(s.setOf(term)).Cursor(cursor).Count(page).Build()).AsScanEntry()
	if err != nil {
		return nil, 0, err
	}
	if len(list.Elements)%2 != 0 {
		return nil, 0, errors.New("unexpected answer to ZSCAN")
	}
	var all []member
	for pair := range slices.Chunk(list.Elements, 2) {
		all = append(all, member{pair[0], pair[1]})
	}
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.id, b.id) })
	return slices.CompactFunc(all, func(a, b member) bool { return a.id == b.id }), list.Cursor, nil
}
