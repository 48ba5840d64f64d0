package bench_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cli/bench"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

type generated struct {
	Objects []struct {
		Class      string `xml:"class,attr"`
		ID         string `xml:"id"`
		Properties []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id"`
			Text string `xml:",chardata"`
		} `xml:"property"`
	} `xml:"object"`
}

type row struct{ class, id, title, status, original, parent, body, position string }

func entities(t *testing.T, data []byte) (text []byte, files int) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "attachments/") {
			files++
		}
		if f.Name == "entities.xml" {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if text, err = io.ReadAll(in); err != nil {
				t.Fatal(err)
			}
		}
	}
	return text, files
}

func rows(t *testing.T, text []byte) []row {
	t.Helper()
	var g generated
	if err := xml.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	var all []row
	for _, o := range g.Objects {
		r := row{class: o.Class, id: o.ID}
		for _, p := range o.Properties {
			switch p.Name {
			case "title":
				r.title = p.Text
			case "contentStatus":
				r.status = p.Text
			case "originalVersion":
				r.original = p.ID
			case "parent":
				r.parent = p.ID
			case "body":
				r.body = p.Text
			case "position":
				r.position = p.Text
			}
		}
		all = append(all, r)
	}
	return all
}

func generate(t *testing.T, s bench.Shape) ([]byte, bench.Totals) {
	t.Helper()
	var out bytes.Buffer
	total, err := bench.Generate(&out, s)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), total
}

func TestSameSeedSameExport(t *testing.T) {
	for name, s := range map[string]bench.Shape{"body-only": bench.BodyOnly(40), "wiki": bench.Wiki(60)} {
		a, _ := generate(t, s)
		b, _ := generate(t, s)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two runs differ", name)
		}
		s.Seed++
		if c, _ := generate(t, s); bytes.Equal(a, c) {
			t.Errorf("%s: another seed changes nothing", name)
		}
	}
}

// The digests pin the generator: a figure measured today can be measured again on the same bytes. Who changes what is
// generated changes them here, in a commit that says so.
func TestDigestsOfSmallShapes(t *testing.T) {
	for name, c := range map[string]struct {
		shape bench.Shape
		want  string
	}{
		"body-only": {bench.BodyOnly(40), "f8191110b754a419"},
		"wiki":      {bench.Wiki(60), "b0ec1c29cb381449"},
		"bytes":     {bench.Huge(300_000), "9bef9bbb85f45aba"},
	} {
		data, _ := generate(t, c.shape)
		text, _ := entities(t, data)
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:8]); got != c.want {
			t.Errorf("%s: digest %s, want %s", name, got, c.want)
		}
	}
}

func TestTotalsAreWhatTheExportHolds(t *testing.T) {
	s := bench.Wiki(300)
	s.Spaces = 3
	data, total := generate(t, s)
	text, files := entities(t, data)
	got := bench.Totals{Entities: int64(len(text)), Attachments: files}
	for _, r := range rows(t, text) {
		switch {
		case r.class == "ConfluenceUserImpl":
			got.Users++
		case r.class == "Labelling":
			got.Labels++
		case r.class == "Comment" && r.parent != "":
			got.Replies++
		case r.class == "Page" && r.status == "deleted":
			got.Trashed++
		case r.class == "Page" && r.original != "":
			got.Versions++
		case r.class == "Page":
			got.Pages++
		case r.class == "BlogPost":
			got.BlogPosts++
		}
	}
	want := total
	want.FooterComments, want.InlineComments, want.Restricted = 0, 0, 0
	if got != want {
		t.Errorf("the export holds %+v, Generate says %+v", got, want)
	}
	if got.Pages != 300 || total.FooterComments == 0 || total.InlineComments == 0 || total.Restricted == 0 || got.Versions == 0 || got.BlogPosts == 0 || files == 0 {
		t.Errorf("not a realistic mix: %+v", total)
	}
}

func TestBodyOnlyIsBodyOnly(t *testing.T) {
	data, total := generate(t, bench.BodyOnly(200))
	if total.Labels+total.FooterComments+total.InlineComments+total.Attachments+total.Restricted+total.Versions+total.BlogPosts != 0 {
		t.Errorf("%+v", total)
	}
	text, _ := entities(t, data)
	for _, r := range rows(t, text) {
		if r.position != "" {
			t.Errorf("%q has a position", r.title)
		}
		if strings.Contains(r.body, "ri:user") || strings.Contains(r.body, "pageId=") {
			t.Errorf("%q needs a second pass or people", r.title)
		}
	}
}

var targets = regexp.MustCompile(`ri:content-title="([^"]*)"`)

