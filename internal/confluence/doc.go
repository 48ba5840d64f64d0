// Package confluence names what a site is made of and what can be done to it.
//
// It is the ground of the house: every other package speaks these words, and it imports nothing of ours. It holds the
// nouns of Confluence (space, page, blog post, comment, attachment, version, restriction, label), the seam over which
// sites are read and written (Reader, Writer), and the register of error codes.
//
// Bodies and references are raw here: a Reader hands over what its site holds, in the site's own dialect, and a Writer
// sends what it is given. What two dialects have in common is the business of package body.
package confluence
