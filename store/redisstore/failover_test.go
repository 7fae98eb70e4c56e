package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
)

// writers are goroutines that each count up in sessions of their own.
type writers struct {
	st       store.Store
	deadline time.Duration // of one call

	wg       sync.WaitGroup
	stop     chan struct{}
	mu       sync.Mutex
	counters []*counter
	errs     map[string]int
	gap      time.Duration // the longest from one success to the next, of one session
	unfit    error         // an error that does not say what is the matter
}

// counter is what one session ought to hold.
type counter struct {
	id    string
	acked int // the last save that was acknowledged
	lost  int // how far behind that the session was found
	total int
}

func startWriters(t *testing.T, st store.Store, n int, deadline time.Duration) *writers {
	w := &writers{st: st, deadline: deadline, stop: make(chan struct{}), errs: map[string]int{}}
	for i := range n {
		c := &counter{id: fmt.Sprint("counter", i)}
		w.counters = append(w.counters, c)
		mustSave(t, st, c.id, "0", store.Rev{}, store.SaveOptions{})
		w.wg.Go(func() { w.run(c) })
	}
	return w
}

func (w *writers) run(c *counter) {
	last := time.Now()
	for {
		select {
		case <-w.stop:
			return
		case <-time.After(time.Millisecond):
		}
		err := w.step(c)
		w.mu.Lock()
		if err == nil {
			w.gap = max(w.gap, time.Since(last))
			last = time.Now()
			c.total++
		} else {
			text := err.Error()
			w.errs[text[:min(len(text), 120)]]++
			if !errors.Is(err, store.ErrUnavailable) {
				w.unfit = err
			}
		}
		w.mu.Unlock()
	}
}

// step makes one increment.
func (w *writers) step(c *counter) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.deadline)
	defer cancel()
	rec, err := w.st.Load(ctx, c.id)
	if errors.Is(err, store.ErrNotFound) { // what was saved first of all was lost
		_, err = w.st.Save(ctx, c.id, []byte("0"), store.Rev{}, store.SaveOptions{})
		c.note(0)
		return err
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(rec.Data))
	if err != nil {
		return err
	}
	c.note(n)
	if _, err = w.st.Save(ctx, c.id, strconv.AppendInt(nil, int64(n)+1, 10), rec.Rev, store.SaveOptions{}); err == nil {
		c.acked = n + 1
	}
	return err
}

// note counts what is missing of what was acknowledged. A save that was carried out
// without being acknowledged is none the less.
func (c *counter) note(found int) {
	if found < c.acked {
		c.lost += c.acked - found
	}
	c.acked = found
}

// end stops the writers and reports what they met.
func (w *writers) end(t *testing.T) (lost int) {
	t.Helper()
	close(w.stop)
	w.wg.Wait()
	total, failed := 0, 0
	for _, c := range w.counters {
		rec, err := w.st.Load(t.Context(), c.id)
		if err != nil {
			t.Fatalf("Load in the end = %v", err)
		}
		n, _ := strconv.Atoi(string(rec.Data))
		c.note(n)
		lost += c.lost
		total += c.total
	}
	for text, n := range w.errs {
		failed += n
		t.Logf("%d × %s", n, text)
	}
	t.Logf("%d saves acknowledged, %d calls failed, longest gap %v, %d acknowledged saves lost", total, failed, w.gap.Round(time.Millisecond), lost)
	if w.unfit != nil {
		t.Errorf("an error does not say that the store is unavailable: %v", w.unfit)
	}
	return lost
}

// becomesMaster waits until a node of a cluster, or of sentinel, is a master.
func becomesMaster(t *testing.T, r *testserver.Redis) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !strings.HasPrefix(r.Cli(t, "ROLE"), "master"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the dead master is not replaced")
		}
	}
}

// replicaOf finds the replica of a master.
func replicaOf(t *testing.T, c *testserver.RedisCluster, master *testserver.Redis) *testserver.Redis {
	t.Helper()
	id := master.Cli(t, "CLUSTER", "MYID")
	for line := range strings.SplitSeq(master.Cli(t, "CLUSTER", "NODES"), "\n") {
		if !strings.Contains(line, "slave "+id) {
			continue
		}
		for _, n := range c.Nodes {
			if strings.Contains(line, n.Addr+"@") {
				return n
			}
		}
	}
	t.Fatal("the master has no replica")
	return nil
}

