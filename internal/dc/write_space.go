package dc

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// createSpace makes a space. The home page that the site makes with it is read by one call more where the answer does not
// name it.
func (c *Connector) createSpace(ctx context.Context, x confluence.CreateSpace) (confluence.Result, error) {
	where := confluence.Where{Space: x.Key}
	in := map[string]any{"key": x.Key, "name": x.Name}
	if x.Description != "" {
		in["description"] = map[string]textW{"plain": {Value: x.Description, Representation: "plain"}}
	}
	k := wire.Write(http.MethodPost, api+"/space", "the space could not be created", in).At(where)
	if x.Private {
		k.Route = api + "/space/_private"
	}
	var w spaceW
	if _, err := c.do(ctx, k, &w); err != nil {
		return confluence.Result{}, c.keyed(ctx, confluence.AsError(err), x.Key)
	}
	s := w.space()
	if s.ID == "" || s.HomeID == "" {
		if got, err := c.look(ctx, x.Key); err == nil && got.ID != "" {
			s = got
		}
	}
	if s.ID == "" {
		return confluence.Result{}, wire.NoID(k)
	}
	c.learn(s)
	return confluence.Result{ID: s.ID, HomeID: s.HomeID}, nil
}

// keyed tells if a space was refused because its key is taken.
func (c *Connector) keyed(ctx context.Context, e *confluence.Error, key string) error {
	if e.Status != http.StatusBadRequest && e.Status != http.StatusConflict && e.Status != http.StatusForbidden {
		return e
	}
	says := strings.Contains(strings.ToLower(e.Cause), "already exists")
	if s, err := c.look(ctx, key); says || err == nil && s.ID != "" {
		out := confluence.Errorf(confluence.CodeKeyTaken, "the space key %s is taken", key).At(e.Where)
		out.Cause, out.Status, out.Err = e.Cause, e.Status, e
		return out
	}
	return e
}

func (c *Connector) setHomepage(ctx context.Context, x confluence.SetHomepage) (confluence.Result, error) {
	s, err := c.space(ctx, x.Space)
	if err != nil {
		return confluence.Result{}, err
	}
	if s.Name == "" {
		// The name would be taken for empty.
		if s, err = c.look(ctx, s.Key); err != nil {
			return confluence.Result{}, err
		}
	}
	in := map[string]any{"key": s.Key, "name": s.Name, "homepage": refIn{ID: x.Page, Type: string(confluence.Page)}}
	k := wire.Write(http.MethodPut, api+"/space/{spaceKey}", "the home page could not be set", in, s.Key).At(confluence.Where{Space: s.Key})
	return c.silent(ctx, k.Repeatable(), x.Page)
}

// siteWords are the rights that the product calls otherwise than Cloud does.
var siteWords = map[string]string{"restrict_content/space": "restrict/space"}

// rights are the pairs that a space of the product knows (dc-api.md section 3).
var rights = []string{
	"read/space", "administer/space", "export/space", "restrict/space", "delete_own/space", "delete_mail/space",
	"create/page", "delete/page", "create/blogpost", "delete/blogpost", "create/comment", "delete/comment",
	"create/attachment", "delete/attachment",
}

// grant gives a permission, which changes nothing if it is there already. Versions before 9.1.1 have no resource for it.
func (c *Connector) grant(ctx context.Context, x confluence.Grant) (confluence.Result, error) {
	where := confluence.Where{Space: x.Space.Key}
	v, err := c.version(ctx)
	if err != nil {
		return confluence.Result{}, err
	}
	op := firstOf(siteWords[x.Permission.Operation], x.Permission.Operation)
	known := false
	for _, r := range rights {
		known = known || r == op
	}
	if v.before(9, 1, 1) || !known {
		e := confluence.Errorf(confluence.CodeNotCapable, "the permission %s cannot be given over the API of this site", x.Permission.Operation).At(where)
		e.Remedy = "give it by hand in the settings of the space"
		return confluence.Result{}, e
	}
	s, err := c.space(ctx, x.Space)
	if err != nil {
		return confluence.Result{}, err
	}
	key, target, _ := strings.Cut(op, "/")
	in := []map[string]string{{"targetType": target, "operationKey": key}}
	const base = api + "/space/{spaceKey}/permissions"
	k := wire.Write(http.MethodPut, base+"/anonymous/grant", "the permission could not be given", in, s.Key)
	if id, ok := x.Permission.Principal.User(); ok {
		k.Route, k.Args = base+"/user/{userKey}/grant", []string{s.Key, string(id)}
	} else if g, ok := x.Permission.Principal.Group(); ok {
		k.Route, k.Args = base+"/group/{groupName}/grant", []string{s.Key, g}
	}
	_, err = c.do(ctx, k.At(where).Repeatable(), nil)
	return confluence.Result{}, err
}

// RemoveSpace deletes a space for good, with everything in it, and waits until it is gone. Tests clean up with it.
func (c *Connector) RemoveSpace(ctx context.Context, key string) error {
	k := wire.Write(http.MethodDelete, api+"/space/{spaceKey}", "the space could not be deleted", nil, key).At(confluence.Where{Space: key})
	if _, err := c.do(ctx, k.Repeatable(), nil); err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return err
	}
	for began, delay := c.clock.Now(), 100*time.Millisecond; c.clock.Now().Sub(began) < 10*time.Minute; delay = min(2*delay, 10*time.Second) {
		s, err := c.look(ctx, key)
		if err != nil {
			return err
		}
		if s.ID == "" {
			return nil
		}
		if err := c.clock.Wait(ctx, delay); err != nil {
			return wire.Unusable(k, err.Error()).Because(err)
		}
	}
	return wire.Unusable(k, "the space is still there after ten minutes")
}
