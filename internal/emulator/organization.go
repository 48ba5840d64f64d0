package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// organizationRoutes are the parts of the organization's administration that provisioning needs (register row US-05,
// cloud-api.md section 9). They answer 404 unless the option US-05 is on.
var organizationRoutes = []route{
	{method: "GET", template: "/admin/v1/orgs", api: edge, evidence: byClient, handle: keyed(organizationKey, listOrganizations)},
	{method: "GET", template: "/admin/v1/orgs/{orgId}/users", api: edge, evidence: byClient, gap: memoryGap, handle: keyed(organizationKey, listManaged)},
	{method: "POST", template: "/admin/v2/orgs/{orgId}/users/invite", api: edge, evidence: byClient, gap: memoryGap, prepare: prepareInvite, handle: keyed(organizationKey, inviteManaged)},
	{method: "GET", template: "/admin/v2/orgs/{orgId}/directories", api: edge, evidence: byClient, gap: memoryGap, handle: keyed(organizationKey, listDirectories)},
	{method: "GET", template: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups", api: edge, evidence: byClient, gap: memoryGap, handle: keyed(organizationKey, listDirectoryGroups)},
	{method: "POST", template: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups", api: edge, evidence: byClient, gap: memoryGap, prepare: prepareGroup, handle: keyed(organizationKey, createDirectoryGroup)},
	{method: "POST", template: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships", api: edge, evidence: byClient, gap: memoryGap, prepare: prepareGroup, handle: keyed(organizationKey, changeMembership(true))},
	{method: "DELETE", template: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}", api: edge, evidence: byClient, gap: memoryGap, handle: keyed(organizationKey, changeMembership(false))},
	{method: "GET", template: "/users/{accountId}/manage/profile", api: edge, evidence: byClient, gap: memoryGap, handle: keyed(organizationKey, managed(profile))},
	{method: "POST", template: "/users/{accountId}/manage/lifecycle/disable", api: edge, evidence: byClient, gap: memoryGap, handle: keyed(organizationKey, managed(lifecycle(false)))},
	{method: "POST", template: "/users/{accountId}/manage/lifecycle/enable", api: edge, evidence: byClient, gap: memoryGap, handle: keyed(organizationKey, managed(lifecycle(true)))},
}

const memoryGap = "the shape of the answer is not verified"

// keyed lets calls with a key of that kind through. A site's token, an app's token and a key of another kind are 401.
func keyed(kind keyKind, handle func(*call) (answer, error)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if !c.set.organization {
			return htmlAnswer(http.StatusNotFound, "Not Found"), nil
		}
		k := c.people.keys.bySecret[bearer(c.r)]
		if !k.valid(c.now) || k.kind != kind {
			return gatewayAnswer(http.StatusUnauthorized, "Unauthorized"), nil
		}
		c.key = k
		if len(c.params) > 0 && strings.HasPrefix(c.route.template, "/admin/") && c.params[0] != c.organizationID() ||
			strings.Contains(c.route.template, "{directoryId}") && !slices.Contains(c.params[:min(2, len(c.params))], c.directoryID()) {
			return gatewayAnswer(http.StatusNotFound, "Not Found"), nil
		}
		return handle(c)
	}
}

func (s *Site) organizationID() string { return s.uuid("organization") }

func (s *Site) directoryID() string { return s.uuid("directory") }

// Organization returns the ids of the organization that the site belongs to, and of its directory of accounts.
func (s *Site) Organization() (organization, directory string) {
	return s.organizationID(), s.directoryID()
}

func listOrganizations(c *call) (answer, error) {
	return ok(object{"data": []object{{
		"id": c.organizationID(), "type": "orgs", "attributes": object{"name": "emulated"},
	}}, "links": object{"self": "/admin/v1/orgs"}})
}

func listManaged(c *call) (answer, error) {
	rows := []object{}
	for _, u := range c.people.users {
		state := "active"
		if !u.active {
			state = "inactive"
		}
		rows = append(rows, object{
			"account_id": u.id, "account_type": u.accountType(), "account_status": state, "name": u.name, "email": u.email,
			"access_billable": u.active, "product_access": []object{{"key": "confluence", "name": "Confluence"}},
		})
	}
	return ok(object{"data": rows, "links": object{"self": c.r.URL.Path}, "meta": object{"total": len(rows)}})
}

type inviteRequest struct {
	Emails           []string `json:"emails"`
	AdditionalGroups []string `json:"additionalGroups"`
	PermissionRules  []struct {
		Resource, Role string
	} `json:"permissionRules"`
}

func prepareInvite(c *call) (any, error) {
	var q inviteRequest
	return &q, c.decode(&q)
}

// inviteManaged makes an account for each address that has none, and puts all into the groups.
func inviteManaged(c *call) (answer, error) {
	q := c.prepared.(*inviteRequest)
	rows := []object{}
	for _, email := range q.Emails {
		if !strings.Contains(email, "@") {
			return answer{}, invalid("Not an e-mail address: " + email)
		}
		u := c.people.withEmail(email)
		if u == nil || !u.active {
			c.admitEmail(email)
			u = c.people.withEmail(email)
		}
		if u == nil || !u.active {
			return answer{}, invalid("The user limit of the site is reached")
		}
		for _, id := range q.AdditionalGroups {
			if g := c.people.groupByID(id); g != nil {
				c.join(g, u)
			}
		}
		rows = append(rows, object{"id": u.id, "email": u.email, "status": "INVITED"})
	}
	return ok(object{"data": rows})
}

// accountID is the id of an account that is made for an address.
func (s *Site) accountID(email string) string {
	return "712020:" + s.uuid("account", strings.ToLower(email))
}

func listDirectories(c *call) (answer, error) {
	return ok(object{"data": []object{{"directoryId": c.directoryID(), "name": "Default directory"}}, "links": object{}})
}

func directoryGroup(g *group) object {
	return object{"id": g.id, "name": g.name, "counts": object{"users": len(g.members)}}
}

func listDirectoryGroups(c *call) (answer, error) {
	rows := []object{}
	for _, g := range c.people.groups {
		rows = append(rows, directoryGroup(g))
	}
	return ok(object{"data": rows, "links": object{}})
}

func createDirectoryGroup(c *call) (answer, error) {
	name := c.prepared.(*groupRequest).Name
	if name == "" || c.people.group(name) != nil {
		return gatewayAnswer(http.StatusConflict, "A group with this name exists already"), nil
	}
	return answer{status: http.StatusCreated, json: directoryGroup(c.addGroup(name))}, nil
}

// changeMembership puts an account into a group or out of it; the administrators of the organization are refused.
func changeMembership(in bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		id := ""
		if in {
			id = c.prepared.(*groupRequest).AccountID
		} else {
			id = c.params[3]
		}
		g, u := c.people.groupByID(c.params[2]), c.people.byID[id]
		switch {
		case g == nil || u == nil:
			return gatewayAnswer(http.StatusNotFound, "No such group or account"), nil
		case g.name == "site-admins" || g.name == "system-administrators":
			return gatewayAnswer(http.StatusForbidden, "This group cannot be changed"), nil
		case in:
			c.join(g, u)
		default:
			c.part(g, u)
		}
		return status204()
	}
}

// part takes an account out of a group.
func (s *Site) part(g *group, u *user) {
	g.members = slices.DeleteFunc(slices.Clone(g.members), func(m *user) bool { return m == u })
	u.groups = slices.DeleteFunc(slices.Clone(u.groups), func(of *group) bool { return of == g })
	u.admin = slices.ContainsFunc(u.groups, func(of *group) bool { return of.name == adminsGroup || of.name == dcAdminsGroup })
}

// managed is the management of one account. Keys with scopes are refused (cloud-api.md section 9).
func managed(handle func(*call, *user) (answer, error)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if len(c.key.scopes) > 0 {
			return gatewayAnswer(http.StatusForbidden, "manage:org"), nil
		}
		u := c.people.byID[c.params[0]]
		if u == nil {
			return gatewayAnswer(http.StatusNotFound, "Not Found"), nil
		}
		return handle(c, u)
	}
}

func profile(_ *call, u *user) (answer, error) {
	state := "active"
	if !u.active {
		state = "inactive"
	}
	return ok(object{"account": object{
		"account_id": u.id, "account_type": u.accountType(), "account_status": state, "name": u.name, "email": u.email,
	}})
}

func lifecycle(active bool) func(*call, *user) (answer, error) {
	return func(_ *call, u *user) (answer, error) {
		u.active = active
		return status204()
	}
}
