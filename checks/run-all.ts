// The one command behind `npm test`: checks first, then every test, then the closing line.
//   node checks/run-all.ts               everything
//   node checks/run-all.ts --checks      only the checks
//   node checks/run-all.ts <vitest args> everything, with these arguments for vitest
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkDocs } from './docs.ts'
import { checkImports } from './imports.ts'
import { checkTidy } from './tidy.ts'
import { type Check, treeOfProject } from './tree.ts'
import { closingLine, sumOf, type Totals, totalsOf, type VitestReport } from './vitest-totals.ts'

const top = join(import.meta.dirname, '..')
const tool = (path: string): string => join(top, 'node_modules', path)

const run = (command: string, args: readonly string[], output: 'show' | 'on-failure'): number => {
  const stdio = output === 'show' ? 'inherit' : 'pipe'
  const ended = spawnSync(command, args, { cwd: top, stdio, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const code = ended.status ?? 1
  if (code !== 0 && output === 'on-failure') console.log(`${ended.stdout ?? ''}${ended.stderr ?? ''}`.trimEnd())
  if (ended.error !== undefined) console.log(`could not run ${command}: ${ended.error.message}`)
  return code
}

const node = (script: string, ...args: string[]): boolean =>
  run(process.execPath, [script, ...args], 'on-failure') === 0

const ours = (check: Check): boolean => {
  const found = check(treeOfProject(top))
  for (const { path, sentence, isWarning } of found) console.log(`${isWarning ? 'warning: ' : ''}${path} ${sentence}`)
  return found.every((finding) => finding.isWarning)
}

const checks: readonly (readonly [name: string, pass: () => boolean])[] = [
  ['types', () => node(tool('typescript/bin/tsc'), '-p', '.')],
  ['types of the web pages', () => node(tool('typescript/bin/tsc'), '-p', 'web')],
  ['format and lint', () => node(tool('@biomejs/biome/bin/biome'), 'ci', '--colors=off', '.')],
  ['imports', () => ours(checkImports)],
  ['tidy', () => ours(checkTidy)],
  ['docs', () => ours(checkDocs)],
  ['dead code', () => node(tool('knip/bin/knip.js'), '--no-progress', '--no-config-hints')],
  ['generated files', () => node(join(top, 'checks/settings-page.ts'))],
]

// A check that breaks has not passed.
const passes = (pass: () => boolean): boolean => {
  try {
    return pass()
  } catch (error) {
    console.log(error)
    return false
  }
}

const runChecks = (): Totals => {
  const failed: string[] = []
  for (const [name, pass] of checks) {
    const startedAt = performance.now()
    const isGood = passes(pass)
    console.log(`${isGood ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
    if (!isGood) failed.push(name)
  }
  return { passed: checks.length - failed.length, failed: failed.length, skipped: 0 }
}

const runTests = (args: readonly string[]): Totals => {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-test-report-'))
  try {
    const reportFile = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
    const code = run(process.execPath, [tool('vitest/vitest.mjs'), 'run', ...reporters, ...args], 'show')
    return totalsOf(readReport(reportFile), code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const readReport = (file: string): VitestReport | null => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  } catch (error) {
    console.log(`vitest left no report: ${(error as Error).message}`)
    return null
  }
}

const args = process.argv.slice(2)
const isChecksOnly = args.includes('--checks')
const totals = sumOf([runChecks(), ...(isChecksOnly ? [] : [runTests(args)])])
console.log(closingLine(totals))
process.exitCode = totals.failed === 0 ? 0 : 1
