package xmlexport

import (
	"context"
	"database/sql"
	"strings"
)

// resolver joins the rows that were loaded: whose is what, what is to be migrated, what is wrong. A relation is taken from
// the child's own reference, and only where the child has none from a collection of the parent.
type resolver struct {
	ctx    context.Context
	conn   *sql.Conn
	reader *Reader
	seen   seen
	listed bool // the index over listings exists
	err    error
}

// exec runs a statement and returns how many rows it changed. After an error it does nothing.
func (r *resolver) exec(query string, args ...any) int64 {
	if r.err != nil {
		return 0
	}
	res, err := r.conn.ExecContext(r.ctx, query, args...)
	if err != nil {
		r.err = err
		return 0
	}
	n, err := res.RowsAffected()
	r.err = err
	return n
}

// one returns the number that a query yields.
func (r *resolver) one(query string, args ...any) (n int64) {
	if r.err == nil {
		r.err = r.conn.QueryRowContext(r.ctx, query, args...).Scan(&n)
	}
	return n
}

// each calls fn for every row of a query. fn must not use the connection.
func (r *resolver) each(fn func(*sql.Rows) error, query string, args ...any) {
	if r.err != nil {
		return
	}
	rows, err := r.conn.QueryContext(r.ctx, query, args...)
	if err != nil {
		r.err = err
		return
	}
	defer rows.Close()
	for rows.Next() {
		if r.err = fn(rows); r.err != nil {
			return
		}
	}
	r.err = rows.Err()
}

// className turns content.class into the name of the class.
const className = `CASE c.class WHEN 1 THEN 'Page' WHEN 2 THEN 'BlogPost' WHEN 3 THEN 'Comment' WHEN 4 THEN 'Attachment'
 WHEN 5 THEN 'SpaceDescription' WHEN 6 THEN 'Draft' WHEN 7 THEN 'CustomContentEntityObject' ELSE 'content' END`

// items begins a query over items and their contents. The order of the tables is fixed: what can be told from the item is
// tested before its content is looked up.
const items = "FROM item i CROSS JOIN content c ON c.seq = i.seq WHERE "

// contents returns how many pages and blog posts are in a state.
func (r *resolver) contents(state int64) int64 {
	return r.seen.states[classPage][state] + r.seen.states[classBlogPost][state]
}

// defects writes down a defect for every row of a query over "content c", "item i".
func (r *resolver) defects(name, from string, args ...any) int64 {
	return r.exec(`INSERT INTO defect SELECT c.seq, coalesce((SELECT j.space FROM item j WHERE j.seq = c.seq), c.space), c.class, '`+name+`', c.id, c.title, `+className+`||'#'||c.id, NULL `+
		from, args...)
}

// run does all steps in the order in which they need each other.
func (r *resolver) run() error {
	r.exec("CREATE INDEX content_id ON content(id)")
	r.exec("CREATE INDEX content_original ON content(original, version) WHERE original IS NOT NULL")
	r.duplicateIDs()
	r.spaces()
	r.pages()
	r.tree()
	r.containers()
	r.comments()
	r.bodies()
	r.markers()
	r.attachments()
	r.titles()
	r.labels()
	r.restrictions()
	r.people()
	r.versions()
	r.finish()
	return r.err
}

// fallback fills a child's empty reference from the collections of parents.
func (r *resolver) fallback(table, column, where string, kind int) {
	where = column + " IS NULL AND " + where
	if r.one("SELECT EXISTS(SELECT 1 FROM "+table+" WHERE "+where+")") == 0 {
		return
	}
	r.exec("UPDATE "+table+" SET "+column+" = (SELECT owner FROM listing l WHERE l.item = "+table+
		".id AND l.kind = ? ORDER BY l.rowid DESC LIMIT 1) WHERE "+where, r.listings(kind))
}

// listings makes sure that listings can be looked up by their items, and returns kind.
func (r *resolver) listings(kind int) int {
	if !r.listed {
		r.exec("CREATE INDEX listing_item ON listing(item, kind)")
		r.listed = true
	}
	return kind
}

