package store

import (
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Times are stored as nanoseconds since 1970 in UTC, 0 for the zero time; digests as 32 bytes, NULL for the zero one.

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func digestArg(d confluence.Digest) any {
	if d.IsZero() {
		return nil
	}
	return d[:]
}

// bytesArg stores no bytes as NULL. Empty and nil are one: both are read as nil.
func bytesArg(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// timeCol scans a stored time.
type timeCol struct{ to *time.Time }

func (c timeCol) Scan(v any) error {
	n, ok := v.(int64)
	if !ok && v != nil {
		return fmt.Errorf("store: a time column holds %T", v)
	}
	*c.to = timeOf(n)
	return nil
}

// digestCol scans a stored digest.
type digestCol struct{ to *confluence.Digest }

func (c digestCol) Scan(v any) error {
	*c.to = confluence.Digest{}
	if v == nil {
		return nil
	}
	b, ok := v.([]byte)
	if !ok || len(b) != len(c.to) {
		return fmt.Errorf("store: a digest column holds %T of another length", v)
	}
	copy(c.to[:], b)
	return nil
}
