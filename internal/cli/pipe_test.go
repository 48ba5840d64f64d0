package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func throughPipe(h http.HandlerFunc) (*http.Client, *sync.WaitGroup) {
	calls := &sync.WaitGroup{}
	return &http.Client{Transport: inProcess{h, calls}}, calls
}

func TestPipeCarriesAnswers(t *testing.T) {
	c, calls := throughPipe(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Path", r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK)
		fmt.Fprintf(w, "got %s", body)
	})
	resp, err := c.Post("http://in-process/a/b", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || string(text) != "got hello" || resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Path") != "/a/b" {
		t.Errorf("answer is %d %q %v", resp.StatusCode, text, err)
	}
	calls.Wait()
}

func TestPipeWithoutABody(t *testing.T) {
	c, calls := throughPipe(func(http.ResponseWriter, *http.Request) {})
	resp, err := c.Get("http://in-process/")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	resp.Body.Close()
	calls.Wait()
}

// TestPipeStreams reads the first part of an answer while the handler waits for the test to let it write the second.
func TestPipeStreams(t *testing.T) {
	more := make(chan struct{})
	c, calls := throughPipe(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "one")
		<-more
		fmt.Fprint(w, "two")
	})
	resp, err := c.Get("http://in-process/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 3)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "one" {
		t.Fatalf("%q %v", first, err)
	}
	close(more)
	rest, err := io.ReadAll(resp.Body)
	if err != nil || string(rest) != "two" {
		t.Errorf("%q %v", rest, err)
	}
	calls.Wait()
}

// TestPipeGivesUp cancels a call whose handler has not answered yet, and a stream that is under way.
func TestPipeGivesUp(t *testing.T) {
	c, calls := throughPipe(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			fmt.Fprint(w, "x")
		}
		<-r.Context().Done()
	})
	open := func(ctx context.Context, path string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, "GET", "http://in-process"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Do(r)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if resp, err := open(gone, "/silent"); err == nil {
		resp.Body.Close()
		t.Error("a cancelled call was answered")
	}
	going, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := open(going, "/stream")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Error(err)
	}
	resp.Body.Close()
	calls.Wait()
}

// TestPipeOfACallerThatHasGone: what a handler still writes is no error to it.
func TestPipeOfACallerThatHasGone(t *testing.T) {
	answer := make(chan struct{})
	wrote := make(chan error, 1)
	c, calls := throughPipe(func(w http.ResponseWriter, _ *http.Request) {
		<-answer
		_, err := fmt.Fprint(w, "too late")
		wrote <- err
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://in-process/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := c.Do(r); err == nil {
		resp.Body.Close()
		t.Error("a cancelled call was answered")
	}
	close(answer)
	if err := <-wrote; err != nil {
		t.Error(err)
	}
	calls.Wait()
}
