"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const list = document.getElementById("list"), detail = document.getElementById("detail");
const input = document.getElementById("search");
const byId = new Map();
for (const kind of ["sources", "columns", "features", "models"])
  for (const item of data[kind]) byId.set(item.id, {...item, is: kind.slice(0, -1)});
const docs = new Map(data.documents.map((d) => [d.id, d]));
const up = new Map(), down = new Map();
for (const [from, to, how] of data.lineage) {
  if (!down.has(from)) down.set(from, []);
  if (!up.has(to)) up.set(to, []);
  down.get(from).push([to, how]);
  up.get(to).push([from, how]);
}
let problem = "";

// Building: every text goes in as text, so that no description can become markup.
const SVG = "http://www.w3.org/2000/svg";
function make(kind, about, ...children) {
  const drawn = ["svg", "rect", "path", "line", "text", "title", "g"].includes(kind) || about.svg;
  const el = drawn ? document.createElementNS(SVG, kind) : document.createElement(kind);
  for (const [name, value] of Object.entries(about))
    if (name !== "svg" && value !== undefined && value !== false) el.setAttribute(name, value);
  el.append(...children.flat(9).filter((c) => c !== "" && c !== null && c !== undefined));
  return el;
}
const whole = (n) => Math.round(n).toLocaleString("en-US");
const many = (n, word) => `${whole(n)} ${word}${n === 1 ? "" : "s"}`;
function percent(share) {
  const p = 100 * share;
  return p === 0 || p === 100 ? `${p}%` : p < 0.1 ? "under 0.1%" : p > 99.9 ? "over 99.9%" : `${p.toFixed(1)}%`;
}
function number(v) {
  const size = Math.abs(v);
  return size >= 1000 ? whole(v) : Number.isInteger(v) ? String(v) : String(Number(v.toPrecision(3)));
}
function link(id, text) { return make("a", {href: "#" + encodeURI(id)}, text ?? shortName(id)); }
function shortName(id) {
  const item = byId.get(id);
  if (item) return item.is === "column" ? `${item.source}.${item.name}` : item.name ?? item.version;
  return id.replace(/^\w+\/[^.]+\./, "");
}

// Search: the same words, weights and typing errors as `truerisk catalog --search`.
const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const WEIGHTS = [6, 3, 1], KINDS = {source: 1.2, feature: 1.1, column: 1.05, model: 1};
const fields = data.documents.map((d) => [d.name, d.tags, d.text].map(wordsOf));
function best(parts, how) {
  let found = 0;
  parts.forEach((words, i) => { for (const w of words) found = Math.max(found, WEIGHTS[i] * how(w)); });
  return found;
}
function errors(a, b) {
  let before = [], row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const above = before;
    before = row; row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], above[j - 2] + 1);
    }
  }
  return row[b.length];
}
function search(text) {
  let scores = data.documents.map((d) => KINDS[d.kind]);
  for (const word of new Set(wordsOf(text))) {
    let found = fields.map((parts) => best(parts, (w) =>
      w === word ? 1 : w.startsWith(word) ? 0.7 : w.includes(word) ? 0.4 : 0));
    const allowed = Math.min(Math.floor(word.length / 4), 2);
    if (!found.some(Boolean) && allowed)
      found = fields.map((parts) => best(parts, (w) => {
        if (Math.abs(w.length - word.length) > allowed) return 0;
        const n = errors(word, w);
        return n <= allowed ? 0.5 / Math.max(n, 1) : 0;
      }));
    scores = scores.map((s, i) => s * found[i]);
  }
  const asked = new Set(wordsOf(text)); // a name that is all asked for comes first
  scores = scores.map((s, i) => fields[i][0].every((w) => asked.has(w)) ? s * 3 : s);
  return data.documents.map((d, i) => [d, scores[i]]).filter(([, s]) => s > 0)
    .sort((a, b) => b[1] - a[1] || (a[0].id < b[0].id ? -1 : 1)).map(([d]) => d);
}

