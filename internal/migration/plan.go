package migration

// Plan is what a person wants to be migrated, and how. The zero value is no valid plan; NewPlan gives the defaults.
type Plan struct {
	Name      string       `json:"name"`
	Stage     string       `json:"stage"` // test or production
	From      Endpoint     `json:"from"`
	To        Endpoint     `json:"to"`
	Users     string       `json:"users"`  // all, scoped, referenced or none
	People    string       `json:"people"` // path of the people file; empty: none
	Templates bool         `json:"templates"`
	Spaces    []SpaceScope `json:"spaces"` // in order of work
	Select    Selection    `json:"select"`
	NeverSend []string     `json:"neverSend"`
	Options   Options      `json:"options"`
}

// Endpoint is one end of a plan: a site by its name, or an export by its path.
type Endpoint struct {
	Site        string `json:"site,omitempty"`
	Export      string `json:"export,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"` // empty: filled in when the plan is created
}

// SpaceScope is one space of a plan.
type SpaceScope struct {
	Key              string `json:"key"`
	Target           string `json:"target"`
	What             string `json:"what"`     // all, attachments or pages
	Existing         string `json:"existing"` // skip, adopt or replace
	History          string `json:"history"`  // none, all or a number
	Restrictions     bool   `json:"restrictions"`
	Permissions      bool   `json:"permissions"`
	AttachmentsFirst bool   `json:"attachmentsFirst"`
}

// Selection narrows a plan to some contents of its spaces.
type Selection struct {
	CQL         string   `json:"cql"`
	Labels      []string `json:"labels"`
	Subtree     []string `json:"subtree"` // page ids
	EditedAfter string   `json:"editedAfter"`
}

// Options say how the work is done.
type Options struct {
	QuietWrites bool     `json:"quietWrites"`
	Concurrent  int      `json:"concurrent"` // calls in flight; 0: what the site declares
	Editor      string   `json:"editor"`     // keep or convert
	Provenance  []string `json:"provenance"` // message, property, banner
	Macros      string   `json:"macros"`     // path of a policy file; empty: none
}

// NewPlan returns a plan with the default of every field, without name, ends and spaces.
func NewPlan() Plan {
	return Plan{
		Stage: "test", Users: "scoped",
		Options: Options{QuietWrites: true, Editor: "keep", Provenance: []string{"message"}},
	}
}

// NewScope returns the scope of a whole space with the default of every field; target empty: the same key.
func NewScope(key, target string) SpaceScope {
	if target == "" {
		target = key
	}
	return SpaceScope{Key: key, Target: target, What: "all", Existing: "skip", History: "none", Restrictions: true, Permissions: true}
}
