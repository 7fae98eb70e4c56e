package datasession

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// Epochs are kept in the store of the sessions, in records that look to Perl like
// sessions without an end: one for everybody, and for the principals one for each
// first two digits of their hash, so that a server that knows all of them has loaded
// no more than 1 + epochShards records. No session can be loaded under such an id.
const (
	epochID     = "_epoch" // behind it "_" and the digits; ids of 32 characters fit any Perl table
	epochKey    = "_SESSION_EPOCH"
	epochShards = 64
)

func isEpochID(id string) bool {
	rest, ok := strings.CutPrefix(id, epochID)
	return ok && (rest == "" || rest[0] == '_' && len(rest) == 3)
}

// epochPlace returns the record that a principal's epoch is in, and the key in it.
// The empty principal stands for everybody.
func epochPlace(principal string) (id, key string) {
	if principal == "" {
		return epochID, epochKey
	}
	sum := sha256.Sum256([]byte("datasession epoch\x00" + principal))
	sum[0] %= epochShards
	return epochID + "_" + hex.EncodeToString(sum[:1]), epochKey + "_" + hex.EncodeToString(sum[1:13])
}

// NotBefore ends every session of a principal that began at t or earlier, at once and
// on any store; with an empty principal, every session there is, the anonymous ones
// too. A session began when somebody last signed in with Login, or else when it was
// made; one that says neither, as an Apache::Session may, is not touched. A t in the
// future counts as now. Servers notice within their Options.EpochCheck; their clocks
// should agree. An epoch never goes back.
//
// It reports ErrUnsupported if Options.EpochCheck is zero.
func (m *Manager) NotBefore(ctx context.Context, principal string, t time.Time) error {
	if m.opts.EpochCheck == 0 {
		return fmt.Errorf("not before: %w without Options.EpochCheck", ErrUnsupported)
	}
	if now := m.opts.Now(); t.After(now) {
		t = now
	}
	for try := 1; ; try++ {
		err := m.raiseEpoch(ctx, principal, t.UnixMilli())
		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) || try >= m.opts.Tries {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

func (m *Manager) raiseEpoch(ctx context.Context, principal string, t int64) error {
	id, key := epochPlace(principal)
	root, rev, err := m.readEpochs(ctx, id)
	if err != nil {
		return err
	}
	v, _ := root.Get(key)
	if v.AsInt() >= t {
		return nil
	}
	root.Set(key, perl.Int(t))
	m.forgetEpochs(root)
	data, err := codec.Bind(m.codec, id).Append(nil, perl.NewRef(root), m.opts.Limits)
	if err != nil {
		return err
	}
	if _, err := m.store.Save(ctx, id, data, rev, store.SaveOptions{}); err != nil {
		return err
	}
	m.epochs.shard(id).keep(root, m.opts.Now())
	return nil
}

// forgetEpochs takes away what no session can be old enough for any more.
func (m *Manager) forgetEpochs(root *perl.Hash) {
	if m.opts.MaxAge == 0 {
		return
	}
	oldest := m.opts.Now().Add(-m.opts.MaxAge).UnixMilli()
	var over []string
	for k, v := range root.All() {
		if strings.HasPrefix(k.String(), epochKey) && v.AsInt() < oldest {
			over = append(over, k.String())
		}
	}
	for _, key := range over {
		root.Delete(key)
	}
}

// readEpochs loads a record of epochs, or makes an empty one with the zero Rev.
func (m *Manager) readEpochs(ctx context.Context, id string) (*perl.Hash, store.Rev, error) {
	rec, err := m.store.Load(ctx, id)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalidID) {
		return m.opts.Family.newRoot(perl.Bytes(id), m.now(), 0, ""), store.Rev{}, nil
	}
	if err != nil {
		return nil, store.Rev{}, fmt.Errorf("epochs: %w", err)
	}
	root, err := m.decode(id, rec.Data)
	if err != nil {
		return nil, store.Rev{}, fmt.Errorf("epochs: %w", err)
	}
	return root, rec.Rev, nil
}

// beforeEpoch reports whether a session began before an epoch that holds for it.
func (m *Manager) beforeEpoch(ctx context.Context, root *perl.Hash) (bool, error) {
	f := &m.opts.Family
	began := f.seconds(root, signedInKey)
	if began == 0 {
		began = f.seconds(root, f.ctime) * 1000
	}
	if began == 0 {
		return false, nil
	}
	for _, who := range []string{"", m.principalIn(root)} {
		epoch, err := m.epoch(ctx, who, m.opts.EpochCheck)
		if err != nil || began <= epoch {
			return err == nil, err
		}
		if m.principalIn(root) == "" {
			break
		}
	}
	return false, nil
}

// startAfterEpochs returns the time of a sign-in: now, or just after an epoch that
// another server's clock has set later than that.
func (m *Manager) startAfterEpochs(ctx context.Context, principal string) (int64, error) {
	t := m.opts.Now().UnixMilli()
	if m.opts.EpochCheck == 0 {
		return t, nil
	}
	for _, who := range []string{"", principal} {
		epoch, err := m.epoch(ctx, who, 0)
		if err != nil {
			return 0, err
		}
		t = max(t, epoch+1)
	}
	return t, nil
}

// epoch returns a principal's epoch, as it was at most so long ago.
func (m *Manager) epoch(ctx context.Context, principal string, age time.Duration) (int64, error) {
	id, key := epochPlace(principal)
	sh := m.epochs.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := m.opts.Now()
	if sh.times == nil || age == 0 || now.Sub(sh.read) >= age || now.Before(sh.read) {
		root, _, err := m.readEpochs(ctx, id)
		if err != nil {
			return 0, err
		}
		sh.set(root, now)
	}
	return sh.times[key], nil
}

// epochs is what a Manager knows of the records of epochs.
type epochs struct {
	mu     sync.Mutex
	shards map[string]*epochShard
}

type epochShard struct {
	mu    sync.Mutex
	read  time.Time
	times map[string]int64 // Unix milliseconds; nil: not read yet
}

func (e *epochs) shard(id string) *epochShard {
	e.mu.Lock()
	defer e.mu.Unlock()
	sh := e.shards[id]
	if sh == nil {
		if e.shards == nil {
			e.shards = make(map[string]*epochShard)
		}
		sh = new(epochShard)
		e.shards[id] = sh
	}
	return sh
}

func (sh *epochShard) keep(root *perl.Hash, now time.Time) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.set(root, now)
}

func (sh *epochShard) set(root *perl.Hash, now time.Time) {
	sh.read, sh.times = now, make(map[string]int64)
	for k, v := range root.All() {
		if strings.HasPrefix(k.String(), epochKey) {
			sh.times[k.String()] = v.AsInt()
		}
	}
}
