// SPDX-License-Identifier: Apache-2.0
// Charts of one endpoint: lines over time by uPlot, distributions as bars of SVG; a table beside each.
"use strict";

const HEIGHT = 120;
const charts = []; // all that uPlot drew: to be drawn anew in other colours or another width

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// What a chart shows, in numbers; made when it is opened.
function twin(titles, rows) {
	const made = element("details", { class: "twin" }, element("summary", {}, "Numbers"));
	const head = element("tr", {}, titles.map((title, index) =>
		element("th", { scope: "col", class: index ? "number" : "text" }, title)));

	made.addEventListener("toggle", () => {
		made.append(element("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Numbers" },
			element("table", {}, element("thead", {}, head), element("tbody", {}, rows().map((row) =>
				element("tr", {}, row.map((text, index) =>
					element("td", { class: index ? "number" : "text" }, text))))))));
	}, { once: true });
	return made;
}

function figure(title, note, picture, numbers) {
	return element("figure", {}, element("figcaption", {}, element("b", {}, title), note), picture, numbers);
}

// ---- shapes ----

function shape(name, attributes, ...contents) {
	const made = document.createElementNS("http://www.w3.org/2000/svg", name);

	for (const [key, value] of Object.entries(attributes))
		made.setAttribute(key, value);
	made.append(...contents);
	return made;
}

// A line of steps, as small as a word; its highest is the highest of VALUES.
function spark(values) {
	const WIDTH = 96, LOW = 15, HIGH = 2;
	const most = Math.max(...values, 1), step = WIDTH / values.length;
	const y = (value) => LOW - (LOW - HIGH) * value / most;
	const path = values.map((value, index) => `V${y(value)}H${(index + 1) * step}`).join("");

	return shape("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${LOW + 1}`, width: WIDTH, height: LOW + 1,
		role: "img", "aria-label": `${most} at most` }, shape("path", { d: `M0 ${LOW}${path}` }));
}

// ---- over time ----

// When each slot began, how long it lasted, and, last, the end. A last one of less than half a slot
// is too short for a rate: it belongs to the one before.
function timeOf(detail, count) {
	const starts = [];

	for (let at = 0; at < count; at++)
		starts.push(detail.start_ms + at * detail.width_ms);
	const cut = count > 1 && detail.end_ms - starts[count - 1] < detail.width_ms / 2;
	if (cut)
		starts.pop();
	const ends = [...starts.slice(1), Math.max(detail.end_ms, starts[starts.length - 1] + 1)];
	const days = detail.end_ms - detail.start_ms >= 86400e3;
	return { starts, ends, cut, days, clock: (ms) => clock(ms, days) };
}

function fold(values, time, merge) {
	const folded = values.slice(0, time.starts.length);

	if (time.cut)
		folded[folded.length - 1] = merge(folded[folded.length - 1], values[values.length - 1]);
	return folded;
}

// Counts become rates; levels stay.
function perSecond(values, time) {
	return fold(values, time, (a, b) => a + b)
		.map((count, index) => count * 1000 / (time.ends[index] - time.starts[index]));
}

function levels(values, time) {
	return fold(values, time, Math.max);
}

// An object of uPlot's, for a line { label, colour, fill, dashed, values }. A step a slot.
function lineOptions(line) {
	return {
		label: line.label,
		stroke: () => colour(line.colour),
		fill: line.fill ? () => colour(`${line.colour}-fill`) : null,
		width: line.dashed ? 1 : 1.5,
		dash: line.dashed ? [4, 3] : null,
		points: { show: false },
		paths: line.dashed ? uPlot.paths.linear() : uPlot.paths.stepped({ align: 1 }),
	};
}

function axis(show) {
	return {
		stroke: () => colour("ink-2"),
		font: "11px system-ui, sans-serif",
		grid: { stroke: () => colour("rule"), width: 1 },
		ticks: { show: false },
		...show,
	};
}

// The number under the cursor beside the title, at other times the most there was.
function readout(chart, spec, time, index) {
	const known = index !== null && index !== undefined && index < time.starts.length;
	const of = (values) => known ? values[index] : Math.max(...values);
	const parts = spec.lines.filter((line) => !line.dashed).map((line) =>
		element("span", { class: line.colour }, `${line.label} ${spec.format(of(line.values))}`.trim()));

	chart.note.replaceChildren(known ? time.clock(time.starts[index]) : "most", ...parts.flatMap((part) => [" ", part]));
}

