//go:build bdb && cgo

#include <unistd.h>

#include "libdb.h"

// What libdb has to say goes back as a number, and not to standard error.
static void quiet(const DB_ENV *env, const char *prefix, const char *text) {}

int ds_open(ds_db *h, const char *home, const char *file, int type, int create, int mode) {
	int err;
	memset(h, 0, sizeof *h);
	if (home != NULL) {
		if ((err = db_env_create(&h->env, 0)) != 0)
			return err;
		h->env->set_errcall(h->env, quiet);
		err = h->env->open(h->env, home, DB_CREATE | DB_INIT_CDB | DB_INIT_MPOOL | DB_THREAD, mode);
		if (err != 0)
			goto failed;
	}
	if ((err = db_create(&h->db, h->env, 0)) != 0)
		goto failed;
	if (h->env == NULL)
		h->db->set_errcall(h->db, quiet);
	err = h->db->open(h->db, NULL, file, NULL, create ? (DBTYPE)type : DB_UNKNOWN,
		(create ? DB_CREATE : 0) | DB_THREAD, mode);
	if (err == 0)
		return 0;
failed:
	ds_close(h, 1);
	return err;
}

// Without an environment, to close a database is the only way to have it written, and it
// always waits for the disk. libdb lets a program bring its own fsync, for all it does: this
// one skips it where the thread that closes has said so.
static __thread int unsynced;

static int maybe_fsync(int fd) { return unsynced ? 0 : fsync(fd); }

__attribute__((constructor)) static void set_fsync(void) { db_env_set_func_fsync(maybe_fsync); }

int ds_close(ds_db *h, int sync) {
	int err = 0, more = 0;
	unsynced = h->env == NULL && !sync;
	if (h->db != NULL)
		err = h->db->close(h->db, 0);
	if (h->env != NULL)
		more = h->env->close(h->env, 0);
	unsynced = 0;
	h->db = NULL;
	h->env = NULL;
	return err != 0 ? err : more;
}

int ds_flush(ds_db *h) {
	return h->env != NULL ? h->env->memp_sync(h->env, NULL) : h->db->sync(h->db, 0);
}

// Keys are not copied, data is allocated, up to one byte over the limit.
static void dbts(DBT *k, void *key, u_int32_t keylen, DBT *d, u_int32_t limit) {
	memset(k, 0, sizeof *k);
	k->data = key;
	k->size = k->ulen = keylen;
	k->flags = DB_DBT_USERMEM;
	memset(d, 0, sizeof *d);
	d->flags = DB_DBT_MALLOC | DB_DBT_PARTIAL;
	d->dlen = limit + 1;
}

int ds_cursor(ds_db *h, DBC **c) {
	return h->db->cursor(h->db, NULL, c, h->env != NULL ? DB_WRITECURSOR : 0);
}

int ds_cursor_close(DBC *c) { return c->close(c); }

int ds_cursor_get(DBC *c, void *key, u_int32_t keylen, u_int32_t limit, void **data, u_int32_t *len) {
	DBT k, d;
	dbts(&k, key, keylen, &d, limit);
	int err = c->get(c, &k, &d, DB_SET);
	*data = d.data;
	*len = d.size;
	return err;
}

int ds_cursor_put(DBC *c, int there, void *key, u_int32_t keylen, void *data, u_int32_t len) {
	DBT k, d;
	dbts(&k, key, keylen, &d, 0);
	memset(&d, 0, sizeof d);
	d.data = data;
	d.size = len;
	return c->put(c, &k, &d, there ? DB_CURRENT : DB_KEYFIRST);
}

int ds_cursor_del(DBC *c) { return c->del(c, 0); }

// The data is not read.
int ds_cursor_next(DBC *c, void **key, u_int32_t *len) {
	DBT k, d;
	memset(&k, 0, sizeof k);
	k.flags = DB_DBT_MALLOC;
	memset(&d, 0, sizeof d);
	d.flags = DB_DBT_PARTIAL | DB_DBT_USERMEM;
	int err = c->get(c, &k, &d, DB_NEXT);
	*key = k.data;
	*len = k.size;
	return err;
}
