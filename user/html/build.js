// SPDX-License-Identifier: Apache-2.0
// Makes page.h: the page in two arrays, what stands before the report's data and what behind it.
//
//   node build.js FOLDER_OF_UPLOT >page.h
"use strict";

const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const uplot = process.argv[2];
const own = (name) => fs.readFileSync(path.join(__dirname, name), "utf8");
const theirs = (name) => fs.readFileSync(path.join(uplot, name), "utf8").trim();

const licence = `/*\n${theirs("LICENSE")}\n*/\n`;
const style = licence + theirs("dist/uPlot.min.css") + "\n" + own("page.css") + own("paper.css");
const scripts = ["format.js", "table.js", "chart.js", "page.js"].map(own);
const script = licence + theirs("dist/uPlot.iife.min.js") + "\n" + scripts.join("");

// The browser runs and applies what has these hashes, and nothing else.
const hash = (text) => `'sha256-${crypto.createHash("sha256").update(text).digest("base64")}'`;
const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; ` +
	"base-uri 'none'; form-action 'none'";

const parts = { POLICY: policy, STYLE: style, SCRIPT: script };
for (const text of [style, script]) {
	if (/<\/(style|script)|<!--/i.test(text))
		throw new Error("a source has what would end its element");
}
const page = own("page.html").replace(/@(POLICY|STYLE|SCRIPT)@/g, (all, name) => parts[name]);
const [head, tail] = page.split("@DATA@");

const array = (name, text) =>
	`static const unsigned char ${name}[] = {\n${[...Buffer.from(text)].join(",")}\n};\n`;
process.stdout.write(array("page_head", head) + array("page_tail", tail));
