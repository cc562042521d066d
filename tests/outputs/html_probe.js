// SPDX-License-Identifier: Apache-2.0
// What a browser makes of a page of connscope's, as one line of JSON.
//
//   node html_probe.js PAGE light|dark WIDTH [PICTURE.png|PAPER.pdf]
"use strict";

const { Browser } = require("./browser.js");

// All of these run within the page.
function openAll(selector) {
	const closed = [...document.querySelectorAll(selector)].filter((one) => !one.open);
	const toggled = closed.map((one) => new Promise((resolve) =>
		one.addEventListener("toggle", resolve, { once: true })));

	closed.forEach((one) => (one.open = true));
	return Promise.all(toggled).then(() => closed.length);
}

// Pixels of a canvas in a colour of one of its lines.
function inked(chart) {
	const canvas = chart.holder.querySelector("canvas");
	const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
	const inks = chart.spec.lines.map((line) => colour(line.colour).match(/[\da-f]{2}/gi).map((two) => parseInt(two, 16)));
	let count = 0;

	for (let at = 0; at < data.length; at += 4) {
		if (data[at + 3] > 128 && inks.some((ink) => ink.every((part, i) => Math.abs(part - data[at + i]) < 48)))
			count++;
	}
	return count;
}

function cells(table) {
	return [...table.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((one) => one.textContent));
}

function drawnCharts() {
	return charts.map((chart) => {
		const figure = chart.holder.closest("figure");
		const [, ...lines] = chart.plot.data;
		const want = lines[0].slice(0, -1).map((value, row) => lines.map((line) => chart.spec.format(line[row])));
		const got = cells(figure.querySelector(".twin table")).map((row) => row.slice(1));

		return { title: chart.spec.title, inked: inked(chart), slots: want.length,
			twin: JSON.stringify(want) === JSON.stringify(got),
			sums: lines.map((line) => line.slice(0, -1).reduce((sum, value) => sum + value, 0)) };
	});
}

function drawnHistograms() {
	return [...document.querySelectorAll("figure svg")].map((svg) => {
		const bars = [...svg.querySelectorAll("rect")].filter((bar) => bar.getBBox().height > 0);
		const want = bars.map((bar) => bar.textContent);
		const got = cells(svg.closest("figure").querySelector(".twin table")).map(([range, count]) => `${range}: ${count}`);

		return { bars: bars.length, twin: JSON.stringify(want) === JSON.stringify(got) };
	});
}

// A title of the first table: the column as it stands, and what the title says of its order.
function column(title) {
	const table = document.querySelector(".report table");
	const button = [...table.querySelectorAll("th button")].find((one) => one.textContent === title);
	const at = [...button.closest("tr").cells].indexOf(button.closest("th"));

	return { button, order: button.closest("th").getAttribute("aria-sort"),
		values: cells(table).map((row) => row[at]) };
}

function facts() {
	const hostile = [...document.querySelectorAll("td, summary b, .note")].map((one) => one.textContent);

	return {
		title: document.title,
		account: document.querySelector(".account").textContent,
		command: document.querySelector("code").textContent,
		tables: [...document.querySelectorAll(".report")].map((one) =>
			({ name: one.querySelector("h2").textContent, rows: cells(one.querySelector("table")) })),
		alarms: [...document.querySelectorAll("td.alarm")].map((one) => one.textContent),
		charts: drawnCharts(),
		histograms: drawnHistograms(),
		foreign: document.querySelectorAll("img, iframe, object, embed, link, a[href]:not([href^='#'])").length,
		scripts: document.scripts.length,
		links: [...document.querySelectorAll("td a")].map((one) => [one.textContent,
			document.querySelector(one.getAttribute("href")).querySelector("summary b").textContent]),
		sparks: document.querySelectorAll("td .spark").length,
		marked: [...new Set(hostile.filter((text) => text.includes("<")))],
		overflow: document.documentElement.scrollWidth - innerWidth,
		data: JSON.parse(document.getElementById("data").textContent),
	};
}

async function sorting(browser) {
	const steps = [];
	const look = () => browser.evaluate(`(({ order, values }) => ({ order, values }))(column("OPENED"))`);

	await browser.evaluate(`column("OPENED").button.click()`);
	steps.push(await look());
	await browser.press("Enter", "\r"); // the title kept the focus
	steps.push(await look());
	return steps;
}

async function probe(browser, page, theme, width, picture) {
	await browser.open(page, { width: Number(width), height: 900, theme });
	await browser.evaluate([openAll, inked, cells, drawnCharts, drawnHistograms, column, facts].join("\n"));
	if (picture && picture.endsWith(".pdf"))
		await browser.print(picture);
	else if (picture)
		await browser.screenshot(picture);
	await browser.evaluate(`openAll("details").then(() => openAll("details"))`);
	await browser.evaluate(`document.querySelectorAll(".tools input").forEach((one) => one.click())`);
	const found = await browser.evaluate("facts()");
	found.sorting = await sorting(browser);
	found.complaints = [...browser.complaints];
	found.requests = browser.requests;
	// Does the policy hold? A script that is not ours must not run.
	found.foreignScriptRan = await browser.evaluate(`(() => {
		const script = document.createElement("script");
		script.textContent = "window.foreign = true";
		document.body.append(script);
		return window.foreign === true;
	})()`);
	process.stdout.write(JSON.stringify(found) + "\n");
}

async function main([page, theme, width, picture]) {
	const browser = new Browser();

	try {
		await probe(browser, page, theme, width, picture);
	} finally {
		await browser.close();
	}
}

main(process.argv.slice(2)).catch((error) => {
	process.stderr.write(`${error.stack}\n`);
	process.exit(1);
});
