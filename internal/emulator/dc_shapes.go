package emulator

import "strings"

// spaceDC is a space as Data Center shows it; older versions have no creator and dates (register row ID-10).
func (c *call) spaceDC(s *space, e expansions) object {
	webui := "/display/" + s.key
	home := ""
	if s.home != nil {
		home = c.selfDC(s.home)
	}
	expandable := object{"metadata": "", "icon": "", "description": "", "homepage": home}
	o := object{"id": s.id, "key": s.key, "name": s.name, "status": s.status, "type": s.kind, "_expandable": expandable}
	if c.product.release >= since9 {
		webui = "/spaces/" + s.key + "/overview"
		o["creator"], o["creationDate"] = c.userDC(s.creator, false), c.dateDC(s.created)
		o["lastModifier"], o["lastModificationDate"] = c.userDC(s.creator, false), c.dateDC(s.created)
		expandable["permissions"], expandable["retentionPolicy"] = "", ""
	}
	o["_links"] = object{"webui": webui, "self": c.base() + "/rest/api/space/" + s.key}
	for member, value := range map[string]func() any{
		"homepage": func() any {
			if s.home == nil {
				return nil
			}
			return c.contentDC(s.home.now(), e.below("homepage"))
		},
		"icon": func() any {
			return object{"path": c.context + "/images/logo/default-space-logo-256.png", "width": 48, "height": 48, "isDefault": true}
		},
		"description": func() any { return c.descriptionDC(s, e.below("description")) },
		"metadata":    func() any { return c.spaceMetadataDC(s, e.below("metadata")) },
	} {
		if !e[member] {
			continue
		}
		delete(expandable, member)
		if v := value(); v != nil {
			o[member] = v
		}
	}
	return o
}

func (c *call) descriptionDC(s *space, e expansions) object {
	out, expandable := object{}, object{}
	for _, form := range []string{"plain", "view"} {
		if !e[form] {
			expandable[form] = ""
			continue
		}
		value := s.description
		if form == "view" && value != "" {
			value = "<p>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(value) + "</p>"
		}
		out[form] = object{"value": value, "representation": form, "_expandable": object{"webresource": ""}}
	}
	out["_expandable"] = expandable
	return out
}

func (c *call) spaceMetadataDC(s *space, e expansions) object {
	if !e["labels"] {
		return object{"_expandable": object{"labels": ""}}
	}
	rows := []object{}
	for _, l := range s.labels {
		rows = append(rows, labelDC(l))
	}
	return object{"labels": object{
		"results": rows, "start": 0, "limit": 200, "size": len(rows), "_links": object{"self": c.base() + "/rest/api/space/" + s.key + "/labels"},
	}, "_expandable": object{}}
}

// restrictionsDC are read and update, each with the lists that are expanded.
func (c *call) restrictionsDC(p *content, e expansions) object {
	out, expandable := object{}, object{}
	read, update := p.restricted()
	for operation, who := range map[string][]string{"read": read, "update": update} {
		if !e[operation] {
			expandable[operation] = c.selfDC(p) + "/restriction/byOperation/" + operation
			continue
		}
		out[operation] = c.restrictionDC(p, operation, who, e.below(operation))
	}
	out["_expandable"] = expandable
	out["_links"] = object{"self": c.base() + c.selfDC(p) + "/restriction/byOperation"}
	return out
}

// restrictionDC is one operation with the users and groups that it is limited to.
func (c *call) restrictionDC(p *content, operation string, who []string, e expansions) object {
	users, groups := []object{}, []object{}
	for _, principal := range who {
		if id, ok := strings.CutPrefix(principal, "user:"); ok {
			users = append(users, c.userDC(c.people.byID[id], false))
		} else if name, ok := strings.CutPrefix(principal, "group:"); ok {
			groups = append(groups, c.groupDC(name))
		}
	}
	self := c.base() + c.selfDC(p) + "/restriction/byOperation/" + operation
	lists, expandable := object{}, object{}
	for name, rows := range map[string][]object{"user": users, "group": groups} {
		if !e["restrictions."+name] {
			expandable[name] = ""
			continue
		}
		lists[name] = object{"results": rows[:min(len(rows), 200)], "start": 0, "limit": 200, "size": min(len(rows), 200)}
	}
	lists["_expandable"] = expandable
	o := object{"operation": operation, "_links": object{"self": self}, "_expandable": object{"content": c.selfDC(p)}}
	if e["restrictions"] {
		o["restrictions"] = lists
	} else {
		o["_expandable"].(object)["restrictions"] = ""
	}
	return o
}

// viewRestrictionsDC are the view restrictions on a content and on what stands above it, each with the content that has
// it (register row LB-09).
func (c *call) viewRestrictionsDC(p *content) []object {
	rows := []object{}
	for at := p.root(); at != nil; at = at.parent {
		if read, _ := at.restricted(); len(read) > 0 {
			who := c.restrictionDC(at, "read", read, everyRestriction)["restrictions"]
			rows = append(rows, object{"content": c.contentDC(at.now(), nil), "operation": "read", "restrictions": who})
		}
	}
	return rows
}

func (c *call) groupDC(name string) object {
	return object{"type": "group", "name": name, "_links": object{"self": c.base() + "/rest/api/group/" + name}, "_expandable": object{}}
}
