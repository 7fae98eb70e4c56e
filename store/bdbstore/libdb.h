#include <db.h>
#include <stdlib.h>
#include <string.h>

// A database, and its environment if it is in one.
typedef struct {
	DB_ENV *env;
	DB *db;
} ds_db;

int ds_open(ds_db *h, const char *home, const char *file, int type, int create, int mode);
int ds_close(ds_db *h, int sync);
int ds_flush(ds_db *h);
int ds_cursor(ds_db *h, DBC **c);
int ds_cursor_close(DBC *c);
int ds_cursor_get(DBC *c, void *key, u_int32_t keylen, u_int32_t limit, void **data, u_int32_t *len);
int ds_cursor_put(DBC *c, int there, void *key, u_int32_t keylen, void *data, u_int32_t len);
int ds_cursor_del(DBC *c);
int ds_cursor_next(DBC *c, void **key, u_int32_t *len);
