// SPDX-License-Identifier: Apache-2.0
// Headless Chromium by its debugging pipe: opens a file and tells what went wrong in it.
"use strict";

const { spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

const PATIENCE_MS = 60000;

class Browser {
	constructor() {
		this.profile = fs.mkdtempSync(path.join(os.tmpdir(), "connscope-browser-"));
		this.process = spawn("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu",
			"--no-first-run", "--disable-background-networking", "--remote-debugging-pipe",
			`--user-data-dir=${this.profile}`], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
		this.waiting = new Map(); // of id or event: what to call
		this.complaints = [];     // errors, refused by policy, dialogs
		this.requests = [];
		this.last = 0;
		this.rest = "";
		this.process.stdio[4].on("data", (bytes) => this.take(bytes));
		this.timer = setTimeout(() => {
			this.process.kill("SIGKILL");
			process.stderr.write("the browser does not answer\n");
			process.exit(1);
		}, PATIENCE_MS);
	}

	take(bytes) {
		const messages = (this.rest + bytes).split("\0");

		this.rest = messages.pop();
		for (const { id, method, params, result, error } of messages.map((text) => JSON.parse(text))) {
			const waiting = this.waiting.get(id || method);

			this.waiting.delete(id || method);
			this.note(method, params);
			if (waiting)
				waiting(error ? { error } : result);
		}
	}

	note(method, params) {
		if (method === "Runtime.exceptionThrown")
			this.complaints.push(params.exceptionDetails.exception.description);
		else if (method === "Runtime.consoleAPICalled")
			this.complaints.push(`console.${params.type}`);
		else if (method === "Log.entryAdded")
			this.complaints.push(params.entry.text);
		else if (method === "Page.javascriptDialogOpening")
			this.complaints.push(`dialog: ${params.message}`);
		else if (method === "Network.requestWillBeSent")
			this.requests.push(params.request.url);
	}

	send(method, params = {}) {
		const id = ++this.last;

		this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + "\0");
		return new Promise((resolve) => this.waiting.set(id, resolve));
	}

	async open(file, { width, height, theme }) {
		const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });

		this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
		for (const domain of ["Page", "Runtime", "Log", "Network"])
			await this.send(`${domain}.enable`);
		await this.send("Emulation.setDeviceMetricsOverride",
			{ width, height, deviceScaleFactor: 1, mobile: false });
		await this.send("Emulation.setEmulatedMedia",
			{ features: [{ name: "prefers-color-scheme", value: theme }] });
		const loaded = new Promise((resolve) => this.waiting.set("Page.loadEventFired", resolve));
		await this.send("Page.navigate", { url: `file://${path.resolve(file)}` });
		await loaded;
	}

	// What EXPRESSION, or the promise that it is, comes to.
	async evaluate(expression) {
		const { result, exceptionDetails } = await this.send("Runtime.evaluate",
			{ expression, awaitPromise: true, returnByValue: true });

		if (exceptionDetails)
			throw new Error(exceptionDetails.exception.description);
		return result.value;
	}

	async press(key, text) {
		await this.send("Input.dispatchKeyEvent", { type: "keyDown", key, code: key, text,
			windowsVirtualKeyCode: text.charCodeAt(0) });
		await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key });
	}

	async screenshot(file) {
		const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true });

		fs.writeFileSync(file, Buffer.from(data, "base64"));
	}

	async print(file) {
		const { data } = await this.send("Page.printToPDF", { preferCSSPageSize: true });

		fs.writeFileSync(file, Buffer.from(data, "base64"));
	}

	close() {
		const ended = new Promise((resolve) => this.process.on("exit", resolve));

		clearTimeout(this.timer);
		this.process.kill();
		return ended.then(() => fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 }));
	}
}

module.exports = { Browser };
