package confluencetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Recorded returns the folder of answers that others recorded, below the reference data beside the repository or where
// TANDEM_SHARED says. Without it the test skips.
func Recorded(t *testing.T, parts ...string) string {
	t.Helper()
	root := os.Getenv("TANDEM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root, "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: %s is not there", path)
	}
	return path
}

// Reading says how an answer is decoded: into what, and how types of the connector's own compare with what was sent. An
// answer that the connector has no use for has a reason instead.
type Reading struct {
	Into   func() any
	Reason string
}

// ReadRecorded decodes every .json file below a folder as the table says, and reports each member of an answer that a
// shape models and lost. Patterns of the table are those of path.Match; a file that none of them fits is an error, so that
// nothing that was recorded is passed over in silence. It returns the numbers of answers decoded and of members compared.
func ReadRecorded(t *testing.T, root string, table map[string]Reading, same map[reflect.Type]func(raw, got any) bool) (answers, members int) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(file) != ".json" {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		for pattern, reading := range table {
			if ok, err := filepath.Match(pattern, name); err != nil || !ok {
				continue
			}
			if reading.Into == nil {
				return nil
			}
			t.Run(name, func(t *testing.T) {
				doc, err := os.ReadFile(file)
				must(t, err, "reading "+name)
				n := kept(t, mend(doc), reading.Into(), same)
				if n == 0 && !bytes.Contains(doc, []byte(`"results": []`)) {
					t.Errorf("no member was compared")
				}
				answers, members = answers+1, members+n
			})
			return nil
		}
		t.Errorf("%s is in no row of the table", name)
		return nil
	})
	must(t, err, "walking "+root)
	return answers, members
}

// mend takes out the stray backslashes before characters beyond ASCII that one recording has, as pasted (real-data.md
// section 2).
func mend(doc []byte) []byte {
	if json.Valid(doc) {
		return doc
	}
	return bytes.ReplaceAll(doc, []byte("\\\uFFFD"), []byte("\uFFFD"))
}

func kept(t *testing.T, doc []byte, into any, same map[reflect.Type]func(raw, got any) bool) int {
	t.Helper()
	if err := json.Unmarshal(doc, into); err != nil {
		t.Fatal(err)
	}
	var raw any
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	must(t, dec.Decode(&raw), "decoding")
	return keeper{t, same}.kept("", raw, reflect.ValueOf(into))
}

type keeper struct {
	t    *testing.T
	same map[reflect.Type]func(raw, got any) bool
}

var timeType = reflect.TypeFor[time.Time]()

// kept reports every member of raw that a shape models and lost, and returns how many it compared.
func (k keeper) kept(path string, raw any, v reflect.Value) int {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			if raw != nil {
				k.t.Errorf("%s: %v was lost", path, raw)
			}
			return 0
		}
		v = v.Elem()
	}
	if raw == nil {
		return 0
	}
	if equal := k.same[v.Type()]; equal != nil {
		if !equal(raw, v.Interface()) {
			k.t.Errorf("%s: %v became %v", path, raw, v.Interface())
		}
		return 1
	}
	switch {
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		var value any
		if err := json.Unmarshal(v.Bytes(), &value); err != nil || fmt.Sprint(value) != fmt.Sprint(floats(raw)) {
			k.t.Errorf("%s: %v became %s", path, raw, v.Bytes())
		}
		return 1
	case v.Kind() == reflect.Struct && v.Type().ConvertibleTo(timeType):
		if text, ok := raw.(string); ok && text != "" && v.Convert(timeType).Interface().(time.Time).IsZero() {
			k.t.Errorf("%s: the time %q was lost", path, text)
		}
		return 1
	case v.Kind() == reflect.Struct:
		return k.members(path, raw, v)
	case v.Kind() == reflect.Map:
		n := 0
		members, _ := raw.(map[string]any)
		for name, value := range members {
			if at := v.MapIndex(reflect.ValueOf(name)); at.IsValid() {
				n += k.kept(path+"."+name, value, at)
			} else {
				k.t.Errorf("%s.%s was lost", path, name)
			}
		}
		return n
	case v.Kind() == reflect.Slice:
		return k.rows(path, raw, v)
	case fmt.Sprint(raw) != fmt.Sprint(v.Interface()):
		k.t.Errorf("%s: %v became %v", path, raw, v.Interface())
	}
	return 1
}

func (k keeper) members(path string, raw any, v reflect.Value) int {
	members, _ := raw.(map[string]any)
	n := 0
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && f.Anonymous {
			n += k.kept(path, raw, v.Field(i))
		} else if value, ok := members[name]; ok && name != "" {
			n += k.kept(path+"."+name, value, v.Field(i))
		}
	}
	return n
}

func (k keeper) rows(path string, raw any, v reflect.Value) int {
	list, _ := raw.([]any)
	if len(list) != v.Len() {
		k.t.Errorf("%s: %d rows became %d", path, len(list), v.Len())
		return 0
	}
	n := 0
	for i := range list {
		n += k.kept(fmt.Sprintf("%s[%d]", path, i), list[i], v.Index(i))
	}
	return n
}

// floats is a decoded value with its numbers as floats.
func floats(raw any) any {
	b, _ := json.Marshal(raw)
	var out any
	_ = json.Unmarshal(b, &out)
	return out
}
