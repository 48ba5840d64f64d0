package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// skewMargin is how far a site's clock may be behind ours before one of its fresh contents looks older than our intent.
const skewMargin = 15 * time.Minute

// probe looks whether a write whose outcome is open has been made (the table of verbs in the design of the journal). It
// knows the write by its intent alone, because after a crash nothing else is left. found is false only where the site
// showed that it was not made.
func (s *work) probe(ctx context.Context, in store.Intent, w *write) (found bool, res confluence.Result, err error) {
	s.e.opt.Count("probe "+string(in.Verb), 1)
	s.e.opt.Log.Info("probing", "op", in.Op, "verb", in.Verb, "key", in.NaturalKey)
	switch in.Verb {
	case confluence.VerbPost:
		return s.probeCreate(ctx, in)
	case confluence.VerbPut, confluence.VerbRecomment:
		return s.probeVersion(ctx, in, kindOf(w, in))
	case confluence.VerbReplace:
		return s.probeReplaced(ctx, in)
	case confluence.VerbAttach:
		return s.probeFile(ctx, in)
	case confluence.VerbComment:
		return s.probeComment(ctx, in)
	case confluence.VerbTrash, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbRestore, confluence.VerbArchive:
		return s.probeStatus(ctx, in, kindOf(w, in))
	case confluence.VerbResolve:
		return s.probeResolved(ctx, in, w)
	case confluence.VerbSpace:
		return s.probeSpace(ctx, in)
	}
	// Moves, labels, restrictions, properties, permissions and the home page set a state: making them again changes nothing, and what
	// the site shows is read before anything counts as agreed.
	return false, res, nil
}

func kindOf(w *write, in store.Intent) confluence.Kind {
	if w != nil {
		return w.kind
	}
	switch in.Verb {
	case confluence.VerbRecomment, confluence.VerbUncomment, confluence.VerbResolve:
		return confluence.Comment
	case confluence.VerbReplace, confluence.VerbDetach:
		return confluence.Attachment
	}
	return confluence.Page
}

// overAt is the time from which nothing that was sent for an intent can still be applied.
func overAt(in store.Intent) time.Time {
	return in.SentAt.Add(time.Duration(in.TimeoutMS) * time.Millisecond)
}

// waitTimeout waits until nothing sent for an intent can still be applied (decision D30).
func (s *work) waitTimeout(ctx context.Context, in store.Intent) error {
	return s.e.opt.Wait(ctx, overAt(in))
}

// probeCreate finds a page or blog post by title, creator and body. A page's title is unique in its space, so looking is
// enough; a blog post's is not, so the request must be over first.
func (s *work) probeCreate(ctx context.Context, in store.Intent) (bool, confluence.Result, error) {
	kind, title, ok := createKey(in.NaturalKey)
	if !ok {
		return false, confluence.Result{}, confluence.Errorf(confluence.CodeInternal, "journal key %q names no content", in.NaturalKey)
	}
	if kind == confluence.BlogPost {
		if err := s.waitTimeout(ctx, in); err != nil {
			return false, confluence.Result{}, err
		}
	}
	list, err := s.sites[in.Side].reader.Find(ctx, confluence.Probe{
		Space: s.spaceOf(in.Side), Kind: kind, Title: title, Creator: s.ids[in.Side].Me.ID, Since: in.SentAt.Add(-skewMargin),
	})
	if err != nil {
		return false, confluence.Result{}, err
	}
	taken, err := s.takenIDs(ctx, in.Side)
	if err != nil {
		return false, confluence.Result{}, err
	}
	day := s.postedOn(kind, in)
	for _, c := range list {
		if !taken[c.ID] && s.ours(c, in) && (day.IsZero() || c.Created.Unix() == day.Unix()) {
			return true, resultOf(c), nil
		}
	}
	return false, confluence.Result{}, nil
}

// postedOn is the posting date that tells blog posts of one title apart; zero where the site does not take one.
func (s *work) postedOn(kind confluence.Kind, in store.Intent) time.Time {
	if src := s.carriedBy(in); src != nil && kind == confluence.BlogPost && s.ids[in.Side].Caps.BlogDate {
		return src.Content.Created
	}
	return time.Time{}
}