function uplotOptions(spec, time, chart, width) {
	const top = Math.max(...spec.lines.flatMap((line) => line.values)) || 1;

	return {
		width, height: HEIGHT, ms: 1, legend: { show: false },
		tzDate: (ms) => uPlot.tzDate(new Date(ms), "Etc/UTC"),
		cursor: { y: false, sync: { key: "time" }, points: { show: false }, drag: { x: false } },
		scales: { y: { range: [0, top * 1.1] } },
		padding: [6, time.days ? 36 : 26, 0, 0],
		axes: [axis({ size: 24, gap: 8, splits: (u) => timeTicks(u.data[0]), values: (u, at) => at.map(time.clock) }),
			axis({ size: 40, gap: 4, space: 28, values: (u, at) => at.map(spec.tick) })],
		series: [{}, ...spec.lines.map(lineOptions)],
		hooks: { setCursor: [(u) => readout(chart, spec, time, u.cursor.idx)] },
	};
}

// The start, the end, and between them the middle.
function timeTicks(xs) {
	const first = xs[0], last = xs[xs.length - 1];

	return [first, (first + last) / 2, last];
}

// SPEC: { title, lines, format, tick }. The slot's value holds until the next one begins.
function timeChart(spec, time) {
	const holder = element("div", { class: "chart", role: "img",
		"aria-label": `${spec.title} over time; its numbers follow` });
	const chart = { note: element("span", { class: "note" }), plot: null, spec };
	const xs = [...time.starts, time.ends[time.ends.length - 1]];
	const data = [xs, ...spec.lines.map((line) => [...line.values, line.values[line.values.length - 1]])];
	const rows = () => time.starts.map((at, index) =>
		[time.clock(at), ...spec.lines.map((line) => spec.format(line.values[index]))]);

	chart.draw = () => {
		if (chart.plot)
			chart.plot.destroy();
		chart.plot = new uPlot(uplotOptions(spec, time, chart, holder.clientWidth), data, holder);
		readout(chart, spec, time, null);
	};
	chart.holder = holder;
	charts.push(chart);
	return figure(spec.title, chart.note, holder,
		twin(["Time (UTC)", ...spec.lines.map((line) => line.label || spec.title)], rows));
}

function line(label, ink, values, more = {}) {
	return { label, colour: ink, values, fill: ink !== "ink-2" && !more.dashed, ...more };
}

// A rate's lines; those that nothing happened on are left out.
function rateSpec(title, time, ...lines) {
	const kept = lines.filter(([, , values], index) => values && (!index || values.some((one) => one)))
		.map(([label, ink, values]) => line(label, ink, perSecond(values, time)));

	return kept.length ? { title, lines: kept, format: rate, tick: short } : null;
}

function levelSpec(title, lines) {
	const whole = (value) => Number.isInteger(value) ? short(value) : "";

	return lines[0].values ? { title, lines: lines.filter((one) => one.values), format: FORMATS.count, tick: whole } : null;
}

// A limit far above would press the line to the ground: it is named, not drawn.
function queueSpec(row, time) {
	const { depth } = row.series;

	if (!depth || row.limit === undefined)
		return null;
	const values = levels(depth, time);
	const near = row.limit !== null && row.limit <= 4 * Math.max(...values);
	const spec = levelSpec("Accept queue", [line("", "accent", values)]);

	if (near)
		spec.lines.push(line("limit", "alarm", values.map(() => row.limit), { dashed: true }));
	spec.title += row.limit === null ? "" : `, limit ${row.limit}`;
	return spec;
}

function poolSpec(row, time) {
	const { open, active } = row.series;

	return open ? levelSpec("Open connections", [line(active ? "open" : "", "accent", levels(open, time)),
		line("in flight", "ink-2", active && levels(active, time))]) : null;
}

