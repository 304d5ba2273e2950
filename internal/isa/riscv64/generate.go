package riscv64

//go:generate go run ../gen -doc ../../../docs/isa-riscv64.md -tables tables.go
