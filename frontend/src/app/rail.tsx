import { Link } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import { HealthStrip } from "@/app/health-strip";
import { PLACES, type Place } from "@/app/nav";
import { assign, open } from "@/app/overlays";
import { UserMenu } from "@/app/user-menu";
import { waiting } from "@/features/inbox/waiting";
import { useRequests, useRuns } from "@/live/hooks";
import { Count } from "@/ui/chip";
import { Kbd } from "@/ui/kbd";

/** Where you are, what waits, and whether the house is alive. 208 px wide, icons only below 1100 px, gone on a phone. */
export function Rail() {
  return (
    <nav aria-label="Main" className="flex w-52 shrink-0 flex-col gap-3 bg-canvas px-2 py-3 max-desk:w-[52px] max-tablet:hidden">
      <Logo />
      <div className="flex flex-col gap-0.5">
        <RailButton label="Find or do" keys="mod+k" icon={<Search size={15} />} onClick={() => open.set("palette")} />
        <RailButton label="Start a run" keys="c" icon={<Plus size={15} />} onClick={() => assign()} />
      </div>
      <ul className="flex flex-col gap-0.5">
        {PLACES.map((place) => <li key={place.to}><RailLink place={place} /></li>)}
      </ul>
      <div className="mt-auto flex flex-col gap-3">
        <HealthStrip />
        <UserMenu />
      </div>
    </nav>
  );
}

function Logo() {
  return (
    <div className="flex h-7 items-center gap-2 px-2 max-desk:justify-center max-desk:px-0">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden className="text-accent-text">
        <path d="M2 3h12v2H2zM2 7h9v2H2zM2 11h6v2H2z" fill="currentColor" />
      </svg>
      <span className="font-semibold tracking-[-0.01em] max-desk:sr-only">Quarterdeck</span>
    </div>
  );
}

const LINE = "group flex h-7 w-full items-center gap-2.5 rounded-control px-2 text-text-2 hover:bg-hover hover:text-text max-desk:h-9 max-desk:justify-center max-desk:px-0";

function RailButton({ label, keys, icon, onClick }: { label: string; keys: string; icon: React.ReactNode; onClick: () => void }) {
  return (
    <button type="button" className={LINE} onClick={onClick} title={label}>
      {icon}
      <span className="max-desk:sr-only">{label}</span>
      <span className="ml-auto max-desk:hidden"><Kbd>{keys}</Kbd></span>
    </button>
  );
}

function RailLink({ place }: { place: Place }) {
  const count = useCount(place.to);
  const Icon = place.icon;
  return (
    <Link to={place.to} title={place.label} className={LINE} activeProps={{ className: "bg-selected! text-text! font-medium" }}>
      <Icon size={15} aria-hidden />
      <span className="max-desk:sr-only">{place.label}</span>
      {count > 0 && <span className="ml-auto max-desk:hidden"><Count on={place.to === "/inbox"}>{count}</Count></span>}
    </Link>
  );
}

export function useCount(to: Place["to"]): number {
  const requests = useRequests();
  const runs = useRuns();
  if (to === "/inbox") return waiting(requests).length;
  if (to === "/review") return runs.filter((run) => run.attention === "ready").length;
  return 0;
}
