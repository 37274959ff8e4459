import { processFile, type FileDiffMetadata } from "@pierre/diffs";
import { reveal } from "@/lib/invisible";
import type { DiffFile } from "@/wire/types";

/** A file's patch as the viewer wants it; undefined when there is nothing to draw (binary, too large, a mode change alone). */
export function parseFile(file: DiffFile): FileDiffMetadata | undefined {
  if (!file.patch.includes("@@")) return undefined;
  const patch = file.patch.startsWith("diff --git") ? file.patch : header(file) + file.patch;
  const parsed = processFile(reveal(patch), { isGitDiff: true });
  return parsed && { ...parsed, name: file.path };
}

function header(file: DiffFile): string {
  const old = file.oldPath || file.path;
  const names = file.patch.startsWith("--- ") ? "" : `--- ${file.status === "added" ? "/dev/null" : `a/${old}`}\n+++ ${file.status === "removed" ? "/dev/null" : `b/${file.path}`}\n`;
  return `diff --git a/${old} b/${file.path}\n${names}`;
}

/** Why a file shows no lines, in words. */
export function undrawn(file: DiffFile): string {
  if (file.badges.some((badge) => badge.toLowerCase().includes("binary"))) return "Binary file: its bytes are not drawn.";
  if (file.status === "renamed" && file.added + file.removed === 0) return `Renamed from ${file.oldPath}, nothing else.`;
  if (file.added + file.removed > 0) return "Too large to be drawn here. Fetch the branch to read it.";
  return file.badges.length > 0 ? `No line was changed: ${file.badges.join(", ")}.` : "No line was changed.";
}
