package emulator

import "slices"

// instance is what a Data Center keeps besides contents, spaces and people; guarded by the Site's lock. Cloud has none.
type instance struct {
	hooks        []*hook
	lastHook     int64
	lastDelivery int64

	global  []*grant
	jobs    []*job
	lastJob int64
	lastPAT int64
	events  []auditEvent
	colours map[string][]byte // colour schemes, by space key; the empty key is the site's
}

// newInstance is that of a new site.
func (s *Site) newInstance() {
	s.instance = &instance{colours: map[string][]byte{}}
	s.openGlobally()
}

// rowsDC answers a listing by offset, with the default and the largest limit of its resource.
func rowsDC[T any](c *call, rows []T, def, most int, keep func(T) bool, show func(T) object) (answer, error) {
	o, err := c.offsetsDC(def)
	if err != nil {
		return answer{}, err
	}
	o.limit = min(o.limit, most)
	if keep == nil {
		keep = func(T) bool { return true }
	}
	return ok(listDC(c, rows, o, keep, show))
}

// dump adds what a Data Center keeps besides contents, spaces and people to the state dump: webhooks, permissions of the
// site, jobs. Neutral leaves out ids and files, which differ between runs.
func (in *instance) dump(out object, neutral bool) {
	hooks, permissions, jobs := []object{}, []string{}, []object{}
	for _, h := range in.hooks {
		hooks = append(hooks, object{"name": h.name, "url": h.url, "active": h.active, "events": h.events})
	}
	for _, g := range in.global {
		permissions = append(permissions, g.principal+" "+g.key+"/"+g.target)
	}
	slices.Sort(permissions)
	for _, j := range in.jobs {
		o := object{"operation": j.operation, "scope": j.scope, "state": j.state, "spaces": j.keys}
		if !neutral {
			o["id"], o["file"] = j.id, j.fileName
		}
		jobs = append(jobs, o)
	}
	out["webhooks"], out["permissions"], out["jobs"] = hooks, permissions, jobs
}