func TestBodiesAreWellFormedAndLinksLead(t *testing.T) {
	for _, s := range []bench.Shape{bench.Wiki(120), bench.Huge(1 << 20)} {
		data, _ := generate(t, s)
		text, _ := entities(t, data)
		all := rows(t, text)
		titles := map[string]bool{}
		for _, r := range all {
			if r.class == "Page" {
				titles[r.title] = true
			}
		}
		links := 0
		for _, r := range all {
			if r.class != "BodyContent" {
				continue
			}
			body := strings.ReplaceAll(r.body, "]] >", "]]>")
			d := xml.NewDecoder(strings.NewReader("<x>" + body + "</x>"))
			d.Entity = xml.HTMLEntity
			for {
				_, err := d.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("body %s: %v", r.id, err)
				}
			}
			for _, m := range targets.FindAllStringSubmatch(body, -1) {
				links++
				if title := unescape(t, m[1]); !titles[title] {
					t.Errorf("body %s links to %q, which is no page", r.id, title)
				}
			}
		}
		if links < 20 {
			t.Errorf("%d links only", links)
		}
	}
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	var out string
	if err := xml.Unmarshal([]byte("<x>"+s+"</x>"), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTreeKeepsToItsDepthAndFanOut(t *testing.T) {
	for _, c := range []struct{ depth, fan, deepest int }{{0, 3, 5}, {1, 5, 1}, {2, 4, 2}, {0, 1, 199}, {3, 2, 3}} {
		s := bench.BodyOnly(200)
		s.Depth, s.FanOut = c.depth, c.fan
		s.Body = bench.Sizes{Median: 10, Max: 20}
		data, _ := generate(t, s)
		text, _ := entities(t, data)
		depth := map[string]int{}
		deepest := 0
		for _, r := range rows(t, text) {
			if r.class != "Page" || r.parent == "" {
				continue
			}
			depth[r.id] = depth[r.parent] + 1
			deepest = max(deepest, depth[r.id])
		}
		if deepest != c.deepest {
			t.Errorf("depth %d, fan-out %d: deepest page at %d, want %d", c.depth, c.fan, deepest, c.deepest)
		}
	}
}

func TestBodySizesFollowTheDistribution(t *testing.T) {
	s := bench.BodyOnly(600)
	s.Body = bench.Sizes{Median: 8000, Sigma: 1, Max: 1 << 20}
	data, _ := generate(t, s)
	text, _ := entities(t, data)
	below, above, n := 0, 0, 0
	for _, r := range rows(t, text) {
		if r.class != "BodyContent" || len(r.body) < 50 {
			continue
		}
		n++
		if len(r.body) < 8000 {
			below++
		}
		if len(r.body) > 8000*8 { // 8 = e^2.08: 1.9 % of a normal distribution
			above++
		}
	}
	if below < n*40/100 || below > n*56/100 || above < 2 || above > n*5/100 {
		t.Errorf("of %d bodies %d are below the median and %d above eight times of it", n, below, above)
	}
}

func TestEveryScriptIsWritten(t *testing.T) {
	data, _ := generate(t, bench.Wiki(200))
	text, _ := entities(t, data)
	for name, word := range map[string]string{"Latin": "release", "Cyrillic": "отчёт", "CJK": "設計", "Arabic": "اجتماع"} {
		if !bytes.Contains(text, []byte(word)) {
			t.Errorf("no %s", name)
		}
	}
}

func TestOlderGenerationAndDefects(t *testing.T) {
	s := bench.Wiki(30)
	s.Export = backup.Options{Generation: backup.Old, Defects: []backup.Defect{backup.DefectMissingParent}}
	data, _ := generate(t, s)
	if text, _ := entities(t, data); !bytes.Contains(text, []byte(`<collection name="children"`)) {
		t.Error("the generation does not reach the writer")
	}
}

func TestWritingIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 96 MB")
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "big.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	s := bench.Huge(96 << 20)
	s.Around.Attachments = 0
	start := time.Now()
	total, err := bench.Generate(out, s)
	if err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if total.Entities < 96<<20 || total.Entities > 120<<20 {
		t.Errorf("entities.xml has %d bytes", total.Entities)
	}
	if m.HeapSys > 128<<20 {
		t.Errorf("the heap grew to %d MiB", m.HeapSys>>20)
	}
	t.Logf("%.0f MB/s, %d pages, heap %d MiB", float64(total.Entities)/1e6/time.Since(start).Seconds(), total.Pages, m.HeapSys>>20)
}

func TestPresetsHaveNames(t *testing.T) {
	for _, name := range []string{"body-only", "wiki", "huge"} {
		if _, err := bench.Preset(name, 0); err != nil {
			t.Error(err)
		}
	}
	if s, err := bench.Preset("body-only", 10_000); err != nil || s.Pages != 10_000 {
		t.Errorf("%d pages, %v", s.Pages, err)
	}
	if _, err := bench.Preset("tall", 0); err == nil {
		t.Error("an unknown shape is accepted")
	}
}
