package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/rest/record"
	"github.com/tandem-sync/tandem/internal/store"
)

func (a *app) siteRecord() *cobra.Command {
	var in api.NewRecording
	cmd := &cobra.Command{
		Use: "record NAME --space KEY --to DIR", Args: cobra.ExactArgs(1),
		Short:   "Record what a site answers, without what is private in it (writes nothing to the site)",
		Example: "  tandem site record dc --space TEAM --to recording",
	}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if in.Space == "" || in.To == "" {
			return usage("--space and --to are needed")
		}
		var err error
		if in.To, err = filepath.Abs(in.To); err != nil {
			return usage("--to %s: %v", in.To, err)
		}
		return a.with(ctx, false, func(c *client) error {
			var out api.Recording
			if err := c.Call(ctx, http.MethodPost, "/sites/"+url.PathEscape(args[0])+"/recording", in, &out); err != nil {
				return err
			}
			return a.result(out, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %s recorded in %s; look through them before you hand them over\n", args[0], count(out.Exchanges, "exchange"), out.To)
			})
		})
	})
	cmd.Flags().StringVar(&in.Space, "space", "", "key of the space that is read")
	cmd.Flags().StringVar(&in.To, "to", "", "folder for the recording; it must be empty or not there yet")
	return a.completing(cmd, siteNames)
}

// record is an engine.Record.
func (c connector) record(ctx context.Context, site store.Site, secret []byte, space, dir string) (int, error) {
	transport := c.transport
	if transport == nil {
		t, err := rest.NewTransport(rest.TransportOptions{Proxy: site.Proxy, CAFile: site.CAFile})
		if err != nil {
			return 0, confluence.Errorf(confluence.CodeUnreachable, "the connection to %s cannot be set up", site.Name).Because(err)
		}
		defer t.CloseIdleConnections()
		transport = t
	}
	u, err := url.Parse(site.URL)
	if err != nil {
		return 0, usage("the address of %s cannot be read", site.Name)
	}
	mask, err := record.NewMask(u.Host, nil)
	if err != nil {
		return 0, confluence.Errorf(confluence.CodeInternal, "no random key could be drawn").Because(err)
	}
	rec, err := record.New(transport, dir, mask)
	if err != nil {
		return 0, confluence.Errorf(confluence.CodeBadFile, "the recording cannot be written to %s", dir).Because(err)
	}
	r, _, err := c.over(ctx, rec, site, secret)
	if err != nil {
		return 0, err
	}
	err = tour(ctx, r, space)
	n, failed := rec.Close()
	if err == nil && failed != nil {
		err = confluence.Errorf(confluence.CodeBadFile, "the recording is not whole").Because(failed)
	}
	return n, err
}

// What a tour reads of what a space may have thousands of.
const (
	tourContents = 50
	tourFiles    = 3
)

// tour reads a site in every way that a migration and a sync do. What the site does not offer, or not to us, is left out;
// that it says so is part of the recording.
func tour(ctx context.Context, r confluence.Reader, key string) error {
	id, err := r.Identity(ctx)
	if err != nil {
		return err
	}
	if _, err := r.Spaces(ctx, nil); err != nil {
		return err
	}
	spaces, err := r.Spaces(ctx, []string{key})
	if err != nil {
		return err
	}
	if len(spaces) == 0 {
		return confluence.Errorf(confluence.CodeNotThere, "there is no space %s", key)
	}
	var contents []confluence.Content
	for req := (confluence.ScanRequest{Space: spaces[0], Facets: confluence.AllFacets, Trash: true}); ; {
		b, err := r.Scan(ctx, req)
		if err != nil {
			return err
		}
		contents = append(contents, b.Contents...)
		if req.Cursor = b.Next; b.Next == "" {
			break
		}
	}
	now := id.Now
	if now.IsZero() {
		now = time.Now()
	}
	steps := []func() error{
		func() error { return tourSingly(ctx, r, contents) },
		func() error { return tourFilesOf(ctx, r, contents) },
		func() error { return tourPeople(ctx, r, contents) },
		func() error { return tourBeyond(ctx, r, spaces[0], contents) },
		func() error { _, err := r.Feed(ctx, now.Add(-24*time.Hour)); return err },
	}
	for _, step := range steps {
		if err := offered(step()); err != nil {
			return err
		}
	}
	return nil
}

