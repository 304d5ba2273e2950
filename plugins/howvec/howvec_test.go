package howvec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/howvec"
)

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	if err := g.Install("howvec", howvec.Info().New(), args); err != nil {
		t.Fatal(err)
	}
	return g
}

// code is a block: addi; ld; c.mv; ecall; nothing known; no instruction.
func code(g *plugintest.Guest) *plugintest.Block {
	return g.Code(0x1000,
		plugintest.Insn{Text: "addi\ta0,a0,1", Bytes: []byte{0x13, 0x05, 0x15, 0x00}},
		plugintest.Insn{Text: "ld\ta1,0(a0)", Bytes: []byte{0x83, 0x35, 0x05, 0x00}},
		plugintest.Insn{Text: "mv\ta0,a1", Bytes: []byte{0x2e, 0x85}},
		plugintest.Insn{Text: "vadd.vv\tv1,v2,v3", Bytes: []byte{0xd7, 0x80, 0x21, 0x02}},
		plugintest.Insn{Text: "ecall", Bytes: []byte{0x73, 0, 0, 0}, Class: plugin.ClassSyscall},
	)
}

func TestReport(t *testing.T) {
	for args, want := range map[string]string{
		"": `Class: Loads	(3 hits)
Class: System calls	(3 hits)
Class: Moves, constants	(3 hits)
Class: Add/Sub	(3 hits)
Class: Unclassified	counted individually
Individual Instructions:
Instr: vadd.vv v1,v2,v3	(3 hits)	(op=0x022180d7/Unclassified)
`,
		"count=load,count=mov,count=!unclass,inline=off": `Class: Loads	counted individually
Class: System calls	(3 hits)
Class: Moves, constants	counted individually
Class: Add/Sub	(3 hits)
Class: Unclassified	not counted
Individual Instructions:
Instr: mv a0,a1	(3 hits)	(op=0x0000852e/Moves, constants)
Instr: ld a1,0(a0)	(3 hits)	(op=0x00053583/Loads)
`,
	} {
		g := install(t, args)
		b := code(g)
		for range 3 {
			g.Main().Exec(b)
		}
		g.Exit(plugin.ExitInfo{})
		var got strings.Builder
		for l := range strings.Lines(g.Output()) {
			fields := strings.Split(l, "\t")
			fields[0] = strings.TrimRight(fields[0], " ")
			got.WriteString(strings.Join(fields, "\t"))
		}
		if got.String() != "Instruction Classes:\n"+want {
			t.Errorf("%s:\n%s\nwant:\n%s", args, g.Output(), want)
		}
	}
}

// The columns are those that scripts split.
func TestColumns(t *testing.T) {
	g := install(t, "")
	g.Main().Exec(code(g))
	g.Exit(plugin.ExitInfo{})
	for _, want := range []string{
		"\nClass: Loads                   \t(1 hits)\n",
		"\nInstr: vadd.vv v1,v2,v3        \t(1 hits)\t(op=0x022180d7/Unclassified)\n",
	} {
		if !strings.Contains(g.Output(), want) {
			t.Errorf("no %q in\n%s", want, g.Output())
		}
	}
}

// verbose lists classes without hits, count=all all instructions, of which 50 are shown; a
// child starts at zero.
func TestManyAndFork(t *testing.T) {
	g := install(t, "verbose=on,count=!load,count=add")
	var insns []plugintest.Insn
	for n := range 60 {
		insns = append(insns, plugintest.Insn{Text: fmt.Sprintf("addi a0,a0,%d", n), Bytes: []byte{0x13, 0x05, byte(n)<<4 | 5, byte(n) >> 4}})
	}
	g.Main().Exec(g.Code(0x1000, insns...))
	g.Main().Exec(g.Code(0x2000, insns[7:9]...))
	g.BecomeChild()
	g.Main().Exec(g.Code(0x1000, insns...))
	g.Main().Exec(g.Code(0x3000, insns[8:10]...))
	g.Exit(plugin.ExitInfo{})
	out := g.Output()
	if n := strings.Count(out, "Instr: "); n != 50 {
		t.Errorf("%d instructions", n)
	}
	_, list, _ := strings.Cut(out, "Individual Instructions:\n")
	if !strings.HasPrefix(list, fmt.Sprintf("Instr: %-24s\t(2 hits)\t(op=0x00850513/Add/Sub)\nInstr: %-24s\t(2 hits)", "addi a0,a0,8", "addi a0,a0,9")) || strings.Count(list, "(1 hits)") != 48 {
		t.Errorf("instructions:\n%s", list)
	}
	for _, want := range []string{"Class: Stores                  \t(0 hits)\n", "Class: Loads                   \tnot counted\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"inline=2":  "inline=2: want on or off",
		"verbose=x": "verbose=x: want on or off",
		"classes=1": `unknown argument "classes": it takes count, inline, verbose`,
		"count=!no": "count=!no: want all or a class, with or without !: load, store,",
	} {
		err := plugintest.New().Install("howvec", howvec.Info().New(), args)
		if err == nil || !strings.HasPrefix(err.Error(), "plugin howvec: "+want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
