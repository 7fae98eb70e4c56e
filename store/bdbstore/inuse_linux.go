package bdbstore

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// usedByOthers reports whether another process has the shared memory of an
// environment mapped, as far as it can be seen: the processes of another user cannot,
// and count if the files let them in. sure is false if the question stays open.
func usedByOthers(home string) (others, sure bool) {
	home, err := filepath.Abs(home)
	if err == nil {
		home, err = filepath.EvalSymlinks(home)
	}
	if err != nil {
		return false, false
	}
	open := regionsOpen(home)
	region := []byte(" " + home + "/__db.")
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(processes) == 0 {
		return false, false
	}
	sure = true
	for _, process := range processes {
		if filepath.Base(process) == strconv.Itoa(os.Getpid()) {
			continue
		}
		maps, err := os.ReadFile(process + "/maps")
		switch {
		case errors.Is(err, fs.ErrPermission):
			if open && !ofRoot(process) {
				sure = false
			}
		case err != nil:
			continue // it has ended
		}
		for line := range bytes.Lines(maps) {
			if bytes.Contains(line, region) && !bytes.HasSuffix(bytes.TrimSpace(line), []byte("(deleted)")) {
				return true, true
			}
		}
	}
	return false, sure
}

// regionsOpen reports whether others than their owner, us, can write to the files of an
// environment, as whoever uses it has to.
func regionsOpen(home string) bool {
	names, _ := filepath.Glob(home + "/__db.*")
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			continue
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok || info.Mode()&0o022 != 0 || int(st.Uid) != os.Geteuid() {
			return true
		}
	}
	return false
}

func ofRoot(process string) bool {
	info, err := os.Stat(process)
	if err != nil {
		return true // it has ended
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid == 0
}
