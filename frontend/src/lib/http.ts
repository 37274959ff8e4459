import { parseRevealed } from "@/lib/invisible";
import { learnServerTime } from "@/lib/server-time";
import type { Refused } from "@/wire/types";

export const BASE = "/api/v1";
const LOGIN = "/accounts/login/";

/** What the platform said no with, or that it could not be reached (`status` 0). */
export class ApiError extends Error {
  constructor(readonly status: number, readonly refused: Refused) {
    super(refused.text);
  }
  /** Nobody knows whether it arrived, or the platform asks to come again: a write with a key may be sent again. */
  get again(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export const unreachable = (): ApiError => new ApiError(0, {
  reason: "unreachable", text: "No connection to Quarterdeck.", remedy: "Nothing was changed. Try again when the line is back.",
});

const cookie = (name: string): string => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

/** The page that asks for a password is the platform's own; it brings the person back to where they were. */
export function signIn(): void {
  location.assign(`${LOGIN}?next=${encodeURIComponent(location.pathname + location.search)}`);
}

async function refusalOf(answer: Response): Promise<Refused> {
  const body: unknown = await answer.json().catch(() => null);
  if (body && typeof body === "object" && "text" in body) return { reason: "refused", remedy: "", ...(body as Partial<Refused>) } as Refused;
  return { reason: "refused", text: `Quarterdeck answered ${answer.status}.`, remedy: "Try again; if it stays, the log of the web process says why." };
}

type Parse = <T>(json: string) => T;
const plainly: Parse = JSON.parse;

async function call<T>(method: string, path: string, body?: unknown, parse: Parse = plainly): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(BASE + path, {
    method, headers, credentials: "same-origin", ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => { throw unreachable(); });
  learnServerTime(answer.headers.get("Date"));
  if (answer.status === 401) signIn();
  if (!answer.ok) throw new ApiError(answer.status, await refusalOf(answer));
  return (answer.status === 204 ? undefined : parse<T>(await answer.text())) as T;
}

export const http = {
  get: <T>(path: string) => call<T>("GET", path, undefined, parseRevealed),
  /** As it was written, for what is edited and sent back. What draws it draws hidden characters itself. */
  getRaw: <T>(path: string) => call<T>("GET", path),
  post: <T>(path: string, body?: unknown) => call<T>("POST", path, body ?? {}),
  patch: <T>(path: string, body: unknown) => call<T>("PATCH", path, body),
  put: <T>(path: string, body: unknown) => call<T>("PUT", path, body),
  delete: <T>(path: string) => call<T>("DELETE", path),
};

/** Sends a write that carries its own key again while nobody knows whether it arrived. Waits 0.4, 0.8, 1.6 s. */
export async function sendKeyed<T>(send: () => Promise<T>, tries = 4): Promise<T> {
  for (let n = 1; ; n += 1) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiError) || !error.again || n >= tries) throw error;
      await new Promise((go) => setTimeout(go, 200 * 2 ** n));
    }
  }
}

/** One sentence for a person: what happened and what to do. */
export function sayError(error: unknown): string {
  if (error instanceof ApiError) return [error.refused.text, error.refused.remedy].filter(Boolean).join(" ");
  return error instanceof Error ? error.message : "Something failed in this page. Reload it.";
}
