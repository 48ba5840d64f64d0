package xmlexport

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the zone of an export must be known on machines without a zone database
)

const descriptorName = "exportDescriptor.properties"

// Descriptor is what exportDescriptor.properties says. Members are empty where it says nothing.
type Descriptor struct {
	Type        string   `json:"exportType"` // all or space
	Source      string   `json:"source"`     // cloud; server where it names a build and no source; unknown without a descriptor
	SpaceKeys   []string `json:"spaceKeys"`
	Build       string   `json:"build"`   // of the Confluence that made the export
	Version     string   `json:"version"` // of the same; from 8.x on
	Zone        string   `json:"timezone"`
	Attachments string   `json:"backupAttachments"` // true or false
	Present     bool     `json:"present"`
}

// parseDescriptor reads a Java properties file. Nothing in it is an error: a line that cannot be read says nothing.
func parseDescriptor(r io.Reader) (Descriptor, error) {
	d := Descriptor{Present: true}
	raw, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return d, err
	}
	values := properties(raw)
	d.Type, d.Version = values["exportType"], values["createdByVersionNumber"]
	d.Zone, d.Attachments = values["timezoneId"], values["backupAttachments"]
	d.Build = values["createdByBuildNumber"]
	if d.Build == "" {
		d.Build = values["buildNumber"]
	}
	d.Source = strings.ToLower(values["source"])
	switch {
	case d.Source != "":
	case values["buildNumber"] != "":
		d.Source = "server"
	default:
		d.Source = "unknown"
	}
	for key := range strings.SplitSeq(values["spaceKey"], ",") {
		if key = strings.TrimSpace(key); key != "" {
			d.SpaceKeys = append(d.SpaceKeys, key)
		}
	}
	return d, nil
}

// properties reads keys and values as java.util.Properties does, as far as a descriptor needs it: comments, separators,
// continued lines, escapes.
func properties(raw []byte) map[string]string {
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\uFEFF"))))
	lines.Buffer(nil, maxText+1)
	pending := ""
	for lines.Scan() {
		line := pending + strings.TrimLeft(lines.Text(), " \t\f")
		pending = ""
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		if n := len(line) - len(strings.TrimRight(line, `\`)); n%2 == 1 {
			pending = line[:len(line)-1]
			continue
		}
		key, value := splitProperty(line)
		values[key] = value
	}
	return values
}

func splitProperty(line string) (key, value string) {
	at := len(line)
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
			continue
		}
		if strings.IndexByte("=: \t", line[i]) >= 0 {
			at = i
			break
		}
	}
	rest := strings.TrimLeft(line[at:], " \t")
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = rest[1:]
	}
	return strings.TrimSpace(unescape(line[:at])), strings.TrimSpace(unescape(rest))
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n', 'r', 'f':
			b.WriteByte(' ')
		case 'u':
			if n, err := strconv.ParseUint(s[min(i+1, len(s)):min(i+5, len(s))], 16, 16); err == nil {
				b.WriteRune(rune(n))
				i += 4
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// location returns the zone in which the export's dates are written, UTC where it does not say or the name is unknown.
func (d Descriptor) location() *time.Location {
	if loc, err := time.LoadLocation(d.Zone); err == nil {
		return loc
	}
	return time.UTC
}
