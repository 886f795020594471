import { Button } from './button.tsx'

/** Saves a text that the page already has as a file. */
export const DownloadText = ({ text, name, label }: { text: string; name: string; label: string }) => {
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }))
    const link = document.createElement('a')
    link.href = url
    link.download = name
    link.click()
    URL.revokeObjectURL(url)
  }
  return <Button onClick={save}>{label}</Button>
}
