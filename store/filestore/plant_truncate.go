//go:build plant_truncate

package filestore

const (
	plantTruncateFirst = true
	plantRename        = false
)
