package bench

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		bound Bound
		text  string
		value float64
		holds bool
	}{
		{CallsPerPage, "<= 1.1", 1.1, true},
		{CallsPerPage, "<= 1.1", 1.1001, false},
		{WallOverLimit, "<= 1.25", 1.2501, false},
		{Resident, "<= 268435456", 268435456, true},
		{Resident, "<= 268435456", 268435457, false},
		{IndexOverRawToken, ">= 1.5", 1.4999, false},
		{IndexOverRawToken, ">= 1.5", 1.5, true},
		{BodyOverRawToken, ">= 3", 2.99, false},
		{BodyOverRawToken, ">= 3", math.NaN(), false},
		{WallOverLimit, "<= 1.25", math.Inf(-1), false},
		{Bound{}, "", 1e9, true},
	} {
		if got := c.bound.String(); got != c.text {
			t.Errorf("bound %q, want %q", got, c.text)
		}
		if got := c.bound.Holds(c.value); got != c.holds {
			t.Errorf("%v %s: holds %v", c.value, c.text, got)
		}
	}
}

// TestFigureJSON pins the format that scripts read.
func TestFigureJSON(t *testing.T) {
	f := figure("wire", "calls_per_page_1000", 1.06004, unitCalls, CallsPerPage, "1,000 pages", "raw line")
	got, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"suite":"wire","name":"calls_per_page_1000","value":1.06,"unit":"calls","bound":"<= 1.1","against":"1,000 pages","holds":true}`
	if d := cmp.Diff(want, strings.ReplaceAll(string(got), `\u003c`, "<")); d != "" {
		t.Error(d)
	}
}

// TestWhatIsPrintedDecides: a value that is printed as the bound holds it, and one that is printed as more does not.
func TestWhatIsPrintedDecides(t *testing.T) {
	if f := figure("s", "n", 1.100049, unitRatio, CallsPerPage, ""); !f.Holds || f.Value != 1.1 {
		t.Errorf("%+v", f)
	}
	if f := figure("s", "n", 1.10006, unitRatio, CallsPerPage, ""); f.Holds || f.Value != 1.1001 {
		t.Errorf("%+v", f)
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  []string
		fails string
	}{
		{[]string{"all"}, Suites, ""},
		{[]string{"export", "body", "export"}, []string{"export", "body"}, ""},
		{[]string{"body", "all"}, []string{"body", "wire", "export", "emulator", "scale", "idle", "change", "reconcile"}, ""},
		{[]string{"merge"}, nil, "not built yet"},
		{[]string{"speed"}, nil, "no suite"},
	} {
		got, err := Choose(c.names)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%v: %s", c.names, d)
		}
		if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%v: %v, want %q", c.names, err, c.fails)
		}
	}
}

func TestWorse(t *testing.T) {
	was := []Figure{
		{Suite: "wire", Name: "calls", Value: 1, Unit: unitCalls, Bound: "<= 1.1"},
		{Suite: "body", Name: "speed", Value: 4, Unit: unitRatio, Bound: ">= 3"},
		{Suite: "body", Name: "pace", Value: 100, Unit: "MB/s"},
		{Suite: "gone", Name: "gone", Value: 1, Unit: unitCalls},
	}
	now := func(calls, speed, pace float64) []Figure {
		return []Figure{
			{Suite: "wire", Name: "calls", Value: calls, Unit: unitCalls, Bound: "<= 1.1"},
			{Suite: "body", Name: "speed", Value: speed, Unit: unitRatio, Bound: ">= 3"},
			{Suite: "body", Name: "pace", Value: pace, Unit: "MB/s"},
			{Suite: "new", Name: "new", Value: 9, Unit: unitCalls},
		}
	}
	for _, c := range []struct {
		now  []Figure
		want int
	}{
		{now(1.09, 3.7, 91), 0},
		{now(0.5, 9, 900), 0},
		{now(1.2, 4, 100), 1},
		{now(1, 3.5, 100), 1},
		{now(1.2, 3.5, 80), 3},
	} {
		if got := Worse(c.now, was, 0.1); len(got) != c.want {
			t.Errorf("%v: %q, want %d", c.now, got, c.want)
		}
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for name, edit := range map[string]func(*Options){
		"no pages":          func(o *Options) { o.Pages = nil },
		"a page":            func(o *Options) { o.Pages = []int{1000, 1} },
		"no connection":     func(o *Options) { o.Connections = 0 },
		"no repetition":     func(o *Options) { o.Repeat = 0 },
		"negative latency":  func(o *Options) { o.Latency = -1 },
		"an export of none": func(o *Options) { o.Size = 0 },
	} {
		o := New()
		edit(&o)
		if o.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%s: measured", name)
		}
	}
	for _, o := range []Options{New(), New().Quick()} {
		if err := o.Check(); err != nil {
			t.Error(err)
		}
	}
}
