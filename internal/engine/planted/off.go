//go:build !planted

package planted

// Built reports whether bugs can be planted.
const Built = false

// On reports whether a bug is planted: never in this build.
func On(Bug) bool { return false }
