package record

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// segments are the words of paths of the API and of links into the product. All other segments are masked.
var segments = strings.Fields(`wiki rest api v2 v1 latest experimental applinks manifest content contents contentbody convert async
 child descendant descendants direct-children ancestors children comment comments attachment attachments page pages blogpost blogposts
 footer-comments inline-comments inlinecomments resolve dangling true false folder folders whiteboard whiteboards database databases embed
 embeds custom-content space spaces permission permissions property properties label labels restriction restrictions byOperation read update
 relevantViewRestrictions history version versions state available template blueprint user users user-bulk users-bulk current list bulk memberof
 group groups member groupmember picker by-id search scan trash move before after append copy archive restore data download media file
 longtask accessmode server-information instance-metrics settings audit plugins inlinetasks task tasks space-role-mode space-roles
 role-assignments operations grant revoke anonymous _private _edge tenant_info display viewpage.action movepage.action resumedraft.action
 x overview edit-v2 admin-key status homepage metadata ex confluence oauth token title classification-level personal watch watchers likes
 count redactions app macro id hash body extensions thumbnails embedded-page favicon.ico`)

// plainQuery are parameters whose values are of a closed vocabulary.
var plainQuery = strings.Fields(`expand status type limit start depth location sort body-format representation position purge draft
 private root-level description-format api excerpt include-labels include-properties include-versions include-operations next prev subtype
 allowDuplicated conflictPolicy asyncReconciliation version number parentVersion postingDay get-draft embedded minorEdit hidden mediaType
 includeArchivedSpaces`)

var number = regexp.MustCompile(`^\d{1,2}(\.\d)?$`)

// Address masks a link or the address of a request: the words of the API stay, everything else is masked.
func (m *Mask) Address(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return m.Value(s)
	}
	if u.Host != "" {
		u.Scheme, u.Host, u.User = "https", m.hostOf(u.Host), nil
	}
	u.Path, u.RawPath = m.path(u.EscapedPath())
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		u.RawQuery = ""
	} else if len(q) > 0 {
		u.RawQuery = m.Query(q).Encode()
	}
	if u.Fragment != "" {
		u.Fragment, u.RawFragment = m.Value(u.Fragment), ""
	}
	return u.String()
}

// hostOf masks a host. That of the site itself has one name in all recordings.
func (m *Mask) hostOf(host string) string {
	host = strings.ToLower(host)
	if host == m.host {
		return Host
	}
	name, _, _ := strings.Cut(host, ":")
	return "h" + strings.ToLower(m.Value(strings.ReplaceAll(name, ".", ""))) + ".example.test"
}

func (m *Mask) path(escaped string) (plain, raw string) {
	parts := strings.Split(escaped, "/")
	for i, p := range parts {
		parts[i] = m.segment(p)
	}
	raw = strings.Join(parts, "/")
	plain, err := url.PathUnescape(raw)
	if err != nil {
		return raw, ""
	}
	return plain, raw
}

func (m *Mask) segment(p string) string {
	if p == "" || slices.Contains(segments, p) || number.MatchString(p) {
		return p
	}
	// Links write the blanks of a title as plus signs.
	plain, err := url.PathUnescape(strings.ReplaceAll(p, "+", " "))
	if err != nil {
		plain = p
	}
	return url.PathEscape(m.Value(plain))
}

// Query masks the values of a query.
func (m *Mask) Query(q url.Values) url.Values {
	out := make(url.Values, len(q))
	for name, values := range q {
		for _, v := range values {
			out.Add(name, m.parameter(name, v))
		}
	}
	return out
}

var vocabulary = regexp.MustCompile(`^[A-Za-z0-9_.,:*\[\]-]{0,400}$`)

func (m *Mask) parameter(name, v string) string {
	switch {
	case slices.Contains(plainQuery, name) && vocabulary.MatchString(v):
		return v
	case name == "cql":
		return m.cql(v)
	case strings.Contains(v, ",") && (strings.HasSuffix(name, "id") || strings.HasSuffix(name, "ids") || strings.HasSuffix(name, "keys")):
		parts := strings.Split(v, ",")
		for i := range parts {
			parts[i] = m.Value(parts[i])
		}
		return strings.Join(parts, ",")
	}
	return m.Value(v)
}

var literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\batt\d+\b|\b\d+\b`)

// cql masks the literals of a query, and the words behind the fields that name things.
func (m *Mask) cql(s string) string {
	return literal.ReplaceAllStringFunc(s, func(l string) string {
		if l[0] != '"' {
			return m.Value(l)
		}
		inner := l[1 : len(l)-1]
		if isoDate.MatchString(inner) {
			return `"` + m.date(inner) + `"`
		}
		return `"` + m.Value(inner) + `"`
	})
}