// carriedBy is what the other side showed of the content of an intent; nil where that is not known any more.
func (s *work) carriedBy(in store.Intent) *store.Observed {
	if s.seen == nil {
		return nil
	}
	return s.seen.seen[in.Side.Other()].get(in.Twin)
}

// createKey takes the natural key of a create apart: kind/space key/title.
func createKey(key string) (confluence.Kind, string, bool) {
	kind, rest, ok := strings.Cut(key, "/")
	if !ok {
		return "", "", false
	}
	_, title, ok := strings.Cut(rest, "/")
	return confluence.Kind(kind), title, ok
}

// ours reports whether a found content is what an intent meant to make.
func (s *work) ours(c confluence.Content, in store.Intent) bool {
	if c.Creator != s.ids[in.Side].Me.ID {
		return false
	}
	if !c.Created.IsZero() && c.Kind != confluence.BlogPost && c.Created.Before(in.SentAt.Add(-skewMargin)) {
		return false
	}
	if in.PayloadDigest.IsZero() {
		return true
	}
	if d, err := sentDigest(c.Body.Raw); err == nil && d == in.PayloadDigest {
		return true
	}
	// A body that the destination converts (wiki markup) or that nobody can parse has no comparable digest: title,
	// creator, time and an untouched first version must do.
	return !s.comparable(in) && c.Version.Number <= 1
}

// comparable reports whether the body of an intent is one whose digest survives at the site.
func (s *work) comparable(in store.Intent) bool {
	src := s.carriedBy(in)
	return src == nil || !src.Form.Opaque
}

func resultOf(c confluence.Content) confluence.Result {
	return confluence.Result{ID: c.ID, Version: c.Version.Number, Position: c.Position, Positioned: c.Positioned}
}

// takenIDs are the contents of a side that already have a twin: none of them can be the answer to an open create.
func (s *work) takenIDs(ctx context.Context, side confluence.Side) (map[confluence.ID]bool, error) {
	taken := map[confluence.ID]bool{}
	err := s.e.store.EachAgreed(ctx, s.pair.ID, func(a store.AgreedRow) error {
		taken[a.ID[side]] = true
		return nil
	})
	return taken, err
}

// probeVersion looks whether an update was made: by the version it was to make and the op id in its message.
func (s *work) probeVersion(ctx context.Context, in store.Intent, kind confluence.Kind) (bool, confluence.Result, error) {
	reader := s.sites[in.Side].reader
	list, err := reader.Fetch(ctx, kind, []confluence.ID{in.TargetID}, confluence.FacetBody)
	if err != nil {
		return false, confluence.Result{}, err
	}
	if len(list) == 0 {
		return false, confluence.Result{}, confluence.Errorf(confluence.CodeNotThere, "%s is not there or not visible", in.NaturalKey)
	}
	now := list[0]
	switch {
	case now.Version.Number <= in.PreVersion:
		return false, confluence.Result{}, nil
	case now.Version.Number > in.PreVersion+1:
		if now, err = reader.Version(ctx, kind, in.TargetID, in.PreVersion+1); err != nil {
			return false, confluence.Result{}, err
		}
	}
	if s.madeBy(now, in) {
		return true, resultOf(now), nil
	}
	return false, confluence.Result{}, confluence.Errorf(confluence.CodeVersionMoved, "%s was edited by somebody else in between", in.NaturalKey)
}

func (s *work) madeBy(c confluence.Content, in store.Intent) bool {
	if strings.Contains(c.Version.Message, "[tandem ") {
		return strings.Contains(c.Version.Message, "[tandem "+in.Op+"]") || slices.Contains(s.opsOf(in), opIn(c.Version.Message))
	}
	d, err := sentDigest(c.Body.Raw)
	return err == nil && !in.PayloadDigest.IsZero() && d == in.PayloadDigest
}

// opIn returns the op id that a version message carries.
func opIn(message string) string {
	_, rest, _ := strings.Cut(message, "[tandem ")
	op, _, _ := strings.Cut(rest, "]")
	return op
}

