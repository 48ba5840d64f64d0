package emulator

import (
	"bytes"
	"fmt"
)

// MutateBody replaces the stored body of a content as it is: no check, no normalisation, no new version.
func (s *Site) MutateBody(id string, change func(string) string) error {
	defer s.change(s.clock.Now())()
	c := &call{Site: s}
	p, err := c.stored(id)
	if err == nil {
		text := change(s.heap.text(p.body))
		s.did("body", id, text)
		s.setBody(p, text)
	}
	return err
}

// MutateFile replaces the stored bytes of an attachment without a new version.
func (s *Site) MutateFile(id string, change func([]byte) []byte) error {
	defer s.change(s.clock.Now())()
	c := &call{Site: s}
	f, err := c.stored(id)
	if err != nil || f.kind != attachment {
		return fmt.Errorf("emulator: no attachment %q", id)
	}
	old := make([]byte, f.more.file.size)
	if _, err := s.heap.open(f.more.file.stored).ReadAt(old, 0); err != nil && len(old) > 0 {
		return err
	}
	next, data := *f.more.file, change(old)
	s.did("file", id, data)
	if next.stored, err = s.heap.putFile(bytes.NewReader(data), 1<<40); err != nil {
		return err
	}
	f.more.file = &next
	return nil
}

// stored finds a content by id, whoever may see it.
func (c *call) stored(id string) (*content, error) {
	var n int64
	if _, err := fmt.Sscanf(numeric(id), "%d", &n); err != nil || c.world.contents[n] == nil {
		return nil, fmt.Errorf("emulator: no content %q", id)
	}
	return c.world.contents[n], nil
}
