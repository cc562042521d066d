// SPDX-License-Identifier: Apache-2.0
// Tables that a click on a title sorts.
"use strict";

const ROWS_AT_ONCE = 500; // that are drawn; more at a click
const FIND_FROM = 20;     // rows: fewer are seen at a glance

// A list is as much as the most in it.
function weight(value) {
	return Array.isArray(value) ? Math.max(0, ...value) : value;
}

// Of a column's values: the unknown ones last whichever way the others go.
function comparer(index, type, down) {
	return (left, right) => {
		const a = left[index], b = right[index];

		if (isMissing(a) || isMissing(b))
			return isMissing(a) - isMissing(b);
		const order = type === "text" ? (a > b) - (a < b) : weight(a) - weight(b);
		return down ? -order : order;
	};
}

function isNonzero(value) {
	return !isMissing(value) && weight(value) !== 0 && value !== false;
}

// Indices of the columns to show. As in text, "nonzero" ones go where no row has anything.
function shown(table, all) {
	return table.columns.map((column, index) => index).filter((index) => {
		const show = table.columns[index].show;

		if (show === "wide")
			return all;
		return all || show === "always" || table.rows.some((row) => isNonzero(row[index]));
	});
}

function isAlarming(column, value) {
	return column.alarm && isNonzero(value);
}

// CONTENT: what stands there in place of the value's text.
function cell(table, column, value, content) {
	const why = value && typeof value === "object" && "na" in value ? table.reasons[value.na] : null;
	const name = [column.type === "text" ? "text" : "number", isAlarming(column, value) ? "alarm" : "",
		isMissing(value) ? "missing" : ""].join(" ").trim();

	return element("td", { class: name, title: why }, content || format(column.type, value));
}

// What tells a row from others in any table, and its endpoint's charts from others'.
function identity(role, endpoint, of) {
	return JSON.stringify([role, endpoint, ...["comm", "pid", "container", "netns"].map(of)]);
}

function identityOf(table, row) {
	const of = (key) => row[table.columns.findIndex((column) => column.key === key)];
	const roles = { upstream: "client", listener: "server" };

	return identity(roles[table.type] || of("role"), row[0], of);
}

// Leads from a row to its endpoint's charts, where there are any.
function linkTo(place, text) {
	return element("a", { href: `#${place.id}`, click: () => (place.open = true) }, text);
}

// Neighbours of one group share a title above theirs.
function groupRow(table, columns) {
	const row = element("tr", { class: "groups" });

	if (!columns.some((index) => table.columns[index].group))
		return null;
	for (let i = 0, run; i < columns.length; i += run) {
		const group = table.columns[columns[i]].group;

		for (run = 1; group && i + run < columns.length &&
			table.columns[columns[i + run]].group === group; run++)
			;
		row.append(group ? element("th", { colspan: run, scope: run > 1 ? "colgroup" : "col",
			class: run > 1 ? "span" : table.columns[columns[i]].type === "text" ? "text" : "number" }, group)
			: element("td"));
	}
	return row;
}

function titleOf(column) {
	return column.group ? `${column.group} ${column.title}` : column.title;
}

// A table with its state: which columns, in which order, how many rows.
class SortableTable {
	// PLACES: where an endpoint's charts are, by identity.
	constructor(table, places) {
		this.table = table;
		this.places = places;
		this.rows = table.rows; // in their present order
		this.sorted = null; // { index, down }
		this.sought = "";
		this.limit = ROWS_AT_ONCE;
		this.all = false;
		this.grid = element("table");
		this.more = element("button", { type: "button", class: "more", click: () => this.showMore() });
		this.scroller = element("div", { class: "scroller", tabindex: 0, role: "region",
			"aria-label": table.title }, this.grid);
		this.count = element("output", { class: "note" });
		this.draw();
	}

	sort(index) {
		const { type } = this.table.columns[index];
		const again = this.sorted && this.sorted.index === index;
		// Text begins with a, numbers with the largest.
		const down = again ? !this.sorted.down : type !== "text";

		this.sorted = { index, down };
		this.rows = [...this.table.rows].sort(comparer(index, type, down));
		this.draw(index);
	}

