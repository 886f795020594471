import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = 'http://127.0.0.1:8080'

// `npm run dev:web` shows changes at once, in front of a server on port 8080; what is served for good is made by build.ts.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    // Nothing in data: URLs and nothing inline: the content security policy allows neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    target: 'es2023',
    emptyOutDir: true,
  },
  // The server takes calls of its own pages only: there it is asked as one of them.
  server: { proxy: { '^/(api|security|sso)/': { target: server, changeOrigin: true, headers: { origin: server } } } },
})
