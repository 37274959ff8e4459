/** Badges that only say what a file is. Every other one asks for a look, and is amber. */
const QUIET: ReadonlySet<string> = new Set(["test", "long", "lockfile"]);

export const isQuiet = (badge: string): boolean => QUIET.has(badge);
