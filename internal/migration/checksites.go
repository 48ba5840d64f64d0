package migration

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	maxSkew = 5 * time.Minute
	// exportAge is from when on an export is worth a remark.
	exportAge = 30 * 24 * time.Hour
	// maxKey and maxSpaceName are limits of the destination: Cloud's space creation.
	maxKey       = 255
	maxSpaceName = 200
)

func checkSourceAccount(f *Facts, report func(Finding)) {
	if source := f.Sites[confluence.A]; source.Identity.Anonymous {
		report(Finding{Code: confluence.CodeWrongUser, Severity: SeverityError, What: source.Name + " answers as to nobody: restricted contents would be missing"})
	}
}

func checkDestinationWrites(f *Facts, report func(Finding)) {
	to := f.Sites[confluence.B]
	found := Finding{Severity: SeverityError, Site: to.Name}
	switch {
	case to.ReadOnly:
		found.Code, found.What = confluence.CodeReadOnlySite, to.Name+" is switched read-only"
	case to.Identity.Anonymous:
		found.Code, found.What = confluence.CodeWrongUser, to.Name+" answers as to nobody"
	case !to.Identity.Caps.Write:
		found.Code, found.What = confluence.CodeNotCapable, to.Name+" cannot be written to"
	default:
		return
	}
	report(found)
}

func checkFingerprints(f *Facts, report func(Finding)) {
	ends := [2]Endpoint{f.Plan.From, f.Plan.To}
	for _, side := range confluence.Sides {
		site := f.Sites[side]
		want, got := ends[side].Fingerprint, site.Identity.Fingerprint
		if want != "" && want != got {
			report(Finding{
				Code: confluence.CodeOtherSite, Severity: SeverityError, Site: site.Name,
				What: fmt.Sprintf("%s is not the one of the plan: fingerprint %s instead of %s", site.Name, got, want),
			})
		}
	}
	a, b := f.Sites[confluence.A], f.Sites[confluence.B]
	if a.Identity.Fingerprint != "" && a.Identity.Fingerprint == b.Identity.Fingerprint {
		report(Finding{
			Code: confluence.CodeOtherSite, Severity: SeverityError, Site: b.Name,
			What: fmt.Sprintf("%s and %s are one and the same", a.Name, b.Name),
		})
	}
}

func checkClock(f *Facts, report func(Finding)) {
	for _, side := range confluence.Sides {
		site := f.Sites[side]
		if site.Identity.Now.IsZero() || f.Now.IsZero() {
			continue
		}
		if skew := f.Now.Sub(site.Identity.Now).Abs(); skew > maxSkew {
			report(Finding{
				Code: confluence.CodeUnusableAnswer, Severity: SeverityWarning, Effect: confluence.Kept, Site: site.Name, Cause: "one of the clocks is wrong",
				What: fmt.Sprintf("the clock of %s and the one here are %s apart", site.Name, skew.Round(time.Second)),
			})
		}
	}
}

func checkExportAge(f *Facts, report func(Finding)) {
	made := f.Sites[confluence.A].Exported
	if made.IsZero() || f.Now.Sub(made) < exportAge {
		return
	}
	report(Finding{
		Code: confluence.CodeStale, Severity: SeverityInfo, Effect: confluence.Kept, Cause: "what was edited since is not in it",
		What: fmt.Sprintf("the export is %d days old", int(f.Now.Sub(made).Hours()/24)),
	})
}

func checkCreateSpaces(f *Facts, report func(Finding)) {
	to := f.Sites[confluence.B]
	if to.CreateSpaces == nil || *to.CreateSpaces {
		return
	}
	for _, s := range f.Spaces {
		if s.Found && s.Key != KeyOurs {
			report(Finding{
				Code: confluence.CodeBlindAccount, Severity: SeverityError, Site: to.Name, Space: s.Space.Key,
				What: fmt.Sprintf("the account may not create spaces on %s, and %s is to be created", to.Name, s.Target),
			})
		}
	}
}

func checkSpaceFound(f *Facts, report func(Finding)) {
	for _, s := range f.Spaces {
		if !s.Found {
			report(Finding{
				Code: confluence.CodeSourceGone, Severity: SeverityWarning, Effect: confluence.SkippedOver, Space: s.Space.Key,
				What: fmt.Sprintf("space %s is not at the source, or not visible: it will be SKIPPED", s.Space.Key),
			})
		}
	}
}

