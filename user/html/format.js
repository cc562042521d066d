// SPDX-License-Identifier: Apache-2.0
// Values as text, to the letter as connscope's text output has them.
"use strict";

// printf's "%.Nf": a tie goes to the even digit.
function fixed(value, digits) {
	const twice = value * 2 ** (digits + 1), scale = 10 ** digits;

	if (!Number.isInteger(twice) || twice % 2 === 0)
		return value.toFixed(digits);
	const down = Math.floor(value * scale);
	return ((down % 2 ? down + 1 : down) / scale).toFixed(digits);
}

// Units as [size, from how many on the next one reads better, name].
const TIMES = [[1, 1000, "us"], [1e3, 999.5, "ms"], [1e6, 99.5, "s"], [60e6, 99.5, "m"],
	[3600e6, 99.5, "h"], [86400e6, Infinity, "d"]];
const SIZES = [[1, 1024, "B"], [2 ** 10, 1023.5, "KiB"], [2 ** 20, 1023.5, "MiB"],
	[2 ** 30, 1023.5, "GiB"], [2 ** 40, Infinity, "TiB"]];

function scaled(value, units) {
	if (value <= 0)
		return "0";
	const [size, , name] = units.find(([size, below]) => value / size < below);
	const count = value / size;
	return fixed(count, size > 1 && count < 9.95 ? 1 : 0) + name;
}

const FORMATS = {
	count: (value) => Number.isInteger(value) ? String(value) : fixed(value, 2),
	ratio: (value) => fixed(value * 100, 1) + "%",
	us: (value) => scaled(value, TIMES),
	ms: (value) => scaled(value * 1000, TIMES),
	bytes: (value) => scaled(value, SIZES),
	bool: (value) => value ? "yes" : "no",
	list: (value) => value.join(" ") || "-",
	text: (value) => visible(String(value)),
};

// Characters that have no shape of their own, or turn the order of others round, are spelled out.
function visible(text) {
	return text.replace(/[\0-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
		(one) => "\\u" + one.charCodeAt(0).toString(16).padStart(4, "0"));
}

function isMissing(value) {
	return value === null || (typeof value === "object" && "na" in value);
}

function format(type, value) {
	if (isMissing(value))
		return value ? "n/a" : "-";
	return (FORMATS[type] || FORMATS.text)(value);
}

// 0, 0.042, 1.7, 250: two digits or more.
function rate(value) {
	if (value === 0 || value >= 99.95)
		return fixed(value, 0);
	return value < 0.995 ? String(Number(value.toPrecision(2))) : fixed(value, 1);
}

// "07:55:12", or "11-21 07:55" where there is more than a DAY; in UTC.
function clock(ms, day) {
	const text = new Date(ms).toISOString();

	return day ? text.slice(5, 16).replace("T", " ") : text.slice(11, 19);
}

// Of an axis: 7, 2.5k, 20k, 3M.
function short(value) {
	if (value < 1e4)
		return String(value);
	return value < 1e6 ? `${value / 1e3}k` : `${value / 1e6}M`;
}

function plural(count, one) {
	return `${count} ${one}${count === 1 ? "" : "s"}`;
}

// An element. What is not an element in CONTENTS becomes text; names of ATTRIBUTES are the document's.
function element(name, attributes = {}, ...contents) {
	const made = document.createElement(name);

	for (const [key, value] of Object.entries(attributes)) {
		if (typeof value === "function")
			made.addEventListener(key, value);
		else if (value !== null && value !== false)
			made.setAttribute(key, value === true ? "" : value);
	}
	made.append(...contents.flat().filter((one) => one !== null));
	return made;
}
