package cloud

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// addLabels adds labels. The site would split a name with a blank or a comma into several labels and say nothing, so such
// names are refused here.
func (c *Connector) addLabels(ctx context.Context, x confluence.AddLabels) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	in := make([]map[string]string, 0, len(x.Labels))
	for _, l := range x.Labels {
		if l.Name == "" || strings.ContainsAny(l.Name, ", \t\n\r\u00a0") {
			return confluence.Result{}, confluence.Errorf(confluence.CodeLabelNotWritten,
				"the label %q would not arrive as it is", l.Name).At(where)
		}
		prefix := l.Prefix
		if prefix == "" {
			prefix = "global"
		}
		in = append(in, map[string]string{"prefix": prefix, "name": l.Name})
	}
	k := wire.Write(http.MethodPost, v1+"/content/{id}/label", "the labels could not be added", in, string(x.ID)).At(where)
	r, err := c.silent(ctx, k.Repeatable(), x.ID)
	if e := confluence.AsError(err); e != nil {
		if e.Status == http.StatusBadRequest {
			e.Code = confluence.CodeLabelNotWritten
		}
		return r, e
	}
	return r, nil
}

// removeLabel takes a label away. The site ignores the prefix and takes away the personal label of that name first; what
// it took is looked at, and the call made once more if the label is still there.
func (c *Connector) removeLabel(ctx context.Context, x confluence.RemoveLabel) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	k := wire.Write(http.MethodDelete, v1+"/content/{id}/label", "the label could not be removed", nil, string(x.ID)).
		With("name", x.Label.Name).At(where)
	for range 2 {
		if _, err := c.do(ctx, k, nil); err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
			return confluence.Result{}, err
		}
		left, err := c.labelled(ctx, x.ID)
		if err != nil {
			return confluence.Result{}, err
		}
		if !slices.Contains(left, x.Label) {
			return confluence.Result{ID: x.ID}, nil
		}
	}
	return confluence.Result{}, confluence.Errorf(confluence.CodeRefused, "the label is still there").At(where)
}

// labelled reads the labels of a page, or else of a blog post.
func (c *Connector) labelled(ctx context.Context, id confluence.ID) ([]confluence.Label, error) {
	got, err := c.labels(ctx, confluence.Page, id)
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		return c.labels(ctx, confluence.BlogPost, id)
	}
	return got, err
}

type restrictionIn struct {
	Operation    string `json:"operation"`
	Restrictions struct {
		User  []map[string]string `json:"user,omitempty"`
		Group []map[string]string `json:"group,omitempty"`
	} `json:"restrictions"`
}

// restrict replaces the restrictions of a content by one call. The answer is compared with what was sent: a reader whom
// the site left out without saying so would leave the content open to everybody.
func (c *Connector) restrict(ctx context.Context, x confluence.Restrict) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	const what = "the restrictions could not be set"
	if x.Restrictions.Open() {
		k := wire.Write(http.MethodDelete, v1+"/content/{id}/restriction", what, nil, string(x.ID)).At(where)
		return c.silent(ctx, k.Repeatable(), x.ID)
	}
	var in []restrictionIn
	for _, op := range []struct {
		name string
		who  []confluence.Principal
	}{{"read", x.Restrictions.Read}, {"update", x.Restrictions.Update}} {
		if len(op.who) == 0 {
			continue
		}
		r, err := c.restriction(ctx, op.name, op.who)
		if err != nil {
			return confluence.Result{}, confluence.AsError(err).At(where)
		}
		in = append(in, r)
	}
	k := wire.Write(http.MethodPut, v1+"/content/{id}/restriction", what, in, string(x.ID)).
		With("expand", "restrictions.user,restrictions.group").At(where)
	var answer struct {
		Results []restrictionV1 `json:"results"`
	}
	if _, err := c.do(ctx, k.Repeatable(), &answer); err != nil {
		return confluence.Result{}, err
	}
	if missing := leftOut(x.Restrictions, answer.Results); len(missing) > 0 {
		return confluence.Result{}, confluence.Errorf(confluence.CodeReaderUnmapped,
			"the site left %s out of the restrictions", join(missing)).At(where)
	}
	return confluence.Result{ID: x.ID}, nil
}

func (c *Connector) restriction(ctx context.Context, operation string, who []confluence.Principal) (restrictionIn, error) {
	out := restrictionIn{Operation: operation}
	for _, p := range who {
		if id, ok := p.User(); ok {
			out.Restrictions.User = append(out.Restrictions.User, map[string]string{"type": "known", "accountId": string(id)})
			continue
		}
		name, ok := p.Group()
		if !ok {
			return out, confluence.Errorf(confluence.CodeRefused, "content cannot be restricted to %s", p)
		}
		id, err := c.groupID(ctx, name)
		if err != nil {
			return out, err
		}
		out.Restrictions.Group = append(out.Restrictions.Group, map[string]string{"type": "group", "id": id})
	}
	return out, nil
}

// leftOut returns who was sent and does not stand in the answer, as far as the answer lists anybody.
func leftOut(sent confluence.Restrictions, answer []restrictionV1) []confluence.Principal {
	var out []confluence.Principal
	for _, r := range answer {
		have, whole := r.principals()
		if !whole {
			continue
		}
		want := sent.Read
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
