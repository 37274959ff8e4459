import { against, money, plural } from "@/lib/money";
import { cx } from "@/lib/cx";

export function Meter({ share, label, tone }: { share: number; label: string; tone: "calm" | "near" | "over" }) {
  const colour = { calm: "bg-text-3", near: "bg-needs-solid", over: "bg-failed" }[tone];
  return (
    <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}
      className="h-1 w-full overflow-hidden rounded-full bg-line">
      <div className={cx("h-full rounded-full", colour)} style={{ width: `${Math.max(share * 100, 1)}%` }} />
    </div>
  );
}

/** Spent against the cap. Calm until 80 %, amber after, red and a word at the cap. */
export function CostMeter({ spent, cap, currency, wide }: { spent: number; cap: number; currency: string; wide?: boolean }) {
  const { share, near, over } = against(spent, cap);
  const tone = over ? "over" : near ? "near" : "calm";
  return (
    <div className={cx("flex flex-col gap-1.5", wide && "w-full")}>
      <div className="num flex items-baseline gap-1 text-meta">
        <span className={cx("font-medium", over ? "text-failed" : near ? "text-needs" : "text-text")}>{money(spent, currency)}</span>
        <span className="text-text-3">{cap === 0 ? "no cap" : `of ${money(cap, currency)}`}</span>
        {over && <span className="ml-auto font-medium text-failed">cap reached</span>}
        {wide && cap > 0 && !over && <span className="ml-auto text-text-3">{money(cap - spent, currency)} left</span>}
      </div>
      <Meter share={share} tone={tone} label={cap === 0 ? `Spent ${money(spent, currency)}, no cap` : `Spent ${money(spent, currency)} of ${money(cap, currency)}`} />
    </div>
  );
}

/** Plan steps as a row of ticks: done, active, to do. Twelve at most; more are summed in the word beside it. */
export function StepTicks({ done, total, active }: { done: number; total: number; active: boolean }) {
  return (
    <span className="inline-flex min-w-0 shrink items-center gap-[3px] overflow-hidden" role="img" aria-label={`${done} of ${plural(total, "step")} done`}>
      {Array.from({ length: total }, (_, i) => (
        <span key={i} className={cx("h-[3px] rounded-full", total > 6 ? "w-2 min-w-[2px]" : "w-2.5 min-w-[3px]", i < done ? "bg-text-3" : i === done && active ? "bg-working" : "bg-line-strong")} />
      ))}
    </span>
  );
}
