package reconcile_test

import (
	"github.com/tandem-sync/tandem/internal/reconcile"
	rt "github.com/tandem-sync/tandem/internal/reconcile/reconciletest"
)

// do is one act on a content.
func do(side int, act rt.Act, at int) step { return step{side: side, act: act, at: at} }

// do2 is an act with a second content, or one of few values.
func do2(side int, act rt.Act, at, to, n int) step {
	return step{side: side, act: act, at: at, to: to, n: n}
}

// archivedApart is what a page is that one side archived, and that is not the same on both: nobody may carry what differs.
var archivedApart = modes{
	two:    wanted{open: calls("5 status 27"), rows: []int{27}},
	safe:   wanted{calls: calls("2 ARC 5"), rows: []int{27}},
	mirror: wanted{calls: calls("2 ARC 5"), rows: []int{27}},
}

// rowCases are derived from the table in the design, not from the code. What the n-th act of a case makes has number
// 500+n. An act of side 2 stands on the column "side 2". A clash has the row of its own facet: of an edit here and a rename
// there (row 11) the one about the title says row 5, as of a rename alone.
var rowCases = []rowCase{
	{row: 1, name: "nothing", want: alike(wanted{})},
	{row: 2, name: "edit", steps: []step{do(1, rt.EditBody, 5)}, want: alike(wanted{calls: calls("2 PUT 5 body"), rows: []int{2}})},
	{row: 2, name: "new file version", steps: []step{do(1, rt.NewVersion, 7)}, want: alike(wanted{calls: calls("2 ATv 7 file"), rows: []int{2}})},
	{row: 2, name: "comment edited", steps: []step{do(1, rt.EditComment, 8)}, want: alike(wanted{calls: calls("2 CMu 8 body"), rows: []int{2}})},
	{row: 3, name: "edit on the other side", steps: []step{do(2, rt.EditBody, 5)}, want: modes{
		two:    wanted{calls: calls("1 PUT 5 body"), rows: []int{3}},
		safe:   wanted{open: calls("5 body 3"), rows: []int{3}},
		mirror: wanted{calls: calls("2 PUT 5 body"), records: calls("5 body 3"), rows: []int{3}},
	}},
	{row: 4, name: "rename", steps: []step{do(1, rt.Rename, 5)}, want: alike(wanted{calls: calls(`2 PUT 5 title="Renamed 500"`), rows: []int{4}})},
	{row: 5, name: "rename on the other side", steps: []step{do(2, rt.Rename, 5)}, want: modes{
		two:    wanted{calls: calls(`1 PUT 5 title="Renamed 500"`), rows: []int{5}},
		safe:   wanted{open: calls("5 title 5"), rows: []int{5}},
		mirror: wanted{calls: calls(`2 PUT 5 title="Page 5"`), records: calls("5 title 5"), rows: []int{5}},
	}},
	{row: 6, name: "move", steps: []step{do2(1, rt.MoveUnder, 5, 2, 0)}, want: alike(wanted{calls: calls("2 MV 5 parent=2"), rows: []int{6}})},
	{row: 6, name: "move to the root", steps: []step{do(1, rt.MoveToRoot, 5)}, want: alike(wanted{calls: calls("2 MV 5 parent=0"), rows: []int{6}})},
	{row: 7, name: "move on the other side", steps: []step{do2(2, rt.MoveUnder, 5, 2, 0)}, want: modes{
		two:    wanted{calls: calls("1 MV 5 parent=2"), rows: []int{7}},
		safe:   wanted{open: calls("5 parent 7"), rows: []int{7}},
		mirror: wanted{calls: calls("2 MV 5 parent=1"), records: calls("5 parent 7"), rows: []int{7}},
	}},
	{row: 8, name: "trash", steps: []step{do(1, rt.TrashOne, 5)}, want: alike(wanted{calls: calls("2 DEL 5"), rows: []int{8}})},
	{row: 8, name: "file deleted", steps: []step{do(1, rt.DropFile, 7)}, want: alike(wanted{calls: calls("2 AT- 7"), rows: []int{8}})},
	{row: 8, name: "comment deleted", steps: []step{do(1, rt.DropComment, 8)}, want: alike(wanted{calls: calls("2 CM- 8"), rows: []int{8}})},
	{row: 8, name: "trash, deletes archive", steps: []step{do(1, rt.TrashOne, 5)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) {
		p.Deletes = reconcile.DeletesArchive
	}, want: alike(wanted{calls: calls("2 ARC 5"), rows: []int{8}})},
	{row: 8, name: "trash, deletes ignored", steps: []step{do(1, rt.TrashOne, 5)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) {
		p.Deletes = reconcile.DeletesIgnore
	}, want: alike(wanted{rows: []int{8}})},
	{row: 9, name: "trash on the other side", steps: []step{do(2, rt.TrashOne, 5)}, want: modes{
		two:    wanted{calls: calls("1 DEL 5"), rows: []int{9}},
		safe:   wanted{calls: calls("2 RST 5"), rows: []int{9}},
		mirror: wanted{calls: calls("2 RST 5"), rows: []int{9}},
	}},
	{row: 10, name: "edit and edit", steps: []step{do(1, rt.EditBody, 5), do(2, rt.EditBody, 5)}, want: modes{
		two:    wanted{open: calls("5 body 10"), rows: []int{10}},
		safe:   wanted{open: calls("5 body 10"), rows: []int{10}},
		mirror: wanted{calls: calls("2 PUT 5 body"), records: calls("5 body 10"), rows: []int{10}},
	}},
	{row: 10, name: "equal edits", steps: []step{do(1, rt.EditAlike, 5), do(2, rt.EditAlike, 5)}, want: alike(wanted{lists: "converged 5", rows: []int{10}})},
	{row: 10, name: "side 1 wins", steps: []step{do(1, rt.EditBody, 5), do(2, rt.EditBody, 5)}, policy: func(p *reconcile.Policy, one, _ reconcile.Choice) {
		p.Choices = map[reconcile.Facets]reconcile.Choice{reconcile.Body: one}
	}, want: modes{
		two:    wanted{calls: calls("2 PUT 5 body"), records: calls("5 body 10"), rows: []int{10}},
		safe:   wanted{open: calls("5 body 10"), rows: []int{10}},
		mirror: wanted{calls: calls("2 PUT 5 body"), records: calls("5 body 10"), rows: []int{10}},
	}},
	{row: 11, name: "edit and rename", steps: []step{do(1, rt.EditBody, 5), do(2, rt.Rename, 5)}, want: modes{
		two:    wanted{calls: calls("2 PUT 5 body", `1 PUT 5 title="Renamed 501"`), rows: []int{11}},
		safe:   wanted{calls: calls("2 PUT 5 body"), open: calls("5 title 5"), rows: []int{11}},
		mirror: wanted{calls: calls(`2 PUT 5 title="Page 5" body`), records: calls("5 title 5"), rows: []int{11}},
	}},
	{row: 12, name: "edit and move", steps: []step{do(1, rt.EditBody, 5), do2(2, rt.MoveUnder, 5, 2, 0)}, want: modes{
		two:    wanted{calls: calls("2 PUT 5 body", "1 MV 5 parent=2"), rows: []int{12}},
		safe:   wanted{calls: calls("2 PUT 5 body"), open: calls("5 parent 7"), rows: []int{12}},
		mirror: wanted{calls: calls("2 PUT 5 parent=1 body"), records: calls("5 parent 7"), rows: []int{12}},
	}},
	{row: 13, name: "edit and trash", steps: []step{do(1, rt.EditBody, 5), do(2, rt.TrashOne, 5)}, want: alike(wanted{calls: calls("2 RST 5", "2 PUT 5 body"), rows: []int{13}})},
	{row: 13, name: "edit and trash, delete wins", steps: []step{do(1, rt.EditBody, 5), do(2, rt.TrashOne, 5)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) {
		p.DeleteVsEdit = reconcile.DeleteWins
	}, want: modes{
		two:    wanted{calls: calls("1 DEL 5"), records: calls("5 status 13"), rows: []int{13}},
		safe:   wanted{calls: calls("2 RST 5", "2 PUT 5 body"), rows: []int{13}},
		mirror: wanted{calls: calls("2 RST 5", "2 PUT 5 body"), rows: []int{13}},
	}},
	{row: 13, name: "edit and trash, held", steps: []step{do(1, rt.EditBody, 5), do(2, rt.TrashOne, 5)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) {
		p.DeleteVsEdit = reconcile.HoldBoth
	}, want: modes{
		two:    wanted{open: calls("5 status 13"), rows: []int{13}},
		safe:   wanted{calls: calls("2 RST 5", "2 PUT 5 body"), rows: []int{13}},
		mirror: wanted{calls: calls("2 RST 5", "2 PUT 5 body"), rows: []int{13}},
	}},
	{row: 14, name: "trash and edit", steps: []step{do(1, rt.TrashOne, 5), do(2, rt.EditBody, 5)}, want: modes{
		two:    wanted{calls: calls("1 RST 5", "1 PUT 5 body"), rows: []int{14}},
		safe:   wanted{open: calls("5 status 14"), rows: []int{14}},
		mirror: wanted{calls: calls("2 DEL 5"), records: calls("5 status 14"), rows: []int{14}},
	}},
	{row: 14, name: "edited before it was deleted, and edited", steps: []step{do(1, rt.EditBody, 5), do(1, rt.TrashOne, 5), do(2, rt.EditBody, 5)}, want: modes{
		two:    wanted{calls: calls("1 RST 5"), open: calls("5 body 10"), rows: []int{14}},
		safe:   wanted{open: calls("5 status 14"), rows: []int{14}},
		mirror: wanted{calls: calls("2 DEL 5"), records: calls("5 status 14"), rows: []int{14}},
	}},
	{row: 15, name: "rename and rename", steps: []step{do(1, rt.Rename, 5), do(2, rt.Rename, 5)}, want: modes{
		two:    wanted{open: calls("5 title 15"), rows: []int{15}},
		safe:   wanted{open: calls("5 title 15"), rows: []int{15}},
		mirror: wanted{calls: calls(`2 PUT 5 title="Renamed 500"`), records: calls("5 title 15"), rows: []int{15}},
	}},
	{row: 15, name: "renamed alike", steps: []step{do(1, rt.RenameAlike, 5), do(2, rt.RenameAlike, 5)}, want: alike(wanted{lists: "converged 5", rows: []int{15}})},
	{row: 16, name: "rename and move", steps: []step{do(1, rt.Rename, 5), do2(2, rt.MoveUnder, 5, 2, 0)}, want: modes{
		two:    wanted{calls: calls(`2 PUT 5 title="Renamed 500"`, "1 MV 5 parent=2"), rows: []int{16}},
		safe:   wanted{calls: calls(`2 PUT 5 title="Renamed 500"`), open: calls("5 parent 7"), rows: []int{16}},
		mirror: wanted{calls: calls(`2 PUT 5 title="Renamed 500" parent=1`), records: calls("5 parent 7"), rows: []int{16}},
	}},
	{row: 17, name: "rename and trash", steps: []step{do(1, rt.Rename, 5), do(2, rt.TrashOne, 5)}, want: modes{
		two:    wanted{calls: calls("1 DEL 5"), records: calls("5 status 17"), rows: []int{17}},
		safe:   wanted{calls: calls("2 RST 5", `2 PUT 5 title="Renamed 500"`), rows: []int{17}},
		mirror: wanted{calls: calls("2 RST 5", `2 PUT 5 title="Renamed 500"`), rows: []int{17}},
	}},
	{row: 17, name: "rename and trash, renames protect", steps: []step{do(1, rt.Rename, 5), do(2, rt.TrashOne, 5)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) {
		p.RenameProtects = true
	}, want: alike(wanted{calls: calls("2 RST 5", `2 PUT 5 title="Renamed 500"`), rows: []int{17}})},
	{row: 18, name: "trash and rename", steps: []step{do(1, rt.TrashOne, 5), do(2, rt.Rename, 5)}, want: modes{
		two:    wanted{calls: calls("2 DEL 5"), records: calls("5 status 18"), rows: []int{18}},
		safe:   wanted{open: calls("5 status 18"), rows: []int{18}},
		mirror: wanted{calls: calls("2 DEL 5"), rows: []int{18}},
	}},
	{row: 19, name: "move and move", steps: []step{do2(1, rt.MoveUnder, 5, 2, 0), do2(2, rt.MoveUnder, 5, 3, 0)}, want: modes{
		two:    wanted{open: calls("5 parent 19"), rows: []int{19}},
		safe:   wanted{open: calls("5 parent 19"), rows: []int{19}},
		mirror: wanted{calls: calls("2 MV 5 parent=2"), records: calls("5 parent 19"), rows: []int{19}},
	}},
	{row: 19, name: "moved alike", steps: []step{do2(1, rt.MoveUnder, 5, 2, 0), do2(2, rt.MoveUnder, 5, 2, 0)}, want: alike(wanted{lists: "converged 5", rows: []int{19}})},
	{row: 20, name: "moves that make a ring", steps: []step{do2(1, rt.MoveUnder, 1, 2, 0), do2(2, rt.MoveUnder, 2, 1, 0)},
		want: alike(wanted{calls: calls("2 MV 1 parent=2", "2 MV 2 parent=0"), records: calls("2 parent 20"), rows: []int{20}})},
	{row: 21, name: "move and trash", steps: []step{do2(1, rt.MoveUnder, 5, 2, 0), do(2, rt.TrashOne, 5)}, want: modes{
		two:    wanted{calls: calls("1 DEL 5"), records: calls("5 status 21"), rows: []int{21}},
		safe:   wanted{calls: calls("2 RST 5", "2 MV 5 parent=2"), rows: []int{21}},
		mirror: wanted{calls: calls("2 RST 5", "2 MV 5 parent=2"), rows: []int{21}},
	}},
	{row: 22, name: "trash and move", steps: []step{do(1, rt.TrashOne, 5), do2(2, rt.MoveUnder, 5, 2, 0)}, want: modes{
		two:    wanted{calls: calls("2 DEL 5"), records: calls("5 status 22"), rows: []int{22}},
		safe:   wanted{open: calls("5 status 22"), rows: []int{22}},
		mirror: wanted{calls: calls("2 DEL 5"), rows: []int{22}},
	}},
	{row: 23, name: "trash and trash", steps: []step{do(1, rt.TrashOne, 5), do(2, rt.TrashOne, 5)}, want: alike(wanted{lists: "tombs 5", rows: []int{23}})},
	{row: 24, name: "label and unlabel", steps: []step{do2(1, rt.Label, 3, 0, 1), do2(2, rt.Unlabel, 3, 0, 0)}, want: modes{
		two:    wanted{calls: calls("2 LB+ 3 add=[global:b]", "1 LB- 3 remove=[global:a]"), rows: []int{24}},
		safe:   wanted{calls: calls("2 LB+ 3 add=[global:b]"), open: calls("3 labels 24"), rows: []int{24}},
		mirror: wanted{calls: calls("2 LB+ 3 add=[global:a global:b]"), rows: []int{24}},
	}},
	{row: 25, name: "two new versions of a file", steps: []step{do(1, rt.NewVersion, 7), do(2, rt.NewVersion, 7)}, want: modes{
		two:    wanted{open: calls("7 file 25"), rows: []int{25}},
		safe:   wanted{open: calls("7 file 25"), rows: []int{25}},
		mirror: wanted{calls: calls("2 ATv 7 file"), records: calls("7 file 25"), rows: []int{25}},
	}},
	{row: 25, name: "equal new versions", steps: []step{do(1, rt.NewVersionAlike, 7), do(2, rt.NewVersionAlike, 7)}, want: alike(wanted{lists: "converged 7", rows: []int{25}})},
	{row: 26, name: "restrict and loosen", steps: []step{do2(1, rt.Tighten, 3, 0, 0), do2(2, rt.Loosen, 3, 0, 1)},
		want: alike(wanted{calls: calls("2 RS 3 readers=[group:g0]"), rows: []int{26}})},
	{row: 26, name: "loosen and restrict", steps: []step{do2(2, rt.Tighten, 3, 0, 0), do2(1, rt.Loosen, 3, 0, 1)}, want: modes{
		two:    wanted{calls: calls("1 RS 3 readers=[group:g0]"), records: calls("3 restrictions 26"), rows: []int{26}},
		safe:   wanted{records: calls("3 restrictions 26"), rows: []int{26}},
		mirror: wanted{calls: calls("2 RS 3 readers=[group:g0 group:g1 user:u0]"), rows: []int{26}},
	}},
	{row: 27, name: "archive and edit", steps: []step{do(1, rt.ArchiveOne, 5), do(2, rt.EditBody, 5)}, want: modes{
		two:    wanted{open: calls("5 status 27"), rows: []int{27}},
		safe:   wanted{calls: calls("2 ARC 5"), rows: []int{27}},
		mirror: wanted{calls: calls("2 ARC 5"), rows: []int{27}},
	}},
	{row: 27, name: "rename and archive", steps: []step{do(1, rt.Rename, 5), do(1, rt.ArchiveOne, 5)}, want: archivedApart},
	{row: 27, name: "archive and label", steps: []step{do(1, rt.ArchiveOne, 5), do2(2, rt.Label, 5, 0, 1)}, want: archivedApart},
	{row: 27, name: "archive and comment taken away", steps: []step{do(1, rt.ArchiveOne, 4), do(2, rt.DropComment, 8)}, want: modes{
		two:    wanted{calls: calls("2 MV 6 parent=1"), open: calls("4 status 27"), rows: []int{6, 27}},
		safe:   wanted{calls: calls("2 ARC 4", "2 MV 6 parent=1"), rows: []int{6, 27}},
		mirror: wanted{calls: calls("2 ARC 4", "2 MV 6 parent=1"), rows: []int{6, 27}},
	}},
	{row: 27, name: "restrict and archive", steps: []step{do2(1, rt.Tighten, 3, 0, 0), do(1, rt.ArchiveOne, 3)}, want: modes{
		two:    wanted{open: calls("3 status 27"), rows: []int{27}},
		safe:   wanted{calls: calls("2 ARC 3"), rows: []int{27}},
		mirror: wanted{calls: calls("2 ARC 3"), rows: []int{27}},
	}},
	{row: 28, name: "restore", before: []step{do(1, rt.TrashOne, 5)}, steps: []step{do(1, rt.Restore, 5)}, want: alike(wanted{calls: calls("2 RST 5"), rows: []int{28}})},
	{row: 29, name: "moved away", steps: []step{do(1, rt.MoveAway, 5)}, want: alike(wanted{lists: "detached 5", records: calls("5 status 29"), rows: []int{29}})},
	{row: 29, name: "moved away, trashed by policy", steps: []step{do(1, rt.MoveAway, 5)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) {
		p.OutOfScope = reconcile.ScopeTrash
	}, want: modes{
		two:    wanted{lists: "detached 5", rows: []int{29}},
		safe:   wanted{lists: "detached 5", rows: []int{29}},
		mirror: wanted{calls: calls("2 DEL 5"), rows: []int{29}},
	}},
	{row: 30, name: "moved away and edited", steps: []step{do(1, rt.MoveAway, 5), do(2, rt.EditBody, 5)},
		want: alike(wanted{lists: "detached 5", records: calls("5 status 30"), rows: []int{30}})},
	{row: 31, name: "create", steps: []step{do(1, rt.NewPage, 2)}, want: alike(wanted{calls: calls(`2 POST 500 title="Page 500" parent=2 body`), rows: []int{31}})},
	{row: 31, name: "create on the other side", steps: []step{do(2, rt.NewPage, 2)}, want: modes{
		two:    wanted{calls: calls(`1 POST 500 title="Page 500" parent=2 body`), rows: []int{31}},
		safe:   wanted{records: calls("500 status 31"), rows: []int{31}},
		mirror: wanted{records: calls("500 status 31"), rows: []int{31}},
	}},
	{row: 31, name: "create on the other side, pruned", steps: []step{do(2, rt.NewPage, 2)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) { p.Prune = true }, want: modes{
		two:    wanted{calls: calls(`1 POST 500 title="Page 500" parent=2 body`), rows: []int{31}},
		safe:   wanted{records: calls("500 status 31"), rows: []int{31}},
		mirror: wanted{calls: calls("2 DEL 500"), rows: []int{31}},
	}},
	{row: 32, name: "created alike", steps: []step{do2(1, rt.NewPageAlike, 2, 0, 4), do2(2, rt.NewPageAlike, 2, 0, 4)}, want: alike(wanted{lists: "joined 500 501", rows: []int{32}})},
	{row: 33, name: "created with one title", steps: []step{do2(1, rt.NewPageAlike, 2, 0, 0), do2(2, rt.NewPageAlike, 2, 0, 0)}, want: modes{
		two:    wanted{lists: "contested 500 501", open: calls("500 body 33"), rows: []int{33}},
		safe:   wanted{lists: "contested 500 501", open: calls("500 body 33"), rows: []int{33}},
		mirror: wanted{calls: calls(`2 PUT 501 title="Alike 0 (previous)"`, `2 POST 500 title="Alike 0" parent=2 body`), rows: []int{33}},
	}},
	{row: 34, name: "create and rename to its title", steps: []step{do2(1, rt.NewPageAlike, 2, 0, 0), do2(2, rt.RenameAlike, 5, 0, 0)}, want: modes{
		two: wanted{calls: calls(`2 POST 500 title="Alike 0" parent=2 body`, `1 PUT 5 title="Alike 0 (Two)"`, `2 PUT 5 title="Alike 0 (Two)"`),
			records: calls("5 title 34"), rows: []int{34}},
		safe:   wanted{calls: calls(`2 POST 500 title="Alike 0" parent=2 body`, `2 PUT 5 title="Alike 0 (Two)"`), records: calls("5 title 34"), rows: []int{34}},
		mirror: wanted{calls: calls(`2 POST 500 title="Alike 0" parent=2 body`, `2 PUT 5 title="Page 5"`), records: calls("5 title 34"), rows: []int{34}},
	}},
	{row: 35, name: "create below what was trashed", steps: []step{do(1, rt.NewPage, 5), do(2, rt.TrashOne, 5)}, want: modes{
		two:    wanted{calls: calls("1 MV 500 parent=1", "1 DEL 5", `2 POST 500 title="Page 500" parent=1 body`), records: calls("5 status 35"), rows: []int{35}},
		safe:   wanted{calls: calls("2 RST 5", `2 POST 500 title="Page 500" parent=5 body`), rows: []int{35}},
		mirror: wanted{calls: calls("2 RST 5", `2 POST 500 title="Page 500" parent=5 body`), rows: []int{35}},
	}},
	{row: 35, name: "create below what was trashed, which comes back", steps: []step{do(1, rt.NewPage, 5), do(2, rt.TrashOne, 5)}, policy: func(p *reconcile.Policy, _, _ reconcile.Choice) {
		p.ResurrectAncestors = true
	}, want: alike(wanted{calls: calls("2 RST 5", `2 POST 500 title="Page 500" parent=5 body`), rows: []int{35}})},
	{row: 36, name: "create below what was moved", steps: []step{do(1, rt.NewPage, 5), do2(2, rt.MoveUnder, 5, 2, 0)}, want: modes{
		two:    wanted{calls: calls(`2 POST 500 title="Page 500" parent=5 body`, "1 MV 5 parent=2"), rows: []int{36}},
		safe:   wanted{calls: calls(`2 POST 500 title="Page 500" parent=5 body`), open: calls("5 parent 7"), rows: []int{7, 36}},
		mirror: wanted{calls: calls(`2 POST 500 title="Page 500" parent=5 body`, "2 MV 5 parent=1"), records: calls("5 parent 7"), rows: []int{7, 36}},
	}},
	{row: 37, name: "create below what was renamed", steps: []step{do(1, rt.NewPage, 5), do(2, rt.Rename, 5)}, want: modes{
		two:    wanted{calls: calls(`2 POST 500 title="Page 500" parent=5 body`, `1 PUT 5 title="Renamed 501"`), rows: []int{37}},
		safe:   wanted{calls: calls(`2 POST 500 title="Page 500" parent=5 body`), open: calls("5 title 5"), rows: []int{5, 37}},
		mirror: wanted{calls: calls(`2 POST 500 title="Page 500" parent=5 body`, `2 PUT 5 title="Page 5"`), records: calls("5 title 5"), rows: []int{5, 37}},
	}},
	{row: 38, name: "created where our account cannot read", steps: []step{do(1, rt.NewHidden, 2)}, want: alike(wanted{})},
}
