package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// dcRPCRoutes are the remote API of older days, switched off by most and gone with version 10 in this emulator; the
// reference names it as the way to space permissions and e-mail addresses before 9.1.1 (dc-api.md sections 0 and 9).
var dcRPCRoutes = []route{
	{method: "POST", template: "/rpc/json-rpc/confluenceservice-v2", api: dc, guard: forKnown, until: since10, prepare: prepareRPC, handle: callRPC, evidence: byMemory, gap: "six methods; the version in which the remote API was taken out is not verified"},
	{method: "POST", template: "/rpc/json-rpc/confluenceservice-v2/{method}", api: dc, guard: forKnown, until: since10, prepare: prepareRPC, handle: callRPC, evidence: byMemory, gap: "as above"},
}

// rpcRequest is a call; where the method stands in the path the body is the list of parameters.
type rpcRequest struct {
	ID     any               `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
	bare   bool
}

func prepareRPC(c *call) (any, error) {
	var q rpcRequest
	if len(c.params) > 0 {
		q.Method, q.bare = c.params[0], true
		err := c.decode(&q.Params)
		return &q, err
	}
	err := c.decode(&q)
	return &q, err
}

// rpcMethods are what can be called. Each returns the result or an error that goes into the answer.
var rpcMethods = map[string]func(*call, []string) (any, error){
	"getSpaces": func(c *call, _ []string) (any, error) {
		out := []object{}
		for _, s := range c.world.spaces {
			if c.seesSpace(s) {
				out = append(out, c.rpcSpace(s))
			}
		}
		return out, nil
	},
	"getSpace": func(c *call, args []string) (any, error) {
		s, err := c.spaceKeyed(args[0])
		if err != nil {
			return nil, err
		}
		return c.rpcSpace(s), nil
	},
	"getSpacePermissionSets": func(c *call, args []string) (any, error) {
		s, err := c.administers(args[0])
		if err != nil {
			return nil, err
		}
		out := []object{}
		for _, k := range spacePermissionKinds {
			if set := c.rpcPermissions(s, k.name, k.key, k.target); len(set["spacePermissions"].([]object)) > 0 {
				out = append(out, set)
			}
		}
		return out, nil
	},
	"getSpacePermissionSet": func(c *call, args []string) (any, error) {
		s, err := c.administers(args[0])
		if err != nil {
			return nil, err
		}
		for _, k := range spacePermissionKinds {
			if len(args) > 1 && k.name == args[1] {
				return c.rpcPermissions(s, k.name, k.key, k.target), nil
			}
		}
		return nil, invalid("No such permission")
	},
	"getUser": func(c *call, args []string) (any, error) {
		u := c.people.named(args[0])
		if u == nil || u.removed {
			return nil, invalid("No user with name " + args[0])
		}
		o := object{"name": u.username, "fullname": u.name, "email": u.email, "key": u.key, "url": c.base() + "/display/~" + u.username}
		if c.set.mail == "hidden" {
			o["email"] = ""
		}
		return o, nil
	},
	"getUserGroups": func(c *call, args []string) (any, error) {
		u := c.people.named(args[0])
		if u == nil {
			return nil, invalid("No user with name " + args[0])
		}
		out := []string{}
		for _, g := range u.groups {
			out = append(out, g.name)
		}
		slices.Sort(out)
		return out, nil
	},
}

func (c *call) rpcSpace(s *space) object {
	return object{
		"key": s.key, "name": s.name, "type": s.kind, "url": c.base() + "/display/" + s.key, "description": s.description,
		"homePage": homeID(s),
	}
}

func homeID(s *space) int64 {
	if s.home == nil {
		return 0
	}
	return s.home.id
}

// rpcPermissions is who has one kind of permission in a space; neither user nor group is the anonymous caller.
func (c *call) rpcPermissions(s *space, name, key, target string) object {
	rows := []object{}
	for _, g := range s.grants {
		if g.key != key || g.target != target {
			continue
		}
		row := object{"type": name, "userName": nil, "groupName": nil}
		if u := c.people.byID[trimPrincipal(g.principal, "user:")]; u != nil {
			row["userName"] = u.username
		} else if group := trimPrincipal(g.principal, "group:"); group != "" {
			row["groupName"] = group
		}
		rows = append(rows, row)
	}
	return object{"type": name, "spacePermissions": rows}
}

// trimPrincipal returns the name in a principal of that kind, or nothing.
func trimPrincipal(principal, kind string) string {
	if len(principal) > len(kind) && principal[:len(kind)] == kind {
		return principal[len(kind):]
	}
	return ""
}

// callRPC calls a method; the remote API must be switched on.
func callRPC(c *call) (answer, error) {
	if c.set.noRPC {
		return answer{}, fail(http.StatusForbidden, "", "Remote API is not enabled on this server")
	}
	q := c.prepared.(*rpcRequest)
	method := rpcMethods[q.Method]
	var args []string
	for _, raw := range q.Params {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		args = append(args, s)
	}
	var result any
	err := error(invalid("No such method: " + q.Method))
	if method != nil && (len(args) > 0 || q.Method == "getSpaces") {
		result, err = method(c, args)
	}
	if err != nil {
		problem := object{"code": 500, "message": err.Error(), "data": nil}
		if q.bare {
			return ok(object{"error": problem})
		}
		return ok(object{"jsonrpc": "2.0", "error": problem, "id": q.ID})
	}
	if q.bare {
		return ok(result)
	}
	return ok(object{"jsonrpc": "2.0", "result": result, "id": q.ID})
}
