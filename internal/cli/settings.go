package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// settings are the values of the global flags: a flag beats the environment, which beats the configuration file.
type settings struct {
	Server    string        `koanf:"server"`
	TokenFile string        `koanf:"token-file"`
	DataDir   string        `koanf:"data-dir"`
	Database  string        `koanf:"database"`
	KeyFile   string        `koanf:"key-file"`
	Output    string        `koanf:"output"`
	Quiet     bool          `koanf:"quiet"`
	Verbose   bool          `koanf:"verbose"`
	Plain     bool          `koanf:"plain"`
	Yes       bool          `koanf:"yes"`
	Reason    string        `koanf:"reason"`
	Timeout   time.Duration `koanf:"timeout"`
	// RequestTimeout bounds one try of a request to a site. A write that is older can no longer have an effect: so long a
	// comment or a blog post whose outcome is unknown is left alone before it is looked for.
	RequestTimeout time.Duration `koanf:"request-timeout"`
}

// environment maps settings to the variables that set them.
var environment = map[string]string{
	"server": "TANDEM_SERVER", "data-dir": "TANDEM_DATA_DIR", "database": "TANDEM_DATABASE", "output": "TANDEM_OUTPUT",
	"plain": "TANDEM_PLAIN", "key-file": "TANDEM_KEY_FILE", "token-file": "TANDEM_TOKEN_FILE",
	"request-timeout": "TANDEM_REQUEST_TIMEOUT",
}

// fromFile are the settings that a configuration file may hold; answers and reasons belong to one command.
var fromFile = []string{"server", "token-file", "data-dir", "database", "key-file", "output", "plain", "quiet", "verbose", "timeout", "request-timeout"}

// outputs are the formats of --output.
var outputs = []string{"table", "json", "jsonl", "csv"}

func (a *app) globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.String("server", "", "a running tandem serve (default: the one that owns the data directory) [TANDEM_SERVER]")
	f.String("token-file", "", "file with the token of that server [TANDEM_TOKEN_FILE, or the token itself in TANDEM_TOKEN]")
	f.String("data-dir", "", "directory of the state [TANDEM_DATA_DIR]")
	f.String("database", "", "sqlite: (the only one so far) [TANDEM_DATABASE]")
	f.String("key-file", "", "key that seals credentials (default: beside the data directory) [TANDEM_KEY_FILE]")
	f.String("config", "", "configuration file, YAML [TANDEM_CONFIG]")
	f.StringP("output", "o", "", "table, json, jsonl or csv [TANDEM_OUTPUT]")
	f.BoolP("quiet", "q", false, "errors only")
	f.BoolP("verbose", "v", false, "requests and decisions as well")
	f.Bool("plain", false, "no line is rewritten [TANDEM_PLAIN]")
	f.BoolP("yes", "y", false, "answer confirmations with yes")
	f.String("reason", "", "why, for the record")
	f.Duration("timeout", 0, "give up waiting after this time")
}

// configure reads the settings of a command that is about to run.
func (a *app) configure(cmd *cobra.Command) error {
	k := koanf.New("|")
	if err := a.readConfig(k, cmd); err != nil {
		return err
	}
	for key, name := range environment {
		if v := a.env.Getenv(name); v != "" {
			if err := k.Set(key, v); err != nil {
				return err
			}
		}
	}
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && cmd.InheritedFlags().Lookup(f.Name) != nil {
			failed = errors.Join(failed, k.Set(f.Name, f.Value.String()))
		}
	})
	if failed != nil {
		return failed
	}
	if err := k.Unmarshal("", &a.settings); err != nil {
		return confluence.Errorf(confluence.CodeUsage, "a setting has an impossible value").Because(err)
	}
	return a.settle()
}

// minRequestTimeout is the shortest time for a request: shorter ones would only ever time out.
const minRequestTimeout = 100 * time.Millisecond

