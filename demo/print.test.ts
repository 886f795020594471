import { describe, expect, it } from 'vitest'
import { holdEqual, holdTrue, StepFailed } from './hold.ts'
import { createPrint, seconds } from './print.ts'

const printing = (hasColours = false) => {
  let text = ''
  let nowMs = 0
  const write = (more: string): void => {
    text += more
  }
  const print = createPrint({ write, hasColours, nowMs: () => nowMs })
  return { print, text: () => text, pass: (ms: number) => (nowMs += ms) }
}

describe('what the demo prints', () => {
  it('numbers steps and says how long each took', () => {
    const { print, text, pass } = printing()
    print.step('One')
    pass(1_250)
    print.step('Two')
    pass(45)
    print.endSteps()
    expect(text()).toBe('\n1  One\n   1.3 s\n\n2  Two\n   45 ms\n')
    expect([seconds(999), seconds(1_000)]).toEqual(['999 ms', '1.0 s'])
  })

  it('aligns tables, and lines that go on', () => {
    const { print, text } = printing()
    print.table(
      ['what', 'before'],
      [
        ['a', '1'],
        ['longer', '25,000'],
      ],
    )
    print.got('first\nsecond')
    const lines = text().split('\n')
    expect(lines.slice(1, 5)).toEqual([
      '   what     before',
      '   ------   ------',
      '   a             1',
      '   longer   25,000',
    ])
    expect(lines.slice(-3)).toEqual(['   got     first', '           second', ''])
  })

  it('has no colours unless asked', () => {
    const [plain, coloured] = [printing(), printing(true)]
    for (const { print } of [plain, coloured]) print.ok('x')
    expect(plain.text()).toBe('   ok      x\n')
    expect(coloured.text()).toContain('\u001b[32m')
  })
})

describe('holding a step to what it says', () => {
  it('says ok when it holds, and nothing when it does not', () => {
    const { print, text } = printing()
    holdEqual(print, 'same', { a: [1] }, { a: [1] })
    expect(text()).toContain('ok      same')
    expect(() => holdEqual(print, 'other', { a: [1] }, { a: [2] })).toThrow(StepFailed)
    expect(() => holdTrue(print, 'false', false, 'true', 0)).toThrow(StepFailed)
    expect(text()).not.toContain('other')
    expect(text()).not.toContain('false')
  })

  it('keeps what was expected and what came', () => {
    const failed = (() => {
      try {
        holdEqual(printing().print, 'count', 3, 4)
      } catch (error) {
        return error
      }
    })()
    expect(failed).toMatchObject({ message: 'count', expected: '4', got: '3' })
  })
})
