package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// do sends a call and returns a *confluence.Error of what goes wrong. A 401, 403 or 404 is believed only after the
// account has been confirmed, and asked again where the site is known to say it without meaning it.
func (c *Connector) do(ctx context.Context, k call, out any) (rest.Answer, error) {
	doubt, access := false, c.tokens.current()
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
			return ans, c.fail(k, e)
		}
		if scopeMissing(e) {
			return ans, c.fail(k, e)
		}
		if c.tokens != nil && e.Status == http.StatusUnauthorized && try == 0 {
			// The access token may have ended before its time; the next try sends a fresh one.
			c.tokens.refused(access)
			continue
		}
		if bad := c.confirm(ctx); bad != nil {
			return ans, wire.Unconfirmed(k, e, bad)
		}
		if try >= again(e) || c.clock.Wait(ctx, pauses[try]) != nil {
			return ans, c.fail(k, e)
		}
	}
}

// pauses before asking again what a site in distress has refused. Together about a minute at most.
var pauses = []time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second}

// again says how often a refusal is worth asking again, the account being fine. For about a minute under bursts the site
// says "not permitted to use Confluence", or a 404 made by the network in front of it, to valid calls.
func again(e *rest.Error) int {
	text := string(e.Body)
	switch {
	case e.Status == http.StatusForbidden && strings.Contains(text, "to use Confluence"),
		e.Status == http.StatusForbidden && strings.Contains(text, "access Confluence"),
		e.Status == http.StatusNotFound && e.HTML:
		return len(pauses)
	case e.Status == http.StatusNotFound && wire.Bare(e, said(e.Body)):
		return 1
	}
	return 0
}

func scopeMissing(e *rest.Error) bool {
	return e.Status == http.StatusUnauthorized && strings.Contains(string(e.Body), "scope does not match")
}

// fail translates an error of package rest.
func (c *Connector) fail(k call, e *rest.Error) *confluence.Error {
	var known *confluence.Error
	if e.Kind == rest.NoCredential && errors.As(e.Err, &known) {
		out := *known
		out.Cause, out.What = out.What+wire.Because(out.Cause), k.What
		return out.At(k.Where)
	}
	out := confluence.Errorf(codeOf(e, k), "%s", k.What).At(k.Where)
	out.Status, out.RetryAfter, out.Err = e.Status, e.RetryAfter, e
	if e.Outcome == rest.MayBeDone {
		out.Outcome = confluence.OutcomeUnknown
	}
	switch {
	case e.HTML:
		out.Cause = "the site answered with an HTML page"
	case said(e.Body) != "" && e.Kind != rest.Unusable:
		out.Cause = said(e.Body)
	case e.What != "":
		out.Cause = e.What
	case e.Err != nil:
		out.Cause = e.Err.Error()
	}
	if scopeMissing(e) {
		out.Remedy = "make a token without scopes, or one that may read and write pages, comments, attachments, labels, restrictions and spaces, and read users and groups"
	}
	if e.Status == http.StatusGone {
		out.Remedy = "the site has removed this operation; use a newer tandem, and report the message if there is none"
	}
	if e.Status == http.StatusUnauthorized && e.HTML {
		out.Remedy = "a token with scopes works only with the address https://api.atlassian.com/ex/confluence/CLOUDID"
	}
	return out
}

func codeOf(e *rest.Error, k call) confluence.Code {
	if scopeMissing(e) {
		return confluence.CodeBlindAccount
	}
	return wire.CodeOf(e, k)
}

// said returns what the site wrote into an error, in one line. The forms are those of v2 (errors with title and detail),
// of v1 (message, and data.errors with a text or a translation) and of the gateway (message).
func said(body []byte) string {
	var m struct {
		Message wire.Phrase `json:"message"`
		Errors  []struct {
			Title  wire.Phrase `json:"title"`
			Detail wire.Phrase `json:"detail"`
		} `json:"errors"`
		Data struct {
			Errors []struct {
				Message wire.Phrase `json:"message"`
			} `json:"errors"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	texts := []string{string(m.Message)}
	for _, e := range m.Errors {
		texts = append(texts, string(e.Title), string(e.Detail))
	}
	for _, e := range m.Data.Errors {
		texts = append(texts, string(e.Message))
	}
	return wire.Lines(texts...)
}
