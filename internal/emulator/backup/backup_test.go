package backup_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

var generations = map[string]backup.Options{
	"new": {}, "old": {Generation: backup.Old, Seed: 7}, "ancient": {Generation: backup.Ancient, Seed: 7},
	"site": {Site: true, Canary: "s3cret"}, "cloud": {Generation: backup.Old, Cloud: true},
}

func TestEveryGenerationHoldsTheSameContents(t *testing.T) {
	want := map[string]int{
		"Space": 2, "SpaceDescription": 2, "Page": 11, "BlogPost": 1, "Comment": 3, "Attachment": 5, "BodyContent": 18,
		"Label": 2, "Labelling": 9, "ContentPermissionSet": 8, "ContentPermission": 16, "PageTemplate": 1,
		"CustomContentEntityObject": 1, "Notification": 8, "LikeEntity": 8,
	}
	for name, o := range generations {
		data, _ := garden(t, o)
		e := read(t, data)
		got := map[string]int{}
		for _, x := range e.Objects {
			got[x.Class]++
		}
		for class, n := range want {
			if got[class] != n {
				t.Errorf("%s: %d %s, want %d", name, got[class], class, n)
			}
		}
		if n := strings.Count(strings.Join(e.names, " "), "attachments/110/"); n != 5 {
			t.Errorf("%s: %d files, want 5: %v", name, n, e.names)
		}
		if e.entries["attachments/110/160/1"] == "" {
			t.Errorf("%s: an old version must lie under the id of its attachment", name)
		}
	}
}

func TestReferencesLeadToObjects(t *testing.T) {
	for name, o := range generations {
		data, _ := garden(t, o)
		e := read(t, data)
		there := map[string]bool{}
		for _, x := range e.Objects {
			there[x.Class+x.ID] = true
		}
		for _, x := range e.Objects {
			for _, p := range x.Properties {
				if p.Class != "" && !there[p.Class+p.ID] {
					t.Errorf("%s: %s %s refers to %s %s, which is absent", name, x.Class, x.ID, p.Class, p.ID)
				}
			}
			for _, c := range x.Collections {
				for _, el := range c.Elements {
					if el.Class == "" {
						continue // an element of a map
					}
					if !there[el.Class+el.ID] {
						t.Errorf("%s: %s %s lists %s %s, which is absent", name, x.Class, x.ID, el.Class, el.ID)
					}
				}
			}
		}
	}
}

func TestNewReferencesUpwardsOnly(t *testing.T) {
	data, _ := garden(t, backup.Options{})
	e := read(t, data)
	seen := map[string]bool{}
	for _, x := range e.Objects {
		for _, p := range x.Properties {
			forward := x.Class == "Space" && (p.Name == "description" || p.Name == "homePage")
			if p.Class != "" && !forward && !seen[p.Class+p.ID] {
				t.Errorf("%s %s: %s comes later", x.Class, x.ID, p.Name)
			}
			if strings.TrimSpace(p.Text) == "" && p.Class == "" && p.Name != "body" {
				t.Errorf("%s %s: %s is present though empty", x.Class, x.ID, p.Name)
			}
		}
		for _, c := range x.Collections {
			if c.Name != "contentProperties" {
				t.Errorf("%s %s: collection %s", x.Class, x.ID, c.Name)
			}
		}
		seen[x.Class+x.ID] = true
	}
}

func TestOldReferencesBothWays(t *testing.T) {
	data, _ := garden(t, backup.Options{Generation: backup.Old, Seed: 3})
	e := read(t, data)
	names := map[string]bool{}
	forward := 0
	seen := map[string]bool{}
	for _, x := range e.Objects {
		for _, c := range x.Collections {
			names[c.Name] = true
		}
		for _, p := range x.Properties {
			if p.Class != "" && !seen[p.Class+p.ID] {
				forward++
			}
		}
		seen[x.Class+x.ID] = true
	}
	for _, want := range []string{"bodyContents", "comments", "attachments", "children", "historicalVersions", "contentProperties", "labellings", "permissions", "contentPermissionSets", "contentPermissions", "pageTemplates", "customContent"} {
		if !names[want] {
			t.Errorf("no collection %s", want)
		}
	}
	if forward < 20 {
		t.Errorf("%d forward references: the order is not shuffled", forward)
	}
	if len(e.with("ContentProperty", "content", "110")) != 0 {
		t.Error("an old property names its owner")
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	for name, o := range generations {
		a, _ := garden(t, o)
		b, _ := garden(t, o)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two runs differ", name)
		}
	}
	a, _ := garden(t, backup.Options{Generation: backup.Old, Seed: 1})
	b, _ := garden(t, backup.Options{Generation: backup.Old, Seed: 2})
	if bytes.Equal(a, b) {
		t.Error("the seed does not change the order")
	}
}

