import { type Check, type Finding, isTest } from './tree.ts'

const isCode = (path: string): boolean => /\.(ts|tsx|cjs|mjs|css)$/.test(path)
const isText = (path: string): boolean =>
  isCode(path) || /\.(md|json|sql|ya?ml|html)$/.test(path) || path.startsWith('.ci/')

const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** 300 lines: look for the second idea. 500: the first line must say why the file reads better whole. */
const sizeOfFiles: Check = (tree) =>
  tree.paths.filter(isCode).flatMap((path): readonly Finding[] => {
    const text = tree.text(path)
    const lines = lineCount(text)
    if (lines <= 300) return []
    if (/^\/[/*]+ Long: \S+/.test(text)) return []
    const advice = 'find the second idea in it, or begin it with `// Long: ` and the reason'
    return [{ path, sentence: `has ${lines} lines: ${advice}`, isWarning: lines <= 500 }]
  })

// Written in pieces, so that this file does not find itself.
const forbidden: readonly {
  readonly pattern: RegExp
  readonly only?: (path: string) => boolean
  readonly why: string
}[] = [
  {
    pattern: new RegExp(`\\b(TO${'DO'}|FIX${'ME'}|XX${'X'})\\b`),
    why: 'holds a note to do something later: do it, or open an issue and name it',
  },
  {
    pattern: /\b(it|test|describe|suite)\.(only|skip|todo)\b/,
    only: isTest,
    why: 'focuses or skips a test: a suite runs whole; use skipIf with a printed reason for what a machine may lack',
  },
  {
    pattern: new RegExp(`\\.\\./sha${'red'}\\b|/wo${'rk'}/(main|sha${'red'})\\b`),
    why: 'names a path of one machine',
  },
]

const forbiddenText: Check = (tree) =>
  tree.paths.filter(isText).flatMap((path) => {
    const lines = tree.text(path).split('\n')
    return forbidden
      .filter((rule) => rule.only?.(path) ?? true)
      .flatMap((rule) =>
        lines.flatMap((line, at) =>
          rule.pattern.test(line) ? [{ path, sentence: `line ${at + 1} ${rule.why}` }] : [],
        ),
      )
  })

const drawer = /^(utils?|common|misc|helpers?|stuff|lib)$/

/** A drawer name says that a thing has not found its home yet. */
const drawerNames: Check = (tree) =>
  tree.paths.filter(isCode).flatMap((path) => {
    const bad = path.split('/').find((part) => drawer.test(part.replace(/\..*$/, '')))
    return bad === undefined
      ? []
      : [{ path, sentence: `is kept in a drawer called "${bad}": name it after what it does` }]
  })

const fileNames: Check = (tree) =>
  tree.paths
    .filter(
      (path) =>
        /\.tsx?$/.test(path) && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.tsx?$/.test(path.split('/').at(-1) ?? ''),
    )
    .map((path) => ({ path, sentence: 'is not in kebab-case: name files like-this.ts' }))

const bytesMax = 512 * 1024

const weight: Check = (tree) =>
  tree.paths
    .filter((path) => tree.sizeBytes(path) > bytesMax)
    .map((path) => ({ path, sentence: `is larger than ${bytesMax / 1024} kB: keep large files out of git` }))

/** What every text of the project keeps, whatever it is about. */
export const checkTidy: Check = (tree) =>
  [sizeOfFiles, forbiddenText, drawerNames, fileNames, weight].flatMap((check) => check(tree))
