//go:build unix

package xmlexport

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// maxResident is the bound of the product for an export with 2 GiB of entities.xml.
const maxResident = 256 << 20

// resident returns the peak of this process's resident memory since the last reset, in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skipf("this system does not tell a process's memory: %v", err)
	}
	var kib int64
	if _, rest, ok := bytes.Cut(b, []byte("VmHWM:")); ok {
		if _, err := fmt.Sscan(string(rest), &kib); err != nil {
			t.Fatal(err)
		}
	}
	return kib << 10
}

// TestResidentMemory opens and scans an export of the size that TANDEM_BENCH_MIB names within the bound.
func TestResidentMemory(t *testing.T) {
	if os.Getenv("TANDEM_BENCH_MIB") == "" {
		t.Skip("set TANDEM_BENCH_MIB=2048 to measure the memory that a large export takes")
	}
	dir := largeExport(t, t.TempDir(), benchBytes(t), true)
	raw := rawTokens(t, filepath.Join(dir, entitiesName))
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the peak of memory cannot be set back here: %v", err)
	}
	start := time.Now()
	r := openPath(t, dir, Options{})
	opened := time.Since(start)
	spaces, err := r.Spaces(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n, size := 0, 0
	for req := (confluence.ScanRequest{Space: spaces[0], Facets: confluence.AllFacets}); ; {
		b, err := r.Scan(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range b.Contents {
			size += len(c.Body.Raw)
		}
		n += len(b.Contents)
		if req.Cursor = b.Next; b.Next == "" {
			break
		}
	}
	peak := resident(t)
	t.Logf("%d contents, %d MiB of bodies; opened in %v, %.2f times RawToken; scanned in %v; peak %d MiB", n, size>>20, opened,
		raw.Seconds()/opened.Seconds(), time.Since(start)-opened, peak>>20)
	if peak > maxResident {
		t.Errorf("%d bytes resident, more than %d", peak, int64(maxResident))
	}
}
