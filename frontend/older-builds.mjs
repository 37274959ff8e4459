// Before a build: what the last one made is kept for pages that are open, some days from now on; what is older goes.
import { existsSync, readFileSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";

const KEPT_DAYS = 14, assets = "dist/assets", now = Date.now();
if (existsSync(assets) && existsSync("dist/.vite/manifest.json")) {
  const last = readFileSync("dist/.vite/manifest.json", "utf8");
  for (const name of readdirSync(assets)) {
    const path = `${assets}/${name}`;
    if (last.includes(name)) utimesSync(path, now / 1000, now / 1000);
    else if (now - statSync(path).mtimeMs > KEPT_DAYS * 86_400_000) rmSync(path);
  }
}
