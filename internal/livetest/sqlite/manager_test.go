package sqlite

import (
	"testing"

	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/store"
)

func TestManyAtOnce(t *testing.T) {
	managertest.Run(t, func(t *testing.T) store.Store { return managed(t, tempFile(t)) })
}

func TestTwoProcessesOfManagers(t *testing.T) { managertest.RunProcesses(t, tempFile(t), managed) }

func managed(t *testing.T, file string) store.Store {
	st, _ := tableIn(t, file, fast)
	return st
}
