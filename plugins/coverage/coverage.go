// Package coverage writes which lines of a guest's source were executed, and how often: a tracefile of lcov, which
// genhtml and many services read, a profile for `go tool cover`, and a table of functions with the blocks of code that
// were executed in them. Nothing has to be compiled for it but with -g.
//
// A line's count is that of the block of its code that was executed most often. Lines that have code and were not executed are
// there too, with 0. Each process and program of a run has files of its own, see the package export. It shows
// a plugin that asks for source lines and counts in compiled code.
package coverage

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/export"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "file", Value: "PATH", Help: "the files to write are PATH.info, PATH.cover and PATH.functions (weir.cov); other processes add their ID"},
	{Key: "format", Value: "lcov|go|functions", Help: "only this one", Multi: true},
	{Key: "source", Value: "GLOB", Help: "only source files with such a path", Multi: true},
	{Key: "image", Value: "GLOB", Help: "only programs and libraries with such a path", Multi: true},
}

// formats are the reports by name, with the ends of the files' names.
var formats = [...]struct {
	name, suffix string
	write        func(*coverer, *state, *bytes.Buffer)
}{
	{"lcov", ".info", (*coverer).lcov},
	{"go", ".cover", (*coverer).cover},
	{"functions", ".functions", (*coverer).functions},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "coverage",
		Summary: "lines of source executed, for lcov and go tool cover, and blocks by function",
		Options: options,
		New:     func() plugin.Plugin { return new(coverer) },
	}
}

type coverer struct {
	host            *plugin.Host
	files           *export.Files
	formats         []string
	sources, images []string
	cur             atomic.Pointer[state] // of the present process and program
}

// state is what was seen.
type state struct {
	mu     sync.Mutex
	images map[string]*image
	blocks map[block]*hits
	free   []plugin.Counter
	made   int
}

// image is an ELF file.
type image struct {
	plugin.Image
	lines []plugin.LineRange
	funcs []plugin.Symbol
}

// block is code that is translated together; as places of a file, which may be mapped at several addresses.
type block struct {
	image *image
	off   abi.Addr // less the image's bias
	size  int
}

// hits counts the executions of a block, in one of two ways.
type hits struct {
	inline bool
	word   plugin.Counter
	called atomic.Uint64
}

func (h *hits) count() uint64 {
	n := h.called.Load()
	if h.inline {
		n += h.word.Sum()
	}
	return n
}

// maxInline is how many blocks have a word of their own, as memory for those is limited.
const maxInline = 1 << 18

func newState() *state {
	return &state{images: make(map[string]*image), blocks: make(map[block]*hits)}
}

// Install implements plugin.Plugin.
func (p *coverer) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	p.host, p.formats, p.sources, p.images = h, args.All("format"), args.All("source"), args.All("image")
	for _, f := range p.formats {
		if f != "lcov" && f != "go" && f != "functions" {
			return fmt.Errorf("format=%s: want lcov, go or functions", f)
		}
	}
	if p.files, err = export.New(h, args.Get("file", "weir.cov")); err != nil {
		return err
	}
	for _, f := range formats { // a name that cannot be written to ends the run now
		if p.wants(f.name) {
			o, err := p.files.Open(f.suffix)
			if err != nil {
				return err
			}
			o.Close()
		}
	}
	p.cur.Store(newState())
	h.OnTranslate(func(b *plugin.Block) {
		switch x := p.cur.Load().hits(p, b); {
		case x == nil:
		case x.inline:
			b.Add(x.word, 1)
		default:
			b.OnExec(plugin.NoRegs, func(*plugin.VCPU) { x.called.Add(1) })
		}
	})
	h.OnFork(func(*plugin.VCPU) {
		// The child has no other threads, but one of them may have held the lock: the state is taken over without it.
		old := p.cur.Load()
		s := &state{images: old.images, blocks: old.blocks, free: old.free, made: old.made}
		for _, x := range s.blocks {
			x.called.Store(0)
			if x.inline {
				x.word.Reset()
			}
		}
		p.files.Forked()
		p.cur.Store(s)
	})
	h.OnExec(func(*plugin.VCPU) {
		old := p.cur.Load()
		p.write(old)
		p.files.Executed()
		s := newState()
		s.made, s.free = old.made, old.free
		for _, x := range old.blocks { // no code of the old program is executed any more
			if x.inline {
				x.word.Reset()
				s.free = append(s.free, x.word)
			}
		}
		p.cur.Store(s)
	})
	h.OnExit(func(plugin.ExitInfo) { p.write(p.cur.Load()) })
	return nil
}

