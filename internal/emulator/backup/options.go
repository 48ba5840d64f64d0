package backup

import (
	"fmt"
	"time"
)

// Generation says which product's export is imitated.
type Generation int

// The generations.
const (
	New     Generation = iota // Data Center 8.3 and later
	Old                       // Server and Data Center before 8.3, and Cloud
	Ancient                   // before 5.3, when users had no key
)

// Options of an export. The zero value is a space export of a current Data Center.
type Options struct {
	Generation Generation
	Site       bool           // site backup: directories, accounts, groups, global permissions and secrets as well
	Cloud      bool           // the descriptor says source=cloud
	Seed       uint64         // order of Old and Ancient
	At         time.Time      // when the export was made; zero = 2026-01-05 09:00 UTC
	Zone       *time.Location // zone of all dates, which carry none; nil = UTC
	Build      int            // createdByBuildNumber; 0 = a usual one of the generation
	Version    string         // createdByVersionNumber; empty = a usual one of the generation
	Canary     string         // stands wherever a real site backup holds a secret; empty = "canary"
	Stored     bool           // entities.xml is not compressed
	Last       bool           // entities.xml is the last entry of the zip instead of the first; it is held in memory
	Layout     Layout         // where the files of attachments lie
	FirstID    int64          // id of the first content that comes without one, above all others; 0 = 800,000,001
	Defects    []Defect       // planted at the first object that can have it; name one twice to have it twice
}

var usual = map[Generation]struct {
	build   int
	version string
}{
	New:     {9012, "8.5.6"},
	Old:     {8703, "7.19.4"},
	Ancient: {4252, "5.1.4"},
}

func (o Options) filled() Options {
	if o.At.IsZero() {
		o.At = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Build == 0 {
		o.Build = usual[o.Generation].build
	}
	if o.Version == "" {
		o.Version = usual[o.Generation].version
	}
	if o.FirstID == 0 {
		o.FirstID = firstAutomatic
	}
	if o.Canary == "" {
		o.Canary = "canary"
	}
	return o
}

// Layout says where the files of attachments lie in the zip. Only the first is seen in exports; the others are those of
// home directories, which operators hand over, and of versions before 2.2 (xml-export.md section 2; their exact forms
// are general knowledge).
type Layout int

// The layouts.
const (
	ByOriginal Layout = iota // <container>/<id of the current version>/<version>
	ByID                     // v4: <n>/<m>/<id of the current version>/<that id>.<version>
	Nested                   // ver003: eight levels by space and container
	ByName                   // <container>/<file name>; older versions with the number behind
)

// path is where the file of one version of an attachment lies.
func (w *Writer) path(a Attachment) string {
	head, version := a.ID, max(a.Version, 1)
	if a.Original != 0 {
		head = a.Original
	}
	switch w.o.Layout {
	case ByID:
		return fmt.Sprintf("attachments/v4/%d/%d/%d/%d.%d", head%250, head/1000%250, head, head, version)
	case Nested:
		space := w.spaces[a.Space].id
		return fmt.Sprintf("attachments/ver003/%d/%d/%d/%d/%d/%d/%d/%d", space%1000%250, space/1000%1000%250, space,
			a.Container%1000%250, a.Container/1000%1000%250, a.Container, head, version)
	case ByName:
		if a.Original != 0 {
			return fmt.Sprintf("attachments/%d/%s.%d", a.Container, a.Name, version)
		}
		return fmt.Sprintf("attachments/%d/%s", a.Container, a.Name)
	}
	return fmt.Sprintf("attachments/%d/%d/%d", a.Container, head, version)
}
