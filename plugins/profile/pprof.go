package profile

import (
	"bytes"
	"compress/gzip"
)

// A profile in the format of pprof (github.com/google/pprof, proto/profile.proto), written field by field.

// message is a protocol buffer message under construction.
type message struct{ b []byte }

func (m *message) varint(x uint64) {
	for ; x >= 0x80; x >>= 7 {
		m.b = append(m.b, byte(x)|0x80)
	}
	m.b = append(m.b, byte(x))
}

// uint appends a field with an integer; 0 is left out, being the default.
func (m *message) uint(field int, x uint64) {
	if x != 0 {
		m.varint(uint64(field) << 3)
		m.varint(x)
	}
}

// bytes appends a field with a message, a string or packed integers.
func (m *message) bytes(field int, b []byte) {
	m.varint(uint64(field)<<3 | 2)
	m.varint(uint64(len(b)))
	m.b = append(m.b, b...)
}

func (m *message) packed(field int, list []uint64) {
	var p message
	for _, x := range list {
		p.varint(x)
	}
	m.bytes(field, p.b)
}

// Field numbers of message Profile.
const (
	fieldSampleType  = 1
	fieldSample      = 2
	fieldMapping     = 3
	fieldLocation    = 4
	fieldFunction    = 5
	fieldString      = 6
	fieldTime        = 9
	fieldDuration    = 10
	fieldPeriodType  = 11
	fieldPeriod      = 12
	fieldDefaultType = 14
)

// builder makes a profile.
type builder struct {
	message
	strings   map[string]uint64
	texts     []string
	functions map[[2]string]uint64
	mappings  map[string]uint64
	locations uint64
}

func newBuilder() *builder {
	b := &builder{strings: make(map[string]uint64), functions: make(map[[2]string]uint64), mappings: make(map[string]uint64)}
	b.text("")
	return b
}

// text returns the number of a string.
func (b *builder) text(s string) uint64 {
	n, ok := b.strings[s]
	if !ok {
		n = uint64(len(b.texts))
		b.strings[s] = n
		b.texts = append(b.texts, s)
	}
	return n
}

// valueType appends a ValueType.
func (b *builder) valueType(field int, name, unit string) {
	var m message
	m.uint(1, b.text(name))
	m.uint(2, b.text(unit))
	b.bytes(field, m.b)
}

// mapping returns the number of an image, 0 for none.
func (b *builder) mapping(p *place) uint64 {
	if p.image.Path == "" {
		return 0
	}
	n, ok := b.mappings[p.image.Path]
	if !ok {
		n = uint64(len(b.mappings) + 1)
		b.mappings[p.image.Path] = n
		var m message
		m.uint(1, n)
		m.uint(2, p.image.Base)
		m.uint(3, p.image.Limit)
		m.uint(5, b.text(p.image.Path))
		m.uint(7, 1) // has_functions: nothing is left to symbolize
		m.uint(8, 1) // has_filenames
		m.uint(9, 1) // has_line_numbers
		b.bytes(fieldMapping, m.b)
	}
	return n
}

// function returns the number of a function.
func (b *builder) function(p *place) uint64 {
	key := [2]string{p.sym.Raw, p.line.File}
	n, ok := b.functions[key]
	if !ok {
		n = uint64(len(b.functions) + 1)
		b.functions[key] = n
		var m message
		m.uint(1, n)
		m.uint(2, b.text(p.sym.Name))
		m.uint(3, b.text(p.sym.Raw))
		m.uint(4, b.text(p.line.File))
		b.bytes(fieldFunction, m.b)
	}
	return n
}

// location appends a Location and returns its number.
func (b *builder) location(p *place) uint64 {
	b.locations++
	var m message
	m.uint(1, b.locations)
	m.uint(2, b.mapping(p))
	m.uint(3, p.addr)
	if p.sym.Name != "" {
		var l message
		l.uint(1, b.function(p))
		l.uint(2, uint64(p.line.Line))
		m.bytes(4, l.b)
	}
	b.bytes(fieldLocation, m.b)
	return b.locations
}

// sample appends a Sample: locations from the innermost one, values by type.
func (b *builder) sample(locations, values []uint64) {
	var m message
	m.packed(1, locations)
	m.packed(2, values)
	b.bytes(fieldSample, m.b)
}

// done returns the profile as it stands in a file.
func (b *builder) done() []byte {
	for _, s := range b.texts {
		b.bytes(fieldString, []byte(s))
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b.b) // to memory: no errors
	z.Close()
	return out.Bytes()
}
