package parity

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func sampleReport() Report {
	a := []Leaf{fullLeaf(), {Kind: confluence.BlogPost, Twin: "A:7", Title: `<script>alert("1")</script>`}}
	b := clone(a[:1])
	b[0].Title = "\x1b[31mred & <b>bold</b>"
	b[0].Labels = nil
	return Report{
		Title: "HR moved <fast>", Run: "HR#1", Sites: [2]string{"export", "cloud & co"}, At: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC),
		Facts: []Fact{{"Pages", "42"}},
		Proofs: []Proof{
			Compare("HR", Everything, [2][]Leaf{a, b}, []Exception{{ReasonAccepted, "t1", "labels/global:x"}}),
			Compare("OPS", Everything, [2][]Leaf{a, a}, nil),
		},
	}
}

func TestText(t *testing.T) {
	got := Text(sampleReport().Proofs[0])
	for _, want := range []string{"HR  3 differences  depth everything  leaves 2/1  exceptions 1", "labels/team:z", "the blog post", "missing", "accepted"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if strings.ContainsRune(got, '\x1b') {
		t.Error("a control character of a title reaches the terminal")
	}
	if got := Text(sampleReport().Proofs[1]); !strings.HasPrefix(got, "OPS  equal ") {
		t.Errorf("text of an equal space: %s", got)
	}
}

func TestHTML(t *testing.T) {
	r := sampleReport()
	doc, err := html.Parse(strings.NewReader(HTML(r)))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	seen := map[string]int{}
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			text.WriteString(n.Data + "\n")
		}
		if n.Type != html.ElementNode {
			continue
		}
		seen[n.Data]++
		for _, a := range n.Attr {
			if a.Key == "src" || strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, bad := range []string{"script", "img", "link", "iframe", "b"} {
		if seen[bad] > 0 {
			t.Errorf("%d elements <%s>", seen[bad], bad)
		}
	}
	if seen["table"] != seen["caption"] || seen["h1"] != 1 || seen["main"] != 1 || seen["h2"] != 2 {
		t.Errorf("elements: %v", seen)
	}
	for _, want := range []string{"HR moved <fast>", "cloud & co", `<script>alert("1")</script>`, "red & <b>bold</b>", "labels/team:z", "2026-11-22T01:02:03Z",
		r.Proofs[0].Roots[0].String(), r.Proofs[0].Roots[1].String(), "42", "Not equal"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestHTMLOfEqualAndOfNothing(t *testing.T) {
	r := sampleReport()
	r.Proofs = r.Proofs[1:]
	if doc := HTML(r); !strings.Contains(doc, "Equal: every space") || strings.Contains(doc, "<caption>Differences") {
		t.Error("an equal report does not say so, or shows differences")
	}
	r.Proofs = nil
	if r.Equal() || !strings.Contains(HTML(r), "Nothing was compared") {
		t.Error("a report without proofs claims something")
	}
}

func TestJSONRoundTrip(t *testing.T) {
	want := sampleReport()
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
