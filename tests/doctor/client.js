// SPDX-License-Identifier: Apache-2.0
// A client of Node: client.js PORT REQUESTS none|agent|destroy
//
// One request after the other: without an agent, with one that keeps connections, or with one and the
// body left unread. Prints how many answers it got.
"use strict";
const http = require("http");
const [port, requests, how] = process.argv.slice(2);
const agent = how === "none" ? false : new http.Agent({ keepAlive: true });
let answers = 0;

function next()
{
	if (answers == requests) {
		console.log(answers);
		return;
	}
	http.get({ host: "127.0.0.1", port, agent }, (response) => {
		answers++;
		if (how === "destroy")
			response.once("readable", () => response.destroy());
		else
			response.resume();
		response.on("close", next);
	});
}
next();
