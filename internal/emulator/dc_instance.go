package emulator

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
