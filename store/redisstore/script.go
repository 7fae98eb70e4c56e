package redisstore

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// A script is run by its digest, and sent whole to a server that does not know it yet,
// or has been started anew.
type script struct{ text, sha string }

func newScript(text string) script {
	sum := sha1.Sum([]byte(text))
	return script{text, hex.EncodeToString(sum[:])}
}

// run runs the script. Once the server may have got it, it is not sent again here.
func (s script) run(ctx context.Context, c rueidis.CoreClient, key string, args ...string) rueidis.RedisResult {
	r := c.Do(ctx, c.B().Evalsha().Sha1(s.sha).Numkeys(1).Key(key).Arg(args...).Build())
	if e, ok := rueidis.IsRedisErr(r.Error()); ok && e.IsNoScript() {
		r = c.Do(ctx, c.B().Eval().Script(s.text).Numkeys(1).Key(key).Arg(args...).Build())
	}
	return r
}

// What a script answers. A list is an outcome and an index block.
const (
	done     = 1
	conflict = 0
	missing  = -1
	foreign  = -2
	reindex  = 2 // nothing was done: what the session is indexed under changes
)

// compare is how scripts begin that want a version: KEYS[1] is the session, new the
// version to be written, and old that to be replaced, of which so many bytes count.
const compare = `
local head = redis.call('GETRANGE', KEYS[1], 0, 18)
local function block()
	local n = string.byte(head, 18) * 256 + string.byte(head, 19)
	if n == 0 then return '' end
	return redis.call('GETRANGE', KEYS[1], 19, 18 + n)
end
if head == '' then
	if old ~= '' and old ~= '*' then return -1 end
elseif #head < 19 or string.byte(head) ~= 213 then
	return -2
else
	if string.sub(head, 2, 9) == new then return 1 end -- this very save, sent before
	if old ~= '*' and string.sub(head, 2, 1 + most) ~= string.sub(old, 1, most) then return 0 end
end
`

const set = `
if ARGV[2] == '0' then
	redis.call('SET', KEYS[1], ARGV[1])
else
	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
`

var (
	// ARGV: value, milliseconds to live or 0, old version
	saveScript = newScript(`local new, old, most = string.sub(ARGV[1], 2, 9), ARGV[3], 8` + compare + set)

	// ARGV: also the index block, or '' when the memberships have been entered
	saveIndexedScript = newScript(`local new, old, most = string.sub(ARGV[1], 2, 9), ARGV[3], 8` + compare + `
local was = ''
if head ~= '' then was = block() end
if ARGV[4] ~= '' and was ~= ARGV[4] then return {2, was} end
` + set)

	// ARGV: old version
	deleteScript = newScript(`local new, old, most = '', ARGV[1], 16` + compare + `
if head == '' then return 1 end
local was = block()
redis.call('DEL', KEYS[1])
return {1, was}
`)

	// ARGV: milliseconds to live or 0, when that is over
	touchScript = newScript(`local new, old, most = '', '*', 0` + compare + `
if head == '' then return -1 end
redis.call('SETRANGE', KEYS[1], 9, ARGV[2])
if ARGV[1] == '0' then
	redis.call('PERSIST', KEYS[1])
else
	redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {1, block()}
`)
)

// result is what a script that writes has answered.
type result struct {
	outcome int64
	block   string
	err     error
}

func read(r rueidis.RedisResult) (res result) {
	m, err := r.ToMessage()
	if err != nil {
		return result{err: err}
	}
	if !m.IsArray() {
		res.outcome, res.err = m.AsInt64()
		return res
	}
	list, err := m.ToArray()
	if err != nil || len(list) != 2 {
		return result{err: fmt.Errorf("unexpected answer of a script: %d values, %w", len(list), err)}
	}
	res.outcome, err = list[0].AsInt64()
	if err == nil {
		res.block, err = list[1].ToString()
	}
	res.err = err
	return res
}

// write runs a script and, if that is wanted, waits until replicas have what it wrote.
func (s *Store) write(ctx context.Context, c rueidis.Client, sc script, key string, args []string) (res result) {
	if s.replicas == 0 {
		return read(sc.run(ctx, c, key, args...))
	}
	err := c.Dedicated(func(d rueidis.DedicatedClient) error {
		if res = read(sc.run(ctx, d, key, args...)); res.err != nil || res.outcome != done {
			return nil
		}
		wait := s.wait
		if end, ok := ctx.Deadline(); ok {
			wait = max(time.Until(end)-20*time.Millisecond, time.Millisecond) // to hear of it in time
		}
		n, err := d.Do(ctx, d.B().Wait().Numreplicas(int64(s.replicas)).Timeout(wait.Milliseconds()).Build()).AsInt64()
		if err == nil && n < int64(s.replicas) {
			err = fmt.Errorf("%w: it is stored, but on %d replicas, want %d", errReplicas, n, s.replicas)
		}
		return err
	})
	if err != nil {
		res.err = err
	}
	return res
}

var errReplicas = errors.New("too few replicas")

// verdict turns what a script has answered into an error. unsure says that an earlier
// try may have been carried out without our knowing.
func verdict(r result, unsure bool) error {
	switch {
	case r.err != nil:
		return r.err
	case r.outcome == done:
		return nil
	case r.outcome == conflict && unsure:
		return fmt.Errorf("%w: the connection was lost during the save, and somebody else has saved since: it is not known whether this was stored", store.ErrUnavailable)
	case r.outcome == conflict:
		return store.ErrConflict
	case r.outcome == missing:
		return store.ErrNotFound
	}
	return errForeign
}
