/** A property's value for people: a text as it is, everything else as JSON, nothing for what is not there. */
export const shownValue = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
