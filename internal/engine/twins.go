package engine

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// mintTwin names a content that was first seen on one side of a pair. The name follows from the pair and the id, so a
// crash between reading a content and recording it cannot give it two names.
func mintTwin(p store.Pair, side confluence.Side, id confluence.ID) confluence.TwinID {
	if id == "" {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "tandem twin 1\x00%s\x00%s\x00%s\x00%s\x00%d\x00%s",
		p.Sites[0], p.Keys[0], p.Sites[1], p.Keys[1], side, id)
	return confluence.TwinID(strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10])))
}

// strangerTwin names a content of one side that has no twin.
func strangerTwin(side confluence.Side, id confluence.ID) confluence.TwinID {
	return confluence.TwinID([2]string{"A:", "B:"}[side] + string(id))
}

func textDigest(what, text string) confluence.Digest {
	return confluence.Sum([]byte(what + "\x00" + norm.NFC.String(text)))
}

// labelsDigest is zero for no labels.
func labelsDigest(labels []confluence.Label) confluence.Digest {
	if len(labels) == 0 {
		return confluence.Digest{}
	}
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.String()
	}
	slices.Sort(names)
	return confluence.Sum([]byte("labels\x00" + strings.Join(slices.Compact(names), "\x00")))
}

// restrictionsDigest is zero for a content without restrictions.
func restrictionsDigest(r confluence.Restrictions) confluence.Digest {
	if r.Open() {
		return confluence.Digest{}
	}
	r = r.Sorted()
	var b strings.Builder
	b.WriteString("restrictions")
	for _, list := range [][]confluence.Principal{r.Read, r.Update} {
		fmt.Fprintf(&b, "\x00%d", len(list))
		for _, p := range list {
			b.WriteString("\x00" + string(p))
		}
	}
	return confluence.Sum([]byte(b.String()))
}

// fileDigest changes whenever a site shows another version of a file. It is not a digest of the bytes: those are
// compared by the proof of parity.
func fileDigest(c confluence.Content) confluence.Digest {
	var size int64
	var sum string
	if c.File != nil {
		size, sum = c.File.Size, c.File.SHA256
	}
	return confluence.Sum(fmt.Appendf(nil, "file\x00%d\x00%d\x00%s", c.Version.Number, size, sum))
}