// duplicateIDs keeps the last of several objects of one class group and id. Bodies of one id that belong to different
// contents are all kept: nothing refers to a body but the content it names itself.
func (r *resolver) duplicateIDs() {
	if r.seen.surplus == 0 {
		return
	}
	left := int64(r.seen.surplus)
	names := map[string]string{"body": "BodyContent", "property": "ContentProperty", "label": "Label", "labelling": "Labelling",
		"permset": "ContentPermissionSet", "perm": "ContentPermission", "spaceperm": "SpacePermission", "space": "Space",
		"template": "PageTemplate", "user": "ConfluenceUserImpl"}
	left -= r.defects(defectDuplicateID, "FROM content c WHERE seq NOT IN (SELECT max(seq) FROM content GROUP BY id)")
	r.exec("DELETE FROM content WHERE seq NOT IN (SELECT max(seq) FROM content GROUP BY id)")
	for table, class := range names {
		old := "seq NOT IN (SELECT max(seq) FROM " + table + " GROUP BY id)"
		left -= r.exec("INSERT INTO defect SELECT seq, NULL, NULL, ?, id, NULL, ?||'#'||id, NULL FROM "+table+" WHERE "+old,
			defectDuplicateID, class)
		if table == "body" {
			old = "seq NOT IN (SELECT max(seq) FROM body GROUP BY id, content)"
		}
		r.exec("DELETE FROM " + table + " WHERE " + old)
	}
	for _, table := range []string{"account", "grp"} {
		old := "seq NOT IN (SELECT max(seq) FROM " + table + " GROUP BY class, id)"
		left -= r.exec("INSERT INTO defect SELECT seq, NULL, NULL, ?, id, NULL, class||'#'||id, NULL FROM "+table+" WHERE "+old,
			defectDuplicateID)
		r.exec("DELETE FROM " + table + " WHERE " + old)
	}
	for ; left > 0 && r.err == nil; left-- {
		r.exec("INSERT INTO defect VALUES (0, NULL, NULL, ?, NULL, NULL, 'an object of a class that is not migrated', NULL)", defectDuplicateID)
	}
}

// spaces decides which spaces are in scope and to which one each page belongs.
func (r *resolver) spaces() {
	r.exec("UPDATE space SET scope = 0 WHERE key IS NULL")
	if wanted := r.reader.desc.SpaceKeys; len(wanted) > 0 {
		args := make([]any, len(wanted))
		for i, k := range wanted {
			args[i] = k
		}
		r.exec("UPDATE space SET scope = 0 WHERE key NOT IN ("+strings.TrimSuffix(strings.Repeat("?,", len(wanted)), ",")+")", args...)
	}
	extraneous := r.exec(`INSERT INTO defect SELECT 0, NULL, NULL, 'extraneous space', NULL, coalesce(key, name), 'Space#'||id, NULL
		FROM space WHERE scope = 0`)
	if r.one("SELECT count(*) FROM space") == 0 {
		r.exec("INSERT INTO defect VALUES (0, NULL, NULL, 'no space object', NULL, NULL, 'Space', NULL)")
	}
	if extraneous > 0 {
		r.exec(`UPDATE content SET space = (SELECT h.space FROM content h WHERE h.id = content.original)
			WHERE class IN (1, 2) AND space IS NULL AND original IS NOT NULL`)
		r.exec("UPDATE content SET scope = 0 WHERE class IN (1, 2) AND space IN (SELECT id FROM space WHERE scope = 0)")
	}
}

