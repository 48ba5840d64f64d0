// Package xmlexport reads a Confluence XML export as a site: a zip as Confluence made it, or the folder it was unpacked
// into. Space exports and site backups of Server, Data Center and Cloud are read alike.
//
// Open reads entities.xml once, front to back, with bounded memory: a byte filter repairs what XML 1.0 forbids, a scanner
// of our own finds the objects, wanted properties go into a scratch index (SQLite) and bodies into an append-only file
// beside it. A second step joins the rows (references point forwards and backwards, and real exports contradict
// themselves) and writes down every defect with the content it belongs to. Afterwards nothing but the index is read;
// attachments are streamed out of the export when they are asked for.
//
// Only the properties that a list in this package names are ever kept. Password hashes, tokens, settings and whatever
// else a site backup holds is passed over without being copied.
package xmlexport
