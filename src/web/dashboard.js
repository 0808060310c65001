// SPDX-License-Identifier: MIT
// dashboard.js - asks the daemon once a second how it is and who is connected, and shows it.
"use strict";

const $ = id => document.getElementById(id);

const PAGE = 50;        // clients that are shown at a time
const SECONDS = 300;    // that the charts reach back
const EVENTS = 100;     // that are kept
const PATIENCE = 15000; // milliseconds without an answer, from which on the connection is dead
const WAITS = [1, 2, 5, 10, 30]; // seconds before one more attempt

// ---- in words ----

const WORDS = {
	1000: "ended", 1001: "going away", 1002: "protocol error", 1003: "kind of data not taken", 1005: "without a code",
	1006: "lost", 1007: "text was no UTF-8", 1008: "against the rules", 1009: "message too big", 1011: "failed",
	1012: "restart", 1013: "full, try later",
};

function closeWords(code, reason) {
	let words = WORDS[code];
	if (!words && code >= 4128 && code < 4193)
		words = `program killed by signal ${code - 4128}`;
	else if (!words && code > 4000 && code < 4128)
		words = `program exited with status ${code - 4000}`;
	return `${code}${words ? ` ${words}` : ""}${reason ? `: ${reason}` : ""}`;
}

function count(n) {
	return Math.round(n).toLocaleString("en").replaceAll(",", "\u202f");
}

function bytes(n) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let unit = 0;
	while (n >= 1024 && unit + 1 < units.length) {
		n /= 1024;
		unit++;
	}
	return `${unit && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

function perSecond(n) {
	return `${n > 0 && n < 10 ? n.toFixed(1) : count(n)}/s`;
}

function duration(seconds) {
	const s = Math.floor(seconds);
	if (s < 60)
		return `${s}s`;
	if (s < 3600)
		return `${Math.floor(s / 60)}m ${s % 60}s`;
	if (s < 86400)
		return `${Math.floor(s / 3600)}h ${Math.floor(s / 60) % 60}m`;
	return `${Math.floor(s / 86400)}d ${Math.floor(s / 3600) % 24}h`;
}

function milliseconds(seconds) {
	const ms = seconds * 1000;
	return `${ms < 10 ? ms.toFixed(1) : count(ms)} ms`;
}

// ---- the connection: JSON-RPC 2.0, an object a message ----

let socket = null;
let calls = new Map(); // by id: what waits for the answer
let lastId = 0;
let attempts = 0;
let retry = 0;
let commands = [];

function phase(name, words) {
	$("state").dataset.phase = name;
	$("status").textContent = words;
	$("reconnect").hidden = name !== "closed";
}

function call(method, params = {}) {
	const id = ++lastId;
	return new Promise((resolve, reject) => {
		calls.set(id, { resolve, reject });
		socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
	});
}

function onMessage(data) {
	let message;
	try {
		message = JSON.parse(data);
	} catch {
		return; // somebody has sent a message by hand
	}
	if (message?.jsonrpc !== "2.0")
		return;
	if (message.method === "event")
		addEvent(message.params);
	else if (message.method === "missed")
		addMissed(message.params.events);
	const waiting = calls.get(message.id);
	calls.delete(message.id);
	if (waiting && message.error)
		waiting.reject(new Error(message.error.message));
	else if (waiting)
		waiting.resolve(message.result);
}

function connect() {
	clearTimeout(retry);
	phase("busy", "connecting");
	const own = socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/-/control`, "control.wsbridge");
	own.onopen = () => begin(own);
	own.onmessage = e => own === socket && onMessage(e.data);
	own.onclose = e => own === socket && onClose(e);
}

async function begin(own) {
	try {
		const version = await call("version");
		commands = version.commands;
		await call("events", { filter: FOLLOWED.map(name => `event=${name}`) });
		attempts = 0;
		phase("live", commands.includes("disconnect") ? "live" : "live, view only");
		while (own === socket) {
			const asked = performance.now();
			const dead = setTimeout(() => own.close(), PATIENCE);
			const [status, list] = await Promise.all([call("status"), call("list", listParams())]);
			clearTimeout(dead);
			show(version, status, list);
			await new Promise(done => setTimeout(done, Math.max(100, 1000 - (performance.now() - asked))));
		}
	} catch (error) {
		if (own === socket && own.readyState === WebSocket.OPEN)
			console.error(error);
		own.close();
	}
}

function onClose(e) {
	const wait = WAITS[Math.min(attempts++, WAITS.length - 1)];
	const why = e.code === 1006 ? "no connection: the daemon is gone, or does not let this page in"
		: `closed, ${closeWords(e.code, e.reason)}`;
	socket = null;
	for (const waiting of calls.values())
		waiting.reject(new Error("the connection is closed"));
	calls = new Map();
	before = null;
	$("ask").close();
	phase("closed", `${why}; next attempt in ${wait} s`);
	retry = setTimeout(connect, wait * 1000);
}

// ---- totals and charts ----

const HISTORY = { time: [], inMessages: [], outMessages: [], inBytes: [], outBytes: [] };
let before = null; // the status before this one
let charts = [];

