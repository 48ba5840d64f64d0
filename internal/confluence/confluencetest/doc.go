// Package confluencetest is the suite that every Reader and Writer passes, whatever site is behind it.
//
// Run asks a Factory for fresh sites and does to them what the engine does: it makes contents of every kind, reads them
// back in every way there is, provokes refusals, and then does the same over a transport that loses, delays, doubles and
// falsifies answers. What must hold is the same for all sites: nothing wrong is ever returned as if it were right, a
// change is made at most once, an error says whether it was made, has a code, and comes after a bounded number of requests.
package confluencetest
