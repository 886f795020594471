import type { RuleValue } from '../../api/project-settings.ts'

/** Values as they are typed: JSON texts stay texts, numbers and booleans become what they are. */
export const valuesOf = (text: string): readonly RuleValue[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(ruleValueOf)

const ruleValueOf = (text: string): RuleValue => {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && String(Number(text)) === text) return Number(text)
  return /^".*"$/.test(text) ? text.slice(1, -1) : text
}

export const textOf = (values: readonly RuleValue[]): string =>
  values
    .map((value) => (typeof value === 'string' && ruleValueOf(value) !== value ? `"${value}"` : String(value)))
    .join(', ')
