const key = 'lethe.last-project'

/** Where `/` leads back to; null: nowhere yet. */
export const lastProjectId = (): number | null => {
  try {
    const id = Number(window.localStorage.getItem(key) ?? '')
    return Number.isSafeInteger(id) && id > 0 ? id : null
  } catch {
    return null
  }
}

export const rememberProject = (projectId: number): void => {
  try {
    window.localStorage.setItem(key, String(projectId))
  } catch {
    // Then `/` shows the list.
  }
}
