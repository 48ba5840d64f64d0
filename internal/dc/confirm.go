package dc

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// confirm asks the site who we are: nil if it is the account it was before. T-2004 says that the credential is refused,
// T-2005 that the site answers as to somebody else or nobody, which is how a dead token looks where anonymous access is
// on; another code, that it cannot be asked. Callers that come while a confirmation runs wait for one that began after
// they came.
func (c *Connector) confirm(ctx context.Context) error {
	return c.proof.Confirm(ctx, func(ctx context.Context) error {
		_, err := c.whoAmI(ctx)
		return err
	})
}

// Confirm asks the site who we are; see confirm.
func (c *Connector) Confirm(ctx context.Context) error { return c.confirm(ctx) }

// Vouched returns when the site last said that we are who we were; see confluence.Voucher.
func (c *Connector) Vouched() (at, site time.Time) { return c.vouch.Last() }

// whoAmI reads user/current.
func (c *Connector) whoAmI(ctx context.Context) (rest.Answer, error) {
	k := wire.Get(api+"/user/current", "the account could not be confirmed")
	for try := 0; ; try++ {
		var u userW
		asked := c.clock.Now()
		ans, err := c.rest.Do(ctx, request(k), &u)
		if err == nil {
			return ans, c.vouch.Note(asked, ans.Date, c.remember(u))
		}
		e := rest.As(err)
		if e.Kind != rest.Status || !wire.Hidden(e.Status) || locked(e) {
			return ans, c.fail(ctx, k, e)
		}
		if e.HTML && try == 0 && e.Status != http.StatusUnauthorized && c.clock.Wait(ctx, pause) == nil {
			continue
		}
		out := confluence.Errorf(confluence.CodeCredential, "the site does not accept the credential")
		_ = c.vouch.Note(asked, ans.Date, out) // it is out that is reported
		if e.Status == http.StatusNotFound {
			out = notConfluence("", nil)
		}
		out.Status, out.Cause, out.Err = e.Status, c.fail(ctx, k, e).Cause, e
		return ans, out
	}
}

// remember keeps who we are, and refuses another account than before.
func (c *Connector) remember(u userW) error {
	if u.Type == "anonymous" || u.key() == "" {
		e := confluence.Errorf(confluence.CodeWrongUser, "the site answers as to nobody: the credential is not used")
		e.Cause = "where anonymous access is on, a token that is wrong, expired or revoked is not refused (CONFSERVER-98199)"
		e.Remedy = "make a new token and run tandem site rotate NAME"
		return e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	want := c.me.ID
	if want == "" {
		want = c.expect
	}
	if want != "" && want != u.key() {
		return confluence.Errorf(confluence.CodeWrongUser, "the site answers as to %s, and should as to %s", u.key(), want)
	}
	c.me = u.user()
	c.names[u.key()] = u.Username
	return nil
}

// account returns who we are, asking once.
func (c *Connector) account(ctx context.Context) (confluence.UserID, error) {
	c.mu.Lock()
	me := c.me.ID
	c.mu.Unlock()
	if me != "" {
		return me, nil
	}
	if err := c.confirm(ctx); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.me.ID, nil
}
