// SPDX-License-Identifier: Apache-2.0
// A web server of Node: server.js PORT KEEP_ALIVE_MS [BODY_BYTES [close]]
//
// With close it ends each connection after its first answer. At its end it says [connections, requests].
// Its event loop can be held up, as by a long computation: /hold/MS on PORT + 1 answers, and then nothing
// happens for so many milliseconds.
"use strict";
const http = require("http");
const [port, keepAlive, bytes] = process.argv.slice(2, 5).map(Number);
const body = "x".repeat(bytes || 5);

const POST_MS = 100; // long enough for all of a round to be under way at once
let connections = 0, requests = 0;

const server = http.createServer((request, response) => {
	requests++;
	if (process.argv[5] === "close")
		response.setHeader("Connection", "close");
	request.resume();
	request.on("end", () => {
		if (request.method === "POST")
			setTimeout(() => response.end(body), POST_MS);
		else
			response.end(body);
	});
});
server.keepAliveTimeout = keepAlive;
server.on("connection", () => connections++);
process.on("SIGTERM", () => {
	console.log(`[${connections},${requests}]`);
	process.exit();
});

const control = http.createServer((request, response) => {
	const until = Date.now() + Number(request.url.split("/")[2]);

	response.on("finish", () => setImmediate(() => {
		while (Date.now() < until);
	}));
	response.end();
});
server.listen(port, "127.0.0.1", () => control.listen(port + 1, "127.0.0.1"));
