import { describe, expect, it } from 'vitest'
import { InvalidRequest } from '../../kernel/errors.ts'
import { sentMembers } from './sent-members.ts'

const read = async (text: string, type: string, pieceBytes = 3): Promise<readonly string[]> => {
  const bytes = Buffer.from(text)
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  const ids: string[] = []
  for await (const some of sentMembers(pieces(), type)) ids.push(...some)
  return ids
}

describe('uploaded members', () => {
  it.each([
    ['id,name\na,x\r\nb,y', 'text/csv', ['a', 'b']],
    ['name, distinct_id \nx,a\n', 'text/csv', ['a']],
    ['\ufeff$distinct_id\n"é, 😀"\n', 'text/csv', ['é, 😀']],
    ['id\n', 'text/csv', []],
    ['["a",7]', 'application/json', ['a', '7']],
    ['{"distinct_ids":["a"]}', 'application/json; charset=utf-8', ['a']],
    ['[]', 'application/json', []],
  ])('%j as %s', async (text, type, ids) => {
    expect(await read(text, type)).toEqual(ids)
  })

  it.each([
    ['', 'text/csv'],
    ['a,distinct_id\nx\n', 'text/csv'],
    ['id\n"a"b\n', 'text/csv'],
    [`id\n${'é'.repeat(128)}\n`, 'text/csv'],
    ['"a"', 'application/json'],
    ['["a"', 'application/json'],
    ['[true]', 'application/json'],
    ['["\\ud800"]', 'application/json'],
  ])('%j as %s are refused, without telling the id', async (text, type) => {
    const refusal = await read(text, type).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InvalidRequest)
    expect((refusal as Error).message).not.toContain('é')
  })
})
