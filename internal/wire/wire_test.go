package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

func TestRequest(t *testing.T) {
	first := Get("/content/{id}/child/{name}", "it could not be read", "1 2", "a+b/c").With("limit", "5", "empty", "")
	second := first.With("limit", "6")
	for _, at := range []struct {
		call  Call
		query string
	}{{first, "limit=5"}, {second, "limit=5&limit=6"}} {
		r := at.call.Request("/wiki")
		if r.Method != http.MethodGet || r.Route != "/wiki/content/{id}/child/{name}" || r.Path != "/content/1%202/child/a%2Bb%2Fc" {
			t.Errorf("%s %s as %s", r.Method, r.Route, r.Path)
		}
		if got := r.Query.Encode(); got != at.query {
			t.Errorf("the query is %s, want %s", got, at.query)
		}
	}
	if first.Writes() || !Write(http.MethodPut, "/x", "", nil).Writes() {
		t.Error("a GET writes, or a PUT does not")
	}
	if again := Write(http.MethodPut, "/x", "", nil); again.Repeat || !again.Repeatable().Repeat {
		t.Error("a write is repeatable without a word")
	}
}

func TestShapes(t *testing.T) {
	day := time.Date(2024, 3, 1, 8, 20, 30, 456e6, time.UTC)
	for text, want := range map[string]time.Time{
		`"2024-03-01T10:20:30.456+02:00"`: day, `"2024-03-01T10:20:30.456+0200"`: day, `"2024-03-01T08:20:30.456"`: day, `1709281230456`: day,
		`"2024-03-01"`: day.Truncate(24 * time.Hour), `"soon"`: {}, `null`: {}, `{}`: {}, `-1`: {},
	} {
		var s Stamp
		if err := json.Unmarshal([]byte(text), &s); err != nil || !s.Time().Equal(want) {
			t.Errorf("%s is %v, %v", text, s.Time(), err)
		}
	}
	for text, want := range map[string]ID{`"17"`: "17", `17`: "17", `12345678901234567890`: "12345678901234567890", `null`: ""} {
		i := ID("before")
		if err := json.Unmarshal([]byte(text), &i); err != nil || i != want {
			t.Errorf("%s is %q, %v", text, i, err)
		}
	}
	var i ID
	if json.Unmarshal([]byte(`{"id":1}`), &i) == nil {
		t.Error("an object is taken for an id")
	}
	for text, want := range map[string]Phrase{
		`"as it is"`: "as it is", `{"translation":" told ","key":"k"}`: "told", `{"key":"k"}`: "k", `7`: "", `[]`: "",
	} {
		var p Phrase
		if err := json.Unmarshal([]byte(text), &p); err != nil || p != want {
			t.Errorf("%s is %q, %v", text, p, err)
		}
	}
	if got := Lines("one\n  two", "", "one two", "three\x00"); got != "one two; three" {
		t.Errorf("the lines are %q", got)
	}
	if got := []rune(Line(strings.Repeat("é", 500))); len(got) != 401 || got[400] != '…' {
		t.Errorf("a long line has %d characters", len(got))
	}
}

// A code says what can be done about it, so what may have been done at the site must not look as if it was refused.
func TestCodes(t *testing.T) {
	read, change := Get("/x", ""), Write(http.MethodPost, "/x", "", nil)
	for _, c := range []struct {
		e    rest.Error
		k    Call
		want confluence.Code
	}{
		{rest.Error{Kind: rest.Lost, Outcome: rest.MayBeDone}, change, confluence.CodeUnknownOutcome},
		{rest.Error{Kind: rest.Lost}, read, confluence.CodeUnreachable},
		{rest.Error{Kind: rest.Status, Status: 401}, read, confluence.CodeCredential},
		{rest.Error{Kind: rest.Status, Status: 403}, read, confluence.CodeForbidden},
		{rest.Error{Kind: rest.Status, Status: 404}, read, confluence.CodeNotThere},
		{rest.Error{Kind: rest.Status, Status: 409}, change, confluence.CodeVersionMoved},
		{rest.Error{Kind: rest.Status, Status: 410}, read, confluence.CodeNotCapable},
		{rest.Error{Kind: rest.Status, Status: 413}, change, confluence.CodeTooLarge},
		{rest.Error{Kind: rest.Status, Status: 413}, read, confluence.CodeRefused},
		{rest.Error{Kind: rest.Status, Status: 408}, change, confluence.CodeSiteFails},
		{rest.Error{Kind: rest.Status, Status: 503}, read, confluence.CodeSiteFails},
		{rest.Error{Kind: rest.Limited}, read, confluence.CodeLimited},
		{rest.Error{Kind: rest.Unusable}, read, confluence.CodeUnusableAnswer},
	} {
		if got := CodeOf(&c.e, c.k); got != c.want {
			t.Errorf("%v %d of a %s is %s, want %s", c.e.Kind, c.e.Status, c.k.Method, got, c.want)
		}
	}
	doubt := Unconfirmed(change.At(confluence.Where{Content: "7"}), &rest.Error{Outcome: rest.MayBeDone}, confluence.Errorf(confluence.CodeCredential, "refused"))
	if e := confluence.AsError(doubt); e.Code != confluence.CodeCredential || e.Where.Content != "7" || !confluence.Unknown(doubt) {
		t.Errorf("an unconfirmed call is %v", doubt)
	}
}

// Whoever comes while somebody asks is not served with an answer to a question that is older than their own trouble; those
// who came together ask once.
func TestProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, asked := NewProof(), 0
		refused := errors.New("refused")
		ask := func(context.Context) error {
			asked++
			time.Sleep(time.Second)
			if asked > 1 {
				return refused
			}
			return nil
		}
		var wg sync.WaitGroup
		var said [6]error
		go func() { _ = p.Confirm(t.Context(), ask) }()
		synctest.Wait()
		for i := range said {
			wg.Go(func() { said[i] = p.Confirm(t.Context(), ask) })
		}
		wg.Wait()
		if asked != 2 {
			t.Errorf("asked %d times, want once for the first and once for those who came then", asked)
		}
		for i, err := range said {
			if !errors.Is(err, refused) {
				t.Errorf("%d was told %v, the answer to an older question", i, err)
			}
		}
		// What was given up says nothing to the others.
		given, cancel := context.WithCancel(t.Context())
		cancel()
		_ = p.Confirm(given, func(ctx context.Context) error { return ctx.Err() })
		if err := p.Confirm(t.Context(), func(context.Context) error { return nil }); err != nil {
			t.Errorf("after one that was given up: %v", err)
		}
	})
}

func FuzzShapes(f *testing.F) {
	for _, s := range []string{`"17"`, `17`, `null`, `{"translation":"a"}`, `"2024-03-01"`, `[{}]`, `1e9`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in struct {
			I ID
			S Stamp
			P Phrase
		}
		if json.Valid(b) && json.Unmarshal([]byte(`{"S":`+string(b)+`,"P":`+string(b)+`}`), &in) != nil {
			t.Errorf("%s is refused as a time or a message", b)
		}
		_ = json.Unmarshal([]byte(`{"I":`+string(b)+`}`), &in)
		if line := Line(string(b)); strings.ContainsAny(line, "\n\r\t\x00") || len([]rune(line)) > 401 {
			t.Errorf("%q is no line", line)
		}
	})
}
