package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

const (
	childDir   = "TANDEM_TEST_CHILD_DIR"
	childFrom  = "TANDEM_TEST_CHILD_FROM"
	rowsOfOne  = 3 // of each kind a child's commit writes
	childAddr  = "http://127.0.0.1:7009"
	childGangs = 8
)

// childMain is the process that is killed: it commits until then, and names each commit after it has returned.
func childMain() bool {
	dir := os.Getenv(childDir)
	if dir == "" {
		return false
	}
	if err := commitForever(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func commitForever(dir string) error {
	s, err := store.Open(context.Background(), store.Options{Dir: dir, Address: childAddr})
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(os.Getenv(childFrom))
	if err != nil {
		return err
	}
	l, err := s.Acquire(context.Background(), "pair", fmt.Sprint("child", from), 1<<40)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for g := range childGangs {
		wg.Go(func() {
			for n := from + g; ; n += childGangs {
				if err := s.Commit(context.Background(), l, func(tx *store.Tx) error { return writeOne(tx, n) }); err != nil {
					panic(err)
				}
				fmt.Printf("%d\n", n) // one write call: whole lines
			}
		})
	}
	wg.Wait()
	return nil
}

// writeOne writes rows of several tables that belong together.
func writeOne(tx *store.Tx, n int) error {
	for i := range rowsOfOne {
		_ = tx.Log(fmt.Sprint(n), store.LogLine{Text: strings.Repeat("x", n%5000)})
		_ = tx.PutObserved(sampleObserved(1, confluence.A, fmt.Sprintf("%d-%d", n, i), n))
		_ = tx.Intend(sampleIntent(fmt.Sprintf("%d-%d", n, i), n*rowsOfOne+i))
	}
	tx.PutBlob([]byte(fmt.Sprint("blob of ", n)))
	return nil
}

// TestKilledWhileCommitting kills a process at random moments of committing, again and again on one directory: all that
// it had been told is durable is there, and nothing is there in part.
func TestKilledWhileCommitting(t *testing.T) {
	dir := dataDir(t)
	random := rand.New(rand.NewPCG(1, 2))
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	told := map[int]bool{}
	for round := range rounds {
		from := round * 1_000_000
		for _, n := range runAndKill(t, dir, from, 1+random.IntN(400)) {
			told[n] = true
		}
		checkWhole(t, dir, from, told)
	}
	if len(told) < rounds {
		t.Errorf("only %d commits in %d rounds", len(told), rounds)
	}
}

// runAndKill runs a child until it has named so many commits, kills it, and returns all that it named.
func runAndKill(t *testing.T, dir string, from, commits int) (told []int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir, childFrom+"="+strconv.Itoa(from))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // killed; what is left of a line counts for nothing
		}
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("the child said %q", line)
		}
		told = append(told, n)
		if len(told) == commits {
			if from == 0 {
				mustBeOwned(t, dir, cmd.Process.Pid) // the child goes on meanwhile, for some thousand commits
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // says "killed"
	if len(told) < commits {
		t.Fatalf("the child ended after %d commits", len(told))
	}
	return told
}

// mustBeOwned checks that this second process is kept out, and told by whom.
func mustBeOwned(t *testing.T, dir string, pid int) {
	t.Helper()
	e := wantCode(t, tryOpen(dir, ""), confluence.CodeDataDirOwned)
	if !strings.Contains(e.What, childAddr) || !strings.Contains(e.What, fmt.Sprint(pid)) {
		t.Errorf("says %q", e.What)
	}
	if at, alive := store.Owner(dir); at != childAddr || !alive {
		t.Errorf("Owner says %q %v", at, alive)
	}
}

func checkWhole(t *testing.T, dir string, from int, told map[int]bool) {
	t.Helper()
	if at, alive := store.Owner(dir); at != "" || alive {
		t.Errorf("Owner says %q %v of the dead", at, alive)
	}
	s := openAt(t, store.Options{Dir: dir})
	defer s.Close()
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	rows := map[int]int{}
	err := s.EachObserved(ctx, 1, confluence.A, func(o store.Observed) error {
		n, err := strconv.Atoi(strings.Split(string(o.ID), "-")[0])
		rows[n]++
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range must[[]store.JournalRow](t)(s.OpenIntents(ctx, store.JournalFilter{})) {
		n, err := strconv.Atoi(strings.Split(r.Op, "-")[0])
		if err != nil || r.Outcome.State != store.StateUnknown {
			t.Fatalf("%+v %v", r, err)
		}
		rows[n]++
	}
	for n := range rows {
		if n < from {
			continue // looked at in an earlier round
		}
		rows[n] += len(lines(t, s, fmt.Sprint(n)))
		if _, err := s.Blob(ctx, digestOf(fmt.Sprint("blob of ", n))); err != nil {
			t.Errorf("blob of %d: %v", n, err)
		}
		if rows[n] != 3*rowsOfOne {
			t.Errorf("commit %d is there in part: %d rows", n, rows[n])
		}
	}
	for n := range told {
		if rows[n] == 0 {
			t.Errorf("commit %d was durable and is gone", n)
		}
	}
}
