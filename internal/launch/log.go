package launch

import (
	"fmt"
	"strings"
)

// Log says what -d logs.
type Log struct {
	InAsm, Op, OutAsm, Exec, NoChain, Unimp, Strace, Plugin bool
}

// LogItem is one word of -d.
type LogItem struct{ Name, Help string }

type logItem struct {
	LogItem
	flag func(*Log) *bool
}

func logItems() []logItem {
	return []logItem{
		{LogItem{"in_asm", "guest code of each new block"}, func(l *Log) *bool { return &l.InAsm }},
		{LogItem{"op", "its intermediate representation"}, func(l *Log) *bool { return &l.Op }},
		{LogItem{"out_asm", "the host code made of it"}, func(l *Log) *bool { return &l.OutAsm }},
		{LogItem{"exec", "each block executed (implies nochain)"}, func(l *Log) *bool { return &l.Exec }},
		{LogItem{"nochain", "do not link blocks"}, func(l *Log) *bool { return &l.NoChain }},
		{LogItem{"unimp", "syscalls that are not supported"}, func(l *Log) *bool { return &l.Unimp }},
		{LogItem{"strace", "as -strace"}, func(l *Log) *bool { return &l.Strace }},
		{LogItem{"plugin", "log lines of plugins"}, func(l *Log) *bool { return &l.Plugin }},
	}
}

// LogItems lists the words of -d.
func LogItems() []LogItem {
	var out []LogItem
	for _, i := range logItems() {
		out = append(out, i.LogItem)
	}
	return out
}

// Set turns an item on.
func (l *Log) Set(name string) error {
	var names []string
	for _, i := range logItems() {
		if i.Name == name {
			*i.flag(l) = true
			return nil
		}
		names = append(names, i.Name)
	}
	return fmt.Errorf("unknown log item %q: there are %s", name, strings.Join(names, ", "))
}
