import { describe, expect, it } from 'vitest'
import { checkDocs, errorCodesOf } from './docs.ts'
import { treeOf } from './tree.ts'

const good = {
  'server/src/kernel/errors.ts':
    "export type ErrorCode =\n  | 'FORBIDDEN'\n  | 'NOT_FOUND'\n\nexport class AppError {}\n",
  'docs/errors/FORBIDDEN.md': '# FORBIDDEN\n',
  'docs/errors/NOT_FOUND.md': '# NOT_FOUND\n',
  'docs/features.md': '| Id | What |\n|---|---|\n| PRIV-01 | retrieve |\n',
  'ARCHITECTURE.md': '# Architecture\n\n1. First. Kept by `checks/docs.ts`.\n12. Last.\n',
  'checks/docs.ts': '',
}

const sentencesOf = (change: Readonly<Record<string, string>>): readonly string[] =>
  checkDocs(treeOf({ ...good, ...change })).map(({ path, sentence }) => `${path} ${sentence}`)

describe('docs', () => {
  it('finds nothing in a good tree', () => {
    expect(sentencesOf({})).toEqual([])
  })

  it('reads the codes of the union', () => {
    expect(errorCodesOf(good['server/src/kernel/errors.ts'])).toEqual(['FORBIDDEN', 'NOT_FOUND'])
  })

  it('wants a page for every code, and a code for every page', () => {
    const { 'docs/errors/NOT_FOUND.md': _gone, ...without } = good
    expect(checkDocs(treeOf(without))).toHaveLength(1)
    expect(sentencesOf({ 'docs/errors/NO_SUCH.md': '' })).toHaveLength(1)
    expect(sentencesOf({ 'server/src/kernel/errors.ts': '' })[0]).toContain('no ErrorCode union')
  })

  it('wants every cited feature in the table', () => {
    expect(sentencesOf({ 'server/src/a.ts': '// PRIV-01\n' })).toEqual([])
    expect(sentencesOf({ 'server/src/a.ts': '// PRIV-99: why\n' })[0]).toContain('PRIV-99')
  })

  it('wants every cited invariant in ARCHITECTURE.md', () => {
    expect(sentencesOf({ 'server/src/a.ts': '// (invariant 12)\n' })).toEqual([])
    expect(sentencesOf({ 'server/src/a.ts': '// (ARCHITECTURE, invariant 2)\n' })[0]).toContain('invariant 2')
  })

  it('wants every cited section and decision', () => {
    const pages = {
      'docs/spec/privacy.md': '## 1. Requests\n### 1.2 Body\n## 4. How\n\n1. a\n2. b\n',
      'docs/adr/0001-a.md': '# 0001\n',
    }
    const cite = (text: string) => sentencesOf({ ...pages, 'server/src/a.ts': `// ${text}\n` })
    expect(cite('privacy §1, privacy §1.2, privacy §4.2, ADR 0001')).toEqual([])
    expect(cite('privacy §2')[0]).toContain('docs/spec/privacy.md')
    expect(cite('privacy §4.3')).toHaveLength(1)
    expect(cite('privacy §1.3')).toHaveLength(1)
    expect(cite('DESIGN §7')).toHaveLength(1)
    expect(cite('CLIENTS A2')).toHaveLength(1)
    expect(cite('ADR 0002')[0]).toContain('ADR 0002')
  })

  it('finds dead links and names of files that do not exist', () => {
    expect(
      sentencesOf({ 'docs/README.md': '[a](features.md) [b](../ARCHITECTURE.md#x) [c](https://x.test)\n' }),
    ).toEqual([])
    expect(sentencesOf({ 'docs/README.md': '[a](gone.md)\n' })).toHaveLength(1)
    expect(sentencesOf({ 'docs/README.md': 'kept by `server/test/gone.test.ts`\n' })).toHaveLength(1)
  })
})
