package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestLastLook lets somebody work on a page that was deleted on the other side, after the sweep has listed it and before it
// is removed: a file that comes or gets another version, a comment that comes or is edited, keep the page.
func TestLastLook(t *testing.T) {
	for i := range 2 {
		for what, action := range map[string]string{
			"a new file":        `{"attach":{"page":"D","name":"new.txt","bytes":"new"}}`,
			"a replaced file":   `{"attach":{"page":"D","name":"old.txt","bytes":"another"}}`,
			"a new comment":     `{"comment":{"page":"D","text":"<p>new</p>"}}`,
			"an edited comment": `{"editComment":{"page":"D","comment":"old","text":"<p>edited</p>"}}`,
		} {
			t.Run(siteNames[i]+" "+what, func(t *testing.T) {
				t.Parallel()
				w := newSync(t)
				w.fill()
				w.act(0, `{"create":{"title":"D","under":"B","text":"<p>D p1</p>"}}`)
				w.act(0, `{"attach":{"page":"D","name":"old.txt","bytes":"old"}}`)
				w.act(0, `{"comment":{"page":"D","text":"<p>old</p>"}}`)
				w.pages++
				w.adopt()
				w.clock.Advance(time.Minute)
				acted := false
				page := fmt.Sprint(w.page(i, "D")["id"])
				var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					asks := strings.HasSuffix(r.URL.Path, "/"+page+"/footer-comments") || strings.HasSuffix(r.URL.Path, "/"+page+"/child/comment")
					if asks && !acted {
						acted = true
						w.act(i, strings.Replace(action, `"old","text"`, fmt.Sprintf("%q,%q", w.comment(i, page), "text"), 1))
					}
					w.sites[i].Handler().ServeHTTP(rw, r)
				})
				w.front[i].Store(&h)
				w.act(1-i, `{"trash":"D"}`)
				w.sweep()
				if !acted {
					t.Fatal("nobody looked")
				}
				for side := range 2 {
					if p := w.page(side, "D"); p == nil || p["status"] != "current" {
						t.Errorf("on %s it is %v: %s", siteNames[side], p, w.story())
					}
				}
			})
		}
	}
}

// comment is the id of the comment on a page.
func (w *syncWorld) comment(i int, page string) string {
	for _, c := range w.dump(i) {
		if c["kind"] == "comment" && (c["parent"] == page || c["container"] == page) {
			return fmt.Sprint(c["id"])
		}
	}
	return ""
}
