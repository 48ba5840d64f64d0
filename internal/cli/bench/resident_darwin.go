package bench

import "golang.org/x/sys/unix"

// resident returns the peak of this process's resident memory in bytes.
func resident() (int64, error) {
	var u unix.Rusage
	err := unix.Getrusage(unix.RUSAGE_SELF, &u)
	return u.Maxrss, err // in bytes on this system
}
