package bench

import (
	"fmt"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// Shape says what a generated export holds. Shares are from 0 to 1 and are of pages, unless they say otherwise. The same
// shape gives the same bytes.
type Shape struct {
	Seed   uint64
	Spaces int   // 0 = 1
	Pages  int   // in all spaces together, home pages included
	Bytes  int64 // of entities.xml: pages are written until it has this many; Pages counts no more

	Body    Sizes   // of the bodies of pages
	Scripts []Share // of pages; nil = Latin only
	Depth   int     // of the tree below the home page; 0 = as the fan-out has it
	FanOut  int     // children of a page that has some; 0 = 8
	Ordered float64 // share of parents whose children have positions; others are in the order of titles
	Parts   Parts   // what bodies are made of
	Files   Sizes   // of attached files
	Around  Around  // what stands beside the bodies
	Export  backup.Options
}

// Sizes is a log-normal distribution in bytes: half of all are below the median, and Sigma is the standard deviation of
// the natural logarithm. Body sizes of grown wikis have a Sigma of 1 to 1.5.
type Sizes struct {
	Median int
	Sigma  float64
	Max    int
}

// Share is a script with its weight.
type Share struct {
	Script Script
	Weight int
}

// Parts are shares of pages whose body has such parts at all. Headings, paragraphs and lists are everywhere.
type Parts struct {
	Tables, Macros, Code, Tasks, Layouts, Images float64
	Links                                        float64 // to pages by title, in the same space
	CrossLinks                                   float64 // to pages by title, in another space
	IDLinks                                      float64 // by page id in a URL
	Mentions                                     float64
}

// Around is what pages carry beside their body. Comments, Attachments and Labels are means per page.
type Around struct {
	Labels, Comments, Attachments float64
	Replies, InlineComments       float64 // shares of comments
	Restricted, Versions, Trashed float64
	BlogPosts                     float64 // per page
	Users                         int
}

// BodyOnly is pages with nothing but bodies, in the order of their titles: what the bound on calls per page is about.
func BodyOnly(pages int) Shape {
	return Shape{
		Seed: 1, Pages: pages, Body: Sizes{Median: 2500, Sigma: 1.1, Max: 200_000}, FanOut: 12,
		Scripts: []Share{{Latin, 85}, {Cyrillic, 5}, {CJK, 7}, {Arabic, 3}},
		Parts:   Parts{Tables: 0.35, Macros: 0.4, Code: 0.2, Tasks: 0.1, Links: 0.3},
		Around:  Around{Users: 12},
	}
}

// Wiki is a realistic mix of everything.
func Wiki(pages int) Shape {
	s := BodyOnly(pages)
	s.Spaces = max(1, min(12, pages/400))
	s.Ordered = 0.3
	s.Parts = Parts{
		Tables: 0.35, Macros: 0.5, Code: 0.25, Tasks: 0.2, Layouts: 0.15, Images: 0.3,
		Links: 0.5, CrossLinks: 0.1, IDLinks: 0.05, Mentions: 0.3,
	}
	s.Files = Sizes{Median: 8000, Sigma: 1.6, Max: 1 << 20}
	s.Around = Around{
		Labels: 0.8, Comments: 0.3, Attachments: 0.35, Replies: 0.4, InlineComments: 0.1,
		Restricted: 0.03, Versions: 0.2, Trashed: 0.03, BlogPosts: 0.04, Users: 60,
	}
	return s
}

// Huge is a space export whose entities.xml has the given number of bytes.
func Huge(size int64) Shape {
	s := Wiki(4800)
	s.Pages, s.Bytes = 0, size
	s.Spaces = 4
	s.Body = Sizes{Median: 6000, Sigma: 1.4, Max: 8 << 20}
	s.Files = Sizes{Median: 200, Sigma: 0.5, Max: 1000}
	s.Around.Attachments = 0.05
	return s
}

// HugeBytes is the size of entities.xml in the preset "huge".
const HugeBytes = 2 << 30

// Preset gives a shape by its name: body-only (of 1,000 pages unless pages says otherwise), wiki (likewise), huge.
func Preset(name string, pages int) (Shape, error) {
	if pages == 0 {
		pages = 1000
	}
	switch name {
	case "body-only":
		return BodyOnly(pages), nil
	case "wiki":
		return Wiki(pages), nil
	case "huge":
		return Huge(HugeBytes), nil
	}
	return Shape{}, fmt.Errorf("no shape %q: body-only, wiki, huge", name)
}

// Totals is what an export holds that was generated, as the columns of an inventory count it: current contents only.
type Totals struct {
	Pages, BlogPosts, FooterComments, InlineComments, Replies int
	Attachments, Labels, Restricted, Versions, Trashed, Users int
	Entities                                                  int64 // bytes of entities.xml
}
