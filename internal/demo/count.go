package demo

import (
	"encoding/json"
	"fmt"
)

// count fills in what the Cloud holds. It asks the emulator for its state dump, so nothing of tandem's reading or
// writing has a say in the numbers.
func (s *Stage) count(m *Migration) error {
	var dump struct {
		Counts struct {
			CurrentPages          int `json:"currentPages"`
			BlogPosts             int `json:"blogPosts"`
			AttachmentsWithBinary int `json:"attachmentsWithBinary"`
		} `json:"counts"`
	}
	if err := json.Unmarshal(s.site.Dump("full"), &dump); err != nil {
		return fmt.Errorf("read the state dump: %w", err)
	}
	m.Pages, m.BlogPosts, m.Attachments = dump.Counts.CurrentPages, dump.Counts.BlogPosts, dump.Counts.AttachmentsWithBinary
	return nil
}
