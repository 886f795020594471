const browsers: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/(CriOS|Chrome|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
]
const systems: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bWindows\b/, 'Windows'],
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

const nameIn = (known: readonly (readonly [RegExp, string])[], text: string): string | null =>
  known.find(([pattern]) => pattern.test(text))?.[1] ?? null

/** `Firefox on Linux`: enough to tell one's devices apart. What the browser sent is not kept, nor its version. */
export const agentFamily = (userAgent: string | undefined): string => {
  const text = (userAgent ?? '').slice(0, 1_000)
  const browser = nameIn(browsers, text)
  const system = nameIn(systems, text)
  if (browser === null) return system === null ? 'another program' : `another program on ${system}`
  return system === null ? browser : `${browser} on ${system}`
}
