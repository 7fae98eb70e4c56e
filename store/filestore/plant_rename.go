//go:build plant_rename

package filestore

const (
	plantTruncateFirst = false
	plantRename        = true
)
