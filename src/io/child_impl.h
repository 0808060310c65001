/* SPDX-License-Identifier: MIT */
/* child_impl.h - what child.c and children.c tell each other. */
#ifndef IO_CHILD_IMPL_H
#define IO_CHILD_IMPL_H

#include "child.h"

/* ---- child.c ---- */

/* The leader of C has ended: if nothing is left of it, it is CHILD_GONE from now on. */
void child_check_gone(struct child *c);

/* ---- children.c ---- */

/* C has begun: its leader is waited for. */
void children_add(struct child *c);

/* Somebody may be gone: it is found out before the loop sleeps, or when that was done
 * just now, a little later. */
void children_changed(struct children *all);

/* Find the orphans that there are now, as orphans_look() does. */
void children_find_orphans(struct children *all);

#endif
