import { parseJson } from '../../../kernel/json.ts'

/**
 * A property as a CSV field: texts as they are, everything else as its JSON text. A text that a spreadsheet would take
 * for a formula gets an apostrophe in front; telephone numbers and negative numbers stay as they are.
 */
export const csvValue = (jsonText: string): string => {
  if (jsonText === '' || jsonText === 'null') return ''
  if (!jsonText.startsWith('"')) return jsonText
  const text = String(parseJson(jsonText))
  return /^[=@\t\r]/.test(text) || /^[+-](?![\d\s().-]*$)/.test(text) ? `'${text}` : text
}

/** RFC 4180. */
export const csvLine = (fields: readonly string[]): string =>
  `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\r\n`
