import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "./make";

const frames: FrameRequestCallback[] = [];
beforeEach(() => {
  frames.length = 0;
  vi.resetModules();
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (act: FrameRequestCallback) => frames.push(act));
  vi.stubGlobal("cancelAnimationFrame", vi.fn());
  vi.stubGlobal("clearTimeout", vi.fn());
});
afterEach(() => vi.unstubAllGlobals());

const card = (seq: number) => ({ op: "card" as const, run: run({ seq }), seq });

test("frames of the socket are applied once, with the next frame of the screen", async () => {
  const store = await import("@/live/store");
  store.push(card(1));
  store.push(card(2));
  expect(frames).toHaveLength(1);
  expect(store.peek().runs.size).toBe(0);
  frames[0]!(0);
  expect(store.peek().runs.get("r1")?.seq).toBe(2);
});

test("a decision does not wait for the screen, and asking for a frame never ends a stranger's timer", async () => {
  const store = await import("@/live/store");
  store.push(card(1));
  store.flush();
  expect(store.peek().runs.get("r1")?.seq).toBe(1);
  expect(cancelAnimationFrame).toHaveBeenCalledWith(1);
  expect(clearTimeout).not.toHaveBeenCalled();
});

test("a hidden tab, which gets no frames, goes on by a timer", async () => {
  vi.stubGlobal("document", { hidden: true });
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const store = await import("@/live/store");
  store.push(card(1));
  expect(frames).toHaveLength(0);
  vi.advanceTimersByTime(300);
  expect(store.peek().runs.get("r1")?.seq).toBe(1);
  vi.useRealTimers();
});

test("only the rows that changed are told, and the lists only when somebody else must act", async () => {
  const store = await import("@/live/store");
  store.push(card(1));
  store.flush();
  const mine = vi.fn(), other = vi.fn(), lists = vi.fn();
  store.watchRow("r1", mine);
  store.watchRow("r2", other);
  store.watchLists(lists);
  store.push(card(2));
  store.flush();
  expect([mine, other, lists].map((spy) => spy.mock.calls.length)).toEqual([1, 0, 0]);
  store.push({ op: "card", run: run({ seq: 3, attention: "ready" }), seq: 3 });
  store.flush();
  expect(lists).toHaveBeenCalledOnce();
});
