/* SPDX-License-Identifier: MIT */
/* terminal.js - a path with pty as a terminal: keys, output, size, and the way back after a loss.
 *
 * It speaks terminal.wsbridge: binary messages are keys and output, text messages are sizes.
 * What comes from the program goes to xterm.js alone; everything else is textContent. */
import { FitAddon } from '/-/addon-fit.js';
import { Terminal } from '/-/xterm.js';
import { closeWords, refusedWords } from '/-/close_words.js';

const PROTOCOL = 'terminal.wsbridge';
const HOME = '/-/terminal/';    /* elsewhere this page is the body of that path's 426 */
const MOST = 1000;              /* rows and columns that the daemon takes */
const SETTLE = 60;              /* ms without a change until a new size is sent */
const AGREE = 500;              /* ms that our own size stands against another one that is told */
const PREVIEW = 4000;           /* characters of a paste that are shown before it is sent */
const FIRST_WAIT = 500;         /* ms until the first attempt to come back; then twice as long */
const LONGEST_WAIT = 30000;

const $ = id => document.getElementById(id);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/* xterm.js makes style elements, which the page's policy takes with its nonce only. */
const nonce = document.querySelector('script[nonce]').nonce;
const createElement = document.createElement;
document.createElement = function (name, options) {
	const element = createElement.call(document, name, options);
	if (String(name).toLowerCase() === 'style')
		element.nonce = nonce;
	return element;
};

/* -- which path, and what it is ------------------------------------------------------ */

const address = location.pathname.startsWith(HOME)
	? location.pathname.slice(HOME.length - 1) : location.pathname;

function decode(path) {
	try {
		return decodeURIComponent(path);
	} catch {
		return path;
	}
}

const path = decode(address);

/* What the daemon says of the path; when it says nothing, the usual. */
async function loadRoute() {
	const routes = await fetch('/-/paths.json', { cache: 'no-store' })
		.then(answer => answer.json()).catch(() => []);
	const matches = ({ path: p }) =>
		p === path || p.endsWith('/*') && path.startsWith(p.slice(0, -1));
	const found = routes.filter(matches).sort((a, b) =>
		(b.path === path) - (a.path === path) || b.path.length - a.path.length)[0];
	return { write: true, shared: false, session: null, ...found };
}

let route = null;

/* -- the session's key --------------------------------------------------------------- */

/* It is a secret of this tab, or came with a link behind its #, which no server sees. */
function sessionKey() {
	const slot = `wsbridged:${path}`;
	const given = new URLSearchParams(location.hash.slice(1)).get('session');
	const key = given || sessionStorage.getItem(slot) ||
		Array.from(crypto.getRandomValues(new Uint8Array(16)),
			b => b.toString(16).padStart(2, '0')).join('');
	sessionStorage.setItem(slot, key);
	return key;
}

function sessionLink() {
	const url = new URL(location.href);
	url.hash = new URLSearchParams({ session: sessionKey() });
	return url.href;
}

/* -- the screen ---------------------------------------------------------------------- */

const THEMES = {
	light: {
		background: '#ffffff', foreground: '#1d1d1b', cursor: '#1f5f8b', cursorAccent: '#ffffff',
		selectionBackground: '#b9d6ea',
		black: '#1d1d1b', red: '#b3261e', green: '#0b6a4b', yellow: '#7a4a00',
		blue: '#1f5f8b', magenta: '#8a3a8f', cyan: '#0f6b75', white: '#6f6e69',
		brightBlack: '#62615c', brightRed: '#c0392b', brightGreen: '#1c8a5a', brightYellow: '#9a6500',
		brightBlue: '#2f7fb8', brightMagenta: '#a850ad', brightCyan: '#178a96', brightWhite: '#3a3a37',
	},
	dark: {
		background: '#111315', foreground: '#e4e5e3', cursor: '#7dbbe6', cursorAccent: '#111315',
		selectionBackground: '#2f4a5c',
		black: '#33373b', red: '#f0796b', green: '#6fcfa4', yellow: '#e3b566',
		blue: '#7dbbe6', magenta: '#cf9ad6', cyan: '#7fcfd6', white: '#d5d6d3',
		brightBlack: '#7b8187', brightRed: '#ff9b8f', brightGreen: '#94e3be', brightYellow: '#f3cf8e',
		brightBlue: '#a8d4f2', brightMagenta: '#e2b9e8', brightCyan: '#a8e4e9', brightWhite: '#ffffff',
	},
};

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = () => THEMES[dark.matches ? 'dark' : 'light'];

