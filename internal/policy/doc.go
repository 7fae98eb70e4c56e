// Package policy holds, as tests, the decisions about the source that no
// compiler checks: which package may import which, where math/rand and unsafe may
// be, and that the documents say what is there. There is nothing to import here.
package policy
