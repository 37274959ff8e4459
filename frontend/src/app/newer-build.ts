const SOON_MS = 60_000;
const KEY = "quarterdeck.reloaded";

/** A part of this page is gone from the server: a newer build stands there. The page is loaded anew, once a minute at the most. */
export function reloadOnNewerBuild(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < SOON_MS) return;
    sessionStorage.setItem(KEY, String(Date.now()));
    event.preventDefault();
    window.location.reload();
  });
}