// The list: overview without words, hits with them.
const SIGNS = {fresh: "● ", stale: "▲ ", missing: "✕ ", damaged: "✕ ", empty: "✕ ", champion: "★ ", rejected: "✕ "};
const BAD = ["stale", "missing", "damaged", "empty", "without times", "rejected"], GOOD = ["fresh", "champion"];
function badge(state, text) {
  const kind = BAD.includes(state) ? "bad" : GOOD.includes(state) ? "good" : "";
  return make("span", {class: `badge ${kind}`}, (SIGNS[state] ?? "") + (text ?? state));
}
function filled(share) {
  const meter = make("span", {class: "meter", "aria-hidden": "true"}, make("i", {}));
  meter.firstChild.style.width = `${100 * share}%`;
  return make("span", {class: "filled"}, meter, `${percent(share)} filled`);
}
function state(item) {
  if (item.is === "source") return badge(item.status, item.freshness ?? item.status);
  if (item.is === "model") return badge(item.status);
  if (item.is === "feature") return item.coverage === undefined ? "" : filled(item.coverage);
  return item.nulls === undefined ? "" : filled(1 - item.nulls);
}
function rowOf(id) {
  const item = byId.get(id), d = docs.get(id);
  const about = {source: item.owner ?? "no owner", column: item.source, feature: item.kind, model: item.candidate};
  const where = `${item.problem} · ${about[item.is]}`;
  const drawn = item.is === "source";
  const chart = drawn ? (item.history ? bars(item.history.map((p) => p.rows), 150, 26) : make("span", {class: "spark"})) : "";
  const flags = [];
  if (item.changes?.length) flags.push(make("small", {}, `△ ${many(item.changes.length, "change")}, last ${item.changes[0].at.slice(0, 10)}`));
  if (item.is === "feature" && item.in_file === false) flags.push(make("small", {}, "only in a model"));
  const volume = drawn && item.rows !== undefined ? make("small", {}, `${whole(item.rows)} rows, ${many(data.columns.filter((c) => c.problem === item.problem && c.source === item.name).length, "column")}`) : "";
  return make("li", {}, make("a", {class: `row${drawn ? " chart" : ""}${id === here() ? " here" : ""}`, href: "#" + encodeURI(id), ...(id === here() ? {"aria-current": "true"} : {})},
    make("span", {}, make("b", {}, item.name ?? item.version), make("small", {}, where)),
    chart,
    make("span", {class: "state"}, state(item), flags),
    make("span", {class: "who"}, make("small", {}, drawn ? "" : d.users), volume)));
}
function section(title, ids, note, empty) {
  const kept = ids.filter((id) => !problem || byId.get(id).problem === problem);
  return make("section", {}, make("h2", {}, title, make("small", {}, whole(kept.length))),
    note ? make("p", {class: "note"}, note) : "",
    kept.length ? make("ul", {class: "rows"}, kept.map(rowOf)) : make("p", {class: "note"}, empty));
}
const lead = () => make("p", {class: "lead"}, data.lead);
function chips() {
  const names = data.problems.map((p) => p.name);
  if (names.length < 2) return "";
  const box = make("div", {class: "chips", role: "group", "aria-label": "Problem"});
  for (const name of ["", ...names]) {
    const button = make("button", {type: "button", "aria-pressed": String(name === problem)}, name || "all problems");
    button.addEventListener("click", () => { problem = name; showList(); });
    box.append(button);
  }
  return box;
}
function showList() {
  const asked = input.value.trim();
  const ids = (kind) => data[kind].map((i) => i.id);
  if (asked) {
    const hits = search(asked).map((d) => d.id);
    const groups = [["Sources", "source"], ["Columns", "column"], ["Features", "feature"], ["Models", "model"]]
      .map(([title, kind]) => [title, hits.filter((id) => byId.get(id).is === kind && (!problem || byId.get(id).problem === problem))])
      .filter(([, found]) => found.length)
      .sort((a, b) => hits.indexOf(a[1][0]) - hits.indexOf(b[1][0]));
    const none = make("p", {role: "status"}, `Nothing here has “${asked}” in its name, its owner or its description.`);
    list.replaceChildren(lead(), chips(), ...(groups.length ? groups.map(([t, found]) => section(t, found)) : [none]));
    return;
  }
  const unused = data.columns.filter((c) => c.used === false).map((c) => c.id);
  list.replaceChildren(
    lead(), chips(),
    ...data.troubles.map((t) => make("p", {class: "warning"}, t)),
    section("Sources", ids("sources"), "", "No source."),
    section("Features", ids("features"), "", "No feature."),
    section("Models", ids("models"), "", "No model was submitted yet; truerisk train makes one."),
    section("Unused columns", unused, "In a table, and read by no problem file and no live model.",
      "Every column of every source that could be opened is used."));
}

