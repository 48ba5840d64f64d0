package xmlexport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// MaxBody is the length in bytes of the longest body that is read. A longer one is a defect of its object.
const MaxBody = 64 << 20

// blockSize is the length of a block of the body file before compression.
const blockSize = 256 << 10

// bodySpan is where a body lies in the body file, counted before compression, and what was seen while it was written.
type bodySpan struct {
	off, size int64
	set       bool
	blank     bool // nothing but white space
	broken    bool // an inner CDATA section whose end was damaged or is lacking
	tooLong   bool // longer than MaxBody; nothing of it is kept
}

// bodyWriter appends bodies to a file of s2 blocks, each standing for blockSize bytes.
type bodyWriter struct {
	out    io.Writer
	block  []byte
	packed []byte
	starts []int64 // where each block begins in the file
	size   int64   // of the file
	total  int64   // bytes before compression

	cur            bodySpan
	tail           []byte // the last bytes of the piece before
	opened, closed int
}

func newBodyWriter(out io.Writer) *bodyWriter {
	return &bodyWriter{out: out, block: make([]byte, 0, blockSize)}
}

func (w *bodyWriter) begin() {
	w.cur = bodySpan{off: w.total, set: true, blank: true}
	w.tail = w.tail[:0]
	w.opened, w.closed = 0, 0
}

// write appends a piece of the current body.
func (w *bodyWriter) write(p []byte) error {
	w.look(p)
	if w.cur.tooLong || w.cur.size+int64(len(p)) > MaxBody {
		w.cur.tooLong, w.cur.size = true, 0
		return nil
	}
	w.cur.size += int64(len(p))
	w.total += int64(len(p))
	for len(p) > 0 {
		n := min(len(p), blockSize-len(w.block))
		w.block = append(w.block, p[:n]...)
		p = p[n:]
		if len(w.block) == blockSize {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	markOpen    = []byte("<![CDATA[")
	markClose   = []byte("]]>")
	markDamaged = []byte("]] >")
)

// look counts what tells a damaged body. A mark may lie across two pieces.
func (w *bodyWriter) look(p []byte) {
	if w.cur.blank && len(bytes.TrimSpace(p)) > 0 {
		w.cur.blank = false
	}
	count := func(mark []byte) int {
		n := bytes.Count(p, mark)
		if len(w.tail) > 0 {
			head := p[:min(len(mark)-1, len(p))]
			last := w.tail[max(0, len(w.tail)-len(mark)+1):]
			n += bytes.Count(append(append([]byte(nil), last...), head...), mark)
		}
		return n
	}
	w.opened += count(markOpen)
	w.closed += count(markClose)
	w.cur.broken = w.cur.broken || count(markDamaged) > 0
	keep := len(markOpen) - 1
	if len(p) >= keep {
		w.tail = append(w.tail[:0], p[len(p)-keep:]...)
		return
	}
	w.tail = append(w.tail, p...)
	w.tail = append(w.tail[:0], w.tail[max(0, len(w.tail)-keep):]...)
}

func (w *bodyWriter) finish() bodySpan {
	w.cur.broken = w.cur.broken || w.opened > w.closed
	return w.cur
}

// flush writes the block that is filled, or the last one.
func (w *bodyWriter) flush() error {
	if len(w.block) == 0 {
		return nil
	}
	w.packed = s2.Encode(w.packed[:cap(w.packed)], w.block)
	w.starts = append(w.starts, w.size)
	if _, err := w.out.Write(w.packed); err != nil {
		return err
	}
	w.size += int64(len(w.packed))
	w.block = w.block[:0]
	return nil
}

// index returns where the blocks begin, and the end of the last, as bytes.
func (w *bodyWriter) index() []byte {
	out := make([]byte, 0, 8*len(w.starts)+8)
	for _, at := range append(w.starts, w.size) {
		out = binary.BigEndian.AppendUint64(out, uint64(at))
	}
	return out
}

// bodyFile reads bodies back. It is safe for concurrent use.
type bodyFile struct {
	file   *os.File
	starts []int64

	mu     sync.Mutex
	packed []byte
	cache  [4]struct {
		at   int // block + 1
		data []byte
	}
	turn int
}

// openBodies opens the body file of a scratch folder.
func openBodies(dir string) (*bodyFile, error) {
	index, err := os.ReadFile(filepath.Join(dir, blocksName))
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, bodiesName))
	if err != nil {
		return nil, err
	}
	b := &bodyFile{file: f}
	for ; len(index) >= 8; index = index[8:] {
		b.starts = append(b.starts, int64(binary.BigEndian.Uint64(index)))
	}
	return b, nil
}

func (b *bodyFile) close() error { return b.file.Close() }

var errBodyFile = errors.New("the body file does not hold what the index says")

// read returns size bytes at off.
func (b *bodyFile) read(off, size int64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if size < 0 || size > MaxBody || off < 0 {
		return nil, confluence.Errorf(confluence.CodeInternal, "the scratch index is damaged").Because(errBodyFile)
	}
	out := make([]byte, 0, size)
	b.mu.Lock()
	defer b.mu.Unlock()
	for int64(len(out)) < size {
		at := off + int64(len(out))
		data, err := b.block(int(at / blockSize))
		if err != nil {
			return nil, confluence.Errorf(confluence.CodeInternal, "the scratch index is damaged").Because(err)
		}
		from := int(at % blockSize)
		if from >= len(data) {
			return nil, confluence.Errorf(confluence.CodeInternal, "the scratch index is damaged").Because(errBodyFile)
		}
		out = append(out, data[from:min(len(data), from+int(size)-len(out))]...)
	}
	return out, nil
}

// block returns block n, of the last few from memory.
func (b *bodyFile) block(n int) ([]byte, error) {
	for _, c := range b.cache {
		if c.at == n+1 {
			return c.data, nil
		}
	}
	if n < 0 || n+1 >= len(b.starts) {
		return nil, errBodyFile
	}
	size := int(b.starts[n+1] - b.starts[n])
	if size > s2.MaxEncodedLen(blockSize) || size < 0 {
		return nil, errBodyFile
	}
	b.packed = append(b.packed[:0], make([]byte, size)...)
	if _, err := b.file.ReadAt(b.packed, b.starts[n]); err != nil {
		return nil, err
	}
	c := &b.cache[b.turn]
	b.turn = (b.turn + 1) % len(b.cache)
	c.at = 0
	data, err := s2.Decode(c.data[:cap(c.data)], b.packed)
	if err != nil {
		return nil, err
	}
	c.data, c.at = data, n+1
	return data, nil
}
