package emulator

import (
	"encoding/json"
	"fmt"
)

// Act performs an action of a person on the site and returns the ids of the contents it was about.
func (s *Site) Act(userID string, action json.RawMessage) ([]string, error) {
	return nil, fmt.Errorf("emulator: no action %s", action)
}
