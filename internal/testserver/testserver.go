// Package testserver starts private servers for tests: on free loopback ports, with
// their data in a temporary directory, killed by process id when the test ends. A
// program that is missing is installed or named as in package perltest. Each kind of
// server has a file of its own here.
package testserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/perltest"
)

// startTimeout is for how long a server may take until it answers.
const startTimeout = 60 * time.Second

// Process is a server that a test has started. Its methods are for one goroutine.
type Process struct {
	tb      testing.TB
	command func() *exec.Cmd
	ready   func(ctx context.Context) error
	family  bool // the server is several processes

	cmd    *exec.Cmd
	exited chan struct{}
	log    buffer
}

// Find returns the path of a program that comes with a Debian package. It may also be
// in one of the folders, which may be patterns.
func Find(t testing.TB, program, debian string, folders ...string) string {
	t.Helper()
	if p := look(program, folders); p != "" {
		return p
	}
	perltest.Packages(t, debian)
	p := look(program, folders)
	if p == "" {
		t.Fatalf("the Debian package %s has no program %s", debian, program)
	}
	return p
}

func look(program string, folders []string) string {
	if p, err := exec.LookPath(program); err == nil {
		return p
	}
	for _, folder := range append([]string{"/usr/sbin"}, folders...) {
		if found, err := filepath.Glob(filepath.Join(folder, program)); err == nil && len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return ""
}

// Port returns a loopback port that is free now.
func Port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Start runs a command, waits until ready returns nil, and has the process killed when
// the test ends. Command is called again by Restart.
func Start(t testing.TB, command func() *exec.Cmd, ready func(ctx context.Context) error) *Process {
	t.Helper()
	p := &Process{tb: t, command: command, ready: ready}
	t.Cleanup(p.Kill)
	p.Restart()
	return p
}

// Pid is the process id of the server.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Log is what the server has printed.
func (p *Process) Log() string { return p.log.String() }

// Restart kills the server if it runs, starts it again and waits until it answers.
func (p *Process) Restart() {
	p.tb.Helper()
	p.Kill()
	cmd := p.command()
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL // also when the test binary is killed
	if err := start(cmd); err != nil {
		p.tb.Fatalf("start %s: %v", filepath.Base(cmd.Path), err)
	}
	exited := make(chan struct{})
	p.cmd, p.exited = cmd, exited
	go func() {
		_ = cmd.Wait() // killed, as a rule
		close(exited)
	}()
	if err := p.wait(); err != nil {
		p.tb.Fatalf("%s does not answer: %v\n%s", filepath.Base(cmd.Path), err, p.Log())
	}
}

func (p *Process) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return errors.Join(errors.New("it has ended"), err)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends the server at once, as a crash would. It is no error if it has ended.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop asks the server to end, and waits until it has.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

func (p *Process) end(sig syscall.Signal) {
	if p.cmd == nil {
		return
	}
	p.Signal(syscall.SIGCONT)
	p.Signal(sig)
	select {
	case <-p.exited:
	case <-time.After(startTimeout):
		p.Signal(syscall.SIGKILL)
		<-p.exited
	}
	p.cmd = nil
}

// Freeze stops the server where it is: it keeps its connections and answers nothing.
func (p *Process) Freeze() {
	p.Signal(syscall.SIGSTOP)
	p.stands(p.Pid())
	if p.family {
		for _, child := range children(p.Pid()) {
			p.stands(child)
		}
	}
}

// stands waits until a process that was told to stop has stopped.
func (p *Process) stands(pid int) {
	for end := time.Now().Add(startTimeout); running(pid) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// running reports whether a thread of a process has still to be stopped, where the
// system tells.
func running(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	return slices.ContainsFunc(threads, func(name string) bool {
		stat, err := os.ReadFile(name)
		_, state, found := bytes.Cut(stat, []byte(") "))
		return err == nil && found && state[0] != 'T'
	})
}

// Thaw lets a frozen server go on.
func (p *Process) Thaw() { p.Signal(syscall.SIGCONT) }

// Signal sends a signal to the server, unless it has ended.
func (p *Process) Signal(sig syscall.Signal) {
	select {
	case <-p.exited:
		return
	default:
	}
	if p.family && (sig == syscall.SIGKILL || sig == syscall.SIGSTOP || sig == syscall.SIGCONT) {
		_ = p.cmd.Process.Signal(syscall.SIGSTOP)
		p.stands(p.Pid()) // now it has no more children
		for _, child := range children(p.Pid()) {
			_ = syscall.Kill(child, sig)
		}
	}
	_ = p.cmd.Process.Signal(sig)
}

// children returns the processes that a process has started.
func children(pid int) (pids []int) {
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for field := range strings.FieldsSeq(string(list)) {
		if child, err := strconv.Atoi(field); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// Answers reports whether something accepts connections at an address. It is the
// ready function of servers that accept only when they can answer.
func Answers(network, address string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// start starts all commands from one thread that never ends: Pdeathsig is sent when
// the thread that started the process does.
func start(cmd *exec.Cmd) error {
	starter.Do(func() {
		go func() {
			runtime.LockOSThread()
			for job := range starts {
				job.err <- job.cmd.Start()
			}
		}()
	})
	job := startJob{cmd, make(chan error)}
	starts <- job
	return <-job.err
}

type startJob struct {
	cmd *exec.Cmd
	err chan error
}

var (
	starter sync.Once
	starts  = make(chan startJob)
)

// buffer is a bytes.Buffer that goroutines may share.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
