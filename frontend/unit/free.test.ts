import { describe, expect, it } from "vitest";
import { free } from "@/features/fleet/free";
import type { Fleet, Places } from "@/wire/types";

const fleet = (places: Places, placesInAll: Places): Fleet => ({ places, placesInAll, backend: "", attempts: [], queue: [], sources: [], providers: [] });

describe("how many runs can start now", () => {
  it("is what these projects may still hold", () => expect(free(fleet({ used: 1, all: 4 }, { used: 3, all: 16 }))).toBe(3));
  it("is no more than all projects together leave", () => expect(free(fleet({ used: 1, all: 4 }, { used: 15, all: 16 }))).toBe(1));
  it("is none where fewer were allowed than are in use", () => expect(free(fleet({ used: 3, all: 2 }, { used: 3, all: 16 }))).toBe(0));
});
