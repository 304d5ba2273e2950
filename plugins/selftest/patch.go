package selftest

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/weir-emu/weir/plugin"
)

var patchOptions = []plugin.Option{
	{Key: "target", Value: "HEX", Help: "bytes of the instructions to replace, one or several in a row"},
	{Key: "patch", Value: "HEX", Help: "bytes to put there, as many"},
	boolOption("use_hwaddr", "is accepted, and the same: a Linux program has no other addresses"),
}

// patch overwrites code of the guest. The block in which it is found runs as it was once more; the
// new code is what is executed from then on.
func patch(h *plugin.Host, args plugin.Args) error {
	var hwaddr bool
	if err := bools(args, map[string]*bool{"use_hwaddr": &hwaddr}); err != nil {
		return err
	}
	target, err := hexOption(args, "target")
	if err != nil {
		return err
	}
	code, err := hexOption(args, "patch")
	if err != nil {
		return err
	}
	if len(target) != len(code) {
		return fmt.Errorf("target has %d bytes and patch %d: want as many", len(target), len(code))
	}
	h.OnTranslate(func(b *plugin.Block) {
		for k := range b.Len() {
			if !bytes.HasPrefix(codeFrom(b, k), target) {
				continue
			}
			pc := b.Insn(k).PC()
			b.OnExec(plugin.WriteRegs, func(v *plugin.VCPU) {
				now := make([]byte, len(target))
				if v.ReadMem(pc, now) != nil || !bytes.Equal(now, target) {
					return // another block, or thread, was first
				}
				if err := v.WriteMem(pc, code); err != nil {
					h.Fail("writing code at 0x%x: %v", pc, err)
				}
				fmt.Fprintf(h.Output(), "patching: @0x%x\n", pc)
			})
		}
	})
	return nil
}

func hexOption(args plugin.Args, key string) ([]byte, error) {
	s := args.Get(key, "")
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("%s=%s: want bytes in hexadecimal digits", key, s)
	}
	return b, nil
}

// codeFrom returns the code of b from instruction k on.
func codeFrom(b *plugin.Block, k int) (code []byte) {
	for ; k < b.Len(); k++ {
		code = append(code, b.Insn(k).Bytes()...)
	}
	return code
}