func checkHidden(f *Facts, report func(Finding)) {
	for _, s := range f.Spaces {
		if s.Hidden <= 0 {
			continue
		}
		c := s.Counts
		seen := c.Pages.Total + c.BlogPosts.Total
		report(Finding{
			Code: confluence.CodeBlindAccount, Severity: SeverityError, Space: s.Space.Key, Count: s.Hidden,
			What: fmt.Sprintf("%d pages and blog posts counted, %d visible to this account", seen+s.Hidden, seen),
		})
	}
}

// checkUntold warns of a source that shows a caller what it may see and does not say that there is more. Data Center has no
// count of a space's pages that is not filtered so (dc-api.md, instance metrics).
func checkUntold(f *Facts, report func(Finding)) {
	source := f.Sites[confluence.A]
	if source.Identity.Kind != confluence.DataCenter && source.Identity.Kind != confluence.Cloud {
		return
	}
	for _, s := range f.Spaces {
		if s.Found && s.Hidden < 0 {
			report(Finding{
				Code: confluence.CodeBlindAccount, Severity: SeverityInfo, Effect: confluence.SkippedOver, Site: source.Name, Space: s.Space.Key,
				Cause: "the site leaves out what its restrictions hide from tandem's account, and counts it nowhere",
				What:  fmt.Sprintf("pages that are restricted to others than %s would be left behind without a trace", source.Identity.Me.Name),
			})
		}
	}
}

// checkPermissions warns of a space whose permissions the source does not show: every space has some.
func checkPermissions(f *Facts, report func(Finding)) {
	for i, s := range f.Spaces {
		if !s.Found || i < len(f.Plan.Spaces) && !f.Plan.Spaces[i].Permissions || len(s.Space.Permissions) > 0 {
			continue
		}
		report(Finding{
			Code: confluence.CodeNotCapable, Severity: SeverityWarning, Effect: confluence.Lost, Site: f.Sites[confluence.A].Name, Space: s.Space.Key,
			Cause: "this version of the source has no way to read them, the account may not, or the export has none",
			What:  fmt.Sprintf("the permissions of space %s cannot be read; at the destination only tandem's account will see it", s.Space.Key),
		})
	}
}

func checkTargetKey(f *Facts, report func(Finding)) {
	for _, s := range f.Spaces {
		key := strings.TrimPrefix(s.Target, "~")
		alnum := func(r rune) bool { return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
		illegal := strings.IndexFunc(key, func(r rune) bool { return !alnum(r) })
		if key != "" && len(key) <= maxKey && illegal < 0 {
			continue
		}
		report(Finding{
			Code: confluence.CodeCheckBlocks, Severity: SeverityError, Site: f.Sites[confluence.B].Name, Space: s.Space.Key,
			Cause: "a space key has letters and digits only", What: fmt.Sprintf("%q cannot be a space key at the destination", s.Target),
		})
	}
}

func checkKeyFree(f *Facts, report func(Finding)) {
	for _, s := range f.Spaces {
		found := Finding{Code: confluence.CodeKeyTaken, Severity: SeverityError, Site: f.Sites[confluence.B].Name, Space: s.Space.Key}
		switch s.Key {
		case KeyTaken:
			found.What = fmt.Sprintf("the key %s is taken by a space that tandem did not make", s.Target)
		case KeyReserved:
			found.What = fmt.Sprintf("the key %s is held by a space that is archived or in the trash", s.Target)
		case KeyOurs:
			found.Severity, found.Effect = SeverityInfo, confluence.Kept
			found.Cause, found.Remedy = "an earlier run made it", "nothing: what arrived stays, only the rest is written"
			found.What = fmt.Sprintf("space %s is continued", s.Target)
		default:
			continue
		}
		report(found)
	}
}

func checkSpaceName(f *Facts, report func(Finding)) {
	for _, s := range f.Spaces {
		name := s.Space.Name
		found := Finding{Code: confluence.CodeTitleChanged, Severity: SeverityWarning, Effect: confluence.Changed, Space: s.Space.Key}
		switch {
		case !s.Found:
			continue
		case strings.TrimSpace(name) == "":
			found.What, found.Cause = "the space has no name and gets its key as name", "the source has none"
		case utf8.RuneCountInString(name) > maxSpaceName:
			found.What, found.Cause = fmt.Sprintf("the name of the space has more than %d characters", maxSpaceName), "the destination does not take it"
		case strings.ContainsFunc(name, unicode.IsControl):
			found.What, found.Cause = "the name of the space has control characters", "the destination does not take them"
		default:
			continue
		}
		report(found)
	}
}

// unmapped reports one finding for each space about the names that lack something, most used first.
func unmapped(f *Facts, report func(Finding), uses func(SpaceFacts) map[string]int, missing func(string) bool, found Finding) {
	for _, s := range f.Spaces {
		var names []string
		total := 0
		all := uses(s)
		for name, n := range all {
			if missing(name) {
				names = append(names, name)
				total += n
			}
		}
		if len(names) == 0 {
			continue
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(all[b], all[a]), cmp.Compare(a, b)) })
		one := found
		one.Space, one.Count = s.Space.Key, total
		one.What = fmt.Sprintf(found.What, len(names), total)
		more := ""
		if len(names) > offendersKept {
			more = fmt.Sprintf(" and %d more", len(names)-offendersKept)
			names = names[:offendersKept]
		}
		one.Where.Detail = strings.Join(names, ", ") + more
		report(one)
	}
}

