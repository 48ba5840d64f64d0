package xmlexport

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// TestRepairCDATA has one case per form of the damage.
func TestRepairCDATA(t *testing.T) {
	for _, c := range [][2]string{
		{"no mark", "no mark"},
		{"<b><![CDATA[x]] ></b>", "<b><![CDATA[x]]></b>"},
		{"<b><![CDATA[x]] >\n </b>", "<b><![CDATA[x]]>\n </b>"},
		{"<b><![CDATA[x]]></b> ]] > y", "<b><![CDATA[x]]></b> ]] > y"},
		{"<![CDATA[x]] >", "<![CDATA[x]]>"},
		{"<b><![CDATA[a[b[0]] = 1]] ></b>", "<b><![CDATA[a[b[0]]= 1]]></b>"},
		{"<b><![CDATA[if a[b[0]] > 1 {}]] ></b>", "<b><![CDATA[if a[b[0]] > 1 {}]]></b>"},
		{"<b><![CDATA[if a[b[0]]  > 1]] ></b>", "<b><![CDATA[if a[b[0]] > 1]]></b>"},
		{"<b><![CDATA[x]]]] ><![CDATA[>y]] ></b>", "<b><![CDATA[x]]]]><![CDATA[>y]]></b>"},
		{"<b><![CDATA[never closed ]] x", "<b><![CDATA[never closed ]]x"},
		{"<b><![CDATA[]] ></b>", "<b><![CDATA[]]></b>"},
	} {
		if got := repairCDATA(c[0]); got != c[1] {
			t.Errorf("%q: got %q, want %q", c[0], got, c[1])
		}
	}
}

// wellFormed parses a body in storage format as XML.
func wellFormed(raw string) error {
	d := xml.NewDecoder(strings.NewReader("<x>" + raw + "</x>"))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// TestSharedBodiesAreWellFormed parses every storage body of the shared exports after the repair.
func TestSharedBodiesAreWellFormed(t *testing.T) {
	n := 0
	for _, row := range expectations(t) {
		if row["verdict"] != "migrate" {
			continue
		}
		r := openPath(t, shared(t, "data", filepath.FromSlash(row["export"])), Options{})
		for _, c := range everything(t, r) {
			if c.Body.Format != confluence.Storage {
				continue
			}
			n++
			if err := wellFormed(c.Body.Raw); err != nil {
				t.Errorf("%s: %s %s: %v", row["export"], c.Kind, c.ID, err)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d bodies", n)
	}
}
