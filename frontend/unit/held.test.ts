import { describe, expect, test } from "vitest";
import { heldBy } from "@/features/tickets/held";

const ticket = (more: Partial<Parameters<typeof heldBy>[0]> = {}) => ({ readiness: { ready: true, why: "", note: "" }, openRun: null, note: "", ...more });
const thin = { ready: false, why: "It says too little.", note: "" };

describe("what holds a ticket", () => {
  test("a ready one is held by nothing", () => expect(heldBy(ticket())).toEqual([]));
  test("a ready one may wait for another all the same", () => expect(heldBy(ticket({ note: "Waits for SHIP-7 (To Do)." }))).toEqual(["Waits for SHIP-7 (To Do)."]));
  test("what is missing is said once, though it was noted too", () => {
    expect(heldBy(ticket({ readiness: thin }))).toEqual(["It says too little."]);
    expect(heldBy(ticket({ readiness: thin, note: "Not ready: It says too little." }))).toEqual(["Not ready: It says too little."]);
  });
  test("what is missing and what could not be written are two things", () => {
    expect(heldBy(ticket({ readiness: thin, note: "Not written to the tracker (comment): no right." }))).toEqual(["It says too little.", "Not written to the tracker (comment): no right."]);
  });
  test("with an agent at work only what was noted since is said", () => {
    expect(heldBy(ticket({ readiness: thin, openRun: "r1" }))).toEqual([]);
    expect(heldBy(ticket({ openRun: "r1", note: "A comment was not taken: too long." }))).toEqual(["A comment was not taken: too long."]);
  });
});
