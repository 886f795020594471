import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { announce } from '../../ui/live-region.tsx'

/** Sends a change, reads again what it changed, and says so. */
export const useSave = <Input, Output>(
  save: (input: Input) => Promise<Output>,
  changed: readonly QueryKey[],
  said = 'Saved',
) => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: save,
    onSuccess: async () => {
      await Promise.all(changed.map((queryKey) => client.invalidateQueries({ queryKey })))
      announce(said)
    },
  })
}
