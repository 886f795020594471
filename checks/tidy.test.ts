import { describe, expect, it } from 'vitest'
import { checkTidy } from './tidy.ts'
import { treeOf } from './tree.ts'

const findings = (path: string, text: string) => checkTidy(treeOf({ [path]: text }))
const lines = (count: number): string => 'const x = 1\n'.repeat(count)

describe('tidy', () => {
  it('warns above 300 lines and fails above 500', () => {
    expect(findings('server/src/a.ts', lines(300))).toEqual([])
    expect(findings('server/src/a.ts', lines(301))).toMatchObject([{ isWarning: true }])
    expect(findings('server/src/a.ts', lines(500))).toMatchObject([{ isWarning: true }])
    expect(findings('server/src/a.ts', lines(501))).toMatchObject([{ isWarning: false }])
  })

  it('lets a long file say why in its first line', () => {
    expect(findings('server/src/a.ts', `// Long: one grammar\n${lines(600)}`)).toEqual([])
    expect(findings('server/src/a.ts', `// Long:\n${lines(600)}`)).toHaveLength(1)
  })

  it('finds notes to do something later, with their line', () => {
    const word = ['TO', 'DO'].join('')
    expect(findings('docs/a.md', `fine\n${word}: later\n`)[0]?.sentence).toMatch(/^line 2 /)
    expect(findings('server/src/a.ts', `// ${['FIX', 'ME'].join('')}\n`)).toHaveLength(1)
    expect(findings('server/src/a.ts', 'const autodone = 1\n')).toEqual([])
  })

  it('finds focused and skipped tests, in tests only', () => {
    for (const word of ['only', 'skip', 'todo']) {
      expect(findings('server/src/a.test.ts', `it.${word}('x', () => {})\n`)).toHaveLength(1)
      expect(findings('server/src/a.ts', `it.${word}('x')\n`)).toEqual([])
    }
    expect(findings('server/src/a.test.ts', "it.skipIf(!chromium)('x', () => {})\n")).toEqual([])
  })

  it('finds paths of one machine', () => {
    expect(findings('docs/a.md', `see ${['..', 'shared', 'x.md'].join('/')}\n`)).toHaveLength(1)
    expect(findings('docs/a.md', `see ${['', 'work', 'main', 'x.md'].join('/')}\n`)).toHaveLength(1)
  })

  it('finds drawers', () => {
    for (const path of [
      'server/src/utils/a.ts',
      'server/src/helpers.ts',
      'server/src/common/a.ts',
      'checks/misc.test.ts',
    ]) {
      expect(findings(path, ''), path).toHaveLength(1)
    }
    expect(findings('server/src/kernel/common-prefix.ts', '')).toEqual([])
  })

  it('wants kebab-case file names', () => {
    expect(findings('server/src/eventStore.ts', '')).toHaveLength(1)
    expect(findings('server/src/event-store.db.test.ts', '')).toEqual([])
  })

  it('finds files that are too heavy for git', () => {
    expect(findings('docs/a.svg', 'x'.repeat(512 * 1024))).toEqual([])
    expect(findings('docs/a.svg', 'x'.repeat(512 * 1024 + 1))).toHaveLength(1)
  })
})
