import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Schema, schemaFaults } from './json-schema.ts'
import type { Answer } from './lethe.ts'

interface DocumentedAnswer {
  readonly mediaType: string | null
  readonly schema: Schema
}

interface Contract {
  readonly line?: Schema
  /** `METHOD /path` → `status`, or `status variant` → answer. */
  readonly operations: Readonly<Record<string, Readonly<Record<string, DocumentedAnswer>>>>
}

const read = (name: string): Contract =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../../contract/${name}.json`), 'utf8'))
const contracts = {
  ingestion: read('ingestion'),
  gdpr: read('gdpr'),
  export: read('export'),
  query: read('query'),
  annotations: read('annotations'),
  'service-accounts': read('service-accounts'),
  lexicon: read('lexicon'),
  'warehouse-connectors': read('warehouse-connectors'),
}
const checked = new Set<string>()

/**
 * Asserts that an answer is the documented one. `key` is its status, with a variant where an operation has several
 * (`200 verbose`). Answers the body: parsed when it is JSON.
 */
export const expectDocumented = (operation: string, key: string, answer: Answer) => {
  const found = Object.values(contracts).find(({ operations }) => operations[operation] !== undefined)
  const documented = found?.operations[operation]?.[key]
  if (documented === undefined) throw new Error(`contract/ does not know ${operation} → ${key}`)
  checked.add(`${operation} → ${key}`)
  const { mediaType, schema } = documented
  expect([operation, answer.status, answer.text]).toEqual([operation, Number(key.slice(0, 3)), answer.text])
  if (mediaType !== null) expect(answer.headers['content-type']).toContain(mediaType)
  const body = mediaType === 'application/json' ? answer.json() : answer.text
  expect([operation, key, schemaFaults(schema, body)]).toEqual([operation, key, []])
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  return body
}

/** Asserts that one line of a raw export is the documented one. */
export const expectExportLine = (line: string): void => {
  expect(schemaFaults(contracts.export.line as Schema, JSON.parse(line))).toEqual([])
}

/** Documented answers that this test file has not seen yet, of the kinds and the contracts that it is about. */
export const notChecked = (
  isMine: (key: string) => boolean,
  names: readonly (keyof typeof contracts)[] = ['ingestion', 'gdpr', 'export'],
): readonly string[] =>
  names
    .map((name) => contracts[name])
    .flatMap(({ operations }) => Object.entries(operations))
    .flatMap(([operation, answers]) => Object.keys(answers).map((key) => ({ key, label: `${operation} → ${key}` })))
    .filter(({ key, label }) => isMine(key) && !checked.has(label))
    .map(({ label }) => label)
