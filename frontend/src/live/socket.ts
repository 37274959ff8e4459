import { ApiError, signIn } from "@/lib/http";
import { parseRevealed } from "@/lib/invisible";
import { plural } from "@/lib/money";
import { getEvents, getRunSnapshot, getSnapshot } from "@/live/api/snapshot";
import { coveredBy, lost } from "@/live/apply";
import { backoff } from "@/live/backoff";
import { tellChanged } from "@/live/changed";
import { line, nextTryAt } from "@/live/connection";
import { addDelta, dropDeltas, settleDeltas } from "@/live/deltas";
import { flush, peek, push, whenGaps } from "@/live/store";
import { notify } from "@/ui/toast";
import type { ClientFrame, HeadsFrame, ServerFrame, Watch } from "@/wire/types";

// One socket for the whole page, outside React. First load, reconnect and a gap use the same two calls:
// a snapshot, and the events after a cursor.
const PING = 20_000;
const SILENT = 45_000;
const OFFLINE_AFTER = 2000;
const PATIENCE = 3000;
const SIGNED_OUT = 4401;

let socket: WebSocket | undefined;
let buffer: ServerFrame[] | undefined;
let tries = 0;
let heardAt = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let offline: ReturnType<typeof setTimeout> | undefined;
let seenHeads = new Map<string, number>();
let booted = false;
let onHeads: (() => void) | undefined;
const opened = new Map<string, number>();
const filling = new Set<string>();

