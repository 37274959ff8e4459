import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { current, follow, hold, notify, undoLast } from "@/ui/notices";

const line = (run: string, fate: "applied" | "rejected" | "pending" = "applied") => ({ run, label: run, fate, why: "" });
const LONG = 60_000;

describe("a notice", () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  test("of a sentence goes by itself", () => {
    notify({ text: "Saved" });
    vi.advanceTimersByTime(7_900);
    expect(current.get()?.text).toBe("Saved");
    vi.advanceTimersByTime(200);
    expect(current.get()).toBeNull();
  });

  test("with a receipt in which all went well goes too, some seconds after its last word", () => {
    notify({ text: "Merging 2 runs", lines: [line("a"), line("b")], awaited: true });
    vi.advanceTimersByTime(30_000);
    follow("a", "merged as 4f2c9e1", (count) => `Merged ${count} runs`);
    follow("b", "merged as 5f2c9e1", (count) => `Merged ${count} runs`);
    vi.advanceTimersByTime(10_000);
    expect(current.get()?.text).toBe("Merged 2 runs");
    vi.advanceTimersByTime(5_000);
    expect(current.get()).toBeNull();
  });

  test("of something that failed stays until it is closed", () => {
    for (const more of [{ lines: [line("a"), line("b", "rejected")] }, { failed: true }, { retry: () => undefined }]) {
      notify({ text: "Not all", ...more });
      vi.advanceTimersByTime(LONG);
      expect(current.get()?.text).toBe("Not all");
    }
  });

  test("stays while the pointer or the focus is on it, and then has its time again", () => {
    notify({ text: "Read me", lines: [line("a")] });
    vi.advanceTimersByTime(13_000);
    hold(true);
    vi.advanceTimersByTime(LONG);
    expect(current.get()?.text).toBe("Read me");
    hold(false);
    vi.advanceTimersByTime(13_000);
    expect(current.get()?.text).toBe("Read me");
    vi.advanceTimersByTime(2_000);
    expect(current.get()).toBeNull();
  });

  test("that has gone by itself is undone with the key as long as the platform takes it back, and once", () => {
    let undone = 0;
    const offer = () => notify({ text: "Pausing ORD-1", undo: () => { undone += 1; } });
    offer();
    vi.advanceTimersByTime(20_000);
    expect(current.get()).toBeNull();
    expect([undoLast(), undoLast(), undone]).toEqual([true, false, 1]);
    offer();
    vi.advanceTimersByTime(31_000);
    expect([undoLast(), undone]).toEqual([false, 1]);
  });

  test("without a way back leaves none: the key never undoes what was said before it", () => {
    notify({ text: "Pausing ORD-1", undo: () => { throw new Error("undone"); } });
    notify({ text: "Merging ORD-2" });
    expect(undoLast()).toBe(false);
  });

  test("that follows another begins with its own time, whatever the pointer was on", () => {
    notify({ text: "One" });
    hold(true);
    notify({ text: "Two" });
    vi.advanceTimersByTime(9_000);
    expect(current.get()).toBeNull();
  });
});
