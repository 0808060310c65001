/* SPDX-License-Identifier: MIT */
/* The table of all settings: one row each. */
#include <string.h>

#include "conf_keys.h"
#include "log.h"

#define DAEMON(member) offsetof(struct conf, member)
#define PATH(member) offsetof(struct path_conf, member)
#define TLS(member) offsetof(struct tls_section, member)
#define AUTH(member) offsetof(struct auth_conf, member)
/* Kinds of sources. */
#define OF(kind) (1u << SOURCE_##kind)
#define PROGRAMS OF(EXEC)
#define STARTED (OF(EXEC) | OF(CONNECT)) /* for one client each */
#define MESSAGES (~OF(STATIC))           /* all that are a WebSocket, */
#define BYTES \
	(MESSAGES & ~(OF(ECHO) | OF(CHANNEL)))   /* ... whose messages lie in bytes, */
#define INPUT (MESSAGES & ~OF(FILE))             /* ... that take messages, */
#define ENDS (INPUT & ~(OF(FIFO) | OF(CHANNEL))) /* ... and whose input can end */
#define KIB 1024.0
#define MIB (1024.0 * KIB)
#define GIB (1024.0 * MIB)
#define HOUR 3600.0
#define DAY (24 * HOUR)
#define KEEPALIVE_MAX 32767.0 /* seconds that TCP_KEEPIDLE and TCP_KEEPINTVL take */

static const struct conf_word full_words[] = { { "http", FULL_HTTP },
					       { "close", FULL_CLOSE },
					       { NULL, 0 } };
static const struct conf_word to_words[] = { { "auto", LOG_TO_AUTO },
					     { "journal", LOG_TO_JOURNAL },
					     { "stderr", LOG_TO_STDERR },
					     { "syslog", LOG_TO_SYSLOG },
					     { NULL, 0 } };
static const struct conf_word time_words[] = { { "auto", LOG_TIME_AUTO }, { NULL, 0 } };
static const struct conf_word dashboard_words[] = { { "view", RIGHTS_VIEW },
						    { "operate", RIGHTS_OPERATE },
						    { NULL, 0 } };
static const struct conf_word level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};
static const struct conf_word format_words[] = { { "text", LOG_FORMAT_TEXT },
						 { "json", LOG_FORMAT_JSON },
						 { NULL, 0 } };
static const struct conf_word auth_words[] = { { "htpasswd", AUTH_HTPASSWD },
					       { "token", AUTH_TOKEN },
					       { "exec", AUTH_EXEC },
					       { NULL, 0 } };
static const struct conf_word protocol_words[] = { { "TLSv1.2", TLS_1_2 },
						   { "TLSv1.3", TLS_1_3 },
						   { "TLSv1", TLS_1_0 },
						   { "TLSv1.1", TLS_1_1 },
						   { NULL, 0 } };
static const struct conf_word client_words[] = { { "none", TLS_CLIENT_NONE },
						 { "request", TLS_CLIENT_REQUEST },
						 { "require", TLS_CLIENT_REQUIRE },
						 { NULL, 0 } };
static const struct conf_word verify_words[] = {
	{ "ignore_time", TLS_IGNORE_TIME },
	{ "allow_unknown_ca", TLS_ALLOW_UNKNOWN_CA },
	{ "ignore_usage", TLS_IGNORE_USAGE },
	{ "ignore_crl_unavailable", TLS_IGNORE_CRL_UNAVAILABLE },
	{ "check_crl", TLS_CHECK_CRL },
	{ "check_crl_all", TLS_CHECK_CRL_ALL },
	{ "partial_chain", TLS_PARTIAL_CHAIN },
	{ "x509_strict", TLS_X509_STRICT },
	{ NULL, 0 },
};
static const struct conf_word allow_words[] = { { "allow", true },
						{ "deny", false },
						{ NULL, 0 } };
static const struct conf_word slow_words[] = { { "pause", SLOW_PAUSE },
					       { "disconnect", SLOW_DISCONNECT },
					       { "drop", SLOW_DROP },
					       { NULL, 0 } };
static const struct conf_word takeover_words[] = { { "share", false },
						   { "replace", true },
						   { NULL, 0 } };
static const struct conf_word start_words[] = { { "first-client", false },
						{ "boot", true },
						{ NULL, 0 } };
static const struct conf_word restart_words[] = { { "no", RESTART_NO },
						  { "on-failure", RESTART_ON_FAILURE },
						  { "always", RESTART_ALWAYS },
						  { NULL, 0 } };
static const struct conf_word process_words[] = { { "each", PROCESS_EACH },
						  { "shared", PROCESS_SHARED },
						  { "session", PROCESS_SESSION },
						  { NULL, 0 } };
static const struct conf_word frame_words[] = {
	{ "line", FRAME_OF(FRAMING_LINE) },
	{ "raw", FRAME_OF(FRAMING_RAW) },
	{ "nul", FRAME_OF(FRAMING_NUL) },
	{ "netstring", FRAME_OF(FRAMING_NETSTRING) },
	{ "u32be", FRAME_OF(FRAMING_U32BE) },
	{ "json", FRAME_OF(FRAMING_JSON) },
	{ NULL, 0 },
};
static const struct conf_word type_words[] = { { "text", OP_TEXT },
					       { "binary", OP_BINARY },
					       { NULL, 0 } };
static const struct conf_word embedded_words[] = {
	{ "pass", EMBEDDED_PASS },
	{ "space", EMBEDDED_SPACE },
	{ "refuse", EMBEDDED_REFUSE },
	{ NULL, 0 },
};
static const struct conf_word charset_error_words[] = { { "replace", CHARSET_REPLACE },
							{ "close", CHARSET_CLOSE },
							{ NULL, 0 } };
static const struct conf_word invalid_words[] = {
	{ "replace", INVALID_REPLACE },
	{ "binary", INVALID_BINARY },
	{ "close", INVALID_CLOSE },
	{ NULL, 0 },
};
static const struct conf_word eof_words[] = {
	{ "auto", EOF_AUTO }, { "yes", EOF_YES }, { "no", EOF_NO }, { NULL, 0 }
};
static const struct conf_word compat_words[] = { { "websocketd", COMPAT_WEBSOCKETD },
						 { NULL, 0 } };
static const struct conf_word stderr_words[] = { { "log", STDERR_LOG },
						 { "merge", STDERR_MERGE },
						 { "client", STDERR_CLIENT },
						 { "drop", STDERR_DROP },
						 { NULL, 0 } };
static const struct conf_word builtin_words[] = { { "echo", SOURCE_ECHO }, { NULL, 0 } };
static const struct conf_word fifo_create_words[] = { { "no", FIFO_CREATE_NO },
						      { NULL, 0 } };
static const struct conf_word line_buffer_words[] = { { "pty", LINE_BUFFER_PTY },
						      { NULL, 0 } };
static const struct conf_word exit_code_words[] = { { "status", EXIT_CODE_STATUS },
						    { "plain", EXIT_CODE_PLAIN },
						    { NULL, 0 } };
static const struct conf_word send_proxy_words[] = { { "no", false },
						     { "v2", true },
						     { NULL, 0 } };
static const struct conf_word scope_words[] = { { "tree", STOP_TREE },
						{ "group", STOP_GROUP },
						{ NULL, 0 } };