// Small charts.
function bars(values, width, height, limit) {
  const most = Math.max(...values, limit ?? 0, 1e-12), n = values.length, step = width / Math.max(n, 1);
  const svg = make("svg", {class: "spark", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true"});
  values.forEach((v, i) => {
    if (v === undefined || v === null) return;
    const h = v > 0 ? Math.max((height - 2) * v / most, 1) : 0;
    svg.append(make("rect", {class: limit !== undefined && v > limit ? "bar over" : "bar", x: i * step + step * 0.1,
      y: height - h - 1, width: Math.max(step * 0.8, 0.5), height: h}));
  });
  svg.append(make("line", {class: "base", x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5}));
  if (limit !== undefined) {
    const y = height - (height - 2) * limit / most - 1;
    svg.append(make("line", {x1: 0, x2: width, y1: y, y2: y}));
  }
  return svg;
}
function chart(title, note, points, value, form, limit) {
  const values = points.map(value), known = values.filter((v) => v !== undefined && v !== null);
  if (!known.length) return "";
  const say = `${title}, ${points[0].at} to ${points.at(-1).at}: from ${form(known[0])} to ${form(known.at(-1))}, at most ${form(Math.max(...known))}`;
  return make("figure", {role: "img", "aria-label": say},
    make("figcaption", {}, title, " ", make("small", {}, note)),
    bars(values, 300, 54, limit),
    make("div", {class: "axis"}, make("span", {}, points[0].at.slice(0, 10)),
      make("span", {}, points.length > 1 ? points.at(-1).at.slice(0, 10) : "")),
    make("div", {class: "axis"}, `most ${form(Math.max(...known))}, last ${form(known.at(-1))}`));
}
function history(points, note) {
  if (!points?.length) return "";
  const limits = points.map((p) => p.critical).filter((v) => v !== undefined && v !== null);
  const rows = points.map((p) => [p.at, p.file ? p.file.split("/").at(-1) : "", whole(p.rows),
    p.nulls === null || p.nulls === undefined ? "" : percent(p.nulls), p.psi === null || p.psi === undefined ? "" : number(p.psi), p.critical ? number(p.critical) : ""]);
  const heads = ["When", "File", "Rows", "Nulls", "PSI", "Critical"], right = [2, 3, 4, 5];
  const kept = heads.map((_, i) => i).filter((i) => rows.some((r) => r[i] !== ""));
  return [
    make("h3", {}, "History ", make("small", {}, note)),
    make("div", {class: "charts"},
      chart("Rows", "", points, (p) => p.rows, whole),
      chart("Nulls", "share of rows", points, (p) => p.nulls, percent),
      chart("PSI", "against the rows before; dashed: critical", points, (p) => p.psi, number, limits.at(-1))),
    make("details", {}, make("summary", {}, "As numbers"), table(kept.map((i) => heads[i]), rows.map((r) => kept.map((i) => r[i])).reverse(), kept.map((i) => right.includes(i)))),
  ];
}
function table(heads, rows, right) {
  const cell = (kind) => (v, i) => make(kind, right?.[i] ? {class: "n"} : {}, v);
  return make("div", {class: "box", tabindex: "0"}, make("table", {}, make("thead", {}, make("tr", {}, heads.map(cell("th")))),
    make("tbody", {}, rows.map((r) => make("tr", {}, r.map(cell("td")))))));
}
const LATEST = 12;
function changes(found, own) {
  if (!found?.length) return "";
  const groups = new Map(); // what one file changed in one column is one entry
  for (const c of found) {
    const key = [c.at, c.file, c.column].join("\n");
    if (!groups.has(key)) groups.set(key, {...c, said: []});
    groups.get(key).said.push(c.sentence.replace("->", "→"));
  }
  const items = [...groups.values()].map((c) => make("li", {},
    c.column && c.column !== own ? make("b", {}, c.column + ": ") : "", c.said.join("; "),
    make("small", {}, `${c.at} UTC · ${c.file.split("/").at(-1)}`)));
  const rest = items.splice(LATEST);
  return [make("h3", {}, "Changes ", make("small", {}, whole(found.length))), make("ul", {class: "changes"}, items),
    rest.length ? make("details", {}, make("summary", {}, `${many(rest.length, "earlier change")}`), make("ul", {class: "changes"}, rest)) : ""];
}

// Lineage: a drawing of what values come from and go to, and the whole of it as two trees.
function decisions(id) {
  const item = byId.get(id.replace("decisions/", "model/"));
  const counts = Object.entries(item?.decisions ?? {});
  const total = counts.reduce((sum, [, n]) => sum + n, 0);
  return `${many(total, "decision")}: ${counts.map(([a, n]) => `${a} ${whole(n)}`).join(", ")}`;
}
const USES = {key: "key", time: "event time", available_at: "availability", subject: "subject", money: "money of", rule: "condition of", segment: "reported by", event: "event of the", observed: "observation time of the", "referred to": "foreign key", refers: "foreign key"};
function said(id, how) {
  const [kind] = id.split("/", 1);
  if (kind === "decisions") return [decisions(id)];
  if (kind === "use") return [`${USES[how] ?? how} ${shortName(id)}`, " ", make("small", {}, "in the problem file")];
  const item = byId.get(id), notes = [kind];
  if (item?.is === "model") notes.push(item.candidate, item.status);
  if (item?.is === "feature") notes.push(item.kind);
  if (how && how !== "value" && how !== "decided") notes.push(how);
  return [item ? link(id) : shortName(id), " ", make("small", {}, notes.join(", "))];
}
function tree(id, ways, seen, told = new Set()) {
  if (told.has(id)) return (ways.get(id) ?? []).length ? make("small", {}, " · as above") : "";
  told.add(id);
  const found = new Map();
  for (const [other, how] of ways.get(id) ?? []) if (!seen.has(other)) {
    if (!found.has(other)) found.set(other, []);
    if (!found.get(other).includes(how)) found.get(other).push(how);
  }
  if (!found.size) return "";
  const order = ["value", "filter"], kinds = ["column", "feature", "source", "model", "use", "decisions"];
  const place = ([other, how]) => [kinds.indexOf(other.split("/")[0]), how.includes("value") ? 0 : 1 + order.indexOf(how[0])];
  const sorted = [...found].sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]);
  return make("ul", {class: "tree"}, sorted.map(([other, how]) =>
    make("li", {}, said(other, how.join(", ")), tree(other, ways, new Set([...seen, other]), told))));
}
const WIDTH = 226, HEIGHT = 38, GAP = 40, SHOWN = 9;
function levels(id, ways) {
  const found = [], seen = new Set([id]);
  for (let now = [id]; now.length;) {
    const next = [];
    for (const one of now) for (const [other, how] of ways.get(one) ?? []) {
      const direct = how === "value" || how.startsWith("value,") || how.startsWith("no") || how === "decided" || how.includes("query");
      if (direct && !seen.has(other) && !other.startsWith("use/")) { seen.add(other); next.push(other); }
    }
    if (next.length) found.push(next);
    now = next;
  }
  return found;
}
function flow(id) {
  const before = levels(id, up).reverse(), after = levels(id, down);
  const columns = [...before, [id], ...after].map((ids) => ids.length > SHOWN ? [...ids.slice(0, SHOWN), `more/${ids.length - SHOWN}`] : ids);
  if (columns.length < 2) return "";
  const most = Math.max(...columns.map((c) => c.length)), height = most * (HEIGHT + 8) + 4;
  const width = columns.length * WIDTH + (columns.length - 1) * GAP + 2, at = new Map();
  const svg = make("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Lineage, told below"});
  const around = new Map([...before.flat().map((one) => [one, -1]), ...after.flat().map((one) => [one, 1])]);
  columns.forEach((ids, i) => ids.forEach((one, j) =>
    at.set(one.startsWith("more/") ? `${one}/${i}` : one, [i * (WIDTH + GAP) + 1, (height - ids.length * (HEIGHT + 8)) / 2 + j * (HEIGHT + 8) + 4])));
  for (const [one, [x, y]] of at) for (const [other] of down.get(one) ?? []) if (at.has(other) && !(around.has(one) && around.get(one) * around.get(other) < 0)) {
    const [x2, y2] = at.get(other), a = x + WIDTH, m = (a + x2) / 2, h = HEIGHT / 2;
    if (x2 > x) svg.append(make("path", {d: `M${a} ${y + h}C${m} ${y + h} ${m} ${y2 + h} ${x2} ${y2 + h}`}));
  }
  for (const [one, [x, y]] of at) {
    const item = byId.get(one), kind = one.split("/")[0];
    const name = kind === "more" ? `and ${one.split("/")[1]} more` : kind === "decisions" ? decisions(one).split(":")[0] : item?.name ?? item?.version ?? shortName(one);
    const of = kind === "more" ? "" : kind === "decisions" ? decisions(one).split(": ")[1] : item?.is === "column" ? `column of ${item.source}` : item?.is === "model" ? `${item.status} · ${item.candidate}` : item?.is === "feature" ? `${item.kind} feature` : kind;
    const cut = (t, n) => t.length > n ? t.slice(0, n - 1) + "…" : t;
    const inside = [make("title", {}, `${name} (${of})`), make("rect", {x, y, width: WIDTH, height: HEIGHT, rx: 6}),
      make("text", {x: x + 9, y: y + (of ? 16 : 23)}, cut(name, 31)), of ? make("text", {class: "of", x: x + 9, y: y + 30}, cut(of, 36)) : ""];
    svg.append(item ? make("a", {svg: true, href: "#" + encodeURI(one), class: one === id ? "self" : "", tabindex: "-1"}, ...inside) : make("g", {}, ...inside));
  }
  return make("div", {class: "flow", tabindex: "0", "aria-label": "Lineage drawing"}, svg);
}
function lineage(id) {
  const from = tree(id, up, new Set([id])), to = tree(id, down, new Set([id]));
  const into = to || make("p", {class: "note"}, "Nothing reads it.");
  return [make("h3", {}, "Lineage"), flow(id),
    from ? [make("h4", {}, "Comes from"), from] : "",
    make("h4", {}, "Goes into"), into];
}

