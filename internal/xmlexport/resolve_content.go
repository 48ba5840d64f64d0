package xmlexport

import (
	"bytes"
	"database/sql"
	"path"
	"strings"
)

// containers settles to what comments and attachments belong: a comment without a container of its own takes that of the
// comment it answers.
func (r *resolver) containers() {
	r.fallback("content", "container", "class = 3", listComments)
	r.fallback("content", "container", "class = 4", listAttachments)
	const inherit = "class = 3 AND container IS NULL AND parent IN (SELECT id FROM content WHERE class = 3 AND container IS NOT NULL)"
	for r.exec("UPDATE content SET container = (SELECT p.container FROM content p WHERE p.id = content.parent) WHERE "+inherit) > 0 {
	}
	onPages := r.attach(classComment, "1, 2", 0)
	r.attach(classAttachment, "1, 2", 0)
	if onPages < r.seen.states[classComment][stateCurrent] {
		r.attach(classComment, "4", 1)
		const current = "FROM content c LEFT JOIN content t ON t.id = c.container WHERE c.class = 3 AND c.state = 1 AND "
		r.defects("comment without page", current+"t.id IS NULL")
		r.defects(defectCommentOnFile, current+"t.class = 4")
	}
}

// attach makes the items of a class that belong to items of other kinds, and returns how many there are.
func (r *resolver) attach(class int64, owners string, onfile int) int64 {
	if r.seen.states[class][stateCurrent] == 0 {
		return 0
	}
	return r.exec(`INSERT INTO item SELECT c.seq, c.class, c.id, h.space, CASE c.class WHEN 3 THEN c.parent END, h.id, NULL, 0, 0, ?, NULL, NULL
		FROM content c CROSS JOIN item h ON h.id = c.container AND h.kind IN (`+owners+`) WHERE c.class = ? AND c.state = 1`, onfile, class)
}

// comments settles what replies answer and which comments are inline.
func (r *resolver) comments() {
	r.listedButMissing("missing comment", listComments, "Comment", "content")
	r.fallback("property", "owner", "1", listProperties)
	r.exec("CREATE INDEX property_owner ON property(owner)")
	if r.seen.states[classComment][stateCurrent] == 0 {
		return
	}
	r.replies()
	r.exec(`UPDATE item SET inline = 1 WHERE kind = 3 AND up IS NULL AND id IN (SELECT owner FROM property WHERE
		name = 'inline-comment' AND lower(value) = 'true' OR name = 'actualCommentType' AND value = 'inline' OR name = 'inline-marker-ref' AND value <> '')`)
	for r.exec("UPDATE item SET inline = 1 WHERE kind = 3 AND inline = 0 AND up IN (SELECT id FROM item WHERE kind = 3 AND inline = 1)") > 0 {
	}
}

// replies settles what replies answer: the next comment above that is carried, if any.
func (r *resolver) replies() {
	r.defects("missing parent comment", items+"i.kind = 3 AND i.up IS NOT NULL AND i.onfile = 0 AND NOT EXISTS (SELECT 1 FROM content x WHERE x.id = i.up)")
	const astray = "kind = 3 AND up IS NOT NULL AND NOT EXISTS (SELECT 1 FROM item p WHERE p.id = item.up AND p.kind = 3 AND p.owner = item.owner)"
	r.defects("parent comment not current", "FROM item CROSS JOIN content c ON c.seq = item.seq WHERE item."+astray+
		" AND EXISTS (SELECT 1 FROM content x WHERE x.id = item.up)")
	for range 100 {
		if r.exec("UPDATE item SET up = (SELECT c.parent FROM content c WHERE c.id = item.up AND c.class = 3) WHERE "+astray) == 0 {
			break
		}
	}
	r.exec("UPDATE item SET up = NULL WHERE " + astray)
	for _, seq := range r.cycles(itemComment) {
		r.defects("reply cycle", "FROM content c WHERE c.seq = ?", seq)
		r.exec("UPDATE item SET up = NULL WHERE seq = ?", seq)
	}
}

