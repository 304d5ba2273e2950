package amd64

import (
	"strings"
	"testing"
)

// TestDisasm checks that every encoding is read with its full length and the
// mnemonic of its row.
func TestDisasm(t *testing.T) {
	for _, r := range asmRows {
		code := encode(r.emit)
		text, n := disasm(append(code, 0x90, 0x90), 0x1000)
		if n != len(code) {
			t.Errorf("%x (%s): read %d of %d bytes as %q", code, r.text, n, len(code), text)
			continue
		}
		want, _, _ := strings.Cut(strings.TrimPrefix(r.text, "lock "), " ")
		got, _, _ := strings.Cut(strings.TrimPrefix(text, "lock "), " ")
		same := map[string]string{
			"movabs": "mov", "seta": "setnbe", "vcmpeqsd": "vcmpsd_xmm", "vpclmullqlqdq": "vpclmulqdq",
		}
		if s := same[want]; s != "" {
			want = s
		}
		if got != want {
			t.Errorf("%x is %q, want %q", code, text, r.text)
		}
	}
	text := new(gen).Disasm([]byte{0x48, 0x8b, 0xc3, 0xc5, 0xeb, 0x58, 0xcb}, 0x10)
	for _, want := range []string{"0x10:\t488bc3", "mov rax, rbx\n", "0x13:\tc5eb58cb", "vaddsd xmm1, xmm2, xmm3\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
