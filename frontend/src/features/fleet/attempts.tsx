import { Link } from "@tanstack/react-router";
import { ATTEMPT_TONE, ATTEMPT_WORD } from "@/features/run/side";
import { cx } from "@/lib/cx";
import { span, timeOfDay } from "@/lib/time";
import { useNow } from "@/live/clock";
import type { FleetAttempt } from "@/wire/types";

const HEADS = ["Run", "Attempt", "State", "Place", "Doing", "Started", "Last sign"];
/** A phone shows these; what the others say stands below the run's key there. */
const NARROW = ["Run", "State", "Last sign"];
const WIDE = "max-tablet:hidden";

/** Every attempt that holds a place, newest first: who it is, where, and when it last said something. */
export function AttemptTable({ attempts }: { attempts: readonly FleetAttempt[] }) {
  if (attempts.length === 0) return <p className="text-text-2">No place is taken. Agents that wait for a person have given theirs back.</p>;
  const rows = attempts.toSorted((a, b) => b.startedAt - a.startedAt);
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Agents at work, table">
      <table className="w-full text-left tablet:min-w-[720px]">
        <thead className="label"><tr>{HEADS.map((name) => <th key={name} className={cx("whitespace-nowrap py-1.5 pr-4 font-medium", !NARROW.includes(name) && WIDE)}>{name}</th>)}</tr></thead>
        <tbody className="divide-y divide-line">{rows.map((one) => <AttemptRow key={`${one.run}-${one.epoch}`} attempt={one} />)}</tbody>
      </table>
    </div>
  );
}

function AttemptRow({ attempt }: { attempt: FleetAttempt }) {
  const now = useNow();
  return (
    <tr className="h-9 max-tablet:align-top max-tablet:*:py-2">
      <td className="pr-4 max-tablet:w-full">
        <Link to="/runs/$id" params={{ id: attempt.run }} title={attempt.title} className="hover:underline"><span className="mono">{attempt.ticketKey}</span></Link>
        <span className="block break-words text-text-2 tablet:hidden">{attempt.doing}</span>
        <span className="num block break-all text-meta text-text-3 tablet:hidden">Attempt {attempt.epoch} since {timeOfDay(attempt.startedAt)}, {attempt.place}</span>
      </td>
      <td className={cx("num pr-4 text-text-2", WIDE)}>{attempt.epoch}</td>
      <td className={cx("whitespace-nowrap pr-4 font-medium", ATTEMPT_TONE[attempt.state])}>{ATTEMPT_WORD[attempt.state]}</td>
      <td className={cx("mono pr-4 text-text-2", WIDE)}>{attempt.place}</td>
      <td className={cx("min-w-48 max-w-80 break-words py-1.5 pr-4 text-text-2", WIDE)}>{attempt.doing}</td>
      <td className={cx("num pr-4 text-meta text-text-2", WIDE)}>{timeOfDay(attempt.startedAt)}</td>
      <td className="num whitespace-nowrap text-meta text-text-2">{attempt.lastSignAt === null ? "none yet" : `${span(now - attempt.lastSignAt)} ago`}</td>
    </tr>
  );
}
