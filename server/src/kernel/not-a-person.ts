/** ING-12: what programs send when they do not know who it is. Compared without regard to case. */
const notAPerson: ReadonlySet<string> = new Set([
  '00000000-0000-0000-0000-000000000000',
  'anon',
  'anonymous',
  'nil',
  'none',
  'null',
  'n/a',
  'na',
  'undefined',
  'unknown',
  '<nil>',
  '0',
  '-1',
  'true',
  'false',
  '[]',
  '{}',
])

// The longest of the list has 36 characters: what is longer need not be made lower case to be compared.
export const isNotAPerson = (id: string): boolean => id.length <= 36 && notAPerson.has(id.toLowerCase())
