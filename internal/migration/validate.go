package migration

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// maxConcurrent bounds the calls in flight that a plan may ask for.
const maxConcurrent = 64

var planName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// violation is a rule that a plan breaks, with the path of the field in the file.
type violation struct {
	code confluence.Code
	path string
	what string
}

func broken(path, format string, args ...any) *violation {
	return &violation{confluence.CodeBadFile, path, fmt.Sprintf(format, args...)}
}

func notBuilt(path, what string) *violation {
	return &violation{confluence.CodeNotCapable, path, what + " is not supported by this version of tandem"}
}

// Validate reports the first rule of the plan file that p breaks, as T-1003 or T-2007.
func (p Plan) Validate() error {
	if v := p.violation(); v != nil {
		return confluence.Errorf(v.code, "plan %s: %s: %s", p.Name, v.path, v.what)
	}
	return nil
}

func (p Plan) violation() *violation {
	for _, rule := range []func(Plan) *violation{Plan.checkHead, Plan.checkEnds, Plan.checkSpaces, Plan.checkSelection, Plan.checkOptions, Plan.checkBuilt} {
		if v := rule(p); v != nil {
			return v
		}
	}
	return nil
}

// oneOf reports a value that is none of those allowed.
func oneOf(path, value string, allowed ...string) *violation {
	if slices.Contains(allowed, value) {
		return nil
	}
	return broken(path, "%q is none of %s", value, strings.Join(allowed, ", "))
}

func (p Plan) checkHead() *violation {
	if !planName.MatchString(p.Name) {
		return broken("name", "a name has 1 to 64 of the characters A-Z a-z 0-9 . _ -")
	}
	if v := oneOf("stage", p.Stage, "test", "production"); v != nil {
		return v
	}
	return oneOf("users", p.Users, "all", "scoped", "referenced", "none")
}

func (p Plan) checkEnds() *violation {
	switch {
	case (p.From.Site == "") == (p.From.Export == ""):
		return broken("from", "from names either a site or an export")
	case p.To.Export != "":
		return broken("to.export", "nothing can be migrated into an export")
	case p.To.Site == "":
		return broken("to", "to names a site")
	case p.From.Site == p.To.Site:
		return broken("to.site", "source and destination are the same site")
	}
	return nil
}

func (p Plan) checkSpaces() *violation {
	if len(p.Spaces) == 0 {
		return broken("spaces", "a plan has at least one space")
	}
	keys, targets := map[string]bool{}, map[string]bool{}
	for i, s := range p.Spaces {
		at := fmt.Sprintf("spaces[%d]", i)
		if v := s.check(at); v != nil {
			return v
		}
		// Keys are compared without regard to case by both products.
		key, target := strings.ToLower(s.Key), strings.ToLower(s.Target)
		if keys[key] {
			return broken(at+".key", "space %s is in the plan twice", s.Key)
		}
		if targets[target] {
			return broken(at+".target", "two spaces of the plan go to %s", s.Target)
		}
		keys[key], targets[target] = true, true
	}
	return nil
}

func (s SpaceScope) check(at string) *violation {
	for _, f := range []struct{ name, value string }{{"key", s.Key}, {"target", s.Target}} {
		if f.value == "" || strings.ContainsFunc(f.value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return broken(at+"."+f.name, "a space key is not empty and has no white space")
		}
	}
	if v := oneOf(at+".what", s.What, "all", "attachments", "pages"); v != nil {
		return v
	}
	if v := oneOf(at+".existing", s.Existing, "skip", "adopt", "replace"); v != nil {
		return v
	}
	if n, err := strconv.Atoi(s.History); err != nil || n < 1 {
		return oneOf(at+".history", s.History, "none", "all", "a number from 1")
	}
	return nil
}

func (p Plan) checkSelection() *violation {
	for i, spec := range p.NeverSend {
		kind, value, _ := strings.Cut(spec, ":")
		if value == "" || !slices.Contains([]string{"label", "space", "pattern"}, kind) {
			return broken(fmt.Sprintf("neverSend[%d]", i), "%q is none of label:L, space:KEY, pattern:GLOB", spec)
		}
	}
	return nil
}

func (p Plan) checkOptions() *violation {
	o := p.Options
	if o.Concurrent < 0 || o.Concurrent > maxConcurrent {
		return broken("options.concurrent", "%d is not between 1 and %d (0: what the site declares)", o.Concurrent, maxConcurrent)
	}
	for i, mark := range o.Provenance {
		if v := oneOf(fmt.Sprintf("options.provenance[%d]", i), mark, "message", "property", "banner"); v != nil {
			return v
		}
	}
	return oneOf("options.editor", o.Editor, "keep", "convert")
}

// checkBuilt refuses, by name, what the format has and this version cannot do, so that nothing asked for is silently
// left out.
func (p Plan) checkBuilt() *violation {
	for _, field := range p.notBuilt() {
		if field.asked {
			return notBuilt(field.path, field.what)
		}
	}
	for i, s := range p.Spaces {
		for _, field := range s.notBuilt() {
			if field.asked {
				return notBuilt(fmt.Sprintf("spaces[%d].%s", i, field.path), field.what)
			}
		}
	}
	return nil
}

// asked is a part of the format that this version does not have, and if a plan asks for it.
type asked struct {
	asked      bool
	path, what string
}

func (p Plan) notBuilt() []asked {
	o := p.Options
	return []asked{
		{p.Users == "all" || p.Users == "referenced", "users", "users: " + p.Users + " (creating accounts)"},
		{p.Templates, "templates", "templates: true"},
		{p.Select.CQL != "", "select.cql", "select.cql"},
		{len(p.Select.Labels) > 0, "select.labels", "select.labels"},
		{len(p.Select.Subtree) > 0, "select.subtree", "select.subtree"},
		{p.Select.EditedAfter != "", "select.editedAfter", "select.editedAfter"},
		{len(p.NeverSend) > 0, "neverSend", "neverSend"},
		{o.Editor == "convert", "options.editor", "options.editor: convert"},
		{!slices.Equal(o.Provenance, []string{"message"}), "options.provenance", "options.provenance other than [message]"},
		{o.Macros != "", "options.macros", "options.macros"},
	}
}

func (s SpaceScope) notBuilt() []asked {
	return []asked{
		{s.What != "all", "what", "what: " + s.What},
		{s.Existing != "skip", "existing", "existing: " + s.Existing},
		{s.History != "none", "history", "history: " + s.History},
		{s.AttachmentsFirst, "attachmentsFirst", "attachmentsFirst: true"},
	}
}
