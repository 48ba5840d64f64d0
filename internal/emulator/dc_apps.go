package emulator

import (
	"net/http"
	"slices"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// dcAppRoutes tell which apps are installed and what the licence is (register row ID-08).
var dcAppRoutes = []route{
	{method: "GET", template: "/rest/plugins/1.0", api: dc, guard: forAdmin, checked: true, handle: listApps, evidence: byClient},
	{method: "GET", template: "/rest/plugins/1.0/{key}", api: dc, guard: forAdmin, checked: true, handle: getApp, evidence: byClient, gap: "a key is answered with and without -key behind it"},
	{method: "GET", template: "/rest/plugins/1.0/{key}/license", api: dc, guard: forAdmin, checked: true, handle: appLicense, evidence: byClient},
	{method: "GET", template: "/rest/license/1.0/license/details", api: dc, guard: forAdmin, handle: licenseDetails, evidence: byClient},
	{method: "GET", template: "/rest/license/1.0/license/userCount", api: dc, guard: forAdmin, handle: licenseCount, evidence: byClient},
	{method: "GET", template: "/rest/license/1.0/license/remainingSeats", api: dc, guard: forAdmin, handle: licenseCount, evidence: byClient},
	{method: "GET", template: "/rest/license/1.0/license/maxUsers", api: dc, guard: forAdmin, handle: licenseCount, evidence: byClient},
	{method: "GET", template: "/rest/experimental/template/page", api: dc, handle: listTemplatesDC, evidence: byClient, gap: "the sources do not agree whether there is such a resource"},
	{method: "GET", template: "/rest/experimental/template/blueprint", api: dc, handle: listBlueprintsDC, evidence: byClient, gap: "as template/page"},
	{method: "GET", template: "/rest/experimental/template/{id}", api: dc, handle: getTemplateDC, evidence: byClient, gap: "as template/page"},
	{method: "PUT", template: "/rest/inlinetasks/1/task/{pageId}/{taskId}", api: dc, guard: forKnown, prepare: prepareTick, handle: tickTask, evidence: byClient, gap: "that ticking a task makes no version is not verified"},
	{method: "POST", template: "/rest/inlinetasks/1/task/{pageId}/{taskId}", api: dc, guard: forKnown, prepare: prepareTick, handle: tickTask, evidence: byClient},
	{method: "GET", template: "/rest/mobile/1.0/profile/{username}", api: dc, guard: forKnown, handle: mobileProfile, evidence: byClient, gap: "the content is general knowledge"},
}

// pluginRow is an installed app.
type pluginRow struct {
	key, name, version, vendor string
	user                       bool // installed by an administrator, not part of the product
}

// installedApps are those of every emulated instance: some of the product, some that a migration has to deal with.
var installedApps = []pluginRow{
	{"com.atlassian.confluence.plugins.confluence-inline-comments", "Confluence Inline Comments", "9.0.1", "Atlassian", false},
	{"com.atlassian.confluence.plugins.confluence-space-ia", "Confluence Space IA", "17.19.6", "Atlassian", false},
	{"com.example.diagrams", "Example Diagrams", "4.2.0", "Example Vendor", true},
	{"com.example.forms", "Example Forms", "1.9.3", "Example Vendor", true},
}

func (c *call) appRow(a pluginRow) object {
	return object{
		"key": a.key, "name": a.name, "version": a.version, "enabled": true, "userInstalled": a.user, "optional": a.user, "static": false,
		"unloadable": true, "usesLicensing": a.user, "remotable": false, "description": a.name, "vendor": object{"name": a.vendor, "link": "https://example.test"},
		"links": object{"self": c.context + "/rest/plugins/1.0/" + a.key + "-key", "plugin-details": c.context + "/rest/plugins/1.0/" + a.key + "-key"},
	}
}

func listApps(c *call) (answer, error) {
	rows := []object{}
	for _, a := range installedApps {
		rows = append(rows, c.appRow(a))
	}
	return ok(object{"plugins": rows, "links": object{"self": c.context + "/rest/plugins/1.0/"}})
}

func (c *call) plugin() (pluginRow, error) {
	for _, a := range installedApps {
		if c.params[0] == a.key+"-key" || c.params[0] == a.key {
			return a, nil
		}
	}
	return pluginRow{}, fail(http.StatusNotFound, "", "No app found with key "+c.params[0])
}

func getApp(c *call) (answer, error) {
	a, err := c.plugin()
	if err != nil {
		return answer{}, err
	}
	return ok(c.appRow(a))
}

func appLicense(c *call) (answer, error) {
	a, err := c.plugin()
	if err != nil {
		return answer{}, err
	}
	if !a.user {
		return answer{}, fail(http.StatusNotFound, "", "The app takes no licence: "+a.key)
	}
	return ok(object{
		"pluginKey": a.key, "valid": true, "evaluation": false, "nearlyExpired": false, "maintenanceExpired": false, "licenseType": "COMMERCIAL",
		"organizationName": "Emulated", "dataCenter": true, "subscription": true, "active": true,
	})
}

// maxUsers is the number of seats; an instance without a limit has a licence for many.
func (s *Site) maxUsers() int {
	if s.set.licences > 0 {
		return s.set.licences
	}
	return 10000
}

func licenseDetails(c *call) (answer, error) {
	return ok(object{
		"name": "Confluence (Data Center): Commercial", "purchaseDate": "05/Jan/26", "creationDateString": "05/Jan/26", "expiryDate": "05/Jan/30",
		"licenseType": "COMMERCIAL", "organisationName": "Emulated", "maximumNumberOfUsers": c.maxUsers(), "dataCenter": true, "subscription": true,
		"supportEntitlementNumber": "SEN-0000000", "serverId": c.serverID(),
	})
}

// serverID is the id of the licence's instance, four groups of four.
func (s *Site) serverID() string {
	id := s.digest("server id")
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	out := ""
	for i, b := range id[:16] {
		if i > 0 && i%4 == 0 {
			out += "-"
		}
		out += string(letters[int(b)%len(letters)])
	}
	return out
}

func licenseCount(c *call) (answer, error) {
	n := c.licensed()
	switch c.route.template {
	case "/rest/license/1.0/license/remainingSeats":
		n = max(0, c.maxUsers()-n)
	case "/rest/license/1.0/license/maxUsers":
		n = c.maxUsers()
	}
	return ok(object{"count": n})
}

// withTemplates is 404 on instances that have no such resource (register row LB-15).
func (c *call) withTemplates() error {
	if c.set.noTemplates {
		return fail(http.StatusNotFound, "", "HTTP 404 Not Found")
	}
	return nil
}

func (c *call) templateDC(t *template, e expansions) object {
	labels := []object{}
	for _, l := range t.labels {
		labels = append(labels, labelDC(l))
	}
	o := object{
		"templateId": text(t.id), "name": t.name, "description": t.description, "templateType": "page", "labels": labels,
		"_links": object{"self": c.base() + "/rest/experimental/template/" + text(t.id)},
	}
	expandable := object{"body": ""}
	if e["body"] {
		o["body"] = object{"storage": object{"value": c.heap.text(t.body), "representation": "storage"}}
		delete(expandable, "body")
	}
	if s := c.spaceNumbered(t.space); s != nil {
		o["space"] = c.spaceDC(s, nil)
	}
	o["_expandable"] = expandable
	return o
}

func (c *call) blueprintDC(b blueprint) object {
	id := c.blueprintID(b)
	return object{
		"templateId": id, "name": b.name, "description": b.description, "templateType": "blueprint", "labels": []object{},
		"originalTemplate": object{"pluginKey": blueprintPlugin, "moduleKey": b.module}, "_expandable": object{"body": ""},
		"_links": object{"self": c.base() + "/rest/experimental/template/" + id},
	}
}

// templateScope is the space of a listing; 0 for the site.
func (c *call) templateScope() (int64, error) {
	if err := c.withTemplates(); err != nil {
		return 0, err
	}
	key := c.query.Get("spaceKey")
	if key == "" {
		return 0, nil
	}
	s, err := c.spaceKeyed(key)
	if err != nil {
		return 0, err
	}
	return s.id, nil
}

func listTemplatesDC(c *call) (answer, error) {
	in, err := c.templateScope()
	if err != nil {
		return answer{}, err
	}
	rows := slices.DeleteFunc(slices.Clone(c.world.annex.templates), func(t *template) bool { return t.space != in })
	e := c.expandDC("")
	return rowsDC(c, rows, 25, 200, nil, func(t *template) object { return c.templateDC(t, e) })
}

func listBlueprintsDC(c *call) (answer, error) {
	if _, err := c.templateScope(); err != nil {
		return answer{}, err
	}
	return rowsDC(c, blueprints, 25, 200, nil, c.blueprintDC)
}

func getTemplateDC(c *call) (answer, error) {
	if err := c.withTemplates(); err != nil {
		return answer{}, err
	}
	for _, t := range c.world.annex.templates {
		if s := c.spaceNumbered(t.space); text(t.id) == c.params[0] && (t.space == 0 || s != nil && c.seesSpace(s)) {
			return ok(c.templateDC(t, expansions{"body": true}))
		}
	}
	return answer{}, fail(http.StatusNotFound, "", "No template with id "+c.params[0])
}

type tickRequest struct {
	Status  string `json:"status"`
	Trigger string `json:"trigger"`
}

func prepareTick(c *call) (any, error) {
	var q tickRequest
	return &q, c.decode(&q)
}

// tickTask ticks a task in a body, or takes the tick away (register row LB-14).
func tickTask(c *call) (answer, error) {
	q := c.prepared.(*tickRequest)
	p, err := c.editable(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if q.Status != "CHECKED" && q.Status != "UNCHECKED" {
		return answer{}, invalid("The status is CHECKED or UNCHECKED")
	}
	body, found := markup.SetTask(c.heap.text(p.body), c.params[1], q.Status == "CHECKED")
	if !found {
		return answer{}, fail(http.StatusNotFound, "", "No task "+c.params[1]+" on the page with id "+c.params[0])
	}
	c.setBody(p, body)
	c.touch(p)
	return ok(object{"id": c.params[1], "status": q.Status})
}

func mobileProfile(c *call) (answer, error) {
	u := c.people.named(c.params[0])
	if u == nil || u.removed {
		return answer{}, fail(http.StatusNotFound, "", "No user "+c.params[0])
	}
	o := object{"userName": u.username, "fullName": u.name, "url": c.context + "/display/~" + u.username}
	if c.set.mail != "hidden" {
		o["email"] = u.email
	}
	return ok(o)
}
