// Package bench measures datasession beside other session libraries.
package bench
