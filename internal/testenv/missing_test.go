package testenv

import (
	"strings"
	"testing"
)

func TestMissing(t *testing.T) {
	if got := Missing(true, false); got != "GUEST_TEST_MISSING=aio,io_uring" {
		t.Errorf("in a window: %s", got)
	}
	if got := Missing(true, true); got != "GUEST_TEST_MISSING=aio,io_uring,filtered" {
		t.Errorf("in a window with a filter: %s", got)
	}
	if got := Missing(false, false); !strings.HasPrefix(got, "GUEST_TEST_MISSING=") || strings.Contains(got, "aio") || strings.Contains(got, "filtered") {
		t.Errorf("without: %s", got)
	}
}
