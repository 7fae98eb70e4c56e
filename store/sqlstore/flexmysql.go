package sqlstore

import "time"

// FlexMySQL are the options of CGI::Session::Driver::flexmysql under their own names, for
// [New] and [Open] with the dialect [MySQL]. What it loses is an error here, or is kept:
//
//   - It replaces rows, and with them the values of other columns. Here only the two
//     columns are written, with and without NoReplace.
//   - With NoInsert, which goes before NoReplace, a session without a row is lost in
//     silence. Here Save reports ErrNotFound.
//   - AutoCreate makes a column of 32 characters for ids, and text, which ends at 65535
//     bytes. Here it is the table that Migrate makes.
//   - A new session for a row whose data is NULL gets a random id there, and no row.
//     Here the row's id is that of the session; see [Options.NoInsert].
//
// It has no list of sessions; [Store.IDs] is one.
type FlexMySQL struct {
	Table    string // sessions if empty
	KeyField string // id
	// DataField is the column of the data, a_session if empty.
	DataField string

	NoInsert   bool // never make a row
	NoReplace  bool // update a row and replace none, as always here
	NoDelete   bool // set the data to NULL in the place of deleting the row
	AutoCreate bool // make the table when a save finds that it is not there

	// AutoDisconnect is as in Options: nil closes what the store opened, true what it
	// was given too, false neither.
	AutoDisconnect *bool

	MaxBytes int           // as in Options
	Wait     time.Duration // as in Options
}

// Options returns the same in the store's own words.
func (f FlexMySQL) Options() *Options {
	return &Options{
		Table: f.Table, IDColumn: f.KeyField, DataColumn: f.DataField,
		NoInsert: f.NoInsert, NoDelete: f.NoDelete, AutoCreate: f.AutoCreate, AutoDisconnect: f.AutoDisconnect,
		MaxBytes: f.MaxBytes, Wait: f.Wait,
	}
}
