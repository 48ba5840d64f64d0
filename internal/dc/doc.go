// Package dc is Confluence Data Center as a Reader and a Writer, over the REST API of versions 7.19 to 11.
//
// # What a 200 proves
//
// Where anonymous access is on, a wrong, expired or revoked token is not refused: the site answers 200 and shows what
// anybody may see. So nothing that was read is handed over before the site has said, after it was read, that we are still
// the account we were (user/current); tokens do not come back to life, so that one answer is good for all before it. It
// costs one call for each batch of a Scan, and one for each answer that says that something is not there. A refusal is
// confirmed in the same way: 404 also stands for what the account may not see.
//
// # What is listed how
//
//	pages, blog posts     content/scan by space: keyset cursor, ordered by id, sound under concurrent writes. Bodies, labels,
//	                      restrictions, ancestors, and the first attachments and comments come in the same answer by
//	                      expansion. The site cuts the limit without a word (50 rows with bodies); only the absence of a
//	                      next page is the end. Where a site has no scan, the content listing by offset takes its place.
//	longer lists          An expanded list that may not be whole is read by itself.
//	comments              One call for each page that has some, replies of any depth included.
//	changes               CQL by lastmodified over the whole site, newest first, without a date: date literals are read in a
//	                      zone that nobody tells. One page of 200 rows, then user/current: two calls, as long as the page
//	                      reaches back to the watermark.
//	without bodies        200 rows a call, and in the same rows, by expansion, comments of every depth, without their bodies.
//	                      With the trash asked for, status any lists it in the same calls.
//	trash                 space/{key}/trash for space administrators, else the content listing with status trashed.
//
// CQL never proves that something is not there; it is used for changes alone.
package dc
