import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { open } from "@/app/overlays";
import { tourDone } from "@/app/session";
import { Button } from "@/ui/button";

const STEPS = [
  { to: "/inbox", title: "Everything that needs you is here", text: "Agents stop and ask; the most urgent stands first. J and K move, A approves, R redirects with words." },
  { to: "/board", title: "The same runs, by who must act", text: "The first column waits for your answer, sealed work for your look in Ready. The rest moves by itself. C starts a run." },
  { to: "/review", title: "Evidence first, then the diff", text: "Which tests failed before and pass now, what the diff touches beyond the plan, what it cost." },
  { to: "/fleet", title: "Is it idle or is it broken?", text: "Who holds a place, who waits for one and why, and when each source was last heard of." },
  { to: "/settings", title: "Connect what is yours", text: "A repository with its test command, and a model. Each has a test that says what to mend." },
] as const;

/** Five steps beside what is there, in room of their own: they cover nothing, and you do the thing itself, not a copy of it. */
export function Tour() {
  const go = useNavigate();
  const [at, setAt] = useState(0);
  const step = STEPS[at]!;
  const end = () => {
    tourDone.set("yes");
    open.set(null);
  };
  const move = (next: number) => {
    const target = STEPS[next];
    if (!target) return end();
    setAt(next);
    void go({ to: target.to });
  };
  return (
    <aside aria-label="Tour" className="enter flex w-72 shrink-0 flex-col justify-end border-l border-line bg-canvas p-3 max-desk:w-60 max-tablet:fixed max-tablet:inset-x-3 max-tablet:bottom-20 max-tablet:z-40 max-tablet:w-auto max-tablet:border-0 max-tablet:bg-transparent max-tablet:p-0">
      <div className="rounded-panel bg-raised p-4 ring-1 ring-inset ring-line max-tablet:shadow-(--shadow)">
      <p className="num label">Step {at + 1} of {STEPS.length}</p>
      <h2 className="mt-1 text-lead font-semibold">{step.title}</h2>
      <p className="mt-1 text-text-2">{step.text}</p>
      <div className="mt-3 flex gap-2">
        <Button look="ghost" onClick={end}>End tour</Button>
        <Button look="primary" className="ml-auto" onClick={() => move(at + 1)}>{at + 1 < STEPS.length ? "Next" : "Finish"}</Button>
      </div>
      </div>
    </aside>
  );
}
