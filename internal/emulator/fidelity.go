package emulator

import "slices"

// Route is what a site answers at one method and path, and on what ground.
type Route struct {
	Personality string // cloud or dc
	Method      string
	Template    string // on Cloud with /wiki, on Data Center below the context path
	Evidence    string // the best ground of the behaviour, in words
	Gap         string // what is known not to be faithful; empty: nothing known
	Since       string // of Data Center: the first release that has it, empty where all have; a dash and the first without it follow
	Scope       string // of Cloud: the OAuth scope
	Refuses     bool   // by default it has nothing but refusals
}

// Routes are all routes of both personalities, in the order of the tables.
func Routes() []Route {
	var out []Route
	for _, r := range allRoutes() {
		out = append(out, Route{Personality: "cloud", Method: r.method, Template: r.template, Evidence: r.evidence.String(), Gap: r.gap, Scope: r.scope, Refuses: r.refuses})
	}
	for _, r := range slices.Concat(dcTables...) {
		since := ""
		if r.since > 0 {
			since = r.since.String()
		}
		if r.until > 0 {
			since += "-" + r.until.String()
		}
		out = append(out, Route{Personality: "dc", Method: r.method, Template: r.template, Evidence: r.evidence.String(), Gap: r.gap, Since: since, Refuses: r.refuses})
	}
	return out
}
