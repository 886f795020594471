import { describe, expect, it } from 'vitest'
import { closingLine, sumOf, totalsOf } from './vitest-totals.ts'

const report = {
  numPassedTests: 3,
  numFailedTests: 1,
  numPendingTests: 1,
  testResults: [
    { name: 'a.test.ts', status: 'failed', assertionResults: [{ status: 'failed' }] },
    { name: 'b.test.ts', status: 'passed', assertionResults: [{ status: 'passed' }] },
  ],
}
const allGood = { ...report, numFailedTests: 0, testResults: report.testResults.slice(1) }

describe('totals of a test run', () => {
  it('counts tests', () => {
    expect(totalsOf(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 1 })
    expect(totalsOf(allGood, 0)).toEqual({ passed: 3, failed: 0, skipped: 1 })
  })

  it('counts a file that did not load', () => {
    const broken = [...report.testResults, { name: 'c.test.ts', status: 'failed', assertionResults: [] }]
    expect(totalsOf({ ...report, testResults: broken }, 1).failed).toBe(2)
  })

  it('never calls a bad end good', () => {
    expect(totalsOf(allGood, 1).failed).toBe(1)
    expect(totalsOf(null, 0).failed).toBe(1)
    expect(totalsOf({ ...allGood, numPassedTests: 0, testResults: [] }, 0).failed).toBe(1)
  })

  it('closes with one line', () => {
    const good = { passed: 2, failed: 0, skipped: 0 }
    expect(closingLine(sumOf([good, good]))).toBe('4 passed, 0 failed')
    expect(closingLine({ ...good, skipped: 1 })).toBe('2 passed, 0 failed, 1 skipped')
  })
})
