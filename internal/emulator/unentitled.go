package emulator

import "net/http"

// A standard site has no classification of data, no redaction and no installed app of the caller: the documents say what
// such a site answers, and that is what these routes do.

// unclassified answers that the site's edition has no classification levels.
func unclassified(*call) (answer, error) {
	return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "Data classification is not part of the edition of this site")
}

// appsOnly answers a caller that is no app.
func appsOnly(status int) func(*call) (answer, error) {
	return func(*call) (answer, error) {
		return answer{}, fail(status, http.StatusText(status), "Only apps can make this request")
	}
}

// unredacted answers that the site may not redact.
func unredacted(*call) (answer, error) {
	return answer{}, invalid("Redaction is not part of the edition of this site")
}

const editionGap = "answers as a site whose edition lacks the feature; no edition that has it is emulated"

func unentitledRoutesOf() []route {
	read := func(method, path, scope string, handle func(*call) (answer, error)) route {
		return route{method: method, template: "/wiki/api/v2" + path, api: v2, scope: scope, handle: handle, evidence: byLiveSuite, gap: editionGap, refuses: true}
	}
	out := []route{
		read("GET", "/classification-levels", "read:configuration:confluence", unclassified),
		read("GET", "/spaces/{id}/classification-level/default", "read:space:confluence", unclassified),
		read("PUT", "/spaces/{id}/classification-level/default", "write:space:confluence", unclassified),
		read("DELETE", "/spaces/{id}/classification-level/default", "write:space:confluence", unclassified),
		read("GET", "/data-policies/metadata", "read:configuration:confluence", appsOnly(http.StatusUnauthorized)),
		read("GET", "/data-policies/spaces", "read:space:confluence", appsOnly(http.StatusUnauthorized)),
		read("POST", "/pages/{id}/redact", "write:page:confluence", unredacted),
		read("POST", "/blogposts/{id}/redact", "write:page:confluence", unredacted),
		read("GET", "/app/properties", "read:app-data:confluence", appsOnly(http.StatusForbidden)),
		read("GET", "/app/properties/{propertyKey}", "read:app-data:confluence", appsOnly(http.StatusForbidden)),
		read("PUT", "/app/properties/{propertyKey}", "write:app-data:confluence", appsOnly(http.StatusForbidden)),
		read("DELETE", "/app/properties/{propertyKey}", "write:app-data:confluence", appsOnly(http.StatusForbidden)),
	}
	for _, k := range []struct{ path, name string }{
		{"pages", "page"}, {"blogposts", "page"}, {"whiteboards", "whiteboard"}, {"databases", "database"},
	} {
		at := "/" + k.path + "/{id}/classification-level"
		out = append(out,
			read("GET", at, "read:"+k.name+":confluence", unclassified),
			read("PUT", at, "write:"+k.name+":confluence", unclassified),
			read("POST", at+"/reset", "write:"+k.name+":confluence", unclassified))
	}
	return out
}
