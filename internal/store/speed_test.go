package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// BenchmarkCommit measures durable commits of one row each by 16 goroutines.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := openAt(b, store.Options{Dir: dataDir(b)})
			defer s.Close()
			work := make(chan int)
			var wg sync.WaitGroup
			b.ResetTimer()
			for range n {
				wg.Go(func() {
					for range work {
						commit(b, s, func(tx *store.Tx) error {
							return tx.Log("P#1", store.LogLine{Level: "info", Text: "a line of the log"})
						})
					}
				})
			}
			for i := range b.N {
				work <- i
			}
			close(work)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

func samplePages(pair int64, n int, pass int64) []store.Observed {
	rows := make([]store.Observed, n)
	for i := range rows {
		rows[i] = sampleObserved(pair, confluence.A, fmt.Sprint(1_000_000+i*37%n), i)
		rows[i].Pass = pass
	}
	return rows
}

// BenchmarkObserved measures writing and reading what a scan of 10,000 pages showed, in batches of 200.
func BenchmarkObserved(b *testing.B) {
	s := openAt(b, store.Options{Dir: dataDir(b)})
	defer s.Close()
	rows := samplePages(1, 10_000, 1)
	for b.Loop() {
		began := time.Now()
		for at := 0; at < len(rows); at += 200 {
			commit(b, s, func(tx *store.Tx) error { return tx.PutObserved(rows[at : at+200]...) })
		}
		wrote := time.Now()
		n := 0
		if err := s.EachObserved(context.Background(), 1, confluence.A, func(store.Observed) error { n++; return nil }); err != nil || n != len(rows) {
			b.Fatal(n, err)
		}
		b.ReportMetric(wrote.Sub(began).Seconds()*1000, "ms/write10k")
		b.ReportMetric(time.Since(wrote).Seconds()*1000, "ms/read10k")
		wrote = time.Now()
		if err := s.TitleIndex(context.Background(), 1, confluence.A, func(store.TitleRow) error { return nil }); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(wrote).Seconds()*1000, "ms/titles10k")
	}
}

// BenchmarkAgreed measures the baseline and blobs of 10,000 pages, in batches of 50.
func BenchmarkAgreed(b *testing.B) {
	s := openAt(b, store.Options{Dir: dataDir(b)})
	defer s.Close()
	l := lease(b, s, "pair")
	body := strings.Repeat("<p>A paragraph of a page, as long as they usually are in a wiki.</p>", 60)
	for b.Loop() {
		began := time.Now()
		for at := 0; at < 10_000; at += 50 {
			commitUnder(b, s, l, func(tx *store.Tx) error {
				for i := at; i < at+50; i++ {
					a := sampleAgreed(i)
					a.Raw[0] = tx.PutBlob([]byte(fmt.Sprint(i) + body))
					if err := tx.PutAgreed(1, a); err != nil {
						return err
					}
				}
				return nil
			})
		}
		b.ReportMetric(time.Since(began).Seconds()*1000, "ms/write10k")
		began = time.Now()
		if err := s.EachAgreed(context.Background(), 1, func(store.AgreedRow) error { return nil }); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(began).Seconds()*1000, "ms/read10k")
	}
}

func sampleObserved(pair int64, side confluence.Side, id string, n int) store.Observed {
	at := time.Date(2025, 3, 1, 10, 0, n, 0, time.UTC)
	return store.Observed{
		Pair: pair, Side: side, ID: confluence.ID(id), Twin: twin(n), RawBlob: digestOf(id), Pass: 1,
		Content: confluence.Content{
			ID: confluence.ID(id), Kind: confluence.Page, Status: confluence.Current, SpaceID: "98305", SpaceKey: "HR",
			Title: fmt.Sprintf("How we work, part %d", n), ParentID: "65601", Position: n, Positioned: true, Created: at, Creator: "ff8080817b",
			Version: confluence.Version{Number: 3, At: at, By: "ff8080817b", Message: "typo"}, Facets: confluence.AllFacets,
			Body:         confluence.Body{Format: confluence.Storage},
			Labels:       []confluence.Label{{Prefix: "global", Name: "handbook"}, {Prefix: "my", Name: "later"}},
			Restrictions: confluence.Restrictions{Read: []confluence.Principal{"group:hr"}, Update: []confluence.Principal{"user:ff8080817b"}},
			Attachments:  2, Comments: -1,
		},
		Form: store.ObservedForm{Skeleton: digestOf("s" + id), Presentation: digestOf("p" + id), Content: digestOf("c" + id), Format: "1",
			Late: []confluence.TwinID{twin(n + 1), twin(n + 2)}, Refs: []byte("page:" + string(twin(n+1)))},
	}
}

func sampleAgreed(n int) store.AgreedRow {
	a := store.AgreedRow{Agreed: reconcile.Agreed{
		Twin: twin(n), Kind: confluence.Page, ID: [2]confluence.ID{confluence.ID(fmt.Sprintf("a%d", n)), confluence.ID(fmt.Sprintf("b%d", n))}, Version: [2]int{3, 1},
		Title: [2]string{"How we work", "How we work"}, Parent: twin(n + 1), Facets: reconcile.Title | reconcile.Body,
	}, Pending: [2]reconcile.Facets{confluence.B: reconcile.Body}, Sent: [2]confluence.Digest{confluence.B: digestOf("sent")}, Ancestor: digestOf("ancestor"), Raw: [2]confluence.Digest{digestOf("a"), digestOf("b")}, Refs: [2][]byte{[]byte("a"), nil}}
	for i := range a.Digest {
		a.Digest[i][0], a.Digest[i][3] = digestOf(fmt.Sprint(i, n)), digestOf(fmt.Sprint(n, i))
	}
	return a
}
