import { CircleCheck, CircleDashed, TrendingDown, Unplug } from "lucide-react";
import { cx } from "@/lib/cx";
import { plural } from "@/lib/money";
import { Lines } from "@/ui/section";
import type { Provider } from "@/wire/types";

const ICON = { steady: CircleCheck, "backing off": TrendingDown, unreachable: Unplug, unknown: CircleDashed };
const TONE: Record<Provider["state"], string> = { steady: "text-done", "backing off": "text-needs", unreachable: "text-broken", unknown: "text-text-3" };

export function Providers({ providers }: { providers: readonly Provider[] }) {
  if (providers.length === 0) return <p className="text-text-2">None yet. Agents rehearse with a scripted model until one is added in Settings.</p>;
  return <Lines label="Providers">{providers.map((provider) => <ProviderRow key={provider.name} provider={provider} />)}</Lines>;
}

function ProviderRow({ provider }: { provider: Provider }) {
  const Icon = ICON[provider.state];
  return (
    <li className="flex min-h-11 items-center gap-3 py-1.5">
      <Icon size={14} className={cx("shrink-0", TONE[provider.state])} aria-hidden />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{provider.name} {provider.models.toLowerCase() !== provider.name.toLowerCase() && <span className="font-normal text-text-3">{provider.models}</span>}</span>
        <span className="block text-meta text-text-2">{provider.note}</span>
      </span>
      <span className={cx("shrink-0 text-meta font-medium", TONE[provider.state])}>{provider.state === "unknown" ? "not used yet" : provider.state}</span>
      <span className="num w-24 shrink-0 text-right empty:hidden text-meta text-text-2">{provider.inFlight > 0 && `${plural(provider.inFlight, "call")} now`}</span>
    </li>
  );
}
