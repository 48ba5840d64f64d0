package emulator

import (
	"encoding/binary"
	"slices"
	"time"
)

// The server keeps properties of its own on every page and blog post: which editor opens it, and how wide it is shown.
// They come a moment after the content, so that a client that writes one of the same name may come too late
// (open-facts OF-31). They are not kept: a write makes one of them a property like any other.

// ownProperties are the names of those properties with their values; the editor follows from the body.
var ownProperties = []struct{ key, value string }{
	{"content-appearance-draft", `"default"`},
	{"content-appearance-published", `"default"`},
	{editorKey, ""},
}

// ownPropertyWait is how long they take to come, at most.
const ownPropertyWait = 2 * time.Second

// ownPropertyID is the id of one of them, where no other id comes.
func ownPropertyID(p *content, i int) int64 { return 1<<50 + p.id*4 + int64(i) }

// serverProperties are the server's own properties of a content that are there now and that nobody has written.
func (c *call) serverProperties(p *content) []*property {
	if c.dc() || c.set.ownProperties == "none" || p.kind != page && p.kind != blogPost {
		return nil
	}
	if c.set.ownProperties == "later" {
		d := c.digest("properties", p.idText())
		wait := time.Duration(binary.BigEndian.Uint32(d[:])) % ownPropertyWait
		if c.stamp() < p.created+stamp(wait.Milliseconds()) {
			return nil
		}
	}
	var out []*property
	for i, own := range ownProperties {
		if slices.ContainsFunc(p.properties(), func(o *property) bool { return o.key == own.key }) {
			continue
		}
		if own.key == editorKey {
			out = append(out, c.editorProperty(p))
			continue
		}
		out = append(out, &property{
			id: ownPropertyID(p, i), key: own.key, value: []byte(own.value), number: 1, at: p.created, created: p.created, by: p.creator,
		})
	}
	return out
}
