package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
)

func (a *app) runLog() *cobra.Command {
	var level, item string
	var since time.Duration
	cmd := &cobra.Command{Use: "log RUN", Short: "The log of a run, without a cut-off", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&level, "level", "info", "info, warn or error, and what is graver")
	cmd.Flags().StringVar(&item, "item", "", "of this space only")
	cmd.Flags().DurationVar(&since, "since", 0, "of this last time only")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			lines := []api.LogLine{}
			for after := int64(0); ; {
				var part api.Log
				path := runPath(args[0]) + "/log" + query("after", strconv.FormatInt(after, 10), "level", level)
				if err := c.Call(ctx, http.MethodGet, path, nil, &part); err != nil {
					return err
				}
				if len(part.Lines) == 0 {
					break
				}
				for _, l := range part.Lines {
					after = l.N
					if (item == "" || l.Space == item) && (since == 0 || a.env.Now().Sub(l.Time) <= since) {
						lines = append(lines, l)
					}
				}
			}
			return a.printLog(lines)
		})
	})
	return a.completing(cmd, runNames)
}

func (a *app) printLog(lines []api.LogLine) error {
	switch a.settings.Output {
	case "jsonl":
		enc := json.NewEncoder(a.env.Stdout)
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
		return nil
	case "table":
		for _, l := range lines {
			fmt.Fprintf(a.env.Stdout, "%s %-5s %s%s%s\n", l.Time.Local().Format(time.DateTime), l.Level, pad(l.Code), pad(strings.TrimPrefix(l.Space, spaceOf(l.Msg))), oneLine(l.Msg))
		}
		return nil
	}
	return printList(a, &listFlags{}, []column[api.LogLine]{
		{"TIME", func(l api.LogLine) any { return l.Time }},
		{"LEVEL", func(l api.LogLine) any { return l.Level }},
		{"CODE", func(l api.LogLine) any { return l.Code }},
		{"SPACE", func(l api.LogLine) any { return l.Space }},
		{"MSG", func(l api.LogLine) any { return l.Msg }},
	}, lines)
}

// spaceOf returns what stands before the colon of a message; lines about a space begin with its key.
func spaceOf(msg string) string {
	space, _, _ := strings.Cut(msg, ":")
	return space
}

// pad puts a space after a word that is there.
func pad(s string) string {
	if s == "" {
		return ""
	}
	return oneLine(s) + " "
}

func (a *app) runReport() *cobra.Command {
	var format, to string
	cmd := &cobra.Command{Use: "report RUN", Short: "What arrived, what did not and why, and the proof", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&format, "format", "", "text, html, json or csv (the findings); default text, or as --output")
	cmd.Flags().StringVar(&to, "to", "", "write it there and not to standard output")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.with(ctx, false, func(c *client) error {
			path, err := a.reportPath(runPath(args[0]), format, true)
			if err != nil {
				return err
			}
			return a.saveReport(ctx, c, path, to)
		})
	})
	return a.completing(cmd, runNames)
}

// reportPath returns the call for a report in the format that was asked for.
func (a *app) reportPath(base, format string, csv bool) (string, error) {
	if format == "" {
		format = map[string]string{"table": "text", "json": "json", "jsonl": "json", "csv": "csv"}[a.settings.Output]
	}
	switch {
	case format == "csv" && csv:
		return base + "/findings.csv", nil
	case format == "text", format == "html", format == "json":
		return base + "/report?format=" + format, nil
	}
	return "", usage("--format %q: there is no such form of this report", format)
}

func (a *app) saveReport(ctx context.Context, c *client, path, to string) error {
	text, err := c.File(ctx, path)
	if err != nil {
		return err
	}
	if to != "" && to != "-" {
		a.say("%s: %d bytes", to, len(text))
	}
	return a.writeFile(to, text)
}
