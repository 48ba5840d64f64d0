package emulator

import (
	"fmt"
	"net/http"
)

// refusal is an error with the status and the texts of the vendor.
type refusal struct {
	status int
	code   string // v2
	title  string
	key    string // v1: translation of the error, where it is not the title
	// Data Center: message keys of data.errors, and what data.valid and data.authorized say where it is not what the
	// status tells.
	keys                []string
	valid, unauthorized bool
}

func (r *refusal) Error() string { return r.title }

func fail(status int, code, title string) error {
	return &refusal{status: status, code: code, title: title}
}

func failf(status int, code, format string, args ...any) error {
	return fail(status, code, fmt.Sprintf(format, args...))
}

// invalid is a request that cannot be served as it is: 400.
func invalid(title string) error {
	return fail(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", title)
}

// missing is a content or space that is not there or not visible, which look alike: 404 that names the object.
func missing(what, id string) error {
	return failf(http.StatusNotFound, "NOT_FOUND", "Cannot find a %s with id [%s]", what, id)
}

// bare is the 404 that names nothing: refused credentials on v2, and purged contents (cloud-api.md section 2).
func bare() error { return fail(http.StatusNotFound, "NOT_FOUND", "Not Found") }

// forbidden is a permission that the caller lacks: v2 hides it as a missing object.
func (c *call) forbidden(what, id string) error {
	if c.route.api == v2 {
		return missing(what, id)
	}
	return fail(http.StatusForbidden, "FORBIDDEN", "com.atlassian.confluence.api.service.exceptions.PermissionException: Could not perform the operation: the user is not permitted")
}

// noCredentials is the answer to a missing, wrong or revoked credential.
func (c *call) noCredentials() error {
	if c.route != nil && c.route.api == v2 {
		return bare()
	}
	return fail(http.StatusForbidden, "FORBIDDEN", "Current user not permitted to use Confluence")
}

// renderCloud renders an error in the form of the route's family (cloud-api.md section 3).
func renderCloud(c *call, r *refusal) answer {
	if c.route != nil && c.route.api == edge {
		return renderEdge(c, r)
	}
	if c.route != nil && c.route.api == v2 {
		return answer{status: r.status, json: object{"errors": []object{
			{"status": r.status, "code": r.code, "title": r.title, "detail": nil},
		}}}
	}
	key := r.key
	if key == "" {
		key = r.title
	}
	return answer{status: r.status, json: object{
		"statusCode": r.status,
		"data": object{
			"authorized": r.status != http.StatusForbidden && r.status != http.StatusUnauthorized,
			"valid":      r.status != http.StatusBadRequest,
			"errors":     []object{{"message": object{"translation": key, "args": []string{}}}},
			"successful": false,
		},
		"message": r.title,
	}}
}

// htmlAnswer is the page of the servlet container, for what never reaches the product.
func htmlAnswer(status int, title string) answer {
	page := fmt.Sprintf("<!doctype html><html lang=\"en\"><head><title>HTTP Status %d – %s</title></head>"+
		"<body><h1>HTTP Status %d – %s</h1></body></html>", status, title, status, title)
	return answer{status: status, raw: []byte(page), form: "text/html;charset=utf-8"}
}
