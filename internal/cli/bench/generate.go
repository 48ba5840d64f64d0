package bench

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// Generate writes an export. Memory does not grow with the number of pages (a file of an attachment takes one line until
// the end), as long as the export is of the generation that streams.
func Generate(w io.Writer, s Shape) (Totals, error) {
	s.Spaces, s.FanOut = max(s.Spaces, 1), max(s.FanOut, 0)
	if s.FanOut == 0 {
		s.FanOut = 8
	}
	if s.Around.Users == 0 {
		s.Around.Users = 8
	}
	if len(s.Scripts) == 0 {
		s.Scripts = []Share{{Latin, 1}}
	}
	if s.Export.Seed == 0 {
		s.Export.Seed = s.Seed
	}
	b, err := backup.Create(w, s.Export)
	if err != nil {
		return Totals{}, err
	}
	g := &generator{Shape: s, out: b}
	for i := range g.prose {
		g.prose[i] = sentences(Script(i), s.Seed)
	}
	for i := range s.Around.Users {
		g.user(i)
	}
	id := int64(firstID)
	for i := range s.Spaces {
		id = g.space(i, id)
	}
	err = b.Close()
	g.total.Entities = b.Bytes()
	return g.total, err
}

const firstID = 65_537

// generator writes one space after the other.
type generator struct {
	Shape
	out   *backup.Writer
	total Totals
	prose [scripts][][]byte
	body  []byte
	random

	first int64 // id of the home page of the current space
	pages int   // pages of the current space; 0 = not known yet
}

// random is a source of decisions about one content. It is set again for each, so that a content depends on the seed and
// its own number only.
type random struct{ *rand.Rand }

func (g *generator) about(what, number uint64) {
	g.random = random{rand.New(rand.NewPCG(g.Seed^what*0x9e3779b97f4a7c15, number))}
}

const (
	aboutTitle = iota + 1
	aboutPage
	aboutChildren
)

func (r random) chance(share float64) bool { return share > 0 && r.Float64() < share }

// mean is a count with the given mean: mostly few, sometimes several.
func (r random) mean(m float64) int {
	n := 0
	for n < 40 && r.Float64() < m/(1+m) {
		n++
	}
	return n
}

// size draws from a log-normal distribution by integers, so that every machine draws the same.
func (r random) size(s Sizes) int {
	sum := 0
	for range 12 {
		sum += int(r.Uint32() >> 16)
	}
	exponent := int(float64(sum-6*65535) * (s.Sigma / math.Ln2)) // 16 bits behind the point
	whole, part := exponent>>16, exponent&0xffff
	scaled := s.Median * (65536 + part) >> 16 // 2^x is close to 1+x between 0 and 1
	if whole >= 0 {
		scaled <<= min(whole, 20)
	} else {
		scaled >>= -whole
	}
	return min(scaled, s.Max)
}

func (g *generator) user(i int) {
	names := [...]string{"Ada", "Björn", "Chen", "Dilnoza", "Émile", "Fatima", "Grażyna", "Hiro", "Ines", "Jürgen"}
	first := names[i%len(names)]
	g.total.Users++
	g.out.User(backup.User{
		Key: userKey(i), Name: fmt.Sprintf("user%04d", i), FullName: fmt.Sprintf("%s %d", first, i),
		Email: fmt.Sprintf("user%04d@wiki.example", i),
	})
}

func userKey(i int) string { return fmt.Sprintf("4028b8e1%024x", i+1) }

func (g *generator) anyone() string { return userKey(g.IntN(g.Around.Users)) }

func spaceKey(i int) string { return fmt.Sprintf("GEN%d", i+1) }

// count is how many pages a space will have; 0 = that depends on their size.
func (g *generator) count(space int) int {
	if g.Bytes > 0 {
		return 0
	}
	n := g.Pages / g.Spaces
	if space < g.Pages%g.Spaces {
		n++
	}
	return n
}

