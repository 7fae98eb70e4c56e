package perl

// Dump writes v for the message of a failed test.
var Dump = dump