// pages makes the items of current pages and blog posts, and gives those a space that have none.
func (r *resolver) pages() {
	r.exec(`INSERT INTO item SELECT seq, class, id, space, CASE class WHEN 1 THEN parent END, NULL, NULL, title IS NULL, 0, 0, NULL, NULL
		FROM content WHERE class IN (1, 2) AND state = 1 AND scope = 1`)
	r.exec("CREATE UNIQUE INDEX item_id ON item(id)")
	if r.seen.unplaced {
		r.defects("page without space", items+"i.space IS NULL")
	}
	r.defects("missing space", items+"i.space IS NOT NULL AND i.space NOT IN (SELECT id FROM space)")
	if r.seen.untitled {
		r.defects("empty title", items+"i.untitled = 1")
	}
	if r.contents(stateArchived) > 0 {
		r.defects("archived page", "FROM content c WHERE class IN (1, 2) AND state = 4 AND scope = 1")
	}
	r.makeSpaces()
	r.exec(`INSERT INTO defect SELECT 0, id, NULL, 'no home page', NULL, key, 'Space#'||id, NULL FROM space WHERE scope = 1 AND home IS NULL`)
	r.exec(`INSERT INTO defect SELECT 0, id, NULL, 'missing home page', NULL, key, 'Space#'||id, NULL FROM space
		WHERE scope = 1 AND home IS NOT NULL AND home NOT IN (SELECT id FROM item)`)
	r.exec(`INSERT INTO defect SELECT 0, l.owner, NULL, 'missing template object', NULL, NULL, 'PageTemplate#'||l.item, NULL
		FROM listing l JOIN space s ON s.id = l.owner AND s.scope = 1 WHERE l.kind = ? AND l.item NOT IN (SELECT id FROM template)`, listTemplates)
}

// makeSpaces makes up the spaces that a trimmed export refers to and does not hold. Their scope is 2.
func (r *resolver) makeSpaces() {
	var missing []any
	r.each(func(rows *sql.Rows) error {
		var id any
		defer func() { missing = append(missing, id) }()
		return rows.Scan(&id)
	}, "SELECT DISTINCT space FROM item WHERE space IS NOT NULL AND space NOT IN (SELECT id FROM space) ORDER BY 1")
	var keys []string
	for _, k := range r.reader.desc.SpaceKeys {
		if r.one("SELECT count(*) FROM space WHERE key = ?", k) == 0 {
			keys = append(keys, k)
		}
	}
	homeless := r.one("SELECT EXISTS(SELECT 1 FROM item WHERE space IS NULL)") == 1
	if homeless && len(missing) == 0 && r.one("SELECT count(*) FROM space WHERE scope = 1") == 0 {
		missing = append(missing, "none")
		if len(keys) == 0 {
			keys = append(keys, "EXPORT")
		}
	}
	for _, id := range missing {
		name := "SPACE" + asString(id)
		if len(keys) > 0 {
			name, keys = keys[0], keys[1:]
		}
		r.exec("INSERT INTO space VALUES (NULL, ?, ?, ?, 'global', 'CURRENT', NULL, NULL, NULL, NULL, NULL, 2)", id, name, name)
	}
	if homeless {
		r.exec("UPDATE item SET space = (SELECT id FROM space WHERE scope > 0 ORDER BY key, id LIMIT 1) WHERE space IS NULL")
	}
}

// finish gives every defect a space, in whose Scan it is told, and makes the indexes for reading.
func (r *resolver) finish() {
	r.exec(`UPDATE defect SET (kind, id, title) = (SELECT class, id, title FROM content c WHERE c.seq = defect.seq)
		WHERE kind IS NULL AND name IN ('repeated property', 'overlong text') AND seq IN (SELECT seq FROM content)`)
	r.exec("UPDATE defect SET space = (SELECT i.space FROM item i WHERE i.seq = defect.seq) WHERE space IS NULL")
	r.exec(`UPDATE defect SET space = (SELECT id FROM space WHERE scope > 0 ORDER BY key, id LIMIT 1)
		WHERE space IS NULL OR space NOT IN (SELECT id FROM space WHERE scope > 0)`)
	for _, index := range []string{
		"item_space ON item(space, seq)", "item_owner ON item(owner, kind) WHERE owner IS NOT NULL", "defect_space ON defect(space, seq)",
		"user_id ON user(id)",
		"account_lname ON account(lname)", "grp_lname ON grp(lname)",
	} {
		r.exec("CREATE INDEX " + index)
	}
}
