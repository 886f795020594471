import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createLog, errorFields } from './log.ts'

const capture = () => {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { lines, log: createLog({ level: 'info', destination }) }
}

it('logs listed fields and nothing else, whatever callers spread into it', () => {
  const { lines, log } = capture()
  const careless = { status: 500, distinct_id: 'canary', body: { email: 'canary' } }
  log.error('request failed', careless)
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'request failed', status: 500 })
  expect(lines[0]).not.toContain('canary')
})

it('tells the kind of an error, not its words', () => {
  const error = Object.assign(new TypeError('canary'), { code: 'ECONNRESET', cause: new Error('canary') })
  expect(errorFields(error)).toEqual({ errorName: 'TypeError', errorCode: 'ECONNRESET' })
  expect(errorFields(Object.assign(new Error('x'), { code: 'canary with spaces' }))).toEqual({ errorName: 'Error' })
})
