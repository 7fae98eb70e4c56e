//go:build !linux

package bdbstore

// usedByOthers cannot tell here.
func usedByOthers(string) (others, sure bool) { return false, false }
