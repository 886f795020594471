import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { sha256Hex } from '../../../kernel/hash.ts'
import type { WebFile, WebPages } from '../domain/page.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/**
 * The built pages of `folder`, read once at start; null: they are not built. Only files of known types are taken, and
 * only those: whatever a request asks for, nothing else of the disk can be its answer.
 */
export const readPages = (folder: string): WebPages | null => {
  if (!existsSync(join(folder, 'index.html'))) return null
  const assets = join(folder, 'assets')
  const names = existsSync(assets) ? readdirSync(assets).filter((name) => extname(name) in types) : []
  return {
    index: readFile(folder, 'index.html', '/'),
    assets: new Map(names.map((name) => [name, readFile(assets, name, `/assets/${name}`)])),
    patterns: JSON.parse(readFileSync(join(folder, 'pages.json'), 'utf8')),
  }
}

const readFile = (folder: string, name: string, path: string): WebFile => {
  const file = join(folder, name)
  const bytes = readFileSync(file)
  const packed = (ending: string): Buffer | null => (existsSync(file + ending) ? readFileSync(file + ending) : null)
  const etag = `"${sha256Hex(bytes).slice(0, 32)}"`
  return { path, type: types[extname(name)] ?? '', bytes, brotli: packed('.br'), gzip: packed('.gz'), etag }
}
