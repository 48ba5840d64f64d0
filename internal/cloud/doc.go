// Package cloud is Confluence Cloud as a Reader and a Writer. It speaks REST v2, and v1 where v2 has no operation; none of
// the operations that v1 has lost are used.
//
// # What is listed how
//
// A space of n pages must be readable in far fewer than n calls, and a listing that leaves something out must not be taken
// for the truth. So membership and facets come from different places:
//
//	pages, blog posts, bodies   GET /pages and /blogposts by space, 250 a call, sorted by id. Read from the database: new
//	                            contents are there at once, and resuming by cursor is sound, because later contents have
//	                            higher ids.
//	labels, restrictions        v1 content/search for exactly the ids of the batch ("id in (…)", 100 at a time, since the
//	                            site caps rows at 100 when restrictions are expanded). The rows' values come from the
//	                            database; whether there is a row comes from the search index, which lags by up to a minute.
//	                            So a row is evidence and a missing row is none: contents without a row are waited for if
//	                            they are young and many, and else read one by one. A row of an older version than the
//	                            listing showed counts as missing.
//	attachments, comments       The same rows carry childTypes, which says if a content has any. Only contents that have
//	                            some are asked, by their own v2 listings. CQL over type = attachment or comment is not
//	                            used to list a space: it leaves out attachments that their page lists. The site-wide v2
//	                            lists are not used: they cannot be limited to a space.
//	replies                     One call per comment: no listing tells if a comment has any.
//	folders                     There is no listing of folders. Those that are parents of listed pages are read by id, and
//	                            so are their parents.
//
//	trash, archive              In the same listings as what is current, by their status.
//
// 1,000 pages without attachments and comments cost 4 listings, 10 searches and 1 listing of blog posts; without facets, 4
// listings and 1 of blog posts.
//
// # Feeds and glances
//
// A feed is four calls: /pages and /blogposts of the whole site by -modified-date, one search for comments and attachments,
// newest first, and user/current. The search has no date in it, so that no time zone matters, and is a hint only: what it
// leaves out is found by glances. A glance is one search by 100 ids, whose rows carry labels, restrictions, attachments and
// comments of every depth, all in one call; 10,000 pages take 100 calls for all four or for any one of them.
//
// # What a refusal proves
//
// Cloud answers 404 where the account may not see something, and where it does not accept the credential; v1 says 403 for
// the latter, and in bursts says both for a minute to everybody. So before a 401, 403 or 404 is believed, the account is
// confirmed by user/current, and a 404 that names nothing is asked again after a pause.
package cloud
