import { Link } from "@tanstack/react-router";
import { ATTEMPT_TONE, ATTEMPT_WORD } from "@/features/run/side";
import { cx } from "@/lib/cx";
import { span, timeOfDay } from "@/lib/time";
import { useNow } from "@/live/clock";
import type { FleetAttempt } from "@/wire/types";

const HEADS = ["Run", "Attempt", "State", "Place", "Doing", "Started", "Last sign"];

/** Every attempt that holds a place, newest first: who it is, where, and when it last said something. */
export function AttemptTable({ attempts }: { attempts: readonly FleetAttempt[] }) {
  if (attempts.length === 0) return <p className="text-text-2">No place is taken. Agents that wait for a person have given theirs back.</p>;
  const rows = attempts.toSorted((a, b) => b.startedAt - a.startedAt);
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Attempts table">
      <table className="w-full min-w-[720px] text-left">
        <thead className="label"><tr>{HEADS.map((name) => <th key={name} className="py-1.5 pr-4 font-medium">{name}</th>)}</tr></thead>
        <tbody className="divide-y divide-line">{rows.map((one) => <AttemptRow key={`${one.run}-${one.epoch}`} attempt={one} />)}</tbody>
      </table>
    </div>
  );
}

function AttemptRow({ attempt }: { attempt: FleetAttempt }) {
  const now = useNow();
  return (
    <tr className="h-9">
      <td className="pr-4"><Link to="/runs/$id" params={{ id: attempt.run }} className="hover:underline"><span className="mono">{attempt.ticketKey}</span></Link></td>
      <td className="num pr-4 text-text-2">{attempt.epoch}</td>
      <td className={cx("pr-4 font-medium", ATTEMPT_TONE[attempt.state])}>{ATTEMPT_WORD[attempt.state]}</td>
      <td className="mono pr-4 text-text-2">{attempt.place}</td>
      <td className="min-w-48 max-w-80 break-words py-1.5 pr-4 text-text-2">{attempt.doing}</td>
      <td className="num pr-4 text-meta text-text-2">{timeOfDay(attempt.startedAt)}</td>
      <td className="num text-meta text-text-2">{attempt.lastSignAt === null ? "none yet" : `${span(now - attempt.lastSignAt)} ago`}</td>
    </tr>
  );
}
