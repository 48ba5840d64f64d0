package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// AnswersEnv names the environment variable that has the same meaning as Options.Answers. It is how a whole test run,
// its child processes included, gathers what to hold against the vendor's documents.
const AnswersEnv = "TANDEM_ANSWERS"

// NoAnswers as Options.Answers keeps no answers, whatever the environment says.
const NoAnswers = "-"

// answers keeps one answer of each shape, a file each: route, status, and the paths, types and words of its JSON. It is
// safe for concurrent use, by several processes as well.
type answers struct {
	dir  string
	seen sync.Map // name of the file -> struct{}
}

func newAnswers(dir string) (*answers, error) {
	if dir == "" {
		dir = os.Getenv(AnswersEnv)
	}
	if dir == "" || dir == NoAnswers {
		return nil, nil
	}
	return &answers{dir: dir}, os.MkdirAll(dir, 0o755)
}

// sample is an answer as it is kept.
type sample struct {
	Personality string          `json:"personality"`
	Version     string          `json:"version"`
	Method      string          `json:"method"`
	Template    string          `json:"template"`
	Target      string          `json:"target"`
	Status      int             `json:"status"`
	Form        string          `json:"form"`
	Body        json.RawMessage `json:"body"`
	Bytes       int64           `json:"bytes"`
}

// keep keeps an answer whose shape is new. What a fault rule had a hand in is no behaviour of the product.
func (x *answers) keep(c *call, a *answer) error {
	if x == nil || c.route == nil || len(c.fault.names) > 0 || a.dropped {
		return nil
	}
	out := sample{
		Personality: c.product.name, Method: c.r.Method, Template: c.route.template, Target: c.r.URL.RequestURI(), Status: a.status,
		Form: a.form, Bytes: int64(len(a.raw)),
	}
	if c.product.release > 0 {
		out.Version = c.product.release.String()
	}
	h := sha256.New()
	for _, part := range []string{out.Personality, out.Method, out.Template, text(int64(a.status))} {
		h.Write([]byte(part + "\x00"))
	}
	var body any
	if len(a.raw) > 0 && (a.form == "" || strings.HasPrefix(a.form, "application/json")) && json.Unmarshal(a.raw, &body) == nil {
		out.Body = a.raw
		shapes := map[string]bool{}
		shape(body, "", shapes)
		addShapes(h, shapes)
	}
	name := hex.EncodeToString(h.Sum(nil)[:12]) + ".json"
	if _, old := x.seen.LoadOrStore(name, struct{}{}); old {
		return nil
	}
	return writeNew(filepath.Join(x.dir, name), encode(out))
}

func addShapes(h hash.Hash, shapes map[string]bool) {
	for _, s := range slices.Sorted(maps.Keys(shapes)) {
		h.Write([]byte(s + "\x00"))
	}
}

// writeNew writes a file that is not there yet, in one step, so that no reader sees half of it.
func writeNew(path string, data []byte) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// shape lists what a document can judge of a JSON value: each path with the type there, and words that may belong to an
// enumeration.
func shape(v any, at string, out map[string]bool) {
	switch x := v.(type) {
	case map[string]any:
		out[at+" object"] = true
		for k, sub := range x {
			shape(sub, at+"."+k, out)
		}
	case []any:
		out[at+" array"] = true
		for _, sub := range x {
			shape(sub, at+"[]", out)
		}
	case string:
		out[at+" "+class(x)] = true
	case float64:
		if x == float64(int64(x)) {
			out[at+" integer"] = true
		} else {
			out[at+" number"] = true
		}
	case bool:
		out[at+" boolean"] = true
	case nil:
		out[at+" null"] = true
	}
}

// class says of a text what a document may say: a word that may be one of an enumeration, digits, a time, or any text.
func class(s string) string {
	word, digits := len(s) > 0 && len(s) <= 20, len(s) > 0
	for i := range len(s) {
		c := s[i]
		digits = digits && c >= '0' && c <= '9'
		word = word && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-')
	}
	switch {
	case digits:
		return "digits"
	case word && (s == strings.ToLower(s) || s == strings.ToUpper(s)):
		return "word " + s
	case len(s) >= 20 && s[4] == '-' && s[10] == 'T':
		return "time"
	}
	return "text"
}
