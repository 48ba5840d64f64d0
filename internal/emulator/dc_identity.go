package emulator

import (
	"net/http"
	"strconv"
	"strings"
)

// dcIdentityRoutes say what the instance is (dc-api.md section 1).
var dcIdentityRoutes = []route{
	{method: "GET", template: "/rest/applinks/1.0/manifest", api: dc, guard: forAll, handle: manifest, evidence: byClient},
	{method: "GET", template: "/rest/applinks/2.0/manifest", api: dc, guard: forAll, handle: manifest, evidence: byClient},
	{method: "GET", template: "/rest/applinks/latest/manifest", api: dc, guard: forAll, handle: manifest, evidence: byMemory},
	{method: "GET", template: "/status", api: dc, guard: forAll, handle: nodeStatus, evidence: byClient, gap: "the form of the body is general knowledge"},
	{method: "GET", template: "/rest/api/server-information", api: dc, guard: forKnown, handle: serverInformation},
	{method: "GET", template: "/rest/api/accessmode", api: dc, handle: accessMode},
	{method: "GET", template: "/rest/api/instance-metrics", api: dc, guard: forAdmin, handle: instanceMetrics},
	{method: "GET", template: "/rest/api/cluster/nodes", api: dc, guard: forAdmin, since: since93, handle: clusterNodes},
	{method: "GET", template: "/rest/zdu/cluster", api: dc, guard: forAdmin, handle: zduCluster, evidence: byClient},
}

// manifest is how an instance presents itself to other products, XML unless JSON is asked for.
func manifest(c *call) (answer, error) {
	base := c.base()
	auth := []string{
		"com.atlassian.applinks.api.auth.types.OAuthAuthenticationProvider",
		"com.atlassian.applinks.api.auth.types.TwoLeggedOAuthAuthenticationProvider",
	}
	if strings.Contains(c.r.Header.Get("Accept"), "application/json") {
		return ok(object{
			"id": c.cloudID, "name": "Confluence", "typeId": "confluence", "version": c.product.release.String(),
			"buildNumber": c.product.release.build(), "applinksVersion": "9.2.1", "inboundAuthenticationTypes": auth,
			"outboundAuthenticationTypes": auth, "publicSignup": false, "url": base, "iconUrl": base + "/images/logo/confluence_16.png",
			"iconUri": base + "/images/logo/confluence.png",
		})
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><manifest>`)
	element := func(name, value string) { b.WriteString("<" + name + ">" + value + "</" + name + ">") }
	element("id", c.cloudID)
	element("name", "Confluence")
	element("typeId", "confluence")
	element("version", c.product.release.String())
	element("buildNumber", strconv.Itoa(c.product.release.build()))
	element("applinksVersion", "9.2.1")
	for _, a := range auth {
		element("inboundAuthenticationTypes", a)
	}
	for _, a := range auth {
		element("outboundAuthenticationTypes", a)
	}
	element("publicSignup", "false")
	element("url", base)
	element("iconUrl", base+"/images/logo/confluence_16.png")
	element("iconUri", base+"/images/logo/confluence.png")
	b.WriteString("</manifest>")
	return answer{status: http.StatusOK, raw: []byte(b.String()), form: "application/xml"}, nil
}

func nodeStatus(*call) (answer, error) { return ok(object{"state": "RUNNING"}) }

func serverInformation(c *call) (answer, error) {
	build := c.product.release.build()
	return ok(object{
		"baseUrl": c.base(), "version": c.product.release.String(), "buildNumber": build, "marketplaceBuildNumber": build,
		"buildDate": stampOf(c.clock.start).String(),
	})
}

// accessMode answers a JSON string (register row AU-17).
func accessMode(c *call) (answer, error) {
	if c.set.readOnly {
		return ok("READ_ONLY")
	}
	return ok("READ_WRITE")
}

func instanceMetrics(c *call) (answer, error) {
	pages := 0
	for _, s := range c.world.spaces {
		for _, p := range s.pages {
			if p.status == current {
				pages++
			}
		}
	}
	return ok(object{"pages": pages, "spaces": len(c.world.spaces), "users": len(c.people.users)})
}

// clusterNodes are the nodes with the version that each of them runs.
func clusterNodes(c *call) (answer, error) {
	o, err := c.offsetsDC(100)
	if err != nil {
		return answer{}, err
	}
	nodes := []object{{
		"nodeId": 1, "props": object{"confluence.home": "/var/confluence", "build.number": strconv.Itoa(c.product.release.build()), "version": c.product.release.String()},
		"buildStats": object{"version": c.product.release.String()}, "jvmStats": object{},
	}}
	return ok(listDC(c, nodes, o, func(object) bool { return true }, func(o object) object { return o }))
}

// zduCluster is what older versions have in place of cluster/nodes (register row ID-07).
func zduCluster(c *call) (answer, error) {
	return ok(object{"nodes": []object{{"id": c.nodeID(), "name": "node1", "state": "RUNNING"}}, "state": "STABLE"})
}

func (s *Site) nodeID() string { return s.uuid("node")[:8] }
