// Characters that change what is read without being seen: bidi controls, zero-width, fillers, selectors and tags. What the
// platform takes out for a model (outside/tracker/text.py) is drawn here, but for the joiners that words and emoji need.
const HIDDEN = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}\u{e0100}-\u{e01ef}]/gu;

const MAYBE = new RegExp(`${HIDDEN.source}|\\\\u`, "u");

/** Draws them as what they are; they are never obeyed. */
export const reveal = (text: string): string =>
  text.replace(HIDDEN, (one) => `⟨U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}⟩`);

/** JSON that is only read: what hides in its texts is drawn from the start, wherever on the screen it ends up. */
export function parseRevealed<T>(json: string): T {
  if (!MAYBE.test(json)) return JSON.parse(json) as T;
  return JSON.parse(json, (_, value: unknown) => (typeof value === "string" ? reveal(value) : value)) as T;
}
