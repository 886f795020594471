export type Theme = 'system' | 'light' | 'dark'

const key = 'lethe.theme'

export const storedTheme = (): Theme => {
  const stored = read()
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

// A browser can refuse to store anything.
const read = (): string | null => {
  try {
    return window.localStorage.getItem(key)
  } catch {
    return null
  }
}

/** `system` follows prefers-color-scheme. */
export const applyTheme = (theme: Theme): void => {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

export const chooseTheme = (theme: Theme): void => {
  applyTheme(theme)
  try {
    window.localStorage.setItem(key, theme)
  } catch {
    // Then it lasts as long as the page.
  }
}
