package wire

import (
	"sync"
	"time"
)

// Vouch remembers the last answer of a site to the question who we are. Its zero value has none. It is safe for concurrent
// use.
type Vouch struct {
	mu       sync.Mutex
	at, site time.Time
}

// Note takes an answer to a question that was sent at a time of ours, with the site's clock in it. Any error takes back what
// was vouched for. It returns err.
func (v *Vouch) Note(at, site time.Time, err error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at, v.site = at, site
	if err != nil {
		v.at, v.site = time.Time{}, time.Time{}
	}
	return err
}

// Last returns when the question was sent that was answered last, and the site's clock then; zero if none was, or if the
// answer was not what it was before.
func (v *Vouch) Last() (at, site time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at, v.site
}
