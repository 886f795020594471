import type { Received, Reply, Route } from '../../http/route.ts'
import { NotFound } from '../../kernel/errors.ts'
import type { Region } from '../../kernel/region.ts'
import { createIsPage, encodedFor, type WebFile, type WebPages } from './domain/page.ts'
import { pageHeaders } from './domain/page-headers.ts'
import { servesPages } from './domain/page-host.ts'

export interface WebDeps {
  /** Null: they are not built; a plain page says how. */
  readonly pages: WebPages | null
  readonly regions: readonly Region[]
}

// None of them is a path of the API.
const pageRoots = ['/', '/login', '/login/*', '/setup', '/invitation', '/me/*', '/organizations/*', '/projects/*']

const base = {
  surface: 'app',
  method: 'GET',
  hostFamily: 'web',
  bodyBytesMax: 1_024,
  access: { accepts: 'none' },
} as const

/** The web application (ADR 0019): its pages and files, at web hosts. They hold nothing of anybody. */
export const createWeb = (deps: WebDeps): { readonly routes: readonly Route[] } => ({ routes: webRoutes(deps) })

export const webRoutes = (deps: WebDeps): readonly Route[] => {
  const isPage = createIsPage(deps.pages?.patterns ?? [])
  return [
    ...pageRoots.map(
      (path): Route => ({ ...base, path, handle: async (request: Received) => page(deps, isPage, request) }),
    ),
    { ...base, path: '/assets/:file', handle: async (request: Received) => asset(deps, request) },
  ]
}

const page = ({ pages, regions }: WebDeps, isPage: (path: string) => boolean, request: Received): Reply => {
  const headers = headersAt(regions, request)
  if (pages === null) return { status: 503, headers: { ...headers, ...html }, body: notBuilt }
  const reply = sent(pages.index, request, { ...headers, 'Cache-Control': 'no-cache' })
  // The page itself says that there is nothing here, with the way back.
  return isPage(request.path) ? reply : { ...reply, status: 404 }
}

// Its name holds a hash of its content.
const forEver = { 'Cache-Control': 'public, max-age=31536000, immutable' }

const asset = ({ pages, regions }: WebDeps, request: Received): Reply => {
  const headers = headersAt(regions, request)
  const file = pages?.assets.get(request.params['file'] ?? '')
  if (file === undefined) throw new NotFound('no such path')
  return sent(file, request, { ...headers, ...forEver })
}

const headersAt = (regions: readonly Region[], { host, region }: Received): Readonly<Record<string, string>> => {
  if (!servesPages(host, region)) throw new NotFound('no such path')
  return pageHeaders((region ?? regions[0])?.publicUrl ?? '')
}

const sent = (file: WebFile, { headers }: Received, told: Readonly<Record<string, string>>): Reply => {
  const shared = { ...told, ETag: file.etag, Vary: 'Accept-Encoding' }
  if (headers['if-none-match'] === file.etag) return { status: 304, headers: shared, body: null }
  const { body, encoding } = encodedFor(file, headers['accept-encoding'])
  const packed = encoding === null ? {} : { 'Content-Encoding': encoding }
  return { status: 200, headers: { ...shared, ...packed, 'Content-Type': file.type }, body }
}

const html = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }
const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Lethe</title>
<h1>The web pages are not built</h1>
<p>The API works. To have the pages too, run this in the folder of the server, then start it again:</p>
<pre>npm ci
npm run build:web</pre>
</html>
`
