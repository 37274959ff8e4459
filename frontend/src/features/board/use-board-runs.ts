import { useMemo } from "react";
import { matches, type Filter } from "@/features/board/filter";
import { useRuns } from "@/live/hooks";
import { useNow } from "@/live/clock";
import { attentionNow } from "@/lib/attention";
import type { Attention, Run } from "@/wire/types";

export interface Placed { run: Run; attention: Attention }

/** The filtered runs with who must act now. Silence moves a card too, so the cut is looked at again every few seconds. */
export function useBoardRuns(filter: Filter): Placed[] {
  const all = useRuns();
  const now = useNow();
  const silent = all.filter((run) => attentionNow(run, now) !== run.attention).map((run) => run.id).join(" ");
  return useMemo(
    () => all.map((run) => ({ run, attention: attentionNow(run, now) })).filter((one) => matches(one.run, one.attention, filter)),
    [all, filter, silent],
  );
}
