import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { SquareCheckBig } from "lucide-react";
import { Dialog } from "radix-ui";
import { useActiveBindings } from "@/app/keys";
import { open } from "@/app/overlays";
import { Fitness } from "@/features/tickets/rows";
import { useTickets } from "@/features/tickets/use-tickets";
import { reveal } from "@/lib/invisible";
import { useRuns } from "@/live/hooks";
import { Kbd } from "@/ui/kbd";
import { StateIcon } from "@/ui/state";

const ITEM = "tap flex min-h-8 items-center gap-2.5 rounded-control px-2 py-1 data-[selected=true]:bg-selected";
const GROUP = "[&_[cmdk-group-heading]]:label [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:pt-2";

/** Moves of the cursor are quicker by key than by name: they stay out. */
const CURSOR = /^((shift\+)?[hjklx]|[1-5.]|enter|escape|mod\+k)$/;

/** Of each kind at the most: more are found by more letters, and drawing all of them would be felt. */
const MOST = 300;

/** Every word as it was typed, anywhere: letters that only happen to stand in that order find nothing. */
const holds = (value: string, typed: string): number => (typed.toLowerCase().split(/\s+/).every((word) => value.toLowerCase().includes(word)) ? 1 : 0);

/** Everything by name: first what can be done here, then runs by ticket, then the tickets themselves. */
export function Palette() {
  const go = useNavigate();
  const runs = useRuns();
  const tickets = useTickets();
  // Places first: Enter on a palette just opened must decide nothing.
  const bindings = useActiveBindings().filter((binding) => !CURSOR.test(binding.keys)).sort((a, b) => Number(b.group === "Go to") - Number(a.group === "Go to"));
  const close = () => open.set(null);
  const act = (what: () => void) => () => { close(); requestAnimationFrame(what); };
  return (
    <Dialog.Root open onOpenChange={(next) => { if (!next) close(); }}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-[oklch(0.2_0.02_245/0.35)]" />
        <Dialog.Content aria-describedby={undefined} className="enter fixed left-1/2 top-[14vh] z-50 w-[min(600px,calc(100vw-24px))] -translate-x-1/2 overflow-hidden rounded-panel bg-raised shadow-(--shadow)">
          <Dialog.Title className="sr-only">Command palette</Dialog.Title>
          <Command label="Command palette" loop filter={holds}>
            <Command.Input autoFocus placeholder="A ticket, a run, a page or something to do" className="hairline-b h-12 w-full bg-transparent px-4 text-lead outline-none placeholder:text-text-3" />
            <Command.List aria-label="Results" tabIndex={0} className="max-h-[52vh] overflow-y-auto p-2">
              <Command.Empty className="px-2 py-6 text-center text-text-2">Nothing by that name. Try a ticket key, such as the one on a card.</Command.Empty>
              <Command.Group heading="Do" className={GROUP}>
                {bindings.map((binding) => (
                  <Command.Item key={binding.group + binding.does} value={`${binding.does} ${binding.group}`} onSelect={act(binding.run)} className={ITEM}>
                    <span className="flex-1">{binding.does}</span>
                    <span className="text-meta text-text-3">{!binding.does.startsWith(binding.group) && binding.group}</span>
                    <Kbd>{binding.keys}</Kbd>
                  </Command.Item>
                ))}
              </Command.Group>
              <Command.Group heading="Runs" className={GROUP}>
                {runs.slice(0, MOST).map((run) => (
                  <Command.Item key={run.id} value={`${run.ticket.key} ${run.ticket.title}`} className={ITEM}
                    onSelect={act(() => void go({ to: "/runs/$id", params: { id: run.id } }))}>
                    <StateIcon state={run.attention} still />
                    <span className="mono w-16 shrink-0 text-text-2">{run.ticket.key}</span>
                    <span className="min-w-0 flex-1 truncate">{run.ticket.title}</span>
                  </Command.Item>
                ))}
              </Command.Group>
              <Command.Group heading="Tickets" className={GROUP}>
                {(tickets.data ?? []).slice(0, MOST).map((ticket) => (
                  <Command.Item key={ticket.id} value={`ticket ${ticket.key} ${ticket.title}`} className={ITEM}
                    onSelect={act(() => void go({ to: "/tickets", search: { ticket: ticket.id } }))}>
                    <SquareCheckBig size={14} aria-hidden className="shrink-0 text-text-3" />
                    <span className="mono w-16 shrink-0 text-text-2">{ticket.key}</span>
                    <span className="min-w-0 flex-1 truncate">{reveal(ticket.title)}</span>
                    <Fitness ticket={ticket} />
                  </Command.Item>
                ))}
              </Command.Group>
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
