//go:build linux && !plant_truncate && !plant_rename

package filestore_test

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/go-datasession/datasession/store/storetest"
)

// TestPlantedBugs brings back the two old ways to write, and sees that the tests
// that are there for them fail.
func TestPlantedBugs(t *testing.T) {
	if !storetest.Long() {
		t.Skip("set DATASESSION_LONG=1 to test with planted bugs")
	}
	for tag, test := range map[string]string{
		"plant_truncate": "TestKilledWhileSaving",
		"plant_rename":   "TestPeerKeepsLock",
	} {
		out, err := exec.CommandContext(t.Context(), "go", "test", "-tags", tag, "-run", "^"+test+"$", ".").CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("--- FAIL: "+test)) {
			t.Errorf("%s does not find %s: %v\n%s", test, tag, err, out)
		}
	}
}
