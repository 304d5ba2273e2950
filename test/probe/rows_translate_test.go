//go:build linux

package probe

import (
	"bytes"
	"debug/elf"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// Every block that is executed was shown before; handles die with the callback.
func TestRow_tb_trans_cb(t *testing.T) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		shown := map[abi.Addr]bool{}
		var kept *plugin.Block
		p := install(func(h *plugin.Host) {
			h.OnTranslate(func(b *plugin.Block) {
				pc := b.PC()
				shown[pc], kept = true, b
				b.OnExec(plugin.ReadRegs, func(v *plugin.VCPU) {
					if now, _ := v.PC(); now != pc || !shown[pc] {
						t.Errorf("block %#x is executed at %#x", pc, now)
					}
				})
			})
		})
		run(t, cfg, p, "work")
		if len(shown) < 100 {
			t.Errorf("%d blocks", len(shown))
		}
		defer func() {
			if recover() == nil {
				t.Error("a block can be used after its callback")
			}
		}()
		kept.PC()
	})
}

// text is the guest's code, from the file.
func text(t *testing.T, guest string) (code []byte, addr uint64) {
	t.Helper()
	f, err := elf.Open(testenv.GuestC(t, guest))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := f.Section(".text")
	if code, err = s.Data(); err != nil {
		t.Fatal(err)
	}
	return code, s.Addr
}

// blocks calls f for each block of the guest's own code, in a run of "work".
func blocks(t *testing.T, f func(t *testing.T, h *plugin.Host, b *plugin.Block)) {
	eachRow(t, func(t *testing.T, cfg weir.Config) {
		n := 0
		run(t, cfg, install(func(h *plugin.Host) {
			onCode(h, "probe_", func(b *plugin.Block) {
				n++
				f(t, h, b)
			})
		}), "work")
		if n < 10 {
			t.Errorf("%d blocks", n)
		}
	})
}

func TestRow_tb_n_insns(t *testing.T) {
	blocks(t, func(t *testing.T, _ *plugin.Host, b *plugin.Block) {
		n, size := 0, 0
		for k, i := range b.Insns {
			if k != n || i.Index() != k {
				t.Errorf("instruction %d is number %d", n, i.Index())
			}
			n++
			size += i.Len()
		}
		if n != b.Len() || n == 0 || size != b.Size() {
			t.Errorf("%d instructions, Len %d, %d bytes, Size %d", n, b.Len(), size, b.Size())
		}
	})
}

func TestRow_tb_vaddr(t *testing.T) {
	blocks(t, func(t *testing.T, h *plugin.Host, b *plugin.Block) {
		if im := h.Image(); b.PC() != b.Insn(0).PC() || b.PC() < im.Start || b.PC() >= im.End {
			t.Errorf("block %#x begins at %#x, in %+v", b.PC(), b.Insn(0).PC(), im)
		}
	})
}

func TestRow_tb_get_insn(t *testing.T) {
	blocks(t, func(t *testing.T, _ *plugin.Host, b *plugin.Block) {
		for k, i := range b.Insns {
			if b.Insn(k) != i {
				t.Errorf("Insn(%d)", k)
			}
		}
		if b.Insn(-1) != nil || b.Insn(b.Len()) != nil {
			t.Error("there are instructions outside of the block")
		}
	})
}

func TestRow_insn_data(t *testing.T) {
	code, addr := text(t, "probe")
	blocks(t, func(t *testing.T, _ *plugin.Host, b *plugin.Block) {
		for _, i := range b.Insns {
			if want := code[i.PC()-addr:][:i.Len()]; !bytes.Equal(i.Bytes(), want) {
				t.Errorf("%#x: % x, in the file % x", i.PC(), i.Bytes(), want)
			}
		}
	})
}

func TestRow_insn_size(t *testing.T) {
	blocks(t, func(t *testing.T, _ *plugin.Host, b *plugin.Block) {
		for _, i := range b.Insns {
			want := 2
			if i.Bytes()[0]&3 == 3 {
				want = 4
			}
			if i.Len() != want || len(i.Bytes()) != want {
				t.Errorf("%#x: %d bytes, want %d", i.PC(), i.Len(), want)
			}
		}
	})
}

func TestRow_insn_vaddr(t *testing.T) {
	blocks(t, func(t *testing.T, _ *plugin.Host, b *plugin.Block) {
		pc := b.PC()
		for _, i := range b.Insns {
			if i.PC() != pc {
				t.Errorf("%#x, want %#x", i.PC(), pc)
			}
			pc += abi.Addr(i.Len())
		}
	})
}

// The host address is that of the bytes: the guest is mapped as it is.
func TestRow_insn_haddr(t *testing.T) {
	blocks(t, func(t *testing.T, _ *plugin.Host, b *plugin.Block) {
		first := b.Insn(0)
		if first.HostAddr() == 0 {
			t.Errorf("%#x has no host address", first.PC())
		}
		for _, i := range b.Insns {
			if d := uint64(i.HostAddr() - first.HostAddr()); d != i.PC()-first.PC() {
				t.Errorf("%#x is at %#x", i.PC(), i.HostAddr())
			}
		}
	})
}

func TestRow_insn_disas(t *testing.T) {
	blocks(t, func(t *testing.T, _ *plugin.Host, b *plugin.Block) {
		for _, i := range b.Insns {
			s := i.String()
			if s == "" || !strings.HasPrefix(s, i.Mnemonic()) || strings.Contains(s, "\n") {
				t.Errorf("%#x: %q, %q", i.PC(), s, i.Mnemonic())
			}
			if (s == "ret") != (i.Class() == plugin.ClassReturn) {
				t.Errorf("%#x: %q is of class %v", i.PC(), s, i.Class())
			}
		}
	})
}

func TestRow_insn_symbol(t *testing.T) {
	blocks(t, func(t *testing.T, h *plugin.Host, b *plugin.Block) {
		for _, i := range b.Insns {
			s, ok := i.Symbol()
			if !ok || i.PC() < s.Addr || i.PC() >= s.Addr+s.Size || s.Image != h.Image().Path {
				t.Errorf("%#x: %+v %v", i.PC(), s, ok)
			}
			if again, ok := h.Symbolizer().Find(s.Name); !ok || again != s {
				t.Errorf("%s is %+v", s.Name, again)
			}
		}
	})
}
