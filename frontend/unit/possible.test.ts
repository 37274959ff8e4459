import { describe, expect, test } from "vitest";
import { stopWords } from "@/features/run/stop-words";
import { pausable, redirectable } from "@/lib/possible";
import { run } from "./make";
import type { Attempt, Phase } from "@/wire/types";

const attempt = (state: Attempt["state"]): Attempt => ({ epoch: 1, state, place: "", reason: "", blame: "none", startedAt: 0, endedAt: null });

describe("what is offered", () => {
  const at = (phase: Phase, more = {}) => run({ phase, ...more });
  test("a run that failed, rests or is sealed is not paused", () => {
    expect([at("working"), at("waiting"), at("queued")].map(pausable)).toEqual([true, true, true]);
    expect([at("failed"), at("paused"), at("review"), at("sealing"), at("working", { desired: "pause" }), undefined].map(pausable)).toEqual([false, false, false, false, false, false]);
  });
  test("words reach who works, rests or waits for a review, and no run that ended", () => {
    expect([at("working"), at("paused"), at("review")].map(redirectable)).toEqual([true, true, true]);
    expect([at("failed"), at("cancelled"), at("sealing"), at("merging"), undefined].map(redirectable)).toEqual([false, false, false, false, false]);
  });
});

describe("a stop", () => {
  test("is declined in words that are true of the run as it stands", () => {
    const keep = (phase: Phase) => stopWords(run({ phase })).keep;
    expect([keep("working"), keep("paused"), keep("waiting"), keep("queued"), keep("review")]).toEqual(["Leave it running", "Leave it paused", "Leave it waiting", "Leave it in the queue", "Leave it in review"]);
  });
  test("ends a place and its secrets only where there is one", () => {
    expect(stopWords(run({ attempts: [attempt("parked"), attempt("running")] })).ends).toMatch(/^Its secrets stop working/);
    expect(stopWords(run({ phase: "paused", attempts: [attempt("parked")], request: "q1" })).ends).toBe("No agent works on it now: nothing is cut short. What it asks is withdrawn.");
  });
});
