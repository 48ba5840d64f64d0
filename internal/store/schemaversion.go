package store

// SchemaVersion is the version of the state's schema that this binary writes; 0 if none is embedded.
func SchemaVersion() int {
	v, err := schemaVersion()
	if err != nil {
		return 0
	}
	return int(v)
}
