module github.com/weir-emu/weir

go 1.26

toolchain go1.26.8
