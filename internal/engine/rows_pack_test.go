package engine

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

func sampleSlots() []body.Slot {
	return []body.Slot{
		{Kind: body.SlotPage, Written: `<ri:page ri:content-title="Übersicht"/>`, Title: "Übersicht", Anchor: "top", Start: 40, End: 81},
		{Kind: body.SlotUser, Written: "u", User: "7f00", UserAttr: "userkey", Start: 3, End: 2},
		{Kind: body.SlotShortLink, Written: "/x/AB", ID: "98432", Base: "/wiki", Query: "a=b"},
		{Kind: "not known yet", Written: "w", SpaceKey: "DOC", Day: "2024/01/02", File: "a.png", Start: 1 << 20, End: 1<<20 + 5},
		{},
	}
}

// What is kept of a body's references is read as it was written, in the form of earlier versions too.
func TestSlotsAreReadAsWritten(t *testing.T) {
	want := sampleSlots()
	earlier, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	written := encodeSlots(want)
	for _, b := range [][]byte{written, earlier} {
		got, err := decodeSlots(b)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("read %+v, %v", got, err)
		}
	}
	if 2*len(written) > len(earlier) {
		t.Errorf("%d bytes, JSON has %d", len(written), len(earlier))
	}
	for cut := 1; cut < len(written); cut++ {
		if got, err := decodeSlots(written[:cut]); err == nil {
			t.Errorf("cut off after %d bytes: %+v", cut, got)
		}
	}
	if b := encodeSlots(nil); b != nil {
		t.Errorf("no references are %v", b)
	}
}

// The digest of a body is one of its fingerprint as JSON: what is written by hand must be the same.
func TestFingerprintIsItsJSON(t *testing.T) {
	for _, f := range []fingerprint{
		{}, {Canon: 3, Skeleton: confluence.Sum([]byte("x"))}, {Canon: -1},
		{Canon: 2, Skeleton: confluence.Sum([]byte("y")), Refs: [][2]string{{`<a "quoted">`, "page:5"}, {"b", ""}}},
	} {
		want, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if string(f.encode()) != string(want) {
			t.Errorf("%s, want %s", f.encode(), want)
		}
		if got, ok := decodeFingerprint(want); !ok || !reflect.DeepEqual(got, f) {
			t.Errorf("%s is read as %+v, %v", want, got, ok)
		}
	}
	for _, bad := range []string{`{"c":1,"k":"zz"}`, `{"c":1,"k":"`, `{"c":x,"k":""}`, `[]`} {
		if f, ok := decodeFingerprint([]byte(bad)); ok {
			t.Errorf("%s is read as %+v", bad, f)
		}
	}
}

func sampleObserved(i int) store.Observed {
	id := confluence.ID(fmt.Sprint(100 + i))
	o := store.Observed{Pair: 7, Side: confluence.B, ID: id, Twin: confluence.TwinID(fmt.Sprintf("twin%d", i)), Pass: 12, FileSum: "ab",
		RawBlob: confluence.Sum([]byte{1, byte(i)})}
	o.Form = store.ObservedForm{Skeleton: confluence.Sum([]byte{2, byte(i)}), Presentation: confluence.Sum([]byte{3}), Format: "storage",
		Late: []confluence.TwinID{"twin1", "other"}, Refs: encodeSlots(sampleSlots())}
	o.Content = confluence.Content{ID: id, Kind: confluence.Page, Status: confluence.Current, SpaceID: "5", SpaceKey: "DOC", Title: fmt.Sprint("Page ", i),
		ParentID: "99", Position: 4, Positioned: true, Created: time.Unix(1700000000, 5000000).UTC(), Creator: "ann",
		Version: confluence.Version{Number: 3, At: time.Unix(1700000100, 0).UTC(), By: "bob", Message: "[tandem 01]", App: true},
		Labels:  []confluence.Label{{Prefix: "global", Name: "x"}}, Body: confluence.Body{Format: confluence.Storage},
		Facets: confluence.AllFacets, SourceTitle: "was"}
	o.Content.Restrictions = confluence.Restrictions{Read: []confluence.Principal{confluence.UserPrincipal("ann")}}
	return o
}

func sampleAgreed(i int) store.AgreedRow {
	a := store.AgreedRow{Agreed: reconcile.Agreed{Twin: confluence.TwinID(fmt.Sprintf("twin%d", i)), Kind: confluence.Page, Parent: "twin1",
		ID: [2]confluence.ID{"100", "x-1"}, Version: [2]int{1, 2}, Title: [2]string{"T", "T (2)"}, Facets: reconcile.Body | reconcile.Title}}
	refs := [][2]string{{"one", "page:1"}, {"two", ""}}
	there := [][2]string{{"one", "page:9"}, {"two", "page:8"}}
	if i%2 == 1 {
		there = there[:1] // written otherwise
	}
	a.Refs[0] = fingerprint{Canon: 2, Skeleton: confluence.Sum([]byte("s")), Refs: refs}.encode()
	a.Refs[1] = fingerprint{Canon: 2, Skeleton: confluence.Sum([]byte("t")), Refs: there}.encode()
	if i%3 == 2 {
		a.Refs = [2][]byte{[]byte("not one of ours"), fingerprint{Canon: 1}.encode()}
	}
	for side := range confluence.Sides {
		a.Digest[side][reconcile.Title.Index()] = textDigest("title", a.Title[side])
		a.Digest[side][reconcile.Parent.Index()] = textDigest("parent", string(a.Parent))
		a.Digest[side][reconcile.Body.Index()] = confluence.Sum(a.Refs[side])
		a.Raw[side], a.Sent[side] = confluence.Sum([]byte{9, byte(side)}), confluence.Sum([]byte{8, byte(side)})
	}
	a.Ancestor = a.Raw[0]
	a.Labels[1], a.Owed[1], a.Held = []string{"global:x"}, reconcile.Body, reconcile.Labels
	return a
}

