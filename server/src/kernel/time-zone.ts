/** True for a zone of the IANA database, such as Europe/Berlin. */
export const isTimeZone = (zone: string): boolean => {
  try {
    // Offsets such as +02:00 are zones to Intl but not to a calendar.
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== null
  } catch {
    return false
  }
}
