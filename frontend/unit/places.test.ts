import { describe, expect, it } from "vitest";
import { effectWords } from "@/features/settings/effect-words";
import { labelsOf, linesOf, placeOf, placeText } from "@/features/settings/place-words";
import type { PlaceWish } from "@/wire/types";

const BARE: PlaceWish = { image: "", cpu: null, memoryMb: null, diskMb: null, runtimeClass: "", nodeSelector: {}, labels: {} };

describe("what a project's places are made with", () => {
  it("comes back from the boxes as it went in", () => {
    const wanted: PlaceWish = { image: "team/app:1", cpu: 0.5, memoryMb: 512, diskMb: 1024, runtimeClass: "gvisor", nodeSelector: { disk: "ssd" }, labels: { "a/b": "c", lone: "" } };
    expect(placeOf(placeText(wanted))).toEqual(wanted);
    expect(placeOf(placeText(BARE))).toEqual(BARE);
  });
  it("names the box that holds no number, and takes a comma as people write it", () => {
    expect(placeOf({ ...placeText(BARE), cpu: "1,5" })).toMatchObject({ cpu: 1.5 });
    expect(placeOf({ ...placeText(BARE), cpu: "many" })).toBe("Processors");
    expect(placeOf({ ...placeText(BARE), memoryMb: "1.5" })).toBe("Memory");
    expect(placeOf({ ...placeText(BARE), diskMb: "-4" })).toBe("Disk");
    expect(placeOf({ ...placeText(BARE), labels: "=value" })).toBe("Labels");
  });
  it("reads labels by line or comma, with an equals sign in the value", () => {
    expect(labelsOf(" disk=ssd ,\nzone = a=b\n\n")).toEqual({ disk: "ssd", zone: "a=b" });
    expect(linesOf({ disk: "ssd", zone: "a" })).toBe("disk=ssd\nzone=a");
  });
});

describe("an effect outside", () => {
  it("says what it does and to which ticket", () => {
    expect(effectWords({ kind: "transition", ticket: "LARK-1", key: "tracker:1" })).toBe("Move the ticket: LARK-1");
    expect(effectWords({ kind: "unheard", ticket: "", key: "mail:1" })).toBe("unheard: mail:1");
  });
});
