// A stand-in for the platform while pages are drawn: answers the reads of API.md from seed.mjs, takes decisions, plays a
// few live frames, and serves dist/ as the platform does, with its Content-Security-Policy. Never part of the product.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { DIFF, EVIDENCE, PEOPLE, PROJECT, PROPOSAL, REQUESTS, RUNS, run, ticket, timeline } from "./seed.mjs";

const PORT = Number(process.env.PORT ?? 8600);
const WHO = process.env.WHO ?? "alice";
const DIST = new URL("../dist/", import.meta.url).pathname;
const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'; img-src 'self' data:; worker-src 'self' blob:; base-uri 'none'; form-action 'self'";
const runs = new Map(RUNS.map((one) => [one.id, one]));
const requests = new Map(REQUESTS.map((one) => [one.id, one]));
const events = new Map([...runs.keys()].map((id) => [id, timeline()]));
const sockets = new Set();
const heads = () => Object.fromEntries([...runs.values()].map((one) => [one.id, one.seq]));
const tickets = () => [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({ ...ticket(n), project: "p1", status: "open", readiness: n === 8 ? { ready: false, why: "No acceptance is stated." } : { ready: true, why: "" }, openRun: n < 7 ? `r${n}` : null, comments: [{ id: "k1", by: "Priya", at: Date.now() - 9e6, body: "It happened again today." }], updated: Date.now() - n * 36e5, url: "", editable: true, note: n === 7 ? "Waits for ORD-3 (In Progress)." : "" }));
const project = () => ({ ...PROJECT, repositorySettings: { url: "/srv/origins/orders.git", branch: "main", setup: "", test: "python -m pytest -q", report: "report.xml" }, routes: { plan: "m1/rehearsal", edit: "m1/rehearsal", small: "m1/rehearsal" }, members: [], spentTodayMicro: 3_200_000, openRuns: 8 });
const connections = [{ id: "m1", kind: "model", name: "Rehearsal", protocol: "rehearsal", baseUrl: "", hasKey: false, models: [{ name: "rehearsal", inMicroPerMTok: 3_000_000, outMicroPerMTok: 15_000_000, contextTokens: 128000 }], state: "steady", note: "scripted; shipped with Quarterdeck", editable: false }];
const fleet = () => ({
  places: { used: 2, all: 4 }, placesInAll: { used: 5, all: 16 }, backend: "local", attempts: [5, 6].map((n) => ({ run: `r${n}`, ticketKey: `ORD-${n}`, title: ticket(n).title, epoch: 2, state: "running", place: "place-2", startedAt: Date.now() - 3e6, lastSignAt: runs.get(`r${n}`).lastSignAt, doing: "pytest -q" })),
  queue: [{ run: "r7", ticketKey: "ORD-7", title: ticket(7).title, since: Date.now() - 3e5, reason: "All places of Orders are in use.", ahead: 0, expected: null }],
  sources: [{ name: "Reconciler", what: "compares rows with what runs", lastAt: Date.now() - 2000, expected: 5000, state: "live", note: "2 attempts seen" }, { name: "Worker", what: "slow calls", lastAt: Date.now() - 61_000, expected: 15_000, state: "late", note: "" }, { name: "Last event", what: "of any run", lastAt: Date.now() - 4000, expected: 60_000, state: "idle", note: "" }],
  providers: [{ name: "Rehearsal", models: "rehearsal", state: "steady", inFlight: 1, note: "scripted" }],
});

const snapshot = () => ({ heads: heads(), runs: [...runs.values()], requests: [...requests.values()].filter((one) => one.state !== "decided"), projects: [PROJECT], people: PEOPLE, timeline: [] });
const runSnapshot = (id) => ({ ...snapshot(), runs: [runs.get(id)].filter(Boolean), requests: [], timeline: events.get(id) ?? [] });
const send = (frame) => sockets.forEach((socket) => socket.write(encode(JSON.stringify(frame))));
const moved = (id, set) => { const next = { ...runs.get(id), ...set, seq: runs.get(id).seq + 1 }; runs.set(id, next); send({ op: "card", run: next, seq: next.seq }); return next; };

