package xmlexport

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// tree settles the parents of pages: one that cannot be had is taken away, so that the page stands at the root.
func (r *resolver) tree() {
	r.exec(`CREATE TEMP TABLE rootless AS SELECT i.seq FROM item i WHERE i.kind = 1 AND i.up IS NOT NULL AND (
		NOT EXISTS (SELECT 1 FROM item p WHERE p.id = i.up AND p.kind = 1 AND p.space = i.space)
		OR i.seq IN (SELECT seq FROM defect WHERE name = 'page without space'))`)
	if r.one("SELECT count(*) FROM rootless") > 0 {
		const pages = "FROM rootless n CROSS JOIN item i ON i.seq = n.seq CROSS JOIN content c ON c.seq = i.seq LEFT JOIN content p ON p.id = i.up WHERE "
		r.defects("missing parent", pages+"(p.id IS NULL OR p.class <> 1)")
		r.defects("parent not current", pages+"p.class = 1 AND p.state <> 1")
		r.defects("parent in other space", pages+"p.class = 1 AND p.state = 1 AND p.space IS NOT c.space")
	}
	r.defects("extra root", items+"i.kind = 1 AND i.up IS NULL AND i.id NOT IN (SELECT home FROM space WHERE home IS NOT NULL)")
	r.exec("UPDATE item SET up = NULL WHERE seq IN (SELECT seq FROM rootless)")
	for _, seq := range r.cycles(itemPage) {
		r.defects(defectParentCycle, "FROM content c WHERE c.seq = ?", seq)
		r.exec("UPDATE item SET up = NULL WHERE seq = ?", seq)
	}
}

// cycles returns the items of a kind that are their own ancestors.
func (r *resolver) cycles(kind int64) []int64 {
	var seqs, ups []int64
	r.each(func(rows *sql.Rows) error {
		var seq, up int64
		err := rows.Scan(&seq, &up)
		seqs, ups = append(seqs, seq), append(ups, up)
		return err
	}, "SELECT i.seq, p.seq FROM item i JOIN item p ON p.id = i.up WHERE i.kind = ? ORDER BY i.seq", kind)
	return findCycles(seqs, ups)
}

// findCycles returns the members of cycles in a forest in which seqs[i], ascending, hangs below ups[i].
func findCycles(seqs, ups []int64) []int64 {
	const open, settled = 1, 2
	mark := make([]byte, len(seqs))
	var found []int64
	var trail []int
	for start := range seqs {
		trail = trail[:0]
		at, ok := start, true
		for ok && mark[at] == 0 {
			mark[at] = open
			trail = append(trail, at)
			at, ok = slices.BinarySearch(seqs, ups[at])
		}
		if ok && mark[at] == open {
			for _, member := range trail[slices.Index(trail, at):] {
				found = append(found, seqs[member])
			}
		}
		for _, i := range trail {
			mark[i] = settled
		}
	}
	slices.Sort(found)
	return found
}

// named is an item whose title another may share.
type named struct {
	seq   int64
	group string // only within a group titles must differ
	title string
}

// titles renames what shares its title with another: pages of a space, blog posts of a space and day, files of a page.
func (r *resolver) titles() {
	if r.seen.titles == 0 && !r.seen.unplaced {
		return
	}
	const day = "CASE i.kind WHEN 2 THEN substr(c.created, 1, 10) ELSE '' END"
	r.rename(defectDuplicateTitle, "i.kind IN (1, 2) AND c.title IS NOT NULL", "i.kind||' '||i.space||' '||coalesce("+day+", '')",
		func(title string, n int) string { return fmt.Sprintf("%s (%d)", title, n) })
	r.rename(defectDuplicateFile, "i.kind = 4", "''||i.owner", func(title string, n int) string {
		stem, dot := title, ""
		if at := strings.LastIndexByte(title, '.'); at > 0 {
			stem, dot = title[:at], title[at:]
		}
		return fmt.Sprintf("%s (%d)%s", stem, n, dot)
	})
	if r.seen.untitled {
		r.untitled()
	}
}

// untitled counts surplus contents without a title as the table of expectations does: they share the empty one.
func (r *resolver) untitled() {
	r.defects(defectDuplicateTitle, `FROM item i JOIN content c ON c.seq = i.seq WHERE i.untitled = 1 AND i.kind IN (1, 2) AND EXISTS (
		SELECT 1 FROM item j JOIN content d ON d.seq = j.seq WHERE j.untitled = 1 AND j.kind = i.kind AND j.space = i.space
		AND j.seq < i.seq AND (i.kind = 1 OR substr(c.created, 1, 10) IS substr(d.created, 1, 10)))`)
}

// rename looks for items of equal title in a group. The first of them in the file keeps it.
func (r *resolver) rename(defect, where, group string, with func(string, int) string) {
	var all []named
	r.each(func(rows *sql.Rows) error {
		var n named
		err := rows.Scan(&n.seq, &n.group, &n.title)
		all = append(all, n)
		return err
	}, `SELECT i.seq, `+group+`, coalesce(c.title, '') FROM item i JOIN content c ON c.seq = i.seq WHERE `+where+` AND (c.tkey, `+group+`) IN (
		SELECT c.tkey, `+group+` FROM item i JOIN content c ON c.seq = i.seq WHERE `+where+` GROUP BY 1, 2 HAVING count(*) > 1)`)
	slices.SortFunc(all, func(a, b named) int { return cmp.Compare(a.seq, b.seq) })
	taken := map[string]bool{}
	for _, n := range all {
		name := n.group + "\x00" + strings.ToLower(n.title)
		if !taken[name] {
			taken[name] = true
			continue
		}
		r.surplusTitle(n, defect, where, group, taken, with)
	}
}

// surplusTitle gives one item the first numbered title that nobody has.
func (r *resolver) surplusTitle(n named, defect, where, group string, taken map[string]bool, with func(string, int) string) {
	for try := 2; r.err == nil; try++ {
		title := with(clip(n.title, 240), try)
		name := n.group + "\x00" + strings.ToLower(title)
		if taken[name] || r.one(`SELECT EXISTS(SELECT 1 FROM item i JOIN content c ON c.seq = i.seq WHERE `+where+
			` AND c.tkey = ? AND `+group+` = ? AND c.title IS NOT NULL)`, titleKey([]byte(title)), n.group) == 1 {
			taken[name] = true
			continue
		}
		taken[name] = true
		r.exec("UPDATE item SET title = ? WHERE seq = ?", title, n.seq)
		r.defects(defect, "FROM content c WHERE c.seq = ?", n.seq)
		return
	}
}

// clip cuts s to at most n characters.
func clip(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	if !utf8.ValidString(s) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}
