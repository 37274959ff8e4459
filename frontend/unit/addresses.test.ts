import { describe, expect, test } from "vitest";
import { partOf, whereOf } from "@/features/settings/parts";

describe("a guessed address of the settings", () => {
  test("leads to the part it names, in any case, with a hyphen or without", () => {
    expect(["projects", "Projects/", "api-tokens", "API tokens"].map(whereOf)).toEqual([{ part: "Projects" }, { part: "Projects" }, { part: "API tokens" }, { part: "API tokens" }]);
    expect(partOf("installation")).toBe("Installation");
  });
  test("may name a project, right or mistyped: the list says which there are", () => {
    expect(whereOf("projects/LARK")).toEqual({ part: "Projects", project: "LARK" });
  });
  test("that means nothing leads nowhere", () => {
    expect(["", "nothing", "people/LARK", "projects/LARK/dials"].map(whereOf)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
