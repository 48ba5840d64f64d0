package markup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// docNode is a node of the document format of the new editor (atlas_doc_format).
type docNode struct {
	Type    string     `json:"type"`
	Attrs   attrs      `json:"attrs,omitempty"`
	Content []*docNode `json:"content,omitempty"`
	Marks   []docMark  `json:"marks,omitempty"`
	Text    string     `json:"text,omitempty"`
	Version int        `json:"version,omitempty"`
}

// attrs are attributes of a node or a mark; encoding/json writes them sorted by name.
type attrs map[string]any

type docMark struct {
	Type  string `json:"type"`
	Attrs attrs  `json:"attrs,omitempty"`
}

// text returns an attribute as text; numbers and booleans as JSON writes them.
func (a attrs) text(name string) string {
	switch v := a[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		out, _ := json.Marshal(v)
		return string(out)
	}
}

func (a attrs) child(name string) attrs {
	switch v := a[name].(type) {
	case map[string]any:
		return v
	case attrs:
		return v
	}
	return nil
}

// DocError says why a text is no document of the new editor. Media is set where an attachment is missing.
type DocError struct {
	What  string
	Media bool
}

func (e *DocError) Error() string { return e.What }

func badDoc(format string, args ...any) error { return &DocError{What: fmt.Sprintf(format, args...)} }

// What a node may hold, by group. Unknown nodes, and known nodes in a wrong place, make a document invalid.
var (
	inlineNodes = []string{
		"text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard", "inlineExtension", "mediaInline", "placeholder",
	}
	blockNodes = []string{
		"paragraph", "heading", "bulletList", "orderedList", "taskList", "decisionList", "codeBlock", "blockquote", "panel", "rule",
		"table", "mediaSingle", "mediaGroup", "expand", "nestedExpand", "extension", "bodiedExtension", "multiBodiedExtension",
		"blockCard", "embedCard", "layoutSection", "syncBlock", "bodiedSyncBlock",
	}
	within = without(blockNodes, "layoutSection")
)

func without(list []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return slices.Contains(names, n) })
}

// holds is what each node may contain; nil = nothing. A node that is no key does not exist.
var holds = map[string][]string{
	"doc": blockNodes, "paragraph": inlineNodes, "heading": inlineNodes, "bulletList": {"listItem"}, "orderedList": {"listItem"},
	"listItem":     {"paragraph", "bulletList", "orderedList", "taskList", "codeBlock", "mediaSingle", "mediaGroup", "extension", "blockquote", "panel", "nestedExpand", "table"},
	"taskList":     {"taskItem", "taskList", "blockTaskItem"},
	"taskItem":     inlineNodes,
	"decisionList": {"decisionItem"}, "decisionItem": inlineNodes,
	"blockTaskItem": {"paragraph", "extension"},
	"codeBlock":     {"text"},
	"blockquote":    {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "mediaGroup", "extension"},
	"panel":         without(within, "panel", "table", "expand", "nestedExpand", "bodiedExtension", "multiBodiedExtension"),
	"table":         {"tableRow"}, "tableRow": {"tableCell", "tableHeader"},
	"tableCell":            without(within, "expand", "bodiedExtension", "multiBodiedExtension", "table"),
	"tableHeader":          without(within, "expand", "bodiedExtension", "multiBodiedExtension", "table"),
	"mediaSingle":          {"media", "caption"},
	"mediaGroup":           {"media"},
	"caption":              inlineNodes,
	"expand":               without(within, "expand"),
	"nestedExpand":         without(within, "expand", "nestedExpand", "table"),
	"bodiedExtension":      without(within, "bodiedExtension"),
	"multiBodiedExtension": {"extensionFrame"}, "extensionFrame": within,
	"layoutSection": {"layoutColumn"}, "layoutColumn": within,
	"bodiedSyncBlock": within,
	"text":            nil, "hardBreak": nil, "mention": nil, "emoji": nil, "date": nil, "status": nil, "inlineCard": nil, "inlineExtension": nil,
	"mediaInline": nil, "placeholder": nil, "rule": nil, "media": nil, "extension": nil, "blockCard": nil, "embedCard": nil, "syncBlock": nil,
}

