import { describe, expect, test } from "vitest";
import { sourceWords } from "@/features/fleet/source-words";
import { askBeside } from "@/lib/attention";
import { fresh, mergedWord } from "@/features/decide/landed";
import { waiting } from "@/features/inbox/waiting";
import { proofOf } from "@/features/review/evidence";
import { proofWord } from "@/features/review/proof";
import { proposal, request, run } from "./make";

describe("what waits for a person", () => {
  test("is counted once for each row of the queue, reviews too, and not what rests", () => {
    const same = { kind: "permission" as const, command: "make", ask: "May I?" };
    const list = [request({ id: "a", ...same }), request({ id: "b", ...same, runs: ["r2"] }), request({ id: "c", kind: "review" }), request({ id: "d", state: "snoozed" }), request({ id: "e", state: "decided" })];
    expect(waiting(list).map((one) => one.kind)).toEqual(["permission", "review"]);
  });
});

describe("a merge", () => {
  test("is news when it becomes true, once, and not when it was true before", () => {
    const seen = new Map<string, string>();
    const old = run({ id: "old", phase: "merged" });
    expect(fresh(seen, [old, run({ id: "r1", phase: "publishing" })])).toEqual([]);
    expect(fresh(seen, [old, run({ id: "r1", phase: "merged" })]).map((one) => one.id)).toEqual(["r1"]);
    expect(fresh(seen, [old, run({ id: "r1", phase: "merged" })])).toEqual([]);
  });
  test("names the commit and the branch", () => {
    expect(mergedWord(run({ proposal: proposal({ mergeSha: "91ab3d4ffff" }) }))).toBe("Merged as 91ab3d4 into main");
  });
});

describe("proof", () => {
  const known = proposal({ failToPass: 1, passToPass: 1084, broken: 0, stillFailing: 0, knownRed: 1, baseSha: "91ab3d4ffff" });
  test("says what was red before as that, in a row and in a line", () => {
    expect(proofWord(known)).toBe("1 fixed, 1,084 hold, 1 red as before");
    const rows = proofOf(known);
    expect(rows.map((row) => row.kind)).toEqual(["f2p", "p2p", "known_red", "beyond_plan"]);
    expect(rows[2]).toMatchObject({ figure: "1", state: "unknown", note: "red on 91ab3d4 too: no doing of this change" });
  });
  test("says what is newly red apart from what broke", () => {
    expect(proofWord(proposal({ failToPass: 0, passToPass: 3, broken: 1, stillFailing: 2 }))).toBe("0 fixed, 3 hold, 1 broken, 1 newly red");
    expect(proofWord(proposal())).toBe("no tests re-run");
  });
});

test("a part of the house says in a sentence what it is and how it is", () => {
  const source = { name: "Outbox", what: "what is sent outside", lastAt: null, expected: 5000, state: "idle" as const, note: "nothing to send yet" };
  expect(sourceWords(source, 0)).toBe("Outgoing updates: what is sent outside (outbox). Idle, nothing to send yet.");
  expect(sourceWords({ ...source, lastAt: 1000, state: "late", note: "" }, 8000)).toBe("Outgoing updates: what is sent outside (outbox). Late, last sign 7s ago.");
});

describe("what is asked beside its title", () => {
  test("does not say the title again", () => {
    expect(askBeside({ ask: "Add a till: work by this plan?" }, "Add a till")).toBe("Work by this plan?");
    expect(askBeside({ ask: "Red or blue?" }, "Add a till")).toBe("Red or blue?");
  });
});