func (p *coverer) wants(format string) bool {
	return len(p.formats) == 0 || slices.Contains(p.formats, format)
}

// chosen reports whether a path matches one of the patterns, or there are none.
func chosen(patterns []string, path string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(g string) bool { return plugin.Glob(g, path) })
}

// hits returns what counts a block that is translated now; nil if it is in no file of interest.
func (s *state) hits(p *coverer, b *plugin.Block) *hits {
	s.mu.Lock()
	defer s.mu.Unlock()
	im := s.imageAt(p, b.PC())
	if im == nil {
		return nil
	}
	k := block{im, b.PC() - im.Bias, b.Size()}
	x := s.blocks[k]
	if x == nil {
		x = new(hits)
		if n := len(s.free); n > 0 {
			x.inline, x.word, s.free = true, s.free[n-1], s.free[:n-1]
		} else if s.made < maxInline {
			x.inline, x.word = true, plugin.NewCounter(p.host)
			s.made++
		}
		s.blocks[k] = x
	}
	return x
}

// imageAt returns the image that addr is in, whose lines are read while it is mapped.
func (s *state) imageAt(p *coverer, addr abi.Addr) *image {
	for _, im := range append([]plugin.Image{p.host.Image()}, p.host.Libraries()...) {
		if addr < im.Base || addr >= im.Limit || !chosen(p.images, im.Path) {
			continue
		}
		x := s.images[im.Path]
		if x == nil || x.Bias != im.Bias { // the lines are those of addresses now
			y := p.host.Symbolizer()
			x = &image{im, y.Lines(im), y.Functions(im)}
			s.images[im.Path] = x
		}
		return x
	}
	return nil
}

// counts returns the executions of each line of each source file.
func (s *state) counts(p *coverer) map[string]map[int]uint64 {
	files := make(map[string]map[int]uint64)
	ranges := make(map[*image][]uint64)
	for _, im := range s.images {
		ranges[im] = make([]uint64, len(im.lines))
	}
	for b, x := range s.blocks {
		n := x.count()
		counts, ok := ranges[b.image]
		if n == 0 || !ok {
			continue
		}
		start, end := b.off+b.image.Bias, b.off+b.image.Bias+abi.Addr(b.size)
		lines := b.image.lines
		i, _ := slices.BinarySearchFunc(lines, start, func(l plugin.LineRange, a abi.Addr) int { return cmp.Compare(l.End, a+1) })
		for ; i < len(lines) && lines[i].Addr < end; i++ {
			counts[i] = max(counts[i], n)
		}
	}
	for im, counts := range ranges {
		for i, l := range im.lines {
			if !chosen(p.sources, l.File) {
				continue
			}
			if files[l.File] == nil {
				files[l.File] = make(map[int]uint64)
			}
			files[l.File][l.Line.Line] = max(files[l.File][l.Line.Line], counts[i])
		}
	}
	return files
}

// funcCount is a function's row.
type funcCount struct {
	sym             plugin.Symbol
	line            plugin.Line
	entries         uint64
	blocks          int    // different ones that were executed
	total           uint64 // executions of them
	executed, bytes uint64
}

