import { describe, expect, test } from "vitest";
import { posts, refusedRequests } from "@/features/decide/plan";
import { answerTo, approveWord, effectOf, missing, sortOut, togetherWord, type Picks, whyAlone } from "@/features/inbox/answers";
import { grouped } from "@/features/inbox/group";
import { rewrite } from "@/features/inbox/rewrite-plan";
import { explain, ordered } from "@/lib/order";
import { proposal, request, run } from "./make";
import type { Proposal, ReceiptLine } from "@/wire/types";

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
  test("ends or seals a run instead of raising its cap, when that is picked", () => {
    const choices = [{ id: "raise", label: "Raise the cap", effect: "", suggested: true }, { id: "seal", label: "Seal what is there", effect: "", suggested: false }, { id: "deny", label: "End the run", effect: "", suggested: false }];
    const budget = request({ kind: "budget", amountMicro: 8, choices });
    const picked = (choice: string) => ({ ...NONE, choices: { q1: choice } });
    expect([answerTo(budget, run(), NONE, ""), approveWord(budget, NONE)]).toEqual([{ verb: "raise budget", amountMicro: 8 }, "Raise budget"]);
    expect([answerTo(budget, run(), picked("seal"), ""), approveWord(budget, picked("seal"))]).toEqual([{ verb: "answer", choice: "seal" }, "Seal what is there"]);
    expect([answerTo(budget, run(), picked("deny"), "enough"), approveWord(budget, picked("deny"))]).toEqual([{ verb: "deny", choice: "deny", words: "enough" }, "End the run"]);
  });

  test("grants steps and time without a cap, and names the amount where money is raised", () => {
    const steps = request({ kind: "budget", facts: [{ label: "Limit", value: "steps", tone: "warn" }] });
    expect(answerTo(steps, run(), NONE, "")).toEqual({ verb: "raise budget" });
    const rich = run({ capMicro: 1_000_000, spentMicro: 920_000 });
    expect(effectOf(request({ kind: "budget", amountMicro: 2_000_000 }), rich, NONE)).toBe("Raise the cap from $1.00 to $2.00");
  });

  test("says approve of many only where all are approved", () => {
    const [plan, question] = [request({ kind: "plan" }), request({ kind: "question", id: "q2" })];
    expect([togetherWord([plan, plan]), togetherWord([plan, question])]).toEqual(["Approve 2", "Decide 2 as listed"]);
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
  test("leaves out high risk, reviews without a head and questions without a suggestion, each with its reason", () => {
    const list = [request({ id: "a", kind: "plan" }), request({ id: "b", risk: "high", kind: "plan" }), request({ id: "c", kind: "review" }), request({ id: "d" })];
    const [together, alone] = sortOut(list, () => run());
    expect(together.map((one) => one.id)).toEqual(["a"]);
    expect(alone.map((one) => whyAlone(one, run()))).toEqual(["high risk is decided alone", "a review needs its page", "a question needs its answer"]);
  });
  test("takes reviews whose head was seen and whose tests were re-run, and leaves the others out", () => {
    const review = request({ kind: "review", head: "4f2c9e1" });
    const why = (more: Partial<Proposal>) => whyAlone(review, run({ proposal: proposal({ head: "4f2c9e1", failToPass: 1, passToPass: 9, broken: 0, ...more }) }));
    expect(why({})).toBe("");
    expect(why({ head: "5a5a5a5" })).toBe("its head has moved: open it");
    expect(why({ passToPass: null })).toBe("no tests were re-run: open it");
    expect(why({ broken: 2 })).toBe("it breaks tests: open it");
    expect(whyAlone({ ...review, risk: "high" }, run())).toBe("high risk is decided alone");
  });
  test("one alone is decided whatever its risk", () => {
    expect(sortOut([request({ risk: "high" })], () => undefined)[0]).toHaveLength(1);
  });
  test("reviews leave in one post, each with the head that was seen of it", () => {
    const list = [request({ id: "a", kind: "review", head: "1111111" }), request({ id: "b", kind: "review", head: "2222222" })];
    expect(posts(list, (one) => answerTo(one, undefined, NONE, ""))).toEqual([
      { decision: { verb: "merge" }, requests: ["a", "b"], heads: { a: "1111111", b: "2222222" } },
    ]);
  });
  test("equal decisions leave in one post", () => {
    const list = [request({ id: "a", kind: "plan" }), request({ id: "b", kind: "plan" }), request({ id: "c", kind: "failure" })];
    expect(posts(list, (one) => answerTo(one, undefined, NONE, ""))).toEqual([
      { decision: { verb: "approve" }, requests: ["a", "b"], heads: {} }, { decision: { verb: "retry" }, requests: ["c"], heads: {} },
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
