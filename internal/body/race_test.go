//go:build race

package body

const raceDetector = true
