import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Unplug } from "lucide-react";
import { getFleet } from "@/features/fleet/api/fleet";
import { cx } from "@/lib/cx";
import { useSignal } from "@/lib/signal";
import { span } from "@/lib/time";
import { useNow } from "@/live/clock";
import { line } from "@/live/connection";

const SHOWN = 3;

/** The ages of what feeds us. Idle and broken must look different: a late source is named, an idle one only counts. */
export function HealthStrip() {
  const now = useNow();
  const state = useSignal(line);
  const fleet = useQuery({ queryKey: ["fleet"], queryFn: getFleet, refetchInterval: 15_000 });
  const live = state === "live";
  return (
    <Link to="/fleet" className="flex flex-col gap-1 rounded-control px-2 py-1.5 text-micro text-text-3 hover:bg-hover max-desk:items-center max-desk:px-0" title="State of the connections: opens fleet">
      <span className={cx("flex items-center gap-1.5 font-medium", live ? "text-done" : state === "starting" ? "text-text-3" : "text-broken")}>
        {live ? <span className="size-1.5 rounded-full bg-done" /> : <Unplug size={12} aria-hidden />}
        <span className="max-desk:sr-only">{live ? "Live" : state === "offline" ? "Offline" : state === "starting" ? "Connecting" : "Catching up"}</span>
      </span>
      {fleet.data?.sources.slice(0, SHOWN).map((source) => (
        <span key={source.name} className={cx("num flex justify-between gap-2 max-desk:hidden", source.state === "late" && "text-needs", source.state === "broken" && "text-broken")}>
          <span className="min-w-0 truncate">{source.name}</span>
          <span>{source.lastAt === null ? "never" : span(now - source.lastAt)}</span>
        </span>
      ))}
    </Link>
  );
}
