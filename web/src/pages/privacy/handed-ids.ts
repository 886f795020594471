import { useEffect, useState } from 'react'
import { type IdsInput, noIds } from './ids-form.tsx'

let handed: readonly string[] = []

/** Takes ids along to a form of a request. They stay in the page: they are in no URL and in no storage. */
export const handIds = (ids: readonly string[]): void => {
  handed = ids
}

/** What the form begins with: the ids that were taken along, this once. */
export const useIdsInput = () => {
  const state = useState<IdsInput>(() => (handed.length === 0 ? noIds : { ...noIds, text: handed.join('\n') }))
  useEffect(() => handIds([]), [])
  return state
}
