// Package examples tests the programs of docs/programs.md, which are in the folders below.
package examples