/* clang-format off */
const struct conf_key conf_keys[] = {

	/* ---- [server] ---- */

	{ CONF_SERVER, "listen", .parse = conf_parse_listen, .field = 0,
	  .def = "127.0.0.1:8765", .flags = CONF_LIST | CONF_FILE,
	  .values = "ADDR:PORT, [ADDR]:PORT, unix:/path with mode=0660 and group=NAME, "
		    "or systemd:NAME; each may have tls or tls=NAME, or redirect or redirect=PORT, and proxy",
	  .doc = "Accept clients on this address, one a line.  Port 0 is one that "
		 "the kernel picks; the log tells which.  systemd:NAME stands for all sockets that "
		 "systemd passes under this name (FileDescriptorName= of a socket unit).  "
		 "With tls its clients speak TLS (https and wss), see [tls]; with tls=NAME as "
		 "[tls NAME] says.  "
		 "With redirect all requests but for the health page are sent to https, "
		 "at this port, that of the first listener with tls, or 443.  With proxy only trusted_proxy may connect, and "
		 "sends a header of the PROXY protocol (version 1 or 2) first." },
	{ CONF_SERVER, "backlog", .parse = conf_parse_unsigned, .field = DAEMON(backlog),
	  .def = "511", .min = 1, .max = 65535, .values = "1 to 65535",
	  .doc = "Connections that the kernel holds for a listener until they are "
		 "accepted." },
	{ CONF_SERVER, "exclusive", .parse = conf_parse_bool, .field = DAEMON(exclusive),
	  .def = "yes",
	  .doc = "Keep the ports to this process.  With no they are shared (SO_REUSEPORT) "
		 "with other processes of the same user that say so too, and the kernel spreads the clients.  "
		 "A reload that changes it opens them anew." },
	{ CONF_SERVER, "user", .parse = conf_parse_name, .field = DAEMON(user),
	  .def = "", .flags = CONF_EMPTY | CONF_RESTART, .values = "a user's name", .def_doc = "none",
	  .doc = "Become this user, for good, once root has opened the listeners and "
		 "read the files; root cannot start the daemon without it, user = root "
		 "stays root.  Only a restart changes it." },
	{ CONF_SERVER, "group", .parse = conf_parse_name, .field = DAEMON(group),
	  .def = "", .flags = CONF_EMPTY | CONF_RESTART, .values = "a group's name",
	  .def_doc = "the user's own",
	  .doc = "With user: become a member of this group instead of the user's own; "
		 "the other groups of the user stay.  Only a restart changes it." },
	{ CONF_SERVER, "allow", .parse = conf_parse_cidrs, .field = DAEMON(clients.allow),
	  .def = "all", .flags = CONF_LIST,
	  .values = "a list of addresses, networks ADDRESS/BITS, unix, and all",
	  .doc = "Addresses that may connect; all others are closed without an answer.  "
		 "unix stands for the clients of Unix sockets." },
	{ CONF_SERVER, "deny", .parse = conf_parse_cidrs, .field = DAEMON(clients.deny),
	  .def = "", .flags = CONF_LIST, .values = "a list as that of allow",
	  .def_doc = "none",
	  .doc = "Addresses that may not connect, whatever allow says." },
	{ CONF_SERVER, "trusted_proxy", .parse = conf_parse_cidrs,
	  .field = DAEMON(trusted_proxy),
	  .def = "", .flags = CONF_LIST, .values = "a list as that of allow",
	  .def_doc = "none",
	  .doc = "Proxies whose word on their clients counts: PROXY headers, Forwarded, "
		 "X-Forwarded-For, -Proto and -Host; of all others these are ignored." },
	{ CONF_SERVER, "server_name", .parse = conf_parse_hosts, .field = DAEMON(server_name),
	  .def = "", .flags = CONF_LIST, .values = "a list of host names, without port",
	  .def_doc = "any; on loopback listeners localhost and addresses",
	  .doc = "Hosts that requests may ask for, else they get 421.  On a loopback "
		 "listener localhost and addresses always may, and nothing unlisted: a web "
		 "page whose name resolves to 127.0.0.1 gets nowhere." },
	{ CONF_SERVER, "resolver", .parse = conf_parse_resolver, .field = DAEMON(resolver),
	  .def = "", .flags = CONF_LIST | CONF_FILE,
	  .values = "a list of ADDR, ADDR:PORT or [ADDR]:PORT, 8 at most",
	  .def_doc = "those of /etc/resolv.conf",
	  .doc = "Name servers that are asked for the hosts of connect.  A reload reads "
		 "/etc/resolv.conf again." },
	{ CONF_SERVER, "shutdown_timeout", .parse = conf_parse_seconds,
	  .field = DAEMON(shutdown_timeout),
	  .def = "20s", .max = HOUR, .values = "a duration up to 1h",
	  .doc = "Wait this long for sessions and programs to end when the daemon "
		 "stops, then kill them." },

	/* ---- [limits] ---- */

	{ CONF_LIMITS, "max_connections", .parse = conf_parse_unsigned,
	  .field = DAEMON(limits.max_connections),
	  .def = "1000", .min = 1, .max = 1e6, .values = "1 to 1000000",
	  .doc = "Clients connected at the same time; what is beyond is refused as "
		 "full says." },
	{ CONF_LIMITS, "max_per_address", .parse = conf_parse_unsigned,
	  .field = DAEMON(limits.max_per_address),
	  .def = "64", .min = 1, .max = 1e6, .values = "1 to 1000000",
	  .doc = "Clients of one address (of one /64 for IPv6) at the same time, else "
		 "status 429; loopback and Unix clients are exempt unless a trusted_proxy "
		 "names them." },
	{ CONF_LIMITS, "max_handshakes", .parse = conf_parse_unsigned,
	  .field = DAEMON(limits.max_handshakes),
	  .def = "256", .min = 1, .max = 1e6, .values = "1 to 1000000",
	  .doc = "Clients whose request is still under way; one more evicts the "
		 "oldest." },
	{ CONF_LIMITS, "accept_rate", .parse = conf_parse_rate,
	  .field = DAEMON(limits.accept_rate),
	  .def = "200/s", .max = 1e6, .values = "a rate, or 0 for no limit",
	  .doc = "New connections taken in this time; the listener pauses beyond it." },
	{ CONF_LIMITS, "handshake_timeout", .parse = conf_parse_seconds,
	  .field = DAEMON(limits.handshake_timeout),
	  .def = "10s", .min = 0.01, .max = HOUR, .values = "a duration from 10ms to 1h",
	  .doc = "A request must be complete this long after the connection was "
		 "accepted." },
	{ CONF_LIMITS, "max_header", .parse = conf_parse_size,
	  .field = DAEMON(limits.max_header),
	  .def = "8k", .min = 256, .max = 64 * KIB, .values = "a size from 256 to 64k",
	  .doc = "Bytes of a request up to and including the empty line, else status "
		 "431." },
	{ CONF_LIMITS, "max_checks", .parse = conf_parse_unsigned,
	  .field = DAEMON(limits.max_checks),
	  .def = "64", .min = 1, .max = 65536, .values = "1 to 65536",
	  .doc = "Passwords that are being checked or wait for it, one after the other; "
		 "one more gets status 503.  As many clients may wait for the command of "
		 "an [auth NAME]." },
	{ CONF_LIMITS, "auth_failures", .parse = conf_parse_rate,
	  .field = DAEMON(limits.auth_failures),
	  .def = "5/m", .max = 1000, .values = "a rate, or 0 for no limit",
	  .doc = "Wrong passwords and tokens that an address may send in this time, a "
		 "minute's worth of them at once; beyond it all of its credentials get "
		 "status 429 until it has waited.  All clients of Unix sockets are as one "
		 "address." },
	{ CONF_LIMITS, "full", .parse = conf_parse_word, .field = DAEMON(limits.full),
	  .def = "http", .words = full_words, .values = "http or close",
	  .doc = "How a client beyond a limit is told: by HTTP status 503, or by "
		 "accepting the WebSocket and closing it with 1013, which a page can "
		 "see." },

	/* ---- [socket] ---- */

	{ CONF_SOCKET, "nodelay", .parse = conf_parse_bool,
	  .field = DAEMON(stream.nodelay),
	  .def = "yes",
	  .doc = "Send small messages at once (TCP_NODELAY)." },
	{ CONF_SOCKET, "receive_buffer", .parse = conf_parse_size,
	  .field = DAEMON(receive_buffer),
	  .def = "0", .max = GIB, .values = "a size up to 1G, 0 lets the kernel tune it",
	  .doc = "Bytes that the kernel holds of what a client sends (SO_RCVBUF); the log "
		 "tells what it made of it." },
	{ CONF_SOCKET, "send_buffer", .parse = conf_parse_size,
	  .field = DAEMON(send_buffer),
	  .def = "0", .max = GIB, .values = "a size up to 1G, 0 lets the kernel tune it",
	  .doc = "Bytes that the kernel holds of what is sent to a client (SO_SNDBUF)." },
	{ CONF_SOCKET, "unsent", .parse = conf_parse_size, .field = DAEMON(stream.unsent),
	  .def = "0", .max = GIB, .values = "a size up to 1G, 0 is as much as it likes",
	  .doc = "Bytes that the kernel takes for a client beyond those in flight "
		 "(TCP_NOTSENT_LOWAT); the others wait in queue.  With 128k a pong or "
		 "close frame waits behind less, and a flood costs more CPU time." },
	{ CONF_SOCKET, "keepalive_time", .parse = conf_parse_seconds,
	  .field = DAEMON(stream.keepalive_time),
	  .def = "2m", .max = KEEPALIVE_MAX, .values = "a duration up to 32767s, 0 is never",
	  .doc = "After this silence the kernel begins to ask whether the client's host "
		 "is still there (SO_KEEPALIVE); rounded up to whole seconds." },
	{ CONF_SOCKET, "keepalive_interval", .parse = conf_parse_seconds,
	  .field = DAEMON(stream.keepalive_interval),
	  .def = "15s", .min = 0.001, .max = KEEPALIVE_MAX,
	  .values = "a duration from 1ms to 32767s",
	  .doc = "It asks again after this time, rounded up to whole seconds." },
	{ CONF_SOCKET, "keepalive_probes", .parse = conf_parse_unsigned,
	  .field = DAEMON(stream.keepalive_probes),
	  .def = "4", .min = 1, .max = 127, .values = "1 to 127",
	  .doc = "Unanswered questions after which the connection is lost; once "
		 "send_timeout is over, one is enough." },

	/* ---- [tls] ---- */

	{ CONF_TLS, "certificate", .parse = conf_parse_absolute, .field = TLS(conf.certificate),
	  .def = "", .flags = CONF_EMPTY | CONF_FILE | CONF_OWN, .values = "an absolute path", .def_doc = "none",
	  .doc = "PEM file with the certificate for listeners with the word tls, and "
		 "behind it those of its issuers; or a file of PKCS#12 with the key as well.  "
		 "Read at the start and at a reload." },
	{ CONF_TLS, "key", .parse = conf_parse_absolute, .field = TLS(conf.key),
	  .def = "", .flags = CONF_EMPTY | CONF_FILE | CONF_OWN, .values = "an absolute path",
	  .def_doc = "the file of certificate",
	  .doc = "PEM file with the certificate's private key.  Each handshake signs with "
		 "it, in which time nobody else is served: ECDSA takes less than 0.1 ms, RSA of "
		 "2048 bits 0.3 ms, of 4096 bits 4 ms, of 8192 bits 30 ms." },
	{ CONF_TLS, "key_password_file", .parse = conf_parse_absolute,
	  .field = TLS(conf.key_password_file),
	  .def = "", .flags = CONF_EMPTY | CONF_FILE | CONF_OWN, .values = "an absolute path",
	  .def_doc = "none, the key is not encrypted",
	  .doc = "File whose first line is the password of the key, or of the file of "
		 "PKCS#12." },
	{ CONF_TLS, "protocols", .parse = conf_parse_protocols,
	  .field = TLS(conf.protocols),
	  .def = "TLSv1.2 TLSv1.3", .flags = CONF_LIST, .words = protocol_words,
	  .values = "a list of TLSv1.3, TLSv1.2, TLSv1.1 and TLSv1",
	  .doc = "Versions of TLS that clients may use.  TLSv1.1 and TLSv1 are "
		 "warned of: they are history, and need ciphers with @SECLEVEL=0." },
	{ CONF_TLS, "ciphers", .parse = conf_parse_text, .field = TLS(conf.ciphers),
	  .def = "ECDHE+AESGCM:ECDHE+CHACHA20", .values = "a list as openssl-ciphers(1) has it",
	  .doc = "Ciphers of TLS 1.2, the preferred ones first.  A word that OpenSSL does not "
		 "know is an error." },
	{ CONF_TLS, "ciphersuites", .parse = conf_parse_text,
	  .field = TLS(conf.ciphersuites),
	  .def = "", .flags = CONF_EMPTY, .values = "names with colons between them",
	  .def_doc = "OpenSSL's",
	  .doc = "Ciphers of TLS 1.3, the preferred ones first: "
		 "TLS_AES_128_GCM_SHA256 and its like." },
	{ CONF_TLS, "min_cipher_bits", .parse = conf_parse_unsigned,
	  .field = TLS(conf.min_cipher_bits),
	  .def = "128", .max = 256, .values = "0 to 256",
	  .doc = "Leave out ciphers, of TLS 1.3 too, whose key has fewer bits." },
	{ CONF_TLS, "algorithms", .parse = conf_parse_algorithms,
	  .field = TLS(conf.algorithms),
	  .def = "*", .flags = CONF_LIST,
	  .values = "*, or a list of AES128-GCM, AES256-GCM, CHACHA20, AES128-CCM, "
		    "AES256-CCM, AES128-CBC, AES256-CBC, ARIA128-GCM, ARIA256-GCM, "
		    "CAMELLIA128-CBC, CAMELLIA256-CBC and 3DES-CBC",
	  .doc = "Leave out ciphers, of TLS 1.3 too, that encrypt with another algorithm." },
	{ CONF_TLS, "groups", .parse = conf_parse_text, .field = TLS(conf.groups),
	  .def = "", .flags = CONF_EMPTY, .values = "names with colons between them",
	  .def_doc = "OpenSSL's",
	  .doc = "Groups for the exchange of keys, the preferred ones first: "
		 "X25519:P-256 and its like." },
	{ CONF_TLS, "session_reuse", .parse = conf_parse_bool,
	  .field = TLS(conf.session_reuse),
	  .def = "yes",
	  .doc = "Give tickets, with which a client that comes back need not begin anew.  Of TLS "
		 "1.2 without tickets the last 1000 sessions are held, unless clients show "
		 "certificates." },
	{ CONF_TLS, "session_timeout", .parse = conf_parse_seconds,
	  .field = TLS(conf.session_timeout),
	  .def = "2h", .min = 1, .max = 7 * DAY, .flags = CONF_ALONE, .values = "a duration from 1s to 7d",
	  .doc = "A ticket is good for this long." },
	{ CONF_TLS, "expiry_warning", .parse = conf_parse_seconds,
	  .field = TLS(conf.expiry_warning),
	  .def = "14d", .max = 365 * DAY, .values = "a duration up to 365d",
	  .doc = "Warn, at the start, at a reload and with -t, when the certificate is "
		 "valid for less than this time." },
	{ CONF_TLS, "client_certificate", .parse = conf_parse_word,
	  .field = TLS(conf.client_certificate),
	  .def = "none", .words = client_words, .values = "none, request or require",
	  .doc = "Ask clients for a certificate of their own.  One that is shown has to "
		 "be good, with require it has to be shown.  Programs get "
		 "SSL_CLIENT_VERIFY, _S_DN, _I_DN, _M_SERIAL and _FINGERPRINT." },
	{ CONF_TLS, "ca_file", .parse = conf_parse_absolute, .field = TLS(conf.ca_file),
	  .def = "", .flags = CONF_EMPTY | CONF_FILE, .values = "an absolute path", .def_doc = "none",
	  .doc = "PEM file with the authorities that may sign certificates of clients.  "
		 "Clients are told their names." },
	{ CONF_TLS, "ca_dir", .parse = conf_parse_absolute, .field = TLS(conf.ca_dir),
	  .def = "", .flags = CONF_EMPTY | CONF_FILE, .values = "an absolute path", .def_doc = "none",
	  .doc = "Directory of such authorities, a file each, with names by openssl-rehash(1)." },
	{ CONF_TLS, "crl_file", .parse = conf_parse_absolute, .field = TLS(conf.crl_file),
	  .def = "", .flags = CONF_EMPTY | CONF_FILE, .values = "an absolute path", .def_doc = "none",
	  .doc = "PEM file with lists of what the authorities have revoked; as "
		 "verify_flags = check_crl." },
	{ CONF_TLS, "client_subject", .parse = conf_parse_lines,
	  .field = TLS(conf.client_subject),
	  .def = "", .flags = CONF_LIST, .values = "a pattern, one a line", .def_doc = "any",
	  .doc = "Clients whose certificate has such a subject are let in, all others "
		 "are not.  The whole subject is compared, as RFC 2253 writes it: "
		 "CN=alice,OU=staff,O=Example; * stands for anything, ? for one character." },
	{ CONF_TLS, "verify_flags", .parse = conf_parse_flags,
	  .field = TLS(conf.verify_flags),
	  .def = "", .flags = CONF_LIST, .words = verify_words, .def_doc = "none",
	  .values = "a list of ignore_time, allow_unknown_ca, ignore_usage, "
		    "ignore_crl_unavailable, check_crl, check_crl_all, partial_chain and "
		    "x509_strict",
	  .doc = "How the verification of clients' certificates differs from the usual one." },
	{ CONF_TLS, "provider", .parse = conf_parse_name, .field = TLS(conf.provider),
	  .def = "default", .flags = CONF_ALONE | CONF_FILE, .values = "default, fips, legacy or another of OpenSSL's",
	  .doc = "OpenSSL's provider of the algorithms (provider(7)), which is loaded "
		 "for this alone; * is default." },
	{ CONF_TLS, "prng_seed_file", .parse = conf_parse_absolute,
	  .field = TLS(conf.prng_seed_file),
	  .def = "", .flags = CONF_ALONE | CONF_EMPTY | CONF_FILE, .values = "an absolute path", .def_doc = "none",
	  .doc = "File whose first 64k seed OpenSSL's random numbers, in addition to "
		 "the system's seed." },
	{ CONF_TLS, "prng_seed", .parse = conf_parse_text, .field = TLS(conf.prng_seed),
	  .def = "", .flags = CONF_ALONE | CONF_EMPTY | CONF_SECRET, .values = "a text", .def_doc = "none",
	  .doc = "The same with this text; give it as ${cred:NAME}." },

	/* ---- [tls NAME] ---- */

	{ CONF_TLS_NAME, "server_name", .parse = conf_parse_server_names,
	  .field = TLS(server_name),
	  .def = "", .flags = CONF_LIST, .values = "a list of names, or *.example.org", .def_doc = "none",
	  .doc = "Clients that ask for such a name, at a listener with the word tls alone, "
		 "get this section's certificate and settings; * stands for one label.  "
		 "All others get those of [tls], or are refused where it has no certificate." },

	/* ---- [logging] ---- */

	{ CONF_LOGGING, "to", .parse = conf_parse_word, .field = DAEMON(log_to),
	  .def = "auto", .words = to_words, .values = "auto, journal, stderr or syslog",
	  .doc = "Where the log goes: to the journal, with the fields of each event, to "
		 "standard error, or to /dev/log; auto is the journal when it reads "
		 "standard error, else standard error, which also gets what journal or "
		 "syslog does not take." },
	{ CONF_LOGGING, "time", .parse = conf_parse_bool_or_word, .field = DAEMON(log_time),
	  .def = "auto", .words = time_words, .values = "auto, yes or no",
	  .doc = "Begin a line of text on standard error with the local time; auto does "
		 "when that is a file or a terminal." },
	{ CONF_LOGGING, "level", .parse = conf_parse_word, .field = DAEMON(log_level),
	  .def = "info", .words = level_words, .values = "error, warning, info or debug",
	  .doc = "Log events of this level and of those named before it." },
	{ CONF_LOGGING, "access", .parse = conf_parse_bool, .field = DAEMON(log_access),
	  .def = "yes",
	  .doc = "Log one line at the end of each session, of each TLS handshake that goes "
		 "well, and of each request for a file or a redirect; wsbridged(8) explains "
		 "their fields." },
	{ CONF_LOGGING, "format", .parse = conf_parse_word, .field = DAEMON(log_format),
	  .def = "text", .words = format_words, .values = "text or json",
	  .doc = "Lines for people, or each line one JSON object with time, level, id, "
		 "path, and event or message." },

	/* ---- [control] ---- */

	{ CONF_CONTROL, "socket", .parse = conf_parse_control, .field = DAEMON(control),
	  .def = "auto", .flags = CONF_FILE, .values = "auto, none, or an absolute path",
	  .doc = "The socket of wsbridgectl(1): with auto control.sock in "
		 "RUNTIME_DIRECTORY, else in /run/wsbridge for root, else in wsbridge in "
		 "XDG_RUNTIME_DIR.  Where auto does not work the daemon warns and runs "
		 "without." },
	{ CONF_CONTROL, "mode", .parse = conf_parse_umask, .field = DAEMON(control.mode),
	  .def = "0660", .flags = CONF_FILE, .max = 0777, .values = "an octal mode",
	  .doc = "Mode of that socket: who may write to it may give every command." },
	{ CONF_CONTROL, "group", .parse = conf_parse_name,
	  .field = DAEMON(control.group),
	  .def = "", .flags = CONF_EMPTY | CONF_FILE, .values = "a group's name",
	  .def_doc = "the daemon's", .doc = "Group of that socket." },

	/* ---- [web] ---- */

	{ CONF_WEB, "console", .parse = conf_parse_bool, .field = DAEMON(console),
	  .def = "no",
	  .doc = "Show a page that talks to a path when somebody opens it in a "
		 "browser." },
	{ CONF_WEB, "terminal", .parse = conf_parse_bool, .field = DAEMON(terminal),
	  .def = "no",
	  .doc = "Show a page that is the terminal of a path with pty when somebody opens it "
		 "in a browser, or /-/terminal and the path behind it." },
	{ CONF_WEB, "health", .parse = conf_parse_page, .field = DAEMON(health),
	  .def = "/healthz", .flags = CONF_EMPTY, .values = "a path, or off",
	  .doc = "Answer this path with status 200 and ok, for load balancers: also to "
		 "HTTP/1.0 and to requests without Host, and for any Host." },
	{ CONF_WEB, "metrics", .parse = conf_parse_page, .field = DAEMON(metrics),
	  .def = "off", .flags = CONF_EMPTY, .values = "a path such as /metrics, or off",
	  .doc = "Answer this path with the METRICS below, as text for Prometheus, to "
		 "clients that allow names." },
	{ CONF_WEB, "dashboard", .parse = conf_parse_bool_or_word,
	  .field = DAEMON(dashboard),
	  .def = "no", .words = dashboard_words, .values = "no, view (or yes), or operate",
	  .doc = "Show the clients, programs and what passes, live, at /-/dashboard; with "
		 "operate clients can be disconnected there.  For the same origin alone, "
		 "from addresses that allow names, and for whom auth knows." },
	{ CONF_WEB, "auth", .parse = conf_parse_section_name, .field = DAEMON(web_auth),
	  .def = "none", .values = "the NAME of an [auth NAME], or none",
	  .doc = "The [auth NAME] that knows who may open the dashboard." },
	{ CONF_WEB, "allow", .parse = conf_parse_cidrs, .field = DAEMON(web_allow),
	  .def = "127.0.0.0/8 ::1", .flags = CONF_LIST,
	  .values = "a list of addresses, networks ADDRESS/BITS, unix, and all",
	  .doc = "Addresses that may read the metrics and open the dashboard, else status "
		 "403, and that are shown console and terminal, as is whoever the auth of a "
		 "path knows.  Everybody who comes through a web server on this machine has "
		 "such an address, unless trusted_proxy names that server: they are refused "
		 "metrics and dashboard, but not console and terminal." },

	/* ---- [hooks] ---- */

	{ CONF_HOOKS, "on_request", .parse = conf_parse_exec,
	  .field = DAEMON(hooks.on_request), .def = "",
	  .flags = CONF_VERBATIM | CONF_EMPTY | CONF_FILE, .values = "a command", .def_doc = "none",
	  .doc = "Run this command for each request for a WebSocket that has passed all "
		 "checks, and wait for what it says: exit status 0 accepts, another is a "
		 "403; see HOOKS." },
	{ CONF_HOOKS, "on_open", .parse = conf_parse_exec, .field = DAEMON(hooks.on_open),
	  .def = "", .flags = CONF_VERBATIM | CONF_EMPTY | CONF_FILE, .values = "a command",
	  .def_doc = "none", .doc = "Run this command when a session has begun." },
	{ CONF_HOOKS, "on_close", .parse = conf_parse_exec, .field = DAEMON(hooks.on_close),
	  .def = "", .flags = CONF_VERBATIM | CONF_EMPTY | CONF_FILE, .values = "a command",
	  .def_doc = "none", .doc = "Run this command when a session has ended." },
	{ CONF_HOOKS, "timeout", .parse = conf_parse_seconds, .field = DAEMON(hooks.timeout),
	  .def = "5s", .min = 0.1, .max = HOUR, .values = "100ms to 1h",
	  .doc = "A hook that takes longer is killed; the request that waits for it gets "
		 "503.  handshake_timeout goes on meanwhile." },
	{ CONF_HOOKS, "max_running", .parse = conf_parse_unsigned,
	  .field = DAEMON(hooks.max_running),
	  .def = "8", .min = 1, .max = 10000, .values = "1 to 10000",
	  .doc = "Hooks at the same time: one more request gets 503, one more on_open or "
		 "on_close is left out and logged." },

	/* ---- [auth NAME] ---- */

	{ CONF_AUTH, "type", .parse = conf_parse_word, .field = AUTH(type),
	  .def = "", .flags = CONF_EMPTY, .words = auth_words,
	  .values = "htpasswd, token or exec", .def_doc = "none, it must be set",
	  .doc = "What a client shows: a user's name and password, or a bearer token; or "
		 "either, and a program decides." },
	{ CONF_AUTH, "file", .parse = conf_parse_absolute, .field = AUTH(file),
	  .def = "", .flags = CONF_EMPTY,
	  .values = "an absolute path", .def_doc = "none",
	  .doc = "With type = htpasswd: a file of lines NAME:HASH, read at the start and by "
		 "a reload.  Hashes are yescrypt, bcrypt, SHA-512 or SHA-256." },
	{ CONF_AUTH, "realm", .parse = conf_parse_realm, .field = AUTH(realm),
	  .def = "", .flags = CONF_EMPTY,
	  .values = "up to 100 bytes of ASCII", .def_doc = "the section's NAME",
	  .doc = "What the client is told that it is asked for." },
	{ CONF_AUTH, "tokens", .parse = conf_parse_absolute, .field = AUTH(tokens),
	  .def = "", .flags = CONF_EMPTY,
	  .values = "an absolute path", .def_doc = "none",
	  .doc = "With type = token: a file of lines sha256:HEX NAME, read at the start "
		 "and by a reload." },
	{ CONF_AUTH, "token", .parse = conf_parse_token, .field = AUTH(token),
	  .def = "", .flags = CONF_LIST | CONF_SECRET,
	  .values = "sha256:HEX NAME, one a line", .def_doc = "none",
	  .doc = "With type = token: a token's SHA-256, as wsbridged --hash-token makes "
		 "it, and the name that REMOTE_USER gets." },
	{ CONF_AUTH, "query", .parse = conf_parse_bool, .field = AUTH(query),
	  .def = "no",
	  .doc = "With type = token or exec: also take ?token= of the URL, for clients that "
		 "cannot send a header, such as WebSockets of a browser; programs do not "
		 "see it, but proxies in front may log it." },

	{ CONF_AUTH, "exec", .parse = conf_parse_exec, .field = AUTH(exec), .def = "",
	  .flags = CONF_VERBATIM | CONF_EMPTY | CONF_FILE,
	  .values = "a command", .def_doc = "none",
	  .doc = "With type = exec: run this command for each request, with the "
		 "credentials on its standard input; exit status 0 lets the client in, "
		 "another is a 401." },
	{ CONF_AUTH, "timeout", .parse = conf_parse_seconds, .field = AUTH(timeout),
	  .def = "5s", .min = 0.1, .max = HOUR, .values = "100ms to 1h",
	  .doc = "With type = exec: a command that takes longer is killed, and the client "
		 "gets 503.  handshake_timeout goes on meanwhile." },
	{ CONF_AUTH, "max_running", .parse = conf_parse_unsigned,
	  .field = AUTH(max_running),
	  .def = "8", .min = 1, .max = 10000, .values = "1 to 10000",
	  .doc = "With type = exec: commands at the same time; other clients wait for "
		 "their turn, as many as max_checks says." },

	/* ---- [/path]: policy ---- */

	{ CONF_PATH, "origin", .parse = conf_parse_origin,
	  .field = PATH(access.origins),
	  .def = "same", .flags = CONF_LIST,
	  .values = "any, or a list of same and scheme://host[:port]",
	  .doc = "Web pages that may connect: any, or those of the same host and of the "
		 "origins that are listed." },
	{ CONF_PATH, "origin_missing", .parse = conf_parse_flag_word,
	  .field = PATH(access.origin_missing),
	  .def = "allow", .words = allow_words, .values = "allow or deny",
	  .doc = "What to do with a client that sends no Origin, which is no browser." },
	{ CONF_PATH, "allow", .parse = conf_parse_cidrs,
	  .field = PATH(access.clients.allow),
	  .def = "all", .flags = CONF_LIST,
	  .values = "a list of addresses, networks ADDRESS/BITS, unix, and all",
	  .doc = "Addresses of clients that may use the path, else status 403." },
	{ CONF_PATH, "deny", .parse = conf_parse_cidrs,
	  .field = PATH(access.clients.deny),
	  .def = "", .flags = CONF_LIST, .values = "a list as that of allow",
	  .def_doc = "none",
	  .doc = "Addresses of clients that may not, whatever allow says." },
	{ CONF_PATH, "auth", .parse = conf_parse_section_name, .field = PATH(auth_name),
	  .def = "none", .values = "the NAME of an [auth NAME], or none",
	  .doc = "Who may open the path, its page as well as its WebSocket; else status "
		 "401." },
	{ CONF_PATH, "subprotocol", .parse = conf_parse_tokens,
	  .field = PATH(subprotocol),
	  .def = "", .flags = CONF_LIST, .values = "a list of tokens", .def_doc = "none",
	  .doc = "Subprotocols offered, the preferred one first; a client that asks "
		 "for none of them is served without." },
	{ CONF_PATH, "write", .parse = conf_parse_bool, .field = PATH(session.write),
	  .def = "yes",
	  .doc = "Pass clients' messages to the program; else they are discarded and "
		 "the path is view only." },
	{ CONF_PATH, "ping_interval", .parse = conf_parse_seconds,
	  .field = PATH(session.ping_interval),
	  .def = "30s", .max = DAY, .values = "a duration up to 1d, 0 is never",
	  .doc = "Send a ping to the client this often." },
	{ CONF_PATH, "ping_timeout", .parse = conf_parse_seconds,
	  .field = PATH(session.ping_timeout),
	  .def = "20s", .max = DAY, .values = "a duration up to 1d, 0 is never",
	  .doc = "Drop a client that has not answered a ping for this long." },
	{ CONF_PATH, "idle_timeout", .parse = conf_parse_seconds,
	  .field = PATH(session.idle_timeout),
	  .def = "0", .max = 30 * DAY, .values = "a duration up to 30d, 0 is never",
	  .doc = "Close a session without a message in either direction for this long; "
		 "pings do not count." },
	{ CONF_PATH, "send_timeout", .parse = conf_parse_seconds,
	  .field = PATH(session.send_timeout),
	  .def = "60s", .max = DAY, .values = "a duration up to 1d, 0 is never",
	  .doc = "Drop a client that takes nothing for this long while output waits." },
	{ CONF_PATH, "message_rate", .parse = conf_parse_rate,
	  .field = PATH(session.message_rate),
	  .def = "0", .max = 1e6, .values = "a rate, or 0 for no limit",
	  .doc = "Messages that a client may send in this time, one second's worth of "
		 "them at once; beyond it the session is closed with 1008." },
	{ CONF_PATH, "max_message", .parse = conf_parse_size,
	  .field = PATH(session.ws.max_message),
	  .def = "1M", .max = GIB, .values = "a size up to 1G, 0 is no limit",
	  .doc = "Bytes of a client's message, a longer one closes the session with 1009; "
		 "and of a program's message: in netstring and u32be a longer one closes with "
		 "1011, in json its line is skipped.  What charset, json or base64 has to "
		 "change is changed in one go: 1 to 3 ms for each MiB, in which nobody else is "
		 "served." },
	{ CONF_PATH, "buffer_message", .parse = conf_parse_bool,
	  .field = PATH(session.ws.whole),
	  .def = "no",
	  .doc = "Hold a client's message until it is complete, else its parts are "
		 "passed on as they come." },
	{ CONF_PATH, "max_frame", .parse = conf_parse_size, .field = PATH(hub.max_frame),
	  .def = "0", .max = GIB, .values = "a size up to 1G, 0 is no limit",
	  .doc = "Cut messages to the client into frames of at most this payload." },
	{ CONF_PATH, "queue", .parse = conf_parse_size, .field = PATH(session.queue),
	  .def = "1M", .min = 4 * KIB, .max = GIB, .values = "a size from 4k to 1G",
	  .doc = "Bytes held for one session in each direction before the side that "
		 "sends is no longer read; of what clients send about 64 KiB while the "
		 "program takes it, and half of this once it has taken nothing for 0.4 s.  For "
		 "a client of a shared program, or with slow_client = disconnect or drop, each "
		 "piece of output that waits counts 64 bytes more than it has." },
	{ CONF_PATH, "slow_client", .parse = conf_parse_word,
	  .field = PATH(hub.slow_client),
	  .kinds = MESSAGES,
	  .def = "", .flags = CONF_EMPTY, .words = slow_words,
	  .values = "pause, disconnect or drop",
	  .def_doc = "pause with process = each, else disconnect",
	  .doc = "What becomes of a client that is slower than the program, when more than queue "
		 "waits for it: the program is paused, and with it all who share it; the client is "
		 "closed with 1008; or its oldest messages that have not begun to leave are "
		 "dropped, and counted." },
	{ CONF_PATH, "close_code", .parse = conf_parse_close_code,
	  .field = PATH(session.close_code),
	  .def = "1000", .min = 1000, .max = 4999,
	  .values = "a close code that may be sent",
	  .doc = "Close code when the program ended with status 0." },
	{ CONF_PATH, "close_reason", .parse = conf_parse_close_reason,
	  .field = PATH(session.close_reason),
	  .def = "", .flags = CONF_EMPTY,
	  .values = "up to 123 bytes of UTF-8", .def_doc = "none",
	  .doc = "Reason sent with close_code." },
	{ CONF_PATH, "close_wait", .parse = conf_parse_bool,
	  .field = PATH(session.close_wait),
	  .def = "yes",
	  .doc = "After a close frame wait for the client's, so that the last bytes "
		 "are not lost." },
	{ CONF_PATH, "close_timeout", .parse = conf_parse_seconds,
	  .field = PATH(session.close_timeout),
	  .def = "5s", .max = HOUR, .values = "a duration up to 1h",
	  .doc = "Wait this long for the client's close frame; with send_timeout = 0 also for "
		 "a client that takes nothing of what is left for it." },

	/* ---- [/path]: source ---- */

	{ CONF_PATH, "exec", .parse = conf_parse_exec, .field = PATH(exec.argv),
	  .def = "", .flags = CONF_SOURCE | CONF_VERBATIM | CONF_EMPTY | CONF_FILE,
	  .source = SOURCE_EXEC,
	  .values = "a command", .def_doc = "none",
	  .doc = "Run this command for each client, without a shell; quotes group "
		 "words, a backslash takes the next character as it is.  The command is "
		 "looked for in PATH when it is first started, when it cannot be started "
		 "from there any more, and after a reload.  The daemon waits until the "
		 "kernel has loaded the program: a file system that does not answer would "
		 "hold everybody up." },
	{ CONF_PATH, "shell", .parse = conf_parse_shell, .field = PATH(exec.argv),
	  .def = "", .flags = CONF_SOURCE | CONF_VERBATIM | CONF_EMPTY | CONF_FILE,
	  .source = SOURCE_EXEC,
	  .values = "a shell command", .def_doc = "none",
	  .doc = "Run this text with /bin/sh -c for each client." },

	{ CONF_PATH, "connect", .parse = conf_parse_connect, .field = PATH(connect.target),
	  .source = SOURCE_CONNECT,
	  .def = "", .flags = CONF_SOURCE | CONF_EMPTY | CONF_FILE,
	  .values = "HOST:PORT, [ADDR]:PORT or unix:/path", .def_doc = "none",
	  .doc = "Connect each client to the service that listens there.  The name of a host "
		 "is looked up for each client, in /etc/hosts and then by resolver, and its "
		 "addresses are tried one after the other.  A service that refuses is "
		 "status 502." },

	{ CONF_PATH, "static", .parse = conf_parse_absolute, .field = PATH(files),
	  .def = "", .flags = CONF_SOURCE | CONF_EMPTY | CONF_FILE,
	  .source = SOURCE_STATIC,
	  .values = "an absolute path", .def_doc = "none",
	  .doc = "Serve the files below this directory, and index.html for the directory "
		 "itself; without a star the path is that index.html alone, or the "
		 "file that is named instead of a directory." },

	{ CONF_PATH, "read_fifo", .parse = conf_parse_absolute, .field = PATH(fifo.read),
	  .source = SOURCE_FIFO,
	  .def = "", .flags = CONF_SOURCE | CONF_EMPTY | CONF_FILE,
	  .values = "an absolute path", .def_doc = "none",
	  .doc = "Send what other programs write to this named pipe, however they come and "
		 "go; alone or with write_fifo." },
	{ CONF_PATH, "write_fifo", .parse = conf_parse_absolute, .field = PATH(fifo.write),
	  .source = SOURCE_FIFO,
	  .def = "", .flags = CONF_SOURCE | CONF_EMPTY | CONF_FILE,
	  .values = "an absolute path", .def_doc = "none",
	  .doc = "Write clients' messages to this named pipe, for whoever reads it.  While "
		 "nobody does they wait in it, then in queue, then the client is no "
		 "longer read." },
	{ CONF_PATH, "file", .parse = conf_parse_absolute, .field = PATH(file.path),
	  .source = SOURCE_FILE,
	  .def = "", .flags = CONF_SOURCE | CONF_EMPTY | CONF_FILE,
	  .values = "an absolute path", .def_doc = "none",
	  .doc = "Send this file to each client, line by line, or with frame = raw as one "
		 "message, and close with close_code." },
	{ CONF_PATH, "channel", .parse = conf_parse_name, .field = PATH(channel),
	  .source = SOURCE_CHANNEL,
	  .def = "", .flags = CONF_SOURCE | CONF_EMPTY,
	  .values = "a name, without blanks", .def_doc = "none",
	  .doc = "Send each message of a client, and of wsbridgectl publish, to all clients of "
		 "all paths with this channel." },
	{ CONF_PATH, "builtin", .parse = conf_parse_word, .field = PATH(builtin),
	  .source = SOURCE_ECHO,
	  .def = "", .flags = CONF_SOURCE | CONF_EMPTY, .words = builtin_words,
	  .values = "echo", .def_doc = "none",
	  .doc = "Send each message back as it is, text or binary." },

	/* ---- [/path]: FIFOs and files ---- */

	{ CONF_PATH, "fifo_create", .parse = conf_parse_mode_or_word,
	  .field = PATH(fifo.create),
	  .kinds = OF(FIFO),
	  .def = "no", .flags = CONF_FILE, .max = 0777, .words = fifo_create_words,
	  .values = "an octal mode, or no",
	  .doc = "Make the FIFO with this mode when it is not there; something else that "
		 "has its name stays." },
	{ CONF_PATH, "follow", .parse = conf_parse_bool, .field = PATH(file.follow),
	  .kinds = OF(FILE),
	  .def = "no",
	  .doc = "Send what is written to the file from now on, as tail -F does: a file that "
		 "is renamed is read to its end before the one that takes its name is, "
		 "one that becomes shorter is read anew, one that is not there is waited for." },

	/* ---- [/path]: framing ---- */

	{ CONF_PATH, "frame", .parse = conf_parse_word, .field = PATH(frame),
	  .kinds = BYTES,
	  .def = "", .flags = CONF_EMPTY, .words = frame_words,
	  .values = "line, raw, nul, netstring, u32be or json",
	  .def_doc = "line, with pty raw",
	  .doc = "How messages lie in the program's input and output: one a line, bytes "
		 "as they come, each ended by a NUL, each as a netstring, each after its "
		 "length in four bytes, the highest first, or as lines of JSON that say "
		 "whom they are from and for (THE JSON LINES)." },
	{ CONF_PATH, "type", .parse = conf_parse_word, .field = PATH(hub.framing.type),
	  .kinds = BYTES,
	  .def = "", .flags = CONF_EMPTY, .words = type_words, .values = "text or binary",
	  .def_doc = "text for line and nul, binary for the others",
	  .doc = "Type of the messages to the client." },
	{ CONF_PATH, "embedded", .parse = conf_parse_word,
	  .field = PATH(hub.framing.embedded),
	  .kinds = BYTES & ~OF(FILE),
	  .def = "", .flags = CONF_EMPTY, .words = embedded_words,
	  .values = "pass, space or refuse",
	  .def_doc = "refuse for nul, pass for the others",
	  .doc = "What becomes of a line end inside a client's text message with frame "
		 "= line, or of a NUL inside any message with frame = nul: it passes, "
		 "turns into a space, or closes the session with 1008." },
	{ CONF_PATH, "charset", .parse = conf_parse_charset,
	  .field = PATH(hub.framing.charset),
	  .kinds = BYTES,
	  .def = "UTF-8", .values = "a name that iconv -l lists, or a code page's number",
	  .doc = "Charset of text in the program's input and output; text messages, "
		 "which are UTF-8, are converted, binary ones never." },
	{ CONF_PATH, "charset_error", .parse = conf_parse_word,
	  .field = PATH(hub.framing.charset_error),
	  .kinds = BYTES,
	  .def = "replace", .words = charset_error_words, .values = "replace or close",
	  .doc = "What becomes of a client's character that charset does not have, and "
		 "of output that is none of its characters: a question mark and U+FFFD, "
		 "or a reason to close with 1008 and 1011." },
	{ CONF_PATH, "invalid_utf8", .parse = conf_parse_word,
	  .field = PATH(hub.framing.invalid),
	  .kinds = BYTES,
	  .def = "replace", .words = invalid_words, .values = "replace, binary or close",
	  .doc = "What becomes of output that is no UTF-8 when type is text and charset "
		 "UTF-8: repaired with U+FFFD, sent as a binary message, or a reason to close with "
		 "1011." },
	{ CONF_PATH, "eof", .parse = conf_parse_word, .field = PATH(eof),
	  .kinds = ENDS,
	  .def = "auto", .websocketd = "no", .words = eof_words, .values = "auto, yes or no",
	  .doc = "An empty binary message closes the program's standard input, ends that of "
		 "a service, or is told as an event (json); auto is no for netstring, "
		 "u32be and json, which can tell an empty message, with pty, and where clients "
		 "share the program, and yes for the others." },
	{ CONF_PATH, "line_buffer", .parse = conf_parse_bool_or_word,
	  .field = PATH(exec.line_buffer),
	  .kinds = PROGRAMS,
	  .def = "yes", .websocketd = "no", .words = line_buffer_words,
	  .values = "yes, no or pty",
	  .doc = "With frame = line, nul or json make programs that use C's stdio, or Python, write "
		 "each line at once; pty helps perl and mawk too, by a raw "
		 "pseudo-terminal for standard output." },

	/* ---- [/path]: process ---- */

	{ CONF_PATH, "process", .parse = conf_parse_word, .field = PATH(hub.process),
	  .kinds = MESSAGES & ~OF(CHANNEL),
	  .def = "each", .sessions = "session", .words = process_words,
	  .values = "each, shared or session",
	  .doc = "Who has a program: each client one of its own; or all clients of the path, or "
		 "those with the same session_key, share one, which starts with the first, hears "
		 "all of them, and whose output each of them gets.  A path with a session_key "
		 "has sessions unless it says otherwise." },
	{ CONF_PATH, "session_key", .parse = conf_parse_session_key,
	  .field = PATH(session_key),
	  .kinds = MESSAGES & ~OF(CHANNEL),
	  .def = "", .flags = CONF_EMPTY,
	  .values = "query:NAME, cookie:NAME or user", .def_doc = "none",
	  .doc = "What names the session that a client comes to (process = session): a "
		 "parameter of the query or a cookie, of 1 to 256 bytes, else status 400; or the "
		 "name that auth knows it by.  Where there is auth, a session is its user's alone." },
	{ CONF_PATH, "session_takeover", .parse = conf_parse_flag_word,
	  .field = PATH(session_replace),
	  .kinds = MESSAGES & ~OF(CHANNEL),
	  .def = "share", .words = takeover_words, .values = "share or replace",
	  .doc = "What becomes of those who are in a session when somebody comes to it: all share "
		 "it, or the newcomer replaces them, who are closed with 1008." },
	{ CONF_PATH, "linger", .parse = conf_parse_seconds, .field = PATH(hub.linger),
	  .kinds = MESSAGES,
	  .def = "30s", .max = 365 * DAY, .values = "a duration up to 365d",
	  .doc = "How long a shared program, or that of a session, goes on without a client; 0 "
		 "stops it when the last has left." },
	{ CONF_PATH, "start", .parse = conf_parse_flag_word, .field = PATH(hub.boot),
	  .kinds = MESSAGES,
	  .def = "first-client", .words = start_words, .values = "first-client or boot",
	  .doc = "When a shared program starts: with its first client, or with the daemon; "
		 "the latter goes on without any client, and linger has no effect." },
	{ CONF_PATH, "replay", .parse = conf_parse_replay, .field = PATH(hub.replay),
	  .kinds = MESSAGES,
	  .def = "0", .max = GIB, .values = "a number of messages, or a size such as 64k",
	  .doc = "What a client that joins gets first: the last messages of a shared program, "
		 "so many of them, or so many bytes of frames; never more than half of queue." },
	{ CONF_PATH, "restart", .parse = conf_parse_word, .field = PATH(hub.restart),
	  .kinds = MESSAGES & ~OF(CHANNEL),
	  .def = "no", .words = restart_words, .values = "no, on-failure or always",
	  .doc = "Start a shared program again when it has ended, or has done so other than with "
		 "status 0; its clients stay, and what they say meanwhile is discarded." },
	{ CONF_PATH, "restart_delay", .parse = conf_parse_seconds,
	  .field = PATH(hub.restart_delay),
	  .kinds = MESSAGES & ~OF(CHANNEL),
	  .def = "1s", .min = 0.1, .max = HOUR, .values = "a duration from 100ms to 1h",
	  .doc = "How long to wait before that; each time twice as long, up to 30s, until the "
		 "program has lived for 10s." },

	{ CONF_PATH, "cwd", .parse = conf_parse_absolute, .field = PATH(exec.cwd),
	  .kinds = PROGRAMS,
	  .def = "", .flags = CONF_EMPTY | CONF_FILE,
	  .values = "an absolute path", .def_doc = "the daemon's",
	  .doc = "Working directory of the program." },
	{ CONF_PATH, "umask", .parse = conf_parse_umask, .field = PATH(exec.umask),
	  .kinds = PROGRAMS,
	  .def = "", .flags = CONF_EMPTY, .max = 0777,
	  .values = "an octal mode", .def_doc = "the daemon's",
	  .doc = "File mode creation mask of the program." },
	{ CONF_PATH, "env", .parse = conf_parse_env, .field = PATH(exec.env),
	  .kinds = PROGRAMS,
	  .def = "", .flags = CONF_LIST | CONF_FILE,
	  .values = "NAME=value, one a line", .def_doc = "none",
	  .doc = "Put this variable into the program's environment; a later entry of "
		 "the same name wins." },
	{ CONF_PATH, "pass_env", .parse = conf_parse_names, .field = PATH(exec.pass_env),
	  .kinds = PROGRAMS,
	  .def = "", .websocketd = "LD_LIBRARY_PATH", .flags = CONF_LIST | CONF_FILE, .values = "a list of names", .def_doc = "none",
	  .doc = "Variables of the daemon's environment that the program gets too." },
	{ CONF_PATH, "stderr", .parse = conf_parse_word, .field = PATH(exec.stderr_to),
	  .kinds = PROGRAMS,
	  .def = "log", .words = stderr_words, .values = "log, merge, client or drop",
	  .doc = "Where the program's standard error goes: to the log, into its output, "
		 "to its clients, each line a text message that holds "
		 "{\"event\":\"stderr\",\"text\":\"...\"}, or nowhere." },
	{ CONF_PATH, "pty", .parse = conf_parse_terminal, .field = PATH(exec.pty),
	  .kinds = PROGRAMS,
	  .def = "", .flags = CONF_EMPTY, .values = "ROWSxCOLS such as 24x80, each 1 to 1000",
	  .def_doc = "none, it has pipes",
	  .doc = "Give the program a terminal of this size, its controlling one, for standard "
		 "input, output and error, whatever line_buffer and stderr say; the end of the "
		 "session hangs up.  See TERMINALS." },
	{ CONF_PATH, "max_processes", .parse = conf_parse_unsigned,
	  .field = PATH(exec.max_processes),
	  .kinds = STARTED,
	  .def = "256", .min = 1, .max = 1e6, .values = "1 to 1000000",
	  .doc = "Programs of this path, or connections to its service, at the same time, "
		 "else status 503." },
	{ CONF_PATH, "spawn_rate", .parse = conf_parse_rate,
	  .field = PATH(exec.spawn_rate),
	  .kinds = STARTED,
	  .def = "50/s", .max = 1e6, .values = "a rate, or 0 for no limit",
	  .doc = "Programs of this path started, or connections to its service made, in "
		 "this time, and one second's worth at once, else status 503." },
	{ CONF_PATH, "max_runtime", .parse = conf_parse_seconds,
	  .field = PATH(exec.max_runtime),
	  .kinds = STARTED,
	  .def = "0", .max = 365 * DAY, .values = "a duration up to 365d, 0 is no limit",
	  .doc = "Close the session with 1008 and stop the program, or leave the service, "
		 "this long after its start." },
	{ CONF_PATH, "nofile", .parse = conf_parse_unsigned, .field = PATH(exec.nofile),
	  .kinds = PROGRAMS,
	  .def = "", .flags = CONF_EMPTY, .min = 4, .max = 1 << 30,
	  .values = "4 or more", .def_doc = "the one that the daemon was started with",
	  .doc = "How many descriptors the program may open (its soft limit); it can "
		 "raise that to the daemon's hard limit." },
	{ CONF_PATH, "new_privileges", .parse = conf_parse_bool,
	  .field = PATH(exec.new_privileges),
	  .kinds = PROGRAMS,
	  .def = "no", .flags = CONF_FILE, .websocketd = "yes",
	  .doc = "Let the program gain rights by setuid programs such as sudo." },
	{ CONF_PATH, "exit_code", .parse = conf_parse_word, .field = PATH(exec.exit_code),
	  .kinds = PROGRAMS,
	  .def = "status", .words = exit_code_words, .values = "status or plain",
	  .doc = "Close code when the program ended with another status than 0 or by a "
		 "signal: 4000 + status and 4128 + signal, or 1011." },
	{ CONF_PATH, "stop_signal", .parse = conf_parse_signal,
	  .field = PATH(exec.stop.signal),
	  .kinds = PROGRAMS,
	  .def = "TERM", .websocketd = "INT", .values = "a signal's name or number",
	  .doc = "Signal for the program's process group when its client has left and "
		 "it does not end by itself." },
	{ CONF_PATH, "stop_timeout", .parse = conf_parse_seconds,
	  .field = PATH(exec.stop.stop_timeout),
	  .kinds = PROGRAMS,
	  .def = "5s", .websocketd = "750ms", .max = HOUR, .values = "a duration up to 1h",
	  .doc = "From stop_signal to SIGKILL." },
	{ CONF_PATH, "eof_timeout", .parse = conf_parse_seconds,
	  .field = PATH(exec.stop.eof_timeout),
	  .kinds = STARTED,
	  .def = "1s", .websocketd = "100ms", .max = HOUR, .values = "a duration up to 1h",
	  .doc = "From the end of the program's input to stop_signal, when its client "
		 "has left; with connect: until a service is left that takes nothing or "
		 "does not end." },
	{ CONF_PATH, "stop_scope", .parse = conf_parse_word, .field = PATH(exec.stop.scope),
	  .kinds = PROGRAMS,
	  .def = "tree", .words = scope_words, .values = "tree or group",
	  .doc = "What ends with the program: its process group and the processes that "
		 "left the group (daemons), or the group alone." },
	{ CONF_PATH, "connect_timeout", .parse = conf_parse_seconds,
	  .field = PATH(connect.timeout),
	  .kinds = OF(CONNECT),
	  .def = "5s", .min = 0.01, .max = HOUR, .values = "a duration from 10ms to 1h",
	  .doc = "With connect: the connection must be there after this time, with the "
		 "lookup of its name and all of its addresses, else status 504.  "
		 "handshake_timeout may end it earlier." },
	{ CONF_PATH, "send_proxy", .parse = conf_parse_flag_word,
	  .field = PATH(connect.send_proxy),
	  .kinds = OF(CONNECT),
	  .def = "no", .words = send_proxy_words, .values = "no or v2",
	  .doc = "With connect: tell the service whose connection it gets, by a header of "
		 "the PROXY protocol before everything else: the client's address, and "
		 "its TLS; a connection that clients share is declared to be nobody's." },
	{ CONF_PATH, "compat", .parse = conf_parse_word, .field = PATH(compat),
	  .kinds = PROGRAMS,
	  .def = "", .flags = CONF_EMPTY | CONF_VERBATIM, .words = compat_words,
	  .values = "websocketd", .def_doc = "none",
	  .doc = "Treat the program and its pages as websocketd does: the end of the "
		 "program's output ends the session, with close_code whatever its exit "
		 "status; SIGTERM comes between stop_signal and SIGKILL; a program too "
		 "many is status 429; with frame = raw a text message ends with a "
		 "newline; [/*] has SCRIPT_NAME / and the whole path in PATH_INFO." },
};
/* clang-format on */

