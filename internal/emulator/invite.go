package emulator

import (
	"encoding/binary"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// emailsRequest is the body of the access check and of the invitation by e-mail.
type emailsRequest struct {
	Emails []string `json:"emails"`
}

func prepareEmails(c *call) (any, error) {
	var q emailsRequest
	return &q, c.decode(&q)
}

// invited reads the addresses of the call (register row US-04).
func (c *call) invited() ([]string, error) {
	q := c.prepared.(*emailsRequest)
	if len(q.Emails) == 0 || len(q.Emails) > 100 {
		return nil, invalid("1 to 100 e-mail addresses in one call")
	}
	return q.Emails, nil
}

func validEmail(address string) bool {
	a, err := mail.ParseAddress(address)
	return err == nil && a.Address == address && strings.Contains(address, ".")
}

// withEmail finds the account of an address.
func (p *people) withEmail(address string) *user {
	at := slices.IndexFunc(p.users, func(u *user) bool { return strings.EqualFold(u.email, address) })
	if at < 0 {
		return nil
	}
	return p.users[at]
}

func checkAccess(c *call) (answer, error) {
	emails, err := c.invited()
	if err != nil {
		return answer{}, err
	}
	without, bad := []string{}, []string{}
	for _, e := range emails {
		switch u := c.people.withEmail(e); {
		case !validEmail(e):
			bad = append(bad, e)
		case u == nil || !u.active:
			without = append(without, e)
		}
	}
	return ok(object{"emailsWithoutAccess": without, "invalidEmails": bad, "noAccessEmails": without})
}

// invitationTime is how long an invitation takes to make an account, at most.
const invitationTime = 30 * time.Second

// inviteByEmail makes accounts for addresses, some time later; invalid ones and those with access are passed over.
func inviteByEmail(c *call) (answer, error) {
	emails, err := c.invited()
	if err != nil {
		return answer{}, err
	}
	for _, e := range emails {
		if u := c.people.withEmail(e); !validEmail(e) || u != nil && u.active {
			continue
		}
		d := c.digest("invitation", e)
		wait := time.Duration(binary.BigEndian.Uint32(d[:])) % invitationTime
		c.later("inviteUser", wait, func(stamp) error {
			c.admitEmail(e)
			return nil
		})
	}
	return answer{status: http.StatusOK}, nil
}

// admitEmail gives an address an account, or lets a deactivated account in again; a site without a free seat does
// neither (register row US-12).
func (s *Site) admitEmail(address string) {
	if s.set.seats > 0 && int64(s.people.seatsTaken()) >= s.set.seats {
		return
	}
	if u := s.people.withEmail(address); u != nil {
		u.active = true
		return
	}
	name, _, _ := strings.Cut(address, "@")
	s.addUser("712020:"+s.uuid("account", strings.ToLower(address)), name, address)
}

func (p *people) seatsTaken() int {
	n := 0
	for _, u := range p.users {
		if u.active {
			n++
		}
	}
	return n
}
