import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
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

/** Five steps in a strip below the page: they cover nothing and take no column from it, and you do the thing itself, not a copy of it. */
export function Tour() {
  const go = useNavigate();
  const [at, setAt] = useState(0);
  const step = STEPS[at]!;
  // Asked for from any page, it begins where its first step is.
  useEffect(() => void go({ to: STEPS[0].to }), []);
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
    <aside aria-label="Tour" className="enter hairline-t flex shrink-0 flex-wrap items-center gap-x-5 gap-y-2 bg-canvas px-5 py-2.5 max-tablet:fixed max-tablet:inset-x-3 max-tablet:bottom-20 max-tablet:z-40 max-tablet:rounded-panel max-tablet:bg-raised max-tablet:p-4 max-tablet:shadow-(--shadow)">
      <p className="num label shrink-0">Step {at + 1} of {STEPS.length}</p>
      <div className="min-w-0 flex-1 basis-96 max-tablet:basis-full">
        <h2 className="font-semibold">{step.title}</h2>
        <p className="text-text-2">{step.text}</p>
      </div>
      <div className="ml-auto flex shrink-0 gap-2">
        <Button look="ghost" onClick={end}>End tour</Button>
        <Button look="primary" onClick={() => move(at + 1)}>{at + 1 < STEPS.length ? "Next" : "Finish"}</Button>
      </div>
    </aside>
  );
}
