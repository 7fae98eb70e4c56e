// Command datasession lists, shows and changes the sessions that Go programs and Perl's
// Data::Session, CGI::Session and Apache::Session keep, while they are in use, and
// converts between the formats that they are stored in.
//
// A session's id lets whoever has it in. Where the command names a session it shows
// the fingerprint of the id, eight digits that it takes in place of the id.
//
// This is what datasession help and datasession help COMMAND print; a test compares.
//
// # datasession help
//
//	datasession lists, shows and changes the sessions that Go programs and Perl's
//	Data::Session, CGI::Session and Apache::Session keep, while they are in use, and
//	converts between the formats that they are stored in.
//
//	A session's id lets whoever has it in. Where the command names a session it shows
//	the fingerprint of the id, eight digits that it takes in place of the id.
//
//	Usage:
//	  datasession COMMAND [ARGUMENT...]
//
//	Commands:
//	  completion  Print a completion script for your shell
//	  decode      Print stored bytes as value-json
//	  demo        Serve an example site whose sessions you can look at
//	  encode      Write value-json as a serializer's bytes
//	  expire      Set how long a session, or a parameter, lives
//	  id          Make session ids
//	  ls          List the sessions of a store
//	  purge       Delete the sessions that have expired
//	  rm          Delete sessions
//	  set         Set parameters of a session
//	  show        Print one session
//	  sniff       Say which serializer has most likely written some bytes
//	  unset       Remove parameters from a session
//
//	More help:
//	  exit        What the exit codes mean
//	  store       The flags that say which store
//
//	Flags:
//	  -v, --version   print the version
//
//	datasession COMMAND --help tells more of a command.
//
// # datasession help completion
//
//	Prints a script that lets a shell complete commands, flags, names of codecs and
//	families, and sessions by their fingerprints.
//
//	Usage:
//	  datasession completion bash|zsh|fish
//
//	Examples:
//	  source <(datasession completion bash)        # in ~/.bashrc
//	  source <(datasession completion zsh)         # in ~/.zshrc
//	  datasession completion fish | source         # in ~/.config/fish/config.fish
//
// # datasession help decode
//
//	Reads what a serializer wrote, from a file or from standard input, and prints the
//	value as value-json: plain data as plain JSON, and what JSON has not, such as
//	objects and byte strings, as objects with a name that begins with $. On a
//	terminal the text is indented; elsewhere it is canonical, on one line.
//
//	Nothing in the bytes is evaluated. What is not in the format, asks for code, or
//	goes beyond a limit is refused with the byte at which it is.
//
//	Usage:
//	  datasession decode --codec NAME FILE|-
//
//	Examples:
//	  datasession decode --codec DataDumper /tmp/cgisess_0123456789abcdef
//	  sqlite3 app.db 'select a_session from sessions limit 1' | datasession decode --codec default -
//
//	Flags:
//	      --codec NAME            NAME of the serializer, in any case: DataDumper,
//	                              default, JSON, apache-json, Storable, nfreeze,
//	                              FreezeThaw, YAML, yaml-syck, yaml-pm, yamlxs,
//	                              Base64, UUEncode, Sybase, Hstore, value-json
//	      --charset latin1|utf8   how characters beyond ASCII are stored: latin1|utf8
//	                              (default latin1, as in Perl's files; utf8 for
//	                              apache-json and Hstore)
//	      --max-depth N           most containers within containers, N (default 1000)
//	      --max-nodes N           most values in a session, N (default 100000)
//	      --max-bytes N           most bytes of a session, N (default 1048576)
//
// # datasession help demo
//
//	Serves a small site that uses sessions, for this machine only, until it is
//	interrupted: sign in, fill a cart, see your session, let a parameter expire. The
//	sessions are in a SQLite file, for the other commands to list and change while it
//	runs, and are there again when it is started again.
//
//	Usage:
//	  datasession demo [--addr HOST:PORT] [--data-source PATH]
//
//	Examples:
//	  datasession demo
//	  datasession demo --addr 127.0.0.1:9000 --data-source shop.db
//
//	Flags:
//	      --addr HOST:PORT     HOST:PORT to listen at (default "127.0.0.1:8080")
//	      --data-source PATH   PATH of the SQLite file (default: datasession/demo.db
//	                           in the user's cache)
//
// # datasession help encode
//
//	Reads value-json, from a file or from standard input, and writes the bytes that
//	the serializer makes of it, with hash keys sorted and nothing added. A plain JSON
//	document is value-json too.
//
//	A value that the format cannot say is refused, with the place where it is.
//
//	Usage:
//	  datasession encode --codec NAME FILE|-
//
//	Examples:
//	  echo '{"user":"ann","n":1}' | datasession encode --codec DataDumper -
//	  datasession show --json ID | datasession encode --codec JSON - > session.json
//
//	Flags:
//	      --codec NAME            NAME of the serializer, in any case: DataDumper,
//	                              default, JSON, apache-json, Storable, nfreeze,
//	                              FreezeThaw, YAML, yaml-syck, yaml-pm, yamlxs,
//	                              Base64, UUEncode, Sybase, Hstore, value-json
//	      --charset latin1|utf8   how characters beyond ASCII are stored: latin1|utf8
//	                              (default latin1, as in Perl's files; utf8 for
//	                              apache-json and Hstore)
//	      --max-depth N           most containers within containers, N (default 1000)
//	      --max-nodes N           most values in a session, N (default 100000)
//	      --max-bytes N           most bytes of a session, N (default 1048576)
//
// # datasession help exit
//
//	  0    done
//	  1    refused or not found: no such session, one that cannot be decoded, a
//	       reserved name, data that is not in the format or beyond a limit, an input
//	       file that cannot be read
//	  2    usage: an unknown flag, codec, type or family, an argument that is missing
//	       or makes no sense
//	  3    the store cannot be reached or used: no such directory, database or table,
//	       no permission, a full disk
//	  130  interrupted
//
//	Of several sessions (rm) the highest code counts. Results go to standard output,
//	everything else to standard error.
//
// # datasession help expire
//
//	Sets how long a session lives after it was last used, or, with a NAME, how long
//	that parameter does. To set it does not count as a use.
//
//	TIME is Perl's: a number and one of s m h d w M y (M is 30 days, y is 365), or
//	seconds if there is no letter. 0 takes the expiry away. A negative time is over
//	already: the session is gone for the programs that use it, and purge removes it.
//
//	Usage:
//	  datasession expire ID|FINGERPRINT TIME [NAME] [STORE FLAGS]
//
//	Examples:
//	  datasession expire 5f0c9a1b 2h
//	  datasession expire 5f0c9a1b 10m coupon
//	  datasession expire 5f0c9a1b 0
//	  datasession expire 5f0c9a1b -1s
//
//	Flags:
//	      --json           say as JSON whether something was changed
//	      --id-from FILE   read the id from FILE, or - for standard input, instead
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
//
// # datasession help id
//
//	Prints new ids, one a line, made by the id generator of the type string: MD5 if it
//	names none. All of them come from the system's random source, but for those of
//	AutoIncrement, which counts on in --id-file, and Static. No store is opened and
//	nothing is stored.
//
//	UUID16 ids are 16 raw bytes, which --json prints as what they are.
//
//	Usage:
//	  datasession id [-n N] [--type 'id:NAME'] [STORE FLAGS]
//
//	Examples:
//	  datasession id --type id:SHA256
//	  datasession id -n 3 --type id:AutoIncrement --id-file /var/lib/shop/last-id
//
//	Flags:
//	  -n, --number int   how many (default 1)
//	      --json         print JSON strings, of bytes in value-json
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
//
// # datasession help ls
//
//	Prints a line for each session: the fingerprint of its id, when it was made, when
//	it was last used, how many parameters it has, and when it expires. Times are in
//	UTC. Expired sessions are listed until somebody removes them, and sessions that
//	cannot be decoded are listed as corrupt.
//
//	Sessions come in the order in which the store has them, and as they are found, so
//	that a listing of millions begins at once: pipe it through sort. Looking does not
//	count as a use and changes nothing.
//
//	With --where it lists the sessions in which a parameter has a value: by the index,
//	where the store has one of that parameter (--index), or else by reading all.
//
//	Usage:
//	  datasession ls [STORE FLAGS]
//
//	Examples:
//	  datasession ls --directory /var/lib/shop/sessions --family cgi
//	  datasession ls --type driver:SQLite --data-source app.db | sort -k4
//	  datasession ls --where user=ann --type driver:Pg --data-source postgres:///shop --index user
//	  datasession ls --json | jq -r 'select(.expired).fingerprint'
//	  datasession ls --show-ids | datasession rm --id-from -      # everybody out
//
//	Flags:
//	      --show-ids           print the ids, credentials, one a line, and nothing else
//	  -0, --null               with --show-ids: end each with a NUL and not a newline,
//	                           as xargs -0 wants
//	      --where NAME=VALUE   only sessions whose parameter NAME=VALUE
//	      --json               print a JSON object a line; with --show-ids the ids are
//	                           in it
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
//
// # datasession help purge
//
//	Deletes the sessions that have expired and prints how many there were. A session
//	that somebody uses at that moment stays. Sessions that cannot be decoded are
//	counted and kept. On a terminal a bar shows how far it is. In a table of the layout
//	--native it looks at no session that has not expired, and one purge runs at a time.
//
//	With --idle it also deletes what has not been used for that long, whatever its own
//	expiry: that asks first, or wants --yes where nobody can be asked.
//
//	Usage:
//	  datasession purge [--dry-run] [--idle TIME] [STORE FLAGS]
//
//	Examples:
//	  datasession purge --directory /var/lib/shop/sessions --family cgi
//	  datasession purge --idle 90d --dry-run
//
//	Flags:
//	      --dry-run     count, and delete nothing
//	      --idle TIME   also delete sessions that were not used for TIME, such as 90d
//	  -y, --yes         do not ask
//	      --json        print the counts as JSON
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
//
// # datasession help rm
//
//	Deletes the sessions that are named, whatever their state: their owners are logged
//	out, and a request that is under way does not bring them back. A session that is
//	not there is exit code 1; the others are deleted all the same.
//
//	Usage:
//	  datasession rm ID|FINGERPRINT... [STORE FLAGS]
//
//	Examples:
//	  datasession rm 5f0c9a1b 77e01d2c
//	  datasession ls --json | jq -r 'select(.error).fingerprint' | datasession rm --id-from -
//
//	Flags:
//	      --dry-run        print the fingerprints of what would be deleted, and delete
//	                       nothing
//	      --json           print what was deleted, a JSON object a line
//	      --id-from FILE   read the id from FILE, or - for standard input, instead
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
//
// # datasession help set
//
//	Sets parameters, all of them or, if one is refused, none. A VALUE is text, also if
//	it looks like a number. With --json it is value-json: numbers, lists, hashes and
//	whatever else Perl has.
//
//	What others change in the session meanwhile stays, but for the parameters that are
//	set. The change does not count as a use of the session. An expired session cannot
//	be changed. Reserved names are refused: those that begin with _ (--family data),
//	with _SESSION_ (cgi), _session_id (apache).
//
//	With --create the session is made if there is none, under the given id, or anew if
//	it has expired. It does not expire unless --lifetime says so.
//
//	Usage:
//	  datasession set ID|FINGERPRINT [NAME=VALUE...] [--json NAME=JSON...] [STORE FLAGS]
//
//	Examples:
//	  datasession set 5f0c9a1b user=ann lang=de
//	  datasession set 5f0c9a1b --json 'cart=[{"sku":"A-1","qty":2}]' --json visits=3
//	  datasession set --create maintenance until=18:00 --lifetime 1d
//
//	Flags:
//	      --json NAME=JSON   NAME=JSON: set a parameter to what value-json says
//	      --create           make the session if there is none
//	      --lifetime TIME    with --create: TIME that a new session lives after its
//	                         last use, as for expire (default 0, for ever, as in Perl)
//	      --create-store     with --create: make the directory, or the database and
//	                         its table, if there is none
//	      --id-from FILE     read the id from FILE, or - for standard input, instead
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
//
// # datasession help show
//
//	Prints what is stored under an id, reserved names included. A fingerprint, as ls
//	prints it, will do if only one session has it. The id itself is not printed.
//
//	Values are value-json, long ones cut. With --json the whole stored hash is printed
//	as value-json, id included and nothing cut: canonical and on one line, unless it
//	goes to a terminal. An expired session is shown as long as it is there.
//
//	Usage:
//	  datasession show ID|FINGERPRINT [STORE FLAGS]
//
//	Examples:
//	  datasession show 5f0c9a1b --directory /var/lib/shop/sessions
//	  datasession show 5f0c9a1b --json | jq .cart
//
//	Flags:
//	      --json           print the whole stored hash as value-json
//	      --id-from FILE   read the id from FILE, or - for standard input, instead
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
//
// # datasession help sniff
//
//	Prints the name of the serializer that has most likely written a file, or standard
//	input, as --codec takes it, and on further lines those that could have written it as
//	well: plain data in YAML looks the same in three dialects.
//
//	It is a guess, for a person who has found a file. Nothing that opens a store guesses: a
//	serializer that is not the one of --type refuses what it finds.
//
//	Usage:
//	  datasession sniff FILE|-
//
//	Examples:
//	  datasession sniff /tmp/cgisess_0123456789abcdef
//	  datasession decode --codec "$(datasession sniff FILE | head -n 1)" FILE
//
//	Flags:
//	      --max-depth N   most containers within containers, N (default 1000)
//	      --max-nodes N   most values in a session, N (default 100000)
//	      --max-bytes N   most bytes of a session, N (default 1048576)
//
// # datasession help store
//
//	Every command that opens a store takes these flags. A type string is Perl's, in
//	any case, and parts that are missing are as here:
//
//	  driver:File;id:MD5;serialize:DataDumper
//
//	With --family cgi it may also be CGI::Session's DSN, driver:file;serializer:default.
//
//	      --type STRING               STRING that names driver, id generator and serializer
//	      --family data|cgi|apache    Perl module whose sessions these are:
//	                                  data|cgi|apache (default "data")
//	      --charset latin1|utf8       how characters beyond ASCII are stored:
//	                                  latin1|utf8 (default: as Perl's driver does)
//	      --directory DIR             DIR with the files of driver:File (default: the
//	                                  temporary one)
//	      --file-name PATTERN         PATTERN of file names, %s for the id (default
//	                                  cgisess_%s)
//	      --no-flock                  do not lock the files of driver:File and
//	                                  id:AutoIncrement
//	      --foreign-owner             use session files of other users too, in a
//	                                  directory that only those in it can write to
//	      --umask MODE                octal MODE of new files, a mode as in Perl
//	                                  (default 0660)
//	      --data-source SOURCE        SOURCE of the database: a path, a URL, or Perl's
//	                                  dbi:DRIVER:...
//	      --username USER             USER of the database
//	      --password-file FILE        FILE with the password of the database
//	      --host HOST                 HOST of the database, if the data source has none
//	      --port PORT                 PORT of the database, the same
//	      --socket PATH               PATH of the Unix socket of the database, the same
//	      --table-name TABLE          TABLE of the sessions (default sessions)
//	      --id-col-name COLUMN        COLUMN of the ids (default id)
//	      --data-col-name COLUMN      COLUMN of the data (default a_session)
//	      --pg-bytea                  the column of driver:Pg is of bytea (the
//	                                  default, but for --family cgi)
//	      --pg-text                   the column of driver:Pg is of text
//	      --no-insert                 never make a row of a table, only change those
//	                                  that are there
//	      --no-delete                 empty the column of the data and keep the row
//	      --no-replace                change a row and replace none, as is done in any case
//	      --auto-create               make the table when a session is to be stored
//	                                  and it is not there
//	      --auto-disconnect           close the database at the end, which happens in
//	                                  any case (default true)
//	      --server HOST:PORT          HOST:PORT of driver:Redis, with /N for database
//	                                  N, or of driver:Memcached, with =N for weight N;
//	                                  may be repeated
//	      --cluster                   the servers are nodes of a Redis Cluster
//	      --service NAME              NAME of the Redis that the servers, sentinels
//	                                  then, watch
//	      --namespace TEXT            TEXT before the id in a key of driver:Redis
//	                                  (default session:) or driver:Memcached
//	      --db-file FILE              FILE of driver:BerkeleyDB, relative to
//	                                  --db-home, or of driver:DB_File
//	      --db-home DIR               DIR with the environment of driver:BerkeleyDB;
//	                                  without it the file is only read
//	      --index PARAMETER           PARAMETER that sessions are found by: Redis has
//	                                  an index of it, a database a column, also
//	                                  PARAMETER=COLUMN; may be repeated
//	      --updated-col-name COLUMN   COLUMN that each save sets to the time (default none)
//	      --native                    the layout of a database's table that is for new
//	                                  work, and not Perl's
//	      --id ID                     the ID that id:Static always gives
//	      --id-file FILE              FILE in which id:AutoIncrement counts
//	      --id-base NUMBER            NUMBER before the first of id:AutoIncrement
//	      --id-step NUMBER            NUMBER by which id:AutoIncrement counts (default 1)
//	      --name NAME                 NAME of the cookie (default CGISESSID)
//	      --max-depth N               most containers within containers, N (default 1000)
//	      --max-nodes N               most values in a session, N (default 100000)
//	      --max-bytes N               most bytes of a session, N (default 1048576)
//
//	A database password comes from DATASESSION_PASSWORD or from --password-file, and never
//	from the command line. A store is only opened: a directory, database or table that
//	is not there is an error, exit code 3, but for set --create-store.
//
// # datasession help unset
//
//	Removes parameters, and what was set for their expiry. A name that is not there is
//	no error; a reserved one is, and nothing is removed then. See datasession set.
//
//	Usage:
//	  datasession unset ID|FINGERPRINT NAME... [STORE FLAGS]
//
//	Examples:
//	  datasession unset 5f0c9a1b cart coupon
//
//	Flags:
//	      --json           say as JSON whether something was changed
//	      --id-from FILE   read the id from FILE, or - for standard input, instead
//
//	Which store: --type, --directory, --data-source, --family and more,
//	see datasession help store.
package main
