package xmlexport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"
)

const (
	chunkSize = 256 << 10
	// headroom is the free space before a chunk's bytes, where a scanner puts what was left of the chunk before. It bounds
	// the length of a tag.
	headroom = 64 << 10
)

// Repairs counts what the byte filter changed in entities.xml.
type Repairs struct {
	Controls   int64 `json:"controlCharacters"` // bytes that XML 1.0 forbids, left out
	InvalidSeq int64 `json:"invalidUTF8"`       // bytes that are no UTF-8, or name no character; replaced by U+FFFD
	FirstLine  int64 `json:"firstLine"`         // line of the first repair, from 1; 0 = none
	FirstByte  int64 `json:"firstOffset"`       // its offset
}

// chunk is a run of clean bytes: buf[headroom:end] of the document, off its offset in the raw bytes.
type chunk struct {
	buf []byte
	off int64
}

// cleaner makes raw bytes readable: control characters go, line ends become LF as XML 1.0 section 2.11 demands, and
// invalid UTF-8 becomes U+FFFD.
type cleaner struct {
	src     io.Reader
	rest    []byte // an unfinished UTF-8 sequence at the end of the chunk before
	afterCR bool   // the chunk before ended in CR, which became LF: a LF that follows is the same line end
	read    int64
	lines   int64
	repairs Repairs
}

// next fills c with the next clean bytes. It returns io.EOF after the last chunk.
func (f *cleaner) next(c *chunk) error {
	buf := c.buf[:headroom]
	buf = append(buf, f.rest...)
	f.rest = f.rest[:0]
	c.off = f.read - int64(len(buf)-headroom)
	start := len(buf)
	buf = buf[:max(headroom+chunkSize, start+utf8.UTFMax)]
	n, last, err := fill(f.src, buf[start:])
	f.read += int64(n)
	buf = buf[:start+n]
	if err != nil {
		return err
	}
	if len(buf) == headroom {
		return io.EOF
	}
	if !last {
		keep := unfinished(buf[headroom:])
		f.rest = append(f.rest, buf[len(buf)-keep:]...)
		buf = buf[:len(buf)-keep]
	}
	if f.afterCR || !plain(buf[headroom:]) {
		buf = f.repair(buf, c.off)
	} else {
		f.lines += int64(bytes.Count(buf[headroom:], []byte{'\n'}))
	}
	c.buf = buf
	return nil
}

// fill reads until b is full or the source ends, which is last. Unlike io.ReadFull it does not take a source that breaks
// off (io.ErrUnexpectedEOF of a damaged zip entry) for one that ends.
func fill(src io.Reader, b []byte) (n int, last bool, err error) {
	for n < len(b) {
		m, err := src.Read(b[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// unfinished returns how many bytes at the end of b begin a UTF-8 sequence that b does not finish.
func unfinished(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// plain reports whether b can be taken as it is.
func plain(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	wide := false
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		wide = wide || x&high != 0
		if (x-ones*0x20)&^x&high == 0 {
			continue
		}
		for _, c := range b[i : i+8] {
			if c < 0x20 && c != '\t' && c != '\n' {
				return false
			}
		}
	}
	for _, c := range b[i:] {
		wide = wide || c >= utf8.RuneSelf
		if c < 0x20 && c != '\t' && c != '\n' {
			return false
		}
	}
	return !wide || utf8.Valid(b) && !bytes.Contains(b, []byte("\uFFFE")) && !bytes.Contains(b, []byte("\uFFFF"))
}

// repair rewrites the bytes of buf after the headroom; off is their raw offset.
func (f *cleaner) repair(buf []byte, off int64) []byte {
	raw := bytes.Clone(buf[headroom:])
	out := buf[:headroom]
	for i := 0; i < len(raw); {
		c := raw[i]
		afterCR := f.afterCR
		f.afterCR = false
		switch {
		case c == '\r':
			out, f.afterCR = append(out, '\n'), true
			f.lines++
			i++
		case c == '\n':
			if !afterCR {
				out = append(out, c)
				f.lines++
			}
			i++
		case c < 0x20 && c != '\t':
			f.note(&f.repairs.Controls, off+int64(i))
			i++
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, n := utf8.DecodeRune(raw[i:])
			if r == utf8.RuneError && n == 1 || r == '\uFFFE' || r == '\uFFFF' {
				f.note(&f.repairs.InvalidSeq, off+int64(i))
				out = utf8.AppendRune(out, utf8.RuneError)
			} else {
				out = append(out, raw[i:i+n]...)
			}
			i += n
		}
	}
	return out
}

func (f *cleaner) note(count *int64, at int64) {
	*count++
	if f.repairs.FirstLine == 0 {
		f.repairs.FirstLine, f.repairs.FirstByte = f.lines+1, at
	}
}
