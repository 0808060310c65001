/* SPDX-License-Identifier: MIT */
/* console.js - talks to one WebSocket path at a time and shows exactly what passes.
 *
 * Every byte shown comes from an untrusted program: it only ever becomes textContent. */
import { asciicast } from '/-/asciicast.js';
import { closeWords, refusedWords } from '/-/close_words.js';

const MAX_ROWS = 2000;        /* messages kept; others are dropped and counted */
const MAX_KEPT = 32 << 20;    /* bytes kept in them */
const MAX_BATCH = 100;        /* messages drawn in one frame */
const PREVIEW = 2048;         /* bytes or characters of a message shown until asked for more */
const MAX_HISTORY = 100;      /* sent texts that the arrow keys bring back */
const MAX_REMEMBERED = 64 << 10; /* characters of them that a reload leaves */
const MAX_PINGS = 60;         /* that the graph shows */
const PING_EVERY = 2000;      /* ms */
const CLOSE_PATIENCE = 3000;  /* ms that a close of ours may take */
const PING = '/-/icon.svg?ping'; /* what a ping asks for the head of */
const HOME = '/-/console';    /* anywhere else, this page is the body of that path's 426 */

const $ = id => document.getElementById(id);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const narrow = matchMedia('(max-width: 40rem)');

/* -- bytes, sizes and times as text -------------------------------------------------- */

const countText = n => n.toLocaleString('en');

function sizeText(n) {
	for (const [unit, size] of [['GiB', 1 << 30], ['MiB', 1 << 20], ['KiB', 1 << 10]])
		if (n >= size)
			return `${(n / size).toFixed(1)} ${unit}`;
	return `${n} B`;
}

function durationText(ms) {
	if (ms === null)
		return '\u2013';
	return ms < 10000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function clockText(at) {
	const digits = (n, width) => String(n).padStart(width, '0');
	const t = new Date(at);
	return [t.getHours(), t.getMinutes(), t.getSeconds()].map(n => digits(n, 2)).join(':') +
		`.${digits(t.getMilliseconds(), 3)}`;
}

function hexDump(bytes, columns) {
	const lines = [];
	for (let at = 0; at < bytes.length; at += columns) {
		const line = Array.from(bytes.subarray(at, at + columns));
		const hex = line.map(b => b.toString(16).padStart(2, '0')).join(' ');
		const ascii = line.map(b => String.fromCharCode(b > 31 && b < 127 ? b : 46)).join('');
		const offset = at.toString(16).padStart(6, '0');
		lines.push(`${offset}  ${hex.padEnd(columns * 3)} ${ascii}`);
	}
	return lines.join('\n');
}

/* Control characters as their pictures, so that an escape sequence can be seen. */
function visible(text) {
	return text.replace(/[\0-\x08\x0b-\x1f\x7f]/g,
		c => String.fromCharCode(c === '\x7f' ? 0x2421 : 0x2400 + c.charCodeAt(0)));
}

/* The text that BYTES are, or null when they look like anything else. */
function textOf(bytes) {
	try {
		const text = decoder.decode(bytes);
		return /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text) ? null : text;
	} catch {
		return null;
	}
}

/* What is shown of an entry: {text, dump: is it a hex dump, cut: did LIMIT hide more}. */
function content({ kind, data, label }, limit) {
	const isText = typeof data === 'string';
	const hex = $('hex').checked && kind !== 'info';
	const text = hex ? null : label || (isText ? data : textOf(data));
	const all = text !== null ? text : isText ? encoder.encode(data) : data;
	const part = all.slice(0, limit);
	return {
		text: text !== null ? visible(part) : hexDump(part, narrow.matches ? 8 : 16),
		dump: text === null && all.length > 0,
		cut: all.length > limit,
	};
}

/* -- messages: what is kept, and what is on the page --------------------------------- */

const shown = { list: [], bytes: 0 };    /* on the page, oldest first */
const waiting = { list: [], bytes: 0 };  /* came since the page was last drawn */
let dropped = 0;
let follow = true;                       /* the view is at the bottom and is to stay there */
let lastTop = 0;                         /* where the view was scrolled to */
let paused = false;
let drawing = false;

/* Drop the oldest entries of KEPT until it is within the limits. */
function bound(kept) {
	const list = kept.list;
	let n = 0;
	while (list.length - n > MAX_ROWS || kept.bytes > MAX_KEPT && n < list.length - 1)
		kept.bytes -= list[n++].size;
	for (const entry of list.splice(0, n))
		entry.row?.remove();
	dropped += n;
}

