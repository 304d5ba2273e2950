package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseBlock reads the text form of a block into b. Empty lines and what follows
// a semicolon are ignored. End and NInsn follow from the insn lines. The
// result is not verified; see [Block.Verify].
func ParseBlock(b *Block, text string) error {
	started := false
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, ";")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if err := b.parseLine(line, &started); err != nil {
			return fmt.Errorf("line %d: %q: %w", n+1, line, err)
		}
	}
	if !started {
		return fmt.Errorf("no block line")
	}
	return nil
}

func (b *Block) parseLine(line string, started *bool) error {
	if rest, ok := strings.CutPrefix(line, "block "); ok {
		if *started {
			return fmt.Errorf("second block line")
		}
		*started = true
		pc, err := parsePC(strings.TrimSpace(rest))
		b.Reset(pc)
		return err
	}
	if !*started {
		return fmt.Errorf("the first line must be block PC")
	}
	i, err := ParseInst(line)
	if err != nil {
		return err
	}
	if i.Op == OpInsn {
		if uint64(i.Imm) != b.End {
			return fmt.Errorf("instruction does not start where the one before ends, %#x", b.End)
		}
		b.Insn(int(i.Aux))
		return nil
	}
	b.Emit(i)
	return nil
}

// ParseInst reads one operation in the text form.
func ParseInst(text string) (i Inst, err error) {
	var dst string
	if l, r, ok := strings.Cut(text, "="); ok {
		dst, text = strings.TrimSpace(l), strings.TrimSpace(r)
	}
	head, rest, _ := strings.Cut(text, " ")
	suffixes := strings.Split(head, ".")
	if i.Op, err = parseOp(suffixes[0]); err != nil {
		return i, err
	}
	o := &Ops[i.Op]
	if (o.Dst != None) != (dst != "") {
		return i, fmt.Errorf("%s: a destination is missing or too much", o.Name)
	}
	if dst != "" {
		if i.Dst, err = parseVal(dst); err != nil {
			return i, err
		}
	}
	suffixes = suffixes[1:]
	next := func(u AuxUse) (uint8, error) {
		if u == AuxNone {
			return 0, nil
		}
		if len(suffixes) == 0 {
			return 0, fmt.Errorf("%s: a suffix is missing", o.Name)
		}
		s := suffixes[0]
		suffixes = suffixes[1:]
		return parseAux(u, s)
	}
	if o.Types != TyNone {
		t, err := next(AuxType)
		if err != nil {
			return i, err
		}
		i.Ty = Type(t)
	}
	if i.Aux, err = next(o.Aux); err != nil {
		return i, err
	}
	if i.Aux2, err = next(o.Aux2); err != nil {
		return i, err
	}
	if len(suffixes) != 0 {
		return i, fmt.Errorf("%s: suffix %q too much", o.Name, suffixes[0])
	}
	return i, i.parseOperands(rest)
}

func (i *Inst) parseOperands(text string) error {
	o := &Ops[i.Op]
	var args []string
	if text = strings.TrimSpace(text); text != "" {
		args = strings.Split(text, ",")
	}
	next := func() string {
		if len(args) == 0 {
			return ""
		}
		s := strings.TrimSpace(args[0])
		args = args[1:]
		return s
	}
	for _, f := range [...]struct {
		kind Operand
		v    *Val
	}{{o.A, &i.A}, {o.B, &i.B}, {o.C, &i.C}} {
		if f.kind == None {
			continue
		}
		s := next()
		if num, ok := strings.CutPrefix(s, "#"); ok {
			if f.kind != IntImm {
				return fmt.Errorf("%s: no immediate allowed", o.Name)
			}
			n, err := strconv.ParseInt(num, 0, 64)
			if err != nil {
				return err
			}
			*f.v, i.Imm = Imm, n
			continue
		}
		v, err := parseVal(s)
		if err != nil {
			return err
		}
		*f.v = v
	}
	var err error
	switch o.Imm {
	case ImmVal, ImmDisp:
		num, ok := strings.CutPrefix(next(), "#")
		if !ok {
			return fmt.Errorf("%s: #number expected", o.Name)
		}
		i.Imm, err = parseNum(num)
	case ImmPC:
		var pc uint64
		pc, err = parsePC(next())
		i.Imm = int64(pc)
	}
	if err == nil && len(args) != 0 {
		err = fmt.Errorf("%s: operand %q too much", o.Name, args[0])
	}
	return err
}

// parseNum reads a signed decimal or any 64-bit number in Go's notation.
func parseNum(s string) (int64, error) {
	if u, err := strconv.ParseUint(s, 0, 64); err == nil {
		return int64(u), nil
	}
	return strconv.ParseInt(s, 0, 64)
}

func parsePC(s string) (uint64, error) { return strconv.ParseUint(s, 0, 64) }

func parseOp(name string) (Op, error) {
	for op := range NumOps {
		if Ops[op].Name == name {
			return op, nil
		}
	}
	return 0, fmt.Errorf("unknown operation %q", name)
}

func parseAux(u AuxUse, s string) (uint8, error) {
	for v, n := range u.names() {
		if n == s {
			return uint8(v), nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("unknown suffix %q", s)
	}
	return uint8(n), nil
}

func parseVal(s string) (Val, error) {
	for _, f := range [...]struct {
		prefix string
		base   Val
		n      uint64
	}{{"ft", FBase, uint64(Imm - FBase)}, {"x", 0, 64}, {"v", VBase, 64}, {"t", TBase, 64}} {
		if num, ok := strings.CutPrefix(s, f.prefix); ok {
			n, err := strconv.ParseUint(num, 10, 8)
			if err != nil || n >= f.n {
				break
			}
			return f.base + Val(n), nil
		}
	}
	return 0, fmt.Errorf("bad operand %q", s)
}
