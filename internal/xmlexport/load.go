package xmlexport

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// batchValues is how many values one statement inserts.
const batchValues = 1600

// batch is the rows of one table that one statement inserts.
type batch struct {
	table table
	rows  int
	args  []driver.NamedValue
}

// loader reads entities.xml into the scratch index: one goroutine reads and repairs bytes, one finds objects and writes
// bodies, one inserts rows.
type loader struct {
	dir     string
	conn    *sql.Conn
	out     chan *batch
	free    chan *batch
	open    [tables]*batch
	ctx     context.Context
	seq     int64 // of the object that is being read, from 1
	dups    duplicates
	baseURL string

	classes map[string]int
	repairs Repairs
	size    int64
	seen    seen
	titles  duplicates
	authors map[string]bool // keys of authors
	names   map[string]bool // names of authors, in lower case
}

// seen is what the load noticed, so that the resolver leaves out the steps that would find nothing.
type seen struct {
	surplus   int                                        // objects of a class group and id that another has
	titles    int                                        // current contents that may share their title with another of their space, day or page
	unplaced  bool                                       // a current page or post without a space, whose title could not be compared
	untitled  bool                                       // a current page or post without a title
	states    [classOther + 1][stateHistorical + 1]int64 // how many objects of a class are in a state
	bodyFlags int64                                      // all flags of all bodies
	untyped   bool                                       // a body without bodyType
	plain     bool                                       // a body of bodyType 1
	listed    int64                                      // elements of bodyContents: the export names relations on both sides
	bodyPairs uint64
	listPairs uint64 // sums of a hash over (content, body) by the body's own reference and by the content's collection
}

func newLoader(ctx context.Context, dir string, conn *sql.Conn) *loader {
	return &loader{dir: dir, conn: conn, ctx: ctx, out: make(chan *batch, 8), free: make(chan *batch, 32),
		dups: duplicates{dir: dir, name: "ids"}, titles: duplicates{dir: dir, name: "titles"}, classes: map[string]int{}, authors: map[string]bool{}, names: map[string]bool{}}
}

// add queues a row.
func (l *loader) add(t table, values ...any) {
	b := l.open[t]
	if b == nil {
		select {
		case b = <-l.free:
		default:
			b = &batch{}
		}
		b.table, b.rows, b.args = t, 0, b.args[:0]
		l.open[t] = b
	}
	for _, v := range values {
		b.args = append(b.args, driver.NamedValue{Ordinal: len(b.args) + 1, Value: v})
	}
	b.rows++
	if b.rows == rowsPerBatch(t) {
		l.send(t)
	}
}

func rowsPerBatch(t table) int { return max(1, batchValues/shape[t].columns) }

func (l *loader) send(t table) {
	if b := l.open[t]; b != nil {
		l.open[t] = nil
		select {
		case l.out <- b:
		case <-l.ctx.Done():
		}
	}
}

// run reads the stream to its end, and the list of files. Rows are queued only while insert takes them.
func (l *loader) run(src io.Reader, entries []entry) error {
	g, ctx := errgroup.WithContext(l.ctx)
	l.ctx = ctx
	clean := &cleaner{src: src}
	p := &pipe{full: make(chan chunk, 4), empty: make(chan chunk, 6)}
	for range cap(p.empty) {
		p.empty <- chunk{buf: make([]byte, headroom, headroom+chunkSize+64)}
	}
	g.Go(func() error { return p.produce(ctx, clean) })
	g.Go(func() error {
		defer close(l.out)
		l.files(entries)
		return l.objects(func(c *chunk) error { return p.next(ctx, c) })
	})
	g.Go(func() error { return l.insert(ctx) })
	if err := g.Wait(); err != nil {
		return err
	}
	l.repairs.Controls += clean.repairs.Controls
	l.repairs.InvalidSeq = clean.repairs.InvalidSeq
	l.repairs.FirstLine, l.repairs.FirstByte = clean.repairs.FirstLine, clean.repairs.FirstByte
	l.size = clean.read
	return nil
}

// pipe hands chunks from the cleaner to the scanner, and empty ones back.
type pipe struct {
	full, empty chan chunk
	err         error // why full was closed, nil at the end of the document
}

// produce cleans the bytes ahead of the scanner.
func (p *pipe) produce(ctx context.Context, clean *cleaner) error {
	defer close(p.full)
	for {
		var c chunk
		select {
		case c = <-p.empty:
		case <-ctx.Done():
			p.err = ctx.Err()
			return p.err
		}
		if err := clean.next(&c); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			p.err = unreadable(err, clean.read)
			return p.err
		}
		select {
		case p.full <- c:
		case <-ctx.Done():
			p.err = ctx.Err()
			return p.err
		}
	}
}

func unreadable(err error, at int64) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return confluence.Errorf(confluence.CodeNoExport, "entities.xml cannot be unpacked beyond byte %d: it is damaged or cut off", at).
		Because(err)
}

