//go:build linux

package launch

import (
	"encoding/base64"
	"strings"

	"github.com/weir-emu/weir/internal/linux"
)

// seccompText is a filter as the value of [SeccompOption]: the program in base64, marked if it has a listener.
func seccompText(f linux.SeccompFilter) string {
	text := base64.RawStdEncoding.EncodeToString(f.Program)
	if f.Notify {
		return notifyMark + text
	}
	return text
}

const notifyMark = "notify:"

// seccompFilter is the opposite of seccompText. What is no filter becomes one that no verifier accepts.
func seccompFilter(text string) (f linux.SeccompFilter) {
	text, f.Notify = strings.CutPrefix(text, notifyMark)
	f.Program, _ = base64.RawStdEncoding.DecodeString(text)
	return f
}
