//go:build !linux && !darwin

package bench

import "time"

// processor is not asked for on this system.
func processor() (time.Duration, bool) { return 0, false }
