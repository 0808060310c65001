// SPDX-License-Identifier: MIT
// What a small program with npm ws does instead: one command, whose lines go to all clients.
//
// usage: node fanout.js COMMAND...
'use strict';

const { spawn } = require('child_process');
const readline = require('readline');
module.paths.push('/usr/share/nodejs'); // Debian's
const { WebSocket, WebSocketServer } = require('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 511 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
const program = spawn(process.argv[2], process.argv.slice(3), { stdio: ['ignore', 'pipe', 'inherit'] });

readline.createInterface({ input: program.stdout }).on('line', (line) => {
  for (const client of server.clients)
    if (client.readyState === WebSocket.OPEN) client.send(line);
});
program.on('exit', () => process.exit(1));
process.on('SIGTERM', () => {
  program.kill();
  process.exit(0);
});
