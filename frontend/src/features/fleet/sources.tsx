import { CircleCheck, CircleDashed, Clock, Unplug } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useMe } from "@/app/session";
import { sourceDetail, sourceName } from "@/features/fleet/source-words";
import { useNow } from "@/live/clock";
import { cx } from "@/lib/cx";
import { span } from "@/lib/time";
import { Lines } from "@/ui/section";
import type { Source } from "@/wire/types";

const TONE: Record<Source["state"], string> = { live: "text-done", idle: "text-elsewhere", late: "text-needs", broken: "text-broken" };
const ICON = { live: CircleCheck, idle: CircleDashed, late: Clock, broken: Unplug };

export function Sources({ sources }: { sources: readonly Source[] }) {
  return <Lines label="Sources">{sources.map((source) => <SourceRow key={source.name} source={source} />)}</Lines>;
}

function SourceRow({ source }: { source: Source }) {
  const now = useNow();
  const who = useMe();
  const Icon = ICON[source.state];
  return (
    <li className="flex min-h-11 items-start gap-3 py-2">
      <Icon size={14} className={cx("mt-[3px] shrink-0", TONE[source.state])} aria-hidden />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{sourceName(source)}</span>
        <span className="block break-words text-text-2">{source.note}</span>
        {who.owner && source.name === "Outbox" && source.state === "broken" && <Link to="/settings" search={{ part: "Installation" }} className="block text-accent-text underline">Try again or give up</Link>}
        <span className="block break-words text-meta text-text-3">{sourceDetail(source)}</span>
      </span>
      <span className={cx("w-12 shrink-0 text-meta font-medium leading-5", TONE[source.state])}>{source.state}</span>
      <span className="num w-10 shrink-0 text-right text-meta leading-5 text-text-2">{source.lastAt === null ? "" : span(now - source.lastAt)}</span>
    </li>
  );
}
