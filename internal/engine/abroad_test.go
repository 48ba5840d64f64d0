package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// A view holds of the other spaces those that its own bodies refer to, by title or by id, and no others, and every
// reference leads where it leads with all of them loaded.
func TestOtherSpacesAreLoadedWhereNamed(t *testing.T) {
	t.Parallel()
	w := newSync(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, key := range []string{"L", "M", "N"} {
		w.space(0, key, key)
		w.act(0, fmt.Sprintf(`{"create":{"title":"Page of %[1]s","space":%[1]q,"text":"<p>text</p>"}}`, key))
	}
	id := ""
	for _, p := range w.dump(0) {
		if p["title"] == "Page of M" {
			id = fmt.Sprint(p["id"])
		}
	}
	for title, text := range map[string]string{
		"By title": `<p><ac:link><ri:page ri:space-key=\"L\" ri:content-title=\"Page of L\" /></ac:link></p>`,
		"By id":    `<p><a href=\"https://dc.example.test` + w.sites[0].Context() + `/pages/viewpage.action?pageId=` + id + `\">there</a></p>`,
		"Nowhere":  `<p><a href=\"https://dc.example.test` + w.sites[0].Context() + `/pages/viewpage.action?pageId=99999999\">gone</a></p>`,
		"At home":  `<p><ac:link><ri:page ri:content-title=\"By id\" /></ac:link></p>`,
	} {
		w.act(0, fmt.Sprintf(`{"create":{"title":%q,"under":%q,"text":"%s"}}`, title, w.home("Keep Home"), text))
	}
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site = "m", "dc", "cloud"
	for _, key := range []string{"K", "L", "M", "N"} {
		p.Spaces = append(p.Spaces, migration.NewScope(key, ""))
	}
	if _, err := w.engine.CreatePlan(ctx, p); err != nil {
		t.Fatal(err)
	}
	run, err := w.engine.Start(ctx, "m")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := w.engine.Wait(ctx, run); err != nil || r.Status != migration.PlanFinished {
		t.Fatalf("the migration: %+v, %v", r, err)
	}
	pairs, err := w.store.Pairs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(pairs, func(p store.Pair) bool { return p.Keys[0] == "K" })
	hand, err := w.engine.Hand(ctx, pairs[i])
	if err != nil {
		t.Fatal(err)
	}
	all, want, err := hand.Beside(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	near, got, err := hand.Beside(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	slices.Sort(near)
	if !slices.Equal(all, []string{"K", "L", "M", "N"}) || !slices.Equal(near, []string{"K", "L", "M"}) {
		t.Errorf("spaces in view: %v, and with all of them %v", near, all)
	}
	if len(want) < 6 || !slices.Equal(got, want) {
		t.Errorf("references lead to\n%v\nand with all spaces to\n%v", got, want)
	}
}
