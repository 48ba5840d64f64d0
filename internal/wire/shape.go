package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// ID is an id of an answer. It is met as a string, as a number and as null, which is empty: the documents say string, while
// v1 has numbers for spaces.
type ID string

// UnmarshalJSON takes all three forms.
func (i *ID) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if bytes.Equal(b, []byte("null")) {
		*i = ""
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(i))
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*i = ID(n.String())
	return nil
}

// ID is the id in the words of the house.
func (i ID) ID() confluence.ID { return confluence.ID(i) }

// Number is the id where a document says integer.
func (i ID) Number() json.Number { return json.Number(i) }

// Stamp is a time of an answer, in UTC: with an offset of either spelling, without one, as a day, or in milliseconds. What is
// none of these is the zero time: no answer is refused for a date.
type Stamp time.Time

var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999Z0700", "2006-01-02T15:04:05.999", "2006-01-02T15:04Z07:00", "2006-01-02",
}

// UnmarshalJSON takes all forms; its error is always nil.
func (s *Stamp) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		var ms int64
		if json.Unmarshal(b, &ms) == nil && ms > 0 {
			*s = Stamp(time.UnixMilli(ms).UTC())
		}
		return nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			*s = Stamp(t.UTC())
			return nil
		}
	}
	return nil
}

// Time is the stamp as a time.
func (s Stamp) Time() time.Time { return time.Time(s) }

// Line makes one line of at most 400 characters out of a text from outside.
func Line(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(s); len(r) > 400 {
		s = string(r[:400]) + "…"
	}
	return s
}

// Lines joins the lines of several texts by semicolons, leaving out what is empty or was said before.
func Lines(texts ...string) string {
	var parts []string
	for _, s := range texts {
		if s = Line(s); s != "" && !strings.Contains(strings.Join(parts, "; "), s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}

// Phrase is a message that is a text, or an object with a translation or at least a key; empty for anything else.
type Phrase string

// UnmarshalJSON takes both forms; its error is always nil.
func (p *Phrase) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, (*string)(p)) == nil {
		return nil
	}
	var m struct {
		Translation string `json:"translation"`
		Key         string `json:"key"`
	}
	if json.Unmarshal(raw, &m) == nil {
		*p = Phrase(First(m.Translation, m.Key))
	}
	return nil
}

// First is the first of the values that holds more than blanks, without those around it; empty where none does.
func First(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}