// needs are the attributes that a node must have.
var needs = map[string][]string{
	"heading": {"level"}, "panel": {"panelType"}, "mention": {"id"}, "emoji": {"shortName"}, "date": {"timestamp"}, "status": {"text", "color"},
	"media": {"type"}, "taskItem": {"state"}, "extension": {"extensionType", "extensionKey"},
	"inlineExtension": {"extensionType", "extensionKey"}, "bodiedExtension": {"extensionType", "extensionKey"}, "placeholder": {"text"},
}

// knownMarks by the rank in which they are read back (row 26; open-facts OF-35).
var knownMarks = map[string]int{
	"link": 1, "em": 2, "strong": 3, "strike": 4, "subsup": 5, "underline": 6, "code": 7, "textColor": 8, "backgroundColor": 9,
	"fontSize": 10, "annotation": 11, "alignment": 12, "indentation": 13, "border": 14, "breakout": 15, "dataConsumer": 16, "fragment": 17,
}

// maxDoc is the nesting at which a document is refused.
const maxDoc = 100

// parseDoc reads and checks a document. An error is a *DocError.
func parseDoc(raw string) (*docNode, error) {
	dec := json.NewDecoder(strings.NewReader(raw))
	var doc docNode
	if err := dec.Decode(&doc); err != nil {
		return nil, badDoc("not JSON: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, badDoc("text behind the document")
	}
	switch {
	case doc.Type != "doc":
		return nil, badDoc("the root is %q, not a doc", doc.Type)
	case doc.Version != 1:
		return nil, badDoc("version is %d, not 1", doc.Version)
	}
	return &doc, doc.check(0)
}

func (d *docNode) check(depth int) error {
	if depth > maxDoc {
		return badDoc("nodes are nested too deep")
	}
	for _, name := range needs[d.Type] {
		if _, ok := d.Attrs[name]; !ok {
			return badDoc("%s lacks the attribute %s", d.Type, name)
		}
	}
	for _, m := range d.Marks {
		if knownMarks[m.Type] == 0 {
			return badDoc("unknown mark %q", m.Type)
		}
	}
	if level := d.Attrs.text("level"); d.Type == "heading" && (len(level) != 1 || level[0] < '1' || level[0] > '6') {
		return badDoc("heading of level %s", level)
	}
	for _, k := range d.Content {
		if k == nil {
			return badDoc("a node of %s is null", d.Type)
		}
		if _, exists := holds[k.Type]; !exists {
			return badDoc("unknown node %q", k.Type)
		}
		if !slices.Contains(holds[d.Type], k.Type) {
			return badDoc("%s may not hold %s", d.Type, k.Type)
		}
		if err := k.check(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// marshal writes a document as servers do: on one line, characters of HTML as they are.
func (d *docNode) marshal() string {
	if len(d.Content) == 0 {
		return `{"type":"doc","content":[],"version":1}`
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		panic("markup: a document cannot be encoded: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// languages are the names that the new editor gives to languages of code (open-facts OF-35).
var languages = map[string]string{
	"bash": "shell", "js": "javascript", "py": "python", "cpp": "c++", "c#": "csharp", "vb": "visualbasic", "text": "plaintext",
	"none": "plaintext", "yml": "yaml", "actionscript3": "actionscript",
}

func language(name string) string {
	name = strings.ToLower(name)
	if other := languages[name]; other != "" {
		return other
	}
	return name
}

// panels are the panel kinds of the new editor by the macro that holds them in storage format (row 23).
var panels = map[string]string{"info": "info", "tip": "success", "note": "warning", "warning": "error"}

// panelMacro returns the macro of a panel kind, or nothing: a purple or coloured panel has no macro.
func panelMacro(kind string) string {
	for macro, k := range panels {
		if k == kind {
			return macro
		}
	}
	return ""
}
