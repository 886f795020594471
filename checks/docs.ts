import { posix } from 'node:path'
import type { Check } from './tree.ts'

const errorsFile = 'server/src/kernel/errors.ts'

/** The codes of the ErrorCode union, read from its text. */
export const errorCodesOf = (text: string): readonly string[] => {
  const union = /export type ErrorCode =\s*((?:\|\s*'[A-Z_]+'\s*)+)/.exec(text)?.[1] ?? ''
  return [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1] ?? '')
}

const errorPages: Check = (tree) => {
  const codes = errorCodesOf(tree.text(errorsFile))
  if (codes.length === 0) return [{ path: errorsFile, sentence: 'has no ErrorCode union that checks/docs.ts can read' }]
  const pages = tree.paths.filter((path) => /^docs\/errors\/[A-Z_]+\.md$/.test(path))
  const missing = codes.filter((code) => !pages.includes(`docs/errors/${code}.md`))
  const orphans = pages.filter((page) => !codes.includes(posix.basename(page, '.md')))
  return [
    ...missing.map((code) => ({
      path: errorsFile,
      sentence: `knows ${code}, which has no page docs/errors/${code}.md`,
    })),
    ...orphans.map((path) => ({ path, sentence: 'explains a code that kernel/errors.ts does not know' })),
  ]
}

const featureId = /\b(?:RES|AUTH|PRIV|ING|IDM|QRY|EXP|PIPE|LEX|CONN|RPT)-\d{2}\b/g
const featuresFile = 'docs/features.md'

const featureIds: Check = (tree) => {
  const known = new Set([...tree.text(featuresFile).matchAll(/^\| ([A-Z]+-\d{2}) \|/gm)].map((match) => match[1]))
  return tree.paths
    .filter((path) => /\.(ts|tsx|sql|md)$/.test(path) && path !== featuresFile && !path.startsWith('checks/'))
    .flatMap((path) =>
      [...new Set(tree.text(path).match(featureId) ?? [])]
        .filter((id) => !known.has(id))
        .map((id) => ({ path, sentence: `cites ${id}, which is not in ${featuresFile}` })),
    )
}

const invariants: Check = (tree) => {
  const known = new Set([...tree.text('ARCHITECTURE.md').matchAll(/^(\d+)\. /gm)].map((match) => match[1]))
  return tree.paths
    .filter((path) => /\.(ts|tsx|sql)$/.test(path) && !path.startsWith('checks/'))
    .flatMap((path) =>
      [...tree.text(path).matchAll(/\binvariants? (\d+)\b/gi)]
        .filter((match) => !known.has(match[1]))
        .map((match) => ({ path, sentence: `cites invariant ${match[1]}, which ARCHITECTURE.md does not have` })),
    )
}

// What code cites → the page that has the section, numbered in its headings.
const citedPages: Readonly<Record<string, string>> = {
  privacy: 'docs/spec/privacy.md',
  residency: 'docs/spec/residency.md',
  ingestion: 'docs/spec/ingestion.md',
  identity: 'docs/spec/identity.md',
  export: 'docs/spec/export.md',
  auth: 'docs/spec/auth.md',
  design: 'docs/design.md',
  style: 'docs/style.md',
  clients: 'docs/spec/clients.md',
  jql: 'docs/spec/jql.md',
  people: 'docs/spec/people.md',
  expressions: 'docs/spec/expressions.md',
}
const citation =
  /\b(?:(privacy|residency|ingestion|identity|export|auth|jql|expressions|design|style) §(\d+(?:\.\d+)?)|(clients) (A\d))/gi

/** `1.2`: a heading of that number, or item 2 of a numbered list under heading 1. */
const hasSection = (text: string, section: string): boolean => {
  const titles = text
    .split(/^#{2,3} /m)
    .map((part) => ({ number: /^(A?\d[\d.]*)/.exec(part)?.[1]?.replace(/\.$/, ''), part }))
  if (titles.some(({ number }) => number === section)) return true
  const [major, item] = section.split('.')
  return item !== undefined && titles.some(({ number, part }) => number === major && part.includes(`\n${item}. `))
}

const sections: Check = (tree) =>
  tree.paths
    .filter((path) => /\.(ts|tsx|sql)$/.test(path) && !path.startsWith('checks/'))
    .flatMap((path) =>
      [...tree.text(path).matchAll(citation)].flatMap((match) => {
        const page = citedPages[(match[1] ?? match[3] ?? '').toLowerCase()] ?? ''
        const section = match[2] ?? match[4] ?? ''
        const isThere = hasSection(tree.text(page), section)
        return isThere ? [] : [{ path, sentence: `cites ${match[0]}, a section that ${page} does not have` }]
      }),
    )

const decisions: Check = (tree) =>
  tree.paths
    .filter((path) => /\.(ts|tsx|sql)$/.test(path) && !path.startsWith('checks/'))
    .flatMap((path) =>
      [...tree.text(path).matchAll(/\bADR (\d{4})\b/g)]
        .filter((match) => !tree.paths.some((known) => known.startsWith(`docs/adr/${match[1]}-`)))
        .map((match) => ({ path, sentence: `cites ADR ${match[1]}, which docs/adr does not have` })),
    )

const isPage = (path: string): boolean => path.endsWith('.md')

const links: Check = (tree) =>
  tree.paths.filter(isPage).flatMap((path) =>
    [...tree.text(path).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !tree.has(posix.join(posix.dirname(path), target).replace(/\/$/, '')))
      .map((target) => ({ path, sentence: `links to ${target}, which does not exist` })),
  )

/** There when the pages are built, and in no clone. */
const isBuilt = (path: string): boolean => path === 'web/dist' || path.startsWith('web/dist/')

/** A page that names a file of ours, such as the test that keeps an invariant, must name one that exists. */
const namedFiles: Check = (tree) =>
  tree.paths
    .filter((path) => isPage(path) && !path.startsWith('changes/'))
    .flatMap((path) =>
      [...tree.text(path).matchAll(/`((?:server|checks|demo|bench|docs|web|contract|\.ci)\/[\w./-]+)`/g)]
        .map((match) => (match[1] ?? '').replace(/\/$/, ''))
        .filter((named) => !tree.has(named) && !isBuilt(named))
        .map((named) => ({ path, sentence: `names ${named}, which does not exist` })),
    )

/** Documentation and code say the same. */
export const checkDocs: Check = (tree) =>
  [errorPages, featureIds, invariants, sections, decisions, links, namedFiles].flatMap((check) => check(tree))
