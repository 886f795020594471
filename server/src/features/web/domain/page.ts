/** A file of the built pages, held in memory: nothing is read from the disk for a request. */
export interface WebFile {
  /** Path under `/`, such as `/assets/index-1a2b.js`. */
  readonly path: string
  readonly type: string
  readonly bytes: Buffer
  /** The same, as browsers take it; null: not worth it. */
  readonly brotli: Buffer | null
  readonly gzip: Buffer | null
  readonly etag: string
}

export interface WebPages {
  readonly index: WebFile
  readonly assets: ReadonlyMap<string, WebFile>
  /** `/projects/$projectId/events`: paths that are a page; the index is their answer. */
  readonly patterns: readonly string[]
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Whether a path is one of a page. */
export const createIsPage = (patterns: readonly string[]): ((path: string) => boolean) => {
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split('/').map((part) => (part.startsWith('$') ? '[^/]+' : escaped(part)))
    return new RegExp(`^${parts.join('/')}/?$`)
  })
  return (path) => expressions.some((expression) => expression.test(path))
}

/** What the browser takes, by its Accept-Encoding: the smaller first. `q=0` refuses. */
export const encodedFor = (
  { bytes, brotli, gzip }: WebFile,
  acceptEncoding: string | undefined,
): { readonly body: Buffer; readonly encoding: 'br' | 'gzip' | null } => {
  const taken = new Set(
    (acceptEncoding ?? '')
      .toLowerCase()
      .split(',')
      .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
      .map((part) => part.split(';', 1)[0]?.trim()),
  )
  if (brotli !== null && taken.has('br')) return { body: brotli, encoding: 'br' }
  if (gzip !== null && taken.has('gzip')) return { body: gzip, encoding: 'gzip' }
  return { body: bytes, encoding: null }
}
