import { describe, expect, test } from "vitest";
import { posts, refusedRequests } from "@/features/decide/plan";
import { answerTo, missing, sortOut, whyAlone, type Picks } from "@/features/inbox/answers";
import { grouped } from "@/features/inbox/group";
import { rewrite } from "@/features/inbox/rewrite-plan";
import { explain, ordered } from "@/lib/order";
import { request, run } from "./make";
import type { ReceiptLine } from "@/wire/types";

const MINUTE = 60_000;
const NONE: Picks = { choices: {}, plans: {}, amounts: {} };
const choice = (id: string, suggested = false) => ({ id, label: id, effect: "", suggested });

describe("the order of the queue", () => {
  const now = 100 * MINUTE;
  test("is risk times minutes waited times the root of the runs that are freed", () => {
    const long = request({ id: "long", waitingSince: 0 });
    const risky = request({ id: "risky", risk: "high", waitingSince: 70 * MINUTE });
    const many = request({ id: "many", runs: ["a", "b", "c", "d"], waitingSince: 40 * MINUTE });
    const fresh = request({ id: "fresh", risk: "medium", waitingSince: 99 * MINUTE });
    expect(ordered([fresh, long, many, risky], now).map((one) => one.id)).toEqual(["many", "risky", "long", "fresh"]);
  });
  test("is explained with the same figures", () => {
    expect(explain(request({ risk: "high", waitingSince: 70 * MINUTE }), now)).toBe("high risk (4) × 30 min = 120");
  });
});

describe("what A sends", () => {
  test("a question sends the suggestion until another answer is picked", () => {
    const asked = request({ choices: [choice("a", true), choice("b")] });
    expect(answerTo(asked, undefined, NONE, "")).toEqual({ verb: "answer", choice: "a", words: "a" });
    expect(answerTo(asked, undefined, { ...NONE, choices: { q1: "b" } }, "because")).toEqual({ verb: "answer", choice: "b", words: "because" });
  });
  test("a budget sends the offered cap until another is typed", () => {
    const budget = request({ kind: "budget", amountMicro: 8 });
    expect(answerTo(budget, run(), NONE, "")).toEqual({ verb: "raise budget", amountMicro: 8 });
    expect(answerTo(budget, run(), { ...NONE, amounts: { q1: 9 } }, "")).toEqual({ verb: "raise budget", amountMicro: 9 });
  });
  test("a budget without an offer asks for as much again, and never for less than is spent", () => {
    const poor = run({ capMicro: 5, spentMicro: 4 });
    const budget = request({ kind: "budget" });
    expect(answerTo(budget, poor, NONE, "")).toEqual({ verb: "raise budget", amountMicro: 10 });
    expect(missing(budget, poor, NONE)).toBe("");
    expect(missing(budget, poor, { ...NONE, amounts: { q1: 4 } })).toBe("The cap must be above what is spent.");
  });
  test("a question waits for a picked answer; the choices of a plan only repeat its verbs", () => {
    expect(missing(request({ choices: [choice("a")] }), undefined, NONE)).toBe("Pick an answer first.");
    expect(missing(request({ choices: [choice("a", true)] }), undefined, NONE)).toBe("");
    const plan = request({ kind: "plan", choices: [choice("approve", true)] });
    expect([missing(plan, undefined, NONE), answerTo(plan, undefined, NONE, "")]).toEqual(["", { verb: "approve" }]);
  });
  test("a plan sends a plan only when it was edited", () => {
    const plan = rewrite([], "One step");
    expect(answerTo(request({ kind: "plan" }), undefined, NONE, "")).toEqual({ verb: "approve" });
    expect(answerTo(request({ kind: "plan" }), undefined, { ...NONE, plans: { q1: plan } }, "")).toEqual({ verb: "approve", plan });
  });
  test("an edited plan keeps what is known of a step and marks what is new", () => {
    const known = { title: "Keep me", state: "todo" as const, paths: ["a.py"], citations: [], note: "" };
    expect(rewrite([known], " Keep me \n\nA new one")).toEqual([known, { title: "A new one", state: "changed", paths: [], citations: [], note: "Written by a person" }]);
  });
});

describe("many at once", () => {
  test("leaves out high risk, reviews and questions without a suggestion, each with its reason", () => {
    const list = [request({ id: "a", kind: "plan" }), request({ id: "b", risk: "high", kind: "plan" }), request({ id: "c", kind: "review" }), request({ id: "d" })];
    const [together, alone] = sortOut(list);
    expect(together.map((one) => one.id)).toEqual(["a"]);
    expect(alone.map(whyAlone)).toEqual(["high risk is decided alone", "a review needs its page", "a question needs its answer"]);
  });
  test("one alone is decided whatever its risk", () => {
    expect(sortOut([request({ risk: "high" })])[0]).toHaveLength(1);
  });
  test("equal decisions leave in one post", () => {
    const list = [request({ id: "a", kind: "plan" }), request({ id: "b", kind: "plan" }), request({ id: "c", kind: "failure" })];
    expect(posts(list, (one) => answerTo(one, undefined, NONE, ""))).toEqual([
      { decision: { verb: "approve" }, requests: ["a", "b"] }, { decision: { verb: "retry" }, requests: ["c"] },
    ]);
  });
  test("a request comes back only when all of its runs refused", () => {
    const line = (run: string, fate: ReceiptLine["fate"], of = "q1"): ReceiptLine => ({ run, ticketKey: run, request: of, fate, why: "", command: "" });
    const asked = request({ runs: ["r1", "r2"] });
    expect(refusedRequests([asked], [line("r1", "rejected"), line("r2", "applied")])).toEqual([]);
    expect(refusedRequests([asked], [line("r1", "rejected"), line("r2", "rejected")])).toEqual([asked]);
    expect(refusedRequests([asked], [line("r1", "rejected", "another")])).toEqual([]);
  });
});

describe("the same question from many runs", () => {
  const asked = (id: string, since: number, more = {}) => request({ id, kind: "permission", command: "pip install x", ask: "Install?", runs: [`run of ${id}`], waitingSince: since, ...more });
  test("is one row over all runs, with the longest wait and the highest risk", () => {
    const groups = grouped([asked("b", 5, { risk: "high" }), asked("a", 3), request({ id: "c" })]);
    expect(groups.map((one) => one.members.map((member) => member.id))).toEqual([["c"], ["a", "b"]]);
    expect(groups[1]?.shown).toMatchObject({ id: "a", waitingSince: 3, risk: "high", runs: ["run of a", "run of b"] });
  });
  test("is not the same with another command, project, answer or state, and plans are never the same", () => {
    const base = asked("a", 1);
    const others = [{ command: "rm -rf /" }, { project: "p2" }, { choices: [choice("x")] }, { state: "snoozed" as const }, { ask: "Other?" }];
    for (const other of others) expect(grouped([base, asked("b", 2, other)])).toHaveLength(2);
    expect(grouped([request({ id: "a", kind: "plan" }), request({ id: "b", kind: "plan" })])).toHaveLength(2);
  });
});
