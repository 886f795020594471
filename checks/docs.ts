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

const isPage = (path: string): boolean => path.endsWith('.md')

const links: Check = (tree) =>
  tree.paths.filter(isPage).flatMap((path) =>
    [...tree.text(path).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !tree.has(posix.join(posix.dirname(path), target).replace(/\/$/, '')))
      .map((target) => ({ path, sentence: `links to ${target}, which does not exist` })),
  )

/** A page that names a file of ours, such as the test that keeps an invariant, must name one that exists. */
const namedFiles: Check = (tree) =>
  tree.paths
    .filter((path) => isPage(path) && !path.startsWith('changes/'))
    .flatMap((path) =>
      [...tree.text(path).matchAll(/`((?:server|checks|demo|bench|docs|web|contract|\.ci)\/[\w./-]+)`/g)]
        .map((match) => (match[1] ?? '').replace(/\/$/, ''))
        .filter((named) => !tree.has(named))
        .map((named) => ({ path, sentence: `names ${named}, which does not exist` })),
    )

/** Documentation and code say the same. */
export const checkDocs: Check = (tree) =>
  [errorPages, featureIds, invariants, links, namedFiles].flatMap((check) => check(tree))
