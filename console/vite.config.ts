import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: { target: 'es2023', cssTarget: ['chrome123', 'firefox120', 'safari17.5'], sourcemap: false, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
})
