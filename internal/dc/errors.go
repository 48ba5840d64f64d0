package dc

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// pause before asking again what something in front of the site has refused.
const pause = 5 * time.Second

// do sends a call and returns a *confluence.Error of what goes wrong. A 401, 403 or 404 is believed only after the
// account has been confirmed.
func (c *Connector) do(ctx context.Context, k call, out any) (rest.Answer, error) {
	doubt := false
	for try := 0; ; try++ {
		ans, err := c.rest.Do(ctx, request(k), out)
		if err == nil {
			return ans, nil
		}
		e := rest.As(err)
		if doubt = doubt || e.Outcome == rest.MayBeDone; doubt {
			// An earlier try may have been carried out, whatever the last one says.
			e.Outcome = rest.MayBeDone
		}
		if e.Kind != rest.Status || !wire.Hidden(e.Status) {
			return ans, c.fail(ctx, k, e)
		}
		if locked(e) {
			return ans, c.fail(ctx, k, e)
		}
		if bad := c.confirm(ctx); bad != nil {
			return ans, wire.Unconfirmed(k, e, bad)
		}
		// A page of HTML is not the site's own refusal, but that of a proxy or of a node that starts, and so may be a 404
		// that names nothing.
		if !e.HTML && !wire.Bare(e, said(e.Body)) || try > 0 || c.clock.Wait(ctx, pause) != nil {
			return ans, c.fail(ctx, k, e)
		}
	}
}

// locked reports whether the account must answer a CAPTCHA before it is let in again (AU-12). Asking on makes it worse.
func locked(e *rest.Error) bool {
	return strings.Contains(strings.ToUpper(e.Header.Get("X-Authentication-Denied-Reason")), "CAPTCHA")
}

// toLogin reports whether the answer led to the login page.
func toLogin(e *rest.Error) bool {
	return e.Status >= 300 && e.Status < 400 && strings.Contains(strings.ToLower(e.Header.Get("Location")), "login")
}

// fail translates an error of package rest.
func (c *Connector) fail(ctx context.Context, k call, e *rest.Error) *confluence.Error {
	out := confluence.Errorf(codeOf(e, k), "%s", k.What).At(k.Where)
	out.Status, out.RetryAfter, out.Err = e.Status, e.RetryAfter, e
	if e.Outcome == rest.MayBeDone {
		out.Outcome = confluence.OutcomeUnknown
	}
	switch {
	case locked(e):
		out.Cause = "the account must answer a CAPTCHA after too many wrong passwords"
		out.Remedy = "log in once in a browser with tandem's account, then go on"
	case toLogin(e):
		out.Cause = "the site asks to log in"
	case e.HTML:
		out.Cause = "the site answered with an HTML page"
	case said(e.Body) != "" && e.Kind != rest.Unusable:
		out.Cause = said(e.Body)
	case e.What != "":
		out.Cause = e.What
	case e.Err != nil:
		out.Cause = e.Err.Error()
	}
	if e.Kind == rest.Status && e.Status == http.StatusMethodNotAllowed && k.Writes() {
		c.closed(ctx, out, e)
	}
	return out
}

// closed tells a 405 of read-only mode (AU-17) from that of a method that the site does not have.
func (c *Connector) closed(ctx context.Context, out *confluence.Error, e *rest.Error) {
	if mode, err := c.accessMode(ctx); err != nil || mode != readOnly {
		return
	}
	out.Code, out.Cause = confluence.CodeReadOnlySite, "the site is in read-only mode"
	if s := said(e.Body); s != "" {
		out.Cause += ": " + s
	}
	out.Remedy = "wait until the site's administrators end the read-only mode, then go on"
}

func codeOf(e *rest.Error, k call) confluence.Code {
	if toLogin(e) && e.Kind == rest.Unusable || locked(e) && e.Kind == rest.Status {
		return confluence.CodeCredential
	}
	return wire.CodeOf(e, k)
}

// said returns what the site wrote into an error, in one line: message, and data.errors with a text, a translation or at
// least a key; else the reason, which is all that old versions have (dc-api.md sections 2 and 15).
func said(body []byte) string {
	var m struct {
		Message wire.Phrase `json:"message"`
		Reason  string      `json:"reason"`
		Data    struct {
			Errors []struct {
				Message wire.Phrase `json:"message"`
			} `json:"errors"`
		} `json:"data"`
		Validation []string `json:"validationErrors"` // of .action calls
		Action     []string `json:"actionErrors"`
	}
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	texts := []string{string(m.Message)}
	for _, e := range m.Data.Errors {
		texts = append(texts, string(e.Message))
	}
	texts = append(append(texts, m.Validation...), m.Action...)
	return wire.First(wire.Lines(texts...), wire.Line(m.Reason))
}
