package emulator

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// neutral knows how the contents of a dump are called without ids.
type neutral struct {
	site *Site
	name map[*content]string
}

func newNeutral(d dumper, contents []*content) *neutral {
	n := &neutral{site: d.site, name: make(map[*content]string, len(contents))}
	seen := map[string]int{}
	for _, c := range contents {
		path := d.path(c)
		if seen[path]++; seen[path] > 1 {
			path = fmt.Sprintf("%s (%d)", path, seen[path])
		}
		n.name[c] = path
	}
	return n
}

var (
	serverIDs = regexp.MustCompile(` (?:ac:macro-id|ac:local-id|local-id|ri:local-id|ac:schema-version|ri:version-at-save)="[^"]*"`)
	taskIDs   = regexp.MustCompile(`<ac:task-(?:id|uuid)>[^<]*</ac:task-(?:id|uuid)>`)
	markerRef = regexp.MustCompile(` ac:ref="[^"]*"`)
	pageIDs   = regexp.MustCompile(`(/pages/|/folder/|/blog/\d{4}/\d{2}/\d{2}/|pageId=|focusedCommentId=|ri:content-id="|/embed/)(\d{5,})`)
	shortIDs  = regexp.MustCompile(`(/x/)([A-Za-z0-9_-]{2,12})`)
)

// body takes out of a stored body what the server assigns, and calls the contents it names by their paths.
func (n *neutral) body(raw string) string {
	raw = serverIDs.ReplaceAllString(raw, "")
	raw = taskIDs.ReplaceAllString(raw, "")
	raw = markerRef.ReplaceAllString(raw, "")
	raw = pageIDs.ReplaceAllStringFunc(raw, func(hit string) string {
		m := pageIDs.FindStringSubmatch(hit)
		id, _ := strconv.ParseInt(m[2], 10, 64)
		return n.named(m[1], id, hit)
	})
	return shortIDs.ReplaceAllStringFunc(raw, func(hit string) string {
		m := shortIDs.FindStringSubmatch(hit)
		return n.named(m[1], longID(m[2]), hit)
	})
}

func (n *neutral) named(before string, id int64, as string) string {
	c := n.site.world.contents[id]
	if c == nil {
		return as
	}
	return before + "{" + n.name[c] + "}"
}

// longID reads the end of a short address; 0 where it is none.
func longID(short string) int64 {
	short = strings.NewReplacer("-", "/", "_", "+").Replace(short)
	for len(short)%4 != 0 {
		short += "A"
	}
	data, err := base64.StdEncoding.DecodeString(short)
	if err != nil || len(data) > 8 {
		return 0
	}
	var b [8]byte
	copy(b[:], data)
	return int64(binary.LittleEndian.Uint64(b[:]))
}
