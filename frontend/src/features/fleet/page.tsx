import { useQuery } from "@tanstack/react-query";
import { PageHead } from "@/app/page-head";
import { getFleet } from "@/features/fleet/api/fleet";
import { AttemptTable } from "@/features/fleet/attempts";
import { free } from "@/features/fleet/free";
import { Places } from "@/features/fleet/places";
import { Providers } from "@/features/fleet/providers";
import { QueueTable } from "@/features/fleet/queue";
import { Sources } from "@/features/fleet/sources";
import { plural } from "@/lib/money";
import { Reading } from "@/ui/failure";
import { Section } from "@/ui/section";
import type { Fleet } from "@/wire/types";

/** Is it idle or is it broken? First the platform's own parts, then who holds places, then who waits for one and why. */
export function FleetPage() {
  const fleet = useQuery({ queryKey: ["fleet"], queryFn: getFleet, refetchInterval: 5000 });
  return (
    <div className="flex h-full flex-col">
      <PageHead title="Fleet" fact={fleet.data && `${fleet.data.places.used} of ${plural(fleet.data.places.all, "place")} of your projects in use, ${plural(fleet.data.queue.length, "run")} queued`} />
      <div tabIndex={0} role="region" aria-label="Fleet" className="hairline-t min-h-0 flex-1 overflow-y-auto px-5 py-5 max-tablet:px-4">
        <Reading read={fleet} what="The fleet could not be read.">{(data) => <Known fleet={data} />}</Reading>
      </div>
    </div>
  );
}

function Known({ fleet }: { fleet: Fleet }) {
  return (
    <div className="grid max-w-[1500px] grid-cols-[minmax(0,1fr)_minmax(0,1fr)] gap-x-10 gap-y-8 max-desk:grid-cols-1 wide:max-w-none">
      <div className="flex flex-col gap-8">
        <Section title="Quarterdeck itself" aside="each part, and when it last gave a sign"><Sources sources={fleet.sources} /></Section>
        <Section title="Model providers"><Providers providers={fleet.providers} /></Section>
      </div>
      <div className="flex flex-col gap-8">
        <Section title="Places of your projects" aside={<span className="num">{free(fleet)} free</span>}><Places places={fleet.places} inAll={fleet.placesInAll} backend={fleet.backend} /></Section>
        <Section title="Waiting for a place, and why"><QueueTable queue={fleet.queue} /></Section>
      </div>
      <Section title="Agents at work" className="col-span-full"><AttemptTable attempts={fleet.attempts} /></Section>
    </div>
  );
}
