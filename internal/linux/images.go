//go:build linux

package linux

import "github.com/weir-emu/weir/internal/linux/load"

// LoadedImage is an ELF file of the program that was loaded.
type LoadedImage struct {
	Path     string
	Bias     uint64
	Lo, Hi   uint64 // all of it
	Entry    uint64
	Segments []Mapping
}

// LoadedImages are the program and, if it has one, its dynamic loader.
func (p *Process) LoadedImages() []LoadedImage {
	pr := &p.Prog
	list := []LoadedImage{loaded(pr.Path, pr.Image, pr.Bias)}
	if pr.Interp != nil {
		list = append(list, loaded(pr.InterpPath, pr.Interp, pr.InterpBias))
	}
	return list
}

// loaded describes an image where it lies.
func loaded(path string, im *load.Image, bias uint64) LoadedImage {
	l := LoadedImage{Path: path, Bias: bias, Lo: im.Lo + bias, Hi: im.Hi + bias, Entry: im.Entry + bias}
	for _, s := range im.Segments {
		l.Segments = append(l.Segments, Mapping{
			Addr: s.Addr + bias, Size: s.MemSize, Prot: s.Prot, FD: -1, Path: path, Offset: s.Off,
		})
	}
	return l
}

// GuestPath is the running program as the guest knows it.
func (t *Task) GuestPath() string { return t.guestPath(t.Proc.Prog.Path) }
