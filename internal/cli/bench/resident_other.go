//go:build !linux && !darwin

package bench

// resident returns 0: the peak is not asked for on this system.
func resident() (int64, error) { return 0, nil }
