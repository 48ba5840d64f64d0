// Package body reads and writes the storage format, in which both products keep pages, blog posts and comments.
//
// A Tree is a body with its structure; it keeps the bytes it was read from, and everything written back is made of
// those bytes. Three things are done with it:
//
//   - Form gives the canonical form: what a body says, free of what servers and editors rewrite by themselves. It is a
//     function of one body alone. Two bodies that say the same have the same Skeleton, whichever server wrote them;
//     references to pages, users and files stand beside it as slots. Rules lists the rules, numbered and versioned.
//   - Rewrite replaces references and touches no other byte.
//   - Put brings the content of one body into another, which keeps its own bytes, ids and comment markers wherever the
//     two say the same.
//
// The package is pure: no clock, no randomness, no input or output. Trees do not change and may be shared.
package body
