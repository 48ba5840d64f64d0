package company_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"image/png"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/demo/company"
)

func TestTheCompanyHasTheNumbersThatAreWrittenDown(t *testing.T) {
	w := read(t)
	got := company.Counts{
		Spaces: len(w.of("Space")), Pages: len(w.of("Page")), BlogPosts: len(w.of("BlogPost")), Attachments: len(w.of("Attachment")),
		Users: len(w.of("ConfluenceUserImpl")), Groups: len(w.of("InternalGroup")), Templates: len(w.of("PageTemplate")),
	}
	inline := map[string]bool{}
	for _, p := range w.of("ContentProperty") {
		if p.values["name"] == "inline-comment" {
			inline[p.values["content"]] = true
		}
	}
	for _, c := range w.of("Comment") {
		switch {
		case c.values["parent"] != "":
			got.Replies++
		case inline[c.id]:
			got.InlineComments++
		default:
			got.FooterComments++
		}
	}
	restricted := map[string]bool{}
	for _, s := range w.of("ContentPermissionSet") {
		restricted[s.values["owningContent"]] = true
	}
	got.Restricted = len(restricted)
	for _, l := range w.of("Labelling") {
		if w.byID["Page"+l.values["content"]] != nil || w.byID["BlogPost"+l.values["content"]] != nil {
			got.Labels++
		}
	}
	if got != company.Expected {
		t.Errorf("the export holds\n%+v, written down is\n%+v", got, company.Expected)
	}
	for key, want := range company.ExpectedSpaces {
		got := company.Counts{}
		for _, r := range w.rows {
			if r.space != key || !r.current() {
				continue
			}
			switch r.class {
			case "Page":
				got.Pages++
			case "BlogPost":
				got.BlogPosts++
			case "Attachment":
				got.Attachments++
			}
			if restricted[r.id] && r.class == "Page" {
				got.Restricted++
			}
		}
		if got != want {
			t.Errorf("space %s holds %+v, written down is %+v", key, got, want)
		}
	}
	if n := len(w.files) - 2; n != company.Expected.Attachments {
		t.Errorf("%d files for %d attachments", n, company.Expected.Attachments)
	}
}

// known are the elements and macros that a storage format of the product has.
var known = strings.Fields("toc children contentbylabel info note warning tip panel expand excerpt excerpt-include details code status jira anchor")

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestBodiesAreStorageFormat(t *testing.T) {
	w := read(t)
	used, ids := map[string]int{}, map[string]string{}
	for _, r := range w.rows {
		if r.body == "" {
			continue
		}
		_, err := elements(r.body, func(e xml.StartElement) {
			if e.Name.Local == "structured-macro" {
				used[attribute(e, "name")]++
				if id := attribute(e, "macro-id"); !uuid.MatchString(id) {
					t.Errorf("%q: macro id %q", r.values["title"], id)
				} else if ids[id] != "" && r.current() {
					t.Errorf("%q: macro id of %q", r.values["title"], ids[id])
				} else if r.current() {
					ids[id] = r.values["title"]
				}
			} else {
				used[e.Name.Local]++
			}
		})
		if err != nil {
			t.Errorf("%q: %v", r.values["title"], err)
		}
	}
	for name := range used {
		if strings.Contains(name, "-") && name != "excerpt-include" && !regexp.MustCompile(`^(task|layout|link|rich|plain|inline|blog)-`).MatchString(name) {
			t.Errorf("unknown element or macro %s", name)
		}
	}
	for _, name := range append(known, "task", "layout-section", "emoticon", "time", "image", "user", "blog-post", "inline-comment-marker", "blockquote", "ol", "th") {
		if used[name] == 0 {
			t.Errorf("no page shows %s", name)
		}
	}
	merged := 0
	for _, r := range w.texts() {
		merged += strings.Count(r.body, "colspan=") + strings.Count(r.body, "rowspan=")
	}
	if merged < 8 {
		t.Errorf("%d merged cells", merged)
	}
}