function decide(body) {
  const asked = (body.requests ?? []).map((id) => requests.get(id));
  asked.forEach((one) => {
    const next = { ...one, seq: one.seq + 1, state: "decided", decided: { verb: body.verb, by: "Alice Moreau", at: Date.now(), words: body.words ?? "" } };
    requests.set(one.id, next);
    send({ op: "request", request: next });
  });
  const lines = [...asked.flatMap((one) => one.runs.map((id) => [id, one.id])), ...(body.runs ?? []).map((id) => [id, ""])].map(([id, request]) => {
    const one = runs.get(id);
    const refused = body.verb === "pause" && one.phase === "review";
    if (!refused && body.verb === "pause") moved(id, { phase: "paused", attention: "paused", desired: "pause", since: Date.now() });
    if (!refused && body.verb === "stop") moved(id, { phase: "cancelled", attention: "done", desired: "stop", since: Date.now() });
    return { run: id, ticketKey: one.ticket.key, request, fate: refused ? "rejected" : "applied", why: refused ? "the head was sealed; nothing is running" : "stored; goes out with the next attempt", command: "" };
  });
  return { batch: "b1", lines, undoUntil: Date.now() + 60_000 };
}

const READS = [
  [/^\/me$/, () => ({ person: PEOPLE.find((one) => one.id === WHO), email: `${WHO}@example.org`, roles: { p1: WHO === "bob" ? "viewer" : "admin" }, owner: WHO === "alice", rehearsal: true, version: "0.1.0" })],
  [/^\/snapshot\?view=run&run=(\w+)$/, (m) => runSnapshot(m[1])], [/^\/snapshot/, snapshot],
  [/^\/runs\/(\w+)\/events\?after=(\d+)/, (m) => ({ head: runs.get(m[1]).seq, events: events.get(m[1]).filter((one) => one.seq > m[2]) })], [/^\/runs\/(\w+)\/events/, () => ({ head: 20, events: [] })],
  [/^\/runs\/(\w+)\/raw/, (m) => ({ head: runs.get(m[1]).seq, events: events.get(m[1]).map((one) => ({ seq: one.seq, at: one.at, epoch: 2, actor: "agent", kind: one.kind, body: { text: one.text } })) })],
  [/^\/runs\/\w+\/diff$/, () => DIFF], [/^\/runs\/\w+\/files$/, () => [{ path: "orders/webhooks.py", rank: 1, why: "named in the ticket", read: true, changed: true }, { path: "orders/mail.py", rank: 2, why: "calls refund_received", read: true, changed: false }]],
  [/^\/runs\/(\w+)\/checkpoints$/, (m) => events.get(m[1]).filter((one) => one.what === "commit").map((one) => ({ id: `k${one.seq}`, step: one.step, node: "listen", at: one.at, commit: one.sha, title: one.text, undone: false })).reverse()],
  [/^\/reviews\/(\w+)$/, (m) => ({ run: runs.get(m[1]), proposal: PROPOSAL, evidence: EVIDENCE, diff: DIFF, approvals: [], mergePreview: { clean: true, conflicts: [], base: PROPOSAL.baseSha, text: "" }, sentence: "Squashes 3 commits of 4f2c9e1 into one on main after 91ab3d4 and closes ORD-1. If the head or the base moves first, nothing is merged.", mayMerge: true, whyNot: "" })],
  [/^\/requests\?state=decided$/, () => [...requests.values()].filter((one) => one.state === "decided")], [/^\/tickets/, tickets], [/^\/projects$/, () => [project()]], [/^\/connections$/, () => connections],
  [/^\/people$/, () => PEOPLE.map((person) => ({ person, email: `${person.id}@example.org`, owner: person.id === "alice", active: true, roles: person.id === "bob" ? { p1: "viewer" } : { p1: "supervisor" }, invitedUntil: null }))],
  [/^\/tokens$/, () => [{ id: "k", name: "laptop", createdAt: Date.now() - 9e7, expiresAt: Date.now() + 9e8, lastUsedAt: null }]], [/^\/fleet$/, fleet],
  [/^\/audit/, () => [{ id: 1, at: Date.now() - 1e6, actor: "Alice Moreau", what: "decided", subject: "ORD-5", detail: "redirect" }]],
];
const WRITES = [
  [/^\/decisions$/, (_, body) => decide(body)], [/^\/decisions\/\w+\/undo$/, () => ({ batch: "b1", lines: [], undoUntil: null })],
  [/^\/requests\/(\w+)\/(\w+)$/, (m, body) => { const one = requests.get(m[1]); const next = { ...one, seq: one.seq + 1, state: { snooze: "snoozed", delegate: "delegated", return: "open" }[m[2]], until: body.untilMs ?? null, to: PEOPLE.find((p) => p.id === body.person)?.name ?? "" }; requests.set(one.id, next); return next; }],
  [/^\/runs$/, (_, body) => ({ batch: "b2", undoUntil: null, lines: body.tickets.map((id) => { const n = Number(id.slice(1)); const made = run(n, "queued", "elsewhere", "Queued", { since: Date.now() }); runs.set(made.id, made); events.set(made.id, []); send({ op: "card", run: made, seq: made.seq }); return { run: made.id, ticketKey: `ORD-${n}`, request: "", fate: "applied", why: "queued", command: "" }; }) })],
  [/test$/, () => [{ label: "The address answers", ok: true, remedy: "" }, { label: "The branch main is there", ok: false, remedy: "The repository has no branch main. It has master: write that in Branch." }]],
  [/^\/projects\/p1$/, (_, body) => { Object.assign(PROJECT, body); return { ...project(), ...(body.repository ? { repositorySettings: body.repository } : {}) }; }], [/^\/tickets/, () => tickets()[0]], [/^\/tokens$/, () => ({ token: { id: "n", name: "new", createdAt: Date.now(), expiresAt: null, lastUsedAt: null }, secret: "qdu_example" })],
];

