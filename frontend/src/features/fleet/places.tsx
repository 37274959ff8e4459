import { cx } from "@/lib/cx";
import { plural } from "@/lib/money";
import type { Places as PlacesView } from "@/wire/types";

const DRAWN = 60;

/** One square for each place: taken, or free. */
export function Places({ places, backend }: { places: PlacesView; backend: string }) {
  return (
    <div className="flex flex-col gap-2">
      <span className="flex flex-wrap gap-1" role="img" aria-label={`${places.used} of ${plural(places.all, "place")} in use`}>
        {Array.from({ length: Math.min(DRAWN, places.all) }, (_, i) => <span key={i} className={cx("size-3 rounded-[3px]", i < places.used ? "bg-working" : "ring-1 ring-inset ring-line-strong")} />)}
      </span>
      {backend && <p className="text-text-2">{backend}</p>}
    </div>
  );
}
