package testenv

import "strings"

// MissingVar is the variable by which guest programs are told what they cannot test.
const MissingVar = "GUEST_TEST_MISSING"

// Missing is the setting of MissingVar for this host: for guests whose addresses are not the host's if window is set, and
// for guests whose syscalls a plugin filters if filtered is.
func Missing(window, filtered bool) string {
	var list []string
	if window {
		list = append(list, "aio")
	}
	if window || !hasRings() {
		list = append(list, "io_uring")
	}
	if filtered {
		list = append(list, "filtered")
	}
	return MissingVar + "=" + strings.Join(list, ",")
}
