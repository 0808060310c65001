/* SPDX-License-Identifier: MIT */
/* shim.h - a function of a library that fails in one of its calls. */
#include <stdbool.h>

struct call {
	const char *name;
	int err;       /* its errno */
	void *real;    /* the library's own; NULL: not looked for yet */
	bool is_known; /* what follows is */
	unsigned long at, seen, ready;
	struct call *next;
};

/* Is it the one of this call's turn to fail?  Then errno is set. */
bool fails(struct call *c);

/* Is CALLER an address in OpenSSL? */
bool is_openssl(const void *caller);

/* The function that is hidden. */
void *hidden(struct call *c);

#define KNOW(name, err) \
	static struct call call_of_##name = { #name, err, 0, 0, 0, 0, 0, 0 }
#define REAL(name) ((__typeof__(name) *)hidden(&call_of_##name))

/* TYPE NAME PARAMETERS, called with ARGUMENTS, whose failure is FAILURE with ERR. */
#define CALL(type, name, parameters, arguments, failure, err)                     \
	KNOW(name, err);                                                          \
	type name parameters                                                      \
	{                                                                         \
		return fails(&call_of_##name) ? (failure) : REAL(name) arguments; \
	}
