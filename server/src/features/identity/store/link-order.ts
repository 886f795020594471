/**
 * The row of an id with the smallest value decides who the id is: the highest revision, of equal ones the earliest
 * (ADR 0011). One whole number, because the engine compares those several times faster than pairs. Microseconds since
 * 1970 take 51 bits until 2041; the twelve above them hold `revisionMax`.
 */
export const linkOrderSql = 'toUnixTimestamp64Micro(linked_at) - toInt64(revision) * 2251799813685248'
