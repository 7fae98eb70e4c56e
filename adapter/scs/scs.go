// Package scs offers our stores through the Store interfaces of alexedwards/scs.
package scs
