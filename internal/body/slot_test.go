package body

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func TestSlots(t *testing.T) {
	tests := []struct {
		raw  string
		want []Slot
	}{
		{`<ac:link><ri:page ri:content-title="A &amp; B"/></ac:link>`, []Slot{{Kind: SlotPage, Title: "A & B", Written: `<ri:page ri:content-title="A &amp; B"/>`}}},
		{`<ri:page ri:content-title="T" ri:space-key="K" ri:version-at-save="9"/>`, []Slot{{Kind: SlotPage, Title: "T", SpaceKey: "K", Written: `<ri:page ri:content-title="T" ri:space-key="K"/>`}}},
		{`<ri:blog-post ri:posting-day="2026/11/05" ri:content-title="T"/>`, []Slot{{Kind: SlotBlogPost, Title: "T", Day: "2026/11/05", Written: `<ri:blog-post ri:content-title="T" ri:posting-day="2026/11/05"/>`}}},
		{`<ri:attachment ri:filename="a.png"> <ri:page ri:content-title="T"/> </ri:attachment>`, []Slot{{Kind: SlotAttachment, File: "a.png", Title: "T", Written: `<ri:attachment ri:filename="a.png"><ri:page ri:content-title="T"/></ri:attachment>`}}},
		{`<ri:attachment ri:filename="a.png"><ri:content-entity ri:content-id="7"/></ri:attachment>`, []Slot{{Kind: SlotAttachment, File: "a.png", ID: "7", Written: `<ri:attachment ri:filename="a.png"><ri:content-entity ri:content-id="7"/></ri:attachment>`}}},
		{`<ri:user ri:userkey="k"/>`, []Slot{{Kind: SlotUser, User: "k", UserAttr: "userkey", Written: `<ri:user ri:userkey="k"/>`}}},
		{`<ri:user ri:userkey="k" ri:account-id="5b:6"/>`, []Slot{{Kind: SlotUser, User: "5b:6", UserAttr: "account-id", Written: `<ri:user ri:account-id="5b:6"/>`}}},
		{`<ri:user ri:username="u"/>`, []Slot{{Kind: SlotUser, User: "u", UserAttr: "username", Written: `<ri:user ri:username="u"/>`}}},
		{`<ri:space ri:space-key="~u"/>`, []Slot{{Kind: SlotSpace, SpaceKey: "~u", Written: `<ri:space ri:space-key="~u"/>`}}},
		{`<ri:content-entity ri:content-id="12"/>`, []Slot{{Kind: SlotPageID, ID: "12", Written: `<ri:content-entity ri:content-id="12"/>`}}},
		{`<ri:url ri:value="https://W.example.com/c/pages/viewpage.action?pageId=12&amp;x=y#a"/>`, []Slot{{Kind: SlotPageID, ID: "12", Base: "https://w.example.com/c", Query: "x=y", Anchor: "a",
			Written: "https://w.example.com/c/pages/viewpage.action?pageId=12&x=y#a"}}},
		{`<a href="/pages/viewpage.action?spaceKey=K&amp;title=A+B">x</a>`, []Slot{{Kind: SlotTitleURL, SpaceKey: "K", Title: "A B", Written: "/display/K/A+B"}}},
		{`<a href="/pages/viewpreviousversions.action?pageId=1">x</a>`, []Slot{{Kind: SlotPageID, ID: "1", Written: "/pages/viewpreviousversions.action?pageId=1"}}},
		{`<a href="https://h/display/K/A%2FB+c">x</a>`, []Slot{{Kind: SlotTitleURL, Base: "https://h", SpaceKey: "K", Title: "A/B c", Written: "https://h/display/K/A%2FB+c"}}},
		{`<a href="https://h/display/K/100%25">x</a><a href="https://h/display/K/100%">x</a>`, []Slot{
			{Kind: SlotTitleURL, Base: "https://h", SpaceKey: "K", Title: "100%", Written: "https://h/display/K/100%25"},
			{Kind: SlotTitleURL, Base: "https://h", SpaceKey: "K", Title: "100%", Written: "https://h/display/K/100%25"},
		}},
		{`<a href="https://h/display/K/2026/11/05/T">x</a>`, []Slot{{Kind: SlotTitleURL, Base: "https://h", SpaceKey: "K", Day: "2026/11/05", Title: "T", Written: "https://h/display/K/2026/11/05/T"}}},
		{`<a href="https://h/display/K">x</a><a href="https://h/spaces/K/overview">x</a><a href="https://h/spaces/viewspace.action?key=K">x</a>`, []Slot{
			{Kind: SlotTitleURL, Base: "https://h", SpaceKey: "K", Written: "https://h/display/K"},
			{Kind: SlotTitleURL, Base: "https://h", SpaceKey: "K", Written: "https://h/display/K"},
			{Kind: SlotTitleURL, Base: "https://h", SpaceKey: "K", Written: "https://h/display/K"},
		}},
		{`<a href="/wiki/spaces/K/pages/12/T">x</a>`, []Slot{{Kind: SlotPageID, Base: "/wiki", SpaceKey: "K", ID: "12", Written: "/wiki/pages/viewpage.action?pageId=12"}}},
		{`<a href="/wiki/spaces/K/blog/2026/11/05/12/T">x</a>`, []Slot{{Kind: SlotPageID, Base: "/wiki", SpaceKey: "K", ID: "12", Written: "/wiki/pages/viewpage.action?pageId=12"}}},
		{`<a href="https://h/x/AwAB">x</a>`, []Slot{{Kind: SlotShortLink, Base: "https://h", ID: "65539", Written: "https://h/x/AwAB"}}},
		{`<img src="/download/thumbnails/5/a%20b.png?version=1"/>`, []Slot{{Kind: SlotAttachment, ID: "5", File: "a b.png", Query: "version=1", Written: "/download/thumbnails/5/a+b.png?version=1"}}},
		// Inside a macro the parameters stand sorted by name.
		{`<ac:structured-macro ac:name="m"><ac:parameter ac:name="b"><ri:user ri:userkey="1"/></ac:parameter><ac:parameter ac:name="a"><ri:user ri:userkey="2"/></ac:parameter></ac:structured-macro>`, []Slot{
			{Kind: SlotUser, User: "2", UserAttr: "userkey", Written: `<ri:user ri:userkey="2"/>`}, {Kind: SlotUser, User: "1", UserAttr: "userkey", Written: `<ri:user ri:userkey="1"/>`},
		}},
		// Nothing of this leads to a content.
		{`<a href="https://example.com/a/b">x</a><a href="#a">x</a><a href="mailto:x@example.com">x</a><a href="/x/!">x</a>`, nil},
		{`<a href="/display">x</a><a href="/pages/viewpage.action">x</a><a href="/spaces/K/pages/abc">x</a><a href="pages/1">x</a>`, nil},
		{`<ac:plain-text-body><![CDATA[<ri:page ri:content-title="T"/>]]></ac:plain-text-body>`, nil},
		{`<ac:plain-text-body><ri:page ri:content-title="T"/></ac:plain-text-body>`, nil},
		{`<ac:adf-fallback><ri:page ri:content-title="T"/></ac:adf-fallback><!-- <ri:page ri:content-title="T"/> -->`, nil},
		{`<ri:shortcut ri:key="k" ri:parameter="p"/><ri:page/><ri:user/><ac:link/>`, nil},
	}
	for _, tt := range tests {
		got := parse(t, tt.raw).Form().Slots
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Slot{}, "Start", "End"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s\n%s", tt.raw, diff)
		}
	}
}