// bodies settles whose body is whose. A body's own reference wins; one that is only listed counts where there is no other.
func (r *resolver) bodies() {
	if r.seen.bodyPairs != r.seen.listPairs && r.seen.listed > 0 {
		r.contradictions()
	}
	if r.one("SELECT EXISTS(SELECT 1 FROM body WHERE content IS NULL)") == 1 {
		r.listedBodies()
	}
	r.exec("CREATE INDEX body_content ON body(content)")
	const told = "i.kind IN (1, 2, 3) AND i.onfile = 0 AND "
	r.defects("missing body", items+told+"NOT EXISTS (SELECT 1 FROM body b WHERE b.content = i.id)")
	r.defects("several bodies", items+told+"i.id IN (SELECT content FROM body WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1)")
	const each = "FROM body b CROSS JOIN item i ON i.id = b.content CROSS JOIN content c ON c.seq = i.seq WHERE " + told
	if r.seen.untyped {
		r.defects("no bodyType", each+"b.type IS NULL")
	}
	if r.seen.plain {
		r.defects("plain body", each+"b.type = 1")
	}
	for flag, name := range map[int64]string{bodyBlank: "empty body", bodyBroken: defectBrokenCDATA, bodyTooLong: "too large body"} {
		if r.seen.bodyFlags&flag != 0 {
			r.defects(name, each+"b.flags & ?", flag)
		}
	}
}

// contradictions tells which contents list a body that says it is another's.
func (r *resolver) contradictions() {
	r.exec(`INSERT INTO defect SELECT c.seq, i.space, c.class, 'contradictory body reference', c.id, c.title, 'BodyContent#'||b.id, NULL
		FROM listing l JOIN item i ON i.id = l.owner AND i.kind IN (1, 2, 3) AND i.onfile = 0 JOIN content c ON c.seq = i.seq
		JOIN (SELECT id, content FROM body WHERE content IS NOT NULL) b ON b.id = l.item WHERE l.kind = ? AND b.content <> l.owner`, listBodies)
}

// listedBodies gives bodies that name no content to the one that lists them, unless that has one of its own.
func (r *resolver) listedBodies() {
	r.exec("CREATE TEMP TABLE named AS SELECT DISTINCT content FROM body WHERE content IS NOT NULL")
	r.exec("CREATE INDEX temp.named_content ON named(content)")
	r.exec(`UPDATE body SET content = (SELECT l.owner FROM listing l WHERE l.item = body.id AND l.kind = ? AND l.owner NOT IN (
		SELECT content FROM named) ORDER BY l.rowid DESC LIMIT 1) WHERE content IS NULL`, r.listings(listBodies))
}

// markers looks for the marker of every inline comment in the body of its page.
func (r *resolver) markers() {
	type inline struct {
		seq           int64
		owner, marker string
	}
	var all []inline
	r.each(func(rows *sql.Rows) error {
		var c inline
		err := rows.Scan(&c.seq, &c.owner, &c.marker)
		all = append(all, c)
		return err
	}, `SELECT i.seq, i.owner, coalesce((SELECT value FROM property p WHERE p.owner = i.id AND p.name = 'inline-marker-ref' ORDER BY seq DESC LIMIT 1), '')
		FROM item i WHERE i.kind = 3 AND i.inline = 1 AND i.up IS NULL AND i.onfile = 0 ORDER BY i.owner, i.seq`)
	if len(all) == 0 || r.err != nil {
		return
	}
	file, err := openBodies(r.reader.dir)
	if err != nil {
		r.err = err
		return
	}
	defer file.close()
	var texts [][]byte
	for i, c := range all {
		if i == 0 || c.owner != all[i-1].owner {
			texts = r.texts(file, c.owner)
		}
		found := false
		for _, t := range texts {
			found = found || c.marker != "" && bytes.Contains(t, []byte(c.marker))
		}
		if !found {
			r.defects(defectMarker, "FROM content c WHERE c.seq = ?", c.seq)
		}
	}
}

// texts returns the bodies of a content.
func (r *resolver) texts(file *bodyFile, id string) (texts [][]byte) {
	r.each(func(rows *sql.Rows) error {
		var off, size int64
		if err := rows.Scan(&off, &size); err != nil {
			return err
		}
		t, err := file.read(off, size)
		texts = append(texts, t)
		return err
	}, "SELECT off, size FROM body WHERE content = ?", key([]byte(id)))
	return texts
}