const term = new Terminal({
	fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--mono'),
	fontSize: 14,
	lineHeight: 1.1, /* else some fonts lose their underscores */
	scrollback: 5000,
	theme: theme(),
	minimumContrastRatio: 4.5,
	cursorBlink: true,
	macOptionIsMeta: true,
});
const fit = new FitAddon();

const sameSize = (a, b) => a && b && a.rows === b.rows && a.cols === b.cols;

/* What fits into the window, as far as the daemon takes it. */
function windowSize() {
	const { rows, cols } = fit.proposeDimensions() || {};
	const within = n => Math.max(1, Math.min(MOST, n || 1));
	return { rows: within(rows), cols: within(cols) };
}

function showSize({ rows, cols }) {
	if (term.rows !== rows || term.cols !== cols)
		term.resize(cols, rows);
	$('size').textContent = `${cols} \u00d7 ${rows}`;
}

let wanted = null;   /* the size that was asked for last */
let asked = 0;       /* when, while the daemon has not told it yet; 0: it has */
let told = null;     /* the size that it told last */

function askForSize() {
	const size = windowSize();
	if (sameSize(size, wanted))
		return;
	wanted = size;
	if (!canType()) /* others decide, or the next connection says it */
		return phase === 'open' ? undefined : showSize(size);
	asked = performance.now();
	socket.send(JSON.stringify(size));
	showSize(size);
	setTimeout(agree, AGREE);
}

/* One screen for all who attach: what the daemon tells holds, but for an older one than we
 * have asked for, which would make the screen jump while a window is dragged. */
function agree() {
	if (told && (!asked || sameSize(told, wanted) || performance.now() - asked >= AGREE - 1)) {
		asked = 0;
		showSize(told);
	}
}

function onTold(text) {
	try {
		const { rows, cols } = JSON.parse(text);
		told = { rows, cols };
	} catch {
		return;
	}
	agree();
}

let settling = 0;

function onWindow() {
	clearTimeout(settling);
	settling = setTimeout(askForSize, SETTLE);
}

/* -- the connection ------------------------------------------------------------------ */

let socket = null;
let phase = 'idle';         /* connecting, open, closed, waiting: to come back */
let opened = false;         /* this page has had a connection */
let byUs = false;
let wait = FIRST_WAIT;
let timer = 0;
let verdict = null;         /* of the last connection: {code, reason, words} */

const canType = () => phase === 'open' && route.write;

/* Only where the same program is still there afterwards: elsewhere a new one would get the keys. */
const comesBack = code => route.shared && [1001, 1006, 1012, 1013].includes(code);

function url() {
	const query = new URLSearchParams(location.search);
	wanted = windowSize();
	query.set('rows', wanted.rows);
	query.set('cols', wanted.cols);
	if (route.session)
		query.set(route.session, sessionKey());
	return `${location.origin.replace(/^http/, 'ws')}${address}?${query}`;
}

function connect() {
	clearTimeout(timer);
	verdict = told = null;
	asked = 0;
	byUs = false;
	phase = 'connecting';
	socket = new WebSocket(url(), [PROTOCOL]);
	socket.binaryType = 'arraybuffer';
	socket.onopen = onOpen;
	socket.onmessage = ({ data }) =>
		typeof data === 'string' ? onTold(data) : term.write(new Uint8Array(data));
	socket.onclose = onClose;
	showSize(wanted);
	update();
}

function onOpen() {
	if (opened && (!route.shared || route.replay))
		term.reset(); /* a new program, or what was missed and what was before it */
	phase = 'open';
	opened = true;
	wait = FIRST_WAIT;
	update();
	term.focus();
}

async function onClose({ code, reason }) {
	const refused = phase === 'connecting';
	const back = comesBack(code) && opened && !byUs;
	const words = byUs ? 'closed from this page'
		: refused ? await refusedWords() : closeWords(code, reason);
	verdict = { code, reason, words, back };
	phase = back ? 'waiting' : 'closed';
	if (back) {
		timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
		wait = Math.min(2 * wait, LONGEST_WAIT);
	}
	update();
}

function toggle() {
	if (phase === 'open' || phase === 'connecting') {
		byUs = true;
		socket.close(1000);
	} else {
		connect();
	}
}

/* -- keys, copy and paste ------------------------------------------------------------ */

function send(text) {
	if (canType())
		socket.send(encoder.encode(text));
	else if (phase === 'closed' && text === '\r')
		connect();
}

