import { useMemo, useState } from "react";
import { getEventsBefore } from "@/live/api/snapshot";
import { useTimeline } from "@/live/hooks";
import { notify } from "@/ui/toast";
import { sayError } from "@/lib/http";
import type { TimelineEvent } from "@/wire/types";

/** The live end of the ledger with what was read before it. The first line of a stream has seq 1. */
export function useEarlier(run: string): { events: readonly TimelineEvent[]; more: boolean; reading: boolean; readMore: () => void } {
  const live = useTimeline(run);
  const [older, setOlder] = useState<readonly TimelineEvent[]>([]);
  const [atStart, setAtStart] = useState(false);
  const [reading, setReading] = useState(false);
  const events = useMemo(() => {
    const first = live[0]?.seq ?? Number.MAX_SAFE_INTEGER;
    return [...older.filter((event) => event.seq < first), ...live];
  }, [live, older]);
  const first = events[0]?.seq ?? 1;
  const readMore = () => {
    setReading(true);
    getEventsBefore(run, first)
      .then((answer) => {
        setAtStart(answer.events.length === 0);
        setOlder((before) => [...answer.events.filter((event) => event.seq < first), ...before]);
      })
      .catch((error: unknown) => notify({ text: sayError(error), failed: true }))
      .finally(() => setReading(false));
  };
  return { events, more: first > 1 && !atStart, reading, readMore };
}