// offered forgives what a site does not offer, or not to this account.
func offered(err error) error {
	switch confluence.ClassOf(err) {
	case confluence.ClassUnsupported, confluence.ClassForbidden, confluence.ClassNotFound:
		return nil
	}
	return err
}

func tourSingly(ctx context.Context, r confluence.Reader, contents []confluence.Content) error {
	ids := map[confluence.Kind][]confluence.ID{}
	for _, x := range contents {
		if len(ids[x.Kind]) < tourContents {
			ids[x.Kind] = append(ids[x.Kind], x.ID)
		}
		if x.Status != confluence.Current || x.Kind != confluence.Page && x.Kind != confluence.BlogPost || len(ids[x.Kind]) > tourFiles {
			continue
		}
		for _, n := range []int{x.Version.Number, 1} {
			if _, err := r.Version(ctx, x.Kind, x.ID, n); offered(err) != nil {
				return err
			}
		}
	}
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost, confluence.Comment, confluence.Attachment} {
		if _, err := r.Fetch(ctx, kind, ids[kind], confluence.AllFacets); err != nil {
			return err
		}
	}
	return nil
}

func tourFilesOf(ctx context.Context, r confluence.Reader, contents []confluence.Content) error {
	n := 0
	for _, x := range contents {
		if x.Kind != confluence.Attachment || x.Status != confluence.Current || n == tourFiles {
			continue
		}
		n++
		f, err := r.Open(ctx, x)
		if offered(err) != nil {
			return err
		}
		if err != nil {
			continue
		}
		_, err = io.Copy(io.Discard, f)
		_ = f.Close() // nothing was written
		if err != nil {
			return err
		}
	}
	return nil
}

// tourPeople asks for those who made something or are named in a restriction.
func tourPeople(ctx context.Context, r confluence.Reader, contents []confluence.Content) error {
	d, ok := r.(confluence.Directory)
	if !ok {
		return nil
	}
	var users []confluence.UserID
	var groups []string
	for _, x := range contents {
		users = append(users, x.Creator, x.Version.By)
		for _, p := range append(x.Restrictions.Read, x.Restrictions.Update...) {
			if u, ok := p.User(); ok {
				users = append(users, u)
			}
			if g, ok := p.Group(); ok {
				groups = append(groups, g)
			}
		}
	}
	slices.Sort(users)
	slices.Sort(groups)
	users = slices.DeleteFunc(slices.Compact(users), func(u confluence.UserID) bool { return strings.TrimSpace(string(u)) == "" })
	if _, err := d.Users(ctx, users[:min(len(users), tourContents)]); err != nil {
		return err
	}
	_, err := d.Groups(ctx, slices.Compact(groups))
	return err
}

// tourBeyond reads what only some sites offer.
func tourBeyond(ctx context.Context, r confluence.Reader, space confluence.Space, contents []confluence.Content) error {
	if t, ok := r.(confluence.TrashReader); ok {
		if _, err := t.Trashed(ctx, space, ""); offered(err) != nil {
			return err
		}
	}
	if t, ok := r.(confluence.Templates); ok {
		for _, s := range []confluence.Space{space, {}} {
			if _, err := t.Templates(ctx, s); offered(err) != nil {
				return err
			}
		}
	}
	n := 0
	for _, x := range contents {
		if x.Kind != confluence.Page || x.Status != confluence.Current || n == tourFiles {
			continue
		}
		n++
		if p, ok := r.(confluence.Properties); ok {
			if _, err := p.Properties(ctx, x.Kind, x.ID); offered(err) != nil {
				return err
			}
		}
		if s, ok := r.(confluence.States); ok {
			if _, err := s.State(ctx, x.ID); offered(err) != nil {
				return err
			}
		}
	}
	return nil
}
