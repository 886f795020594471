import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { announce } from '../../ui/live-region.tsx'

/** A change of the API; what stands under `key` is asked anew when it is made, and it is said to screen readers. */
export const useChange = <Sent, Done = unknown>(
  change: (sent: Sent) => Promise<Done>,
  { key, said, onDone }: { readonly key: QueryKey; readonly said: string; readonly onDone?: (done: Done) => void },
) => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (done) => {
      await client.invalidateQueries({ queryKey: key })
      announce(said)
      onDone?.(done)
    },
  })
}