// space writes one space and gives the id after its last content with an id of its own.
func (g *generator) space(number int, first int64) int64 {
	g.first = first
	g.pages = g.count(number)
	target := g.Bytes / int64(g.Spaces) * int64(number+1)
	g.out.Space(backup.Space{
		Key: spaceKey(number), Name: fmt.Sprintf("Generated %d", number+1), Home: first, Creator: userKey(0),
		Description: "Made by tandem bench", Created: epoch, Modified: epoch,
		Permissions: []backup.Permission{
			{Type: "VIEWSPACE", Principal: backup.Principal{Group: "confluence-users"}},
			{Type: "EDITSPACE", Principal: backup.Principal{Group: "confluence-users"}},
			{Type: "SETSPACEPERMISSIONS", Principal: backup.Principal{User: userKey(0)}},
		},
	})
	n := 0
	for ; n < g.pages || g.Bytes > 0 && (n == 0 || g.out.Bytes() < target); n++ {
		g.page(number, n)
	}
	return first + int64(n)
}

var epoch = time.Date(2019, 4, 1, 8, 0, 0, 0, time.UTC)

// title of page n of a space. It ends with the number, which makes it unique.
func (g *generator) title(space, n int) string {
	if n == 0 {
		return fmt.Sprintf("Home of generated %d", space+1)
	}
	was := g.random
	g.about(aboutTitle, uint64(space)<<40|uint64(n))
	script := g.script()
	words := vocabulary[script]
	var b strings.Builder
	for i := range 2 + g.IntN(3) {
		if i > 0 && script != CJK {
			b.WriteByte(' ')
		}
		b.WriteString(plain(words[g.IntN(len(words))]))
	}
	fmt.Fprintf(&b, " %d", n)
	g.random = was
	return b.String()
}

// plain is a word of the vocabulary outside of a body: a title has no entities and no unbreakable blanks.
func plain(word string) string { return strings.ReplaceAll(html.UnescapeString(word), "\u00a0", " ") }

func (g *generator) script() Script {
	sum := 0
	for _, s := range g.Scripts {
		sum += s.Weight
	}
	at := g.IntN(sum)
	for _, s := range g.Scripts {
		if at -= s.Weight; at < 0 {
			return s.Script
		}
	}
	return Latin
}

// parent of page n: pages are numbered row by row, and below the deepest row they go on filling that row.
func (g *generator) parent(n int) int {
	if g.Depth > 0 {
		above, row := 0, 1 // first page of the row above the deepest, and its size
		for range g.Depth - 1 {
			above, row = above+row, row*g.FanOut
		}
		if n >= above+row && row > 0 {
			return above + (n-above-row)%row
		}
	}
	return (n - 1) / g.FanOut
}

// ordered says whether the children of a page have positions.
func (g *generator) ordered(space, parent int) bool {
	was := g.random
	defer func() { g.random = was }()
	g.about(aboutChildren, uint64(space)<<40|uint64(parent))
	return g.chance(g.Ordered)
}

func (g *generator) page(space, n int) {
	title := g.title(space, n)
	g.about(aboutPage, uint64(space)<<40|uint64(n))
	created := epoch.Add(time.Duration(g.IntN(2000*24*60)) * time.Minute)
	c := backup.Content{
		ID: g.first + int64(n), Space: spaceKey(space), Title: title, Version: 1, Creator: g.anyone(), Modifier: g.anyone(),
		Created: created, Modified: created.Add(time.Duration(g.IntN(300*24)) * time.Hour),
	}
	if n > 0 {
		parent := g.parent(n)
		c.Parent = g.first + int64(parent)
		if g.ordered(space, parent) {
			c.Position, c.Positioned = n, true
		}
	}
	g.describe(&c)
	files := g.mean(g.Around.Attachments)
	body := g.write(space, n, g.size(g.Body), files)
	c.Body = backup.Body{Type: backup.BodyStorage, Text: body.text}
	if n > 0 && g.chance(g.Around.Trashed) {
		g.trash(c)
	}
	g.out.Page(c)
	g.total.Pages++
	g.beside(c, body, files)
}

