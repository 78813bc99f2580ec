import { registerHooks } from 'node:module'

// Puts a ledger that writes nothing in the place of the gateway's own, in the process that imports this. Only for
// measuring what recording costs: the product has no such switch.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    return found.url.endsWith('/src/ledger/ledger-log.ts') && !context.parentURL?.includes('/bench/')
      ? { ...found, url: new URL('no-ledger-log.ts', import.meta.url).href }
      : found
  },
})
