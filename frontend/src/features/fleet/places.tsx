import { cx } from "@/lib/cx";
import { plural } from "@/lib/money";
import type { Places as PlacesView } from "@/wire/types";

const DRAWN = 60;
const MADE: Record<string, string> = { local: "Each is a sandbox on this machine", pods: "Each is a pod" };

/** One square for each place that these projects may hold: taken, or free. Below, what all projects share. */
export function Places({ places, inAll, backend }: { places: PlacesView; inAll: PlacesView; backend: string }) {
  return (
    <div className="flex flex-col gap-2">
      <span className="flex flex-wrap gap-1" role="img" aria-label={`${places.used} of ${plural(places.all, "place")} of your projects in use`}>
        {Array.from({ length: Math.min(DRAWN, places.all) }, (_, i) => <span key={i} className={cx("size-3 rounded-[3px]", i < places.used ? "bg-working" : "ring-1 ring-inset ring-line-strong")} />)}
      </span>
      <p className="num text-text-2">The whole installation: {inAll.used} of {plural(inAll.all, "place")} in use</p>
      {backend && <p className="text-text-2">{MADE[backend] ?? backend}</p>}
    </div>
  );
}
