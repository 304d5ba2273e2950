//go:build !linux

package testenv

func hasRings() bool { return false }
