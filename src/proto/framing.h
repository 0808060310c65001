/* SPDX-License-Identifier: MIT */
/*
 * framing.h - messages <-> a backend's byte stream.
 *
 * line:  a text message is its payload and LF; a binary message its payload alone.
 *        Back: one message a line, LF or CRLF cut.  A line over FRAMING_HELD_MAX is
 *        passed on in pieces (fragments of one message), so it needs no more memory.
 * nul:   each message is its payload and NUL, both ways.  A long one goes as with line.
 * netstring: each message is its length in decimal, a colon, its payload, a comma.
 * u32be: each message is its length in 4 bytes, the highest first, and its payload.
 *        Back: a message over FRAMING_HELD_MAX is passed on in pieces as it comes.
 * raw:   payload, as it is.  Back: one message for each read.
 * whole: payload, as it is.  Back: everything up to the end is one message, told as it
 *        comes.
 * json:  done by framing_json.h; only its row is in the table here.
 * message: nothing of a message is lost: before each piece stand its type, whether it
 *        ends the message, and its length, both ways.  For sources of our own, which no
 *        program writes (source_echo.c).
 */
#ifndef PROTO_FRAMING_H
#define PROTO_FRAMING_H

#include "buf.h"
#include "charset.h"
#include "frame.h"
#include "span.h"
#include "utf8.h"

/* The most bytes of an unfinished message that are held; a CR before the LF counts. */
#define FRAMING_HELD_MAX (64 * 1024)

/*
 * The bound on what a stream grows to: all pieces so far, each with its frame header,
 * have at most this many bytes for each byte of the backend so far.  The worst case is an
 * invalid byte that is a read of its own: U+FFFD in a frame is 5 bytes.  A single read of
 * N can also bring out what was held before, so it yields at most FRAMING_EXPANSION * N +
 * 3 * FRAMING_HELD_MAX + FRAME_SERVER_HEADER_MAX bytes.
 */
#define FRAMING_EXPANSION 5

/* The bound where the backend's text is in another charset. */
#define FRAMING_CHARSET_EXPANSION (CHARSET_EXPANSION + 4)

/* The first bytes of a broken unit that are kept for the log; a header is shorter. */
#define FRAMING_FIRST 32

enum framing_kind {
	FRAMING_LINE,
	FRAMING_RAW,
	FRAMING_NUL,
	FRAMING_NETSTRING,
	FRAMING_U32BE,
	FRAMING_JSON,
	FRAMING_WHOLE,
	FRAMING_MESSAGE,
};
enum framing_embedded {
	EMBEDDED_USUAL, /* not set: as usual for the kind */
	EMBEDDED_PASS,
	EMBEDDED_SPACE,
	EMBEDDED_REFUSE,
};
enum framing_invalid { INVALID_REPLACE, INVALID_BINARY, INVALID_CLOSE };

struct framing_conf {
	enum framing_kind kind;
	enum opcode type;               /* to the client: OP_TEXT or OP_BINARY */
	bool ends_text;                 /* raw: LF after a client's text message */
	enum framing_embedded embedded; /* a separator inside a client's text message */
	enum framing_invalid invalid;   /* what is no UTF-8 of the backend, type is text;
					 * binary acts as replace on what is streamed */
	char *charset;                  /* of the backend's text; NULL: UTF-8 */
	enum charset_error charset_error;
	size_t max_message; /* bytes of a measured message of the backend;
			     * 0: no limit */
};

/* What is true of a kind whatever the settings are. */
struct framing_traits {
	const char *name;
	enum opcode type;               /* unless the settings say otherwise */
	enum framing_embedded embedded; /* the same */
	bool separated;                 /* one byte ends a message: it may be embedded */
	bool measured;                  /* the length comes before a message */
	bool whole;    /* the client's messages are collected whole, and may be empty */
	bool by_lines; /* the backend writes lines: they should not wait in its buffers */
};

const struct framing_traits *framing_traits(enum framing_kind kind);