function rates(status) {
	const seconds = before ? status.uptime - before.uptime : 0;
	const rate = (way, what) => seconds > 0 ? Math.max(0, status[way][what] - before[way][what]) / seconds : null;
	return {
		inMessages: rate("in", "messages"), outMessages: rate("out", "messages"),
		inBytes: rate("in", "bytes"), outBytes: rate("out", "bytes"),
	};
}

function remember(now) {
	const time = Date.now() / 1000;
	HISTORY.time.push(time);
	for (const [name, value] of Object.entries(now))
		HISTORY[name].push(value);
	while (HISTORY.time[0] < time - SECONDS)
		for (const values of Object.values(HISTORY))
			values.shift();
}

function chartData() {
	const h = HISTORY;
	return [[h.time, h.inMessages, h.outMessages], [h.time, h.inBytes, h.outBytes]];
}

// What the charts show: a minute at the least, then all of the history.
function span() {
	const now = Date.now() / 1000;
	return [Math.min(HISTORY.time[0] ?? now, now - 60), now];
}

function clock(time) {
	return new Date(time * 1000).toLocaleTimeString("en-GB");
}

function chart(place, data, format, more) {
	const style = getComputedStyle(document.documentElement);
	const colour = name => style.getPropertyValue(name).trim();
	const axis = { size: 30, stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
	const line = (label, name) => ({
		label, stroke: colour(name), width: 1.5, points: { show: false }, value: (_, v) => v === null ? "–" : format(v),
	});
	return new uPlot({
		width: place.clientWidth, height: 190,
		cursor: { y: false, drag: { setScale: false } },
		scales: {
			x: { range: span },
			y: { range: (_, low, high) => [0, Math.max(1, high * 1.15)] },
		},
		axes: [{ ...axis, space: 80, values: (_, all) => all.map(clock) }, { ...axis, size: 70, values: (_, all) => all.map(v => v === null ? "" : format(v)), ...more }],
		series: [{ label: "at", value: (_, v) => v === null ? "–" : clock(v) }, line("in", "--in"), line("out", "--out")],
	}, data, place);
}

function makeCharts() {
	const [messages, traffic] = chartData();
	const powers = Array.from({ length: 45 }, (_, i) => 2 ** i);
	for (const old of charts)
		old.destroy();
	charts = [
		chart($("messages-chart"), messages, perSecond),
		chart($("bytes-chart"), traffic, v => `${bytes(v)}/s`, { incrs: powers }),
	];
}

function drawCharts() {
	const data = chartData();
	charts.forEach((c, i) => c.setData(data[i]));
}

function resizeCharts() {
	for (const c of charts)
		c.setSize({ width: c.root.parentElement.clientWidth, height: 190 });
}

function showStatus(version, status) {
	const now = rates(status);
	const speed = (value, format) => value === null ? "–" : format(value);
	$("about").textContent = `${version.version}, pid ${version.pid}, up ${duration(status.uptime)}`
		+ (status.state === "running" ? "" : `, ${status.state}`);
	$("clients").textContent = count(status.clients);
	$("clients-of").textContent = `of ${count(status.max_connections)}`;
	$("processes").textContent = count(status.processes);
	$("in-messages").textContent = speed(now.inMessages, perSecond);
	$("in-bytes").textContent = speed(now.inBytes, v => `${bytes(v)}/s`);
	$("out-messages").textContent = speed(now.outMessages, perSecond);
	$("out-bytes").textContent = speed(now.outBytes, v => `${bytes(v)}/s`);
	$("queue").textContent = bytes(status.queue);
	$("to-programs").textContent = `${bytes(status.to_programs)} to programs`;
	$("lag").textContent = milliseconds(status.loop_lag);
	remember(now);
	drawCharts();
	before = status;
}

// ---- clients ----

let page = { skip: 0, path: "", sort: "" }; // what of the list is shown
let asked = page;                 // ... and what the answer under way is of
let rows = new Map();             // by id, in the order of the page

function listParams() {
	asked = page;
	return { limit: PAGE, skip: page.skip, ...(page.path && { path: page.path }), ...(page.sort && { sort: page.sort }) };
}

function setText(cell, text) {
	if (cell.textContent !== text)
		cell.textContent = text;
}

function traffic(t) {
	return `${count(t.messages)} · ${bytes(t.bytes)}`;
}

function newRow(client) {
	const tr = $("row").content.firstElementChild.cloneNode(true);
	if (commands.includes("disconnect")) {
		const button = document.createElement("button");
		button.textContent = "Disconnect";
		button.setAttribute("aria-label", `Disconnect ${client.id}`);
		button.onclick = () => ask(client);
		tr.lastElementChild.append(button);
	}
	tr.dataset.id = client.id;
	return tr;
}

function showRow(tr, client) {
	const open = client.state === "open";
	const texts = [
		String(client.id), client.path, client.peer, client.user ?? "–", duration(client.seconds), traffic(client.in),
		traffic(client.out), `${bytes(client.rate)}/s`, bytes(client.queue),
		open ? String(client.pid ?? "–") : client.state,
	];
	texts.forEach((text, i) => setText(tr.children[i], text));
	tr.children[1].title = client.path;
	tr.classList.toggle("ending", !open);
	const button = tr.querySelector("button");
	if (button)
		button.disabled = !open;
}

// Nobody's button moves away under the pointer: while it is there, who stays keeps the place.
function heldStill(list) {
	const places = new Map([...rows.keys()].map((id, i) => [id, i]));
	const place = client => places.get(client.id) ?? places.size;
	return $("sessions").tBodies[0].matches(":hover, :focus-within") 
		? [...list].sort((a, b) => place(a) - place(b)) : list;
}

function showClients(told, status) {
	const list = page.sort ? heldStill(told) : told;
	const fresh = new Map();
	for (const client of list) {
		const tr = rows.get(client.id) ?? newRow(client);
		showRow(tr, client);
		fresh.set(client.id, tr);
	}
	for (const [id, tr] of rows)
		if (!fresh.has(id))
			tr.remove();
	rows = fresh;
	const body = document.querySelector("#sessions tbody");
	let at = body.firstElementChild;
	for (const tr of fresh.values()) // in their order; those that stay are not moved
		if (tr === at)
			at = at.nextElementSibling;
		else
			body.insertBefore(tr, at);
	$("nobody").hidden = list.length > 0;
	$("range").textContent = list.length === 0 ? ""
		: `${count(page.skip + 1)} to ${count(page.skip + list.length)}`
		+ (page.path ? "" : ` of ${count(status.clients)}`) + `, ${$("sort").selectedOptions[0].dataset.words}`;
	$("next").disabled = list.length < PAGE;
	$("previous").disabled = page.skip === 0;
	offerPaths(list);
}

function offerPaths(list) {
	const select = $("path");
	const known = new Set([...select.options].map(o => o.value));
	for (const { path } of list)
		if (!known.has(path)) {
			known.add(path);
			select.add(new Option(path, path));
		}
}

function turnTo(next) {
	page = next;
	for (const tr of rows.values())
		tr.remove();
	rows = new Map();
	$("next").disabled = $("previous").disabled = true;
	$("range").textContent = "…";
}

function show(version, status, list) {
	showStatus(version, status);
	if (asked === page) // else the answer is about another part of the list
		showClients(list, status);
	showEvents();
}

// ---- disconnecting ----

let target = null;

function ask(client) {
	target = client;
	$("ask-title").textContent = `Disconnect ${client.id} ${client.path} (${client.peer})?`;
	$("ask-error").textContent = "";
	$("ask").showModal();
}

async function disconnect(e) {
	e.preventDefault();
	const params = { to: target.id, code: Number($("code").value), reason: $("reason").value };
	try {
		await call("disconnect", params);
		$("ask").close();
	} catch (error) {
		$("ask-error").textContent = error.message;
	}
}

// ---- events ----

const FOLLOWED = ["connected", "disconnected", "reload", "listening", "shutdown"];
const FAILURES = [1002, 1006, 1007, 1008, 1009, 1011];
let events = []; // the newest first
let missed = 0;
let changed = false;

function addEvent(e) {
	events.unshift(e);
	events.length = Math.min(events.length, EVENTS);
	changed = true;
}

function addMissed(n) {
	missed += n;
	changed = true;
}

function eventWords(e) {
	switch (e.event) {
	case "connected":
		return `connected from ${e.peer}${e.user ? `, ${e.user}` : ""}`;
	case "disconnected":
		return `disconnected after ${duration(e.seconds)} by ${e.by}, ${closeWords(e.code, e.reason)}`;
	case "reload":
		return e.taken ? "the configuration was read again" : "the configuration has errors and was not taken";
	case "listening":
		return e.on ? "takes clients" : "takes no clients any more";
	default:
		return `${e.event}`;
	}
}

function eventItem(e) {
	const item = document.createElement("li");
	const time = document.createElement("time");
	const who = document.createElement("span");
	const what = document.createElement("span");
	time.dateTime = e.time;
	time.textContent = clock(new Date(e.time) / 1000);
	who.className = "who";
	who.textContent = e.id ? `#${e.id} ${e.path ?? ""}` : "daemon";
	what.textContent = eventWords(e);
	what.classList.toggle("bad", FAILURES.includes(e.code) || e.taken === false);
	item.append(time, who, what);
	return item;
}

function showEvents() {
	if (!changed)
		return;
	changed = false;
	$("quiet").hidden = events.length > 0;
	$("missed").textContent = missed ? `${count(missed)} came too fast to be told` : "";
	$("events").replaceChildren(...events.map(eventItem));
}

// ---- begin ----

$("reconnect").onclick = connect;
$("next").onclick = () => turnTo({ ...page, skip: page.skip + PAGE });
$("previous").onclick = () => turnTo({ ...page, skip: Math.max(0, page.skip - PAGE) });
$("path").onchange = e => turnTo({ ...page, skip: 0, path: e.target.value });
$("sort").onchange = e => turnTo({ ...page, skip: 0, sort: e.target.value });
$("ask").firstElementChild.onsubmit = disconnect;
$("cancel").onclick = () => $("ask").close();
addEventListener("resize", resizeCharts);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", makeCharts);
makeCharts();
connect();
