import { posix } from 'node:path'
import { codeOnly, importsOf, withoutComments } from './source-text.ts'
import { type Check, type Finding, isTest } from './tree.ts'

/**
 * Slice → slice, always through the other's index.ts. A new arrow is one line here and an ADR.
 * `privacy` has none: it is handed what the others hold, by compose.ts.
 */
export const sliceArrows: readonly (readonly [from: string, to: string])[] = [
  ['accounts', 'access'],
  ['data-lifecycle', 'identity'],
  ['duplicates', 'identity'],
  ['export', 'identity'],
  ['lexicon', 'identity'],
  ['ingestion', 'identity'],
  ['ingestion', 'profiles'],
  ['jql', 'identity'],
  ['jql', 'query'],
  ['people', 'identity'],
  ['people', 'profiles'],
  ['people', 'query'],
  ['pipelines', 'identity'],
  ['profiles', 'identity'],
  ['query', 'identity'],
  ['query', 'reports'],
  ['sign-in', 'access'],
]

interface Place {
  readonly layer: 'kernel' | 'config' | 'platform' | 'http' | 'slice' | 'compose' | 'main' | 'tests' | 'outside'
  readonly slice?: string
  readonly part?: 'index' | 'domain' | 'store' | 'root'
}

/** Where a file of the project stands; null: in a folder that no rule knows. */
export const placeOf = (path: string): Place | null => {
  if (isTest(path)) return { layer: 'tests' }
  if (!path.startsWith('server/src/')) return { layer: 'outside' }
  const [top = '', slice = '', ...rest] = path.slice('server/src/'.length).split('/')
  if (path === 'server/src/main.ts') return { layer: 'main' }
  if (/^compose(-[a-z-]+)?\.ts$/.test(top)) return { layer: 'compose' }
  if (top === 'kernel' || top === 'config' || top === 'platform' || top === 'http') return { layer: top }
  if (top !== 'features' || rest.length === 0) return null
  const part = rest[0] === 'domain' || rest[0] === 'store' ? rest[0] : rest[0] === 'index.ts' ? 'index' : 'root'
  return { layer: 'slice', slice, part }
}

const layersBelow: Record<Exclude<Place['layer'], 'slice' | 'tests' | 'outside'>, readonly Place['layer'][]> = {
  kernel: ['kernel'],
  config: ['config', 'platform', 'kernel'],
  platform: ['platform', 'kernel'],
  http: ['http', 'kernel'],
  compose: ['compose', 'config', 'kernel', 'platform', 'http', 'slice'],
  main: ['compose', 'config', 'kernel', 'platform'],
}

// A rule that needs the disk, the network, a process or a timer is an adapter: it lives in store/, behind a port.
const pureBuiltins = new Set(['node:assert', 'node:buffer', 'node:crypto', 'node:util'])

/** Why `from` may not import the project's file `to`; null when it may. */
const whyNotFile = (fromPath: string, toPath: string): string | null => {
  const from = placeOf(fromPath)
  const to = placeOf(toPath)
  if (from === null || to === null || from.layer === 'tests' || from.layer === 'outside') return null
  if (to.layer === 'tests') return 'shipped code must not import tests or their support'
  if (to.layer === 'outside') return 'the server imports nothing from outside server/src'
  if (from.layer !== 'slice') {
    const isBelow = layersBelow[from.layer].includes(to.layer)
    return isBelow ? null : `${from.layer} may import only ${layersBelow[from.layer].join(', ')}`
  }
  return whyNotFromSlice(from, to)
}

