package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dcSettings are the instance options of Data Center that concern everything but contents.
type dcSettings struct {
	bucket              *bucket
	licences            int    // ER-10: 0 = as many as anybody wants
	mail                string // US-08: by version, shown, hidden
	permissionsFail     bool   // OF-18: spaces with their permissions expanded are 500
	bareSignature       bool   // WH-04: without the name of the algorithm
	fullHooks           bool   // WH-06
	hookRetries         int    // OF-38
	fullAudit           bool   // LT-03
	wrappedRestrictions bool   // LB-10
	markerBumps         bool   // CO-03
	resolveBy           string // OF-40: both, PUT, PATCH
	largeMissing        bool   // OF-33: too large a file is 404
	bearerOnlyREST      bool   // AU-13: a personal access token does not download
	noTemplates         bool   // LB-15
	noRPC               bool
}

// bucket is a limit of requests for each user and node (register row RL-05).
type bucket struct {
	size, fill int
	every      time.Duration
	exempt     []string // usernames
}

// dcOptions are the options of Data Center that concern everything but contents.
var dcOptions = []optionRow{
	{"AU-13", "accepted", "accepted or refused", "a personal access token for downloads from a Data Center",
		oneOf(func(s *settings, v string) { s.bearerOnlyREST = v == "refused" }, "accepted", "refused")},
	{"CO-03", "version", "version or none", "whether the marker of an inline comment makes a version of a Data Center page",
		oneOf(func(s *settings, v string) { s.markerBumps = v == "version" }, "version", "none")},
	{"ER-10", "0", "a number, 0 = no limit", "licence seats of a Data Center",
		bytesOption(func(s *settings, n int64) { s.licences = int(n) })},
	{"LB-10", "plain", "plain or wrapped", "form of the restrictions that a Data Center answers",
		oneOf(func(s *settings, v string) { s.wrappedRestrictions = v == "wrapped" }, "plain", "wrapped")},
	{"LB-15", "present", "present or absent", "experimental template resources of a Data Center",
		oneOf(func(s *settings, v string) { s.noTemplates = v == "absent" }, "present", "absent")},
	{"LT-03", "base", "base or full", "coverage level of the audit log of a Data Center",
		oneOf(func(s *settings, v string) { s.fullAudit = v == "full" }, "base", "full")},
	{"OF-18", "200", "200 or 500", "a listing of Data Center spaces with their permissions expanded",
		oneOf(func(s *settings, v string) { s.permissionsFail = v == "500" }, "200", "500")},
	{"OF-33", "413", "413 or 404", "what a Data Center answers to too large a file",
		oneOf(func(s *settings, v string) { s.largeMissing = v == "404" }, "413", "404")},
	{"OF-38", "none", "none or one", "retries of a webhook that was not delivered",
		oneOf(func(s *settings, v string) { s.hookRetries = map[string]int{"one": 1}[v] }, "none", "one")},
	{"OF-40", "both", "both, PUT or PATCH", "methods that resolve an inline comment of a Data Center",
		oneOf(func(s *settings, v string) { s.resolveBy = v }, "both", "PUT", "PATCH")},
	{"RL-05", "off", "off, or size,seconds,fill and usernames that are exempt, such as 50,1,10,admin", "rate limit of a Data Center, for each user",
		func(s *settings, v string) (err error) { s.bucket, err = readBucket(v); return err }},
	{"RPC", "on", "on or off", "remote API of a Data Center before 10",
		oneOf(func(s *settings, v string) { s.noRPC = v == "off" }, "on", "off")},
	{"US-08", "by version", "by version, shown or hidden", "e-mail addresses in answers about accounts of a Data Center",
		oneOf(func(s *settings, v string) { s.mail = v }, "by version", "shown", "hidden")},
	{"WH-04", "prefixed", "prefixed or bare", "signature of webhooks, with sha256= or without",
		oneOf(func(s *settings, v string) { s.bareSignature = v == "bare" }, "prefixed", "bare")},
	{"WH-06", "off", "off or on", "full objects in the payload of webhooks, as the older generation had them",
		oneOf(func(s *settings, v string) { s.fullHooks = v == "on" }, "off", "on")},
}

// readBucket reads the option RL-05.
func readBucket(v string) (*bucket, error) {
	if v == "off" {
		return nil, nil
	}
	parts := strings.Split(v, ",")
	if len(parts) < 3 {
		return nil, fmt.Errorf("off, or size,seconds,fill")
	}
	var n [3]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(strings.TrimSpace(parts[i])); err != nil || n[i] < 1 {
			return nil, fmt.Errorf("size, seconds and fill are numbers from 1")
		}
	}
	return &bucket{size: n[0], every: time.Duration(n[1]) * time.Second, fill: n[2], exempt: slices.Clone(parts[3:])}, nil
}