// attachments finds the file of every attachment: attachments/CONTAINER/ID/VERSION, else where copied folders have it.
func (r *resolver) attachments() {
	r.exec("CREATE INDEX file_id ON file(id, version)")
	r.exec(`UPDATE item SET (path, size) = (SELECT f.path, f.size FROM file f, content c WHERE c.seq = item.seq
		AND f.id = item.id AND f.version = c.version AND f.container = item.owner) WHERE kind = 4`)
	r.elsewhere()
	const files = items + "i.kind = 4 AND "
	r.defects("missing binary", files+"i.path IS NULL")
	r.defects("size mismatch", files+`i.path IS NOT NULL AND ''||coalesce(c.size, (SELECT value FROM property p
		WHERE p.owner = i.id AND p.name = 'FILESIZE' AND value IS NOT NULL ORDER BY seq LIMIT 1)) <> ''||i.size`)
	r.exec(`INSERT INTO defect SELECT 0, NULL, NULL, 'zero-byte file', NULL, NULL, path, NULL FROM file WHERE size = 0 AND path LIKE 'attachments/%'`)
	r.exec(`INSERT INTO defect SELECT 0, NULL, NULL, 'unreferenced file', NULL, NULL, path, NULL FROM file f
		WHERE f.path LIKE 'attachments/%' AND f.path NOT IN (SELECT path FROM item WHERE path IS NOT NULL) AND NOT EXISTS (
			SELECT 1 FROM content c WHERE c.class = 4 AND c.id = f.id AND c.original IS NULL AND coalesce(c.container, '') = f.container) AND NOT EXISTS (
			SELECT 1 FROM content c WHERE c.class = 4 AND c.original = f.id AND coalesce(c.container, '') = f.container)`)
	r.listedButMissing("missing attachment object", listAttachments, "Attachment", "content")
}

// elsewhere looks for the files that are not where they should be.
func (r *resolver) elsewhere() {
	if r.one("SELECT EXISTS(SELECT 1 FROM file WHERE path LIKE 'attachments/%' OR container IS NULL)") == 0 {
		return
	}
	r.exec(`UPDATE item SET (path, size) = (SELECT f.path, f.size FROM file f, content c WHERE c.seq = item.seq
		AND f.id = item.id AND f.version = c.version AND f.container IS NULL ORDER BY path LIMIT 1) WHERE kind = 4 AND path IS NULL`)
	type lost struct {
		seq                      int64
		owner, id, title, number string
	}
	var all []lost
	r.each(func(rows *sql.Rows) error {
		var l lost
		err := rows.Scan(&l.seq, &l.owner, &l.id, &l.title, &l.number)
		all = append(all, l)
		return err
	}, `SELECT i.seq, i.owner, i.id, coalesce(c.title, ''), coalesce(c.version, '') FROM item i JOIN content c ON c.seq = i.seq
		WHERE i.kind = 4 AND i.path IS NULL AND c.title IS NOT NULL`)
	for _, l := range all {
		if strings.ContainsAny(l.title, `/\`) {
			continue
		}
		for _, name := range []string{path.Join("attachments", l.owner, l.title), path.Join("attachments", l.owner, l.title, l.number)} {
			if e, ok := r.reader.archive.find(name); ok {
				r.exec("UPDATE item SET path = ?, size = ? WHERE seq = ?", e.name, e.size, l.seq)
				break
			}
		}
	}
}

// listedButMissing tells what a page or post lists and the export does not hold.
func (r *resolver) listedButMissing(name string, kind int, class, table string) {
	if r.one("SELECT EXISTS(SELECT 1 FROM listing WHERE kind = ?)", kind) == 0 {
		return
	}
	there := "l.item IN (SELECT id FROM " + table + ")"
	if table == "content" {
		there = "EXISTS (SELECT 1 FROM content x WHERE x.id = l.item)"
	}
	r.exec(`INSERT INTO defect SELECT c.seq, i.space, c.class, ?, c.id, c.title, ?||'#'||l.item, NULL FROM listing l
		CROSS JOIN item i ON i.id = l.owner AND i.kind IN (1, 2) CROSS JOIN content c ON c.seq = i.seq
		WHERE l.kind = ? AND NOT `+there, name, class, kind)
}
