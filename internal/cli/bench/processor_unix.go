//go:build linux || darwin

package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// processor returns how long this process has kept a processor busy so far, in its own code and in the system's.
func processor() (time.Duration, bool) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}
