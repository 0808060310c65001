/* SPDX-License-Identifier: MIT */
/* session_paths.h - the paths that fuzz_session.c chooses from, as they stand in an ini.
 */
#ifndef FUZZ_SESSION_PATHS_H
#define FUZZ_SESSION_PATHS_H

/* A descriptor of its own. */
#define LINES_FD 900
#define LINES_FILE "/proc/self/fd/900"

/* An input names a path by its place: add new ones at the end. */
static const char session_paths[] =
	"[defaults]\n"
	"queue = 4k\nmax_message = 3000\nclose_timeout = 2s\nping_interval = 3s\n"
	"ping_timeout = 2s\nidle_timeout = 20s\nsend_timeout = 5s\nlinger = 4s\n"
	"restart_delay = 1s\n"
	"[/line]\nexec = x\n"
	"[/raw]\nexec = x\nframe = raw\ntype = binary\n"
	"[/raw-text]\nexec = x\nframe = raw\ntype = text\nmax_frame = 7\n"
	"[/nul]\nexec = x\nframe = nul\ninvalid_utf8 = close\n"
	"[/netstring]\nexec = x\nframe = netstring\n"
	"[/u32be]\nexec = x\nframe = u32be\ntype = text\ninvalid_utf8 = binary\n"
	"[/json]\nexec = x\nframe = json\n"
	"[/drop]\nexec = x\nslow_client = drop\nmax_frame = 100\n"
	"[/disconnect]\nexec = x\nslow_client = disconnect\ncharset = ISO-8859-1\n"
	"[/shared]\nexec = x\nprocess = shared\nreplay = 3\n"
	"[/shared-pause]\nexec = x\nprocess = shared\nslow_client = pause\nlinger = 0\n"
	"[/shared-drop]\nexec = x\nprocess = shared\nslow_client = drop\nframe = netstring\n"
	"replay = 2k\n"
	"[/shared-json]\nexec = x\nprocess = shared\nframe = json\nrestart = always\n"
	"[/again]\nexec = x\nprocess = shared\nrestart = on-failure\nreplay = 1\n"
	"[/again-raw]\nexec = x\nprocess = shared\nrestart = always\nframe = raw\n"
	"[/view]\nexec = x\nwrite = no\nclose_wait = no\nexit_code = plain\n"
	"[/whole]\nexec = x\nbuffer_message = yes\nmax_message = 20k\nembedded = refuse\n"
	"[/space]\nexec = x\nembedded = space\nmessage_rate = 3/s\n"
	"[/connect]\nconnect = 127.0.0.1:1\n"
	"[/connect-shared]\nconnect = 127.0.0.1:1\nprocess = shared\nrestart = always\n"
	"[/fifo]\nread_fifo = /x/a\nwrite_fifo = /x/b\nframe = netstring\nprocess = shared\n"
	"[/fifo-line]\nread_fifo = /x/c\nwrite_fifo = /x/d\n"
	"[/pty]\nexec = x\npty = 24x80\n"
	"[/pty-shared]\nexec = x\npty = 24x80\nprocess = session\nsession_key = query:k\n"
	"session_takeover = replace\nreplay = 2k\n"
	"[/charset]\nexec = x\ncharset = ISO-2022-JP\nframe = raw\ntype = text\n"
	"[/charset-close]\nexec = x\ncharset = UTF-16\ncharset_error = close\nframe = u32be\n"
	"type = text\n"
	"[/echo]\nbuiltin = echo\n"
	"[/channel]\nchannel = c\nreplay = 2\n"
	"[/long]\nexec = x\nqueue = 1M\nmax_message = 0\nmax_frame = 60000\nsend_timeout = 0\n"
	"ping_interval = 0\nidle_timeout = 0\n"
	"[/json-whole]\nexec = x\nframe = json\nslow_client = drop\nmax_frame = 5\n"
	"[/file]\nfile = " LINES_FILE "\nframe = raw\ntype = binary\n"
	"[/file-lines]\nfile = " LINES_FILE "\nslow_client = drop\n"
	"[/file-shared]\nfile = " LINES_FILE
	"\nprocess = shared\nreplay = 3\nlinger = 0\n"
	"[/file-follow]\nfile = " LINES_FILE "\nfollow = yes\nprocess = shared\n"
	"[/tiny]\nexec = x\nframe = raw\ntype = text\nmax_frame = 1\n";

#endif
