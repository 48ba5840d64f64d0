package markup

import (
	"net/url"
	"strings"
)

// Scene is the site around a body, as far as conversions need to know it. A nil function knows nothing. The functions
// are called while a conversion runs and need no locking of their own.
type Scene struct {
	Base    string // address of the site with its context path, without a slash at the end
	Context string // the context path alone: "/wiki", "/confluence" or empty
	Cloud   bool
	Self    Target // what the body belongs to; the zero value where there is nothing yet
	Comment bool   // the body is that of a comment

	Page     func(Ref) (Target, bool)             // page or blog post by title; an empty title is Self
	ByID     func(id string) (Target, bool)       // page or blog post by id
	File     func(Ref) (File, bool)               // attachment by name
	Media    func(fileID string) (File, bool)     // attachment of Self by the id that ADF knows it by
	User     func(kind, id string) (Person, bool) // kind: account-id, userkey or username
	Stored   func(Ref) (body string, ok bool)     // body of another page, for macros that include it
	Children func(Ref) []Target                   // pages below another
	ID       func(n int) string                   // the n-th id that a conversion gives, the same for the same body
}

// Target is a page or blog post.
type Target struct {
	ID, Title, SpaceKey string
	Path                string // below the context path
	Type                string // page or blogpost
	Version             int
}

// File is an attachment.
type File struct {
	ID, Name, FileID, MediaType string
	Collection                  string // contentId-… of the content that holds it
	Path                        string // of the download, below the context path
	Version                     int
}

// Person is an account.
type Person struct {
	ID, Name string
	Path     string // of the profile, below the context path
}

func (s *Scene) page(r Ref) (Target, bool) {
	if s.Page == nil {
		return Target{}, false
	}
	return s.Page(r)
}

func (s *Scene) file(r Ref) (File, bool) {
	if s.File == nil {
		return File{}, false
	}
	return s.File(r)
}

func (s *Scene) user(n *Node) (Person, bool) {
	kind, id := userOf(n)
	if s.User == nil || id == "" {
		return Person{ID: id}, false
	}
	p, ok := s.User(kind, id)
	if !ok {
		p.ID = id
	}
	return p, ok
}

func (s *Scene) id(n int) string {
	if s.ID == nil {
		return ""
	}
	return s.ID(n)
}

// userOf returns how a ri:user names its account.
func userOf(n *Node) (kind, id string) {
	for _, kind := range []string{"account-id", "userkey", "username"} {
		if id, ok := n.Attr("ri:" + kind); ok {
			return kind, id
		}
	}
	return "", ""
}

// refOf reads a ri: element as a reference.
func refOf(n *Node) Ref {
	ref := Ref{Element: n.Name}
	ref.SpaceKey, _ = n.Attr("ri:space-key")
	ref.Title, _ = n.Attr("ri:content-title")
	ref.Day, _ = n.Attr("ri:posting-day")
	ref.File, _ = n.Attr("ri:filename")
	if owner := n.Kid("ri:page"); owner != nil {
		ref.SpaceKey, _ = owner.Attr("ri:space-key")
		ref.Title, _ = owner.Attr("ri:content-title")
	}
	return ref
}

// resource returns the ri: element that a link or an image holds, or nil.
func resource(n *Node) *Node {
	for _, k := range n.Kids {
		if strings.HasPrefix(k.Name, "ri:") {
			return k
		}
	}
	return nil
}

// param returns the value of a macro's parameter as text.
func param(macro *Node, name string) string {
	for _, k := range macro.Kids {
		if own, _ := k.Attr("ac:name"); k.Name == "ac:parameter" && own == name {
			return rawText(k)
		}
	}
	return ""
}

// paramNode returns the parameter of that name, or nil.
func paramNode(macro *Node, name string) *Node {
	for _, k := range macro.Kids {
		if own, _ := k.Attr("ac:name"); k.Name == "ac:parameter" && own == name {
			return k
		}
	}
	return nil
}

// slug is how a title stands in an address.
func slug(title string) string { return url.QueryEscape(title) }
