package policy

import (
	"slices"
	"strings"
)

// states are the positions in a pattern that a text has led to: the pattern seen as an
// automaton, in which * stands for any number of bytes and ? for one, as in plugin.Glob.
type states []bool

// skip follows the stars, which may stand for nothing.
func (s states) skip(pattern string) {
	for i := range pattern {
		if s[i] && pattern[i] == '*' {
			s[i+1] = true
		}
	}
}

// after returns where pattern is after a text.
func after(pattern, text string) states {
	s := make(states, len(pattern)+1)
	s[0] = true
	s.skip(pattern)
	for i := range len(text) {
		next := make(states, len(s))
		for j := range pattern {
			switch {
			case !s[j]:
			case pattern[j] == '*':
				next[j] = true
			case pattern[j] == '?' || pattern[j] == text[i]:
				next[j+1] = true
			}
		}
		next.skip(pattern)
		s = next
	}
	return s
}

// possible reports whether something that begins with the text can match.
func (s states) possible() bool { return slices.Contains(s, true) }

// within reports whether everything that can follow in s can also follow in t.
func (s states) within(t states) bool {
	for i, on := range s {
		if on && !t[i] {
			return false
		}
	}
	return true
}

// everything reports whether the rule is about whatever begins with the text.
func (r *rule) everything(text string) bool {
	for _, g := range r.globs {
		if n := len(g); n > 0 && g[n-1] == '*' && after(g, text)[n] {
			return true
		}
	}
	return false
}

// keeps reports whether rules would hold for what is in the folder from as they do now, if it got the
// name to: what a pattern that denies covers stays covered, and nothing is covered anew by one that
// allows. With no rule that concerns the folder's content anything goes.
func keeps(rules []rule, from, to string) bool {
	if from == to {
		return true
	}
	from, to = strings.TrimSuffix(from, "/")+"/", strings.TrimSuffix(to, "/")+"/"
	concerned := false
	for i := range rules {
		r := &rules[i]
		if r.kind != pathRule {
			continue
		}
		if r.action.runs() {
			if r.access == read|write && r.everything(from) {
				break // what follows says nothing of the content
			}
			continue
		}
		for _, g := range r.globs {
			s := after(g, from)
			if !s.possible() {
				continue
			}
			concerned = true
			if !s.within(after(g, to)) {
				return false
			}
		}
	}
	if !concerned {
		return true
	}
	for i := range rules {
		r := &rules[i]
		if r.kind != pathRule || !r.action.runs() {
			continue
		}
		for _, g := range r.globs {
			if !after(g, to).within(after(g, from)) {
				return false
			}
		}
	}
	return true
}