const address = (): string => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`;

export function start(): void {
  whenGaps((runs) => runs.forEach((run) => void fill(run)));
  setInterval(watchdog, PING);
  addEventListener("online", tryNow);
  // A frame that was asked for while the tab was in sight does not come once it is hidden.
  document.addEventListener("visibilitychange", flush);
  connect();
}

/** Skips what is left of the wait. */
export function tryNow(): void {
  if (line.get() === "live") return;
  clearTimeout(retry);
  socket?.close();
  connect();
}

function connect(): void {
  clearTimeout(retry);
  const mine = new WebSocket(address());
  socket = mine;
  buffer = [];
  mine.onopen = () => { if (mine === socket) void catchUp(mine); };
  mine.onmessage = (message) => { if (mine === socket) hear(String(message.data)); };
  mine.onclose = (event) => { if (mine === socket) gone(event.code); };
}

function say(frame: ClientFrame): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function sayViews(): void {
  const views: Watch[] = [{ view: "board" }, { view: "inbox" }, ...[...opened.keys()].map((run) => ({ view: "run" as const, run }))];
  say({ op: "view", views, cursors: { ...Object.fromEntries(peek().heads), ...Object.fromEntries(peek().upTo) } });
}

/** The platform answers a view with its heads: from then on nothing of it can fall between socket and snapshot. */
function subscribed(): Promise<void> {
  return new Promise((go) => {
    onHeads = go;
    setTimeout(go, PATIENCE);
    sayViews();
  });
}

/** Subscribe and buffer, snapshot, drop the overlap, live. */
async function catchUp(mine: WebSocket): Promise<void> {
  heardAt = Date.now();
  if (booted) line.set("catching up");
  await subscribed();
  if (mine !== socket) return;
  try {
    await takeSnapshot(mine);
    await Promise.all([...opened.keys()].map((run) => (peek().upTo.has(run) ? fill(run) : load(run).catch(unlessGone))));
  } catch (error) {
    if (mine === socket) mine.close();
    if (error instanceof ApiError && error.status === 403) signIn();
    return;
  }
  if (mine === socket) nowLive();
}

async function takeSnapshot(mine: WebSocket | undefined): Promise<void> {
  buffer ??= [];
  const before = peek().heads;
  const snapshot = await getSnapshot();
  if (mine !== socket) return;
  const waiting = (buffer ?? []).filter((frame) => !coveredBy(frame, snapshot.heads));
  buffer = undefined;
  push({ op: "snapshot", snapshot }, ...waiting);
  flush();
  waiting.forEach(sideEffects);
  if (booted) tellMissed(before, snapshot.heads);
  booted = true;
}

function tellMissed(before: ReadonlyMap<string, number>, now: Record<string, number>): void {
  const missed = Object.entries(now).reduce((sum, [stream, seq]) => sum + Math.max(0, seq - (before.get(stream) ?? seq)), 0);
  if (line.get() === "catching up" && missed > 0) notify({ text: `Caught up: ${plural(missed, "event")}, nothing lost.` });
}

function nowLive(): void {
  clearTimeout(offline);
  offline = undefined;
  tries = 0;
  line.set("live");
}

function hear(data: string): void {
  heardAt = Date.now();
  const frame = parseRevealed<ServerFrame>(data);
  if (frame.op === "heads") onHeads?.();
  if (frame.op === "resync") void takeSnapshot(socket).catch(() => socket?.close());
  else if (buffer) buffer.push(frame);
  else {
    push(frame);
    sideEffects(frame);
  }
}

/** What a frame means beyond the world: deltas, pages to read again, lost cards. */
function sideEffects(frame: ServerFrame): void {
  if (frame.op === "delta") addDelta(frame.run, frame.kind, frame.text);
  else if (frame.op === "changed") changed(frame.what, frame.id);
  else if (frame.op === "events") {
    if (frame.events.some((event) => event.what === "shell" || event.what === "test")) settleDeltas(frame.run, "terminal");
    if (frame.events.some((event) => event.what === "thought")) settleDeltas(frame.run, "typing");
  } else if (frame.op === "heads") compareHeads(frame);
}

function changed(what: Parameters<typeof tellChanged>[0]["what"], id: string): void {
  tellChanged({ what, id });
  if (what === "project" || what === "member") void takeSnapshot(socket).catch(() => undefined);
}

/** A card may lag a moment behind its stream; one that is still behind at the next heads was lost on the way. */
function compareHeads(frame: HeadsFrame): void {
  const behind = lost(peek(), seenHeads).length > 0;
  seenHeads = new Map(Object.entries(frame.heads));
  if (behind) void takeSnapshot(socket).catch(() => undefined);
}

function gone(code: number): void {
  socket = undefined;
  buffer = undefined;
  if (code === SIGNED_OUT) return signIn();
  offline ??= setTimeout(() => line.set("offline"), booted ? OFFLINE_AFTER : 0);
  const wait = backoff(tries);
  tries += 1;
  nextTryAt.set(Date.now() + wait);
  retry = setTimeout(connect, wait);
}

/** A socket can be dead without a close: no word for 45 s ends it. */
function watchdog(): void {
  if (socket?.readyState !== WebSocket.OPEN) return;
  if (Date.now() - heardAt > SILENT) socket.close();
  else say({ op: "ping" });
}

// ---- one run, opened by its page ----

/** A page of a run that is not there, or not ours to see, says so itself: the line stays up for everything else. */
function unlessGone(error: unknown): void {
  if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 422)) throw error;
}

async function load(run: string): Promise<void> {
  const snapshot = await getRunSnapshot(run);
  if (opened.has(run)) push({ op: "opened", run, snapshot });
}

/** Reads what is missing after the cursor, page by page; each page may name the next hole itself. */
async function fill(run: string): Promise<void> {
  if (filling.has(run)) return;
  filling.add(run);
  const after = peek().upTo.get(run) ?? 0;
  const answer = await getEvents(run, after).catch(() => undefined);
  filling.delete(run);
  if (answer && opened.has(run)) push({ op: "fetched", run, after, events: answer });
}

/** Two parts of a page may open the same run; the last one that leaves closes it. */
export function openRun(run: string): () => void {
  opened.set(run, (opened.get(run) ?? 0) + 1);
  if (opened.get(run) === 1) {
    sayViews();
    void load(run).catch(() => undefined);
  }
  return () => {
    const left = (opened.get(run) ?? 1) - 1;
    if (left > 0) return void opened.set(run, left);
    opened.delete(run);
    dropDeltas(run);
    push({ op: "left", run });
    sayViews();
  };
}