/* Note a message (KIND is in or out, DATA a string or Uint8Array) or an event (info). */
function note(kind, data, size, label) {
	waiting.list.push({ kind, data, size, label, at: Date.now(), full: false, row: null });
	waiting.bytes += size;
	if (waiting.list.length > 2 * MAX_ROWS || waiting.bytes > 2 * MAX_KEPT)
		bound(waiting); /* a hidden tab is never drawn, yet it receives */
	schedule();
}

const info = text => note('info', text, 0);

function fillRow(entry) {
	const { text, dump, cut } = content(entry, entry.full ? Infinity : PREVIEW);
	const [, , payload, , more] = entry.row.children;
	payload.textContent = text;
	payload.classList.toggle('dump', dump);
	more.hidden = !cut;
}

function makeRow(entry) {
	const row = $('row').content.firstElementChild.cloneNode(true);
	const [time, dir, , size, more] = row.children;
	row.className = entry.kind;
	time.textContent = clockText(entry.at);
	if (entry.kind !== 'info') {
		dir.setAttribute('role', 'img');
		dir.textContent = entry.kind === 'in' ? '\u2193' : '\u2191';
		dir.setAttribute('aria-label', entry.kind === 'in' ? 'received' : 'sent');
		size.textContent = (typeof entry.data === 'string' ? '' : 'binary \u00b7 ') +
			sizeText(entry.size);
	}
	more.textContent = `Show all ${sizeText(entry.size)}`;
	more.onclick = () => {
		entry.full = true;
		fillRow(entry);
		follow = false; /* it is being read: do not scroll away */
		onScroll();
	};
	entry.row = row;
	fillRow(entry);
	return row;
}

/* Put the next waiting entries on the page, no more than one frame has time for. */
function drawWaiting() {
	bound(waiting);
	const batch = waiting.list.splice(0, MAX_BATCH);
	const bytes = batch.reduce((sum, entry) => sum + entry.size, 0);
	waiting.bytes -= bytes;
	shown.bytes += bytes;
	shown.list.push(...batch);
	$('log').append(...batch.map(makeRow));
	bound(shown);
}

function draw() {
	const moving = follow && !paused;
	drawing = false;
	if (moving)
		drawWaiting();
	drawNotes(moving ? 0 : waiting.list.length);
	drawCounters();
	if (moving)
		$('log').scrollTop = $('log').scrollHeight;
	lastTop = $('log').scrollTop;
	if (moving && waiting.list.length)
		schedule();
}

/* The notes around the messages; UNSEEN of them wait while the view is held still. */
function drawNotes(unseen) {
	$('latest').hidden = follow && !unseen;
	$('latest').textContent = 'Jump to latest' +
		(unseen ? ` \u00b7 ${countText(unseen)} new` : '');
	$('dropped').hidden = !dropped;
	$('dropped').textContent = `The newest ${countText(MAX_ROWS)} messages are kept; ` +
		`${countText(dropped)} others were dropped.`;
}

/* Draw at most once a frame: a flood of messages must not freeze the page. */
function schedule() {
	if (!drawing)
		requestAnimationFrame(draw);
	drawing = true;
}

function setPaused(on) {
	paused = on;
	$('pause').setAttribute('aria-pressed', on);
	schedule();
}

/* A scroll event may also mean that the view got smaller: only a move upwards is a person's. */
function onScroll() {
	const { scrollHeight, scrollTop, clientHeight } = $('log');
	follow = scrollHeight - scrollTop - clientHeight < 4 || follow && scrollTop >= lastTop;
	lastTop = scrollTop;
	schedule();
}

function jumpToLatest() {
	follow = true;
	setPaused(false);
}

function clearLog() {
	for (const kept of [shown, waiting])
		Object.assign(kept, { list: [], bytes: 0 });
	$('log').replaceChildren();
	dropped = 0;
	follow = true;
	schedule();
}

function transcript() {
	const marks = { in: '<', out: '>', info: '#' };
	const lines = [...shown.list, ...waiting.list].map(entry => {
		const { text, dump } = content(entry, Infinity);
		const body = `${dump ? '\n' : ''}${text}`.replace(/\n/g, '\n\t');
		return `${clockText(entry.at)} ${marks[entry.kind]} ${body}\n`;
	});
	return `# ${link ? link.socket.url : location.href}, ${new Date().toISOString()}\n` +
		(dropped ? `# ${dropped} other messages were dropped\n` : '') + lines.join('');
}

