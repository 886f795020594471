import { describe, expect, it } from 'vitest'
import { checkImports, sliceArrows } from './imports.ts'
import { treeOf } from './tree.ts'

const sentences = (path: string, text: string): readonly string[] =>
  checkImports(treeOf({ [path]: text })).map((finding) => finding.sentence)

const imports = (from: string, specifier: string): readonly string[] =>
  sentences(from, `import { x } from '${specifier}'\nexport const y = x\n`)

const feature = 'server/src/features'

describe('import rules', () => {
  it.each([
    ['server/src/kernel/time.ts', '../platform/clock.ts'],
    ['server/src/kernel/time.ts', 'pg'],
    ['server/src/platform/clock.ts', '../http/route.ts'],
    ['server/src/platform/clock.ts', '../features/privacy/index.ts'],
    ['server/src/http/server.ts', '../features/export/index.ts'],
    ['server/src/http/server.ts', '../platform/clock.ts'],
    ['server/src/config/config.ts', '../http/route.ts'],
    ['server/src/main.ts', './features/export/index.ts'],
    ['server/src/http/server.ts', '../compose.ts'],
    [`${feature}/export/routes.ts`, '../../compose.ts'],
    [`${feature}/export/routes.ts`, '../identity/store/link-store.ts'],
    [`${feature}/export/routes.ts`, '../privacy/index.ts'],
    [`${feature}/export/routes.ts`, '../../config/config.ts'],
    [`${feature}/export/store/event-reader.ts`, '../index.ts'],
    [`${feature}/export/store/event-reader.ts`, '../../../http/route.ts'],
    [`${feature}/export/domain/line.ts`, '../store/event-reader.ts'],
    [`${feature}/export/domain/line.ts`, '../../identity/index.ts'],
    [`${feature}/export/domain/line.ts`, '../../../platform/clock.ts'],
    [`${feature}/export/domain/line.ts`, 'zod'],
    [`${feature}/export/domain/line.ts`, 'node:fs'],
    [`${feature}/export/domain/line.ts`, 'node:http'],
    [`${feature}/privacy/create-privacy.ts`, '../identity/index.ts'],
    ['server/src/kernel/time.ts', '../../test/support/engines.ts'],
    ['server/src/kernel/time.ts', './time.test.ts'],
    ['server/src/kernel/time.ts', '../../../checks/tree.ts'],
    ['server/src/kernel/time.ts', './ids'],
  ])('refuses %s importing %s', (from, specifier) => {
    expect(imports(from, specifier)).toHaveLength(1)
    expect(imports(from, specifier)[0]).toContain(specifier)
  })

  it.each([
    ['server/src/platform/clock.ts', '../kernel/time.ts'],
    ['server/src/http/server.ts', 'fastify'],
    ['server/src/compose.ts', './features/privacy/create-privacy.ts'],
    ['server/src/main.ts', './compose.ts'],
    [`${feature}/export/routes.ts`, '../../http/route.ts'],
    [`${feature}/export/routes.ts`, '../identity/index.ts'],
    [`${feature}/export/store/event-reader.ts`, '../../identity/index.ts'],
    [`${feature}/export/store/event-reader.ts`, '../../../platform/clickhouse/region-db.ts'],
    [`${feature}/export/domain/line.ts`, '../../../kernel/json.ts'],
    [`${feature}/export/domain/line.ts`, 'node:crypto'],
    [`${feature}/export/export.db.test.ts`, '../../../test/support/engines.ts'],
    ['server/test/contract/residency.test.ts', '../../src/compose.ts'],
  ])('lets %s import %s', (from, specifier) => {
    expect(imports(from, specifier)).toEqual([])
  })

  it.each([
    ["import type { X } from '../http/route.ts'"],
    ["export { x } from '../http/route.ts'"],
    ["import {\n  x,\n  y,\n} from '../http/route.ts'"],
    ["import '../http/route.ts'"],
    ["const x = await import('../http/route.ts')"],
  ])('sees %s', (text) => {
    expect(sentences('server/src/platform/clock.ts', text)).toHaveLength(1)
  })

  it('does not take comments for imports', () => {
    const text =
      "// import { x } from '../http/route.ts'\n/* import '../http/route.ts' */\nexport const url = 'http://x'\n"
    expect(sentences('server/src/platform/clock.ts', text)).toEqual([])
  })

  it('does not take a word in a string for an import', () => {
    const text = "export type Permission =\n  | 'events:import'\n  | 'events:export'\n"
    expect(sentences('server/src/kernel/principal.ts', text)).toEqual([])
  })

  it('wants a rule for a folder that it does not know', () => {
    expect(sentences('server/src/jobs/worker.ts', '')[0]).toContain('no layer')
  })

  it('has no arrow into or out of privacy, and no arrow both ways', () => {
    expect(sliceArrows.flat()).not.toContain('privacy')
    const texts = sliceArrows.map(([from, to]) => `${from}>${to}`)
    expect(sliceArrows.filter(([from, to]) => texts.includes(`${to}>${from}`))).toEqual([])
  })
})

describe('call-site rules', () => {
  it('lets only main.ts read process.env', () => {
    const text = 'export const port = process.env.LETHE_PORT\n'
    expect(sentences('server/src/platform/log.ts', text)[0]).toContain('invariant 12')
    expect(sentences('server/src/main.ts', text)).toEqual([])
    expect(sentences('server/src/platform/log.ts', '// process.env is read by main.ts\n')).toEqual([])
  })

  it('lets only locate and the privacy worker make a ProjectScope', () => {
    const made = 'export const scope = projectScope(1, region)\n'
    const forged = 'export const scope = { projectId: 1 } as ProjectScope\n'
    for (const text of [made, forged]) {
      expect(sentences(`${feature}/export/routes.ts`, text)[0]).toContain('invariant 1')
      expect(sentences('server/src/http/server.ts', text)[0]).toContain('invariant 1')
      expect(sentences('server/src/http/steps/locate.ts', text)).toEqual([])
      expect(sentences(`${feature}/privacy/worker.ts`, text)).toEqual([])
    }
  })

  it('wants rows of people to be read through identity and the hidden set', () => {
    const text = 'export const sql = `SELECT count() FROM event WHERE project_id = 1`\n'
    expect(sentences(`${feature}/export/store/event-reader.ts`, text)[0]).toContain('invariant 5')
    expect(sentences(`${feature}/identity/store/read-sql.ts`, text)).toEqual([])
    expect(sentences(`${feature}/export/routes.ts`, '// rows FROM event are not read here\n')).toEqual([])
  })
})
