import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Unplug } from "lucide-react";
import { getFleet } from "@/features/fleet/api/fleet";
import { sourceName, sourceWords } from "@/features/fleet/source-words";
import { cx } from "@/lib/cx";
import { useSignal } from "@/lib/signal";
import { span } from "@/lib/time";
import { useNow } from "@/live/clock";
import { line } from "@/live/connection";
import { Tip } from "@/ui/tip";

const SHOWN = 3;
const ROW = "flex min-h-6 items-center gap-2 rounded-control px-2 hover:bg-hover";

const LINE_WORDS = {
  live: "Live: what you see is what is.", starting: "Connecting: the first state is on its way.", offline: "Offline: you see the state as it was, and decisions are off.",
  "catching up": "Catching up with what happened while the line was gone.",
} as const;

/** How long ago each part of the platform gave a sign. Idle and broken must look different: a late source is named, an idle one only counts. */
export function HealthStrip() {
  const now = useNow();
  const state = useSignal(line);
  const fleet = useQuery({ queryKey: ["fleet"], queryFn: getFleet, refetchInterval: 15_000 });
  const live = state === "live";
  return (
    <div className="flex flex-col text-micro text-text-3">
      <Tip side="right" text={LINE_WORDS[state]}>
        <Link to="/fleet" className={cx(ROW, "font-medium max-desk:justify-center max-desk:px-0", live ? "text-done" : state === "starting" ? "text-text-3" : "text-broken")} title="State of the connections: opens fleet">
          {live ? <span className="size-1.5 rounded-full bg-done" /> : <Unplug size={12} aria-hidden />}
          <span className="max-desk:sr-only">{live ? "Live" : state === "offline" ? "Offline" : state === "starting" ? "Connecting" : "Catching up"}</span>
        </Link>
      </Tip>
      {fleet.data?.sources.slice(0, SHOWN).map((source) => (
        <Tip key={source.name} side="right" text={sourceWords(source, now)}>
          <Link to="/fleet" className={cx(ROW, "num justify-between max-desk:hidden", source.state === "late" && "text-needs", source.state === "broken" && "text-broken")}>
            <span className="shrink-0">{sourceName(source)}</span>
            <span className="min-w-0 truncate">{source.lastAt === null ? source.state : span(now - source.lastAt)}</span>
          </Link>
        </Tip>
      ))}
    </div>
  );
}
