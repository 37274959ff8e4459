// Characters that change what is read without being seen: bidi controls, zero-width and tag characters.
const HIDDEN = /[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const MAYBE = new RegExp(`${HIDDEN.source}|\\\\u`, "u");

/** Draws them as what they are; they are never obeyed. */
export const reveal = (text: string): string =>
  text.replace(HIDDEN, (one) => `⟨U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}⟩`);

/** JSON that is only read: what hides in its texts is drawn from the start, wherever on the screen it ends up. */
export function parseRevealed<T>(json: string): T {
  if (!MAYBE.test(json)) return JSON.parse(json) as T;
  return JSON.parse(json, (_, value: unknown) => (typeof value === "string" ? reveal(value) : value)) as T;
}
