import { describe, expect, test } from "vitest";
import { apply, coveredBy, EMPTY, lost, type Incoming, type World } from "@/live/apply";
import { event, request, run } from "./make";
import type { Snapshot } from "@/wire/types";

const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({ heads: { r1: 3 }, runs: [run()], requests: [], projects: [], people: [], timeline: [], ...more });
const after = (...batch: Incoming[]): World => apply(EMPTY, batch).world;
const openedAt3 = after({ op: "snapshot", snapshot: snapshot() }, { op: "opened", run: "r1", snapshot: snapshot({ timeline: [event(1), event(2), event(3)] }) });

describe("timelines", () => {
  test("a hole appends nothing and is named", () => {
    const { world, touched } = apply(openedAt3, [{ op: "events", run: "r1", from: 5, to: 6, events: [event(5), event(6)] }]);
    expect(world.timelines.get("r1")).toHaveLength(3);
    expect([...touched.gaps]).toEqual(["r1"]);
  });

  test("what is read from the ledger fills the hole, and a page that is not the last names the next", () => {
    const { world, touched } = apply(openedAt3, [{ op: "fetched", run: "r1", after: 3, events: { head: 9, events: [event(4), event(5)] } }]);
    expect(world.timelines.get("r1")?.map((one) => one.seq)).toEqual([1, 2, 3, 4, 5]);
    expect([...touched.gaps]).toEqual(["r1"]);
  });

  test("an answer to an older question is dropped where it overlaps", () => {
    const moved = apply(openedAt3, [{ op: "events", run: "r1", from: 4, to: 4, events: [event(4)] }]).world;
    const world = apply(moved, [{ op: "fetched", run: "r1", after: 3, events: { head: 5, events: [event(4), event(5)] } }]).world;
    expect(world.timelines.get("r1")?.map((one) => one.seq)).toEqual([1, 2, 3, 4, 5]);
  });

  test("heads that are ahead of an opened run name the hole; of a run that is not opened they do not", () => {
    expect([...apply(openedAt3, [{ op: "heads", heads: { r1: 5, r2: 9 } }]).touched.gaps]).toEqual(["r1"]);
  });

  test("events of a run that nobody opened are not kept", () => {
    expect(after({ op: "events", run: "r9", from: 1, to: 1, events: [event(1)] }).timelines.size).toBe(0);
  });

  test("a resume undoes what an agent said after the step, and nothing that the platform did", () => {
    const resumed = event(6, { kind: "resumed", epoch: 2, resumedAt: 3 });
    const world = after({ op: "snapshot", snapshot: snapshot() }, { op: "opened", run: "r1", snapshot: snapshot({ timeline: [event(1), event(2), event(3)] }) },
      { op: "events", run: "r1", from: 4, to: 6, events: [event(4), event(5, { kind: "attempted" }), resumed] });
    expect(world.timelines.get("r1")?.filter((one) => one.undone).map((one) => one.seq)).toEqual([4]);
  });
  test("a closed run leaves no timeline behind", () => {
    const world = apply(openedAt3, [{ op: "left", run: "r1" }]).world;
    expect(world.timelines.has("r1")).toBe(false);
    expect(world.upTo.has("r1")).toBe(false);
  });

  test("a snapshot keeps an opened run that it does not list, and its timeline", () => {
    const world = apply(openedAt3, [{ op: "snapshot", snapshot: snapshot({ runs: [], heads: {} }) }]).world;
    expect(world.runs.has("r1")).toBe(true);
    expect(world.timelines.get("r1")).toHaveLength(3);
  });
});

describe("cards and requests", () => {
  test("the old world is not touched", () => {
    const before = openedAt3.runs.get("r1");
    apply(openedAt3, [{ op: "card", run: run({ seq: 9, phase: "waiting" }), seq: 9 }]);
    expect(openedAt3.runs.get("r1")).toBe(before);
  });

  test("lists are cut anew only when somebody else must act", () => {
    expect(apply(openedAt3, [{ op: "card", run: run({ seq: 4, spentMicro: 5 }), seq: 4 }]).touched.lists).toBe(false);
    expect(apply(openedAt3, [{ op: "card", run: run({ seq: 4, attention: "needs-you" }), seq: 4 }]).touched.lists).toBe(true);
  });

  test("what a person's key painted gives way to the platform's word of the same seq", () => {
    const painted = after({ op: "request", request: request() }, { op: "paintRequest", id: "q1", set: { state: "decided" } });
    expect(apply(painted, [{ op: "request", request: request({ state: "open" }) }]).world.requests.get("q1")?.state).toBe("open");
  });

  test("painting what is gone does nothing", () => {
    expect(after({ op: "paintRequest", id: "q9", set: { state: "decided" } }, { op: "paintRun", id: "r9", set: { desired: "stop" } })).toEqual(EMPTY);
  });
});

describe("the overlap of a snapshot", () => {
  const heads = { r1: 5 };
  test("a card that the snapshot holds is dropped, a newer one is not", () => {
    expect(coveredBy({ op: "card", run: run({ seq: 5 }), seq: 5 }, heads)).toBe(true);
    expect(coveredBy({ op: "card", run: run({ seq: 6 }), seq: 6 }, heads)).toBe(false);
    expect(coveredBy({ op: "card", run: run({ id: "r2", seq: 1 }), seq: 1 }, heads)).toBe(false);
  });
  test("a request from before the snapshot cannot come back to life", () => {
    expect(coveredBy({ op: "request", request: request({ seq: 5 }) }, heads)).toBe(true);
    expect(coveredBy({ op: "request", request: request({ seq: 6 }) }, heads)).toBe(false);
  });
  test("events are never dropped here: their cursor does that", () => {
    expect(coveredBy({ op: "events", run: "r1", from: 5, to: 5, events: [event(5)] }, heads)).toBe(false);
  });
});

describe("lost cards", () => {
  test("a card that is still behind an earlier head was lost", () => {
    expect(lost(openedAt3, new Map([["r1", 4]]))).toEqual(["r1"]);
  });
  test("a card that caught up, and a stream that is no run, were not", () => {
    expect(lost(openedAt3, new Map([["r1", 3], ["p1", 99]]))).toEqual([]);
  });
});