const whyNotFromSlice = (from: Place, to: Place): string | null => {
  if (to.layer === 'kernel') return null
  if (to.layer === 'slice' && to.slice === from.slice) {
    if (from.part === 'domain') return to.part === 'domain' ? null : 'a domain imports only its own domain and kernel'
    if (from.part === 'store') return to.part === 'index' ? 'a store does not go through its own door' : null
    return null
  }
  if (from.part === 'domain') return 'a domain imports only its own domain and kernel; hand the rest in through a port'
  if (to.layer === 'slice') {
    if (to.part !== 'index') return `another slice is entered only by its door, features/${to.slice}/index.ts`
    const isArrow = sliceArrows.some(([source, target]) => source === from.slice && target === to.slice)
    const advice = 'hand it in from compose.ts, or add the arrow to checks/imports.ts with an ADR'
    return isArrow ? null : `the slice ${from.slice} may not know the slice ${to.slice}; ${advice}`
  }
  if (to.layer === 'platform') return null
  if (to.layer === 'http') return from.part === 'store' ? 'a store knows nothing of HTTP' : null
  return `a slice may not import ${to.layer}`
}

const whyNotPackage = (fromPath: string, name: string): string | null => {
  const from = placeOf(fromPath)
  const isBuiltin = name.startsWith('node:')
  if (from?.layer === 'kernel' && !isBuiltin) return 'the kernel uses no packages'
  if (from?.part !== 'domain' || pureBuiltins.has(name)) return null
  return 'a domain is pure: no packages, disk, network, processes or timers; declare a port and hand it in'
}

const findingsOfFile = (path: string, text: string): readonly Finding[] => {
  const found: Finding[] = []
  const say = (sentence: string): number => found.push({ path, sentence })
  if (placeOf(path) === null)
    say('stands in no layer that checks/imports.ts knows; move it, or give the layer its rule')
  for (const name of importsOf(text)) {
    const why = name.startsWith('.')
      ? whyNotFile(path, posix.join(posix.dirname(path), name))
      : whyNotPackage(path, name)
    if (why !== null) say(`imports ${name}: ${why}`)
    if (name.startsWith('.') && !/\.(tsx?|css|svg|json|cjs|mjs)$/.test(name)) {
      say(`imports ${name}: say the ending, as in ./x.ts`)
    }
  }
  return [...found, ...findingsOfCode(path, codeOnly(text)), ...findingsOfSql(path, withoutComments(text))]
}

// Profiles are read to be changed by their own slice; the search for duplicates tells nobody what it reads; the eraser and
// its independent reader look past the hidden set on purpose.
const personReaders = /^server\/src\/features\/(identity|profiles|privacy|duplicates)\//
const readsPeople = /\b(?:FROM|JOIN)\s+(event|profile|identity_link|hidden_id)\b/

const scopeMakers = /^server\/src\/(kernel\/scope\.ts|http\/steps\/locate\.ts|features\/(privacy|data-lifecycle)\/)/

const findingsOfCode = (path: string, code: string): readonly Finding[] => {
  if (isTest(path) || !path.startsWith('server/src/')) return []
  const found: Finding[] = []
  if (path !== 'server/src/main.ts' && /\bprocess\s*\.\s*env\b/.test(code)) {
    found.push({
      path,
      sentence: 'reads process.env: only main.ts does; take the single value as an argument (invariant 12)',
    })
  }
  if (!scopeMakers.test(path) && (/\bprojectScope\s*\(/.test(code) || /\bas ProjectScope\b/.test(code))) {
    const sentence =
      'makes a ProjectScope: only http/steps/locate.ts and the workers of privacy and data-lifecycle do; take one as an argument (invariant 1)'
    found.push({ path, sentence })
  }
  return found
}

const findingsOfSql = (path: string, text: string): readonly Finding[] => {
  if (isTest(path) || !path.startsWith('server/src/') || personReaders.test(path)) return []
  const table = readsPeople.exec(text)?.[1]
  if (table === undefined) return []
  const advice = 'read by the SQL of features/identity, which resolves identity and leaves out the hidden (invariant 5)'
  return [{ path, sentence: `reads the table ${table} itself: ${advice}` }]
}

/** Which way imports may point, and what only one place may do. */
export const checkImports: Check = (tree) =>
  tree.paths.filter((path) => /\.tsx?$/.test(path)).flatMap((path) => findingsOfFile(path, tree.text(path)))
