// Package markup is the emulator's own understanding of storage format: it parses with encoding/xml, rewrites a body as a
// Confluence server does when one is stored over REST, converts wiki markup, places inline comment markers and takes
// text out. It shares nothing with the product that is tested against the emulator.
package markup
