package company

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// User is a person of the company, as the old site knows them. Former: left the company, or never was a person; there is
// no account for them on the new site.
type User struct {
	Key, Name, FullName, Email, Role string
	Former                           bool
}

// Group is a group of the old site. The new site has the same.
type Group struct {
	Name, About string
	Members     []string // login names
}

var users = []User{
	person(1, "maren.lindgaard", "Maren Lindgaard", "Managing director"),
	person(2, "johannes.voss", "Johannes Voß", "Technical director"),
	person(3, "annika.schroeder", "Annika Schröder", "Head of People & Culture"),
	person(4, "tomasz.zielinski", "Tomasz Zieliński", "People partner"),
	person(5, "leila.haddad", "Leila Haddad", "Recruiting"),
	person(6, "yuki.tanaka", "田中 由紀", "Firmware"),
	person(7, "priya.raman", "Priya Raman", "Head of Engineering"),
	person(8, "bjorn.aasen", "Bjørn Aasen", "Mechanics and frames"),
	person(9, "oksana.melnyk", "Оксана Мельник", "Fleet portal"),
	person(10, "felix.brandt", "Felix Brandt", "Platform"),
	person(11, "chiara.conti", "Chiara Conti", "Design"),
	person(12, "mehmet.yildiz", "Mehmet Yıldız", "Test"),
	person(13, "sofia.lindqvist", "Sofia Lindqvist", "Product"),
	person(14, "daniel.okafor", "Daniel Okafor", "Rider app"),
	person(15, "hanna.petersen", "Hanna Petersen", "Head of Operations"),
	person(16, "ruben.devries", "Ruben de Vries", "Warehouse"),
	person(17, "ines.carvalho", "Inês Carvalho", "IT"),
	person(18, "karim.benali", "Karim Benali", "Assembly"),
	person(19, "greta.moeller", "Greta Möller", "Finance"),
	person(20, "liang.wei", "梁伟", "Supplier quality"),
	person(21, "emma.thomsen", "Emma Thomsen", "Customer service"),
	person(22, "noor.jansen", "Noor Jansen", "Works council"),
	{Key: key(23), Name: "paul.krueger", FullName: "Paul Krüger", Email: "paul.krueger@lindgaard.example", Role: "left in 2024", Former: true},
	{Key: key(24), Name: "wiki-robot", FullName: "Wiki Robot", Email: "wiki-robot@lindgaard.example", Role: "scripts", Former: true},
}

func person(n int, name, full, role string) User {
	return User{Key: key(n), Name: name, FullName: full, Email: name + "@lindgaard.example", Role: role}
}

func key(n int) string { return fmt.Sprintf("4028a1c08b7e%020x", n*0x10001) }

var groups = []Group{
	{"lindgaard-all", "Everybody", nil},
	{"people-team", "People & Culture", []string{"annika.schroeder", "tomasz.zielinski", "leila.haddad"}},
	{"engineering", "Engineering", []string{
		"johannes.voss", "yuki.tanaka", "priya.raman", "bjorn.aasen", "oksana.melnyk", "felix.brandt", "chiara.conti",
		"mehmet.yildiz", "sofia.lindqvist", "daniel.okafor",
	}},
	{"operations", "Operations", []string{"hanna.petersen", "ruben.devries", "ines.carvalho", "karim.benali", "liang.wei", "emma.thomsen"}},
	{"leadership", "Directors and heads", []string{"maren.lindgaard", "johannes.voss", "annika.schroeder", "priya.raman", "hanna.petersen", "greta.moeller"}},
	{"works-council", "Works council", []string{"noor.jansen", "mehmet.yildiz", "karim.benali"}},
}

// Users lists the people of the old site.
func Users() []User { return slices.Clone(users) }

// Groups lists the groups with their members.
func Groups() []Group {
	all := slices.Clone(groups)
	for _, u := range users {
		if !u.Former {
			all[0].Members = append(all[0].Members, u.Name)
		}
	}
	return all
}

// People is the table of people for a plan: user keys of the old site and account ids of the new one. Accounts are given
// by e-mail address; who has none there stays without.
func People(accounts map[string]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"source_key", "source_name", "source_email", "match", "account_id", "used"}}
	for _, u := range users {
		match, id := "email", accounts[u.Email]
		if id == "" || u.Former {
			match, id = "none", ""
		}
		rows = append(rows, []string{u.Key, u.FullName, u.Email, match, id, "0"})
	}
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	return out.Bytes()
}

func lookUp(name string) (User, bool) {
	i := slices.IndexFunc(users, func(u User) bool { return u.Name == name })
	if i < 0 {
		return User{}, false
	}
	return users[i], true
}

func userKey(name string) string {
	u, _ := lookUp(name)
	return u.Key
}

// principals reads "group:NAME" and login names.
func principals(names []string) []backup.Principal {
	var all []backup.Principal
	for _, n := range names {
		if g, ok := strings.CutPrefix(n, "group:"); ok {
			all = append(all, backup.Principal{Group: g})
		} else {
			all = append(all, backup.Principal{User: userKey(n)})
		}
	}
	return all
}