func TestInnerCDATAIsEscapedAsConfluenceDoes(t *testing.T) {
	data, _ := garden(t, backup.Options{})
	if e := read(t, data); !strings.Contains(e.raw, "if a[b[0]] > 1 {}]] ></ac:plain-text-body>") {
		t.Error("the end of an inner CDATA section is not written with a blank")
	}
	data, planted := garden(t, backup.Options{Defects: []backup.Defect{backup.DefectBroadEscape}})
	if e := read(t, data); !strings.Contains(e.raw, "if a[b[0]]  > 1 {}]] >") {
		t.Errorf("broad escaping: %v", planted)
	}
}

func TestSiteBackupHoldsAccountsAndSecrets(t *testing.T) {
	data, _ := garden(t, generations["site"])
	e := read(t, data)
	if n := strings.Count(e.raw, "s3cret"); n < 6 {
		t.Errorf("the canary stands in %d places", n)
	}
	for class, n := range map[string]int{"InternalUser": 2, "InternalGroup": 2, "HibernateMembership": 3, "DirectoryImpl": 1, "ApplicationImpl": 1} {
		if got := len(e.of(class)); got != n {
			t.Errorf("%d %s, want %d", got, class, n)
		}
	}
	if !strings.Contains(e.entries["exportDescriptor.properties"], "exportType=all\n") {
		t.Error(e.entries["exportDescriptor.properties"])
	}
	data, _ = garden(t, backup.Options{})
	if e := read(t, data); len(e.of("InternalUser")) != 0 || !strings.Contains(e.entries["exportDescriptor.properties"], "spaceKey=LAWN,BEDS\n") {
		t.Error(e.entries["exportDescriptor.properties"])
	}
}

func TestAncientNamesUsers(t *testing.T) {
	data, _ := garden(t, generations["ancient"])
	e := read(t, data)
	if len(e.of("ConfluenceUserImpl")) != 0 || len(e.with("Page", "creatorName", "Ann")) == 0 || len(e.with("ContentPermission", "userName", "Ann")) != 8 {
		t.Error("users are not named")
	}
	if len(e.with("Attachment", "fileName", "soil.txt")) != 1 || len(e.with("Comment", "owner", "110")) != 2 {
		t.Error("attachments and comments are not of their time")
	}
}

