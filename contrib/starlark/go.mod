module github.com/weir-emu/weir/contrib/starlark

go 1.26.0

toolchain go1.26.8

require (
	github.com/weir-emu/weir v0.0.0
	go.starlark.net v0.0.0-20260908191801-89a6a09411d5
)

require (
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	github.com/opencontainers/runtime-spec v1.3.0 // indirect
	golang.org/x/arch v0.32.0 // indirect
	golang.org/x/sys v0.42.0 // indirect
)

replace github.com/weir-emu/weir => ../..
