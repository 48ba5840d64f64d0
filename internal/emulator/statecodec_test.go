package emulator

import (
	"bytes"
	"testing"
	"time"
)

type codecSample struct {
	name  string
	next  *codecSample
	list  []*codecSample
	byKey map[string]*codecSample
	at    time.Time
	zone  *time.Location
	span  span
	value any
	small int32
	bytes []byte
	key   titleKey
	on    bool
	do    func()
	empty []int
}

func TestStateKeepsWhatItIsGiven(t *testing.T) {
	a := &codecSample{name: "a", at: time.Unix(5, 6).UTC(), zone: time.FixedZone("UTC+2", 7200), span: 1 << 63, small: -7, on: true, empty: []int{}}
	b := &codecSample{name: "b", next: a, value: map[string]any{"x": []any{1.5, nil, "y"}}, bytes: []byte{0, 255}, key: titleKey{1, 2}, do: func() {}}
	a.next, a.list, a.byKey = b, []*codecSample{a, b, nil}, map[string]*codecSample{"self": a, "none": nil}
	var data bytes.Buffer
	if err := writeState(&data, a); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(data.Bytes())
	var got codecSample
	if err := readState(&data, &got); err != nil {
		t.Fatal(err)
	}
	again := got.list[0]
	switch {
	case got.name != "a" || got.next.name != "b" || got.small != -7 || !got.on || got.span != 1<<63 || !got.at.Equal(a.at):
		t.Errorf("got %+v", got)
	case again.next != got.next || again.list[1] != got.next || got.list[2] != nil || again.byKey["self"] != again:
		t.Error("what was shared is not")
	case got.zone.String() != "UTC+2" || got.empty == nil || got.bytes != nil || got.next.do != nil || got.next.key != b.key:
		t.Errorf("got %+v", got)
	case got.next.value.(map[string]any)["x"].([]any)[2] != "y" || !bytes.Equal(got.next.bytes, b.bytes):
		t.Errorf("got %+v", got.next)
	}
	for cut := range whole { // whatever lacks is an error and no panic
		var part codecSample
		if readState(bytes.NewReader(whole[:cut]), &part) == nil {
			t.Fatalf("%d of %d bytes were enough", cut, len(whole))
		}
	}
	var other struct{ name string }
	if err := readState(bytes.NewReader(whole), &other); err == nil {
		t.Error("a record of other types was read")
	}
}
