package bench

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/xmlexport"
)

// What a child process can be asked to do.
const (
	ProbeRead = "read-export" // open an export and read everything in it
	ProbeRaw  = "raw-tokens"  // a bare RawToken loop over its entities.xml
)

// Probed is what a child process reports, in JSON.
type Probed struct {
	Took     time.Duration `json:"took"`     // ProbeRead: of opening, which builds the index
	Read     time.Duration `json:"read"`     // of reading everything after that
	Bytes    int64         `json:"bytes"`    // of entities.xml
	Contents int           `json:"contents"` // pages, blog posts, comments and attachments
	Run      string        `json:"run"`      // ProbeLive: its id
	Resident int64         `json:"resident"` // peak of the process's resident memory in bytes; 0 = this system does not tell
}

// export measures reading a generated export: the memory of a process of our own that indexes and reads it, and the
// speed of indexing against a bare RawToken loop over the same bytes, each in a process of its own, in turns.
func export(ctx context.Context, o Options) (out []Figure, err error) {
	dir, err := os.MkdirTemp(o.Dir, "export-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "export.zip")
	shape := Huge(o.Size)
	shape.Seed = o.Seed
	o.Say("export: generating %d MiB of entities.xml", o.Size>>20)
	if err := generateFile(path, shape); err != nil {
		return nil, err
	}
	var ratios []float64
	var raw []string
	var peak int64
	for i := range o.Repeat {
		o.Say("export: round %d of %d", i+1, o.Repeat)
		bare, err := o.probe(ctx, ProbeRaw, path)
		if err != nil {
			return nil, err
		}
		own, err := o.probe(ctx, ProbeRead, path)
		if err != nil {
			return nil, err
		}
		if own.Bytes != bare.Bytes || own.Contents == 0 {
			return nil, fmt.Errorf("%d bytes and %d contents read, RawToken read %d bytes", own.Bytes, own.Contents, bare.Bytes)
		}
		peak = max(peak, own.Resident)
		ratios = append(ratios, bare.Took.Seconds()/own.Took.Seconds())
		raw = append(raw, fmt.Sprintf("%d bytes: RawToken %s, %.0f MB/s; index %s, %.0f MB/s; %d contents read in %s; peak %d MiB", bare.Bytes,
			seconds(bare.Took), perSecond(float64(bare.Bytes)/1e6, bare.Took), seconds(own.Took), perSecond(float64(own.Bytes)/1e6, own.Took),
			own.Contents, seconds(own.Read), own.Resident>>20))
	}
	against := fmt.Sprintf("a process that indexes and reads %d MiB of entities.xml", o.Size>>20)
	if peak > 0 {
		out = append(out, figure("export", "resident", float64(peak), unitBytes, Resident, against, fmt.Sprintf("%d MiB at most in %d processes", peak>>20, len(ratios))))
	} else {
		o.Say("export: this system does not tell the peak of a process's memory, resident is left out")
	}
	return append(out, figure("export", "index_over_rawtoken", median(ratios), unitRatio, IndexOverRawToken,
		"encoding/xml RawToken over the same entities.xml in the same zip", raw...)), nil
}

// probe runs this program as a child and returns its report.
func (o Options) probe(ctx context.Context, what, path string) (p Probed, err error) {
	cmd := o.Child(ctx, what, path)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	printed, err := cmd.Output()
	if err != nil {
		return p, fmt.Errorf("%s in a child process: %w: %s", what, err, bytes.TrimSpace(complaint.Bytes()))
	}
	return p, json.Unmarshal(printed, &p)
}

// Probe is what a child process does. The report is for its standard output.
func Probe(ctx context.Context, what, path string, now func() time.Time, open func(context.Context, string) (House, error)) (Probed, error) {
	switch what {
	case ProbeLive:
		return probeLive(ctx, path, now, open)
	case ProbeSweep:
		return probeSweep(ctx, path, now, open)
	case ProbeRaw:
		return probeRaw(path, now)
	case ProbeRead:
		return probeRead(ctx, path, now)
	case ProbeSite:
		return probeSite(path, now)
	}
	return Probed{}, fmt.Errorf("there is no probe %q", what)
}

// counted counts what is read.
type counted struct {
	io.Reader
	n int64
}

// Read reads into p.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func probeRaw(path string, now func() time.Time) (p Probed, err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	// Unpacked as the index unpacks it, and read in large pieces: what is compared is the reading of XML.
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	began := now()
	f, err := z.Open("entities.xml")
	if err != nil {
		return p, err
	}
	in := &counted{Reader: f}
	if err := drain(xml.NewDecoder(bufio.NewReaderSize(in, 1<<20))); err != nil {
		return p, errors.Join(err, f.Close())
	}
	p.Took, p.Bytes = now().Sub(began), in.n
	return p, f.Close()
}

func probeRead(ctx context.Context, path string, now func() time.Time) (p Probed, err error) {
	began := now()
	r, err := xmlexport.Open(ctx, path, xmlexport.Options{Scratch: filepath.Dir(path)})
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	p.Took = now().Sub(began)
	if p.Contents, err = readAll(ctx, r); err != nil {
		return p, err
	}
	p.Read = now().Sub(began) - p.Took
	if p.Bytes, err = entitiesSize(path); err != nil {
		return p, err
	}
	p.Resident, err = resident()
	return p, err
}

// readAll reads every content of every space and returns how many there are.
func readAll(ctx context.Context, r confluence.Reader) (n int, err error) {
	spaces, err := r.Spaces(ctx, nil)
	if err != nil {
		return 0, err
	}
	for _, s := range spaces {
		for req := (confluence.ScanRequest{Space: s, Facets: confluence.AllFacets}); ; {
			batch, err := r.Scan(ctx, req)
			if err != nil {
				return n, err
			}
			n += len(batch.Contents)
			if req.Cursor = batch.Next; batch.Next == "" {
				break
			}
		}
	}
	return n, nil
}

func entitiesSize(path string) (int64, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return 0, err
	}
	defer z.Close()
	for _, f := range z.File {
		if f.Name == "entities.xml" {
			return int64(f.UncompressedSize64), nil
		}
	}
	return 0, fmt.Errorf("%s holds no entities.xml", path)
}
