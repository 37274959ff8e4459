export const PARTS = ["Projects", "Models", "Trackers", "People", "API tokens", "Audit", "Installation", "Appearance"] as const;
export type Part = (typeof PARTS)[number];

/** The search part of an address of the settings. */
export interface Where { part?: string; project?: string }

const plain = (word: string): string => word.toLowerCase().replace(/[^a-z]/g, "");

/** A part by its name as somebody types it: in any case, with or without a hyphen. */
export const partOf = (word: string | undefined): Part | undefined => PARTS.find((name) => plain(name) === plain(word ?? ""));

/** Where an address below /settings leads, as people guess it: projects, api-tokens, projects/LARK. Undefined: nowhere. */
export function whereOf(path: string): Where | undefined {
  const [word, key, ...rest] = path.split("/").filter((one) => one !== "");
  const part = partOf(word);
  if (part === undefined || rest.length > 0 || (key !== undefined && part !== "Projects")) return undefined;
  return { part, ...(key === undefined ? {} : { project: key }) };
}
