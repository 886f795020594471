import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { treeOfProject } from './tree.ts'

describe('the tree that checks see', () => {
  let top = ''
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'lethe-tree-'))
    writeFileSync(join(top, '.gitignore'), 'node_modules/\n*.log\n')
    mkdirSync(join(top, 'node_modules'))
    writeFileSync(join(top, 'node_modules/x.ts'), '')
    mkdirSync(join(top, 'server'))
    writeFileSync(join(top, 'server/a.ts'), 'a')
  })
  afterEach(() => rmSync(top, { recursive: true, force: true }))

  it('is the folder without what is ignored, when there is no git', () => {
    expect(treeOfProject(top).paths).toEqual(['.gitignore', 'server/a.ts'])
  })

  it('is what git tracks or would track', () => {
    execFileSync('git', ['init', '-q'], { cwd: top })
    writeFileSync(join(top, 'server/b.log'), '')
    const tree = treeOfProject(top)
    expect(tree.paths).toEqual(['.gitignore', 'server/a.ts'])
    expect(tree.text('server/a.ts')).toBe('a')
    expect(tree.text('server/gone.ts')).toBe('')
    expect(tree.has('server')).toBe(true)
  })
})
