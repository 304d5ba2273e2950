//go:build linux

package load

import (
	"errors"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/mem"
)

func TestStack(t *testing.T) {
	for _, tc := range []struct {
		argv, envp []string
		platform   string
	}{
		{[]string{"prog"}, nil, ""},
		{[]string{"prog", "", "two words"}, []string{"A=1", "PATH=/bin"}, "riscv"},
		{nil, []string{"ONLY=env"}, ""},
		{[]string{"a", "b"}, []string{"c"}, "x86_64"},
		{[]string{strings.Repeat("x", 5000)}, make([]string, 1000), "p"},
	} {
		sp := window(t)
		top, err := MapStack(sp, 1<<20, false)
		if err != nil {
			t.Fatal(err)
		}
		spec := StackSpec{Args: Args{Argv: tc.argv, Envp: tc.envp, ExecFn: "/bin/prog"}, Platform: tc.platform, Random: [16]byte{1, 2, 3}, Aux: []Aux{{ATPagesz, 4096}, {ATUID, 7}}}
		info, err := Stack(sp, top, &spec)
		if err != nil {
			t.Fatal(err)
		}
		if info.SP%16 != 0 || info.SP >= top {
			t.Errorf("sp %#x, top %#x", info.SP, top)
		}
		at := info.SP
		next := func() uint64 {
			v, ok := sp.ReadU64(at)
			if !ok {
				t.Fatalf("%#x is not readable", at)
			}
			at += 8
			return v
		}
		str := func(p uint64) string {
			s, errno := sp.ReadCString(p, 1<<20)
			if errno != 0 {
				t.Fatalf("string at %#x: %v", p, errno)
			}
			return string(s)
		}
		if argc := next(); argc != uint64(len(tc.argv)) {
			t.Fatalf("argc %d", argc)
		}
		for _, list := range [][]string{tc.argv, tc.envp} {
			for i, want := range list {
				if got := str(next()); got != want {
					t.Errorf("string %d: %q, want %q", i, got, want)
				}
			}
			if next() != 0 {
				t.Fatal("no null pointer")
			}
		}
		aux := map[uint64]uint64{}
		if at != info.AuxStart {
			t.Errorf("auxv at %#x, told %#x", at, info.AuxStart)
		}
		for {
			k, v := next(), next()
			if k == ATNull {
				break
			}
			aux[k] = v
		}
		if at != info.AuxStart+info.AuxBytes {
			t.Errorf("auxv of %d bytes, told %d", at-info.AuxStart, info.AuxBytes)
		}
		var random [16]byte
		sp.Read(aux[ATRandom], random[:])
		if aux[ATPagesz] != 4096 || aux[ATUID] != 7 || str(aux[ATExecFn]) != "/bin/prog" || random != spec.Random {
			t.Errorf("auxv %v", aux)
		}
		if p, ok := aux[ATPlatform]; ok != (tc.platform != "") || ok && str(p) != tc.platform {
			t.Errorf("AT_PLATFORM %#x", p)
		}
		if aux[ATRandom] < at {
			t.Errorf("AT_RANDOM %#x below the end of auxv %#x", aux[ATRandom], at)
		}
		if len(tc.argv) > 0 && str(info.ArgStart) != tc.argv[0] || info.EnvStart != info.ArgEnd || info.EnvEnd >= top {
			t.Errorf("info %+v", info)
		}
	}
}

func TestStackGuard(t *testing.T) {
	sp := window(t)
	top, err := MapStack(sp, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	const size = 16 * pageSize // the least
	if !sp.Write(top-size, []byte{1}) || sp.Write(top-size-1, []byte{1}) {
		t.Error("wrong extent")
	}
	if a, _ := sp.Lookup(top - 1); a.Prot != mem.ProtRead|mem.ProtWrite|mem.ProtExec {
		t.Errorf("%+v", a)
	}
	if _, err := MapStack(sp, 1<<60, false); err == nil || !strings.Contains(err.Error(), "-s") {
		t.Errorf("huge stack: %v", err)
	}
}

func TestCheckArgs(t *testing.T) {
	for _, tc := range []struct {
		a     Args
		stack uint64
		fails bool
	}{
		{Args{Argv: []string{"x"}}, 8 << 20, false},
		{Args{Argv: []string{strings.Repeat("x", MaxArgLen-1)}}, 8 << 20, false},
		{Args{Argv: []string{strings.Repeat("x", MaxArgLen)}}, 8 << 20, true},
		{Args{Envp: []string{strings.Repeat("x", MaxArgLen)}}, 8 << 20, true},
		{Args{Argv: make([]string, 200000)}, 8 << 20, false},
		{Args{Argv: make([]string, 300000)}, 8 << 20, true},
		{Args{Argv: make([]string, 10000)}, 4096, false},
		{Args{Argv: make([]string, 700000)}, 1 << 40, true},
	} {
		err := tc.a.Check(tc.stack)
		var e *Error
		if (err != nil) != tc.fails || err != nil && (!errors.As(err, &e) || e.Errno != abi.E2BIG) {
			t.Errorf("%d args, stack %#x: %v", len(tc.a.Argv), tc.stack, err)
		}
	}
}

func TestMachineName(t *testing.T) {
	for _, tc := range []struct {
		m         uint16
		is32, big bool
		want      string
	}{
		{243, false, false, "riscv64"},
		{243, true, false, "riscv32"},
		{62, false, false, "x86_64"},
		{62, true, false, "x86_64 (x32)"},
		{183, false, true, "aarch64 (big-endian)"},
		{8, false, true, "mips64 (big-endian)"},
		{2, true, true, "sparc"},
		{9999, false, false, "an unknown machine (ELF machine number 9999)"},
	} {
		if got := MachineName(tc.m, tc.is32, tc.big); got != tc.want {
			t.Errorf("machine %d: %q, want %q", tc.m, got, tc.want)
		}
	}
}
