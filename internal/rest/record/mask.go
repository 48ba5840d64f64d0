package record

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"io"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Host is the host that every recorded site has.
const Host = "site.example.test"

// Mask replaces what is private, in one way throughout. It is safe for concurrent use.
type Mask struct {
	key  [32]byte
	days int // by which dates are moved
	host string
}

// NewMask makes the mask of a recording of the site at a host. Its key comes from random, which must be crypto/rand but in
// tests; nil: crypto/rand.
func NewMask(host string, random io.Reader) (*Mask, error) {
	if random == nil {
		random = rand.Reader
	}
	m := &Mask{host: strings.ToLower(host)}
	if _, err := io.ReadFull(random, m.key[:]); err != nil {
		return nil, err
	}
	m.days = 30 + int(m.stream("days").Uint64()%3000)
	return m, nil
}

// stream returns pseudo-random numbers that depend on the key and the value alone.
func (m *Mask) stream(value string) *mathrand.ChaCha8 {
	mac := hmac.New(sha256.New, m.key[:])
	mac.Write([]byte(value))
	return mathrand.NewChaCha8([32]byte(mac.Sum(nil)))
}

// Value masks an identifier, a name or a text: each letter becomes a letter of the same case and width, each digit a digit;
// everything else stays. Equal values become equal values.
func (m *Mask) Value(s string) string {
	if s == "" {
		return s
	}
	if name, number, ok := cutAttachment(s); ok {
		return name + m.Value(number) // att1 and 1 name one thing
	}
	r := m.stream(s)
	var out strings.Builder
	first := true
	for _, c := range s {
		out.WriteRune(other(c, r, first))
		first = false
	}
	return out.String()
}

func cutAttachment(s string) (prefix, number string, ok bool) {
	number, ok = strings.CutPrefix(s, "att")
	return "att", number, ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// other returns another character of the same class and the same width in UTF-8.
func other(c rune, r *mathrand.ChaCha8, first bool) rune {
	n := func(most int) rune { return rune(r.Uint64() % uint64(most)) }
	switch {
	case c >= '0' && c <= '9':
		if first {
			return '1' + n(9) // a number keeps its length
		}
		return '0' + n(10)
	case c >= 'a' && c <= 'z':
		return 'a' + n(26)
	case c >= 'A' && c <= 'Z':
		return 'A' + n(26)
	case c < utf8.RuneSelf || unicode.IsSpace(c):
		return c
	case utf8.RuneLen(c) == 2:
		return 'à' + n(23)
	case utf8.RuneLen(c) == 3:
		return '一' + n(500)
	}
	return '😀' + n(60)
}

// words are members whose values are of a closed vocabulary of the API.
var words = []string{
	"type", "status", "representation", "operation", "operationKey", "targetType", "prefix", "mode", "principalType",
	"parentType", "accountType", "accountStatus", "location", "resolutionStatus", "code", "typeId", "state", "subtype",
	"mediaType", "entityType", "templateType", "editorVersion", "spaceType", "cqlcontext", "container-type", "reason", "restrictions",
}

var (
	plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z_.+-]{0,39}(/[A-Za-z0-9.+_-]{1,60})?$`)
	release   = regexp.MustCompile(`^\d{1,3}(\.\d{1,4}){0,3}$`)
	isoDate   = regexp.MustCompile(`\b(19|20)\d\d[-/](0[1-9]|1[0-2])[-/](0[1-9]|[12]\d|3[01])`)
	digits    = regexp.MustCompile(`\d{3,}`)
)

// JSON masks a document. What is no JSON comes back masked as a text.
func (m *Mask) JSON(doc []byte, failed bool) []byte {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return []byte(m.text(string(doc)))
	}
	out, err := encode(m.any("", "", v, failed))
	if err != nil {
		return []byte("null") // nothing that cannot be masked is kept
	}
	return out
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// any masks a value that stands under a name, which stands under above.
func (m *Mask) any(above, name string, v any, failed bool) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, value := range x {
			out[m.member(name, k)] = m.any(name, k, value, failed)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = m.any(above, name, x[i], failed)
		}
		return out
	case json.Number:
		return m.number(name, x)
	case string:
		return m.string(above, name, x, failed)
	}
	return v
}

var named = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_.-]{0,39}$`)

