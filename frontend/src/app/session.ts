import { http } from "@/lib/http";
import { savedSignal, signal, useSignal } from "@/lib/signal";
import { onChanged } from "@/live/changed";
import type { Me } from "@/wire/types";

export type Theme = "system" | "light" | "dark";
export type Density = "compact" | "roomy";

export const theme = savedSignal<Theme>("qd.theme", "system", ["system", "light", "dark"]);
export const density = savedSignal<Density>("qd.density", "compact", ["compact", "roomy"]);
export const tourDone = savedSignal<"yes" | "no">("qd.tour", "no", ["yes", "no"]);

const NOBODY: Me = { person: { id: "", name: "" }, email: "", roles: {}, owner: false, rehearsal: false, version: "" };
const session = signal<Me>(NOBODY);

/** Who looks. Read before the first page is drawn, and again when a membership or a connection changes. */
export async function loadMe(): Promise<void> {
  session.set(await http.get<Me>("/me"));
}
onChanged(({ what }) => { if (what === "member" || what === "connection" || what === "settings") void loadMe().catch(() => undefined); });

export const me = (): Me => session.get();
export const useMe = (): Me => useSignal(session);

const decides = (role: string | undefined): boolean => role === "supervisor" || role === "admin";

export const mayDecide = (who: Me, project: string): boolean => who.owner || decides(who.roles[project]);
export const mayAdmin = (who: Me, project: string): boolean => who.owner || who.roles[project] === "admin";
/** Bob watches: he sees everything and decides nothing. */
export const watchesOnly = (who: Me): boolean => !who.owner && !Object.values(who.roles).some(decides);

export const useMayDecide = (project: string): boolean => mayDecide(useMe(), project);

const dark = matchMedia("(prefers-color-scheme: dark)");

function paint(): void {
  const wanted = theme.get();
  document.documentElement.dataset["theme"] = wanted === "system" ? (dark.matches ? "dark" : "light") : wanted;
  painted.set(document.documentElement.dataset["theme"] === "dark" ? "dark" : "light");
}

export const painted = signal<"light" | "dark">("light");
const space = (): void => { document.documentElement.dataset["density"] = density.get(); };
density.watch(space);
space();
theme.watch(paint);
dark.addEventListener("change", paint);
paint();

export const usePainted = (): "light" | "dark" => useSignal(painted);
