package emulator

// checkRequest is the body of POST content/{id}/permission/check.
type checkRequest struct {
	Subject struct {
		Type       string `json:"type"`
		Identifier string `json:"identifier"`
	} `json:"subject"`
	Operation string `json:"operation"`
}

func prepareCheck(c *call) (any, error) {
	var q checkRequest
	return &q, c.decode(&q)
}

// subjectUser stands for the subject of a check: an account, nobody (anonymous), or somebody who is in one group only.
func (c *call) subjectUser(kind, id string) (*user, error) {
	if kind == "user" && id == "anonymous" {
		return nil, nil
	}
	if _, err := c.subject(kind, id); err != nil {
		return nil, err
	}
	if kind == "user" {
		return c.people.byID[id], nil
	}
	g := c.people.groupByID(id)
	if g == nil {
		g = c.people.group(id)
	}
	return &user{groups: []*group{g}}, nil
}

// checkPermission says in the body, not by its status, whether a subject may do something to a content.
func checkPermission(c *call) (answer, error) {
	q := c.prepared.(*checkRequest)
	p, err := c.any(c.params[0])
	if err != nil {
		return answer{}, err
	}
	u, err := c.subjectUser(q.Subject.Type, q.Subject.Identifier)
	if err != nil {
		return answer{}, err
	}
	if u != c.user && !c.user.admin {
		return answer{}, c.forbidden(nouns[p.kind], c.params[0])
	}
	may := false
	switch q.Operation {
	case "read":
		may = p.sees(u)
	case "update":
		may = p.edits(u)
	case "delete":
		may = p.removes(u)
	default:
		return answer{}, invalid("Invalid operation: " + q.Operation)
	}
	errs := []object{}
	if !may {
		errs = append(errs, message("The subject may not "+q.Operation+" this content"))
	}
	return ok(object{
		"hasPermission": may, "errors": errs,
		"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/content/" + p.idText() + "/permission/check"},
	})
}
