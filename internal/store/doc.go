// Package store remembers: everything that must survive a restart of tandem stands in one SQLite file of the data
// directory.
//
// Reads are methods of Store and run on connections of their own, so they never wait for a write. Writes are methods of
// Tx, inside Store.Commit. One goroutine writes: calls of Commit that wait together share one transaction, each in a
// savepoint of its own, and all of them return only after that transaction is on the disk (WAL, synchronous=FULL).
//
// Nothing secret is stored in the clear: credentials are sealed with a key that stands in a file of its own.
package store
