import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The platform serves what is built under /static/; while developing, the mock or a real server answers on 8600.
export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: { manifest: true, assetsInlineLimit: 0, target: "es2022", chunkSizeWarningLimit: 1200 },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8600", "/live": { target: "ws://127.0.0.1:8600", ws: true } } },
}));
