//go:build linux

package linux

import "github.com/weir-emu/weir/internal/linux/load"

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
