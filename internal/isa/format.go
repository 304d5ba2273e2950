package isa

// OperandFunc appends the text of the operand or field called name. ok is false
// for a name it does not know, which is then taken literally. Appending nothing
// drops the operand together with its comma.
type OperandFunc func(dst []byte, name string, i *Inst) (text []byte, ok bool)

// ValueFunc returns the value of a field for a condition of Row.Syntax.
type ValueFunc func(name string, i *Inst) (v int64, ok bool)

// Format appends the assembler text of i: mnemonic, a tab, operands separated
// by commas without space, as objdump prints it.
func Format(dst []byte, i *Inst, operand OperandFunc, value ValueFunc) []byte {
	return expand(dst, choose(i, value), i, operand)
}

// choose returns the form of i's syntax to print: the first alias whose
// conditions hold, else the canonical one.
func choose(i *Inst, value ValueFunc) string {
	rest := i.Row.Syntax
	canonical := rest
	for n := 0; rest != ""; n++ {
		form := rest
		rest = ""
		for k := 0; k+2 < len(form); k++ {
			if form[k:k+3] == " | " {
				form, rest = form[:k], form[k+3:]
				break
			}
		}
		if n == 0 {
			canonical = form
			continue
		}
		if text, ok := holds(form, i, value); ok {
			return text
		}
	}
	return canonical
}

// holds splits "text: conditions" and evaluates the conditions.
func holds(form string, i *Inst, value ValueFunc) (text string, ok bool) {
	k := 0
	for k < len(form) && form[k] != ':' {
		k++
	}
	text = form[:k]
	for k++; k < len(form); {
		if form[k] == ' ' {
			k++
			continue
		}
		start := k
		for k < len(form) && form[k] != '=' && form[k] != '!' {
			k++
		}
		name := form[start:k]
		not := k < len(form) && form[k] == '!'
		if not {
			k++
		}
		k++ // the equals sign
		start = k
		for k < len(form) && form[k] != ' ' {
			k++
		}
		want, good := number64(form[start:k])
		if !good {
			want, good = value(form[start:k], i)
		}
		got, known := value(name, i)
		if !good || !known || (got == want) == not {
			return text, false
		}
	}
	return text, true
}

// expand appends a form with its fields filled in.
func expand(dst []byte, form string, i *Inst, operand OperandFunc) []byte {
	k := 0
	for k < len(form) && form[k] != ' ' {
		if form[k] == '{' {
			start := k + 1
			for k < len(form) && form[k] != '}' {
				k++
			}
			dst, _ = operand(dst, form[start:k], i)
			k++
			continue
		}
		dst = append(dst, form[k])
		k++
	}
	if k == len(form) {
		return dst
	}
	dst = append(dst, '\t')
	k++
	first := true
	for k < len(form) {
		mark := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		body := len(dst)
		for k < len(form) && form[k] != ',' {
			start := k
			for k < len(form) && isWord(form[k]) {
				k++
			}
			if k == start {
				dst = append(dst, form[k])
				k++
				continue
			}
			word := form[start:k]
			if text, ok := operand(dst, word, i); ok {
				dst = text
			} else {
				dst = append(dst, word...)
			}
		}
		if len(dst) == body {
			dst = dst[:mark]
		} else {
			first = false
		}
		k += len(", ")
	}
	return dst
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// number64 reads a decimal number with an optional sign.
func number64(s string) (v int64, ok bool) {
	neg := s != "" && s[0] == '-'
	if neg {
		s = s[1:]
	}
	n, digits := number(s)
	if digits == 0 || digits != len(s) {
		return 0, false
	}
	if neg {
		n = -n
	}
	return int64(n), true
}