/* Reports of the mouse in the old encodings: bytes, not characters. */
function sendBytes(text) {
	if (canType())
		socket.send(Uint8Array.from(text, c => c.charCodeAt(0)));
}

/* Control characters as their pictures, so that what is hidden in a paste can be seen. */
const visible = text => text.replace(/[\0-\x08\x0b-\x1f\x7f]/g,
	c => String.fromCharCode(c === '\x7f' ? 0x2421 : 0x2400 + c.charCodeAt(0)));

function askToPaste(text) {
	const lines = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n').length;
	$('paste-title').textContent = lines === 1 ? 'Paste a line with its end?'
		: `Paste ${lines.toLocaleString('en')} lines?`;
	$('paste-text').textContent = visible(text.replace(/\r\n?/g, '\n').slice(0, PREVIEW)) +
		(text.length > PREVIEW ? '\n\u2026' : '');
	$('paste').onclose = () => {
		if ($('paste').returnValue === 'paste')
			term.paste(text);
		$('paste').returnValue = '';
		term.focus();
	};
	$('paste').showModal();
}

/* A line end is a command's start: nobody should paste one unseen. */
function onPaste(event) {
	const text = event.clipboardData.getData('text');
	event.preventDefault();
	event.stopPropagation();
	if (!canType())
		return;
	if (/[\r\n]/.test(text))
		askToPaste(text);
	else
		term.paste(text);
}

/* Ctrl+C is the program's: with Shift, or Insert, it copies.  Ctrl+Shift+V is the browser's. */
function onKey(event) {
	const copies = event.ctrlKey &&
		(event.shiftKey && event.code === 'KeyC' || event.key === 'Insert' && !event.shiftKey);
	if (event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.code === 'KeyV')
		return false;
	if (event.type !== 'keydown' || !copies)
		return true;
	if (term.hasSelection())
		navigator.clipboard?.writeText(term.getSelection()).catch(() => document.execCommand('copy'));
	event.preventDefault();
	return false;
}

async function copyLink() {
	const copied = await navigator.clipboard.writeText(sessionLink()).then(() => true, () => false);
	$('link').textContent = copied ? 'Copied' : 'Not allowed';
	setTimeout(() => { $('link').textContent = 'Copy link'; }, 1500);
}

/* -- the page around it -------------------------------------------------------------- */

const STATUS = {
	idle: 'not connected', connecting: 'connecting', open: 'connected',
	closed: 'closed', waiting: 'coming back',
};

const LAMPS = { connecting: 'busy', open: 'live', closed: 'closed', waiting: 'busy' };

function nextWords() {
	if (phase === 'waiting')
		return 'Trying to come back to the same session\u2026';
	return `Enter or Connect starts ${route.shared ? 'again' : 'it anew'}`;
}

/* The one place that turns the connection's state into what the page shows. */
function update() {
	const live = phase === 'open' || phase === 'connecting';
	$('state').dataset.phase = LAMPS[phase];
	$('state').classList.toggle('normal', Boolean(verdict) && verdict.code === 1000);
	$('status').textContent = STATUS[phase];
	$('connect').textContent = live ? 'Disconnect' : 'Connect';
	$('connect').classList.toggle('stop', live);
	$('connect').disabled = false;
	$('viewonly').hidden = route.write;
	$('link').hidden = !route.session;
	term.options.disableStdin = phase === 'open' && !route.write;
	$('close').hidden = !verdict;
	if (!verdict)
		return;
	$('close').classList.toggle('normal', verdict.code === 1000);
	$('close-code').textContent = verdict.code;
	$('close-words').textContent = verdict.words;
	$('close-reason').textContent = visible(verdict.reason);
	$('close-reason').hidden = !verdict.reason;
	$('next').textContent = nextWords();
}

function listen() {
	$('connect').onclick = () => { toggle(); term.focus(); };
	$('link').onclick = copyLink;
	$('screen').addEventListener('paste', onPaste, true);
	term.onData(send);
	term.onBinary(sendBytes);
	term.onTitleChange(title => { document.title = `${title} \u2013 ${path}`; });
	term.attachCustomKeyEventHandler(onKey);
	dark.onchange = () => { term.options.theme = theme(); };
	new ResizeObserver(onWindow).observe($('screen'));
	window.addEventListener('online', () => phase === 'waiting' && connect());
}

async function start() {
	document.title = `${path} \u2013 wsbridged terminal`;
	$('path').textContent = path;
	route = await loadRoute();
	term.loadAddon(fit);
	term.open($('terminal'));
	listen();
	connect();
}

start();
