import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { inline, parse, safeAddress } from "@/lib/markdown";
import { Markdown } from "@/ui/markdown";

const html = (text: string): string => renderToStaticMarkup(createElement(Markdown, { text }));
/** What an eye reads. */
const seen = (text: string): string => html(text).replace(/<[^>]*>/g, "");

const STATUS = "**Quarterdeck: Working**\n\n- [x] Mend the parser\n- [ ] Test it\n\nCost: $0.10 of $1.00.\n\n[Open the run](http://127.0.0.1:8640/runs/1)";

describe("text of people and trackers", () => {
  it("draws our own comment as it was meant", () => {
    const drawn = html(STATUS);
    expect(drawn).toContain("<strong");
    expect(drawn).toContain('href="http://127.0.0.1:8640/runs/1"');
    expect(seen(STATUS)).not.toMatch(/[*[\]]/);
    expect(parse(STATUS).map((block) => block.kind)).toEqual(["paragraph", "list", "paragraph", "paragraph"]);
    expect(parse(STATUS)[1]).toMatchObject({ items: [{ done: true }, { done: false }] });
  });

  it("knows headings, quotes, code, tables, rules and lists in lists", () => {
    const text = "# One\n> two\n> - three\n\n```py\nx = '**no**'\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n1. first\n   - inner\n2) second";
    expect(parse(text).map((block) => block.kind)).toEqual(["heading", "quote", "code", "table", "rule", "list"]);
    expect(html(text)).toContain("x = &#x27;**no**&#x27;");
    expect(parse(text).at(-1)).toMatchObject({ items: [{ depth: 0, mark: "1." }, { depth: 1, mark: "" }, { depth: 0, mark: "2)" }] });
  });

  it("keeps lines where they were written", () => {
    expect(parse("one\ntwo")).toEqual([{ kind: "paragraph", inner: [{ kind: "text", text: "one\ntwo" }] }]);
  });

  it("leaves names with underscores, sums and globs alone", () => {
    for (const text of ["call min_length_of here", "2 * 3 * 4", "tests/*.py and src/*.ts", "__init__.py", "a ~ b"]) expect(seen(text)).toBe(text);
  });

  it("makes no HTML of what is written", () => {
    const drawn = html("<img src=x onerror=alert(1)> <script>alert(2)</script> **<b>**");
    expect(drawn).not.toMatch(/<(img|script|b)\b/);
  });

  it.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.example", "/relative", "java\tscript:x"])(
    "does not link to %s", (to) => {
      expect(safeAddress(to)).toBeNull();
      expect(html(`[press](${to})`)).not.toContain("<a");
    });

  it("fetches no picture", () => {
    expect(html("![pixel](https://tracker.example/p.png)")).not.toContain("<img");
    expect(html("![pixel](https://tracker.example/p.png)")).toContain(">pixel</a>");
  });

  it("says where a link leads whose words are another address", () => {
    expect(seen("[https://bank.example](https://evil.example)")).toBe("https://bank.example (https://evil.example)");
    expect(seen("[bank.example/login](https://evil.example)")).toContain("evil.example");
  });

  it("ends a bare address where the sentence ends", () => {
    expect(inline("see https://a.example/b.")).toEqual([
      { kind: "text", text: "see " },
      { kind: "link", to: "https://a.example/b", inner: [{ kind: "text", text: "https://a.example/b" }] },
      { kind: "text", text: "." },
    ]);
  });

  it("draws what hides", () => {
    expect(seen("a\u202eb **c\u200bd**")).toBe("a⟨U+202E⟩b c⟨U+200B⟩d");
  });

  it.each([["**a ", 10_000], ["[a](", 10_000], ["> ", 20_000], ["`a", 20_000], ["*a_b~~", 6_000], ["- ", 20_000], ["|a|\n|-|\n", 5_000], ["https://", 5_000], ["_a ", 13_000]])(
    "is not slow with %s again and again", (piece, times) => {
      const began = performance.now();
      parse(piece.repeat(times));
      expect(performance.now() - began).toBeLessThan(2000);
    });
});