// member masks names of members where these are values: the keys of properties that are expanded by key.
func (m *Mask) member(above, k string) string {
	if above == "properties" && k != "results" && k[:1] != "_" || !named.MatchString(k) {
		return m.Value(k)
	}
	return k
}

func (m *Mask) number(name string, x json.Number) json.Number {
	text := x.String()
	if strings.Trim(text, "0123456789") != "" || !identifies(name) && len(text) < 9 {
		return x // counts, sizes, positions and numbers of versions
	}
	if n, err := x.Int64(); err == nil && len(text) == 13 {
		return json.Number(strconv.FormatInt(n-int64(m.days)*24*time.Hour.Milliseconds(), 10))
	}
	return json.Number(m.Value(text))
}

func identifies(name string) bool {
	return strings.EqualFold(name, "id") || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "Ids") || name == "ids"
}

func (m *Mask) string(above, name, s string, failed bool) string {
	switch {
	case s == "":
		return s
	case slices.Contains(words, name) && plainWord.MatchString(s):
		return s
	case name == "key" && above == "operation" && plainWord.MatchString(s):
		return s
	case (name == "version" || name == "applinksVersion" || name == "buildNumber" || name == "position" || name == "size") && release.MatchString(s):
		return s
	case name == "position" && s == "none", s == "READ_WRITE", s == "READ_ONLY":
		return s
	case isoDate.FindStringIndex(s) != nil && isoDate.FindStringIndex(s)[0] == 0 && len(s) < 40:
		return m.date(s)
	case strings.HasPrefix(s, "/") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://"):
		return m.Address(s)
	case strings.HasPrefix(s, "{") || strings.HasPrefix(s, "["):
		if json.Valid([]byte(s)) {
			return string(m.JSON([]byte(s), failed)) // a body in atlas_doc_format
		}
	case strings.Contains(s, "<") && strings.Contains(s, ">"):
		return m.markup(s)
	case failed && (name == "message" || name == "title" || name == "translation" || name == "detail"):
		return m.complaint(s)
	}
	return m.Value(s)
}

// text masks a text of no known form.
func (m *Mask) text(s string) string {
	if strings.Contains(s, "<") {
		return m.markup(s)
	}
	return m.Value(s)
}

// date moves a date by the recording's number of days and leaves the time of the day and the form alone.
func (m *Mask) date(s string) string {
	return isoDate.ReplaceAllStringFunc(s, func(d string) string {
		layout := "2006-01-02"
		if d[4] == '/' {
			layout = "2006/01/02"
		}
		t, err := time.Parse(layout, d)
		if err != nil {
			return m.Value(d)
		}
		return t.AddDate(0, 0, -m.days).Format(layout)
	})
}

// said are the words that servers complain in. All other words of a complaint are masked.
var said = strings.Fields(`a an and are already archived at attachment attempt authenticated authorization be body by can cannot changed
 check comment com atlassian confluence api service exceptions conflict conflictexception content could created current database
 deleted deprecated does draft duplicate endpoint entity error errors exist existing exists expected failed field file find folder for
 found from group has have hierarchy id in incremented internal invalid is it json key label limit line load malformed match maximum
 method missing must name no not null object of on only operation optimisticlockexception or page parent parsing permission permitted
 please post property provided read reference removed request required resource same save scope server set should space specified
 state status storage string sub supported than that the this title to token too trash type unable unauthorized unexpected unknown
 unsupported update updated updating use user valid value version view was when while with write wrong xhtml xml xsrf you`)

var word = regexp.MustCompile(`\p{L}+`)

// complaint masks the text of an error but for the words that servers use.
func (m *Mask) complaint(s string) string {
	s = word.ReplaceAllStringFunc(s, func(w string) string {
		if slices.Contains(said, strings.ToLower(w)) {
			return w
		}
		return m.Value(w)
	})
	return digits.ReplaceAllStringFunc(s, m.Value)
}
