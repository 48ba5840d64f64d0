package dc

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// addLabels adds labels. Names with a blank or a comma are refused here: no label can hold one.
func (c *Connector) addLabels(ctx context.Context, x confluence.AddLabels) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	in := make([]map[string]string, 0, len(x.Labels))
	for _, l := range x.Labels {
		if l.Name == "" || strings.ContainsAny(l.Name, ", \t\n\r\u00a0") {
			return confluence.Result{}, confluence.Errorf(confluence.CodeLabelNotWritten,
				"the label %q would not arrive as it is", l.Name).At(where)
		}
		in = append(in, map[string]string{"prefix": firstOf(l.Prefix, "global"), "name": l.Name})
	}
	k := wire.Write(http.MethodPost, api+"/content/{id}/label", "the labels could not be added", in, string(x.ID)).At(where)
	r, err := c.silent(ctx, k.Repeatable(), x.ID)
	if e := confluence.AsError(err); e != nil {
		if e.Status == http.StatusBadRequest {
			e.Code = confluence.CodeLabelNotWritten
		}
		return r, e
	}
	return r, nil
}

// removeLabel takes a label away by query, as a path cannot carry every name (LB-02), and looks whether it is gone.
func (c *Connector) removeLabel(ctx context.Context, x confluence.RemoveLabel) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	name := x.Label.Name
	if p := x.Label.Prefix; p != "" && p != "global" {
		name = p + ":" + name
	}
	k := wire.Write(http.MethodDelete, api+"/content/{id}/label", "the label could not be removed", nil, string(x.ID)).
		With("name", name).At(where)
	if _, err := c.do(ctx, k.Repeatable(), nil); err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return confluence.Result{}, err
	}
	left, err := c.labels(ctx, x.ID)
	if err != nil {
		return confluence.Result{}, err
	}
	if slices.Contains(left, x.Label) {
		return confluence.Result{}, confluence.Errorf(confluence.CodeRefused, "the label is still there").At(where)
	}
	return confluence.Result{ID: x.ID}, nil
}

type restrictionIn struct {
	Operation    string `json:"operation"`
	Restrictions struct {
		User  []map[string]string `json:"user"`
		Group []map[string]string `json:"group"`
	} `json:"restrictions"`
}

// restrict replaces both operations by one call; a list that is left out would stay, so both are always sent, empty ones
// too (specification, PUT content/{id}/restriction). The answer is compared with what was sent.
func (c *Connector) restrict(ctx context.Context, x confluence.Restrict) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	const what = "the restrictions could not be set"
	in := make([]restrictionIn, 2)
	for i, op := range []struct {
		name string
		who  []confluence.Principal
	}{{"read", x.Restrictions.Read}, {"update", x.Restrictions.Update}} {
		if err := c.keepIn(ctx, op.who); err != nil {
			return confluence.Result{}, confluence.AsError(err).At(where)
		}
		r, err := c.restriction(ctx, op.name, op.who)
		if err != nil {
			return confluence.Result{}, confluence.AsError(err).At(where)
		}
		in[i] = r
	}
	var answer struct {
		Results []restrictionW `json:"results"`
	}
	k := wire.Write(http.MethodPut, api+"/content/{id}/restriction", what, in, string(x.ID)).
		With("expand", "restrictions.user,restrictions.group").At(where).Repeatable()
	err := c.byEitherPath(ctx, k, x.ID, &answer)
	if err != nil {
		return confluence.Result{}, err
	}
	if missing := leftOut(x.Restrictions, answer.Results); len(missing) > 0 {
		return confluence.Result{}, confluence.Errorf(confluence.CodeReaderUnmapped,
			"the site left %s out of the restrictions", join(missing)).At(where)
	}
	return confluence.Result{ID: x.ID}, nil
}

// byEitherPath writes restrictions under rest/api, or under rest/experimental where the former is not known.
func (c *Connector) byEitherPath(ctx context.Context, k call, id confluence.ID, out any) error {
	c.mu.Lock()
	old := c.oldPath
	c.mu.Unlock()
	if !old {
		_, err := c.do(ctx, k, out)
		if e := confluence.AsError(err); e == nil || e.Status != http.StatusMethodNotAllowed && (e.Status != http.StatusNotFound || !c.there(ctx, id)) {
			return err
		}
	}
	k.Route = strings.Replace(k.Route, api, experimental, 1)
	_, err := c.do(ctx, k, out)
	if err == nil {
		c.mu.Lock()
		c.oldPath = true
		c.mu.Unlock()
	}
	return err
}

// keepIn refuses a list that would lock tandem's account out.
func (c *Connector) keepIn(ctx context.Context, who []confluence.Principal) error {
	if len(who) == 0 {
		return nil
	}
	me, err := c.account(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(who, confluence.UserPrincipal(me)) {
		return nil
	}
	for _, p := range who {
		if g, ok := p.Group(); ok {
			in, err := c.member(ctx, g)
			if err != nil || in {
				return err
			}
		}
	}
	e := confluence.Errorf(confluence.CodeRefused, "the restriction would lock tandem's account out")
	e.Remedy = "name tandem's account or one of its groups in the restriction"
	return e
}

func (c *Connector) restriction(ctx context.Context, operation string, who []confluence.Principal) (restrictionIn, error) {
	out := restrictionIn{Operation: operation}
	out.Restrictions.User, out.Restrictions.Group = []map[string]string{}, []map[string]string{}
	for _, p := range who {
		if id, ok := p.User(); ok {
			name, err := c.name(ctx, id)
			if err != nil {
				return out, err
			}
			out.Restrictions.User = append(out.Restrictions.User, map[string]string{"type": "known", "username": name, "userKey": string(id)})
			continue
		}
		group, ok := p.Group()
		if !ok {
			return out, confluence.Errorf(confluence.CodeRefused, "content cannot be restricted to %s", p)
		}
		there, err := c.hasGroup(ctx, group)
		if err != nil {
			return out, err
		}
		if !there {
			return out, confluence.Errorf(confluence.CodeReaderUnmapped, "there is no group %q", group)
		}
		out.Restrictions.Group = append(out.Restrictions.Group, map[string]string{"type": "group", "name": group})
	}
	return out, nil
}

// leftOut returns who was sent and does not stand in the answer, as far as the answer lists anybody.
func leftOut(sent confluence.Restrictions, answer []restrictionW) []confluence.Principal {
	var out []confluence.Principal
	for i := range answer {
		r := &answer[i]
		if !r.whole() {
			continue
		}
		want, have := sent.Read, r.principals()
		if r.Operation == "update" {
			want = sent.Update
		}
		for _, p := range want {
			if !slices.ContainsFunc(have, func(h confluence.Principal) bool { return strings.EqualFold(string(h), string(p)) }) {
				out = append(out, p)
			}
		}
	}
	return out
}
