package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// ask prints a question and reads one line of standard input. It gives up when ctx ends.
func (a *app) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(a.env.Stderr, question)
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(a.env.Stdin).ReadString('\n')
		got <- answer{line, err}
	}()
	select {
	case r := <-got:
		if r.err != nil && r.line == "" {
			return "", confluence.Errorf(confluence.CodeNeedsAnswer, "no answer to: %s", question).Because(r.err)
		}
		return strings.TrimRight(r.line, "\r\n"), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// secret returns a credential: from the file named ("-" is standard input), from the environment, or asked for. It is
// never an argument.
func (a *app) secret(ctx context.Context, file, what string) (string, error) {
	switch {
	case file == "-":
		b, err := io.ReadAll(io.LimitReader(a.env.Stdin, 1<<20))
		return cleanSecret(b, "standard input", err)
	case file != "":
		b, err := os.ReadFile(file)
		return cleanSecret(b, file, err)
	}
	if v := a.env.Getenv("TANDEM_SITE_SECRET"); v != "" {
		return v, nil
	}
	if !a.env.StdinTTY {
		e := confluence.Errorf(confluence.CodeNeedsAnswer, "the credential of %s is needed", what)
		e.Remedy = "name a file with --secret-file (- is standard input), or set TANDEM_SITE_SECRET"
		return "", e
	}
	restore := hideInput(a.env.Stdin)
	defer restore()
	text, err := a.ask(ctx, "credential of "+what+" (not shown): ")
	fmt.Fprintln(a.env.Stderr)
	if err != nil {
		return "", err
	}
	return cleanSecret([]byte(text), "standard input", nil)
}

func cleanSecret(b []byte, from string, err error) (string, error) {
	if err != nil {
		return "", confluence.Errorf(confluence.CodeBadFile, "the credential cannot be read").Because(err).At(confluence.Where{File: from})
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "", confluence.Errorf(confluence.CodeBadFile, "the credential is empty").At(confluence.Where{File: from})
	}
	return string(b), nil
}
