import type { Buckets } from '../domain/time/buckets.ts'
import type { Binder } from './sql-context.ts'

/** SQL of the number of the bucket that `e.time` is in; its key: `keyOfBucket`. */
export const bucketSql = (binder: Binder, buckets: Buckets, time = 'e.time'): string => {
  const zone = binder.bind(buckets.zone, 'String')
  const day = `toInt32(toDate32(${time}, ${zone}))`
  switch (buckets.unit) {
    case 'minute':
      return `intDiv(${wallSeconds(time, zone)}, 60)`
    case 'hour':
      return `intDiv(${wallSeconds(time, zone)}, 3600)`
    case 'day':
      return `intDiv(${day} - ${binder.bind(buckets.firstDay, 'Int32')}, ${binder.bind(buckets.dayCount, 'Int32')})`
    case 'week':
      return `(${day} - (${day} + 3) % 7)`
    case 'month':
      return `toInt32(toStartOfMonth(toDate32(${time}, ${zone})))`
  }
}

const wallSeconds = (time: string, zone: string): string =>
  `(toInt64(toUnixTimestamp64Milli(${time})) DIV 1000 + timeZoneOffset(toTimeZone(${time}, ${zone})))`
