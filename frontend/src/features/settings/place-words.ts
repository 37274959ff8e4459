import type { PlaceWish } from "@/wire/types";

/** Labels as lines of key=value, as people write them. */
export const linesOf = (labels: Readonly<Record<string, string>>): string => Object.entries(labels).map(([key, value]) => `${key}=${value}`).join("\n");

/** The same back; undefined when a line has no key. What a key and a value may be is the platform's to say. */
export function labelsOf(text: string): Record<string, string> | undefined {
  const pairs = text.split(/[\n,]/).map((line) => line.trim()).filter((line) => line !== "").map((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [line, ""] as const : [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
  });
  return pairs.some(([key]) => key === "") ? undefined : Object.fromEntries(pairs);
}

/** What stands in the boxes. */
export interface PlaceText { image: string; cpu: string; memoryMb: string; diskMb: string; runtimeClass: string; nodeSelector: string; labels: string }

const textOf = (amount: number | null | undefined): string => (amount === null || amount === undefined ? "" : String(amount));

export const placeText = (place: PlaceWish): PlaceText => ({
  image: place.image, cpu: textOf(place.cpu), memoryMb: textOf(place.memoryMb), diskMb: textOf(place.diskMb), runtimeClass: place.runtimeClass,
  nodeSelector: linesOf(place.nodeSelector), labels: linesOf(place.labels),
});

/** null: the box is empty, so the installation's own; undefined: it holds no number. */
function amount(text: string, whole: boolean): number | null | undefined {
  if (text.trim() === "") return null;
  const found = Number(text.replace(",", ".").trim());
  return !Number.isFinite(found) || found <= 0 || (whole && !Number.isInteger(found)) ? undefined : found;
}

/** What the boxes say, or the name of the first one that says nothing that could be sent. */
export function placeOf(text: PlaceText): PlaceWish | string {
  const cpu = amount(text.cpu, false), memoryMb = amount(text.memoryMb, true), diskMb = amount(text.diskMb, true);
  const nodeSelector = labelsOf(text.nodeSelector), labels = labelsOf(text.labels);
  if (cpu === undefined) return "Processors";
  if (memoryMb === undefined) return "Memory";
  if (diskMb === undefined) return "Disk";
  if (nodeSelector === undefined) return "Node selector";
  if (labels === undefined) return "Labels";
  return { image: text.image.trim(), cpu, memoryMb, diskMb, runtimeClass: text.runtimeClass.trim(), nodeSelector, labels };
}