// describe gives a page its labels and restrictions.
func (g *generator) describe(c *backup.Content) {
	seen := map[int]bool{}
	for range g.mean(g.Around.Labels) {
		if l := g.IntN(150); !seen[l] {
			seen[l] = true
			c.Labels = append(c.Labels, backup.Label{Name: fmt.Sprintf("topic-%d", l)})
		}
	}
	g.total.Labels += len(c.Labels)
	if c.Parent != 0 && g.chance(g.Around.Restricted) {
		c.Editors = []backup.Principal{{User: c.Creator}, {Group: "confluence-administrators"}}
		if g.chance(0.5) {
			c.Readers = c.Editors
		}
		g.total.Restricted++
	}
	if g.chance(g.Around.Versions) {
		c.Version = 2 + g.IntN(6)
	}
}

func (g *generator) trash(c backup.Content) {
	c.ID, c.Status, c.Title, c.Labels, c.Readers, c.Editors = 0, "deleted", c.Title+" (old)", nil, nil, nil
	c.Positioned = false
	g.out.Page(c)
	g.total.Trashed++
}

// beside writes what hangs on a page: its versions, files, comments and now and then a blog post.
func (g *generator) beside(c backup.Content, body written, files int) {
	for v := 1; v < c.Version; v++ {
		old := c
		old.ID, old.Original, old.Version, old.Labels, old.Readers, old.Editors, old.Positioned = 0, c.ID, v, nil, nil, nil, false
		old.Body.Text = body.text[body.from:body.to]
		g.out.Page(old)
		g.total.Versions++
	}
	for i := range files {
		size, seed := max(1, g.size(g.Files)), g.Uint64()
		g.out.Attachment(backup.Attachment{
			Container: c.ID, Space: c.Space, Name: fileName(i), MediaType: "application/octet-stream", Size: int64(size),
			Open: func() (io.Reader, error) { return noise(seed, size), nil }, Creator: c.Creator, Created: c.Created,
		})
		g.total.Attachments++
	}
	for range g.mean(g.Around.Comments) {
		g.comment(c, body)
	}
	if g.chance(g.Around.BlogPosts) {
		post := c
		post.ID, post.Parent, post.Positioned, post.Version, post.Labels, post.Readers, post.Editors = 0, 0, false, 1, nil, nil, nil
		post.Title = "News: " + c.Title
		post.Body.Text = body.text[body.from:body.to]
		g.out.BlogPost(post)
		g.total.BlogPosts++
	}
}

func (g *generator) comment(c backup.Content, body written) {
	k := backup.Comment{Container: c.ID, Creator: g.anyone(), Created: c.Modified, Body: g.remark()}
	if body.marker != "" && g.chance(g.Around.InlineComments) {
		k.Inline = &backup.Inline{Marker: body.marker, Selection: "here", Status: "open"}
		g.total.InlineComments++
	} else {
		g.total.FooterComments++
	}
	top := g.out.Comment(k)
	for g.chance(g.Around.Replies) {
		r := backup.Comment{Container: c.ID, Parent: top, Creator: g.anyone(), Created: c.Modified.Add(time.Hour), Body: g.remark()}
		if k.Inline != nil {
			r.Inline = &backup.Inline{}
		}
		g.out.Comment(r)
		g.total.Replies++
	}
}

func (g *generator) remark() backup.Body {
	return backup.Body{Type: backup.BodyStorage, Text: fmt.Appendf(nil, "<p>%s</p>", bytes.TrimSpace(g.sentence(g.script())))}
}

func fileName(i int) string { return fmt.Sprintf("file-%d.bin", i+1) }

// noise is a stream of size bytes that do not compress.
func noise(seed uint64, size int) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return io.LimitReader(rand.NewChaCha8(key), int64(size))
}
