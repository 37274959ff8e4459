import { describe, expect, test } from "vitest";
import { chapters, clean, plain, transcript } from "@/features/run/derive";
import { target } from "@/features/run/rewind-target";
import { event } from "./make";
import type { Checkpoint, PlanStep } from "@/wire/types";

const step = (title: string): PlanStep => ({ title, paths: [], citations: [], state: "todo", note: "" });
const PLAN = [step("Write the test"), step("Make it pass")];
const begins = (seq: number, planStep: number) => event(seq, { kind: "progressed", what: "plan", planStep, detail: "active" });
const EVENTS = [
  event(1, { kind: "opened", what: "state" }), event(2), { ...begins(3, 0), costMicro: 2 }, event(4, { step: 4, sha: "aa", costMicro: 7 }), begins(5, 1), event(6, { what: "error", step: 6, costMicro: 5 }), event(7, { kind: "sealed", what: "state", step: 7 }), event(8),
];

describe("chapters", () => {
  test("follow the plan, with what came before it and after the seal", () => {
    expect(chapters(EVENTS, PLAN).map((one) => one.title)).toEqual(["Understand, locate, plan", "Write the test", "Make it pass", "Sealed: evidence and review"]);
    expect(chapters(EVENTS, PLAN).map((one) => one.number)).toEqual([null, 1, 2, null]);
  });
  test("hold every event once, in order", () => {
    expect(chapters(EVENTS, PLAN).flatMap((one) => one.events.map((each) => each.seq))).toEqual(EVENTS.map((one) => one.seq));
  });
  test("sum the cost, keep the last commit and say whether something failed", () => {
    const [, first, second] = chapters(EVENTS, PLAN);
    expect(first).toMatchObject({ costMicro: 9, sha: "aa", failed: false, lastStep: 4 });
    expect(second).toMatchObject({ costMicro: 5, failed: true, lastStep: 6 });
  });
  test("are the same whether a step says once or twice that it is active", () => {
    expect(chapters([...EVENTS.slice(0, 4), begins(5, 0), event(6)], PLAN)).toHaveLength(2);
  });
  test("are undone only when all of it is", () => {
    const undone = EVENTS.map((one) => ({ ...one, undone: one.seq >= 5 && one.seq <= 6 }));
    expect(chapters(undone, PLAN).map((one) => one.undone)).toEqual([false, false, true, false]);
  });
  test("are undone beside what the platform did meanwhile, which stands", () => {
    const moved = event(6, { kind: "moved", what: "state" });
    const all = [...EVENTS.slice(0, 4), { ...begins(5, 1), undone: true }, moved];
    expect(chapters(all, PLAN).map((one) => one.undone)).toEqual([false, false, true]);
    expect(chapters([event(1, { kind: "opened" }), moved], PLAN).map((one) => one.undone)).toEqual([false]);
  });
  test("that begin in the middle of a stream say so", () => {
    expect(chapters([event(40)], PLAN)[0]?.title).toBe("Earlier");
  });
});

describe("a rewind", () => {
  const at = (id: string, stepped: number): Checkpoint => ({ id, step: stepped, node: "listen", title: "", at: stepped, commit: "", undone: false });
  const usable = [at("c", 6), at("b", 4), at("a", 1)];
  test("from the timeline goes to the newest checkpoint at or before the place", () => {
    expect(target(usable, [], { step: 5 })?.id).toBe("b");
  });
  test("from the plan goes to the end of that step", () => {
    expect(target(usable, chapters(EVENTS, PLAN), { plan: 0 })?.id).toBe("b");
  });
  test("to before the first checkpoint takes the first", () => {
    expect(target(usable, [], { step: 0 })?.id).toBe("a");
  });
  test("with nothing to go back to has no target", () => {
    expect(target([], [], { step: 3 })).toBeUndefined();
  });
});

describe("terminal text", () => {
  test("keeps colours and drops what else could be said to a terminal", () => {
    expect(clean("\x1b[32mok\x1b[0m\x1b]0;title\x07\x1b[2Jx\x1b]52;c;ZXZpbA==\x1b\\y\x1bcz\x07")).toBe("\x1b[32mok\x1b[0mxyz");
  });
  test("an unfinished sequence swallows nothing that follows in another line of ours", () => {
    expect(transcript([event(1, { what: "shell", text: "Ran a: exit 0", detail: "a", output: "x\x1b]0;never ends" }), event(2, { what: "shell", text: "b", output: "y" })])).toBe("\x1b[2m$ a\x1b[22m\nx\n\x1b[2m$ b\x1b[22m\ny");
  });
  test("is plain without its colours", () => {
    expect(plain("\x1b[1;31mred\x1b[0m\r\nline")).toBe("red\nline");
  });
});