func TestRewrite(t *testing.T) {
	tests := []struct {
		name, raw, want string
		change          func(*Slot)
	}{
		{"a user key becomes an account id", `<ri:user   ri:userkey='k' ri:local-id="1"/>`, `<ri:user   ri:account-id='5:"x"' ri:local-id="1"/>`,
			func(s *Slot) { s.User, s.UserAttr = `5:"x"`, "account-id" }},
		{"a space key comes", `<ri:page ri:content-title="T" />`, `<ri:page ri:space-key="K" ri:content-title="T" />`, func(s *Slot) { s.SpaceKey = "K" }},
		{"a space key goes", `<ri:page  ri:space-key="K" ri:content-title="T"/>`, `<ri:page ri:content-title="T"/>`, func(s *Slot) { s.SpaceKey = "" }},
		{"a title", `<ri:page ri:content-title='T'/>`, `<ri:page ri:content-title='A &amp; &#39;B&#39;'/>`, func(s *Slot) { s.Title = "A & 'B'" }},
		{"a file and its page", `<ri:attachment ri:filename="a"><ri:page ri:content-title="T"/></ri:attachment>`,
			`<ri:attachment ri:filename="b"><ri:page ri:content-title="U"/></ri:attachment>`, func(s *Slot) { s.File, s.Title = "b", "U" }},
		{"a content id", `<ri:content-entity ri:content-id="1"/>`, `<ri:content-entity ri:content-id="2"/>`, func(s *Slot) { s.ID = "2" }},
		{"a page by its id", `<a title="x" href="https://old/pages/viewpage.action?a=b&amp;pageId=1&amp;c=d#e">t</a>`,
			`<a title="x" href="https://new/wiki/pages/viewpage.action?a=b&amp;pageId=99&amp;c=d#e">t</a>`, func(s *Slot) { s.Base, s.ID = "https://new/wiki", "99" }},
		{"a page by its id, with title", `<a href="/spaces/K/pages/1/T%C3%BC+x">t</a>`, `<a href="/wiki/spaces/L/pages/2/T%C3%BC+x">t</a>`,
			func(s *Slot) { s.Base, s.ID, s.SpaceKey = "/wiki", "2", "L" }},
		{"a page by its title", `<a href="https://old/display/K/A+B">t</a>`, `<a href="https://new/wiki/display/L/A+B">t</a>`,
			func(s *Slot) { s.Base, s.SpaceKey = "https://new/wiki", "L" }},
		{"a title becomes an id", `<a href="https://old/display/K/A+B?x=y#z">t</a>`, `<a href="https://new/wiki/spaces/L/pages/7?x=y#z">t</a>`,
			func(s *Slot) { s.Kind, s.Base, s.SpaceKey, s.ID = SlotPageID, "https://new/wiki", "L", "7" }},
		{"a short link", `<a href="https://old/x/AwAB">t</a>`, `<a href="https://new/wiki/x/BAAB">t</a>`,
			func(s *Slot) { s.Base, s.ID = "https://new/wiki", "65540" }},
		{"a short link becomes an address", `<a href="https://old/x/AwAB">t</a>`, `<a href="https://new/wiki/pages/viewpage.action?pageId=5">t</a>`,
			func(s *Slot) { s.Kind, s.Base, s.ID = SlotPageID, "https://new/wiki", "5" }},
		{"a download", `<img src="/download/attachments/5/a%20b.png?api=v2"/>`, `<img src="/wiki/download/attachments/6/a%20b.png?api=v2"/>`,
			func(s *Slot) { s.Base, s.ID = "/wiki", "6" }},
		{"inside a fallback too", `<ac:adf-fallback><ri:user ri:userkey="k"/></ac:adf-fallback>`, `<ac:adf-fallback><ri:user ri:userkey="l"/></ac:adf-fallback>`,
			func(s *Slot) { s.User = "l" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(t, tt.raw).Rewrite(func(s Slot) (Slot, bool) {
				if found := tt.raw[s.Start:s.End]; found == "" {
					t.Errorf("no range")
				}
				tt.change(&s)
				return s, true
			})
			if got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The digest of the content follows the targets where they are known, and the written form where they are not.
func TestContentFollowsTargets(t *testing.T) {
	a := parse(t, `<ac:link ac:anchor="x"><ri:page ri:content-title="Old"/></ac:link>`).Form()
	b := parse(t, `<ac:link ac:anchor="x"><ri:page ri:space-key="K" ri:content-title="New"/></ac:link>`).Form()
	same := func(Slot) string { return "page:1" }
	if a.Skeleton != b.Skeleton {
		t.Error("a reference is part of the skeleton")
	}
	if a.Content(same) != b.Content(same) {
		t.Error("one target by two names is not one")
	}
	if a.Content(same) == b.Content(func(Slot) string { return "page:2" }) {
		t.Error("two targets are one")
	}
	if a.Content(none) == b.Content(none) || a.Content(none) == a.Content(same) {
		t.Error("a reference without target does not count as written")
	}
	c := parse(t, `<a href="/pages/viewpage.action?pageId=1#x">a</a>`).Form()
	d := parse(t, `<a href="/pages/viewpage.action?pageId=1#y">a</a>`).Form()
	if c.Content(same) == d.Content(same) {
		t.Error("the anchor within a target does not count")
	}
}

func TestShortLink(t *testing.T) {
	for id, want := range map[confluence.ID]string{
		"1": "AQ", "65539": "AwAB", "1234": "0gQ", "4294967296": "AAAAAAE", "63": "Pw", "255": "-w", "248": "_",
	} {
		short, ok := ShortLink(id)
		back, known := DecodeShortLink(short)
		if !ok || !known || short != want || back != id {
			t.Errorf("%s became %q, want %q, and that became %s", id, short, want, back)
		}
	}
	for n := int64(1); n > 0; n = n*3 + 7 {
		id := confluence.ID(fmt.Sprint(n))
		short, _ := ShortLink(id)
		if back, ok := DecodeShortLink(short); !ok || back != id {
			t.Errorf("%s became %q became %s", id, short, back)
		}
	}
	for _, id := range []confluence.ID{"", "0", "-1", "x", "99999999999999999999"} {
		if short, ok := ShortLink(id); ok {
			t.Errorf("ShortLink(%q) = %q", id, short)
		}
	}
	for _, short := range []string{"", "A", "AAAA", "!", "AwAB/", "aaaaaaaaaaaaa", "___________"} {
		if id, ok := DecodeShortLink(short); ok {
			t.Errorf("DecodeShortLink(%q) = %s", short, id)
		}
	}
}
