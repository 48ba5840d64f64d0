package demo

import (
	"fmt"

	"github.com/tandem-sync/tandem/internal/demo/company"
)

// deed is one thing that a person of the company does on one of the sites, and no other edit touches the same page.
type deed struct {
	side   int
	who    string // log-in name
	action string // of the emulator's control plane
	what   map[string]any
	tells  string // what it is, for people
}

// rounds are what people do before each sync: on both sites, but no page is edited on both.
var rounds = [][]deed{
	{
		{sideA, "karim.benali", "insert", map[string]any{"page": "Torque table", "after": "p1", "text": "Since November the motor bolts are checked twice, once by the next station."}, "adds a paragraph to \"Torque table\""},
		{sideA, "felix.brandt", "rename", map[string]any{"page": "Write a migration for Burrow", "to": "Write a schema migration for Burrow"}, "renames \"Write a migration for Burrow\""},
		{sideA, "leila.haddad", "label", map[string]any{"page": "Company bikes", "add": "leasing"}, "labels \"Company bikes\""},
		{sideA, "annika.schroeder", "create", map[string]any{"title": "Wednesdays without meetings", "under": "How we work", "text": "From December on nobody is invited to anything on a Wednesday."}, "writes a new page below \"How we work\""},
		{sideB, "tomasz.zielinski", "insert", map[string]any{"page": "Travel policy", "after": "p1", "text": "Trains up to six hours go before planes."}, "adds a paragraph to \"Travel policy\""},
		{sideB, "hanna.petersen", "rename", map[string]any{"page": "Stock-taking", "to": "Stock-taking in January"}, "renames \"Stock-taking\""},
		{sideB, "priya.raman", "create", map[string]any{"title": "On-call over the holidays", "under": "On-call in Engineering", "text": "Two people a week between the years, and nobody twice."}, "writes a new page below \"On-call in Engineering\""},
	},
	{
		{sideA, "emma.thomsen", "comment", map[string]any{"page": "Warranty cases", "text": "The form for the dealer has changed, I will link it here."}, "comments on \"Warranty cases\""},
		{sideA, "ines.carvalho", "attach", map[string]any{"page": "Network plan", "name": "vlan-2027.csv", "bytes": "vlan,name\n10,office\n20,line\n"}, "attaches a file to \"Network plan\""},
		{sideA, "bjorn.aasen", "move", map[string]any{"page": "Frame test bench", "under": "How-to"}, "moves \"Frame test bench\" below \"How-to\""},
		{sideA, "greta.moeller", "trash", map[string]any{"page": "Rework"}, "puts \"Rework\" into the trash"},
		{sideB, "sofia.lindqvist", "label", map[string]any{"page": "Roadmap 2027", "add": "draft-2"}, "labels \"Roadmap 2027\""},
		{sideB, "noor.jansen", "comment", map[string]any{"page": "Referral bonus", "text": "Agreed with the works council on Tuesday."}, "comments on \"Referral bonus\""},
		{sideB, "daniel.okafor", "attach", map[string]any{"page": "Rider app 7.0", "name": "crashes.csv", "bytes": "version,crashes\n7.0.1,3\n"}, "attaches a file to \"Rider app 7.0\""},
	},
}

// Edits is how many edits people make on each site during the tour.
func Edits() (each [2]int) {
	for _, round := range rounds {
		for _, d := range round {
			each[d.side]++
		}
	}
	return each
}

// edit lets people do what a round holds.
func (s *Stage) edit(round []deed) error {
	for _, d := range round {
		what := any(d.what)
		if d.action == "trash" {
			what = d.what["page"]
		}
		if _, err := s.Sites[d.side].act(s.accounts[d.side][d.who], d.action, what); err != nil {
			return fmt.Errorf("%s on %s %s: %w", d.who, s.Sites[d.side].Name, d.tells, err)
		}
		s.opt.Say("edit        %-5s %s %s", s.Sites[d.side].Name, fullName(d.who), d.tells)
	}
	return nil
}

func fullName(login string) string {
	for _, u := range company.Users() {
		if u.Name == login {
			return u.FullName
		}
	}
	return login
}
