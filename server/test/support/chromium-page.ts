import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { Page, Request } from 'playwright-core'

const library = readFileSync(createRequire(import.meta.url).resolve('mixpanel-browser/dist/mixpanel.umd.js'))
const page = Buffer.from(`<!doctype html><meta charset="utf-8"><title>Shop</title>
<script src="/mixpanel.js"></script><h1>Shop</h1>`)

export interface Shop {
  /** Where the pages are: another origin, and another site, than the API. */
  readonly origin: string
  close(): Promise<void>
}

/** Serves a page with the official browser library, as npm has it. */
export const openShop = async (): Promise<Shop> => {
  const server = createServer((request, reply) => {
    const isLibrary = request.url === '/mixpanel.js'
    reply.setHeader('Content-Type', isLibrary ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8')
    reply.end(isLibrary ? library : page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface SentRequest {
  /** Host and path, without query. */
  readonly target: string
  readonly method: string
}

export interface Visit {
  readonly page: Page
  /** What the page sent to hosts other than its own, in order, beacons included. */
  readonly sent: readonly SentRequest[]
  /** Runs `body` in the page with `mixpanel` and `args`; what it returns comes back. */
  run<T = void>(body: string, ...args: readonly unknown[]): Promise<T>
}

/** Opens the shop and starts the library there, with `settings` of `mixpanel.init`. */
export const visit = async (at: Page, origin: string, token: string, settings: object): Promise<Visit> => {
  const sent: SentRequest[] = []
  at.on('request', (request: Request) => {
    const url = new URL(request.url())
    if (url.origin !== origin) sent.push({ target: url.host + url.pathname, method: request.method() })
  })
  await at.goto(`${origin}/products?utm_source=newsletter`)
  const run = <T>(body: string, ...args: readonly unknown[]): Promise<T> =>
    at.evaluate(
      ([source, values]) =>
        new Function('mixpanel', 'args', `return (async () => { ${source} })()`)(
          Reflect.get(globalThis, 'mixpanel'),
          values,
        ),
      [body, args] as const,
    )
  await run('mixpanel.init(args[0], args[1])', token, settings)
  return { page: at, sent, run }
}
