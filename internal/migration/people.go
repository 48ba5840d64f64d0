package migration

import "github.com/tandem-sync/tandem/internal/confluence"

// Person is one row of a people file.
type Person struct {
	SourceKey   string // user key, user name where there is no key, account id, or "group:NAME"
	SourceName  string
	SourceEmail string
	Match       string // email, alias, name, manual, placeholder or none
	Account     string // account id or "group:NAME" at the destination; empty for placeholder and none
	Used        int    // number of uses, for people only
}

// People maps the users and groups of the source to those of the destination. The zero value maps no user, and each
// group to the group of equal name.
type People struct {
	Rows []Person // in file order
	// indexes into Rows
	byKey, byName map[string]int
}

// ParsePeople reads a people file. Its error, T-1003, lists every wrong row.
func ParsePeople(data []byte, file string) (People, error) { panic("being written") }

// Account returns the account at the destination of a source user, given by key or by user name.
func (p People) Account(source confluence.UserID) (confluence.UserID, bool) { panic("being written") }

// Group returns the group at the destination for a source group: the one of its row, else the same name. It returns
// false for a group that is expressly mapped to nothing. Whether the group exists there is not known here.
func (p People) Group(name string) (string, bool) { panic("being written") }

// CSV returns the people file, header included.
func (p People) CSV() []byte { panic("being written") }
