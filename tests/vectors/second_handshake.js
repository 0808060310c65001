// SPDX-License-Identifier: MIT
// Sends each handshake vector to npm ws and compares accept or refuse; prints TAP.
//
// usage: node second_handshake.js FILE...
//
// The grammar is in handshake_vector.h.  Where ws differs from `expect`, the vector says so in a
// `second:` line; such a line without a difference fails, too.
'use strict';

const fs = require('fs');
const http = require('http');
const net = require('net');
module.paths.push('/usr/share/nodejs'); // Debian's
const { WebSocketServer } = require('ws');

const NAMES = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' };

// The bytes that TEXT stands for, one character each.
function unescape(text) {
  return text.replace(/\\(x([0-9a-fA-F]{2})|.)/g, (all, name, hex) =>
    hex ? String.fromCharCode(parseInt(hex, 16)) : NAMES[name]);
}

function readVectors(file) {
  const vectors = [];
  for (const line of fs.readFileSync(file, 'latin1').split('\n')) {
    const [, word, text] = /^(case:|server:|limit:|expect:|second:|\*\d+>|>) (.*)$/.exec(line) || [];
    const v = vectors[vectors.length - 1];
    if (word === 'case:') vectors.push({ name: text, server: [], limit: 8192, bytes: '' });
    else if (word === 'server:') v.server = text.split(' ');
    else if (word === 'limit:') v.limit = Number(text);
    else if (word === 'expect:') v.expect = text.split(' ');
    else if (word === 'second:') v.second = text;
    else if (word) v.bytes += unescape(text).repeat(Number(word.slice(1, -1) || 1));
  }
  return vectors;
}

// The head that a server with ws answers V with; '' when it only closes.
function answerTo(v) {
  return new Promise((resolve, reject) => {
    const server = http.createServer({ maxHeaderSize: v.limit }, (req, res) => {
      res.writeHead(426, { Connection: 'close' });
      res.end();
    });
    const wss = new WebSocketServer({
      server,
      perMessageDeflate: true, // else it does not look at Sec-WebSocket-Extensions
      handleProtocols: (offered) => v.server.find((p) => offered.has(p)) || false,
    });
    wss.on('connection', (ws) => ws.on('error', () => {})); // what follows the head is no matter here
    server.listen(0, '127.0.0.1', () => {
      let received = '';
      const done = () => {
        socket.destroy();
        for (const ws of wss.clients) ws.terminate();
        server.close();
        resolve(received);
      };
      const socket = net.connect(server.address().port, '127.0.0.1');
      socket.setEncoding('latin1');
      socket.on('data', (data) => {
        received += data;
        if (received.includes('\r\n\r\n')) done();
      });
      socket.on('end', done);
      socket.on('error', (error) => (error.code === 'ECONNRESET' ? done() : reject(error)));
      socket.end(v.bytes, 'latin1');
    });
  });
}

// What ws makes of V, in the words of `expect`.
function toldBy(answer) {
  const field = (name) => (new RegExp(`^${name}: (.*)\r$`, 'im').exec(answer) || [, '-'])[1];
  if (!answer.startsWith('HTTP/1.1 101 ')) return ['refused'];
  return ['101', `accept=${field('Sec-WebSocket-Accept')}`, `subprotocol=${field('Sec-WebSocket-Protocol')}`];
}

// Why V fails, or ''.
function judge(v, told) {
  const got = told[0] === '101' ? 'accepts' : 'refuses';
  const ours = v.expect[0] === '101' ? 'accepts' : 'refuses';
  const [want] = (v.second || ours).split(' ');
  if (v.second && !/^(accepts|refuses|either) \(.+\)$/.test(v.second)) return 'second: says no reason';
  if (v.second && want === ours) return 'second: says no difference';
  if (want !== 'either' && got !== want) return `ws ${got} it`;
  if (got !== 'accepts' || ours !== 'accepts') return '';
  const differs = v.expect.filter((word) => /^(accept|subprotocol)=/.test(word) && !told.includes(word));
  return differs.length > 0 ? `ws says ${told.join(' ')}` : '';
}

async function main(files) {
  const vectors = files.flatMap(readVectors);
  let failed = vectors.length === 0 ? 1 : 0;
  console.log(`1..${vectors.length}`);
  for (const [i, v] of vectors.entries()) {
    const fault = judge(v, toldBy(await answerTo(v)));
    if (fault) console.log(`# ${fault}`);
    console.log(`${fault ? 'not ok' : 'ok'} ${i + 1} - ws: ${v.name}`);
    failed += fault ? 1 : 0;
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

main(process.argv.slice(2));
