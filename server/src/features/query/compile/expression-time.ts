import { datePattern, offsetPattern } from '../domain/expression/dates.ts'
import { type Compiler, shared } from './expression-context.ts'

// Datetimes in SQL: Int64 milliseconds since 1970, by the rules of domain/expression/dates.ts.

/** Local time minus UTC, in milliseconds. Before 1970 zones count as UTC: the engine does not know them well enough. */
const offsetSql = (compiler: Compiler, ms: string): string =>
  `if(${ms} < 0, 0, timeZoneOffset(fromUnixTimestamp64Milli(${ms}, ${compiler.text(compiler.context.timezone)})) * 1000)`

/** What a clock in the project's zone shows, as milliseconds of UTC. */
export const localMsSql = (compiler: Compiler, ms: string): string =>
  compiler.context.timezone === 'UTC' ? ms : shared(compiler, ms, (at) => `(${at} + ${offsetSql(compiler, at)})`)

const fromLocalMs = (compiler: Compiler, local: string): string => {
  const guess = compiler.lambdaName()
  const at = compiler.lambdaName()
  const corrected = `arrayMap(${at} -> ${guess} - ${offsetSql(compiler, at)}, [${guess} - ${offsetSql(compiler, guess)}])[1]`
  return `arrayMap(${guess} -> ${corrected}, [${local}])[1]`
}

/** NULL for texts that are no dates. */
export const instantOfText = (compiler: Compiler, string: string): string =>
  shared(compiler, string, (text) => {
    const utc = `toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(${text}, 3, 'UTC'))`
    const isDate = `match(${text}, ${compiler.text(datePattern)})`
    if (compiler.context.timezone === 'UTC') return `if(${isDate}, ${utc}, NULL)`
    const hasOffset = `match(${text}, ${compiler.text(offsetPattern)})`
    return `multiIf(NOT ${isDate}, NULL, ${hasOffset}, ${utc}, ${fromLocalMs(compiler, utc)})`
  })

/** The same for a JSON text: dates have no escapes, so that the text between the quotes is the string. */
export const instantOfJson = (compiler: Compiler, json: string): string =>
  shared(compiler, json, (text) => instantOfText(compiler, `substring(${text}, 2, length(${text}) - 2)`))

/** `YYYY-MM-DDTHH:MM:SS` as a clock in the project's zone shows it. */
export const dateTextSql = (compiler: Compiler, ms: string): string =>
  `formatDateTime(fromUnixTimestamp64Milli(${localMsSql(compiler, ms)}, 'UTC'), '%Y-%m-%dT%H:%i:%S')`
