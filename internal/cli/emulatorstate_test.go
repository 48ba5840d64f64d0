package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/xmlexport"
)

// TestExportsOfEmulatedSitesAreRead: our reader finds in what an emulated site exports what the site counts, in each
// generation.
func TestExportsOfEmulatedSitesAreRead(t *testing.T) {
	for _, k := range []struct{ personality, version string }{{"dc", "9.2"}, {"dc", "7.19"}, {"cloud", ""}} {
		site, err := emulator.New(emulator.Options{Personality: k.personality, Version: k.version, Seed: 4, Size: 300})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []string{
			`{"create":{"title":"Garden","space":"GEN001","text":"<p>alpha beta</p>"}}`, `{"body":{"page":"Garden","text":"<p>gamma</p>"}}`,
			`{"comment":{"page":"Garden","text":"When?"}}`, `{"comment":{"page":"Garden","text":"May.","reply":"When"}}`,
			`{"comment":{"page":"Garden","text":"Here?","on":"p1"}}`, `{"attach":{"page":"Garden","name":"plan.txt","bytes":"one"}}`,
			`{"create":{"title":"Not yet","space":"GEN001","draft":true,"text":"<p>x</p>"}}`, `{"create":{"title":"Gone","space":"GEN001","text":"<p>x</p>"}}`, `{"trash":"Gone"}`,
		} {
			if _, err := site.Act("svc-tandem", json.RawMessage(a)); err != nil {
				t.Fatalf("%s: %v", a, err)
			}
		}
		path := filepath.Join(t.TempDir(), "export.zip")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := site.Export(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		report, err := xmlexport.Inspect(t.Context(), path)
		if err != nil {
			t.Fatalf("%s %s: %v", k.personality, k.version, err)
		}
		want, got := site.Counts(), report.Counts
		if fmt.Sprint(want.CurrentPages, want.BlogPosts, want.FooterComments, want.InlineComments, want.Replies, want.AttachmentsCurrent,
			want.AttachmentsWithBinary, want.Labels, want.RestrictedPages, want.Drafts, want.Trashed) !=
			fmt.Sprint(got.CurrentPages, got.BlogPosts, got.FooterComments, got.InlineComments, got.Replies, got.AttachmentsCurrent,
				got.AttachmentsWithBinary, got.Labels, got.RestrictedPages, got.Drafts, got.Trashed) {
			t.Errorf("%s %s: the site counts %+v, the reader %+v", k.personality, k.version, want, got)
		}
		for name, n := range report.Defects {
			// A page made in no place stands at the root of its space, and each end of an inner section is escaped.
			if name != "extra root" && name != "broken CDATA" {
				t.Errorf("%s %s: %d of %q", k.personality, k.version, n, name)
			}
		}
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	}
}

// emulatorProcess is an emulated Cloud in a process of its own.
type emulatorProcess struct {
	cmd                 *exec.Cmd
	url, control, token string
}

func serveEmulator(t *testing.T, program, dir string) *emulatorProcess {
	t.Helper()
	p := &emulatorProcess{cmd: exec.CommandContext(t.Context(), program, "emulator", "serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
		"--seed", "7", "--size", "50", "--state", dir)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	said := regexp.MustCompile(`ready on (\S+), control on (\S+), account (\S+), admin token in (.+)`).FindStringSubmatch(strings.TrimSpace(line))
	if err != nil || said == nil {
		t.Fatalf("the emulator said %q: %v", line, err)
	}
	token, err := os.ReadFile(said[4])
	if err != nil {
		t.Fatal(err)
	}
	p.url, p.control, p.token = said[1], said[2], strings.TrimSpace(string(token))
	return p
}

func (p *emulatorProcess) call(method, url, body string) (int, []byte, error) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.SetBasicAuth("svc-tandem@example.test", p.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// TestKilledEmulatorLosesNothing kills an emulator with SIGKILL in the middle of writes: after the next start every page
// whose creation was answered is there, and the site is the one that the journal says.
func TestKilledEmulatorLosesNothing(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("builds the program, and kills it with a signal")
	}
	program := filepath.Join(t.TempDir(), "tandem")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/tandem").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	dir := t.TempDir()
	var acknowledged []string
	for round := range 3 {
		p := serveEmulator(t, program, dir)
		var mu sync.Mutex
		var writers sync.WaitGroup
		enough := make(chan struct{})
		for w := range 4 {
			writers.Go(func() {
				for i := 0; ; i++ {
					title := fmt.Sprintf("Round %d writer %d page %d", round, w, i)
					status, _, err := p.call("POST", p.url+"/api/v2/pages?root-level=true", `{"spaceId":"`+firstSpace(p)+`","title":"`+title+`","body":{"representation":"storage","value":"<p>x</p>"}}`)
					if err != nil {
						return // killed
					}
					if status != http.StatusOK {
						t.Errorf("status %d", status)
						return
					}
					mu.Lock()
					if acknowledged = append(acknowledged, title); len(acknowledged) == 40*(round+1) {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		select {
		case <-enough:
		case <-time.After(time.Minute):
			t.Error("nothing is written")
		}
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.cmd.Wait() // says that it was killed
		writers.Wait()
	}
	p := serveEmulator(t, program, dir)
	_, dump, err := p.call("GET", p.control+"/dump", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range acknowledged {
		if !bytes.Contains(dump, []byte(`"title":"`+title+`"`)) {
			t.Errorf("%q was acknowledged and is gone", title)
		}
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// firstSpace is the id of the first space of a generated site.
var firstSpace = func() func(p *emulatorProcess) string {
	var once sync.Once
	var id string
	return func(p *emulatorProcess) string {
		once.Do(func() {
			_, text, err := p.call("GET", p.url+"/api/v2/spaces?limit=1", "")
			var listed struct{ Results []struct{ ID string } }
			if err == nil && json.Unmarshal(text, &listed) == nil && len(listed.Results) > 0 {
				id = listed.Results[0].ID
			}
		})
		return id
	}
}()
