// Package datasession keeps state between requests. It is the Go successor of
// Perl's Data::Session, CGI::Session and Apache::Session, and it speaks their
// storage: a Go program and a running Perl program read and write the same live
// sessions.
//
// A [Manager] joins a store, which keeps bytes under an id, and a codec, which
// turns values into bytes. A [Session] is one loaded session: an id, times, and
// named parameters.
//
//	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
//	s, err := m.New(ctx)
//	err = s.Set("user", "ann")
//	err = s.Flush(ctx)
//
// # Edits, not snapshots
//
// A Session records what was set and cleared. Flush stores it under the condition
// that nobody else has stored the session meanwhile; if somebody has, it loads the
// newer one, applies its edits to that, and tries again. Parameters that others
// changed survive. A parameter that this session had read before it changed it,
// and that another changed as well, is a conflict, for [Options.Resolve] to decide.
// [Manager.Update] runs a function again until its result could be stored, so that
// N increments count N.
//
// A session that was deleted or has expired is never brought back by a flush.
//
// A change inside a value counts: what [Session.Get], [Session.Value] and [Get]
// hand out, and what [Session.Set] is given, is looked at again at flush.
//
// # Perl
//
// Values that Go has no use for (blessed objects, shared references, byte strings
// beside text, integers beside numeric strings) go through a read, a change and a
// write by Go as they were; see package perl. Nothing is ever evaluated. The
// package docs of the stores and codecs have the formats and versions.
package datasession
