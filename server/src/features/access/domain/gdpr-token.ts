/** Form of a GDPR token (auth §5): 30 letters and digits. */
export const gdprTokenLength = 30

/** AUTH-06: the same day and time of the next calendar year; February 29 ends on February 28. */
export const oneYearAfter = (ms: number): number => {
  const end = new Date(ms)
  const month = end.getUTCMonth()
  end.setUTCFullYear(end.getUTCFullYear() + 1)
  if (end.getUTCMonth() !== month) end.setUTCDate(0)
  return end.getTime()
}
