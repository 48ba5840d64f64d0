package emulator

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A generated site has the shapes of a real one: spaces of several sizes, trees that fan out, titles and bodies in
// several scripts, some labels, versions, comments, attachments, blog posts and restrictions. Everything follows from
// the seed and the number of pages, dates included. Bodies are not kept: they are made anew whenever they are read.

const (
	generatedSpace = 20_000 // pages of the largest spaces
	leastSpaces    = 3
	generatedUsers = 40
	fanOut         = 14
)

// generatedFrom and generatedUntil are between which all dates of a generated site lie.
var (
	generatedFrom  = stampOf(time.Date(2019, 3, 4, 8, 0, 0, 0, time.UTC))
	generatedUntil = stampOf(time.Date(2025, 12, 19, 17, 0, 0, 0, time.UTC))
)

// script is a way of writing: words, and the stops that end sentences.
type script struct {
	words []string
	space string
	stop  string
}

// scripts are what generated texts are written in; page n is written in script n modulo their number, twice Latin.
var scripts = []script{
	{strings.Fields("release plan review team notes budget draft service order client network report change window door supply " +
		"value meeting quarter summary index record final check open risk owner test build night morning agreement office"), " ", ". "},
	{strings.Fields("Überblick Prüfung Änderung Auftrag Straße Größe Termin Lager Maß Kühlung Entwurf Protokoll Lösung Fähre Büro " +
		"für über mit ohne und oder jede neue frühere zuständig möglich Öffnung Übergabe"), " ", ". "},
	{strings.Fields("план обзор заметки отчёт встреча проект решение сервер ошибка проверка склад заказ неделя отдел задача вопрос " +
		"новый первый общий который между после перед"), " ", ". "},
	{strings.Fields("会議 予定 報告 変更 確認 資料 設計 運用 手順 障害 対応 の を は に 部門 次回 担当 更新 共有"), "", "。"},
	{strings.Fields("خطة تقرير اجتماع مشروع ملاحظات فريق مراجعة طلب نظام خدمة تغيير جديد قبل بعد في من على"), " ", ". "},
	{strings.Fields("σχέδιο αναφορά ομάδα έλεγχος αλλαγή υπηρεσία σύνοψη νέα και με για προς"), " ", ". "},
}

// scriptOf is the script of the n-th generated page: half of all pages are Latin.
func scriptOf(n int) script {
	if n&1 == 0 {
		return scripts[n>>1&1]
	}
	return scripts[n>>1%len(scripts)]
}

// random is the source of the n-th generated object of a kind.
func (s *Site) random(what uint64, n int) *rand.Rand {
	return rand.New(rand.NewPCG(s.opts.Seed^what<<56, uint64(n)))
}

const (
	ofTitle uint64 = iota + 1
	ofBody
	ofFacts
)

// generatedTitle appends the title of the n-th page; the number makes it unique.
func (s *Site) generatedTitle(to []byte, n int) []byte {
	r := s.random(ofTitle, n)
	w := scriptOf(n)
	for range 1 + r.IntN(3) {
		to = append(append(to, w.words[r.IntN(len(w.words))]...), w.space...)
	}
	if w.space == "" {
		to = append(to, ' ')
	}
	return strconv.AppendInt(to, int64(n+1), 10)
}

