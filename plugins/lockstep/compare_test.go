package lockstep

import (
	"bytes"
	"strings"
	"testing"

	"github.com/weir-emu/weir/plugin/plugintest"
)

// pair is one end of a connection: what is written goes to the other's buffer.
type pair struct {
	in  *bytes.Buffer
	out *bytes.Buffer
}

func (p pair) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p pair) Write(b []byte) (int, error) { return p.out.Write(b) }

// both lets two comparisons exchange: the second reads what the first has written, and the first what
// the second would write.
func both(t *testing.T, a, b *comparison, endA, endB bool) (reports [2]string, over [2]bool) {
	t.Helper()
	ab, ba, none := new(bytes.Buffer), new(bytes.Buffer), new(bytes.Buffer)
	copyB := comparison{list: append([]block(nil), b.list...)}
	copyB.exchange(pair{none, ba}, endB) // fails to read, but has written
	var err error
	if reports[0], over[0], err = a.exchange(pair{ba, ab}, endA); err != nil {
		t.Fatal(err)
	}
	if reports[1], over[1], err = b.exchange(pair{ab, none}, endB); err != nil {
		t.Fatal(err)
	}
	return reports, over
}

func fill(c *comparison, blocks ...uint64) {
	for i := 0; i < len(blocks); i += 2 {
		c.add(block{blocks[i], blocks[i], blocks[i+1]})
	}
}

func TestExchange(t *testing.T) {
	var a, b comparison
	for _, c := range []*comparison{&a, &b} {
		fill(c, 0x100, 0, 0x200, 4, 0x300, 9)
	}
	if r, over := both(t, &a, &b, false, false); r != [2]string{} || over != [2]bool{} || a.blocks != 3 || len(a.list) != 0 {
		t.Errorf("%q %v, %d blocks", r, over, a.blocks)
	}
	if r, _ := both(t, &a, &b, false, false); r != [2]string{} { // system calls without blocks between
		t.Errorf("%q", r)
	}
	for _, c := range []*comparison{&a, &b} {
		fill(c, 0x100, 20, 0x110, 22, 0x120, 23, 0x130, 30)
	}
	fill(&a, 0x140, 33)
	fill(&b, 0x150, 33, 0x160, 34)
	r, _ := both(t, &a, &b, false, true)
	const tail = `  previously @ 0x0000000000000130/3 (30 insns)
  previously @ 0x0000000000000120/7 (23 insns)
  previously @ 0x0000000000000110/1 (22 insns)
  previously @ 0x0000000000000100/2 (20 insns)
  previously @ 0x0000000000000300/11 (9 insns)
`
	want := [2]string{
		"@ 0x0000000000000140 vs 0x0000000000000150 (1/0 since last)\nΔ insn_count @ 0x0000000000000140 (33) vs 0x0000000000000150 (33)\n" + tail,
		"@ 0x0000000000000150 vs 0x0000000000000140 (1/0 since last)\nΔ insn_count @ 0x0000000000000150 (33) vs 0x0000000000000140 (33)\n" + tail,
	}
	if r != want {
		t.Errorf("%s\n%s\nwant\n%s\n%s", r[0], r[1], want[0], want[1])
	}
}

// Addresses may differ if places do not.
func TestPlaces(t *testing.T) {
	var a, b comparison
	a.add(block{0x5000, 1, 7})
	b.add(block{0x6000, 1, 7})
	a.add(block{0x5100, 2, 8})
	b.add(block{0x6100, 3, 8})
	if r, _ := both(t, &a, &b, false, false); !strings.HasPrefix(r[0], "@ 0x0000000000005100 vs 0x0000000000006100 (1/0 since last)\n") || !strings.HasSuffix(r[1], "  previously @ 0x0000000000006000/1 (7 insns)\n") {
		t.Errorf("%q", r)
	}
}

// The same place after another number of instructions is a difference, and so is a system call that only one makes.
func TestDifferences(t *testing.T) {
	var a, b comparison
	fill(&a, 0x100, 7)
	fill(&b, 0x100, 8)
	if r, _ := both(t, &a, &b, false, false); !strings.HasPrefix(r[0], "@ 0x0000000000000100 vs 0x0000000000000100 (1/0 since last)\nΔ insn_count @ 0x0000000000000100 (7) vs 0x0000000000000100 (8)\n") {
		t.Errorf("%q", r)
	}
	a, b = comparison{}, comparison{}
	fill(&a, 0x100, 7)
	fill(&b, 0x100, 7, 0x110, 9)
	if r, _ := both(t, &a, &b, false, false); !strings.HasPrefix(r[0], "@ 0x0000000000000000 vs 0x0000000000000110 (1/0 since last)\n") || !strings.Contains(r[1], "previously @ 0x0000000000000100/2 (7 insns)\n") {
		t.Errorf("%q", r)
	}
}

func TestEnds(t *testing.T) {
	var a, b comparison
	if r, over := both(t, &a, &b, true, true); r != [2]string{} || over != [2]bool{true, true} {
		t.Errorf("%q %v", r, over)
	}
	r, _ := both(t, &a, &b, true, false)
	if want := [2]string{"lockstep: after 0 blocks this run has ended\n", "lockstep: after 0 blocks the other run has ended\n"}; r != want {
		t.Errorf("%q", r)
	}
	if _, _, err := a.exchange(pair{new(bytes.Buffer), new(bytes.Buffer)}, false); err == nil || !strings.HasPrefix(err.Error(), "the other run is gone: ") {
		t.Errorf("%v", err)
	}
	nonsense := bytes.NewBufferString("\x00\xff\xff\xff\xff")
	if _, _, err := a.exchange(pair{nonsense, new(bytes.Buffer)}, false); err == nil || err.Error() != "the other run sends nonsense" {
		t.Errorf("%v", err)
	}
}

func TestBatch(t *testing.T) {
	var c comparison
	for n := 1; ; n++ {
		if c.add(block{}) {
			if n != batch {
				t.Errorf("full after %d", n)
			}
			break
		}
	}
	if c.forget(); len(c.list) != 0 {
		t.Error("not forgotten")
	}
}

func TestGreet(t *testing.T) {
	if err := greet(pair{bytes.NewBufferString(hello), new(bytes.Buffer)}); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"", "HTTP/1.1 400 Bad Request\r\n"} {
		var out bytes.Buffer
		if err := greet(pair{bytes.NewBufferString(s), &out}); err == nil || out.String() != hello {
			t.Errorf("%q: %v, said %q", s, err, out.String())
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                    "sockpath=PATH is required",
		"sockpath=x,verbose=": "verbose=: want on or off",
		"socket=x":            `unknown argument "socket": it takes sockpath, verbose`,
	} {
		err := plugintest.New().Install("lockstep", Info().New(), args)
		if err == nil || err.Error() != "plugin lockstep: "+want {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
