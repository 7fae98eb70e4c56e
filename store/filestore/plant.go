//go:build !plant_truncate && !plant_rename

package filestore

// The tests must fail with the build tag plant_truncate, which rewrites files as
// Perl does, and with plant_rename, which replaces files that Perl waits for.
const (
	plantTruncateFirst = false
	plantRename        = false
)
