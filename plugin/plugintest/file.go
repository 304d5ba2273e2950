package plugintest

import (
	"maps"
	"slices"
	"sync"
)

// file is a file of a plugin's, in memory.
type file struct {
	mu   sync.Mutex
	data []byte
}

// Write implements io.Writer.
func (f *file) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = append(f.data, p...)
	return len(p), nil
}

// Update implements plugin.OwnFile.
func (f *file) Update(fn func(old []byte) []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = slices.Clone(fn(slices.Clone(f.data)))
	return nil
}

// Close implements plugin.OwnFile.
func (f *file) Close() error { return nil }

// Files lists the files that plugins have opened with OpenFile, by name.
func (g *Guest) Files() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.files))
}

// File returns what plugins have written to a file; "" if there is none.
func (g *Guest) File(name string) string {
	g.mu.Lock()
	f := g.files[name]
	g.mu.Unlock()
	if f == nil {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.data)
}
