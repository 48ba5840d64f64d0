package xmlexport

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Users reads users by key; by name or Cloud account id where no key fits, as bodies and old exports write them. Name,
// display name and e-mail come from the directories of a site backup where it has them.
func (r *Reader) Users(ctx context.Context, ids []confluence.UserID) ([]confluence.User, error) {
	var all []confluence.User
	for _, id := range ids {
		u, err := r.user(ctx, id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, readError(err)
		}
		all = append(all, u)
	}
	return all, nil
}

func (r *Reader) user(ctx context.Context, id confluence.UserID) (confluence.User, error) {
	var lname string
	u := confluence.User{Active: true}
	err := r.db.QueryRowContext(ctx, `SELECT id, coalesce(name, ''), coalesce(lname, ''), coalesce(email, '') FROM user
		WHERE id = ?1 OR lname = ?2 OR account = ?2 OR account = ?1 ORDER BY id = ?1 DESC, seq LIMIT 1`, idKey(id), strings.ToLower(string(id))).
		Scan((*string)(&u.ID), &u.Name, &lname, &u.Email)
	if errors.Is(err, sql.ErrNoRows) {
		lname = strings.ToLower(string(id))
	} else if err != nil {
		return u, err
	}
	var name, email string
	known := err == nil
	err = r.db.QueryRowContext(ctx, `SELECT coalesce(name, ''), coalesce(display, ''), coalesce(email, ''), active FROM account
		WHERE lname = ? ORDER BY active DESC, seq LIMIT 1`, lname).Scan(&name, &u.DisplayName, &email, &u.Active)
	if errors.Is(err, sql.ErrNoRows) && known {
		return u, nil
	}
	if u.Email == "" {
		u.Email = email
	}
	if !known {
		u.ID, u.Name = confluence.UserID(lname), name
	}
	return u, err
}

// Groups returns which of these groups the export knows: those of its directories, and in a space export, which has no
// directories, those that hold a permission or a restriction.
func (r *Reader) Groups(ctx context.Context, names []string) ([]string, error) {
	var there []string
	for _, name := range names {
		var found bool
		err := r.db.QueryRowContext(ctx, `SELECT EXISTS(SELECT 1 FROM grp WHERE lname = ?1) OR NOT EXISTS(SELECT 1 FROM grp) AND (
			EXISTS(SELECT 1 FROM spaceperm WHERE lower(grp) = ?1) OR EXISTS(SELECT 1 FROM perm WHERE lower(grp) = ?1))`, strings.ToLower(name)).Scan(&found)
		if err != nil {
			return nil, readError(err)
		}
		if found {
			there = append(there, name)
		}
	}
	return there, nil
}

// operations maps the permissions of Server and Data Center to Cloud's classic ones (REST API v1, space/{key}/permission).
var operations = map[string]string{
	"VIEWSPACE": "read/space", "EDITSPACE": "create/page", "REMOVEPAGE": "delete/page", "EDITBLOG": "create/blogpost",
	"REMOVEBLOG": "delete/blogpost", "COMMENT": "create/comment", "REMOVECOMMENT": "delete/comment",
	"CREATEATTACHMENT": "create/attachment", "REMOVEATTACHMENT": "delete/attachment", "REMOVEOWNCONTENT": "delete/space",
	"SETPAGEPERMISSIONS": "restrict_content/space", "SETSPACEPERMISSIONS": "administer/space", "EXPORTSPACE": "export/space",
	"ARCHIVEPAGE": "archive/page",
}

// permissions reads a space's permissions, sorted, and those that Cloud has no counterpart for.
func (r *Reader) permissions(ctx context.Context, space confluence.ID) ([]confluence.Permission, []confluence.Defect, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT DISTINCT p.id, coalesce(p.type, ''), coalesce(p.user, ''), coalesce(p.grp, ''), coalesce(p.everyone, ''),
		s.key FROM spaceperm p JOIN space s ON s.id = p.space WHERE p.space = ? ORDER BY p.type, p.grp, p.user`, idKey(space))
	if err != nil {
		return nil, nil, readError(err)
	}
	defer rows.Close()
	var all []confluence.Permission
	var unknown []confluence.Defect
	seen := map[confluence.Permission]bool{}
	for rows.Next() {
		var id, kind, user, group, everyone, space string
		if err := rows.Scan(&id, &kind, &user, &group, &everyone, &space); err != nil {
			return nil, nil, readError(err)
		}
		p := confluence.Permission{Operation: operations[kind], Principal: holder(user, group, everyone)}
		if p.Operation == "" || p.Principal == "" {
			rule := rules["unknown permission"]
			unknown = append(unknown, confluence.Defect{Code: rule.Code, Name: rule.Name, Space: space, Path: "SpacePermission#" + id,
				Title: kind, What: rule.What, Effect: rule.Effect})
			continue
		}
		if !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, readError(err)
	}
	return all, unknown, nil
}

// holder returns who holds a permission: nobody named means everybody, logged in or not. "authenticated-users" has no
// counterpart, and to take it for everybody would widen it: it is nobody.
func holder(user, group, everyone string) confluence.Principal {
	switch {
	case user != "":
		return confluence.UserPrincipal(confluence.UserID(user))
	case group != "":
		return confluence.GroupPrincipal(group)
	case everyone == "" || everyone == "anonymous-users":
		return confluence.Anonymous
	}
	return ""
}