const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".html": "text/html" };
const json = (answer, status, body) => answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));

function file(path, answer) {
  const inside = normalize(path).replace(/^\/static\//, "");
  const name = path.startsWith("/static/") && existsSync(join(DIST, inside)) ? inside : "index.html";
  answer.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", "Content-Security-Policy": CSP, "Set-Cookie": "csrftoken=mock; Path=/" }).end(readFileSync(join(DIST, name)));
}

createServer((ask, answer) => {
  const url = ask.url ?? "/";
  if (!url.startsWith("/api/v1")) return file(url.split("?")[0], answer);
  let text = "";
  ask.on("data", (part) => { text += part; }).on("end", () => {
    const path = url.slice("/api/v1".length);
    const [shape, act] = (ask.method === "GET" ? READS : WRITES).find(([one]) => one.test(path)) ?? [];
    if (!act) return json(answer, 404, { reason: "missing", text: "There is no such thing here.", remedy: "" });
    json(answer, 200, act(shape.exec(path), text ? JSON.parse(text) : {}));
  });
}).on("upgrade", (ask, socket) => {
  const accept = createHash("sha1").update(`${ask.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  sockets.add(socket);
  socket.on("data", () => [{ op: "heads", heads: heads() }, { op: "pong" }].forEach((frame) => socket.write(encode(JSON.stringify(frame))))).on("close", () => sockets.delete(socket)).on("error", () => sockets.delete(socket));
}).listen(PORT, "127.0.0.1", () => console.log(`mock on http://127.0.0.1:${PORT}`));

function encode(text) {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.from([0x81, body.length]) : body.length < 65536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255]) : Buffer.from([0x81, 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((bits) => (body.length >> bits) & 255)]);
  return Buffer.concat([head, body]);
}

// One agent speaks every two seconds; the other has been silent for a minute.
setInterval(() => {
  const before = runs.get("r5");
  if (before.phase !== "working") return;
  const seq = before.seq + 1;
  const event = { ...timeline()[14], seq, at: Date.now(), step: seq, text: `Ran pytest: exit 0, round ${seq}` };
  events.get("r5").push(event);
  send({ op: "events", run: "r5", from: seq, to: seq, events: [event] });
  moved("r5", { lastLine: event.text, lastSignAt: Date.now(), spentMicro: before.spentMicro + 11_000 });
}, 2000).unref();
setInterval(() => send({ op: "heads", heads: heads() }), 15_000).unref();
