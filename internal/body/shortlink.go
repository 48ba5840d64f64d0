package body

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// shortAlphabet is base64 with the two letters changed that would not stand in a path (community thread on tiny links,
// decision D24).
var shortAlphabet = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-").WithPadding(base64.NoPadding)

// shortLength is the number of letters that eight bytes take.
const shortLength = 11

// ShortLink returns what stands behind /x/ in the short address of a content; false if the id is no positive number.
func ShortLink(id confluence.ID) (string, bool) {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n <= 0 {
		return "", false
	}
	// The products take four bytes where they are enough. That is the same: what the other four add are letters A, and
	// those are cut off.
	b := binary.LittleEndian.AppendUint64(nil, uint64(n))
	return strings.TrimRight(shortAlphabet.EncodeToString(b), "A"), true
}

// DecodeShortLink returns the id that a short address stands for.
func DecodeShortLink(short string) (confluence.ID, bool) {
	short = strings.TrimRight(short, "=")
	if short == "" || len(short) > shortLength {
		return "", false
	}
	b, err := shortAlphabet.DecodeString(short + strings.Repeat("A", shortLength-len(short)))
	if err != nil {
		return "", false
	}
	n := binary.LittleEndian.Uint64(b)
	if n == 0 || n > 1<<63-1 {
		return "", false
	}
	return confluence.ID(strconv.FormatUint(n, 10)), true
}
