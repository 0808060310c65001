/* SPDX-License-Identifier: MIT */
/* Becomes another user for good, and proves it. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges.h"

/* ---- who ---- */

/* Fill ID from the password file's line of its user. */
static int find_user(const char *user, struct identity *id)
{
	struct passwd *p = getpwnam(user);

	if (!p)
		return -ENOENT;
	id->uid = p->pw_uid;
	id->gid = p->pw_gid;
	id->name = strdup(p->pw_name);
	id->home = strdup(p->pw_dir);
	id->shell = strdup(p->pw_shell);
	return id->name && id->home && id->shell ? 0 : -ENOMEM;
}

/* GROUP, or NULL for the group that ID has. */
static int find_group(const char *group, struct identity *id)
{
	struct group *g = group ? getgrnam(group) : getgrgid(id->gid);

	if (!g && group)
		return -ENOENT;
	if (g)
		id->gid = g->gr_gid;
	id->group = strdup(g ? g->gr_name : "-"); /* a group need not have a name */
	return id->group ? 0 : -ENOMEM;
}

int identity_find(const char *user, const char *group, struct identity **ret,
		  const char **ret_missing)
{
	struct identity *id = calloc(1, sizeof(*id));
	int r = -ENOMEM;

	if (!id)
		return r;
	*ret_missing = user;
	r = find_user(user, id);
	if (r == 0) {
		*ret_missing = group;
		r = find_group(group, id);
	}
	if (r == 0)
		*ret = id;
	else
		identity_free(id);
	return r;
}

void identity_free(struct identity *id)
{
	if (!id)
		return;
	free(id->name);
	free(id->group);
	free(id->home);
	free(id->shell);
	free(id);
}

/* ---- becoming it ---- */

#define CAP_WORDS _LINUX_CAPABILITY_U32S_3

/* setresuid(2) clears the effective and permitted sets, unless a securebit keeps them,
 * and never the inheritable one. */
static int clear_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[CAP_WORDS] = { 0 };

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) < 0 ? -errno : 0;
}

static bool has_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct has[CAP_WORDS];
	__u32 any = 0;

	if (syscall(SYS_capget, &head, has) < 0)
		return true;
	for (int i = 0; i < CAP_WORDS; i++)
		any |= has[i].effective | has[i].permitted | has[i].inheritable;
	return any;
}

static bool has_become(const struct identity *id)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	return getresuid(&ruid, &euid, &suid) == 0 &&
	       getresgid(&rgid, &egid, &sgid) == 0 && ruid == id->uid &&
	       euid == id->uid && suid == id->uid && rgid == id->gid && egid == id->gid &&
	       sgid == id->gid;
}

/* Each of these must fail; where one works, the ids did not change or can be had back. */
static bool can_return(const struct identity *id)
{
	return setuid(0) == 0 || seteuid(0) == 0 ||
	       (id->gid != 0 && (setgid(0) == 0 || setegid(0) == 0)) ||
	       has_capabilities();
}

static void set_environment(const struct identity *id)
{
	setenv("HOME", id->home, 1);
	setenv("USER", id->name, 1);
	setenv("LOGNAME", id->name, 1);
	setenv("SHELL", id->shell, 1);
}

int privileges_drop(const struct identity *id, const char **ret_what)
{
	int r;

	*ret_what = "initgroups";
	if (initgroups(id->name, id->gid) < 0)
		return -errno;
	*ret_what = "setresgid";
	if (setresgid(id->gid, id->gid, id->gid) < 0)
		return -errno;
	*ret_what = "setresuid";
	if (setresuid(id->uid, id->uid, id->uid) < 0)
		return -errno;
	*ret_what = "capset";
	r = id->uid == 0 ? 0 : clear_capabilities();
	if (r < 0)
		return r;
	*ret_what = "the ids have not changed, or root's could be had back";
	if (!has_become(id) || (id->uid != 0 && can_return(id)))
		return -EPERM;
	set_environment(id);
	return 0;
}

void privileges_hide_memory(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