function recording() {
	const entries = [...shown.list, ...waiting.list].filter(entry => entry.kind !== 'info');
	const lines = !link || !link.route || link.route.frame !== 'raw';
	return asciicast(entries, link ? link.socket.url : location.href, lines);
}

function saveTranscript() {
	const a = document.createElement('a');
	const format = $('format').value;
	const text = format === 'cast' ? recording() : transcript();
	a.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
	a.download = `wsbridged-${new Date().toISOString().slice(0, 19).replace(/:/g, '')}.${format}`;
	a.click();
	setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

async function copyTranscript() {
	$('copy').textContent = await navigator.clipboard.writeText(transcript())
		.then(() => 'Copied', () => 'Not allowed');
	setTimeout(() => { $('copy').textContent = 'Copy'; }, 1500);
}

/* -- paths: what the daemon serves, and which one is picked -------------------------- */

let routes = [];

async function loadRoutes() {
	try {
		const answer = await fetch('/-/paths.json', { cache: 'no-store' });
		if (!answer.ok)
			throw new Error(`status ${answer.status}`);
		routes = await answer.json();
	} catch (error) {
		info(`The list of paths could not be read: ${error.message}.`);
	}
	$('path').append(...routes.map(route => new Option(route.path)));
	$('paths').append(...routes.map(routeItem));
}

const isPrefix = path => path.endsWith('/*');
const pickedRoute = () => routes.find(route => route.path === $('path').value);
const encodePath = path => path.split('/').map(encodeURIComponent).join('/');

function decodePath(path) {
	try {
		return decodeURIComponent(path);
	} catch {
		return path; /* a stray % is taken as it is */
	}
}

function routeWords({ frame, type, write, terminal }) {
	return `${terminal ? 'terminal' : `${frame} \u00b7 ${type}`}${write ? '' : ' \u00b7 view only'}`;
}

function routeItem(route) {
	const item = $('path-item').content.firstElementChild.cloneNode(true);
	const [path, exec, words] = item.firstElementChild.children;
	path.textContent = route.path;
	exec.textContent = route.exec || '';
	words.textContent = routeWords(route);
	item.firstElementChild.onclick = () => pick(route.path);
	return item;
}

/* A prefix path still needs its rest; any other is connected to. */
function pick(path) {
	$('path').value = path;
	onPath();
	if (isPrefix(path))
		$('suffix').focus();
	else
		connect();
}

/* The configured path that answers PATH: the exact one, else the longest prefix. */
function matchPath(path) {
	const all = routes.map(route => route.path);
	return all.find(p => p === path) || all
		.filter(p => isPrefix(p) && path.startsWith(p.slice(0, -1)))
		.sort((a, b) => b.length - a.length)[0];
}

/* Put ASKED (path and query, URL-encoded) into the two fields. */
function setTarget(asked) {
	const [, pathname, query] = /^\/*([^?]*)(.*)$/s.exec(asked);
	const plain = `/${decodePath(pathname)}`;
	const path = matchPath(plain) || plain;
	const depth = path === plain ? Infinity : path.split('/').length - 2;
	if (!matchPath(plain))
		$('path').append(new Option(path));
	$('path').value = path;
	$('suffix').value = pathname.split('/').slice(depth).join('/') + query;
}

/* Path and query that the two fields stand for. */
function target() {
	const path = $('path').value;
	const suffix = $('suffix').value.trim().replace(/#/g, '%23');
	if (isPrefix(path))
		return encodePath(path.slice(0, -1)) + suffix;
	return encodePath(path) + (suffix && !suffix.startsWith('?') ? '?' : '') + suffix;
}

function onPath() {
	$('suffix').value = '';
	showRoute();
}

function showRoute() {
	const route = pickedRoute();
	$('suffix').placeholder = isPrefix($('path').value) ? 'rest of the path?query' : '?query';
	$('exec').textContent = route && route.exec || '';
	$('words').textContent = route ? routeWords(route) : '';
	showSubprotocols(route ? route.subprotocols : []);
	loadSent();
}

function showSubprotocols(names) {
	$('subprotocol').replaceChildren(new Option('no subprotocol', ''),
		...names.map(name => new Option(name)));
	$('subprotocol').hidden = !names.length;
}

/* -- the connection ------------------------------------------------------------------ */

let link = null; /* the current connection, or the last one; null before the first */

const phase = () => link ? link.phase : 'idle';
const isLive = () => ['connecting', 'open', 'closing'].includes(phase());
const canSend = () => phase() === 'open' && !link.ended && (!link.route || link.route.write);

/* The page's address follows the connection, so that a reload comes back to it. */
function setAddress(path) {
	const query = encodeURIComponent(path).replace(/%2F/g, '/');
	const address = location.pathname === HOME ? `${HOME}?path=${query}` : path;
	history.replaceState(null, '', location.origin + address);
	document.title = `${path} \u2013 wsbridged console`;
}

/* A session has a name that nobody guesses, unless one is given. */
function nameSession(route) {
	const name = route && route.session;
	const query = $('suffix').value.split('?')[1] || '';
	if (!name || new URLSearchParams(query).has(name))
		return;
	const key = Array.from(crypto.getRandomValues(new Uint8Array(16)),
		b => b.toString(16).padStart(2, '0')).join('');
	$('suffix').value += `${$('suffix').value.includes('?') ? '&' : '?'}${name}=${key}`;
}

function connect() {
	nameSession(pickedRoute());
	const path = target();
	const chosen = $('subprotocol').value;
	const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + path, chosen ? [chosen] : []);
	link = {
		socket, phase: 'connecting', route: pickedRoute(), byUs: false, ended: false,
		asked: performance.now(), openedIn: null, sentAt: null, answeredIn: null, pings: [], verdict: null,
		in: { messages: 0, bytes: 0 }, out: { messages: 0, bytes: 0 },
	};
	socket.binaryType = 'arraybuffer';
	socket.onopen = onOpen;
	socket.onmessage = onMessage;
	socket.onclose = onClose;
	setAddress(path);
	info(`Connecting to ${socket.url}`);
	update();
}

function disconnect() {
	link.byUs = true;
	link.phase = 'closing';
	link.socket.close(1000);
	setTimeout(giveUpClosing, CLOSE_PATIENCE, link);
	update();
}

/* A dead network or a hung daemon never answers a close frame: do not wait for it for ever. */
function giveUpClosing(closing) {
	if (closing.phase !== 'closing')
		return;
	closing.socket.onclose = null;
	onClose({ code: 1000, reason: '' });
}

function onOpen() {
	link.openedIn = performance.now() - link.asked;
	link.phase = 'open';
	ping();
	info(`Open after ${durationText(link.openedIn)}` +
		(link.socket.protocol && `, subprotocol ${link.socket.protocol}`));
	update();
	if (canSend() && !narrow.matches) /* on a phone it would raise the keyboard */
		$('input').focus();
}

function onMessage(event) {
	const data = typeof event.data === 'string' ? event.data : new Uint8Array(event.data);
	const size = (typeof data === 'string' ? encoder.encode(data) : data).length;
	if (link.sentAt !== null)
		link.answeredIn = performance.now() - link.sentAt;
	link.sentAt = null;
	link.in.messages++;
	link.in.bytes += size;
	note('in', data, size);
}

function verdictWords(closed, code, reason) {
	if (closed.openedIn === null)
		return closed.byUs ? 'given up before it was open' : refusedWords();
	if (closed.byUs && code === 1000)
		return 'normal: closed from this page';
	return closeWords(code, reason);
}

async function onClose({ code, reason }) {
	const closed = link;
	closed.phase = 'closed';
	update();
	closed.verdict = { code, reason, words: await verdictWords(closed, code, reason) };
	info(`Closed: ${code} ${closed.verdict.words}`);
	update();
}

function send(data, size, label) {
	link.socket.send(data);
	link.sentAt = performance.now();
	link.out.messages++;
	link.out.bytes += size;
	follow = true; /* whoever sends wants to see the answer */
	note('out', data, size, label);
}

function sendEof() {
	send(new Uint8Array(0), 0, 'EOF: the program\u2019s stdin is closed');
	link.ended = true; /* the daemon discards whatever follows */
	update();
}

async function sendFiles(files) {
	for (const file of files) {
		const data = await file.arrayBuffer().then(b => new Uint8Array(b), () => null);
		const why = !canSend() ? 'the connection takes no messages'
			: !data ? 'it cannot be read'
			: !data.length ? 'it is empty, and an empty binary message means EOF' : null;
		if (why)
			info(`${file.name} was not sent: ${why}.`);
		else
			send(data, data.length);
	}
}

/* -- pings --------------------------------------------------------------------------- */

/* The browser tells when it sent the request and when the answer began: what lies between
 * is the way and the daemon, however long the connection before it took. */
function onPinged(list) {
	for (const { requestStart, responseStart } of list.getEntriesByName(location.origin + PING))
		if (phase() === 'open' && responseStart > requestStart && requestStart > 0)
			link.pings = [...link.pings, responseStart - requestStart].slice(-MAX_PINGS);
	performance.clearResourceTimings(); /* else the browser soon notes no more */
	schedule();
}

function ping() {
	if (phase() === 'open' && !document.hidden)
		fetch(PING, { method: 'HEAD', cache: 'no-store' }).catch(() => {});
}

function startPings() {
	new PerformanceObserver(onPinged).observe({ type: 'resource' });
	setInterval(ping, PING_EVERY);
}

/* -- the page around it -------------------------------------------------------------- */

function drawCounters() {
	const text = ({ messages, bytes }) => `${countText(messages)} \u00b7 ${sizeText(bytes)}`;
	if (!link)
		return;
	$('received').textContent = text(link.in);
	$('sent').textContent = text(link.out);
	$('answer').textContent = durationText(link.answeredIn);
	drawPings(link.pings);
}

function drawPings(pings) {
	const most = Math.max(...pings), least = Math.min(...pings);
	const x = i => 60 - (pings.length - 1 - i) * 60 / (MAX_PINGS - 1);
	const y = ms => 15 - 14 * ms / most;
	$('ping').textContent = durationText(pings.at(-1) ?? null);
	$('graph').toggleAttribute('hidden', pings.length < 2);
	$('graph').firstElementChild.setAttribute('points',
		pings.map((ms, i) => `${x(i).toFixed(1)},${y(ms).toFixed(1)}`).join(' '));
	$('graph').setAttribute('aria-label',
		`the last ${pings.length}: ${durationText(least)} to ${durationText(most)}`);
}

function placeholder() {
	if (phase() !== 'open')
		return 'Not connected';
	if (link.ended)
		return 'EOF sent: the program gets no more input';
	return canSend() ? 'Message' : 'View only';
}

const LAMPS = { connecting: 'busy', open: 'live', closing: 'busy', closed: 'closed' };

/* The one place that turns the connection's state into what the page shows and allows. */
function update() {
	const now = phase();
	const route = link && link.route;
	$('state').dataset.phase = LAMPS[now];
	$('status').textContent = now === 'idle' ? 'not connected' : now;
	$('connect').textContent = isLive() ? 'Disconnect' : 'Connect';
	$('connect').classList.toggle('stop', isLive());
	$('connect').disabled = now === 'closing' || !$('path').value;
	$('path').disabled = $('suffix').disabled = isLive();
	$('subprotocol').disabled = isLive();
	for (const id of ['as', 'input', 'send', 'file', 'eof'])
		$(id).disabled = !canSend() || id === 'eof' && route && !route.eof;
	$('pick').classList.toggle('off', !canSend());
	$('input').placeholder = placeholder();
	$('viewonly').hidden = !route || route.write;
	$('start').hidden = Boolean(link) || !routes.length;
	updateVerdict(now === 'closed' && link.verdict);
	schedule();
}

function updateVerdict(verdict) {
	$('close').hidden = !verdict;
	$('state').classList.toggle('normal', verdict && verdict.code === 1000);
	$('close').classList.toggle('normal', verdict && verdict.code === 1000);
	$('close-code').textContent = verdict ? verdict.code : '';
	$('close-words').textContent = verdict ? verdict.words : '';
	$('close-reason').textContent = verdict ? visible(verdict.reason) : '';
}

/* -- keys, history, files ------------------------------------------------------------ */

let sentTexts = [];
let recalled = 0; /* index into sentTexts; its length stands for a new message */

function setInput(text) {
	$('input').value = text;
	$('input').rows = Math.min(8, text.split('\n').length);
	say('');
}

/* The bytes that hex digits stand for; blanks, commas and 0x are for the eye. */
function bytesOf(text) {
	const digits = text.replace(/0x|[\s,]/gi, '');
	if (!digits || digits.length % 2 || /[^0-9a-f]/i.test(digits))
		throw new Error('this is no whole number of bytes in hex, such as 48 65 6c 6c 6f');
	return Uint8Array.from(digits.match(/../g), pair => parseInt(pair, 16));
}

/* What is typed, as it is sent; an error says why it cannot be. */
const READ_AS = {
	text: text => text,
	hex: bytesOf,
	json: text => {
		const value = JSON.parse(text);
		return text.includes('\n') ? JSON.stringify(value) : text; /* one line, one message */
	},
};

function say(wrong) {
	$('wrong').hidden = !wrong;
	$('wrong').textContent = wrong;
}

function sendInput() {
	const text = $('input').value;
	if (!canSend())
		return;
	try {
		const data = READ_AS[$('as').value](text);
		send(data, typeof data === 'string' ? encoder.encode(data).length : data.length);
	} catch (error) {
		say(error.message);
		return;
	}
	rememberSent(text);
	setInput('');
}

/* What was sent to this path in this tab, so that a reload leaves it. */
const sentSlot = () => `wsbridged:sent:${$('path').value}`;

function loadSent() {
	try {
		sentTexts = JSON.parse(sessionStorage.getItem(sentSlot())) || [];
	} catch {
		sentTexts = [];
	}
	recalled = sentTexts.length;
}

function rememberSent(text) {
	const older = sentTexts.filter(old => old !== text);
	sentTexts = [...older, text].slice(-MAX_HISTORY);
	recalled = sentTexts.length;
	let kept = [...sentTexts];
	while (kept.join('').length > MAX_REMEMBERED)
		kept = kept.slice(1);
	sessionStorage.setItem(sentSlot(), JSON.stringify(kept));
}

function recall(step) {
	const next = recalled + step;
	if (next < 0 || next > sentTexts.length)
		return;
	recalled = next;
	setInput(sentTexts[recalled] || '');
}

/* Enter sends; the arrows leave the text for the history only from its first or last line. */
function onInputKey(event) {
	const { value, selectionStart, selectionEnd } = $('input');
	if (event.isComposing || event.shiftKey)
		return;
	if (event.key === 'Enter')
		sendInput();
	else if (event.key === 'ArrowUp' && !value.slice(0, selectionStart).includes('\n'))
		recall(-1);
	else if (event.key === 'ArrowDown' && !value.slice(selectionEnd).includes('\n'))
		recall(1);
	else
		return;
	event.preventDefault();
}

/* Without this, a dropped file would make the browser leave the page. */
function onDrag(event) {
	event.preventDefault();
	document.body.classList.toggle('dropping', event.type === 'dragover' && canSend());
	if (event.type === 'drop')
		sendFiles([...event.dataTransfer.files]);
}

function onFile() {
	sendFiles([...$('file').files]);
	$('file').value = ''; /* so that the same file can be picked again */
}

function onSubmit(form, action) {
	$(form).onsubmit = event => {
		event.preventDefault();
		action();
	};
}

function listen() {
	onSubmit('target', () => isLive() ? disconnect() : connect());
	onSubmit('compose', sendInput);
	$('path').onchange = onPath;
	$('reconnect').onclick = connect;
	$('input').onkeydown = onInputKey;
	$('input').oninput = () => setInput($('input').value);
	$('eof').onclick = sendEof;
	$('file').onchange = onFile;
	for (const type of ['dragover', 'dragleave', 'drop'])
		document.addEventListener(type, onDrag);
	$('hex').onchange = narrow.onchange = () => {
		shown.list.forEach(fillRow);
		schedule();
	};
	$('pause').onclick = () => setPaused(!paused);
	$('latest').onclick = jumpToLatest;
	$('clear').onclick = clearLog;
	$('save').onclick = saveTranscript;
	$('copy').onclick = copyTranscript;
	$('copy').hidden = !navigator.clipboard; /* browsers give it to secure origins only */
	$('log').onscroll = onScroll;
	new ResizeObserver(schedule).observe($('log'));
}

async function start() {
	const { pathname, search } = location;
	const asked = pathname === HOME ? new URLSearchParams(search).get('path') : pathname + search;
	listen();
	startPings();
	await loadRoutes();
	if (asked)
		setTarget(asked);
	showRoute();
	update();
	if (asked && (!isPrefix($('path').value) || $('suffix').value))
		connect();
}

start();
