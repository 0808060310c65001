/* SPDX-License-Identifier: MIT */
/*
 * dashboard.h - the dashboard's page, and its WebSocket to the control commands.
 *
 * Both are one hidden path: their snapshot has a route for them that no section of the
 * ini makes, with [web] allow and auth in place of the path's own, and the same origin.
 */
#ifndef SERVER_DASHBOARD_H
#define SERVER_DASHBOARD_H

#include "backend.h"

#define DASHBOARD_SOCKET "/-/control"
#define DASHBOARD_SUBPROTOCOL "control.wsbridge"

/* The dashboard's route, if C's path belongs to the dashboard and there is one; else
 * NULL. */
struct route *dashboard_route(const struct client *c);

/* Is there a dashboard, and may C's address open it? */
bool dashboard_is_for(const struct client *c);

/* A step: the checks of a client of the dashboard that other paths do not have. */
enum step dashboard_check(struct client *c);

/* Answer a GET or HEAD for one of the dashboard's pages. */
void dashboard_page(struct client *c);

/* Is PATH the dashboard's WebSocket, and not a page? */
bool dashboard_is_socket(const char *path);

/* A backend_kind's open(). */
int dashboard_open(const struct backend_start *b, const char **ret_why);

#endif