const size_t conf_nkeys = sizeof(conf_keys) / sizeof(*conf_keys);

#define ALONE(name) .title = "[" name "]", .word = name
#define NAMED(name, type, array, like)            \
	.title = "[" name " NAME]", .word = name, \
	.named = { .size = sizeof(type),          \
		   .list = DAEMON(array),         \
		   .count = DAEMON(n##array),     \
		   .begins_as = like }

const struct conf_class_traits conf_classes[CONF_CLASS_COUNT] = {
	[CONF_SERVER] = { ALONE("server") },
	[CONF_LIMITS] = { ALONE("limits") },
	[CONF_SOCKET] = { ALONE("socket") },
	[CONF_TLS] = { ALONE("tls"), .base = DAEMON(tls) },
	[CONF_TLS_NAME] = { NAMED("tls", struct tls_section, tls_names, DAEMON(tls)) },
	[CONF_LOGGING] = { ALONE("logging") },
	[CONF_CONTROL] = { ALONE("control") },
	[CONF_WEB] = { ALONE("web") },
	[CONF_HOOKS] = { ALONE("hooks") },
	[CONF_AUTH] = { NAMED("auth", struct auth_conf, auth, 0) },
	[CONF_DEFAULTS] = { ALONE("defaults") },
	[CONF_PATH] = { .title = "[/path]" },
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_BYTES LETTERS "0123456789_-."
#define NAME_MAX_BYTES 40

static bool is_section_name(const char *name)
{
	size_t n = strspn(name, NAME_BYTES);

	return n > 0 && n <= NAME_MAX_BYTES && !name[n];
}

enum conf_class conf_class_of_word(const char *name)
{
	enum conf_class found = CONF_CLASS_COUNT;
	size_t n = strcspn(name, CONF_BLANKS);

	for (unsigned c = 0; c < CONF_PATH; c++) {
		if (strlen(conf_classes[c].word) != n ||
		    memcmp(conf_classes[c].word, name, n) != 0)
			continue;
		found = c;
		if ((conf_classes[c].named.size > 0) == (name[n] != '\0'))
			break;
	}
	return found;
}

enum conf_class conf_class_find(const char *name)
{
	enum conf_class class = *name == '/' ? CONF_PATH : conf_class_of_word(name);
	const char *rest = name + strcspn(name, CONF_BLANKS);

	if (class >= CONF_PATH)
		return class;
	if (!*rest)
		return conf_classes[class].named.size == 0 ||
				       conf_classes[class].named.unnamed
			       ? class
			       : CONF_CLASS_COUNT;
	return conf_classes[class].named.size > 0 && *rest == ' ' &&
			       is_section_name(rest + 1)
		       ? class
		       : CONF_CLASS_COUNT;
}

bool conf_key_belongs(const struct conf_key *key, enum conf_class class)
{
	if (class == CONF_DEFAULTS)
		return key->class == CONF_PATH && !(key->flags & CONF_SOURCE);
	if (class == CONF_TLS_NAME && key->class == CONF_TLS)
		return !(key->flags & CONF_ALONE);
	return key->class == class;
}

const struct conf_key *conf_key_find(enum conf_class class, const char *name)
{
	for (size_t i = 0; i < conf_nkeys; i++)
		if (conf_key_belongs(&conf_keys[i], class) &&
		    strcmp(conf_keys[i].name, name) == 0)
			return &conf_keys[i];
	return NULL;
}
