/* SPDX-License-Identifier: MIT */
/* instant.h - a configuration without an ini: one command, or the demo. */
#ifndef SERVER_INSTANT_H
#define SERVER_INSTANT_H

#include <stdio.h>

#include "conf.h"

#define DEMO_FILE "./demo.ini"

/* wsbridged [--bind A] [--port N] [--tls] [--pty] [--view] [--write] -- CMD ARG... */
struct instant_options {
	const char *bind;  /* a numeric address, 127.0.0.1 unless said */
	const char *port;  /* 8765 unless said */
	bool tls;          /* with a certificate of our own making */
	bool pty;          /* the command gets a terminal */
	bool view;         /* clients only watch */
	bool write;        /* clients write, though they may come from elsewhere */
	char *const *argv; /* NULL-terminated */
};

/* Serve ARGV at `/`: clients may write if it listens on loopback, and just watch
 * otherwise, unless the options say it.  A snapshot, or NULL with the exit code and
 * the reason on stderr. */
struct conf *instant_command(const struct instant_options *o, int *ret_status);

/* Write the ini that does the same to OUT.  0, or the exit code with the reason on
 * stderr. */
int instant_print(const struct instant_options *o, FILE *out);

/* Write DEMO_FILE if there is none, and load it. */
struct conf *instant_demo(int *ret_status);

#endif
