// Makes web/dist, which the server serves.
//   node web/build.ts               always
//   node web/build.ts --if-changed  only when a source, the lock file or this file is another than at the last build
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { pagePaths } from './src/page-paths.ts'

const web = import.meta.dirname
export const distFolder = join(web, 'dist')
const stampFile = '.build-of'
const compressible = /\.(js|css|html|svg|json)$/

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()

/** Of everything that the pages are made of. */
const hashOfSources = (): string => {
  const hash = createHash('sha256')
  const single = ['index.html', 'vite.config.ts', 'build.ts', '../package-lock.json'].map((name) => join(web, name))
  for (const file of [...single, ...filesIn(join(web, 'src'))]) {
    hash
      .update(`${relative(web, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

const isInstalled = (name: string): boolean => {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

const stampOf = (folder: string): string | null => {
  const file = join(folder, stampFile)
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

/** Beside each file, what browsers are sent: the server compresses nothing itself. */
const compress = (folder: string): void => {
  for (const file of filesIn(folder).filter((name) => compressible.test(name))) {
    const bytes = readFileSync(file)
    const hint = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: hint }))
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

/** A server that starts meanwhile finds the old pages or the new ones. */
const putInPlace = (made: string): void => {
  const old = `${distFolder}.old-${randomUUID()}`
  if (existsSync(distFolder)) renameSync(distFolder, old)
  renameSync(made, distFolder)
  rmSync(old, { recursive: true, force: true })
}

const build = async (stamp: string): Promise<void> => {
  const startedAtMs = performance.now()
  // Also when a test asks for it: what is measured and served is what goes out.
  process.env['NODE_ENV'] = 'production'
  const { build: viteBuild } = await import('vite')
  const outDir = `${distFolder}.new-${randomUUID()}`
  try {
    await viteBuild({ configFile: join(web, 'vite.config.ts'), logLevel: 'warn', build: { outDir } })
    writeFileSync(join(outDir, 'pages.json'), JSON.stringify(Object.values(pagePaths)))
    compress(outDir)
    writeFileSync(join(outDir, stampFile), stamp)
    putInPlace(outDir)
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
  console.log(`web pages built in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`)
}

/** Builds when something changed. False: it could not, because the tools for it are not installed. */
export const buildIfChanged = async (): Promise<boolean> => {
  const stamp = hashOfSources()
  if (stampOf(distFolder) === stamp) return true
  if (!isInstalled('vite')) return false
  await build(stamp)
  return true
}

if (import.meta.main) {
  if (!process.argv.includes('--if-changed')) await build(hashOfSources())
  else if (!(await buildIfChanged())) {
    console.log('web pages are not built: their tools are development packages (npm ci); the API works without them')
  }
}