// generatedBody is the body of the n-th page: some hundred bytes to some ten thousand, most about two thousand.
func (s *Site) generatedBody(n int) string {
	r := s.random(ofBody, n)
	w := scriptOf(n)
	b := make([]byte, 0, 4096)
	sentence := func(words int) {
		for i := range words {
			if i > 0 {
				b = append(b, w.space...)
			}
			b = append(b, w.words[r.IntN(len(w.words))]...)
		}
		b = append(b, w.stop...)
	}
	paragraphs := 2 + r.IntN(5)
	if r.IntN(50) == 0 {
		paragraphs *= 12
	}
	for i := range paragraphs {
		switch draw := r.IntN(16); {
		case draw == 0:
			b = append(b, "<h2>"...)
			sentence(3)
			b = append(b, "</h2>"...)
		case draw == 1:
			b = append(b, "<table><tbody>"...)
			for range 3 {
				b = append(b, "<tr><td><p>"...)
				sentence(2)
				b = append(b, "</p></td><td><p>"...)
				sentence(3)
				b = append(b, "</p></td></tr>"...)
			}
			b = append(b, "</tbody></table>"...)
		case draw == 2:
			b = fmt.Appendf(b, `<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="%s"><ac:parameter ac:name="language">sql`+
				`</ac:parameter><ac:plain-text-body><![CDATA[select * from t where n < %d]]></ac:plain-text-body></ac:structured-macro>`,
				s.uuid("generated macro", strconv.Itoa(n), strconv.Itoa(i)), r.IntN(1000))
		case draw == 3:
			b = append(b, `<p><ac:link><ri:page ri:content-title="`...)
			b = s.generatedTitle(b, n-n%fanOut) // of the same space, or of none
			b = append(b, `" /></ac:link></p>`...)
		default:
			b = append(b, "<p>"...)
			for range 2 + r.IntN(6) {
				sentence(4 + r.IntN(9))
			}
			b = append(b, "</p>"...)
		}
	}
	return string(b)
}

// generation makes a site of so many pages.
type generation struct {
	*Site
	users  []*user
	labels [][]*label // shared by contents; no list has room to grow
	files  []*file
	made   int // pages so far
}

// generate fills an empty site with pages.
func (s *Site) generate(pages int) error {
	g := &generation{Site: s}
	s.world.reserve(pages)
	for i := range generatedUsers {
		w := scriptOf(i)
		g.users = append(g.users, s.addUser(fmt.Sprintf("u%04d", i), w.words[0]+" "+w.words[i%len(w.words)], fmt.Sprintf("u%04d@example.test", i)))
	}
	for i, name := range []string{"draft", "howto", "meeting-notes", "policy", "architecture", "überblick", "план", "会議", "q1", "q2", "legacy", "faq"} {
		l := s.label("global", name)
		g.labels = append(g.labels, []*label{l})
		if i > 0 {
			g.labels = append(g.labels, []*label{l, g.labels[0][0]})
		}
	}
	for i := range 12 {
		data := bytes.Repeat([]byte(scripts[i%len(scripts)].words[i]+"\n"), 20<<(i%7))
		kept, err := s.heap.putFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		g.files = append(g.files, &file{stored: kept, mediaType: "text/plain", uuid: s.uuid("generated file", strconv.Itoa(i))})
	}
	sizes := generatedSizes(pages)
	if n := min(s.opts.Spaces, pages); n > 0 {
		sizes = make([]int, n)
		for i := range sizes {
			sizes[i] = pages*(i+1)/n - pages*i/n
		}
	}
	for _, n := range sizes {
		g.space(n)
	}
	return nil
}

// generatedSizes are the sizes of the spaces: some large, one middling, some small.
func generatedSizes(pages int) []int {
	var out []int
	small := min(pages/10, generatedSpace/20)
	for range leastSpaces - 1 {
		if small > 0 {
			out, pages = append(out, small), pages-small
		}
	}
	for pages > generatedSpace {
		out, pages = append(out, generatedSpace), pages-generatedSpace
	}
	return append(out, pages)
}

func (w *world) reserve(pages int) {
	w.contents = make(map[int64]*content, pages+pages/16)
	w.titles = make(map[titleKey]*content, pages+pages/64)
}

