package emulator

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/s2"
)

// span says where a body is; 0 is the empty body. It is one word, because every version of every content holds one. In
// the heap: the offset above, the packed size in the lower spanBits. With spanGenerated set there is nothing in the
// heap: the rest is the number of a generated page, whose body comes from the seed.
type span uint64

const (
	spanBits           = 24
	maxSpan            = 1<<spanBits - 1 // packed bytes; a larger body has its size before it in the heap
	spanGenerated span = 1 << 63
)

// heap is an append-only file of bodies and attachments. It is safe for concurrent use.
type heap struct {
	mu   sync.Mutex
	file *os.File
	end  int64  // starts behind a mark, so that no body has the offset 0
	name string // to be removed on Close; empty where it is gone already or belongs to a state folder

	generated func(n int) string // the body of the n-th generated page
}

// heapMark is what a heap begins with.
const heapMark = "tandem emulator heap\n"

func newHeap(dir string) (*heap, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("emulator: state folder: %w", err)
		}
		f, err := os.OpenFile(filepath.Join(dir, "heap"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("emulator: state folder: %w", err)
		}
		h := &heap{file: f}
		h.append([]byte(heapMark))
		return h, nil
	}
	f, err := os.CreateTemp("", "confluence-emulator-*")
	if err != nil {
		return nil, fmt.Errorf("emulator: temporary file: %w", err)
	}
	h := &heap{file: f, name: f.Name()}
	if os.Remove(h.name) == nil { // the file lives on until it is closed, where the system allows it
		h.name = ""
	}
	h.append([]byte(heapMark))
	return h, nil
}

func (h *heap) close() error {
	err := h.file.Close()
	if h.name != "" {
		err = os.Remove(h.name)
	}
	return err
}

func (h *heap) append(p []byte) int64 {
	h.mu.Lock()
	off := h.end
	h.end += int64(len(p))
	h.mu.Unlock()
	if _, err := h.file.WriteAt(p, off); err != nil {
		panic(fmt.Sprintf("emulator: cannot keep state: %v", err)) // a full disk; nothing sensible can be answered
	}
	return off
}

// size is how long the heap is.
func (h *heap) size() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.end
}

// fill makes the heap begin as another one does.
func (h *heap) fill(from *heap, size int64) error {
	_, err := io.Copy(io.NewOffsetWriter(h.file, 0), io.NewSectionReader(from.file, 0, size))
	return err
}

// putText keeps a body, compressed.
func (h *heap) putText(text string) span {
	if text == "" {
		return 0
	}
	packed := s2.Encode(nil, []byte(text))
	if len(packed) > maxSpan {
		packed = append(binary.BigEndian.AppendUint64(nil, uint64(len(packed))), packed...)
		return span(h.append(packed)) << spanBits
	}
	return span(h.append(packed))<<spanBits | span(len(packed))
}

// text returns a body that putText kept.
func (h *heap) text(at span) string {
	switch {
	case at == 0:
		return ""
	case at&spanGenerated != 0:
		return h.generated(int(at &^ spanGenerated))
	}
	off, size := int64(at>>spanBits), int64(at&maxSpan)
	if size == 0 {
		size = int64(binary.BigEndian.Uint64(h.read(off, 8)))
		off += 8
	}
	text, err := s2.Decode(nil, h.read(off, size))
	if err != nil {
		panic(fmt.Sprintf("emulator: state is damaged: %v", err))
	}
	return string(text)
}

func (h *heap) read(off, size int64) []byte {
	p := make([]byte, size)
	if _, err := h.file.ReadAt(p, off); err != nil {
		panic(fmt.Sprintf("emulator: cannot read state: %v", err))
	}
	return p
}

// stored is a file's bytes in the heap.
type stored struct {
	off, size int64
	sha256    string
}

// putFile keeps the bytes of an attachment. More than limit bytes are refused with errTooLarge, nothing is kept then.
func (h *heap) putFile(r io.Reader, limit int64) (stored, error) {
	sum := sha256.New()
	spool := &spool{sum: sum}
	defer spool.close()
	n, err := io.Copy(spool, io.LimitReader(r, limit+1))
	if err != nil {
		return stored{}, err
	}
	if n > limit {
		return stored{}, errTooLarge
	}
	off, err := spool.moveTo(h)
	return stored{off, n, hex.EncodeToString(sum.Sum(nil))}, err
}

// putWritten keeps what is written, as putFile keeps what is read.
func (h *heap) putWritten(write func(*spool) error) (stored, error) {
	sum := sha256.New()
	spool := &spool{sum: sum}
	defer spool.close()
	if err := write(spool); err != nil {
		return stored{}, err
	}
	size, err := spool.size()
	if err != nil {
		return stored{}, err
	}
	off, err := spool.moveTo(h)
	return stored{off, size, hex.EncodeToString(sum.Sum(nil))}, err
}

func (h *heap) open(f stored) *io.SectionReader { return io.NewSectionReader(h.file, f.off, f.size) }

var errTooLarge = fmt.Errorf("emulator: larger than the limit")

// spool collects an upload, in memory up to a limit, then in a temporary file.
type spool struct {
	sum  hash.Hash
	buf  []byte
	file *os.File
}

const spoolLimit = 1 << 20

func (s *spool) Write(p []byte) (int, error) {
	s.sum.Write(p)
	if s.file == nil && len(s.buf)+len(p) > spoolLimit {
		f, err := os.CreateTemp("", "confluence-upload-*")
		if err != nil {
			return 0, err
		}
		s.file = f
		if _, err := f.Write(s.buf); err != nil {
			return 0, err
		}
		s.buf = nil
	}
	if s.file != nil {
		return s.file.Write(p)
	}
	s.buf = append(s.buf, p...)
	return len(p), nil
}

func (s *spool) size() (int64, error) {
	if s.file == nil {
		return int64(len(s.buf)), nil
	}
	return s.file.Seek(0, io.SeekEnd)
}

func (s *spool) moveTo(h *heap) (int64, error) {
	if s.file == nil {
		return h.append(s.buf), nil
	}
	size, err := s.file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	h.mu.Lock()
	off := h.end
	h.end += size
	h.mu.Unlock()
	_, err = io.Copy(io.NewOffsetWriter(h.file, off), s.file)
	return off, err
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}
