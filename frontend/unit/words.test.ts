import { afterEach, describe, expect, test, vi } from "vitest";
import { asWords } from "@/features/review/drafts";
import { pricesOf, rowsOf } from "@/features/settings/prices";
import { placesOf } from "@/features/run/places-of";
import { actorWord, attentionNow, didWhat } from "@/lib/attention";
import { ApiError, sendKeyed, unreachable } from "@/lib/http";
import { reveal } from "@/lib/invisible";
import { newKey } from "@/lib/key";
import { against, microOf, money, short, sumShown } from "@/lib/money";
import { exactTime, span } from "@/lib/time";
import { backoff } from "@/live/backoff";
import { run } from "./make";

describe("who must act", () => {
  const working = run({ lastSignAt: 1000, heartbeatMs: 5000 });
  test("an agent that missed three heartbeats is out of contact", () => {
    expect(attentionNow(working, 16_000)).toBe("working");
    expect(attentionNow(working, 16_001)).toBe("broken");
    expect(actorWord(working, "broken")).toBe("No contact");
  });
  test("silence means nothing where nobody should speak", () => {
    expect(attentionNow(run({ phase: "queued", attention: "elsewhere", lastSignAt: 1000 }), 9e9)).toBe("elsewhere");
    expect(attentionNow(run({ lastSignAt: null }), 9e9)).toBe("working");
  });
  test("a wish that is not yet fulfilled is said as what it is", () => {
    expect(actorWord(run({ desired: "pause" }))).toBe("Pausing");
    expect(actorWord(run({ desired: "pause", phase: "paused", attention: "paused" }))).toBe("Paused");
    expect(actorWord(run({ desired: "stop", phase: "cancelled", attention: "done" }))).toBe("Stopped");
  });
  test("a failed run that another one took over asks nobody to retry it", () => {
    expect(actorWord(run({ phase: "failed", attention: "failed", actor: "Retry or stop" }))).toBe("Retry or stop");
    expect(actorWord(run({ phase: "failed", attention: "done", actor: "Retried" }))).toBe("Retried");
  });
});

describe("money", () => {
  test("always has two decimals and its currency", () => {
    expect(money(4_180_000)).toBe("$4.18");
    expect(money(0, "EUR")).toBe("€0.00");
    expect(money(1, "not a code")).toBe("$0.00");
  });
  test("is read as people type it, or not at all", () => {
    expect([microOf("8"), microOf(" 0,5 "), microOf(""), microOf("-1"), microOf("x")]).toEqual([8_000_000, 500_000, undefined, undefined, undefined]);
  });
  test("a cap of nothing is no cap", () => {
    expect(against(5, 0)).toEqual({ share: 0, near: false, over: false });
    expect(against(8, 10)).toEqual({ share: 0.8, near: true, over: false });
  });
  test("counts are whole up to 9,999", () => expect([short(9999), short(12_345), short(2_500_000)]).toEqual(["9,999", "12k", "2.5M"]));
  test("a model without a price has none, and 0 is a price", () => {
    expect(pricesOf([{ name: "m", in: "", out: "0", context: "8000", images: true }, { name: " ", in: "x", out: "", context: "", images: null }])).toEqual([{ name: "m", inMicroPerMTok: null, outMicroPerMTok: 0, contextTokens: 8000, images: true }]);
    expect(pricesOf([{ name: "m", in: "cheap", out: "", context: "8000", images: null }])).toBeUndefined();
    expect(rowsOf([{ name: "m", inMicroPerMTok: 3_000_000, outMicroPerMTok: null, contextTokens: 8000, images: null }])).toEqual([{ name: "m", in: "3.00", out: "", context: "8000", images: null }]);
  });
});