// space makes a space of so many pages, the home page among them.
func (g *generation) space(pages int) {
	number := len(g.world.spaces)
	w := scriptOf(number)
	in := &space{
		id: g.world.newID(), key: fmt.Sprintf("GEN%03d", number+1), name: fmt.Sprintf("%s %d", w.words[0], number+1), kind: "global",
		status: "current", creator: g.users[number%len(g.users)], created: generatedFrom,
	}
	g.world.spaces = append(g.world.spaces, in)
	g.world.keys[foldKey(in.key)] = in
	open := &call{Site: g.Site, user: g.people.byID[serviceID]}
	open.openSpace(in)
	rows := make([]content, pages) // in one piece: an allocation of each would take more
	titles := make([]byte, 0, pages*40)
	ends := make([]int, pages)
	for i := range rows {
		titles = g.generatedTitle(titles, g.made+i)
		ends[i] = len(titles)
	}
	whole, from := string(titles), 0
	in.pages = make([]*content, 0, pages)
	in.changes = make([]moment, 0, pages+pages/8)
	kids := make([]*content, 0, pages)
	for i := range rows {
		p := &rows[i]
		p.title, from = whole[from:ends[i]], ends[i]
		g.page(p, in, g.made+i)
		in.pages = append(in.pages, p)
		if i > 0 {
			p.parent = &rows[(i-1)/fanOut]
			kids = append(kids, p)
		}
	}
	in.home, in.roots = &rows[0], []*content{&rows[0]}
	for i := 0; i*fanOut < len(kids); i++ { // the children of a page stand side by side
		to := min(len(kids), (i+1)*fanOut)
		rows[i].kids = kids[i*fanOut : to : to]
		g.spread(rows[i].kids)
	}
	g.spread(in.roots)
	g.posts(in, pages/64)
	slices.SortFunc(in.changes, moment.compare)
	in.changes = slices.Clip(in.changes)
	g.made += pages
}

// page makes the n-th page of the site but for its place.
func (g *generation) page(p *content, in *space, n int) {
	r := g.random(ofFacts, n)
	life := int64(generatedUntil - generatedFrom)
	p.id, p.space, p.firstAt, p.body = g.world.newID(), in, 1, spanGenerated|span(n)
	p.creator = g.users[r.IntN(len(g.users))]
	p.created = generatedFrom + stamp(r.Int64N(life))
	p.last = version{at: p.created, by: p.creator}
	if r.IntN(4) == 0 {
		p.last.at += stamp(r.Int64N(int64(generatedUntil-p.created) + 1))
		p.firstAt = int32(2 + r.IntN(20)) // versions that the site keeps no more, as after a clean-up
	}
	if r.IntN(6) == 0 {
		p.labels = g.labels[r.IntN(len(g.labels))]
	}
	g.world.contents[p.id] = p
	g.world.titles[keyOf(p.kind, in, p.title, p.created)] = p
	in.changes = append(in.changes, moment{p.last.at, p})
	if r.IntN(100) > 3 {
		return
	}
	switch r.IntN(8) {
	case 0:
		who := "user:" + p.creator.id
		p.extra().update = []string{who}
		if r.IntN(3) == 0 {
			p.more.read = []string{who, "user:" + serviceID}
		}
	case 1:
		old := p.last
		old.at, old.body, p.last.message = p.created, spanGenerated|span(n+1), "corrected"
		p.older = []version{old}
	case 2, 3, 4:
		f := g.files[r.IntN(len(g.files))]
		g.attached(p, attachment, "file "+strconv.Itoa(n)+".txt", 0).more = &more{file: f}
	default:
		g.attached(p, comment, "", spanGenerated|span(n+2)).more = &more{remark: &remark{}}
	}
}

// attached adds a comment or an attachment to a page.
func (g *generation) attached(to *content, k kind, title string, body span) *content {
	c := &content{
		id: g.world.newID(), kind: k, space: to.space, parent: to, title: title, body: body, creator: to.creator, created: to.last.at,
		firstAt: 1, last: version{at: to.last.at, by: to.creator},
	}
	g.world.contents[c.id] = c
	if k == attachment {
		g.world.files, to.extra().files = append(g.world.files, c), []*content{c}
	} else {
		g.world.comments, to.extra().comments = append(g.world.comments, c), []*content{c}
	}
	to.space.changes = append(to.space.changes, moment{c.last.at, c})
	return c
}

// posts adds blog posts to a space; they are beyond the pages asked for.
func (g *generation) posts(in *space, n int) {
	for i := range n {
		p := &content{kind: blogPost, title: "Blog " + string(g.generatedTitle(nil, i))}
		g.page(p, in, g.made+i)
		in.blogs = append(in.blogs, p)
	}
	slices.SortFunc(in.blogs, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
}
