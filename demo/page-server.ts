import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportLines, exportPath } from './measure.ts'
import type { Tour } from './tour.ts'

export interface PageServer {
  readonly url: string
  close(): Promise<void>
}

const pageFolder = join(import.meta.dirname, 'page')
const sdkFile = join(dirname(fileURLToPath(import.meta.resolve('mixpanel-browser'))), 'mixpanel.umd.js')
const shownEventCount = 20

const files: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': [join(pageFolder, 'index.html'), 'text/html; charset=utf-8'],
  '/page.js': [join(pageFolder, 'page.js'), 'text/javascript; charset=utf-8'],
  '/page.css': [join(pageFolder, 'page.css'), 'text/css; charset=utf-8'],
  '/mixpanel.js': [sdkFile, 'text/javascript; charset=utf-8'],
}

/**
 * A small site of its own origin with `mixpanel-browser`, for whoever wants to click. Beside its files it answers
 * `/shops.json` (where the SDK sends) and `/held?region=EU&id=…` (what the server now exports of that id).
 */
export const servePage = async (tour: Tour): Promise<PageServer> => {
  const server = createServer((request, response) => {
    answer(tour, new URL(request.url ?? '/', 'http://page'), response).catch(() => {
      response.writeHead(500).end('the page server failed')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const answer = async (tour: Tour, url: URL, response: ServerResponse): Promise<void> => {
  const sendJson = (value: object): void => {
    response
      .writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
      .end(JSON.stringify(value))
  }
  if (url.pathname === '/shops.json') return sendJson(shopsOf(tour))
  if (url.pathname === '/held') {
    return sendJson(await heldOf(tour, url.searchParams.get('region') ?? '', url.searchParams.get('id') ?? ''))
  }
  const found = files[url.pathname]
  if (found === undefined) {
    response.writeHead(404).end('not here')
    return
  }
  response.writeHead(200, { 'Content-Type': found[1] }).end(await readFile(found[0]))
}

const shopsOf = ({ installation, server }: Tour): readonly object[] =>
  [installation.us, installation.eu].map(({ name, region, token }) => ({
    name,
    region,
    token,
    apiHost: server.hostOf(region),
  }))

interface Held {
  readonly count: number
  /** The newest, oldest first. */
  readonly events: readonly { readonly event: string; readonly distinct_id: string }[]
}

const heldOf = async (tour: Tour, region: string, id: string): Promise<Held> => {
  const { us, eu } = tour.installation
  const shop = region === 'EU' ? eu : us
  const needle = `"distinct_id":${JSON.stringify(id)},`
  // Clicks are of today, or of yesterday around midnight.
  const recent = await exportLines(tour, shop, exportPath(shop, Date.now(), 1))
  const lines = recent.filter((line) => line.includes(needle))
  const events = lines.slice(-shownEventCount).map((line) => {
    const { event } = JSON.parse(line) as { event: string }
    return { event, distinct_id: id }
  })
  return { count: lines.length, events }
}
