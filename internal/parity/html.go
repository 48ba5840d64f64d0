package parity

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// shownInHTML bounds the rows of one table, so that a browser can show the page whatever differs.
const shownInHTML = 2000

const style = `
:root{color-scheme:light dark;--ink:#172b4d;--soft:#505f79;--line:#c1c7d0;--paper:#fff;--good:#006644;--bad:#ae2a19}
@media(prefers-color-scheme:dark){:root{--ink:#dee4ea;--soft:#9fadbc;--line:#454f59;--paper:#1d2125;--good:#7ee2b8;--bad:#fd9891}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:75rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.25rem;margin:2.5rem 0 .5rem;border-top:1px solid var(--line);padding-top:1.5rem}
p{margin:.5rem 0}.soft{color:var(--soft)}
.verdict{font-weight:600}.equal{color:var(--good)}.differs{color:var(--bad)}
table{border-collapse:collapse;width:100%;margin:1rem 0}caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);padding:.3rem .75rem .3rem 0;overflow-wrap:anywhere}
thead{display:table-header-group}code{font:.875em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.5rem;margin:1rem 0}dd{margin:0}
.scroll{overflow-x:auto}
@media print{:root{--ink:#000;--soft:#333;--line:#999;--paper:#fff;--good:#000;--bad:#000}body{margin:0;max-width:none;font-size:10pt}tr,dl{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}}
`

// page writes one document; everything that comes from a site passes text.
type page struct{ strings.Builder }

func (w *page) raw(parts ...string) {
	for _, s := range parts {
		w.WriteString(s)
	}
}

func text(s string) string { return html.EscapeString(printable(s)) }

// HTML returns a report as one document that loads nothing, runs nothing and can be printed.
func HTML(r Report) string {
	title := r.Title
	if title == "" {
		title = "Proof of parity"
	}
	var w page
	w.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	w.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
	w.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	w.raw("<meta name=\"robots\" content=\"noindex\">\n<title>", text(title), "</title>\n<style>", style, "</style>\n</head>\n<body>\n")
	w.raw("<header>\n<h1>", text(title), "</h1>\n")
	w.summary(r)
	w.raw("</header>\n<main>\n")
	for i, p := range r.Proofs {
		w.proof(i, r.names(), p)
	}
	w.raw("</main>\n<footer>\n<p class=\"soft\">Two spaces are equal exactly when their roots are equal. ",
		"The roots are SHA-256 Merkle roots over all contents and all exceptions listed here.</p>\n</footer>\n</body>\n</html>\n")
	return w.String()
}

func (r Report) names() [2]string {
	names := r.Sites
	for i, fallback := range [2]string{"Source", "Destination"} {
		if names[i] == "" {
			names[i] = fallback
		}
	}
	return names
}

func (w *page) summary(r Report) {
	names := r.names()
	switch {
	case len(r.Proofs) == 0:
		w.raw("<p class=\"verdict\">Nothing was compared.</p>\n")
	case r.Equal():
		w.raw("<p class=\"verdict equal\">Equal: every space holds the same on both sides.</p>\n")
	default:
		w.raw("<p class=\"verdict differs\">Not equal: the spaces below differ.</p>\n")
	}
	w.raw("<dl>\n")
	w.fact("Compared", names[0]+" with "+names[1])
	if r.Run != "" {
		w.fact("Run", r.Run)
	}
	if !r.At.IsZero() {
		w.fact("At", r.At.UTC().Format(time.RFC3339))
	}
	for _, f := range r.Facts {
		w.fact(f.Name, f.Value)
	}
	w.raw("</dl>\n")
	if len(r.Proofs) == 0 {
		return
	}
	w.open("Spaces", "Space", "Outcome", "Depth", "Contents on "+names[0], "Contents on "+names[1], "Exceptions")
	for i, p := range r.Proofs {
		w.raw("<tr><th scope=\"row\"><a href=\"#", fmt.Sprintf("space-%d", i), "\">", text(p.Space), "</a></th><td>", verdict(p), "</td><td>",
			text(string(p.Depth)), "</td><td>", fmt.Sprint(p.Leaves[0]), "</td><td>", fmt.Sprint(p.Leaves[1]), "</td><td>",
			fmt.Sprint(len(p.Exceptions)), "</td></tr>\n")
	}
	w.close()
}

func (w *page) fact(name, value string) {
	w.raw("<dt class=\"soft\">", text(name), "</dt><dd>", text(value), "</dd>\n")
}

func (w *page) proof(i int, names [2]string, p Proof) {
	class := "differs"
	if p.Equal {
		class = "equal"
	}
	id := fmt.Sprintf("space-%d", i)
	w.raw("<section aria-labelledby=\"", id, "\">\n<h2 id=\"", id, "\">Space ", text(p.Space), "</h2>\n")
	w.raw("<p class=\"verdict ", class, "\">", capitalised(verdict(p)), "</p>\n<dl>\n")
	for _, side := range confluence.Sides {
		w.raw("<dt class=\"soft\">Root of ", text(names[side]), "</dt><dd><code>", p.Roots[side].String(), "</code></dd>\n")
	}
	w.raw("</dl>\n")
	w.differences(names, p)
	w.exceptions(p)
	w.raw("</section>\n")
}

func (w *page) differences(names [2]string, p Proof) {
	if len(p.Differences) == 0 {
		return
	}
	w.open("Differences", "Content", "Kind", "Field", names[0], names[1])
	for _, d := range p.Differences[:min(len(p.Differences), shownInHTML)] {
		a, b := shown(d)
		w.raw("<tr><th scope=\"row\">", text(d.Title), "<br><code class=\"soft\">", text(string(d.Twin)), "</code></th><td>", text(kindWord(d.Kind)),
			"</td><td>", text(fieldName(d)), "</td><td>", text(a), "</td><td>", text(b), "</td></tr>\n")
	}
	w.close()
	w.more(len(p.Differences))
}

func (w *page) exceptions(p Proof) {
	if len(p.Exceptions) == 0 {
		return
	}
	w.open("Exceptions", "Reason", "Content", "Field")
	for _, e := range p.Exceptions[:min(len(p.Exceptions), shownInHTML)] {
		field := e.Field
		if field == FieldWhole {
			field = "the whole content"
		}
		w.raw("<tr><th scope=\"row\">", text(e.Reason), "</th><td><code>", text(string(e.Twin)), "</code></td><td>", text(field), "</td></tr>\n")
	}
	w.close()
	w.more(len(p.Exceptions))
}

func (w *page) more(n int) {
	if n > shownInHTML {
		w.raw("<p>", fmt.Sprint(n-shownInHTML), " more stand in the JSON form of this report.</p>\n")
	}
}

func (w *page) open(caption string, heads ...string) {
	w.raw("<div class=\"scroll\" role=\"region\" aria-label=\"", text(caption), "\" tabindex=\"0\">\n<table>\n<caption>", text(caption), "</caption>\n<thead><tr>")
	for _, h := range heads {
		w.raw("<th scope=\"col\">", text(h), "</th>")
	}
	w.raw("</tr></thead>\n<tbody>\n")
}

func (w *page) close() { w.raw("</tbody>\n</table>\n</div>\n") }

func capitalised(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