// The detail of one thing.
function facts(pairs) {
  return make("dl", {class: "facts"}, pairs.filter(([, v]) => v !== undefined && v !== "" && v !== null)
    .map(([k, v]) => [make("dt", {}, k), make("dd", {}, v)]));
}
const DETAILS = {
  source(s) {
    const own = data.columns.filter((c) => c.problem === s.problem && c.source === s.name);
    const columns = table(["Column", "Type", "Filled", "Contract", "Used by"], own.map((c) => [link(c.id, c.name), c.type ?? "",
      c.nulls === undefined ? "" : percent(1 - c.nulls), c.contract ?? "", c.used ? docs.get(c.id).users : make("b", {}, "nobody")]), [0, 0, 1]);
    return [badges(s), s.description ? make("p", {}, s.description) : "", s.trouble ? make("p", {class: "warning"}, s.trouble) : "",
      facts([["Owner", s.owner ?? "nobody is named"], ["Used as", s.roles.join(", ")], ["Lies in", s.place], ["Version", s.version], ["Rows", s.rows === undefined ? "" : whole(s.rows)],
        ["Event times", s.newest ? `${s.oldest?.slice(0, 10)} to ${s.newest} UTC` : ""],
        ["Freshness", s.freshness], ["Rows with a later time", s.ahead ? whole(s.ahead) : ""], ["Rows without a time", s.untimed ? whole(s.untimed) : ""],
        ["Key", s.key], ["Event time", s.time], ["Available", s.available], ["Put aside on ingest", s.quarantined ? many(s.quarantined, "row") : ""]]),
      s.query ? [make("h3", {}, "Query"), make("pre", {}, s.query)] : "",
      changes(s.changes), make("h3", {}, "Columns ", make("small", {}, whole(own.length))), columns, history(s.history, s.seen), batches(s)];
  },
  column(c) {
    const s = byId.get(`source/${c.problem}.${c.source}`);
    const q = c.quantiles ?? [];
    const same = data.columns.filter((o) => o.id !== c.id && o.name === c.name && byId.get(`source/${o.problem}.${o.source}`)?.place === s?.place);
    return [s ? make("p", {}, "of ", link(s.id, `${s.problem}.${s.name}`), s.description ? `: ${s.description}` : "") : "", badges(c),
      s?.trouble ? make("p", {class: "warning"}, s.trouble) : "",
      facts([["Type", c.type], ["Contract", c.contract], ["Owner", s?.owner], ["Nulls", c.nulls === undefined ? "" : percent(c.nulls)],
        ["Different values", c.distinct === undefined ? "" : `about ${whole(c.distinct)}`], ["Mean", c.mean === undefined ? "" : number(c.mean)],
        ["5% · 25% · 50% · 75% · 95%", q.map(number).join(" · ")], ["From", c.first], ["To", c.last],
        ["Values", c.names_somebody ? "not shown: they may name somebody" : ""], ["The same rows in", same.length ? same.map((o, i) => [i ? ", " : "", link(o.id, `${o.problem}.${o.source}`)]).flat() : ""]]),
      c.values ? [make("h3", {}, "Frequent values"), values(c.values, s?.rows)] : "",
      lineage(c.id), changes(c.changes, c.name), history(c.history, s?.seen)];
  },
  feature(f) {
    const used = data.models.filter((m) => m.inputs?.some((i) => i.feature === f.name) && m.problem === f.problem);
    const rows = used.map((m) => { const i = m.inputs.find((x) => x.feature === f.name);
      return [link(m.id, m.version), m.candidate, badge(m.status), i.rank ? `${i.rank} of ${m.inputs.length}` : "no weight", i.importance === null ? "" : number(i.importance), i.current ? "as here" : "an earlier one"]; });
    return [make("p", {}, f.words[0].toUpperCase() + f.words.slice(1) + "."), badges(f), f.trouble ? make("p", {class: "warning"}, `It cannot be built now: ${f.trouble}`) : "", make("pre", {}, f.toml),
      facts([["Source", f.sources.map((n, i) => [i ? ", " : "", link(`source/${f.problem}.${n}`, n)]).flat()], ["Coverage", f.coverage === undefined ? "not known" : `${percent(f.coverage)} of ${f.covered}`],
        ["Definition", `version ${f.version}, ${f.hash}`], ["Problem", f.problem]]),
      make("h3", {}, "Models ", make("small", {}, whole(rows.length))),
      rows.length ? table(["Model", "Candidate", "State", "Importance", "Weight", "Definition"], rows, [0, 0, 0, 1, 1]) : make("p", {class: "note"}, "No model uses it yet."), lineage(f.id)];
  },
  model(m) {
    const most = Math.max(...(m.inputs ?? []).map((i) => i.importance ?? 0), 1e-12);
    const rows = (m.inputs ?? []).map((i) => { const meter = make("span", {class: "meter", "aria-hidden": "true"}, make("i", {}));
      meter.firstChild.style.width = `${100 * (i.importance ?? 0) / most}%`;
      return [link(`feature/${m.problem}.${i.feature}`, i.feature), make("span", {}, meter, i.importance === null ? "" : number(i.importance)), i.current ? "" : "changed in the problem file since"]; });
    return [badges(m), m.trouble ? make("p", {class: "warning"}, m.trouble) : "",
      facts([["Problem", m.problem], ["Candidate", m.candidate], ["Known at", m.known_at], ["Submitted", `${m.submitted} UTC`], ["Gate", m.gate], ["AUC", m.auc === undefined ? "" : m.auc.toFixed(3)],
        ["Last event", m.last], ["Decided", Object.keys(m.decisions).length ? `${decisions(m.id.replace("model/", "decisions/"))}, ${m.first} to ${m.latest}` : "nothing yet"],
        ["Trained on", Object.entries(m.versions ?? {}).map(([n, v]) => `${n}@${String(v).slice(0, 19)}`).join(", ")]]),
      make("h3", {}, "Inputs by importance ", make("small", {}, whole(rows.length))), table(["Feature", "Importance", ""], rows), lineage(m.id)];
  },
};
function badges(item) {
  const shown = [];
  if (item.is === "source") shown.push(badge(item.status, item.freshness));
  if (item.is === "model") shown.push(badge(item.status));
  if (item.is === "column" && !item.used) shown.push(badge("stale", "unused"));
  if (item.is === "feature") shown.push(badge("", item.kind));
  if (item.is === "feature" && item.in_file === false) shown.push(badge("stale", "not in the problem file any more"));
  if (item.changes?.length) shown.push(badge("", `△ ${many(item.changes.length, "change")}`));
  return make("div", {class: "badges"}, shown);
}
function values(found, rows) {
  return table(["Value", "Rows", "Share"], found.map(([v, n]) => [v, whole(n), rows ? percent(n / rows) : ""]), [0, 1, 1]);
}
function batches(s) {
  if (!s.ingests) return "";
  return [make("h3", {}, "Ingests ", make("small", {}, whole(s.ingests.length))),
    table(["When (UTC)", "File", "Rows", "Accepted", "Rejected", "Held already"], s.ingests.map((b) => [b.at, b.file.split("/").at(-1), whole(b.rows), whole(b.accepted), whole(b.rejected), whole(b.already_held)]).reverse(), [0, 0, 1, 1, 1, 1])];
}
function here() {
  try { return decodeURI(location.hash.slice(1)); } catch { return ""; }
}
let left = 0; // where the overview was before a detail covered it
function show() {
  const item = byId.get(here()), was = document.body.classList.contains("open");
  if (item && !was) left = scrollY;
  document.body.classList.toggle("open", Boolean(item));
  document.title = item ? `${item.name ?? item.version} · Catalogue` : "Catalogue";
  showList();
  if (!item) { detail.replaceChildren(); if (was) scrollTo(0, left); return; }
  const back = make("a", {href: "#"}, "✕ close");
  detail.replaceChildren(make("div", {class: "kind"}, make("span", {}, `${item.is} of ${item.problem}`), back),
    make("h1", {}, item.name ?? `model ${item.version}`), ...DETAILS[item.is](item).flat(3).filter(Boolean));
  detail.scrollTop = 0;
  scrollTo(0, 0);
  const drawn = detail.querySelector(".flow"), self = drawn?.querySelector(".self rect");
  if (self) drawn.scrollLeft = Number(self.getAttribute("x")) - drawn.clientWidth / 2 + 95;
  const row = list.querySelector(".row.here"), pane = list.getBoundingClientRect(), spot = row?.getBoundingClientRect();
  if (row && (spot.top < pane.top || spot.bottom > pane.bottom)) list.scrollTop += spot.top - pane.top - pane.height / 3;
}
input.addEventListener("input", () => { if (here() && innerWidth <= 900) location.hash = ""; showList(); });
addEventListener("hashchange", () => { show(); if (here()) detail.focus({preventScroll: true}); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== input) { event.preventDefault(); input.focus(); input.select(); }
  if (event.key === "Escape") { if (document.activeElement === input && input.value) { input.value = ""; showList(); } else if (here()) location.hash = ""; }
});
show();