// Rows come back as they were put, whatever they share with others, also when they have been moved and put again.
func TestRowsComeBackWhole(t *testing.T) {
	r := newRoster()
	seen, agreed := newShown(r), newAgreed(r)
	for range 2 {
		for i := range 20 {
			o, a := sampleObserved(i), sampleAgreed(i)
			seen.put(o.Twin, &o)
			agreed.put(a.Twin, &a)
		}
		seen.compact()
		agreed.compact()
	}
	for i := range 20 {
		o, a := sampleObserved(i), sampleAgreed(i)
		if got := seen.get(o.Twin); !reflect.DeepEqual(*got, o) {
			t.Fatalf("row %d is\n%+v, want\n%+v", i, *got, o)
		}
		if got := agreed.get(a.Twin); !reflect.DeepEqual(*got, a) {
			t.Fatalf("row %d is\n%+v, want\n%+v", i, *got, a)
		}
	}
	if n := int(r.digests.count); n > 60 {
		t.Errorf("%d digests are kept of rows that share most of theirs", n)
	}
}

// A space of a hundred thousand pages has to fit: what a view holds of a page, found by its id and its title on both
// sides, is bounded.
func TestAPageInAViewIsSmall(t *testing.T) {
	const pages, bound = 5000, 650
	r := newRoster()
	agreed, side := newAgreed(r), [2]*rows[store.Observed]{newShown(r), newShown(r)}
	index, twins := [2]*index{newIndex(r), newIndex(r)}, [2]*twinsByID{newTwinsByID(r), newTwinsByID(r)}
	for i := range pages {
		a := migrated(i)
		agreed.put(a.Twin, &a)
		for _, s := range confluence.Sides {
			o := store.Observed{Pair: 1, Side: s, ID: a.ID[s], Twin: a.Twin, Pass: 2, RawBlob: a.Raw[s]}
			o.Form.Skeleton, o.Form.Presentation, o.Form.Format = confluence.Sum(fmt.Append(nil, "skeleton", i)), confluence.Sum(nil), "storage"
			o.Content = confluence.Content{ID: a.ID[s], Kind: confluence.Page, Status: confluence.Current, Title: a.Title[s], ParentID: "100000",
				Created: time.Unix(1700000000+int64(i), 0).UTC(), Creator: "ann", Version: confluence.Version{Number: 1, By: "ann", At: time.Unix(1700000000+int64(i), 0).UTC()}}
			side[s].put(a.Twin, &o)
			index[s].add(where{twin: a.Twin, id: a.ID[s], kind: confluence.Page, key: "DOC"}, a.Title[s], "")
			twins[s].put(a.ID[s], a.Twin)
		}
	}
	size := 0
	for _, x := range [2]*rows[store.Observed]{side[0], side[1]} {
		size += bytesOf(&x.arena) + 4*cap(x.places)
	}
	size += bytesOf(&agreed.arena) + 4*cap(agreed.places)
	size += bytesOf(&r.texts) + 4*cap(r.titles) + 32*cap(r.names) + 4*len(r.at.slots) + len(confluence.Digest{})*int(r.digests.count) + 4*len(r.digests.at.slots)
	for _, s := range confluence.Sides {
		size += 16*cap(index[s].list) + 20*cap(index[s].titles) + 4*len(index[s].byKey.slots) + 4*len(index[s].byNum.slots)
		size += 12*cap(twins[s].nums) + 4*len(twins[s].at.slots)
	}
	if size/pages > bound {
		t.Errorf("%d bytes a page", size/pages)
	}
	t.Logf("%d bytes a page", size/pages)
}

func bytesOf(a *arena) (n int) {
	for _, p := range a.pieces {
		n += cap(p)
	}
	return n
}

// migrated is a page as a migration leaves it in the baseline.
func migrated(i int) store.AgreedRow {
	a := store.AgreedRow{Agreed: reconcile.Agreed{Kind: confluence.Page, Version: [2]int{1, 1}, Facets: reconcile.Title | reconcile.Body}}
	a.ID = [2]confluence.ID{numbered(uint64(200000 + i)), numbered(uint64(900000000 + i))}
	a.Twin = mintTwin(store.Pair{}, confluence.A, a.ID[0])
	for s := range confluence.Sides {
		a.Title[s] = fmt.Sprintf("A page of some length, number %d", i)
		a.Refs[s] = fingerprint{Canon: 1, Skeleton: confluence.Sum(fmt.Append(nil, "skeleton", i))}.encode()
		a.Digest[s][reconcile.Title.Index()] = textDigest("title", a.Title[s])
		a.Digest[s][reconcile.Parent.Index()] = textDigest("parent", string(a.Parent))
		a.Digest[s][reconcile.Body.Index()] = confluence.Sum(a.Refs[s])
		a.Digest[s][reconcile.Order.Index()] = confluence.Sum(fmt.Append(nil, "place", i))
		a.Raw[s] = confluence.Sum(fmt.Append(nil, "raw", i))
	}
	a.Ancestor, a.Sent[1] = a.Raw[0], confluence.Sum(fmt.Append(nil, "sent", i))
	return a
}
