//go:build !amd64

package amd64

// detect is for cross-checking only: this code never runs here.
func detect() features { return features{} }