// byFunction returns all functions of an image.
func (s *state) byFunction(im *image) []funcCount {
	list := make([]funcCount, 0, len(im.funcs))
	for _, f := range im.funcs {
		if n := len(list); n > 0 && list[n-1].sym.Addr == f.Addr { // another name
			continue
		}
		c := funcCount{sym: f, bytes: f.Size}
		i, _ := slices.BinarySearchFunc(im.lines, f.Addr, func(l plugin.LineRange, a abi.Addr) int { return cmp.Compare(l.End, a+1) })
		if i < len(im.lines) && im.lines[i].Addr <= f.Addr {
			c.line = im.lines[i].Line
		}
		list = append(list, c)
	}
	covered := make(map[int]map[abi.Addr]bool)
	for b, x := range s.blocks {
		n := x.count()
		if b.image != im || n == 0 {
			continue
		}
		at := b.off + im.Bias
		i, ok := slices.BinarySearchFunc(list, at, func(c funcCount, a abi.Addr) int { return cmp.Compare(c.sym.Addr, a) })
		if !ok {
			i--
		}
		if i < 0 || list[i].sym.Size != 0 && at >= list[i].sym.Addr+list[i].sym.Size {
			continue
		}
		c := &list[i]
		c.blocks++
		c.total += n
		if at == c.sym.Addr {
			c.entries += n
		}
		if covered[i] == nil {
			covered[i] = make(map[abi.Addr]bool)
		}
		for a := at; a < at+abi.Addr(b.size); a += 2 {
			covered[i][a] = true
		}
	}
	for i, set := range covered {
		list[i].executed = uint64(len(set)) * 2
	}
	return list
}

// sorted returns the images by path.
func (s *state) sorted() []*image {
	return slices.SortedFunc(maps.Values(s.images), func(a, b *image) int { return cmp.Compare(a.Path, b.Path) })
}

// lcov writes a tracefile (geninfo(1)).
func (p *coverer) lcov(s *state, out *bytes.Buffer) {
	files := s.counts(p)
	funcs := make(map[string][]funcCount)
	for _, im := range s.sorted() {
		for _, f := range s.byFunction(im) {
			if f.line.File != "" {
				funcs[f.line.File] = append(funcs[f.line.File], f)
			}
		}
	}
	for _, list := range funcs {
		slices.SortStableFunc(list, func(a, b funcCount) int { return cmp.Compare(a.line.Line, b.line.Line) })
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(out, "TN:\nSF:%s\n", name)
		hit := 0
		for _, f := range funcs[name] {
			fmt.Fprintf(out, "FN:%d,%s\n", f.line.Line, f.sym.Name)
		}
		for _, f := range funcs[name] {
			n := f.entries
			if n == 0 && f.blocks > 0 {
				n = 1 // it was entered elsewhere than at its symbol
			}
			if n > 0 {
				hit++
			}
			fmt.Fprintf(out, "FNDA:%d,%s\n", n, f.sym.Name)
		}
		fmt.Fprintf(out, "FNF:%d\nFNH:%d\n", len(funcs[name]), hit)
		hit = 0
		lines := files[name]
		for _, l := range slices.Sorted(maps.Keys(lines)) {
			if lines[l] > 0 {
				hit++
			}
			fmt.Fprintf(out, "DA:%d,%d\n", l, lines[l])
		}
		fmt.Fprintf(out, "LF:%d\nLH:%d\nend_of_record\n", len(lines), hit)
	}
}

// cover writes a profile of go tool cover: each line is a block of one statement.
func (p *coverer) cover(s *state, out *bytes.Buffer) {
	out.WriteString("mode: count\n")
	files := s.counts(p)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		for _, l := range slices.Sorted(maps.Keys(files[name])) {
			fmt.Fprintf(out, "%s:%d.1,%d.1 1 %d\n", name, l, l+1, files[name][l])
		}
	}
}

// functions writes the table of functions.
func (p *coverer) functions(s *state, out *bytes.Buffer) {
	fmt.Fprintf(out, "%8s %8s %12s %8s %8s  function\n", "entries", "blocks", "executions", "bytes", "of")
	for _, im := range s.sorted() {
		for _, f := range s.byFunction(im) {
			if f.blocks > 0 && (len(p.sources) == 0 || chosen(p.sources, f.line.File)) {
				fmt.Fprintf(out, "%8d %8d %12d %8d %8d  %s\n", f.entries, f.blocks, f.total, f.executed, f.bytes, f.sym.Name)
			}
		}
	}
}

func (p *coverer) write(s *state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range formats {
		if !p.wants(f.name) {
			continue
		}
		var out bytes.Buffer
		f.write(p, s, &out)
		o, err := p.files.Open(f.suffix)
		if err == nil {
			_, err = o.Write(out.Bytes())
			o.Close()
		}
		if err != nil {
			fmt.Fprintf(p.host.Output(), "coverage: %v\n", err)
		}
	}
}
