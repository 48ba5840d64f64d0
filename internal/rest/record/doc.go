// Package record writes down what a site answers, so that tests can be held against it, without what is private in it.
//
// A Recorder is a transport laid over another. What passes through it is masked before it is kept: hosts, names, e-mail
// addresses, ids, keys, file names, titles and texts are replaced by letters and digits made with a key that is drawn at
// random for each recording and never stored. Equal values become equal values, wherever they occur (in members, paths,
// queries and links), so that ids still lead from one answer to the next; lengths in characters and bytes stay, and so do
// the structure of JSON, the tags of bodies, and the closed vocabularies of the API. Dates are moved by one number of days.
// Credentials and cookies are never kept, nor the bytes of files. What is not known to be harmless is masked.
//
// Replay answers from a recording.
package record