/* The byte that ends a message of a separated kind. */
char framing_separator(enum framing_kind kind);

/* ---- client -> backend ---- */

/* What stands around a piece of a message. */
struct framing_ends {
	char head[16];
	size_t head_n;
	struct span tail; /* static, may be empty */
};

/*
 * Frame a piece of a client's message, of type OPCODE; LAST: it ends the message.  The
 * bytes to write are the head of RET, the piece, and the tail of RET.  P may be changed
 * in place (embedded = space).
 *
 * False: a separator inside while embedded = refuse; the message must not be passed on.
 * With refuse, and where messages are measured, the caller hands over whole messages.
 */
bool framing_encode(const struct framing_conf *conf, enum opcode opcode, bool last,
		    char *p, size_t n, struct framing_ends *ret);

/* ---- backend -> client ---- */

/* The decoder's state for one stream of a backend. */
struct framing {
	const struct framing_conf *conf;
	const struct framing_row *kind;
	struct charset *charset; /* NULL: nothing needs converting */
	struct buf held; /* an unfinished message; without storage when there is none */
	void *repaired;  /* storage of the last piece where it was joined, repaired or
			    converted */
	const char *reason; /* of FRAMING_BAD */
	bool told;          /* the last piece returned lies in `held` */
	bool streaming;     /* it is too long to be held: it is told as it comes */
	bool fragmented;    /* the last piece was not the last of its message */
	bool cr;            /* streaming: a CR is withheld, it may belong to a CRLF */
	bool over;          /* whole: its end has been told */
	char tail[3];       /* streaming, raw: an unfinished UTF-8 sequence is withheld */
	uint8_t tail_n;
	bool measured;   /* the length of the message under way is known */
	uint8_t first_n; /* measured: bytes in first; 0: no message is under way */
	char first[FRAMING_FIRST]; /* those that it begins with: its header, some payload
				    */
	size_t left;               /* measured: bytes of it still to come */
};

enum framing_result {
	FRAMING_MORE,  /* all bytes are used */
	FRAMING_PIECE, /* ret holds a message or a piece of one */
	FRAMING_BAD,   /* the backend broke its framing, ret_reason says how: 1011 */
};

struct piece {
	const char *p;
	size_t n;
	enum opcode opcode; /* text or binary on the first, then continuation */
	bool last;          /* the frame's FIN */
	bool transient;     /* P is valid until the next call, else as long as IN */
};

/* Ready for the first byte.  CONF stays the caller's and must outlive F.  0; or, because
 * of the charset, -EINVAL or -ENOMEM: then only framing_free() may follow. */
int framing_init(struct framing *f, const struct framing_conf *conf);

/* Give back what F keeps.  F may be all zero. */
void framing_free(struct framing *f);

/* Forget the unfinished message: the next byte begins another.  Not where pieces of it
 * have been told. */
void framing_restart(struct framing *f);

/*
 * Cut the next piece off IN, a read of the backend's (advanced past what was used); call
 * until FRAMING_MORE, which also gives the storage of transient pieces back.  With EOF,
 * IN (which may be empty) is the last there is: what is held comes out as a last message.
 * A piece of a text message is valid UTF-8 by itself.  A transient piece can be larger
 * than the read: up to three times that or FRAMING_HELD_MAX, whichever is more (with a
 * charset CHARSET_EXPANSION times).
 *
 * Text is converted from the charset behind the framing: the separators and lengths are
 * those of the backend's bytes.  A message is a text of its own, which begins in the
 * charset's initial state; only in raw all reads together are one.
 *
 * Out of memory is FRAMING_BAD.  After FRAMING_BAD only framing_first() and
 * framing_free() may follow.
 */
enum framing_result framing_decode(struct framing *f, struct span *in, bool eof,
				   struct piece *ret, const char **ret_reason);

/* After FRAMING_BAD: the first bytes of the broken unit, if that is why.  In F. */
struct span framing_first(const struct framing *f);

#endif