// shows says of each defect how it is seen in the file.
var shows = map[backup.Defect]func(e export, p backup.Planted) bool{
	backup.DefectControlTitle: func(e export, _ backup.Planted) bool { return strings.Contains(e.raw, "\x1c]]>") },
	backup.DefectControlBody:  func(e export, _ backup.Planted) bool { return strings.Contains(e.raw, "bell\x08") },
	backup.DefectInvalidUTF8:  func(e export, _ backup.Planted) bool { return !utf8.ValidString(e.raw) },
	backup.DefectBroadEscape:  func(e export, _ backup.Planted) bool { return strings.Contains(e.raw, "]]  >") },
	backup.DefectMissingBinary: func(e export, _ backup.Planted) bool {
		_, ok := e.entries["attachments/110/160/2"]
		return len(e.names) == 6 && !ok
	},
	backup.DefectZeroByteFile: func(e export, _ backup.Planted) bool {
		for _, text := range e.entries {
			if text == "" {
				return true
			}
		}
		return false
	},
	backup.DefectSizeMismatch:      func(e export, _ backup.Planted) bool { return len(e.with("ContentProperty", "longValue", "12")) == 1 },
	backup.DefectUnreferencedFile:  func(e export, _ backup.Planted) bool { return e.entries["attachments/1/2/1"] != "" },
	backup.DefectPathTrick:         func(e export, _ backup.Planted) bool { return e.entries["attachments/../../outside.txt"] != "" },
	backup.DefectDuplicateFileName: func(e export, p backup.Planted) bool { return len(e.of("Attachment")) == 6 && p.Object != "" },
	backup.DefectMissingParent: func(e export, p backup.Planted) bool {
		parent := e.page(p).value("parent")
		return parent != "" && !e.has(parent)
	},
	backup.DefectParentCycle: func(e export, p backup.Planted) bool {
		o := e.page(p)
		return o.value("parent") == o.ID
	},
	backup.DefectParentTrashed: func(e export, p backup.Planted) bool {
		return e.page(p).value("parent") == e.with("Page", "contentStatus", "deleted")[0].ID
	},
	backup.DefectParentElsewhere: func(e export, p backup.Planted) bool {
		return e.page(p).value("parent") == "900"
	},
	backup.DefectExtraneousSpace: func(e export, _ backup.Planted) bool {
		return len(e.of("Space")) == 3 && !strings.Contains(e.entries["exportDescriptor.properties"], "EXTRA")
	},
	backup.DefectNoSpaceObject:    func(e export, p backup.Planted) bool { return len(e.with("Space", "key", p.Object)) == 0 },
	backup.DefectPageWithoutSpace: func(e export, p backup.Planted) bool { return e.page(p).value("space") == "" },
	backup.DefectNoHomePage: func(e export, p backup.Planted) bool {
		return e.with("Space", "key", p.Object)[0].value("homePage") == ""
	},
	backup.DefectMissingHomePage: func(e export, p backup.Planted) bool {
		return !e.has(e.with("Space", "key", p.Object)[0].value("homePage"))
	},
	backup.DefectDuplicateVersion: func(e export, p backup.Planted) bool {
		for _, o := range e.with("Page", "title", p.Object) {
			for _, c := range o.Collections {
				if c.Name == "historicalVersions" && len(c.Elements) == 2 && c.Elements[0].ID == c.Elements[1].ID {
					return true
				}
			}
		}
		return false
	},
	backup.DefectOrphanVersion: func(e export, _ backup.Planted) bool {
		return !e.has(e.with("Page", "title", "Head unknown")[0].value("originalVersion"))
	},
	backup.DefectDuplicateObject: func(e export, p backup.Planted) bool {
		n := 0
		for _, o := range e.with("Page", "title", p.Object) {
			if o.value("originalVersion") == "" {
				n++
			}
		}
		return n == 2
	},
	backup.DefectRepeatedProperty: func(e export, p backup.Planted) bool {
		n := 0
		for _, x := range e.page(p).Properties {
			if x.Name == "title" {
				n++
			}
		}
		return n == 2
	},
	backup.DefectUntitled: func(e export, _ backup.Planted) bool { return len(e.with("Page", "title", "")) == 1 },
	backup.DefectDuplicateTitle: func(e export, p backup.Planted) bool {
		return len(e.with("Page", "title", p.Object)) == 0
	},
	backup.DefectLongTitle: func(e export, p backup.Planted) bool { return strings.Contains(e.raw, p.Object+" and so on and so on") },
	backup.DefectEmptyStatus: func(e export, p backup.Planted) bool {
		return e.page(p).value("contentStatus") == ""
	},
	backup.DefectMissingBody: func(e export, p backup.Planted) bool { return len(e.bodies(p)) == 0 },
	backup.DefectEmptyBody:   func(e export, p backup.Planted) bool { return e.bodies(p)[0].value("body") == "" },
	backup.DefectIllFormedBody: func(e export, p backup.Planted) bool {
		return xml.Unmarshal([]byte("<x>"+e.bodies(p)[0].value("body")+"</x>"), new(struct{})) != nil
	},
	backup.DefectSeveralBodies:       func(e export, p backup.Planted) bool { return len(e.bodies(p)) == 2 },
	backup.DefectPersonalLabel:       func(e export, _ backup.Planted) bool { return len(e.with("Label", "namespace", "my")) == 1 },
	backup.DefectCommentOnAttachment: func(e export, _ backup.Planted) bool { return len(e.with("Comment", "containerContent", "160")) == 1 },
	backup.DefectMissingParentComment: func(e export, _ backup.Planted) bool {
		for _, c := range e.of("Comment") {
			if p := c.value("parent"); p != "" {
				return !e.has(p)
			}
		}
		return false
	},
	backup.DefectMissingMarker: func(e export, _ backup.Planted) bool {
		return !strings.Contains(e.raw, "m-1")
	},
	backup.DefectMissingPermissionSet: func(e export, _ backup.Planted) bool { return len(e.of("ContentPermissionSet")) == 7 },
	backup.DefectMissingUser:          func(e export, _ backup.Planted) bool { return len(e.of("ConfluenceUserImpl")) == 1 },
	backup.DefectDoctype:              func(e export, _ backup.Planted) bool { return strings.Contains(e.raw, "<!ENTITY") },
	backup.DefectNoXMLDeclaration:     func(e export, _ backup.Planted) bool { return strings.HasPrefix(e.raw, "<hibernate-generic") },
	backup.DefectTruncated: func(e export, _ backup.Planted) bool {
		return xml.Unmarshal([]byte(e.raw), new(exported)) != nil
	},
	backup.DefectNoDescriptor: func(e export, _ backup.Planted) bool { return e.entries["exportDescriptor.properties"] == "" },
	backup.DefectNoEntities:   func(e export, _ backup.Planted) bool { return e.raw == "" },
	backup.DefectUnknownElement: func(e export, _ backup.Planted) bool {
		return strings.Contains(e.raw, "<oddity name=")
	},
	backup.DefectLineSeparator: func(e export, p backup.Planted) bool { return strings.Contains(e.raw, p.Object+" one\u2028two\u2029") },
	backup.DefectDeletedVersion: func(e export, p backup.Planted) bool {
		return e.page(p).value("contentStatus") == "deleted" && e.page(p).value("originalVersion") == "110"
	},
	backup.DefectMissingVersion: func(e export, p backup.Planted) bool {
		id := strconv.FormatInt(p.ID, 10)
		return !e.has(id) && len(e.with("BodyContent", "content", id)) == 1 && strings.Count(e.raw, id) == 2
	},
}

