/* SPDX-License-Identifier: MIT */
/* rights.h - what somebody who gives commands may do; each more than the one before. */
#ifndef SERVER_RIGHTS_H
#define SERVER_RIGHTS_H

enum rights {
	RIGHTS_NONE,
	RIGHTS_VIEW,    /* look: over the web with dashboard = view */
	RIGHTS_OPERATE, /* end and interrupt clients: with dashboard = operate */
	RIGHTS_ALL,     /* everything: the control socket */
};

#endif
