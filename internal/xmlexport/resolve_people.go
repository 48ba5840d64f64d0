package xmlexport

// labels settles to what labels are attached.
func (r *resolver) labels() {
	r.fallback("labelling", "content", "template IS NULL", listLabellings)
	r.exec("UPDATE labelling SET content = NULL WHERE template IS NOT NULL")
	r.exec("CREATE INDEX labelling_content ON labelling(content)")
	r.exec("CREATE INDEX label_id ON label(id)")
	r.exec(`INSERT INTO defect SELECT c.seq, NULL, c.class, 'missing label', c.id, c.title, 'Labelling#'||l.id, NULL FROM labelling l
		CROSS JOIN item i ON i.id = l.content CROSS JOIN content c ON c.seq = i.seq WHERE l.label IS NULL OR l.label NOT IN (SELECT id FROM label)`)
}

// restrictions settles who holds which restriction. One that names a permission which is not there, or a permission that
// names nobody, keeps a reader whom nobody knows: to drop it could open the page to everyone.
func (r *resolver) restrictions() {
	r.fallback("permset", "content", "1", listPermissionSets)
	r.fallback("perm", "owner", "1", listPermissions)
	r.exec("CREATE INDEX permset_content ON permset(content)")
	r.listedButMissing("missing permission set", listPermissionSets, "ContentPermissionSet", "permset")
	r.lostSets()
	r.exec(`INSERT INTO defect SELECT c.seq, NULL, c.class, 'missing permission', c.id, c.title, 'ContentPermission#'||l.item, NULL
		FROM listing l JOIN permset s ON s.id = l.owner JOIN item i ON i.id = s.content JOIN content c ON c.seq = i.seq
		WHERE l.kind = ? AND l.item NOT IN (SELECT id FROM perm)`, listPermissions)
	r.exec(`INSERT INTO perm SELECT NULL, l.item, l.owner, NULL, 'ContentPermission#'||l.item, NULL, NULL FROM listing l
		WHERE l.kind = ? AND l.item NOT IN (SELECT id FROM perm)`, listPermissions)
	r.exec("UPDATE perm SET user = 'ContentPermission#'||id WHERE user IS NULL AND uname IS NULL AND grp IS NULL")
	r.exec("UPDATE perm SET user = coalesce((SELECT id FROM user u WHERE u.lname = perm.uname), uname) WHERE user IS NULL AND uname IS NOT NULL")
	r.exec("UPDATE spaceperm SET user = coalesce((SELECT id FROM user u WHERE u.lname = spaceperm.uname), uname) WHERE user IS NULL AND uname IS NOT NULL")
	r.exec("CREATE INDEX perm_owner ON perm(owner)")
	r.exec("CREATE INDEX spaceperm_space ON spaceperm(space)")
}

// lostSets puts back the sets that a page lists and the export does not hold: with the permissions that name them, else
// with a holder whom nobody knows. A page has one set to view and one to edit at most, so the kind follows from the other;
// where there is no other it is taken for the stricter.
func (r *resolver) lostSets() {
	const lost = " FROM listing l JOIN item i ON i.id = l.owner WHERE l.kind = ? AND l.item NOT IN (SELECT id FROM permset)"
	if r.one("SELECT EXISTS(SELECT 1"+lost+")", listPermissionSets) == 0 {
		return
	}
	r.exec("CREATE TEMP TABLE lost AS SELECT DISTINCT l.item id, l.owner"+lost, listPermissionSets)
	r.exec(`INSERT INTO permset SELECT NULL, id, owner, coalesce((SELECT p.type FROM perm p WHERE p.owner = lost.id AND p.type IN ('View', 'Edit')),
		CASE WHEN EXISTS (SELECT 1 FROM permset s WHERE s.content = lost.owner AND s.type = 'View') THEN 'Edit' ELSE 'View' END) FROM lost`)
	r.exec(`INSERT INTO perm SELECT NULL, NULL, id, NULL, 'ContentPermissionSet#'||id, NULL, NULL FROM lost
		WHERE NOT EXISTS (SELECT 1 FROM perm p WHERE p.owner = lost.id)`)
}

// people tells which authors are unknown and turns authors known by name into their keys.
func (r *resolver) people() {
	r.exec("CREATE INDEX user_lname ON user(lname)")
	r.strangers("'ConfluenceUserImpl#'", "creator", "modifier", "named = 0 AND who NOT IN (SELECT id FROM user)")
	if r.one("SELECT EXISTS(SELECT 1 FROM author WHERE named = 1)") == 0 {
		return
	}
	r.strangers("'user name '", "cname", "mname", `named = 1 AND who NOT IN (
		SELECT lname FROM user WHERE lname IS NOT NULL UNION ALL SELECT lname FROM account WHERE lname IS NOT NULL)`)
	for _, c := range [][3]string{{"content", "creator", "cname"}, {"content", "modifier", "mname"}, {"space", "creator", "cname"}} {
		r.exec("UPDATE " + c[0] + " SET " + c[1] + " = coalesce((SELECT id FROM user u WHERE u.lname = " + c[0] + "." + c[2] + " LIMIT 1), " + c[2] +
			") WHERE " + c[1] + " IS NULL AND " + c[2] + " IS NOT NULL")
	}
}

// strangers tells, once for each, which authors that fit where are in one of two columns of contents.
func (r *resolver) strangers(path, creator, modifier, where string) {
	r.exec("DROP TABLE IF EXISTS temp.stranger")
	r.exec("CREATE TEMP TABLE stranger AS SELECT who FROM author WHERE " + where)
	if r.one("SELECT count(*) FROM stranger") == 0 {
		return
	}
	const items = " FROM item i JOIN content c ON c.seq = i.seq WHERE i.onfile = 0 AND c."
	r.exec(`INSERT INTO defect SELECT min(seq), NULL, NULL, 'missing user', who, NULL, ` + path + `||who, NULL FROM (
		SELECT c.` + creator + ` who, c.seq` + items + creator + ` IN (SELECT who FROM stranger) UNION ALL
		SELECT c.` + modifier + `, c.seq` + items + modifier + ` IN (SELECT who FROM stranger)) GROUP BY who`)
}

// versions tells what is wrong with the history. Old versions are no items; Version finds them.
func (r *resolver) versions() {
	r.listedButMissing("missing revision object", listVersions, "Page", "content")
	if r.contents(stateTrashed) > 0 {
		r.defects("deleted revision", "FROM content c WHERE c.class IN (1, 2) AND c.scope = 1 AND c.state = 3 AND c.original IS NOT NULL")
	}
	if r.contents(stateHistorical) == 0 {
		return
	}
	r.defects("duplicate version", `FROM content c WHERE c.class IN (1, 2) AND c.scope = 1 AND c.state = 5 AND c.version IS NOT NULL AND (
		EXISTS (SELECT 1 FROM content h WHERE h.id = c.original AND h.version = c.version AND h.class IN (1, 2) AND h.state = 1 AND h.scope = 1) OR
		EXISTS (SELECT 1 FROM content o WHERE o.original = c.original AND o.version = c.version AND o.seq < c.seq
			AND o.class IN (1, 2) AND o.state = 5 AND o.scope = 1))`)
	r.defects("orphan revision", `FROM content c WHERE c.class IN (1, 2) AND c.scope = 1 AND c.state = 5
		AND NOT EXISTS (SELECT 1 FROM content h WHERE h.id = c.original)`)
}
