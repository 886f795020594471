import { AppError } from '../../kernel/errors.ts'

const keyPattern = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/

/** `key`, when it is `a/b/c` of letters, digits, `.`, `_` and `-`, without `.` and `..`; else AppError INTERNAL: keys are ours. */
export const checkObjectKey = (key: string): string => {
  if (!keyPattern.test(key) || key.split('/').some((part) => /^\.+$/.test(part))) {
    throw new AppError('INTERNAL', 'not an object key', { status: 500, expose: false })
  }
  return key
}
