import { Link } from "@tanstack/react-router";
import { Eye, FlaskConical, LoaderCircle, Unplug } from "lucide-react";
import { useMe, watchesOnly } from "@/app/session";
import { useSignal } from "@/lib/signal";
import { span } from "@/lib/time";
import { line, nextTryAt } from "@/live/connection";
import { useNow } from "@/live/clock";
import { tryNow } from "@/live/socket";
import { Banner } from "@/ui/banner";
import { Button } from "@/ui/button";

/** What is unusual about everything on the page. Each takes its own line; none covers work. */
export function Banners() {
  const state = useSignal(line);
  const who = useMe();
  return (
    <>
      {state === "offline" && <Offline />}
      {state === "catching up" && <Banner tone="working" icon={<LoaderCircle size={15} className="ring-spin" />}>Connected again. Catching up with what happened meanwhile.</Banner>}
      {watchesOnly(who) && <Banner icon={<Eye size={15} />}>{who.person.name} watches: everything can be read, nothing can be decided. An admin of the project can give the right to supervise.</Banner>}
      {who.rehearsal && (
        <Banner tone="working" icon={<FlaskConical size={15} />} action={<Link to="/settings" search={{ part: "Models" }} className="tap inline-flex shrink-0 items-center font-medium underline">Add a model</Link>}>
          Rehearsal: a scripted model plays the agent, nothing is spent<span className="max-tablet:hidden">, no key is used; the prices shown are made up</span>.
        </Banner>
      )}
    </>
  );
}

function Offline() {
  useNow();
  const wait = Math.max(0, useSignal(nextTryAt) - Date.now());
  return (
    <Banner tone="broken" icon={<Unplug size={15} />} alert action={<Button size="small" onClick={tryNow}>Try now</Button>}>
      No connection to Quarterdeck. You see the state as it was; decisions are off until it is back. <span className="num" aria-hidden>Next try in {span(wait)}.</span>
    </Banner>
  );
}
