package amd64

// Disasm implements host.Backend.
func (g *gen) Disasm(code []byte, addr uintptr) string { return "" }
