/* SPDX-License-Identifier: MIT */
/* close_words.js - why a WebSocket was closed, in words. */

const CLOSE_WORDS = {
	1000: 'normal: the program ended with status 0',
	1001: 'going away: the daemon is shutting down, or the connection was idle too long',
	1002: 'protocol error',
	1003: 'unsupported data',
	1005: 'a close frame without a code',
	1006: 'no close frame: connection lost or refused',
	1007: 'invalid payload: text that is not UTF-8',
	1008: 'policy violation: too slow, too many messages, or out of time',
	1009: 'message too big',
	1011: 'internal error: the program failed or broke its framing',
	1012: 'service restart: the daemon is being upgraded',
	1013: 'try again later: a limit is full',
	1014: 'bad gateway',
};

const REFUSED = 'refused before opening: a foreign Origin, a full limit, or a program that ' +
	'cannot start; the daemon\u2019s log has the reason';

const SIGNALS = ('HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM ' +
	'STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS')
	.split(' ').map(name => `SIG${name}`);

/* 4128+s may also be an exit status above 128; the daemon's reason tells them apart. */
function exitWords(n, reason) {
	const signal = n - 128;
	if (signal < 1 || signal > 64 || reason.includes('exited'))
		return `the program exited with status ${n}`;
	const name = SIGNALS[signal - 1] || 'real-time';
	return `the program was killed by signal ${signal} (${name})`;
}

export function closeWords(code, reason) {
	if (code > 4000 && code <= 4255)
		return exitWords(code - 4000, reason);
	return CLOSE_WORDS[code] || 'a code of the application\u2019s own';
}

/* Browsers hide why a WebSocket was refused, but not whether anything answers there. */
export function refusedWords() {
	return fetch('/-/paths.json', { cache: 'no-store' })
		.then(() => REFUSED, () => `no connection: nothing answers at ${location.host}`);
}
