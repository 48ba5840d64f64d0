package body

import (
	"archive/zip"
	"encoding/xml"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// sharedData returns the folder of other people's data, and skips the test where it is absent.
func sharedData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TANDEM_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "data")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no ../shared/data here (TANDEM_SHARED names another place): bodies of real exports are not tested")
	}
	return dir
}

// sample is a body with where it was found.
type sample struct{ from, raw string }

// corpus returns every storage body in the shared data.
func corpus(t testing.TB) []sample {
	t.Helper()
	dir := sharedData(t)
	corpusOnce.Do(func() { corpusBodies, corpusErr = readCorpus(dir) })
	if corpusErr != nil {
		t.Fatal(corpusErr)
	}
	return corpusBodies
}

var (
	corpusOnce   sync.Once
	corpusBodies []sample
	corpusErr    error
)

func readCorpus(dir string) (all []sample, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch {
		case filepath.Base(path) == "entities.xml":
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			all = append(all, entityBodies(name, f)...)
		case strings.HasSuffix(path, ".zip"):
			more, err := zipBodies(name, path)
			if err != nil {
				return err
			}
			all = append(all, more...)
		case strings.HasPrefix(name, "storage-") && (strings.HasSuffix(path, ".xml") || strings.HasSuffix(path, ".html")):
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all = append(all, sample{name, unwrapDocument(string(raw))})
		case strings.HasPrefix(name, "hallowelt-macros") && strings.HasSuffix(path, ".xml"):
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all = append(all, sample{name, unwrapDocument(string(raw))})
		case strings.Contains(name, "confluencexhtml10") && strings.HasSuffix(path, ".test"):
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if body, ok := testInput(string(raw)); ok {
				all = append(all, sample{name, body})
			}
		}
		return nil
	})
	return all, err
}

func zipBodies(name, path string) ([]sample, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil // broken zips are the business of another package
	}
	defer z.Close()
	var all []sample
	for _, f := range z.File {
		if filepath.Base(f.Name) != "entities.xml" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		all = append(all, entityBodies(name, r)...)
		r.Close()
	}
	return all, nil
}