func TestLinksLeadToContents(t *testing.T) {
	w := read(t)
	titles, posts, files, users, addresses := map[string]bool{}, map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range w.of("Page") {
		titles[r.space+":"+r.values["title"]] = true
		addresses["pageId="+r.id] = true
	}
	for _, r := range w.of("BlogPost") {
		posts[r.space+":"+r.values["title"]] = strings.ReplaceAll(r.values["creationDate"][:10], "-", "/")
	}
	for _, r := range w.of("Attachment") {
		files[r.values["containerContent"]+r.values["title"]] = true
	}
	for _, u := range company.Users() {
		users[u.Key] = true
	}
	kinds := map[string]int{}
	for _, r := range w.rows {
		if r.body == "" || r.class == "Comment" && !r.current() {
			continue
		}
		from := r
		if r.class == "Comment" {
			from = w.byID["Page"+r.values["containerContent"]]
			if from == nil {
				from = w.byID["BlogPost"+r.values["containerContent"]]
			}
		}
		_, err := elements(r.body, func(e xml.StartElement) {
			space := attribute(e, "space-key")
			kind := e.Name.Local
			if space == "" {
				space = from.space
			} else {
				kind = "cross-" + kind
			}
			target := space + ":" + attribute(e, "content-title")
			ok := true
			switch e.Name.Local {
			case "page":
				ok = titles[target]
			case "blog-post":
				ok = posts[target] == attribute(e, "posting-day")
			case "attachment":
				target = attribute(e, "filename")
				ok = !from.current() || files[from.id+target]
			case "user":
				target = attribute(e, "userkey")
				ok = users[target]
			case "a":
				target = attribute(e, "href")
				kind, ok = leads(target, titles, addresses)
			default:
				return
			}
			kinds[kind]++
			if !ok {
				t.Errorf("%s %q: %s %q leads nowhere", from.space, from.values["title"], kind, target)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	for kind, least := range map[string]int{"page": 80, "cross-page": 25, "attachment": 35, "user": 60, "cross-blog-post": 1, "id": 1, "absolute": 1, "title": 1, "short": 1} {
		if kinds[kind] < least {
			t.Errorf("%d links of the kind %s, want %d at least", kinds[kind], kind, least)
		}
	}
}

// leads says of an address of the old site which kind it is, and whether a page is there.
func leads(address string, titles, ids map[string]bool) (string, bool) {
	path, old := strings.CutPrefix(address, company.OldSite)
	if id, ok := strings.CutPrefix(path, "/pages/viewpage.action?"); ok {
		if old {
			return "absolute", ids[id]
		}
		return "id", ids[id]
	}
	if rest, ok := strings.CutPrefix(path, "/display/"); ok {
		key, title, _ := strings.Cut(rest, "/")
		return "title", titles[key+":"+strings.ReplaceAll(title, "+", " ")]
	}
	if code, ok := strings.CutPrefix(path, "/x/"); ok {
		code = strings.NewReplacer("-", "/", "_", "+").Replace(code)
		for len(code)%4 != 0 || len(code) < 8 {
			code += "A"
		}
		b, err := base64.StdEncoding.DecodeString(code)
		if err != nil {
			return "short", false
		}
		id := 0
		for i, x := range b[:4] {
			id |= int(x) << (8 * i)
		}
		return "short", ids["pageId="+strconv.Itoa(id)]
	}
	return address, false
}

func TestPagesHaveSomethingToSay(t *testing.T) {
	w := read(t)
	long, total := 0, 0
	shingles := map[string]string{}
	for _, r := range w.texts() {
		text, err := elements(r.body, nil)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(text)
		total += len(words)
		if len(words) > 250 {
			long++
		}
		if len(words) < 80 {
			t.Errorf("%s %q has %d words", r.space, r.values["title"], len(words))
		}
		own := r.space + " " + r.values["title"]
		for i := 0; i+7 < len(words); i++ {
			s := strings.ToLower(strings.Join(words[i:i+8], " "))
			if other := shingles[s]; other != "" && other != own {
				t.Errorf("%q stands in %q and in %q", s, other, own)
			}
			shingles[s] = own
		}
		if regexp.MustCompile(`(?i)lorem|ipsum|todo:|tbd|xxx`).MatchString(text) {
			t.Errorf("%s is filler", own)
		}
	}
	if long < 12 || total < 20_000 {
		t.Errorf("%d words, %d pages of more than 250", total, long)
	}
}

func TestFilesAreWhatTheirNamesSay(t *testing.T) {
	w := read(t)
	kinds, seen := map[string]int{}, map[string]string{}
	for _, a := range w.of("Attachment") {
		name := a.values["title"]
		data := w.files["attachments/"+a.values["containerContent"]+"/"+a.id+"/"+a.values["version"]]
		if other := seen[string(data)]; other != "" {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[string(data)] = name
		var err error
		ending := name[strings.LastIndex(name, "."):]
		kinds[ending]++
		switch ending {
		case ".png":
			_, err = png.Decode(bytes.NewReader(data))
		case ".svg":
			err = xml.Unmarshal(data, new(struct{}))
		case ".csv":
			_, err = csv.NewReader(bytes.NewReader(data)).ReadAll()
		case ".json":
			err = json.Unmarshal(data, new(any))
		case ".pdf":
			err = checkPDF(data)
		}
		if err != nil || len(data) < 60 {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	if kinds[".png"] < 15 || kinds[".svg"] < 4 || kinds[".csv"] < 6 || kinds[".pdf"] < 3 || len(kinds) < 6 {
		t.Errorf("kinds of files: %v", kinds)
	}
}

// checkPDF follows the table of offsets.
func checkPDF(data []byte) error {
	at, err := strconv.Atoi(regexp.MustCompile(`startxref\n(\d+)`).FindStringSubmatch(string(data))[1])
	if err != nil {
		return err
	}
	for i, m := range regexp.MustCompile(`(\d{10}) 00000 n`).FindAllStringSubmatch(string(data[at:]), -1) {
		offset, _ := strconv.Atoi(m[1])
		if !bytes.HasPrefix(data[offset:], []byte(strconv.Itoa(i+1)+" 0 obj")) {
			return strconv.ErrRange
		}
	}
	return nil
}

func TestTreeOrderAndPeople(t *testing.T) {
	w := read(t)
	roots, children, positioned := map[string]int{}, map[string]int{}, map[string]int{}
	authors := map[string]bool{}
	for _, p := range w.of("Page") {
		authors[p.values["creator"]] = true
		if p.values["parent"] == "" {
			roots[p.space]++
			continue
		}
		children[p.values["parent"]]++
		if p.values["position"] != "" {
			positioned[p.values["parent"]]++
		}
		if w.byID["Page"+p.values["parent"]].space != p.space {
			t.Errorf("%q has its parent in another space", p.values["title"])
		}
	}
	for _, s := range w.of("Space") {
		if home := w.byID["Page"+s.values["homePage"]]; home == nil || home.values["parent"] != "" || roots[s.values["key"]] != 1 {
			t.Errorf("space %s has no home page, or other roots", s.values["key"])
		}
	}
	for parent, n := range positioned {
		if n != children[parent] {
			t.Errorf("%q orders %d of %d children", w.byID["Page"+parent].values["title"], n, children[parent])
		}
	}
	if len(positioned) < 5 || len(positioned) > len(children)-5 {
		t.Errorf("%d of %d parents have an order of their own", len(positioned), len(children))
	}
	if len(authors) < 15 {
		t.Errorf("%d authors", len(authors))
	}
}

func TestInlineCommentsHaveTheirMarker(t *testing.T) {
	w := read(t)
	n := 0
	for _, p := range w.of("ContentProperty") {
		if p.values["name"] != "inline-marker-ref" {
			continue
		}
		n++
		comment := w.byID["Comment"+p.values["content"]]
		page := w.byID["Page"+comment.values["containerContent"]]
		if !strings.Contains(page.body, `ac:ref="`+p.values["stringValue"]+`"`) {
			t.Errorf("%q has no marker %s", page.values["title"], p.values["stringValue"])
		}
	}
	if n != company.Expected.InlineComments {
		t.Errorf("%d markers", n)
	}
}

func TestPeopleMapAllButTwo(t *testing.T) {
	accounts := map[string]string{}
	for i, u := range company.Users() {
		accounts[u.Email] = "712020:" + strconv.Itoa(i)
	}
	rows, err := csv.NewReader(bytes.NewReader(company.People(accounts))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "source_key,source_name,source_email,match,account_id,used" {
		t.Error(got)
	}
	mapped := 0
	for _, r := range rows[1:] {
		if (r[3] == "email") != (r[4] != "") || r[3] != "email" && r[3] != "none" {
			t.Errorf("row %v", r)
		}
		if r[4] != "" {
			mapped++
		}
	}
	if len(rows) != 25 || mapped != 22 {
		t.Errorf("%d rows, %d mapped", len(rows)-1, mapped)
	}
	var in []string
	for _, g := range company.Groups() {
		in = append(in, g.Members...)
	}
	for _, u := range company.Users() {
		if u.Former == slices.Contains(in, u.Name) {
			t.Errorf("%s: former %t, in a group %t", u.Name, u.Former, !u.Former)
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	a := write(t, 7)
	if !bytes.Equal(a, write(t, 7)) {
		t.Error("two runs differ")
	}
	b, err := parse(a)
	if err != nil {
		t.Fatal(err)
	}
	if b.of("Page")[0].id == read(t).of("Page")[0].id {
		t.Error("the seed does not move the ids")
	}
}
