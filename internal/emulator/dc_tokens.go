package emulator

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// dcTokenRoutes are personal access tokens, from 7.9 on (register row AU-13).
var dcTokenRoutes = []route{
	{method: "GET", template: "/rest/pat/latest/tokens", api: dc, guard: forKnown, since: since79, handle: listTokens, evidence: byMemory, gap: "the form is general knowledge"},
	{method: "POST", template: "/rest/pat/latest/tokens", api: dc, guard: forKnown, since: since79, prepare: preparePAT, handle: createToken, evidence: byMemory, gap: "the form is general knowledge"},
	{method: "GET", template: "/rest/pat/latest/tokens/{tokenId}", api: dc, guard: forKnown, since: since79, handle: getToken, evidence: byMemory},
	{method: "DELETE", template: "/rest/pat/latest/tokens/{tokenId}", api: dc, guard: forKnown, since: since79, handle: deleteToken, evidence: byMemory},
}

// patRequest asks for a token. The duration is in days; 0 = it does not expire.
type patRequest struct {
	Name     string `json:"name"`
	Duration int    `json:"expirationDuration"`
}

func preparePAT(c *call) (any, error) {
	var q patRequest
	return &q, c.decode(&q)
}

func (c *call) tokenDC(t *pat) object {
	o := object{"id": t.id, "name": t.name, "createdAt": c.dateDC(t.created)}
	if t.expires != 0 {
		o["expiringAt"] = c.dateDC(t.expires)
	}
	return o
}

// tokens are the caller's tokens that were made by this resource, oldest first.
func (c *call) tokens() []*pat {
	mine := slices.DeleteFunc(slices.Collect(maps.Values(c.people.pats)), func(t *pat) bool { return t.owner != c.user || t.id == 0 })
	slices.SortFunc(mine, func(a, b *pat) int { return cmp.Compare(a.id, b.id) })
	return mine
}

func listTokens(c *call) (answer, error) {
	rows := []object{}
	for _, t := range c.tokens() {
		rows = append(rows, c.tokenDC(t))
	}
	return ok(rows)
}

// createToken answers the secret, once.
func createToken(c *call) (answer, error) {
	q := c.prepared.(*patRequest)
	if q.Name == "" || q.Duration < 0 || q.Duration > 3650 {
		return answer{}, invalid("A token needs a name, and expires in 0 to 3650 days")
	}
	c.instance.lastPAT++
	sum := c.digest("personal access token", c.user.id, text(c.instance.lastPAT))
	t := &pat{
		id: c.instance.lastPAT, owner: c.user, name: q.Name, created: c.stamp(),
		secret: base64.RawStdEncoding.EncodeToString(slices.Concat([]byte(strconv.Itoa(1e11+int(c.instance.lastPAT))+":"), sum[:20])),
	}
	if q.Duration > 0 {
		t.expires = t.created + stamp((time.Duration(q.Duration) * 24 * time.Hour).Milliseconds())
	}
	c.people.pats[t.secret] = t
	c.audit("Security", "Personal access token created", affected{"User", c.user.name, c.user.key})
	o := c.tokenDC(t)
	o["rawToken"] = t.secret
	return answer{status: http.StatusCreated, json: o}, nil
}

func (c *call) token() (*pat, error) {
	for _, t := range c.tokens() {
		if text(t.id) == c.params[0] {
			return t, nil
		}
	}
	return nil, fail(http.StatusNotFound, "", "No token with id "+c.params[0])
}

func getToken(c *call) (answer, error) {
	t, err := c.token()
	if err != nil {
		return answer{}, err
	}
	return ok(c.tokenDC(t))
}

func deleteToken(c *call) (answer, error) {
	t, err := c.token()
	if err != nil {
		return answer{}, err
	}
	delete(c.people.pats, t.secret)
	c.audit("Security", "Personal access token deleted", affected{"User", c.user.name, c.user.key})
	return status204()
}
