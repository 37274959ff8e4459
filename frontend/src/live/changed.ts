import type { ChangedFrame } from "@/wire/types";

type Listener = (frame: Pick<ChangedFrame, "what" | "id">) => void;
const listeners = new Set<Listener>();

/** "Fetch it again": tickets, projects, connections and members are read by page, so whoever shows them listens here. */
export function onChanged(listener: Listener): () => void {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}

export const tellChanged: Listener = (frame) => listeners.forEach((tell) => tell(frame));