function timeSpecs(detail, row, isListener) {
	const { opened, failed, exchanges, closed, raced, overflows } = row.series;

	if (!opened || !opened.length)
		return { time: null, specs: [] };
	const time = timeOf(detail, opened.length);
	const specs = [
		isListener ? queueSpec(row, time) : null,
		isListener ? rateSpec("Overflows per second", time, ["", "alarm", overflows]) : null,
		rateSpec("New connections per second", time, ["", "accent", opened], ["failed", "alarm", failed]),
		rateSpec("Exchanges per second", time, ["", "accent", exchanges]),
		poolSpec(row, time),
		rateSpec("Closes per second", time, ["", "accent", closed], ["raced", "alarm", raced]),
	].filter((spec) => spec);
	return { time, specs };
}

// ---- distributions ----

const BARS_MAX = 48;

const DISTS = {
	depth: ["Accept queue at each entry", "count"],
	accept_wait_us: ["Accept wait", "us"],
	connect_us: ["Connect time", "us"],
	response_us: ["Response time", "us"],
	idle_gap_us: ["Idle gap", "us"],
	exchanges_per_conn: ["Exchanges per connection", "count"],
	idle_at_close_local_us: ["Idle at close, by this host", "us"],
	idle_at_close_remote_us: ["Idle at close, by the peer", "us"],
};

// The smallest value of a slot: four to an octave, as in include/connscope/hist.h.
function slotLow(slot) {
	return slot < 4 ? slot : (4 + slot % 4) * 2 ** (Math.floor(slot / 4) - 1);
}

// Bars of one slot each, or of two or four where that would be too many: { low, high, count }.
function barsOf(slots) {
	const first = slots[0][0], last = slots[slots.length - 1][0];
	const width = [1, 2, 4].find((one) => (last - first) / one < BARS_MAX) || 4;
	const bars = [];

	for (let at = first - first % width; at <= last; at += width)
		bars.push({ low: slotLow(at), high: slotLow(at + width), count: 0 });
	for (const [slot, count] of slots)
		bars[Math.floor((slot - (first - first % width)) / width)].count += count;
	return bars;
}

function range(type, bar) {
	if (type === "count")
		return bar.high - bar.low === 1 ? String(bar.low) : `${bar.low}\u2013${bar.high - 1}`;
	return `${format(type, bar.low)}\u2013${format(type, bar.high)}`;
}

function drawBars(title, type, bars) {
	const WIDTH = 300, BASE = HEIGHT - 20, step = Math.min(WIDTH / bars.length, 28);
	const most = Math.max(...bars.map((bar) => bar.count));
	const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "xMinYMid", role: "img",
		"aria-label": `${title}; its numbers follow` });
	const label = (at, anchor, text) => shape("text", { x: at, y: HEIGHT - 5, "text-anchor": anchor }, text);

	for (const [index, bar] of bars.entries()) {
		const height = bar.count ? Math.max(BASE * bar.count / most, 1.5) : 0;

		svg.append(shape("rect", { class: "bar", x: index * step + 0.5, y: BASE - height,
			width: Math.max(step - 1, 1), height },
			shape("title", {}, `${range(type, bar)}: ${bar.count}`)));
	}
	svg.append(shape("line", { class: "base", x1: 0, x2: WIDTH, y1: BASE, y2: BASE }));
	const every = Math.max(1, Math.ceil(bars.length / Math.floor(WIDTH / 60)), Math.ceil(44 / step));
	for (let index = 0; index < bars.length && index * step < WIDTH - 30; index += every)
		svg.append(label(index * step, "start", format(type, bars[index].low)));
	return svg;
}

function histogram(dist) {
	const [title, type] = DISTS[dist.key];
	const bars = barsOf(dist.slots);
	const share = (bar) => FORMATS.ratio(bar.count / dist.count);
	const [p50, p99, max] = [dist.p50, dist.p99, dist.max].map((value) => format(type, value));
	const made = figure(title, element("span", { class: "note" }, `p50 ${p50}, p99 ${p99}, max ${max}`),
		drawBars(title, type, bars),
		twin(["Range", "Count", "Share"], () => bars.filter((bar) => bar.count)
			.map((bar) => [range(type, bar), String(bar.count), share(bar)])));

	made.dataset.dist = dist.key;
	return made;
}
