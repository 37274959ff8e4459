import { useEffect } from "react";
import { me } from "@/app/session";
import { fresh, mergedWord } from "@/features/decide/landed";
import { plural } from "@/lib/money";
import { peek, watchLists } from "@/live/store";
import { follow, notify } from "@/ui/toast";
import type { Run } from "@/wire/types";

/** Says when what this person approved is true: in the receipt that still stands there, else as a notice of its own. */
function tell(run: Run): void {
  const mine = run.commands.some((one) => (one.verb === "merge" || one.verb === "approve") && one.by === me().person.name);
  if (!mine || follow(run.id, mergedWord(run), (count) => `Merged ${plural(count, "run")}`)) return;
  const word = mergedWord(run);
  notify({ text: `${run.ticket.key}: ${word.charAt(0).toLowerCase()}${word.slice(1)}` });
}

export function useMergedNotices(): void {
  useEffect(() => {
    const seen = new Map<string, string>();
    const look = () => fresh(seen, peek().runs.values()).forEach(tell);
    look();
    return watchLists(look);
  }, []);
}
