package cloud

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

type userV1 struct {
	Type        string `json:"type"`
	AccountType string `json:"accountType"`
	AccountID   string `json:"accountId"`
	DisplayName string `json:"displayName"`
	PublicName  string `json:"publicName"`
	Email       string `json:"email"`
	TimeZone    string `json:"timeZone"`
}

func (u userV1) user() confluence.User {
	name := u.DisplayName
	if name == "" {
		name = u.PublicName
	}
	return confluence.User{ID: confluence.UserID(u.AccountID), DisplayName: name, Email: u.Email, Active: true, App: u.app()}
}

// app reports whether an account is no person's: apps and service accounts are of type app (cloud-api.md section 9).
func (u userV1) app() bool { return strings.EqualFold(u.AccountType, "app") || u.Type == "anonymous" }

// confirm asks the site who we are: nil if it is the account it was before. T-2004 says that the credential is refused,
// T-2005 that the site answers as to somebody else or nobody; another code, that it cannot be asked. Callers that come
// while a confirmation runs wait for one that began after they came.
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

// whoAmI reads user/current. A refusal is asked again after pauses, since the site in distress refuses valid calls.
func (c *Connector) whoAmI(ctx context.Context) (rest.Answer, error) {
	k := wire.Get(v1+"/user/current", "the account could not be confirmed")
	access := c.tokens.current()
	for try := 0; ; try++ {
		var u userV1
		asked := c.clock.Now()
		ans, err := c.rest.Do(ctx, request(k), &u)
		if err == nil {
			return ans, c.vouch.Note(asked, ans.Date, c.remember(u.user(), u.Type))
		}
		e := rest.As(err)
		if e.Kind != rest.Status || !wire.Hidden(e.Status) || scopeMissing(e) {
			return ans, c.fail(k, e)
		}
		if c.tokens != nil && e.Status == http.StatusUnauthorized && try == 0 {
			c.tokens.refused(access)
			continue
		}
		if e.Status == http.StatusUnauthorized || try == len(pauses)-1 || c.clock.Wait(ctx, pauses[try]) != nil {
			out := c.fail(k, e)
			_ = c.vouch.Note(asked, ans.Date, err) // reported as refused
			refused := confluence.Errorf(confluence.CodeCredential, "the site does not accept the credential")
			refused.Status, refused.Cause, refused.Remedy, refused.Err = out.Status, out.Cause, out.Remedy, e
			return ans, refused
		}
	}
}

// remember keeps who we are, and refuses another account than before.
func (c *Connector) remember(me confluence.User, kind string) error {
	if me.ID == "" || kind == "anonymous" {
		return confluence.Errorf(confluence.CodeWrongUser, "the site answers as to nobody: the credential is not used")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.me.ID != "" && c.me.ID != me.ID {
		return confluence.Errorf(confluence.CodeWrongUser, "the site answers as to %s, and answered as to %s before", me.ID, c.me.ID)
	}
	c.me = me
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