// entityBodies reads the storage bodies of an entities.xml, with the damage of nested CDATA undone.
func entityBodies(name string, r io.Reader) (all []sample) {
	dec := xml.NewDecoder(controlFree{r})
	dec.Strict = false
	var object, property, id, content, bodyType string
	for {
		tok, err := dec.RawToken()
		if err != nil {
			return all
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "object":
				object, content, bodyType, id = attribute(e, "class"), "", "", ""
			case "property":
				property = attribute(e, "name")
			case "id":
				property = "id"
			}
		case xml.CharData:
			switch {
			case object != "BodyContent":
			case property == "id":
				id += string(e)
			case property == "body":
				content += string(e)
			case property == "bodyType":
				bodyType += string(e)
			}
		case xml.EndElement:
			switch {
			case e.Name.Local == "property" || e.Name.Local == "id":
				property = ""
			case e.Name.Local == "object" && object == "BodyContent" && strings.TrimSpace(bodyType) == "2":
				all = append(all, sample{name + " body " + id, strings.ReplaceAll(content, "]] >", "]]>")})
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// controlFree leaves out control characters, which old exports hold and XML forbids.
type controlFree struct{ r io.Reader }

func (c controlFree) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	kept := p[:0]
	for _, b := range p[:n] {
		if b >= ' ' || b == '\t' || b == '\n' || b == '\r' {
			kept = append(kept, b)
		}
	}
	return len(kept), err
}

var documentTag = regexp.MustCompile(`(?s)^\s*(<\?xml[^>]*\?>)?\s*(<!DOCTYPE[^>]*>)?\s*`)

// unwrapDocument takes the declaration and the wrapping element off a fragment that was stored as a document.
func unwrapDocument(raw string) string {
	raw = documentTag.ReplaceAllString(raw, "")
	for _, root := range []string{"xml", "root"} {
		if end := strings.LastIndex(raw, "</"+root+">"); strings.HasPrefix(raw, "<"+root) && end > 0 {
			raw = raw[strings.IndexByte(raw, '>')+1 : end]
		}
	}
	return raw
}

// testInput returns the storage format in a test file of the XWiki syntax.
func testInput(raw string) (string, bool) {
	var part string
	var body []string
	for _, line := range strings.Split(raw, "\n") {
		switch {
		case strings.HasPrefix(line, ".#"):
		case strings.HasPrefix(line, ".") && (strings.Contains(line, "input") || strings.Contains(line, "expect")):
			if part != "" && strings.HasPrefix(part, ".input|confluence+xhtml") || strings.HasPrefix(part, ".expect|confluence+xhtml") {
				return strings.Join(body, "\n"), true
			}
			part, body = line, nil
		case strings.HasPrefix(line, "."):
		default:
			body = append(body, line)
		}
	}
	if strings.HasPrefix(part, ".input|confluence+xhtml") || strings.HasPrefix(part, ".expect|confluence+xhtml") {
		return strings.Join(body, "\n"), true
	}
	return "", false
}

// Every storage body in the data goes through everything.
func TestCorpus(t *testing.T) {
	bodies := corpus(t)
	if len(bodies) < 300 {
		t.Fatalf("only %d bodies in the shared data: they are not found", len(bodies))
	}
	for i, s := range bodies {
		if _, err := Parse(s.raw); err != nil {
			t.Errorf("%s is refused: %v", s.from, err)
			continue
		}
		t.Run(s.from, func(t *testing.T) {
			checkForm(t, s.raw)
			checkRewrite(t, s.raw)
			checkAgainstStandardParser(t, s.raw)
			checkPut(t, s.raw, bodies[(i+1)%len(bodies)].raw)
			checkLetters(t, s.raw, uint64(i))
		})
	}
}

// checkLetters changes letters of the visible text, one at a time, and demands another content and that Put carries it.
func checkLetters(t *testing.T, raw string, seed uint64) {
	tree := parse(t, raw)
	var letters []int
	for i := int32(1); i < int32(len(tree.nodes)); i++ {
		n := &tree.nodes[i]
		if n.kind == element && (n.traits&dropped != 0 || tree.isOwnID(i)) {
			i = n.next - 1
			continue
		}
		if n.kind != text && n.kind != cdata || isBlank(tree.chars(i)) {
			continue
		}
		s, at := tree.chars(i), int(n.start)
		if n.kind == cdata {
			at += len(cdataOpen)
		}
		for k := 0; k < len(s); k++ {
			if s[k] == '&' && n.kind == text {
				_, length := reference(s[k:])
				k += length - 1
				continue
			}
			if c := s[k] | 0x20; c >= 'a' && c <= 'z' {
				letters = append(letters, at+k)
			}
		}
	}
	pick := rand.New(rand.NewPCG(seed, 1))
	was := content(tree)
	for range min(10, len(letters)) {
		at := letters[pick.IntN(len(letters))]
		other := byte('q')
		if raw[at] == 'q' {
			other = 'k'
		}
		changed := raw[:at] + string(other) + raw[at+1:]
		after := parse(t, changed)
		if content(after) == was {
			t.Errorf("another letter at %d is not seen: …%s…", at, changed[max(0, at-40):min(len(changed), at+40)])
		}
		if got := parse(t, Put(after, tree)); got.Canonical() != after.Canonical() {
			t.Errorf("Put loses the letter at %d", at)
		}
	}
}

// maxMutated is how many texts of one body are changed, spread over it: a body with more would take too long.
const maxMutated = 3000

// TestEveryVisibleTextCounts changes a character of each visible text of every body, and takes the text away, and demands
// another content each time.
func TestEveryVisibleTextCounts(t *testing.T) {
	changed := 0
	for _, s := range corpus(t) {
		tree, err := Parse(s.raw)
		if err != nil {
			continue // TestCorpus says so
		}
		texts := visibleTexts(tree)
		step := max(1, len(texts)/maxMutated)
		was := content(tree)
		for k := 0; k < len(texts); k += step {
			m := texts[k]
			for _, after := range []string{s.raw[:m.from] + m.by + s.raw[m.to:], s.raw[:m.from] + s.raw[m.end:]} {
				mutated, err := Parse(after)
				if err != nil {
					t.Errorf("%s: the changed body is refused: %v", s.from, err)
					continue
				}
				changed++
				if content(mutated) == was {
					t.Errorf("%s: another text at %d is not seen: …%s…", s.from, m.from, after[max(0, m.from-60):min(len(after), m.from+60)])
				}
			}
		}
	}
	t.Logf("conformance: %d texts changed, each seen", changed)
	if changed < 5000 {
		t.Errorf("only %d texts changed", changed)
	}
}

// mutation is the first character of a text with what is to stand there, and the end of the text.
type mutation struct {
	from, to int
	by       string
	end      int
}

// visibleTexts returns a change of one character for each text that a reader sees, the bodies of code included, and for
// the parameters of macros.
func visibleTexts(t *Tree) (out []mutation) {
	for i := int32(1); i < int32(len(t.nodes)); i++ {
		n := &t.nodes[i]
		if n.kind == element && (n.traits&dropped != 0 || t.isOwnID(i)) {
			i = n.next - 1
			continue
		}
		if n.kind != text && n.kind != cdata || isBlank(t.chars(i)) {
			continue
		}
		s, at := t.chars(i), int(n.start)
		if n.kind == cdata {
			at += len(cdataOpen)
		}
		lead := len(s) - len(strings.TrimLeft(s, " \t\r\n"))
		at, s = at+lead, s[lead:]
		length := 1
		if s[0] == '&' && n.kind == text {
			_, length = reference(s)
		} else if _, size := utf8.DecodeRuneInString(s); size > 1 {
			length = size
		}
		by := "q"
		if s[:length] == by {
			by = "k"
		}
		out = append(out, mutation{at, at + length, by, at + len(s)})
	}
	return out
}
