import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The platform serves what is built under /static/; while developing, the mock or a real server answers on 8600.
export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: { manifest: true, emptyOutDir: false, assetsInlineLimit: 0, target: "es2022", chunkSizeWarningLimit: 1200,
    // The sign-in page is no part of the build and uses the same font: this file keeps its name.
    rollupOptions: { output: { assetFileNames: (file) => (file.names.includes("inter-latin-wght-normal.woff2") ? "assets/[name][extname]" : "assets/[name]-[hash][extname]") } },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8600", "/live": { target: "ws://127.0.0.1:8600", ws: true } } },
}));