// opsOf lists the earlier attempts of the same write, those before a crash too: a late effect of one of them is ours as
// well.
func (s *work) opsOf(in store.Intent) []string {
	var ops []string
	rows, err := s.e.store.Journal(context.Background(), store.JournalFilter{Run: in.Run, Pair: s.pair.ID, Twin: in.Twin, Verbs: []confluence.Verb{in.Verb}})
	if err != nil {
		return nil
	}
	for _, row := range rows {
		if row.TargetID == in.TargetID && row.PayloadDigest == in.PayloadDigest && row.PreVersion == in.PreVersion {
			ops = append(ops, row.Op)
		}
	}
	return ops
}

// probeFile finds an upload by name and compares the bytes.
func (s *work) probeFile(ctx context.Context, in store.Intent) (bool, confluence.Result, error) {
	_, rest, _ := strings.Cut(in.NaturalKey, "/")
	container, name, _ := strings.Cut(rest, "/")
	list, err := s.sites[in.Side].reader.Find(ctx, confluence.Probe{
		Space: s.spaceOf(in.Side), Kind: confluence.Attachment, Container: confluence.ID(container), Title: name,
	})
	if err != nil || len(list) == 0 {
		return false, confluence.Result{}, err
	}
	found := list[0]
	same, err := s.sameBytes(ctx, in, found)
	if err != nil {
		return false, confluence.Result{}, err
	}
	if !same {
		return false, confluence.Result{}, confluence.Errorf(confluence.CodeTitleTaken, "another file is named %q there", name)
	}
	return true, resultOf(found), nil
}

// probeReplaced looks whether an attachment has a version after the one that was known, with the bytes that were sent.
func (s *work) probeReplaced(ctx context.Context, in store.Intent) (bool, confluence.Result, error) {
	list, err := s.sites[in.Side].reader.Fetch(ctx, confluence.Attachment, []confluence.ID{in.TargetID}, 0)
	if err != nil {
		return false, confluence.Result{}, err
	}
	if len(list) == 0 {
		return false, confluence.Result{}, confluence.Errorf(confluence.CodeNotThere, "%s is not there or not visible", in.NaturalKey)
	}
	if list[0].Version.Number <= in.PreVersion {
		return false, confluence.Result{}, nil
	}
	same, err := s.sameBytes(ctx, in, list[0])
	if err == nil && !same {
		err = confluence.Errorf(confluence.CodeVersionMoved, "%s was replaced by somebody else in between", in.NaturalKey)
	}
	return same, resultOf(list[0]), err
}

// sameBytes compares the file of an intent with one of the side it goes to.
func (s *work) sameBytes(ctx context.Context, in store.Intent, found confluence.Content) (bool, error) {
	o := s.carriedBy(in)
	if o == nil {
		return false, nil
	}
	var files [2]confluence.Content
	files[in.Side.Other()], files[in.Side] = o.Content, found
	return s.sameFile(ctx, files)
}

// sameFile compares the bytes of a file of each side.
func (s *work) sameFile(ctx context.Context, files [2]confluence.Content) (bool, error) {
	a, b := files[confluence.A].File, files[confluence.B].File
	if a == nil || b == nil || a.Size != b.Size {
		return false, nil
	}
	var sums [2]string
	for _, side := range confluence.Sides {
		var err error
		if sums[side], err = sumOf(ctx, s.sites[side].reader, files[side]); err != nil {
			return false, err
		}
	}
	return sums[confluence.A] == sums[confluence.B], nil
}

