package body

import "testing"

func put(t *testing.T, v, s string) string {
	t.Helper()
	a, err := Parse(v)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	out := Put(a, b)
	c, err := Parse(out)
	if err != nil {
		t.Fatalf("Put is ill-formed: %v\n%s", err, out)
	}
	if c.Canonical() != a.Canonical() {
		t.Fatalf("Put(%q, %q) = %q says something else", v, s, out)
	}
	return out
}

// Each row shows what of the target survives an edit.
func TestPutKeepsWhatIsTheTargets(t *testing.T) {
	const marker = `<ac:inline-comment-marker ac:ref="m1">`
	tests := []struct{ name, v, target, want string }{
		{
			"equal but for bookkeeping", `<p>a</p><p>b</p>`, `<p local-id="1">a</p> <p>b</p><!-- c -->`, `<p local-id="1">a</p> <p>b</p><!-- c -->`,
		}, {
			"a block is edited", `<p>a</p><p>two new</p><p>c</p>`, "<p local-id='1'>a</p>\n<p local-id='2'>two</p>\n<p local-id='3'>c</p>",
			"<p local-id='1'>a</p>\n<p local-id='2'>two new</p>\n<p local-id='3'>c</p>",
		}, {
			"a block is new", `<p>a</p><p local-id="x">new</p><p>c</p>`, "<p local-id='1'>a</p>\n<p local-id='3'>c</p>",
			"<p local-id='1'>a</p><p>new</p>\n<p local-id='3'>c</p>",
		}, {
			"a block is gone", `<p>a</p><p>c</p>`, "<p>a</p>\n<p>b</p>\n<p local-id='3'>c</p>", "<p>a</p>\n<p local-id='3'>c</p>",
		}, {
			"a marker beside an edit", `<p>One two three four, changed</p>`, `<p>One ` + marker + `two three</ac:inline-comment-marker> four</p>`,
			`<p>One ` + marker + `two three</ac:inline-comment-marker> four, changed</p>`,
		}, {
			"a word inside a marker", `<p>One two and three four</p>`, `<p>One ` + marker + `two three</ac:inline-comment-marker> four</p>`,
			`<p>One ` + marker + `two and three</ac:inline-comment-marker> four</p>`,
		}, {
			"formatting inside a marker", `<p>One two <strong>three</strong> four</p>`, `<p>One ` + marker + `two three</ac:inline-comment-marker> four</p>`,
			`<p>One ` + marker + `two </ac:inline-comment-marker><strong>` + marker + `three</ac:inline-comment-marker></strong> four</p>`,
		}, {
			"a paragraph becomes a heading", `<h2>One two three</h2>`, `<p local-id="7">One ` + marker + `two</ac:inline-comment-marker> three</p>`,
			`<h2 local-id="7">One ` + marker + `two</ac:inline-comment-marker> three</h2>`,
		}, {
			"a parameter is changed",
			`<ac:structured-macro ac:name="info" ac:macro-id="v"><ac:parameter ac:name="title">New</ac:parameter><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
			`<ac:structured-macro ac:name="info" ac:schema-version="1" ac:macro-id="s"><ac:parameter ac:name="title">Old</ac:parameter><ac:rich-text-body><p local-id="1">x</p></ac:rich-text-body></ac:structured-macro>`,
			`<ac:structured-macro ac:name="info" ac:schema-version="1" ac:macro-id="s"><ac:parameter ac:name="title">New</ac:parameter><ac:rich-text-body><p local-id="1">x</p></ac:rich-text-body></ac:structured-macro>`,
		}, {
			"a task is ticked",
			`<ac:task-list><ac:task><ac:task-id>9</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>do</ac:task-body></ac:task></ac:task-list>`,
			"<ac:task-list>\n<ac:task>\n<ac:task-id>1</ac:task-id>\n<ac:task-uuid>u</ac:task-uuid>\n<ac:task-status>incomplete</ac:task-status>\n<ac:task-body>do</ac:task-body>\n</ac:task>\n</ac:task-list>",
			"<ac:task-list>\n<ac:task>\n<ac:task-id>1</ac:task-id>\n<ac:task-uuid>u</ac:task-uuid>\n<ac:task-status>complete</ac:task-status>\n<ac:task-body>do</ac:task-body>\n</ac:task>\n</ac:task-list>",
		}, {
			"a status macro within a line",
			`<p>Now <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">Done</ac:parameter></ac:structured-macro> ok</p>`,
			`<p>Now <ac:structured-macro ac:name="status" ac:macro-id="s"><ac:parameter ac:name="title">Open</ac:parameter></ac:structured-macro></p>`,
			`<p>Now <ac:structured-macro ac:name="status" ac:macro-id="s"><ac:parameter ac:name="title">Done</ac:parameter></ac:structured-macro> ok</p>`,
		}, {
			"a block moves into a layout",
			`<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p>A paragraph that is long enough.</p></ac:layout-cell></ac:layout-section></ac:layout>`,
			`<p local-id="5">A paragraph that is long enough.</p>`,
			`<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p local-id="5">A paragraph that is long enough.</p></ac:layout-cell></ac:layout-section></ac:layout>`,
		}, {
			"column widths stay", `<table><tbody><tr><td>new</td></tr></tbody></table>`,
			`<table data-layout="wide"><colgroup><col style="width: 10px;"/></colgroup><tbody><tr><td ac:local-id="c">old</td></tr></tbody></table>`,
			`<table data-layout="wide"><colgroup><col style="width: 10px;"/></colgroup><tbody><tr><td ac:local-id="c">new</td></tr></tbody></table>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := put(t, tt.v, tt.target); got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}
