import type { Chapter } from "@/features/run/derive";
import type { Checkpoint } from "@/wire/types";

/** Where a rewind was asked for: at a step of the plan, or at a checkpointed step of the timeline. */
export type Back = { plan: number } | { step: number };

/** The newest checkpoint at or before the place that was pointed at; `usable` is newest first. */
export function target(usable: readonly Checkpoint[], parts: readonly Chapter[], back: Back): Checkpoint | undefined {
  const step = "step" in back ? back.step : parts.filter((part) => part.plan === back.plan && !part.undone).at(-1)?.lastStep;
  if (step === undefined) return usable[0];
  return usable.find((one) => one.step <= step) ?? usable.at(-1);
}
