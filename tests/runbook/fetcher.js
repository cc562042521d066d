// SPDX-License-Identifier: Apache-2.0
// A client of Node: fetcher.js URL CLIENTS true|false
//
// So many at once ask for URL over and over, for half a minute, with an agent that keeps connections, or none.
"use strict";
const http = require("http");
const [url, clients, keeps] = process.argv.slice(2);
const agent = keeps === "true" ? new http.Agent({ keepAlive: true }) : false;

function next()
{
	http.get(url, { agent }, (response) => {
		response.resume();
		response.on("close", next);
	});
}
for (let i = 0; i < clients; i++)
	next();
setTimeout(() => process.exit(), 30000);
