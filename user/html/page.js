// SPDX-License-Identifier: Apache-2.0
// The page from top to bottom.
"use strict";

const OPEN_AT_FIRST = 3; // endpoints of a kind

const report = JSON.parse(document.getElementById("data").textContent);

// Rows come as two parts, so that a hundred thousand of them need no tree in the tracer.
for (const [index, { about, rows, reasons }] of report.tables.entries())
	report.tables[index] = { ...about, rows, reasons };

// ---- head ----

// As a shell would take it.
function quoted(argument) {
	const text = visible(argument || "");

	return /^[\w@%+=:,./*-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

function drawSpan(meta) {
	const end = Date.parse(meta.ts), start = new Date(end - meta.interval_ms).toISOString();
	const day = (text) => text.slice(0, 10), time = (text) => text.slice(11, 19);
	const sameDay = day(start) === day(meta.ts);

	return `${day(start)} ${time(start)} to ${sameDay ? "" : day(meta.ts) + " "}${time(meta.ts)} UTC ` +
		`(${format("ms", meta.interval_ms)})`;
}

function drawAccount(clauses) {
	const line = element("p", { class: "account" });

	for (const [index, { separator, alarm, text }] of clauses.entries()) {
		line.append(index ? `${separator} ` : "",
			alarm ? element("strong", { class: "alarm" }, visible(text)) : visible(text));
	}
	return line;
}

function drawHead({ host, arguments: words, account, meta }) {
	const name = visible(host || "unknown host");
	const fact = (title, ...what) => [element("dt", {}, title), element("dd", {}, ...what)];

	document.title = `connscope: ${name}, ${meta.ts.slice(0, 19)}Z`;
	return element("header", {}, element("h1", {}, `TCP connections of ${name}`), drawAccount(account),
		element("dl", { class: "facts" },
			fact("When", drawSpan(meta)),
			fact("Command", element("code", {}, ["connscope", ...words.slice(1).map(quoted)].join(" "))),
			fact("Kernel", visible(meta.kernel || "-")),
			fact("Version", `connscope ${meta.version}`)));
}

// ---- what the hooks run on ----

function drawBackends({ backends, reasons }) {
	const rows = Object.entries(backends).map(([feature, mechanism]) => element("tr", {},
		element("td", { class: "text" }, feature), element("td", { class: "text" }, mechanism),
		element("td", { class: "text wrap" }, visible(reasons[feature] || "-"))));

	return element("section", {}, element("details", {},
		element("summary", {}, element("h2", { id: "hooks" }, "What it ran on")),
		element("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "What it ran on" },
			element("table", {}, element("thead", {}, element("tr", {},
				["Feature", "Mechanism", "Reason"].map((title) =>
					element("th", { scope: "col", class: "text" }, title)))),
			element("tbody", {}, rows)))));
}

// ---- single endpoints ----

function fillEndpoint(body, detail, row, isListener) {
	const { time, specs } = timeSpecs(detail, row, isListener);
	const moving = specs.filter((spec) => spec.lines[0].values.some((one) => one));
	const dists = row.dists.filter((dist) => dist.count);
	const names = [...specs.filter((spec) => !moving.includes(spec)).map((spec) => spec.title),
		...row.dists.filter((dist) => !dist.count && !dist.missing).map((dist) => DISTS[dist.key][0])];
	const before = charts.length;

	body.append(element("div", { class: "figures" }, moving.map((spec) => timeChart(spec, time)),
		dists.map(histogram)));
	if (names.length)
		body.append(element("p", { class: "note" }, `Nothing to draw: ${names.join("; ")}`));
	for (const { key, missing } of row.dists.filter((dist) => !dist.count && dist.missing))
		body.append(element("p", { class: "note" }, `n/a ${DISTS[key][0]}: ${missing}`));
	charts.slice(before).forEach((chart) => chart.draw());
}

// What an endpoint is called, and whose it is; where rows are not by endpoint, who comes first.
function namesOf(row) {
	return [row.endpoint || row.name, row.comm, row.pid ? `pid ${row.pid}` : null, row.container,
		row.netns && !row.endpoint ? `netns ${row.netns}` : null].filter((one) => one).map(visible);
}

// PLACES learns where it is.
function drawEndpoint(detail, row, isListener, index, places) {
	const [name, ...owner] = row.rest ? [`${plural(row.rest, "other")} together`] : namesOf(row);
	const role = isListener ? "server" : "client";
	const made = element("details", { class: "endpoint", id: `${role}-${index}` }, element("summary", {},
		element("b", {}, name), owner.length ? element("span", { class: "note" }, owner.join(", ")) : null));
	const body = element("div");

	made.append(body);
	// A chart knows its width only where it is seen.
	made.addEventListener("toggle", () => fillEndpoint(body, detail, row, isListener), { once: true });
	made.open = index < OPEN_AT_FIRST;
	if (!row.rest)
		places.set(identity(role, row.endpoint, (key) => row[key]), made);
	return made;
}

function drawEndpoints(title, subtitle, detail, isListener, places) {
	if (!detail)
		return null;
	return element("section", {}, element("h2", { id: title.toLowerCase() }, title),
		element("p", { class: "subtitle" }, subtitle),
		detail.rows.map((row, index) => drawEndpoint(detail, row, isListener, index, places)));
}

// ---- the whole ----

function drawNavigation(main) {
	const links = [...main.querySelectorAll("h2")].map((heading) =>
		element("a", { href: `#${heading.id}` }, heading.textContent));

	return element("nav", { "aria-label": "Sections" }, links);
}

function redraw() {
	for (const chart of charts) {
		if (chart.holder.clientWidth)
			chart.draw();
	}
}

function drawPage() {
	const main = document.querySelector("main");
	const { head, tables, upstreams, listeners } = report;
	const places = new Map();
	const subtitle = "Over time, and how it was distributed; the busiest first. " +
		"What is open or in flight is as of each second.";

	const details = [drawEndpoints("Upstreams", subtitle, upstreams, false, places),
		drawEndpoints("Listeners", subtitle, listeners, true, places)].filter((one) => one);
	main.append(...tables.map((table) => drawTable(table, places)), ...details, drawBackends(head.meta));
	main.prepend(drawHead(head), drawNavigation(main));
}

// Canvases do not follow style sheets: other colours and widths mean drawing anew.
function follow() {
	let width = innerWidth;

	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
	matchMedia("print").addEventListener("change", redraw);
	addEventListener("resize", () => {
		if (innerWidth !== width)
			redraw();
		width = innerWidth;
	});
}

drawPage();
follow();
