// Package resttest stands in for the network and for time where a client of package rest meets an emulated site: a transport
// without sockets, a clock that waits by moving on, and one that stands still between steps.
package resttest