func (e export) page(p backup.Planted) entity {
	for _, o := range e.of("Page") {
		if o.ID == strconv.FormatInt(p.ID, 10) {
			return o
		}
	}
	return entity{}
}

func (e export) has(id string) bool {
	for _, o := range e.Objects {
		if o.ID == id && (o.Class == "Page" || o.Class == "Comment") {
			return true
		}
	}
	return false
}

func (e export) bodies(p backup.Planted) []entity {
	for _, o := range e.Objects {
		if o.value("title") == p.Object && o.value("originalVersion") == "" {
			return e.with("BodyContent", "content", o.ID)
		}
	}
	return nil
}

func TestEachDefectShows(t *testing.T) {
	for d := range backup.Defects {
		show, ok := shows[d]
		if !ok {
			t.Errorf("%s: no test says how it is seen", d)
			continue
		}
		data, planted := garden(t, backup.Options{Generation: backup.Old, Seed: 5, Defects: []backup.Defect{d}})
		e := unzip(t, data)
		_ = xml.Unmarshal([]byte(e.raw), &e.exported) // some defects are that this fails
		p := backup.Planted{Defect: d}
		if len(planted) == 1 {
			p = planted[0]
		}
		if !show(e, p) {
			t.Errorf("%s: not to be seen; planted %v", d, planted)
		}
	}
}

