import type { BareEngine } from './bare-engine.ts'
import { project } from './bench-server.ts'

// Rows per statement: the engine sorts a block of each month at a time, and this bounds its memory.
const rowsPerInsert = 1_000_000
const eventsPerPerson = 20
const personTables = ['event', 'profile', 'identity_link'] as const

/** Bare copies of the tables that hold people; equal rows, equal settings, another database. */
export const copyName = (table: (typeof personTables)[number]): string => `bench.${table}`

export interface Filled {
  readonly personCount: number
  readonly eventCount: number
}

/** A text of the list by chance, as JSON text. */
const oneOf = (salt: string, values: readonly string[]): string =>
  `arrayElement([${values.map((value) => `'"${value}"'`).join(', ')}], 1 + cityHash64(number, '${salt}') % ${values.length})`

const eventsSql = (from: number, count: number, personCount: number): string => `
INSERT INTO event (project_id, event, time, distinct_id, insert_id, properties)
SELECT ${project.id},
  arrayElement(['Page view', 'Product viewed', 'Added to cart', 'Checkout started', 'Purchase', 'Search', 'Signed in',
    'Review written'], 1 + toUInt8(8 * pow(rand(1) / 4294967296, 2))),
  now64(3) - toIntervalMillisecond(3600000 + cityHash64(number, 'time') % (180 * 86400000)),
  concat('user-', toString(cityHash64(number, 'person') % ${personCount})),
  concat('fill-', toString(number)),
  map('$os', ${oneOf('os', ['Mac OS X', 'Windows', 'iOS', 'Android', 'Linux'])},
    '$browser', ${oneOf('browser', ['Chrome', 'Safari', 'Firefox', 'Microsoft Edge'])},
    '$city', ${oneOf('city', ['Berlin', 'Paris', 'Zürich', 'New York', 'São Paulo', 'Tokyo', 'London', 'Madrid'])},
    '$current_url', concat('"https://shop.example/products/', toString(cityHash64(number, 'url') % 100000), '"'),
    'plan', ${oneOf('plan', ['free', 'basic', 'pro', 'enterprise'])},
    'price', toString((cityHash64(number, 'price') % 20000) / 100),
    'items', toString(cityHash64(number, 'items') % 12))
FROM numbers_mt(${from}, ${count})`

const profilesSql = (personCount: number): string => `
INSERT INTO profile (project_id, distinct_id, version, is_deleted, properties)
SELECT ${project.id}, concat('user-', toString(number)), 1, 0,
  map('$name', concat('"Person ', toString(number), '"'), '$email', concat('"p', toString(number), '@shop.example"'),
    'plan', ${oneOf('plan', ['free', 'basic', 'pro', 'enterprise'])})
FROM numbers_mt(${personCount})`

const linksSql = (personCount: number): string => `
INSERT INTO identity_link (project_id, distinct_id, canonical_id)
SELECT ${project.id}, concat('$device:d-', toString(number)), concat('user-', toString(number))
FROM numbers_mt(${personCount})`

/** Events of half a year, merged. Resolves with how many people they are of. */
export const fillEvents = async (engine: BareEngine, eventCount: number): Promise<number> => {
  const personCount = Math.ceil(eventCount / eventsPerPerson)
  for (let from = 0; from < eventCount; from += rowsPerInsert) {
    await engine.run(eventsSql(from, Math.min(rowsPerInsert, eventCount - from), personCount))
  }
  await engine.run('OPTIMIZE TABLE lethe.event FINAL')
  return personCount
}

/**
 * Half a year of a shop, made by the engine itself: 20 events of 7 properties a person, a profile and a linked device
 * each. Merged, so that background merges do not run into what is measured, and copied for the raw side.
 */
export const fillProject = async (engine: BareEngine, eventCount: number): Promise<Filled> => {
  const personCount = await fillEvents(engine, eventCount)
  await engine.run(profilesSql(personCount))
  await engine.run(linksSql(personCount))
  await engine.run('CREATE DATABASE bench ENGINE = Atomic')
  for (const table of personTables) {
    await engine.run(`OPTIMIZE TABLE lethe.${table} FINAL`)
    await engine.run(`CREATE TABLE ${copyName(table)} AS lethe.${table}`)
    await engine.run(`INSERT INTO ${copyName(table)} SELECT * FROM lethe.${table}`, { max_insert_threads: 1 })
    await engine.run(`OPTIMIZE TABLE ${copyName(table)} FINAL`)
  }
  return { personCount, eventCount }
}

/** The bare way to delete people: one synchronous mutation for each table, ids in the statement. */
export const deleteBare = async (engine: BareEngine, distinctIds: readonly string[]): Promise<void> => {
  const list = distinctIds.map((id) => `'${id}'`).join(', ')
  const theirs = `project_id = ${project.id} AND distinct_id IN (${list})`
  const linked = `project_id = ${project.id} AND (distinct_id IN (${list}) OR canonical_id IN (${list}))`
  for (const table of personTables) {
    const condition = table === 'identity_link' ? linked : theirs
    await engine.run(`ALTER TABLE ${copyName(table)} DELETE WHERE ${condition}`, {
      mutations_sync: 2,
      max_query_size: 10_000_000,
    })
  }
}

/** Lets the parts that a bare mutation has replaced leave the disk now, instead of while the next one is measured. */
export const removeRetired = async (engine: BareEngine): Promise<void> => {
  for (const table of personTables) await engine.run(`ALTER TABLE ${copyName(table)} DROP PARTITION ID 'none'`)
}
