// Package markup is the emulator's own understanding of bodies. It parses storage format with encoding/xml and rewrites a
// body as a Confluence server does when one is stored over REST, and as the editor does when a person saves
// (RowsByNumber is the table of what they do); converts wiki markup, HTML of the legacy editor and documents of the new
// one (ADF) to storage format, and storage format to ADF and to what readers see; places inline comment markers, and
// rewrites references when pages are renamed or moved. It shares nothing with the product that is tested against the
// emulator.
package markup