	find(text) {
		this.sought = text.toLowerCase();
		this.limit = ROWS_AT_ONCE;
		this.draw();
	}

	has(row) {
		return row.some((value) => typeof value === "string" && value.toLowerCase().includes(this.sought));
	}

	showAll(all) {
		this.all = all;
		this.draw();
	}

	showMore() {
		this.limit += ROWS_AT_ONCE;
		this.draw();
	}

	title(index) {
		const column = this.table.columns[index];
		const now = this.sorted && this.sorted.index === index ? this.sorted : null;
		const order = now ? (now.down ? "descending" : "ascending") : null;

		return element("th", { scope: "col", class: column.type === "text" ? "text" : "number",
			"aria-sort": order, title: column.help },
			element("button", { type: "button", "data-column": index, click: () => this.sort(index) },
				column.title));
	}

	cells(row, columns) {
		const { table, places } = this, place = places.get(identityOf(table, row));

		return columns.map((index) => {
			const column = table.columns[index], value = row[index];
			let content = null;

			if (column.type === "series" && Array.isArray(value))
				content = spark(value);
			else if (place && index === columns[0] && !isMissing(value))
				content = linkTo(place, format(column.type, value));
			return cell(table, column, value, content);
		});
	}

	// FOCUS: the column whose title had the keyboard's attention.
	draw(focus) {
		const { table } = this, columns = shown(table, this.all);
		const found = this.sought ? this.rows.filter((row) => this.has(row)) : this.rows;
		const rows = found.slice(0, this.limit);
		const left = found.length - rows.length;

		this.grid.replaceChildren(
			element("thead", {}, groupRow(table, columns),
				element("tr", {}, columns.map((index) => this.title(index)))),
			element("tbody", {}, rows.map((row) => element("tr", {}, this.cells(row, columns)))));
		this.more.hidden = left === 0;
		this.more.textContent = `Show ${Math.min(left, ROWS_AT_ONCE)} more of ${plural(left, "row")}`;
		this.count.textContent = this.sought ? plural(found.length, "row") : "";
		if (focus !== undefined)
			this.grid.querySelector(`[data-column="${focus}"]`).focus();
	}
}

// What each column means, for those who cannot point at a title.
function legend(table) {
	const list = element("dl");

	for (const column of table.columns)
		list.append(element("dt", {}, titleOf(column)), element("dd", {}, column.help));
	return element("details", { class: "legend" }, element("summary", {}, "What the columns mean"), list);
}

// "n/a RESPONSE p50: why".
function notes(table) {
	return table.reasons.map((reason, number) => {
		const columns = table.columns.filter((column, index) => table.rows.some((row) =>
			row[index] && typeof row[index] === "object" && row[index].na === number));

		return element("p", { class: "note" }, `n/a ${columns.map(titleOf).join(", ")}: ${reason}`);
	});
}

function drawTable(table, places) {
	const [name, ...rest] = table.title.split(": ");
	const heading = element("h2", { id: name.toLowerCase() },
		name.charAt(0) + name.slice(1).toLowerCase());
	const section = element("section", { class: "report" }, heading,
		element("p", { class: "subtitle" }, rest.join(": ")));

	if (!table.rows.length) {
		section.append(element("p", { class: "empty" }, table.empty || "no rows"));
		return section;
	}
	const grid = new SortableTable(table, places);
	section.append(grid.scroller, grid.more);
	if (table.omitted)
		section.append(element("p", { class: "note" }, `and ${table.omitted} more`));
	if (table.rows.length > FIND_FROM)
		grid.scroller.before(element("p", { class: "find" }, element("label", {}, "Find ",
			element("input", { type: "search", input: (event) => grid.find(event.target.value) })),
			" ", grid.count));
	section.append(...notes(table), element("div", { class: "tools" },
		element("label", {}, element("input", { type: "checkbox",
			change: (event) => grid.showAll(event.target.checked) }), " All columns"),
		legend(table)));
	return section;
}
