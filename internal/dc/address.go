package dc

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

// below are the first parts of paths inside the product; what stands before them is the context path.
var below = regexp.MustCompile(`/(display|pages|spaces|rest|x|download|plugins|admin|dashboard\.action|login\.action|dologin\.action|index\.action|homepage\.action|status|setup)(/|$)`)

// normalise returns the address of the site with its context path and without a trailing slash, from the address itself
// or from that of a page in it.
func normalise(address string) (string, error) {
	text := strings.TrimSpace(address)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", notConfluence("it is not of the form https://confluence.example.com or https://example.com/confluence", nil)
	}
	if u.User != nil {
		return "", notConfluence("it holds a name or a password, which belong into the credential", nil)
	}
	if !rest.Protected(u) {
		return "", confluence.Errorf(confluence.CodePlainHTTP, "%s is plain http, and no loopback address", u.Host)
	}
	path := u.Path
	if at := below.FindStringIndex(path); at != nil {
		path = path[:at[0]]
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(path, "/"), nil
}

func notConfluence(cause string, err error) *confluence.Error {
	e := confluence.Errorf(confluence.CodeNotConfluence, "there is no Confluence Data Center at this address")
	e.Remedy = "give the base address of the site with its context path, for example https://wiki.example.com/confluence"
	e.Cause = cause
	return e.Because(err)
}
