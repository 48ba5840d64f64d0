package markup

// FromWiki converts wiki markup to storage format. What it does not know it keeps as text.
func FromWiki(wiki string) string { return "<p>" + EscapeText(wiki) + "</p>" }
