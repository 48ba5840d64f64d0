package cloud

import (
	"net/url"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

// normalise returns the address of the product, which ends in /wiki, from any address of the site: with or without
// /wiki, of a page in it, or of the gateway (…/ex/confluence/CLOUDID).
func normalise(address string) (string, error) {
	text := strings.TrimSpace(address)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", notConfluence("it is not of the form https://NAME.atlassian.net/wiki", nil)
	}
	if u.User != nil {
		return "", notConfluence("it holds a name or a password, which belong into the credential", nil)
	}
	if !rest.Protected(u) {
		return "", confluence.Errorf(confluence.CodePlainHTTP, "%s is plain http, and no loopback address", u.Host)
	}
	path := strings.TrimRight(u.Path, "/")
	if before, _, found := strings.Cut(path+"/", "/wiki/"); found {
		path = before
	}
	return u.Scheme + "://" + u.Host + path + "/wiki", nil
}

// gatewayCloudID returns the cloud id that an address of the gateway holds.
func gatewayCloudID(root string) (string, bool) {
	_, after, ok := strings.Cut(root, "/ex/confluence/")
	if !ok {
		return "", false
	}
	id, _, _ := strings.Cut(after, "/")
	return id, id != ""
}

func notConfluence(cause string, err error) *confluence.Error {
	e := confluence.Errorf(confluence.CodeNotConfluence, "there is no Confluence Cloud at this address")
	e.Cause = cause
	return e.Because(err)
}

func notGateway() *confluence.Error {
	e := confluence.Errorf(confluence.CodeNotConfluence, "a token with scopes does not work at the site's own address")
	e.Remedy = "give the address https://api.atlassian.com/ex/confluence/CLOUDID; https://NAME.atlassian.net/_edge/tenant_info tells the CLOUDID"
	return e
}
