package migration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const peopleHeader = "source_key,source_name,source_email,match,account_id,used\n"

func TestPeople(t *testing.T) {
	p, err := ParsePeople([]byte("\xef\xbb\xbf"+peopleHeader+
		"k1,alice,alice@example.com,email,acc-1,3\r\n"+
		"k2,\"Brown, Bob\",,none,acc-2,many\n"+
		"k3,carol,,placeholder,,1\n"+
		"k4,Dup,,name,acc-4,\n"+
		"k5,dup,,name,acc-5,\n"+
		"group:editors,,,manual,group:writers,\n"+
		"group:nobody,,,none,,\n"), "map.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		source, account confluence.UserID
		ok              bool
	}{
		{"k1", "acc-1", true}, {"alice", "acc-1", true}, {"Alice", "acc-1", true}, {"k2", "acc-2", true}, {"brown, bob", "acc-2", true},
		{"k3", "", false}, {"carol", "", false}, {"dup", "", false}, {"k5", "acc-5", true}, {"nobody", "", false}, {"group:editors", "", false},
	} {
		if got, ok := p.Account(tt.source); got != tt.account || ok != tt.ok {
			t.Errorf("account of %s: %q, %v; want %q, %v", tt.source, got, ok, tt.account, tt.ok)
		}
	}
	for _, tt := range []struct {
		source, group string
		ok            bool
	}{{"editors", "writers", true}, {"staff", "staff", true}, {"nobody", "", false}} {
		if got, ok := p.Group(tt.source); got != tt.group || ok != tt.ok {
			t.Errorf("group of %s: %q, %v; want %q, %v", tt.source, got, ok, tt.group, tt.ok)
		}
	}
	if p.Rows[1].Match != "manual" {
		t.Errorf("none with an account is read as %q", p.Rows[1].Match)
	}
	again, err := ParsePeople(p.CSV(), "map.csv")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Rows, again.Rows); diff != "" {
		t.Errorf("rows after a round trip:\n%s", diff)
	}
	var zero People
	if _, ok := zero.Account("k1"); ok {
		t.Error("nobody's file maps somebody")
	}
	if g, ok := zero.Group("staff"); !ok || g != "staff" {
		t.Error("without a file a group does not map to its own name")
	}
}

func TestPeopleErrors(t *testing.T) {
	_, err := ParsePeople([]byte(peopleHeader+
		"k1,,,email,acc-1,1\n"+
		"k1,,,email,acc-2,1\n"+ // 3
		",,,email,acc-3,1\n"+ // 4
		"k4,,,guess,acc-4,1\n"+ // 5
		"k5,,,email,,1\n"+ // 6
		"k6,,,placeholder,acc-6,1\n"+ // 7
		"k7,,,email\n"+ // 8
		"group:g,,,manual,acc-8,1\n"+ // 9
		"k9,,,manual,group:g,1\n"+ // 10
		"k10,\"a\"b,,email,acc-10,1\n"), "map.csv") // 11
	e := confluence.AsError(err)
	if e == nil || e.Code != confluence.CodeBadFile || e.Where != (confluence.Where{File: "map.csv", Line: 3}) {
		t.Fatalf("error %v at %+v", err, e.Where)
	}
	for _, line := range []string{"line 3:", "line 4:", "line 5:", "line 6:", "line 7:", "line 8:", "line 9:", "line 10:", "line 11:"} {
		if !strings.Contains(e.Cause, line) {
			t.Errorf("%s is not in %q", line, e.Cause)
		}
	}
	if strings.Contains(e.Cause, "line 2:") || !strings.Contains(e.What, "9 rows") {
		t.Errorf("error %v", e)
	}
	for name, file := range map[string]string{
		"empty": "", "unknown column": strings.Replace(peopleHeader, "used", "seen", 1), "column missing": "source_key,source_name\n",
	} {
		if _, err := ParsePeople([]byte(file), "map.csv"); confluence.AsError(err).Code != confluence.CodeBadFile {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParsePeople(f *testing.F) {
	f.Add([]byte(peopleHeader + "k1,alice,,email,acc-1,3\n"))
	f.Add([]byte(peopleHeader + "\"k1,alice\n"))
	f.Add([]byte("\xef\xbb\xbf"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePeople(data, "f")
		if err != nil {
			if confluence.AsError(err).Code != confluence.CodeBadFile {
				t.Error(err)
			}
			return
		}
		again, err := ParsePeople(p.CSV(), "f")
		if err != nil {
			t.Fatalf("the file written is refused: %v", err)
		}
		if diff := cmp.Diff(p.Rows, again.Rows); diff != "" {
			t.Errorf("rows after a round trip:\n%s", diff)
		}
	})
}