func checkGroups(f *Facts, report func(Finding)) {
	if f.Groups == nil {
		return
	}
	unmapped(f, report, func(s SpaceFacts) map[string]int { return s.Groups }, func(name string) bool {
		there, ok := f.People.Group(name)
		return !ok || !f.Groups[there]
	}, Finding{
		Code: confluence.CodeReaderUnmapped, Severity: SeverityWarning, Effect: confluence.Changed, Where: FindingWhere{Facet: "groups"},
		What: "%d groups do not exist at the destination, used %d times in permissions and restrictions",
	})
}

func (f *Facts) unmappedUser(id string) bool {
	user := confluence.UserID(id)
	if _, ok := f.People.Account(user); ok {
		return false
	}
	name := f.Users[user].Name
	if name == "" {
		return true
	}
	_, ok := f.People.Account(confluence.UserID(name))
	return !ok
}

func byText(uses map[confluence.UserID]int) map[string]int {
	out := make(map[string]int, len(uses))
	for id, n := range uses {
		out[string(id)] = n
	}
	return out
}

func checkReaders(f *Facts, report func(Finding)) {
	unmapped(f, report, func(s SpaceFacts) map[string]int { return byText(s.Readers) }, f.unmappedUser, Finding{
		Code: confluence.CodeReaderUnmapped, Severity: SeverityWarning, Effect: confluence.Changed, Where: FindingWhere{Facet: "readers"},
		What: "%d users in permissions and restrictions are not mapped, used %d times; restrictions are written without them, never wider",
	})
}

func checkMentions(f *Facts, report func(Finding)) {
	unmapped(f, report, func(s SpaceFacts) map[string]int { return byText(s.Mentions) }, f.unmappedUser, Finding{
		Code: confluence.CodeUserUnmapped, Severity: SeverityWarning, Effect: confluence.Changed, Where: FindingWhere{Facet: "mentions"},
		What: "%d mentioned users are not mapped, mentioned %d times",
	})
}

func checkAccounts(f *Facts, report func(Finding)) {
	if f.Accounts == nil {
		return
	}
	unknown := map[string]bool{}
	for _, row := range f.People.Rows {
		if row.Account != "" && !strings.HasPrefix(row.Account, "group:") && !f.Accounts[confluence.UserID(row.Account)] {
			unknown[row.Account] = true
		}
	}
	if len(unknown) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(unknown))
	report(Finding{
		Code: confluence.CodeBadFile, Severity: SeverityError, Site: f.Sites[confluence.B].Name, Count: len(names),
		Where: FindingWhere{Facet: "people", Detail: strings.Join(names, ", ")},
		What:  fmt.Sprintf("%d accounts of the people file are unknown at the destination", len(names)),
	})
}