// settle fills in defaults and refuses what does not fit together.
func (a *app) settle() error {
	s := &a.settings
	if s.Output == "" {
		s.Output = "table"
	}
	if !slices.Contains(outputs, s.Output) {
		out := s.Output
		s.Output = "table"
		return usage("--output %q is none of %s", out, strings.Join(outputs, ", "))
	}
	if s.Quiet && s.Verbose {
		return usage("--quiet and --verbose contradict each other")
	}
	if s.Database != "" && s.Database != "sqlite:" {
		return confluence.Errorf(confluence.CodeNotCapable, "this version keeps its state in SQLite only, not in %q", s.Database)
	}
	if s.RequestTimeout < 0 || s.RequestTimeout > 0 && s.RequestTimeout < minRequestTimeout {
		return usage("the request timeout %s is shorter than %s", s.RequestTimeout, minRequestTimeout)
	}
	if s.RequestTimeout == 0 {
		s.RequestTimeout = time.Minute
	}
	if s.DataDir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			base = "."
		}
		s.DataDir = filepath.Join(base, "tandem", "state")
	}
	s.DataDir = filepath.Clean(s.DataDir)
	if s.KeyFile == "" {
		s.KeyFile = s.DataDir + ".key"
	}
	return nil
}

// readConfig loads the configuration file, if one is named. It is read strictly: an unknown key is refused.
func (a *app) readConfig(k *koanf.Koanf, cmd *cobra.Command) error {
	path, _ := cmd.Flags().GetString("config")
	if path == "" {
		path = a.env.Getenv("TANDEM_CONFIG")
	}
	if path == "" {
		return nil
	}
	err := k.Load(fileProvider(path), yamlParser{})
	var unread *os.PathError
	switch {
	case errors.As(err, &unread):
		return confluence.Errorf(confluence.CodeBadFile, "the configuration file cannot be read").Because(err).At(confluence.Where{File: path})
	case err != nil:
		return confluence.Errorf(confluence.CodeBadFile, "the configuration file is not what it should be").Because(err).At(confluence.Where{File: path})
	}
	for _, key := range k.Keys() {
		if !slices.Contains(fromFile, key) {
			e := confluence.Errorf(confluence.CodeBadFile, "the configuration file has an unknown key %q", key)
			e.Cause = "known are " + strings.Join(fromFile, ", ")
			return e.At(confluence.Where{File: path})
		}
	}
	return nil
}

// fileProvider gives koanf the bytes of a file.
type fileProvider string

// ReadBytes returns the file.
func (f fileProvider) ReadBytes() ([]byte, error) { return os.ReadFile(string(f)) }

// Read is not offered: the file needs a parser.
func (f fileProvider) Read() (map[string]any, error) {
	return nil, errors.New("a file is read with its parser")
}

// yamlParser reads YAML for koanf.
type yamlParser struct{}

// Unmarshal reads a YAML document that is a mapping.
func (yamlParser) Unmarshal(data []byte) (map[string]any, error) {
	out := map[string]any{}
	return out, yaml.UnmarshalWithOptions(data, &out, yaml.Strict())
}

// Marshal writes a mapping as YAML.
func (yamlParser) Marshal(m map[string]any) ([]byte, error) { return yaml.Marshal(m) }

func usage(format string, args ...any) *confluence.Error {
	return confluence.Errorf(confluence.CodeUsage, format, args...)
}

// confirm asks before something destructive. Without a person to ask it demands --yes.
func (a *app) confirm(ctx context.Context, question string) error {
	if a.settings.Yes {
		return nil
	}
	if !a.env.StdinTTY {
		e := confluence.Errorf(confluence.CodeNeedsAnswer, "%s", question)
		e.Remedy = "answer with --yes"
		return e
	}
	answer, err := a.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	if a := strings.ToLower(answer); a != "y" && a != "yes" {
		return errInterrupted{"nothing was done"}
	}
	return nil
}
