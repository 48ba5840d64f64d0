package confluence

import "time"

// Behind reports whether a listing of changes, newest first, has been read back to since with these rows. Rows come in the
// order of the dates that the site's search index has, and tell the versions that its database has, which may be newer: so
// a row from before since says that all changes after since which the index knows have been listed. The first half of the
// rows does not count: for a few contents the index has a later date than their version, and these come first.
func Behind(rows []Content, since time.Time) bool {
	for _, x := range rows[len(rows)/2:] {
		if x.Version.At.Before(since) {
			return true
		}
	}
	return false
}