describe("words", () => {
  test("a span has two units at most", () => expect([42_000, 14 * 60_000, 125 * 60_000, 76 * 3_600_000].map(span)).toEqual(["42s", "14m", "2h 05m", "3d 4h"]));
  test("what cannot be seen is drawn", () => expect(reveal("a\u200bb\u202ec\u{e0041}")).toBe("a⟨U+200B⟩b⟨U+202E⟩c⟨U+E0041⟩"));
  test("what is kept from a model is seen by a person: fillers, selectors that carry bytes, line separators", () =>
    expect(reveal("\u2800\ufe01\u{e0100}\u2028\u180b\u17b4")).toBe("⟨U+2800⟩⟨U+FE01⟩⟨U+E0100⟩⟨U+2028⟩⟨U+180B⟩⟨U+17B4⟩"));
  test("an emoji stays an emoji", () => expect(reveal("❤\ufe0f")).toBe("❤\ufe0f"));
  test("comments leave as one text, in the order of the diff", () => {
    const draft = (path: string, line: number, text: string, side: "additions" | "deletions" = "additions") => ({ id: path + line, path, line, side, text, by: "Alice", at: 0 });
    expect(asWords([draft("b.py", 2, "two"), draft("a.py", 9, " nine ", "deletions"), draft("a.py", 1, "one")], "4f2c9e1aaaaaaaa", ["a.py", "b.py"]))
      .toBe("Review comments on 4f2c9e1aaaaa:\na.py:1: one\na.py:9 (removed line): nine\nb.py:2: two");
  });
});

describe("the line", () => {
  afterEach(() => vi.useRealTimers());
  test("waits longer each time, never more than 30 s, never the same for all", () => {
    expect([0, 1, 2, 9].map((n) => backoff(n, () => 1))).toEqual([1000, 2000, 4000, 30_000]);
    expect(backoff(0, () => 0)).toBe(500);
  });
  test("keys are UUIDs and differ", () => {
    expect(newKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newKey()).not.toBe(newKey());
  });
  test("a write with a key is sent again while nobody knows whether it arrived", async () => {
    vi.useFakeTimers();
    const answers = [unreachable(), new ApiError(503, { reason: "busy", text: "", remedy: "" }), "done"];
    const sent = sendKeyed(() => { const next = answers.shift(); return next instanceof ApiError ? Promise.reject(next) : Promise.resolve(next); });
    await vi.runAllTimersAsync();
    expect(await sent).toBe("done");
  });
  test("a refusal is not sent again", async () => {
    let sent = 0;
    const refused = new ApiError(409, { reason: "moved", text: "The head moved.", remedy: "" });
    await expect(sendKeyed(() => { sent += 1; return Promise.reject(refused); })).rejects.toBe(refused);
    expect(sent).toBe(1);
  });
});

describe("what stands side by side", () => {
  test("adds up to the cent that is written", () => {
    const amounts = [14_600, 24_600, 24_600];
    expect([money(sumShown(amounts)), ...amounts.map((one) => money(one))]).toEqual(["$0.05", "$0.01", "$0.02", "$0.02"]);
  });
  test("a moment names its zone, and has twenty-four hours", () => {
    const said = exactTime(Date.UTC(2026, 10, 23, 21, 5, 7));
    expect(said).not.toMatch(/[AP]M/);
    expect(said).toMatch(/:05:07 \S+/);
  });
});

describe("what was decided", () => {
  test("says what it was about", () => {
    const did = (verb: string, about: Parameters<typeof didWhat>[0]["about"], head = "") => didWhat({ verb, about, head });
    expect(did("approve", "plan")).toBe("approved the plan");
    expect(did("approve", "review", "4f2c9e1aaaa")).toBe("approved the review of 4f2c9e1");
    expect(did("answer", "question")).toBe("answered the question");
    expect(did("deny", "permission")).toBe("refused the command");
    expect(did("approve", "failure")).toBe("retried it");
    expect(did("redirect", null)).toBe("redirected it");
    expect(did("approve", null)).toBe("approved it");
  });
});

describe("a plan's places", () => {
  test("are all that are counted: what is cited, then what it means to touch beside that", () => {
    const cite = { path: "larkfield/song.py", line: 7, symbol: "sing" };
    const step = { title: "", state: "todo" as const, note: "", citations: [cite], paths: ["larkfield/song.py", "tests/test_song.py", "tests/test_song.py"] };
    expect(placesOf(step)).toEqual([cite, { path: "tests/test_song.py", line: 0, symbol: "" }]);
  });
});
