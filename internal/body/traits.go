package body

import "strings"

// trait says what the canonical form and Put need to know about an element. An element without any is an inline one.
type trait uint32

const (
	block     trait = 1 << iota // stands on lines of its own: white space beside it, in and out, is no text
	edge                        // white space beside it, in and out, is no text, though it stands within a line
	container                   // holds blocks, so that a macro or image inside stands as a block
	structure                   // holds elements only: blank text inside is no text
	textBlock                   // holds a line of text that may be edited word by word
	mark                        // formats text: two equal ones side by side are one
	unwrapped                   // counts for nothing, its content stays
	dropped                     // counts for nothing with all it holds
	object                      // something to see even without text
	soft                        // may stand within a line or as a block, depending on where it is
	keeps                       // all white space inside counts
	plainText                   // holds characters only, CDATA or not; no slots, no formatting
	macro
	parameter
	resource // a resource identifier, ri:…
	link     // carries an address: a, img
	column   // col and colgroup
	anchored // carries ids that servers take away: headings, list items
	bare     // div and span, from which servers take unknown attributes
	leaf     // replaced as a whole, never edited inside
	wrapping // counts for nothing around a macro that it holds alone: p
	adf      // a node of the new editor, which may be a macro by another name
)

var elements = map[string]trait{
	"p": block | textBlock | wrapping, "dt": block | textBlock, "caption": block | textBlock, "summary": block | textBlock,
	"h1": block | textBlock | anchored, "h2": block | textBlock | anchored, "h3": block | textBlock | anchored,
	"h4": block | textBlock | anchored, "h5": block | textBlock | anchored, "h6": block | textBlock | anchored,
	"pre": block | textBlock | keeps,
	"td":  block | textBlock, "th": block | textBlock, "dd": block | textBlock,
	"li": block | textBlock | anchored,

	"div": block | container | bare, "blockquote": block | container, "section": block | container,
	"article": block | container, "center": block | container, "details": block | container, "address": block | container,
	"fieldset": block | container, "figure": block | container, "form": block | container,

	"ul": block | structure, "ol": block | structure, "dl": block | structure,
	"table": block | structure | object, "thead": block | structure, "tbody": block | structure,
	"tfoot": block | structure, "tr": block | structure,
	"colgroup": block | structure | column, "col": block | structure | column,
	"hr": block | structure | object,
	"br": edge,

	"strong": mark, "b": mark, "em": mark, "i": mark, "u": mark, "s": mark, "del": mark, "ins": mark, "strike": mark,
	"code": mark, "tt": mark, "sub": mark, "sup": mark, "small": mark, "big": mark, "font": mark, "kbd": mark, "samp": mark,
	"var": mark, "cite": mark, "q": mark,
	"span": mark | bare,
	"mark": unwrapped, "ac:inline-comment-marker": unwrapped,

	"a": link, "img": link | object | leaf,
	"time": object | leaf, "ac:emoticon": object | leaf, "ac:hipchat-emoticon": object | leaf, "ac:placeholder": object | leaf,
	"ac:link": structure | object | leaf, "ac:image": structure | object | soft | leaf,
	"ac:caption": block | textBlock, "ac:link-body": 0,

	"ac:structured-macro": structure | object | soft | macro, "ac:macro": structure | object | soft | macro,
	"ac:parameter": block | parameter | keeps | leaf, "ac:default-parameter": block | parameter | keeps | leaf,
	"ac:rich-text-body": block | container, "ac:plain-text-body": block | plainText | leaf,
	"ac:plain-text-link-body": edge | plainText | leaf,

	"ac:layout": block | structure, "ac:layout-section": block | structure, "ac:layout-cell": block | container,
	"ac:task-list": block | structure | object, "ac:task": block | structure,
	"ac:task-id": block | dropped, "ac:task-uuid": block | dropped, "ac:task-status": block | leaf,
	"ac:task-body": block | textBlock,

	"ac:adf-extension": structure | object | soft | adf, "ac:adf-node": block | structure, "ac:adf-content": block | container,
	"ac:adf-attribute": block | keeps | leaf, "ac:adf-fallback": block | dropped,

	"ri:page": edge | structure | resource | leaf, "ri:blog-post": edge | structure | resource | leaf,
	"ri:attachment": edge | structure | resource | leaf, "ri:user": edge | structure | resource | leaf,
	"ri:space": edge | structure | resource | leaf, "ri:url": edge | structure | resource | leaf,
	"ri:content-entity": edge | structure | resource | leaf, "ri:shortcut": edge | structure | leaf,
}

// named is an element with its traits, in a table hashed by name.
type named struct {
	name   string
	traits trait
}

// hashedElements holds elements, each at its hash or at the next free place behind.
var hashedElements = func() (table [1024]named) {
	for name, traits := range elements {
		h := hashName(name)
		for table[h].name != "" {
			h = (h + 1) % uint32(len(table))
		}
		table[h] = named{name, traits}
	}
	return table
}()

func hashName(name string) uint32 {
	n := uint32(len(name))
	return (uint32(name[0])*7 + uint32(name[n-1])*31 + uint32(name[n/2])*61 + n*131) % 1024
}

// traitsOf returns the traits of the element of that name, none if it is not known.
func traitsOf(name string) trait {
	for h := hashName(name); ; h = (h + 1) % uint32(len(hashedElements)) {
		if e := &hashedElements[h]; e.name == name || e.name == "" {
			return e.traits
		}
	}
}

// fate says what the canonical form makes of an attribute.
type fate uint8

const (
	fateKept         fate = iota
	fateIdentity          // an id: dropped, and kept by Put on the side that gave it
	fateBookkeeping       // dropped, like an id
	fatePresentation      // in the presentation digest
	fateData              // data-…: dropped unless it has a meaning
	fateIdentifies        // part of a reference
	fateClasses           // dropped if empty
	fateStyle
	fateSingle  // dropped if 1
	fateAddress // may hold a reference
	fateWidth   // of a column: presentation
	fateHTMLID  // dropped where servers drop it
)

// fateOf returns the fate of the attribute of that name, before the element is looked at.
func fateOf(name string) fate {
	switch name {
	case "ac:macro-id", "ac:local-id", "local-id", "ri:local-id", "data-local-id":
		return fateIdentity
	case "ac:schema-version", "ri:version-at-save":
		return fateBookkeeping
	case "data-layout", "data-table-width", "data-table-display-mode", "ac:breakout-mode", "ac:breakout-width":
		return fatePresentation
	case "ri:content-title", "ri:space-key", "ri:posting-day", "ri:filename", "ri:userkey", "ri:username",
		"ri:account-id", "ri:content-id":
		return fateIdentifies
	case "ri:value", "href", "src":
		return fateAddress
	case "class":
		return fateClasses
	case "style":
		return fateStyle
	case "colspan", "rowspan":
		return fateSingle
	case "width":
		return fateWidth
	case "id":
		return fateHTMLID
	}
	if strings.HasPrefix(name, "data-") {
		return fateData
	}
	return fateKept
}

// meaningfulData are the data attributes that a reader sees the effect of.
func meaningfulData(name string) bool {
	return name == "data-highlight-colour" || name == "data-card-appearance"
}

// knownOnDiv are the attributes that servers leave on a div. Those with a prefix stay as well.
func knownOnDiv(name string) bool {
	switch name {
	case "class", "style", "title", "dir", "lang", "align":
		return true
	}
	return strings.Contains(name, ":")
}
