import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "@/app/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { reloadOnNewerBuild } from "@/app/newer-build";
import { NoStart } from "@/app/no-start";
import { queries } from "@/app/query";
import { router } from "@/app/router";
import { loadMe } from "@/app/session";
import { ApiError, signIn } from "@/lib/http";
import { start } from "@/live/socket";
import { TipProvider } from "@/ui/tip";

reloadOnNewerBuild();
const root = createRoot(document.getElementById("root")!);
void boot(root);

/** First who looks, then the page; without an answer the page says so instead of staying white. */
async function boot(into: Root): Promise<void> {
  try {
    await loadMe();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return signIn();
    return into.render(<NoStart error={error} onRetry={() => void boot(into)} />);
  }
  start();
  into.render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <TipProvider>
          <RouterProvider router={router} />
        </TipProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