// next gives the chunk in c back and takes the next one.
func (p *pipe) next(ctx context.Context, c *chunk) error {
	if c.buf != nil {
		p.empty <- *c
		c.buf = nil
	}
	select {
	case next, ok := <-p.full:
		if ok {
			*c = next
			return nil
		}
		if p.err != nil {
			return p.err
		}
		return io.EOF
	case <-ctx.Done():
		return ctx.Err()
	}
}

// objects turns objects into rows until the document ends.
func (l *loader) objects(feed func(*chunk) error) error {
	f, err := os.OpenFile(filepath.Join(l.dir, bodiesName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return scratchError(err)
	}
	defer f.Close()
	bodies := newBodyWriter(f)
	scan := newScanner(feed)
	reader := newObjects(scan, bodies)
	for {
		o, err := reader.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := l.object(o); err != nil {
			return scratchError(err)
		}
		if err := l.ctx.Err(); err != nil {
			return err
		}
	}
	if err := bodies.flush(); err != nil {
		return scratchError(err)
	}
	if l.seen.surplus, err = l.dups.count(); err != nil {
		return scratchError(err)
	}
	if l.seen.titles, err = l.titles.count(); err != nil {
		return scratchError(err)
	}
	for who := range l.authors {
		l.add(tableAuthor, key([]byte(who)), int64(0))
	}
	for who := range l.names {
		l.add(tableAuthor, who, int64(1))
	}
	for t := range tables {
		l.send(t)
	}
	l.repairs.Controls += scan.dropped
	if err := os.WriteFile(filepath.Join(l.dir, blocksName), bodies.index(), 0o600); err != nil {
		return scratchError(err)
	}
	return scratchError(f.Close())
}

// scratchError names the disk as the culprit.
func scratchError(err error) error {
	var e *confluence.Error
	if err == nil || errors.As(err, &e) || errors.Is(err, context.Canceled) {
		return err
	}
	return confluence.Errorf(confluence.CodeStateDamaged, "the scratch index of the export cannot be written").Because(err)
}

// object turns one object into rows.
func (l *loader) object(o *object) error {
	l.seq++
	if n, ok := l.classes[o.name]; ok || len(l.classes) < 4096 {
		l.classes[o.name] = n + 1
	}
	group := o.name
	if o.class != nil {
		group = o.class.group
	}
	id := o.bytes(o.id)
	if err := l.dups.add(hashOf([]byte(group), id)); err != nil {
		return err
	}
	path := o.name + "#" + string(id)
	if o.repeated {
		l.defect(defectRepeatedProperty, path)
	}
	if o.class == nil {
		return nil
	}
	if o.clipped {
		l.defect(defectOverlong, path)
	}
	if len(id) == 0 {
		l.defect(defectNoID, path)
		return nil
	}
	if err := o.class.row(l, o); err != nil {
		return err
	}
	for _, item := range o.items {
		if k := key(o.bytes(item.id)); k != nil {
			l.add(tableListing, int64(item.kind), key(id), k)
		}
		if item.kind == listBodies {
			l.seen.listed++
			l.seen.listPairs += pairHash(id, o.bytes(item.id))
		}
	}
	return nil
}

// defect writes down what is wrong with an object as such; whose content it is comes out later.
func (l *loader) defect(name, path string) {
	if len(path) > 200 {
		path = path[:200]
	}
	l.add(tableDefect, l.seq, nil, nil, name, nil, nil, strings.ToValidUTF8(path, "?"), nil)
}

// insert writes batches until there are no more.
func (l *loader) insert(ctx context.Context) error {
	return l.conn.Raw(func(dc any) error {
		in := inserter{conn: dc.(driver.Conn), full: map[table]driver.Stmt{}}
		defer in.close()
		for {
			select {
			case b, ok := <-l.out:
				if !ok {
					return nil
				}
				if err := in.write(ctx, b); err != nil {
					return scratchError(err)
				}
				select {
				case l.free <- b:
				default:
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

// inserter runs multi-row inserts on the driver's own connection: a third of the time of the same through database/sql,
// which checks and converts every value again.
type inserter struct {
	conn driver.Conn
	full map[table]driver.Stmt
}

func (in *inserter) close() {
	for _, s := range in.full {
		s.Close()
	}
}

func (in *inserter) write(ctx context.Context, b *batch) error {
	stmt := in.full[b.table]
	if b.rows < rowsPerBatch(b.table) || stmt == nil {
		row := "(" + strings.TrimSuffix(strings.Repeat("?,", shape[b.table].columns), ",") + "),"
		var err error
		stmt, err = in.conn.Prepare("INSERT INTO " + shape[b.table].name + " VALUES " +
			strings.TrimSuffix(strings.Repeat(row, b.rows), ","))
		if err != nil {
			return fmt.Errorf("insert into %s: %w", shape[b.table].name, err)
		}
		if b.rows == rowsPerBatch(b.table) {
			in.full[b.table] = stmt
		} else {
			defer stmt.Close()
		}
	}
	if _, err := stmt.(driver.StmtExecContext).ExecContext(ctx, b.args); err != nil {
		return fmt.Errorf("insert into %s: %w", shape[b.table].name, err)
	}
	return nil
}