// sumOf reads a file and returns the lower-case hex of its SHA-256.
func sumOf(ctx context.Context, r confluence.Reader, c confluence.Content) (string, error) {
	rc, err := r.Open(ctx, c)
	if err != nil {
		return "", err
	}
	defer rc.Close()
	h := sha256.New()
	if _, err := io.Copy(h, rc); err != nil {
		return "", confluence.Errorf(confluence.CodeUnusableAnswer, "the file %q cannot be read to its end", c.Title).Because(err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// probeComment finds a comment by its text. A comment has no natural key, so the request must be over first, and a copy
// that already stands for another comment does not count.
func (s *work) probeComment(ctx context.Context, in store.Intent) (bool, confluence.Result, error) {
	if err := s.waitTimeout(ctx, in); err != nil {
		return false, confluence.Result{}, err
	}
	container, reply, err := s.commentPlace(ctx, in)
	if err != nil || container == "" {
		return false, confluence.Result{}, err
	}
	list, err := s.sites[in.Side].reader.Find(ctx, confluence.Probe{
		Space: s.spaceOf(in.Side), Kind: confluence.Comment, Container: container, ReplyTo: reply,
		Creator: s.ids[in.Side].Me.ID, Since: in.SentAt.Add(-skewMargin),
	})
	if err != nil {
		return false, confluence.Result{}, err
	}
	taken, err := s.takenIDs(ctx, in.Side)
	if err != nil {
		return false, confluence.Result{}, err
	}
	for _, c := range list {
		if !taken[c.ID] && s.ours(c, in) {
			return true, resultOf(c), nil
		}
	}
	return false, confluence.Result{}, nil
}

// commentPlace returns where on the side it goes to the comment of an intent belongs.
func (s *work) commentPlace(ctx context.Context, in store.Intent) (container, reply confluence.ID, err error) {
	src := s.carriedBy(in)
	if src == nil {
		return "", "", nil
	}
	find := func(id confluence.ID) (confluence.ID, error) {
		if id == "" {
			return "", nil
		}
		agreed, err := s.e.store.AgreedByTwin(ctx, s.pair.ID, s.twinOf(in.Side.Other(), id))
		if err != nil || len(agreed) == 0 {
			return "", err
		}
		return agreed[0].ID[in.Side], nil
	}
	c := src.Content
	if container, err = find(c.Container); err != nil {
		return "", "", err
	}
	if c.Comment != nil {
		reply, err = find(c.Comment.ReplyTo)
	}
	return container, reply, err
}

// probeStatus looks by id whether a content is in the state that an intent was to bring it to.
func (s *work) probeStatus(ctx context.Context, in store.Intent, kind confluence.Kind) (bool, confluence.Result, error) {
	list, err := s.sites[in.Side].reader.Fetch(ctx, kind, []confluence.ID{in.TargetID}, 0)
	if err != nil {
		return false, confluence.Result{}, err
	}
	res := confluence.Result{ID: in.TargetID}
	shown := confluence.Trashed // what is not shown is not there for us
	if len(list) > 0 {
		if res = resultOf(list[0]); list[0].Status != "" {
			shown = list[0].Status
		} else {
			shown = confluence.Current
		}
	}
	switch in.Verb {
	case confluence.VerbRestore:
		return len(list) > 0 && shown == confluence.Current, res, nil
	case confluence.VerbArchive:
		return shown == confluence.Archived, res, nil
	}
	return shown == confluence.Trashed, res, nil
}

// probeResolved looks whether a comment is resolved, or open, as was wanted.
func (s *work) probeResolved(ctx context.Context, in store.Intent, w *write) (bool, confluence.Result, error) {
	want, known := w.change.(confluence.ResolveComment)
	if !known {
		return false, confluence.Result{}, nil // it sets a state, and is decided anew
	}
	list, err := s.sites[in.Side].reader.Fetch(ctx, confluence.Comment, []confluence.ID{in.TargetID}, 0)
	if err != nil || len(list) == 0 || list[0].Comment == nil {
		return false, confluence.Result{}, err
	}
	return (list[0].Comment.Resolution == "resolved") == want.Resolved, resultOf(list[0]), nil
}

// probeSpace adopts a space of the wanted key that our own account made after the intent.
func (s *work) probeSpace(ctx context.Context, in store.Intent) (bool, confluence.Result, error) {
	list, err := s.sites[in.Side].reader.Spaces(ctx, []string{s.pair.Keys[in.Side]})
	if err != nil || len(list) == 0 {
		return false, confluence.Result{}, err
	}
	sp := list[0]
	mine := sp.Creator == s.ids[in.Side].Me.ID && (sp.Created.IsZero() || !sp.Created.Before(in.SentAt.Add(-skewMargin)))
	if !mine {
		return false, confluence.Result{}, keyTaken(s.pair, s.sites[in.Side])
	}
	return true, confluence.Result{ID: sp.ID, HomeID: sp.HomeID}, nil
}

func keyTaken(p store.Pair, dst *site) error {
	e := confluence.Errorf(confluence.CodeKeyTaken, "space key %s is taken at the destination", p.Keys[confluence.B])
	e.Where = confluence.Where{Site: dst.row.Name, Space: p.Keys[confluence.B]}
	return e
}

// settleUnknown settles, before anything is planned, every write that an earlier execution left without an outcome.
func (s *work) settleUnknown(ctx context.Context) error {
	open, err := s.e.store.OpenIntents(ctx, store.JournalFilter{Pair: s.pair.ID})
	if err != nil || len(open) == 0 || planted.On(planted.JournalIgnored) {
		return err
	}
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	a := newApplier(s, v, emptyResult)
	for _, row := range open {
		if err := s.settleOne(ctx, a, row); err != nil {
			return err
		}
	}
	if s.paired {
		if err := s.readWritten(ctx); err != nil { // what was set is compared with what stands there now
			return err
		}
	}
	s.e.say(ctx, s.runID, s.space, "info", "", fmt.Sprintf("%s: %d operations had an unknown outcome and were looked up", s.space, len(open)))
	return nil
}

func (s *work) settleOne(ctx context.Context, a *applier, row store.JournalRow) error {
	if row.Outcome.State == store.StateIntent {
		if err := s.settle(ctx, store.Outcome{Op: row.Op, State: store.StateUnknown, Code: confluence.CodeUnknownOutcome}); err != nil {
			return err
		}
	}
	w := a.revive(row.Intent)
	found, res, err := s.probe(ctx, row.Intent, w)
	switch {
	case err != nil && confluence.ClassOf(err) == confluence.ClassConflict:
		return s.settle(ctx, store.Outcome{Op: row.Op, State: store.StateOvertaken, Code: confluence.AsError(err).Code})
	case err != nil && confluence.ClassOf(err) == confluence.ClassExists, err != nil && confluence.ClassOf(err) == confluence.ClassNotFound:
		return s.settle(ctx, store.Outcome{Op: row.Op, State: store.StateAbsent, Code: confluence.AsError(err).Code})
	case err != nil:
		return err
	case !found:
		return s.absent(ctx, row.Intent, a)
	}
	return s.succeed(ctx, row.Intent, w, res, a)
}

// revive makes of an intent what is needed to record its outcome.
func (a *applier) revive(in store.Intent) *write {
	w := &write{side: in.Side, verb: in.Verb, twin: in.Twin, target: in.TargetID, expect: in.PreVersion, facets: in.Facets, digest: in.PayloadDigest, key: in.NaturalKey, kind: confluence.Page}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	if in.Verb == confluence.VerbSpace {
		w.also = a.s.madeSpace
	}
	if own := a.view.seen[in.Side].get(in.Twin); own != nil {
		w.kind = own.Content.Kind
	}
	c := reconcile.Change{N: -1, Side: in.Side, Verb: in.Verb, Twin: in.Twin, Kind: w.kind, Facets: in.Facets, Target: in.TargetID}
	from := in.Side.Other()
	src := a.view.seen[from].get(in.Twin)
	if a.s.paired && a.reviveState(w, c, in) {
		return w
	}
	if src == nil {
		if _, title, ok := createKey(in.NaturalKey); ok && a.s.paired && in.Verb == confluence.VerbPost {
			c.Title = title
			a.copied(w, c)
		}
		return w
	}
	w.kind = src.Content.Kind
	if a.s.paired {
		a.reviveBody(w, c, in, src)
		return w
	}
	w.learned = a.learner(c, in.Facets, func(row *store.AgreedRow, _ reconcile.Facets) {
		title := src.Content.Title
		if _, t, ok := createKey(in.NaturalKey); ok && in.Verb == confluence.VerbPost {
			title = t
		}
		row.Title[in.Side], row.Title[from] = title, src.Content.Title
		if print, ok := a.view.print(from, in.Twin); ok {
			row.Refs[from] = print.encode()
			row.Ancestor = src.RawBlob
		}
		if !in.PayloadDigest.IsZero() {
			row.Sent[in.Side] = in.PayloadDigest
		}
	})
	return w
}