// A master is killed in mid-run, and replaced by its replica. Callers with a deadline of
// half a second see errors until then; those with twenty seconds see none.
func TestClusterFailover(t *testing.T) {
	c := testserver.StartRedisCluster(t, 3, 1)
	open := func(replicas int) store.Store {
		return placeAt(c.Addrs()...).mustOpen(t, func(o *redisstore.Options) { o.Replicas = replicas })
	}
	short := startWriters(t, open(0), 12, 500*time.Millisecond)
	long := startWriters(t, open(0), 12, 20*time.Second)
	waiting := startWriters(t, open(1), 12, 20*time.Second)
	time.Sleep(500 * time.Millisecond)

	victim := c.Nodes[0]
	heir := replicaOf(t, c, victim)
	start := time.Now()
	victim.Kill()
	becomesMaster(t, heir)
	replaced := time.Since(start)
	victim.Restart() // or those that wait for a replica would do so for long
	time.Sleep(1500 * time.Millisecond)
	t.Logf("the master was replaced after %v", replaced.Round(time.Millisecond))

	for _, test := range []struct {
		name string
		w    *writers
		// What Redis does not promise is what it acknowledged in its last moment, unless
		// a replica has it.
		most   int
		errors bool
	}{
		{"half a second", short, 100, true},
		{"20 seconds", long, 100, false},
		{"20 seconds, and a replica has it", waiting, 0, false},
	} {
		t.Log("callers with", test.name)
		lost := test.w.end(t)
		if lost > test.most {
			t.Errorf("%d acknowledged saves were lost", lost)
		}
		if test.w.gap > replaced+2*time.Second {
			t.Errorf("a session could not be saved for %v", test.w.gap)
		}
		if (len(test.w.errs) > 0) != test.errors {
			t.Errorf("callers with %s see the errors %v", test.name, test.w.errs)
		}
	}
}

// Slots move from master to master while sessions in them are read and written.
func TestClusterResharding(t *testing.T) {
	c := testserver.StartRedisCluster(t, 3, 0)
	p := placeAt(c.Addrs()...)
	w := startWriters(t, p.mustOpen(t), 12, 10*time.Second)
	st := p.mustOpen(t)
	var made atomic.Int64
	w.wg.Go(func() { // and sessions come and go
		for n := 0; ; n++ {
			select {
			case <-w.stop:
				return
			default:
			}
			id := fmt.Sprint("guest", n)
			rev, err := st.Save(t.Context(), id, []byte("1"), store.Rev{}, store.SaveOptions{TTL: time.Hour})
			if err == nil {
				rev, err = st.Save(t.Context(), id, []byte("2"), rev, store.SaveOptions{TTL: time.Hour})
			}
			if err == nil && n%2 == 0 {
				err = st.Delete(t.Context(), id, rev)
			} else if err == nil {
				err = st.Touch(t.Context(), id, time.Hour)
			}
			if err != nil {
				t.Errorf("a session that comes and goes: %v", err)
				return
			}
			made.Add(1)
		}
	})
	ids := make([]string, 3)
	for i, n := range c.Nodes {
		ids[i] = n.Cli(t, "CLUSTER", "MYID")
	}
	moved := 0
	for round := range 3 {
		const slots = 150
		c.Nodes[0].Cli(t, "--cluster", "reshard", c.Nodes[0].Addr, "--cluster-from", ids[round], "--cluster-to", ids[(round+1)%3],
			"--cluster-slots", fmt.Sprint(slots), "--cluster-yes")
		moved += slots
	}
	lost := w.end(t)
	t.Logf("%d slots moved, %d sessions came and went", moved, made.Load())
	if lost > 0 || len(w.errs) > 0 {
		t.Errorf("%d saves lost, errors: %v; want none", lost, w.errs)
	}
}

func TestSentinelFailover(t *testing.T) {
	s := testserver.StartRedisSentinel(t)
	st, err := redisstore.Open(rueidis.ClientOption{InitAddress: s.Addrs(), Sentinel: rueidis.SentinelOption{MasterSet: s.Name}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	w := startWriters(t, st, 8, 20*time.Second)
	time.Sleep(300 * time.Millisecond)
	start := time.Now()
	s.Master.Kill()
	becomesMaster(t, s.Replica)
	replaced := time.Since(start)
	time.Sleep(2 * time.Second)
	lost := w.end(t)
	t.Logf("replaced after %v", replaced.Round(time.Millisecond))
	if w.gap > replaced+2*time.Second || len(w.errs) > 0 || lost > 200 {
		t.Errorf("a gap of %v, errors %v, %d lost", w.gap, w.errs, lost)
	}
}
