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

  it('finds dead links and names of files that do not exist', () => {
    expect(
      sentencesOf({ 'docs/README.md': '[a](features.md) [b](../ARCHITECTURE.md#x) [c](https://x.test)\n' }),
    ).toEqual([])
    expect(sentencesOf({ 'docs/README.md': '[a](gone.md)\n' })).toHaveLength(1)
    expect(sentencesOf({ 'docs/README.md': 'kept by `server/test/gone.test.ts`\n' })).toHaveLength(1)
  })
})
