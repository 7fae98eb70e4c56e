package sqlstore

import "time"

// workers run the calls of drivers that may linger. They stay for a moment, with
// the stack that a call has grown: a new goroutine for each would double the cost
// of a load.
type workers struct {
	jobs chan func()
	quit chan struct{}
}

const workerIdle = 100 * time.Millisecond

func newWorkers() workers {
	return workers{jobs: make(chan func()), quit: make(chan struct{})}
}

// do has job run by a worker that is free, or a new one, and does not wait for it.
func (w workers) do(job func()) {
	select {
	case w.jobs <- job:
	default:
		go w.work(job)
	}
}

func (w workers) work(job func()) {
	idle := time.NewTimer(workerIdle)
	defer idle.Stop()
	for {
		job()
		idle.Reset(workerIdle)
		select {
		case job = <-w.jobs:
		case <-idle.C:
			return
		case <-w.quit:
			return
		}
	}
}
