package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestPause bounds what a header can ask for, so that a clock gone wrong does not stop a run for a year.
const longestPause = time.Hour

// pauseOf reads from a 429 or 503 how long to wait, zero where nothing usable is said. Four forms are met: Retry-After in
// seconds or as a date (both products), X-RateLimit-Reset as a time, with or without seconds, and the structured
// RateLimit with its t (Cloud, "Rate limiting" page of the REST API), which counts only without the prefix Beta.
func pauseOf(h http.Header, now time.Time) time.Duration {
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if s, err := strconv.ParseFloat(v, 64); err == nil {
			return clampPause(time.Duration(min(s, 1e6) * float64(time.Second)))
		}
		if t, err := http.ParseTime(v); err == nil {
			if served, err := http.ParseTime(h.Get("Date")); err == nil {
				now = served
			}
			return clampPause(t.Sub(now))
		}
	}
	if d := structuredPause(h.Values("RateLimit")); d > 0 {
		return d
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, strings.TrimSpace(h.Get("X-RateLimit-Reset"))); err == nil {
			return clampPause(t.Sub(now))
		}
	}
	if s, err := strconv.Atoi(h.Get("X-RateLimit-Interval-Seconds")); err == nil && h.Get("X-RateLimit-Remaining") == "0" {
		return clampPause(time.Duration(s) * time.Second)
	}
	return 0
}

// structuredPause returns the longest t of the policies that have nothing left.
func structuredPause(fields []string) time.Duration {
	longest := time.Duration(0)
	for _, entry := range strings.Split(strings.Join(fields, ","), ",") {
		left, reset := -1, 0
		for _, part := range strings.Split(entry, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			n, err := strconv.Atoi(value)
			switch {
			case err != nil:
			case key == "r":
				left = n
			case key == "t":
				reset = n
			}
		}
		if left == 0 {
			longest = max(longest, clampPause(time.Duration(min(reset, 1_000_000))*time.Second))
		}
	}
	return longest
}

func clampPause(d time.Duration) time.Duration { return min(max(d, 0), longestPause) }
