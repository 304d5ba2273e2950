// Not under the race detector: it brings cgo, whose threads hostsys does not know.

//go:build linux && amd64 && !race

package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/isa/riscv64"
)

// BenchmarkEnter is the cost of leaving for a system call and coming back.
func BenchmarkEnter(b *testing.B) {
	space := setUp(b)
	mapAt(b, space, sandCode, pageSize, rwx)
	space.WriteU32(sandCode, 0x00000073)   // ecall
	space.WriteU32(sandCode+4, 0xffdff06f) // j .-4
	var all []*Engine
	u := newReal(b, "JIT", riscv64.New(), space, jitConfigs()["JIT"], &all)
	hostsys.Bind(u.s)
	defer hostsys.Unbind(u.s)
	u.s.PC = sandCode
	u.Run()
	b.ResetTimer()
	for range b.N {
		if x := u.Run(); x.Kind != Syscall {
			b.Fatal(x)
		}
	}
}

// BenchmarkStep is the cost of an instruction that is interpreted amid generated code.
func BenchmarkStep(b *testing.B) {
	space := setUp(b)
	mapAt(b, space, sandCode, pageSize, rwx)
	space.WriteU32(sandCode, 0xc0102573)   // rdtime a0
	space.WriteU32(sandCode+4, 0xfff58593) // addi a1, a1, -1
	space.WriteU32(sandCode+8, 0xfe059ce3) // bnez a1, .-8
	space.WriteU32(sandCode+12, 0x00000073)
	var all []*Engine
	u := newReal(b, "JIT", riscv64.New(), space, jitConfigs()["JIT"], &all)
	hostsys.Bind(u.s)
	defer hostsys.Unbind(u.s)
	u.s.PC, u.s.X[11] = sandCode, uint64(b.N)
	if x := u.Run(); x.Kind != Syscall {
		b.Fatal(x)
	}
}

// BenchmarkTranslate is the speed of translating, in guest instructions.
func BenchmarkTranslate(b *testing.B) {
	space := setUp(b)
	const pages = 64
	mapAt(b, space, sandCode, pages*pageSize, rwx)
	r := rand.New(rand.NewPCG(1, 1))
	var p []byte
	for len(p) < pages*pageSize-512 {
		q := randomSequence(r, sandCode+uint64(len(p)))
		p = append(p, q.code...)
	}
	space.Write(sandCode, p)
	var all []*Engine
	for name, cfg := range map[string]Config{"JIT": jitConfigs()["JIT"], "interpreter": {}} {
		b.Run(name, func(b *testing.B) {
			u := newReal(b, name, riscv64.New(), space, cfg, &all)
			b.ReportAllocs()
			for range b.N {
				u.e.Flush()
				for pc := uint64(sandCode); pc < sandCode+uint64(len(p)); {
					blk, _ := u.e.translate(pc, 0)
					pc = blk.end
				}
			}
			st := u.e.Stats()
			b.ReportMetric(float64(st.Insns)/b.Elapsed().Seconds()/1e6, "Minsns/s")
			b.ReportMetric(float64(st.CodeBytes)/float64(st.Insns), "B/insn")
		})
	}
}
