/* SPDX-License-Identifier: MIT */
/* asciicast.js - messages as a recording that asciinema plays (asciicast v2). */

const WIDTH = 80;
const HEIGHT = 24;

/* Each message's text with what ends it on a screen: a message of a line has lost its own. */
function screenText(data, decoder, lines) {
	const text = typeof data === 'string' ? data : decoder.decode(data, { stream: !lines });
	return lines ? `${text.replace(/\r?\n/g, '\r\n')}\r\n` : text;
}

/* ENTRIES ({kind: in or out, at: ms, data}); LINES: each message is a line. */
export function asciicast(entries, title, lines) {
	const start = entries.length ? entries[0].at : Date.now();
	const decoders = { in: new TextDecoder(), out: new TextDecoder() };
	const header = {
		version: 2, width: WIDTH, height: HEIGHT, timestamp: Math.floor(start / 1000), title,
	};
	const events = entries.map(({ kind, at, data }) => [
		(at - start) / 1000, kind === 'in' ? 'o' : 'i', screenText(data, decoders[kind], lines),
	]);
	return [header, ...events].map(line => `${JSON.stringify(line)}\n`).join('');
}