func TestAllDefectsFitOneExport(t *testing.T) {
	alone := map[backup.Defect]bool{
		backup.DefectTruncated: true, backup.DefectNoEntities: true, backup.DefectNoSpaceObject: true, backup.DefectMissingHomePage: true,
		backup.DefectSizeMismatch: true, backup.DefectZeroByteFile: true, backup.DefectLongTitle: true, backup.DefectUntitled: true,
		backup.DefectDuplicateTitle: true, backup.DefectParentElsewhere: true, backup.DefectDuplicateObject: true,
		backup.DefectPageWithoutSpace: true, backup.DefectMissingPermissionSet: true, backup.DefectRepeatedProperty: true,
		backup.DefectPersonalLabel: true, backup.DefectEmptyStatus: true,
		backup.DefectDuplicateVersion: true, backup.DefectDeletedVersion: true, backup.DefectMissingVersion: true,
		backup.DefectLineSeparator: true, backup.DefectUnknownElement: true,
	}
	var some []backup.Defect
	for d := range backup.Defects {
		if !alone[d] {
			some = append(some, d)
		}
	}
	_, planted := garden(t, backup.Options{Generation: backup.Old, Defects: some})
	got := map[backup.Defect]bool{}
	ids := map[int64]bool{}
	for _, p := range planted {
		got[p.Defect] = true
		if p.ID != 0 && ids[p.ID] {
			t.Errorf("%s shares its object with another defect", p.Defect)
		}
		ids[p.ID] = true
	}
	if !got[backup.DefectMissingParent] || !got[backup.DefectParentTrashed] || !got[backup.DefectControlTitle] {
		t.Errorf("planted only %v", planted)
	}
}

func TestMistakesOfTheCaller(t *testing.T) {
	if _, err := backup.Create(io.Discard, backup.Options{Defects: []backup.Defect{"typo"}}); err == nil {
		t.Error("an unknown defect is accepted")
	}
	for name, do := range map[string]func(*backup.Writer){
		"page before its space": func(w *backup.Writer) { w.Page(backup.Content{Space: "NO", Title: "x"}) },
		"group in space export": func(w *backup.Writer) { w.Group(backup.Group{Name: "g"}) },
		"id of ours":            func(w *backup.Writer) { w.Comment(backup.Comment{ID: 800_000_001}) },
		"file cannot be opened": func(w *backup.Writer) {
			w.Attachment(backup.Attachment{Open: func() (io.Reader, error) { return nil, io.ErrUnexpectedEOF }})
		},
	} {
		w, err := backup.Create(io.Discard, backup.Options{})
		if err != nil {
			t.Fatal(err)
		}
		do(w)
		if w.Close() == nil {
			t.Errorf("%s: Close says nothing", name)
		}
	}
	w, _ := backup.Create(io.Discard, backup.Options{Defects: []backup.Defect{backup.DefectMissingBinary}})
	if w.Close() == nil {
		t.Error("a defect that could not be planted is not reported")
	}
}

// TestLayouts: the files of attachments lie where the layout says, and entities.xml first or last.
func TestLayouts(t *testing.T) {
	for layout, want := range map[backup.Layout][]string{
		backup.ByOriginal: {"attachments/110/160/2", "attachments/110/160/1"},
		backup.ByID:       {"attachments/v4/160/0/160/160.2", "attachments/v4/160/0/160/160.1"},
		backup.ByName:     {"attachments/110/plan.png", "attachments/110/plan.png.1"},
	} {
		data, _ := garden(t, backup.Options{Layout: layout, Last: true})
		e := read(t, data)
		for _, name := range want {
			if e.entries[name] == "" {
				t.Errorf("no %s in %v", name, e.names)
			}
		}
		if e.names[len(e.names)-1] != "entities.xml" || len(e.of("Page")) != 11 {
			t.Errorf("entities.xml is not the last of %v", e.names)
		}
	}
	data, _ := garden(t, backup.Options{Layout: backup.Nested})
	e := read(t, data)
	deep := 0
	for _, name := range e.names {
		if strings.HasPrefix(name, "attachments/ver003/") && strings.Count(name, "/") == 9 && strings.HasSuffix(name, "/110/0/110/160/2") {
			deep++
		}
	}
	if deep != 1 || e.names[0] != "entities.xml" {
		t.Errorf("got %v", e.names)
	}
}
