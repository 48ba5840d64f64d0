package vendorspec

// mendShapes gives schemas the form that answers have.
func mendShapes(paths, schemas node, met map[string]int) {
	answer := func(path, verb, status string) node {
		return paths[path].(node)[verb].(node)["responses"].(node)[status].(node)
	}
	// Defect 8: an upload answers a list (dc-api.md section 6), documented as one content.
	const files = "/rest/api/content/{id}/child/attachment"
	answer(files, "post", "200")["content"] = answer(files, "get", "200")["content"]
	met["8 list"]++
	// The zip of a backup is documented as the job that made it, although the operation streams the file.
	delete(answer("/rest/api/backup-restore/jobs/{jobId}/download", "get", "200"), "content")
	met["6 file"]++
	// Defect 5: the value of a property is any JSON; the document shows the server's own holder of it.
	schemas["JsonString"] = node{}
	met["5 value"]++
	// Defect 9: recorded restrictions have the operations at the top level, documented is a wrapper.
	members := schemas["MockRestrictionsResponse"].(node)["properties"].(node)
	for _, operation := range []string{"read", "update"} {
		members[operation] = node{"$ref": "#/components/schemas/OperationRestriction"}
	}
	met["9 restrictions"]++
	// The job of a space or a site has two members more than the job that reads are documented to answer.
	members = schemas["JobDetails"].(node)["properties"].(node)
	members["jobSettings"], members["jobStatistics"] = node{"type": "object"}, node{"$ref": "#/components/schemas/JobStatistics"}
	met["5 job"]++
}
